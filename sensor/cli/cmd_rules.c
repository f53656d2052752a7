/*
 * rules: what is loaded, what one says, whether files are right, whether the
 * tests inside pass.
 */
#include <stdio.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/command.h"
#include "cli/rules_print.h"

enum { ID_LEAST = 6 };

struct rules {
	const char *config;
	bool json;
};

/* What all subcommands need; filled by begin. */
struct session {
	struct rules options;
	struct config config;
	struct detector detector;
	struct diag diag;
	struct screen out, aside;
};

static const struct arg rules_args[] = {
	ARGS_CONFIG(rules, config),
	ARGS_JSON(rules, json),
	ARGS_END
};

static void
begin(struct session *s)
{
	screen_init(&s->out, stdout);
	screen_init(&s->aside, stderr);
}

/* Says what was wrong; the exit code, which is `bad` when something was. */
static int
end(struct session *s, int bad)
{
	int status = s->diag.errors > 0 ? bad : EXIT_FINE;

	screen_lines(&s->aside, buf_slice(&s->diag.text));
	if (s->diag.errors > 0)
		fprintf(stderr, "vedette: %u error%s\n", s->diag.errors,
		    s->diag.errors == 1 ? "" : "s");
	detector_free(&s->detector);
	config_free(&s->config);
	diag_free(&s->diag);
	return status;
}

static bool
load(struct session *s, const struct registry *reg,
    const struct strlist *only)
{
	return config_load(&s->config, s->options.config, reg->inputs,
	    reg->outputs, &s->diag) == 0 &&
	    detector_load(&s->detector, &s->config, reg->decoders, only,
	    &s->diag) == 0;
}

static int rules_list_main(const struct registry *reg, int argc,
    char **argv);
static int rules_show_main(const struct registry *reg, int argc,
    char **argv);
static int rules_lint_main(const struct registry *reg, int argc,
    char **argv);
static int rules_test_main(const struct registry *reg, int argc,
    char **argv);
static int cmd_rules_main(const struct registry *reg, int argc, char **argv);

static const struct command subcommands[] = {
	{ "rules list", "[-c FILE] [--json]",
	    "what is loaded, from where", rules_args, rules_list_main },
	{ "rules show", "[-c FILE] [--json] ID",
	    "everything about one rule", rules_args, rules_show_main },
	{ "rules lint", "[-c FILE] FILE|DIR...",
	    "whether files are right; loads nothing else", rules_args,
	    rules_lint_main },
	{ "rules test", "[-c FILE] [FILE|DIR...]",
	    "run the tests that stand in rules and decoders", rules_args,
	    rules_test_main },
};

const struct command cmd_rules = {
	.name = "rules",
	.synopsis = "[list | show ID | lint FILE|DIR... | test [FILE|DIR...]]",
	.what = "what is loaded, and whether it is right",
	.args = rules_args,
	.run = cmd_rules_main,
};

static int
rules_list_main(const struct registry *reg, int argc, char **argv)
{
	struct session s = { 0 };
	int status;

	if (!args_read(&subcommands[0], &s.options, &argc, argv, &status))
		return status;
	if (argc > 1)
		return args_wrong(&subcommands[0], "\"%s\" is not expected",
		    argv[1]);
	begin(&s);
	if (load(&s, reg, NULL))
		rules_list(&s.detector, &s.out, s.options.json);
	return end(&s, EXIT_TROUBLE);
}

/* All of the id, or enough of its beginning. */
static bool
is_meant(const struct rule_view *rule, struct slice id)
{
	return slice_eq_nocase(rule->info.id, id) ||
	    (id.len >= ID_LEAST && slice_eq_nocase(
	    slice_head(rule->info.id, id.len), id));
}

static int
show(struct session *s, const char *id)
{
	struct rule_view found = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < ruleset_count(s->detector.rules); i++) {
		struct rule_view rule = ruleset_view(s->detector.rules, i);

		if (!is_meant(&rule, slice_of(id)))
			continue;
		found = rule;
		count++;
	}
	if (count == 1)
		rules_show(&s->detector, &found, &s->out, s->options.json);
	else if (count == 0)
		diag_error(&s->diag, NULL, 0, 0, "no rule %s "
		    "(an id, or %d or more of its characters)", id, ID_LEAST);
	else
		diag_error(&s->diag, NULL, 0, 0,
		    "%zu rules begin with %s, say more of the id", count, id);
	return end(s, EXIT_TROUBLE);
}

static int
rules_show_main(const struct registry *reg, int argc, char **argv)
{
	struct session s = { 0 };
	int status;

	if (!args_read(&subcommands[1], &s.options, &argc, argv, &status))
		return status;
	if (argc != 2)
		return args_wrong(&subcommands[1], "which rule?");
	begin(&s);
	if (!load(&s, reg, NULL))
		return end(&s, EXIT_TROUBLE);
	return show(&s, argv[1]);
}

static int
rules_lint_main(const struct registry *reg, int argc, char **argv)
{
	struct session s = { 0 };
	struct strlist only;
	int status;

	if (!args_read(&subcommands[2], &s.options, &argc, argv, &status))
		return status;
	if (argc < 2)
		return args_wrong(&subcommands[2], "which files?");
	for (int i = 1; i < argc; i++)
		if (access(argv[i], R_OK) == -1)
			return args_wrong(&subcommands[2], "%s: %m", argv[i]);
	begin(&s);
	only = (struct strlist){ (const char **)argv + 1, (size_t)argc - 1 };
	if (load(&s, reg, &only)) {
		size_t n = ruleset_count(s.detector.rules);

		printf("%zu rule%s, no mistake\n", n, n == 1 ? "" : "s");
	}
	return end(&s, EXIT_FOUND);
}

static size_t
count_tests(const struct ruleset *rules)
{
	size_t n = 0;

	for (size_t i = 0; i < ruleset_count(rules); i++)
		n += ruleset_view(rules, i).test_count;
	return n;
}

static int
rules_test_main(const struct registry *reg, int argc, char **argv)
{
	struct session s = { 0 };
	struct strlist only;
	int status;

	if (!args_read(&subcommands[3], &s.options, &argc, argv, &status))
		return status;
	begin(&s);
	only = (struct strlist){ (const char **)argv + 1, (size_t)argc - 1 };
	if (!load(&s, reg, argc > 1 ? &only : NULL))
		return end(&s, EXIT_TROUBLE);
	if (detector_test(&s.detector, &s.diag) == 0) {
		size_t n = ruleset_count(s.detector.rules);

		printf("%zu tests of %zu rule%s pass, "
		    "and those of the decoders\n",
		    count_tests(s.detector.rules), n, n == 1 ? "" : "s");
	}
	return end(&s, EXIT_FOUND);
}

static int
cmd_rules_main(const struct registry *reg, int argc, char **argv)
{
	if (argc < 2 || argv[1][0] == '-')
		return rules_list_main(reg, argc, argv);
	for (size_t i = 0; i < COUNT(subcommands); i++) {
		const char *name = subcommands[i].name + strlen("rules ");

		if (strcmp(argv[1], name) == 0)
			return subcommands[i].run(reg, argc - 1, argv + 1);
	}
	return args_wrong(&cmd_rules, "no \"rules %s\"; there are list, "
	    "show, lint and test", argv[1]);
}
