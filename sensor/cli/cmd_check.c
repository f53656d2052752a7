/*
 * check: everything that run would read, without running.
 */
#include <stdio.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/command.h"
#include "cli/file_schema.h"
#include "cli/screen.h"
#include "cli/tuning_print.h"
#include "daemon/detector.h"
#include "daemon/trust.h"
#include "daemon/tuningtest.h"

struct check {
	const char *config;
	bool effective;
	int schema;		/* enum schema_kind, or -1 */
};

static int cmd_check_main(const struct registry *reg, int argc, char **argv);

static const struct arg check_args[] = {
	ARGS_CONFIG(check, config),
	{ "effective", 0, ARG_FLAG, AT(check, effective), NULL,
	    "print every value and where it came from", NULL },
	{ "schema", 0, ARG_WORD, AT(check, schema), "KIND",
	    "print the JSON Schema of a kind of file, for editors",
	    schema_kinds },
	ARGS_END
};

const struct command cmd_check = {
	.name = "check",
	.synopsis = "[-c FILE] [--effective] [--schema KIND]",
	.what = "configuration, rules, rights; what would stay blind",
	.run = cmd_check_main,
	.args = check_args,
};

/* What the input finds now, below its options; how many logs that is. */
static size_t
add_survey(const struct config_input *in, struct buf *text)
{
	struct buf lines = { 0 };
	struct slice rest, one;
	size_t found;

	if (in->type->survey == NULL)
		return 1;
	found = in->type->survey(in->options, &lines);
	rest = buf_slice(&lines);
	while (slice_cut(&rest, '\n', &one)) {
		buf_str(text, "            ");
		buf_add(text, one);
		buf_byte(text, '\n');
	}
	buf_free(&lines);
	return found;
}

static void
print_inputs(const struct config *c)
{
	struct buf text = { 0 };
	size_t found = 0;

	for (size_t i = 0; i < c->input_count; i++) {
		const struct config_input *in = &c->inputs[i];

		buf_fmt(&text, "%s%s%s\n", i > 0 ? "          " :
		    "inputs    ", in->type->name,
		    in->at == NULL ? " (default)" : "");
		opt_show(in->type->options, in->options, in->at, 12, &text);
		found += add_survey(in, &text);
	}
	if (c->input_count == 0)
		buf_str(&text, "inputs    none: nothing would be observed\n");
	fwrite(text.p, 1, text.len, stdout);
	buf_free(&text);
	printf("          %.*s\n", (int)c->choice.len,
	    (const char *)c->choice.p);
	if (c->input_count > 0 && found == 0)
		puts("          none of these logs is there or readable: "
		    "nothing would be observed (warning)");
}

static void
print_tuning(const struct detector *det)
{
	struct buf text = { 0 };

	tuning_summary(det->rules, &text);
	if (text.len > 0)
		printf("tuning    %s\n", buf_cstr(&text));
	buf_free(&text);
}

static void
print_outputs(const struct config *c)
{
	fputs("outputs   ", stdout);
	if (c->output_count == 0)
		fputs("none: alerts stay on this host (warning)", stdout);
	for (size_t i = 0; i < c->output_count; i++)
		printf("%s%s (%s, from %s)", i > 0 ? ", " : "",
		    c->outputs[i].name, c->outputs[i].type->name,
		    level_name((enum level)c->outputs[i].level));
	putchar('\n');
}

static void
print_rights(const struct config *c)
{
	printf("state     %s\ncontrol   %s/control.sock\n", c->state, c->run);
	if (geteuid() != 0)
		printf("rights    uid %u, not root: only what this user may "
		    "read is observed\n", (unsigned)geteuid());
}

static void
print_effective(const struct config *c)
{
	struct buf text = { 0 };

	config_show(c, &text);
	fwrite(text.p, 1, text.len, stdout);
	buf_free(&text);
}

static int
print_schema(enum schema_kind kind, const struct registry *reg)
{
	struct buf text = { 0 };

	schema_write(kind, reg, &text);
	fwrite(text.p, 1, text.len, stdout);
	buf_free(&text);
	return EXIT_FINE;
}

static int
cmd_check_main(const struct registry *reg, int argc, char **argv)
{
	struct check o = { .schema = -1 };
	struct screen aside = { .out = stderr };
	struct config c;
	struct detector det = { 0 };
	struct diag d = { 0 };
	size_t loose;
	int status;

	if (!args_read(&cmd_check, &o, &argc, argv, &status))
		return status;
	if (argc > 1)
		return args_wrong(&cmd_check, "check takes no operand");
	if (o.schema != -1)
		return print_schema((enum schema_kind)o.schema, reg);
	if (config_load(&c, o.config, reg->inputs, reg->outputs, &d) == 0 &&
	    (geteuid() != 0 || trust_check(&c, &d) == 0) &&
	    detector_load(&det, &c, reg->decoders, NULL, &d) == 0)
		detector_test(&det, &d);
	if (d.errors == 0)
		detector_tuning_test(&det, &d);
	screen_lines(&aside, buf_slice(&d.text));
	if (d.errors == 0 && o.effective) {
		print_effective(&c);
	} else if (d.errors == 0) {
		print_inputs(&c);
		printf("rules     %zu loaded, their tests pass\n",
		    ruleset_count(det.rules));
		print_tuning(&det);
		print_outputs(&c);
		print_rights(&c);
	}
	if (d.errors > 0)
		fprintf(stderr, "vedette: %u error%s\n", d.errors,
		    d.errors == 1 ? "" : "s");
	loose = d.errors > 0 ? 0 : detector_loose(&det);
	if (loose > 0)
		fprintf(stderr, "vedette: %zu exception%s or override%s "
		    "without a rule (run and reload take them)\n", loose,
		    loose == 1 ? "" : "s", loose == 1 ? "" : "s");
	detector_free(&det);
	config_free(&c);
	status = d.errors > 0 || loose > 0 ? EXIT_FOUND : EXIT_FINE;
	diag_free(&d);
	return status;
}
