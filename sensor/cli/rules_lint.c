/*
 * rules lint: whether rules and tuning are right, and what of them is no good:
 * those that are configured, or files and nothing else.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/json.h"
#include "base/when.h"
#include "cli/rules_session.h"

extern const struct command rules_lint;

struct lint_call {
	struct session session;
	struct diag advice;
	bool strict;
	int64_t since;		/* steady time */
};

static const struct arg lint_args[] = {
	ARGS_CONFIG(lint_call, session.path),
	{ "strict", 0, ARG_FLAG, AT(lint_call, strict), NULL,
	    "warnings count as mistakes", NULL },
	{ "own", 0, ARG_FLAG, AT(lint_call, session.own), NULL,
	    "hold all rules to what own ones are held to", NULL },
	ARGS_JSON(lint_call, session.json),
	ARGS_END
};

/* Most memory that this process ever had, in MiB. */
static long
mebibytes(void)
{
	struct rusage use = { 0 };

	getrusage(RUSAGE_SELF, &use);
	return use.ru_maxrss / 1024;
}

static unsigned
warnings(const struct lint_call *c)
{
	return c->advice.warnings + c->session.diag.warnings;
}

static void
add_count(struct buf *out, const char *before, unsigned n, const char *what)
{
	if (n > 0)
		buf_fmt(out, "%s%u %s%s", before, n, what, n == 1 ? "" : "s");
}

/* Exceptions, or overrides. */
static unsigned
tunings(const struct lint_call *c, bool exceptions)
{
	const struct ruleset *rules = c->session.detector.rules;
	unsigned n = 0;

	for (size_t i = 0; i < ruleset_tunings(rules); i++)
		n += ruleset_tuning(rules, i).exception == exceptions;
	return n;
}

static void
print_text(const struct lint_call *c, size_t good, size_t refused)
{
	unsigned errors = c->session.diag.errors;
	struct buf text = { 0 };

	number_grouped(&text, good);
	buf_str(&text, good == 1 ? " rule loads, " : " rules load, ");
	number_grouped(&text, refused);
	buf_fmt(&text, " refused, in %.2f s, %ld MiB",
	    (double)(when_steady() - c->since) / SECOND, mebibytes());
	add_count(&text, "; ", tunings(c, true), "exception");
	add_count(&text, tunings(c, true) > 0 ? ", " : "; ",
	    tunings(c, false), "override");
	add_count(&text, "; ", errors, "error");
	add_count(&text, errors > 0 ? ", " : "; ", warnings(c), "warning");
	buf_byte(&text, '\n');
	fwrite(text.p, 1, text.len, stdout);
	buf_free(&text);
}

static void
print_object(struct buf *text)
{
	buf_byte(text, '\n');
	fwrite(text->p, 1, text->len, stdout);
	buf_free(text);
}

static void
print_json(const struct lint_call *c, size_t good, size_t refused)
{
	struct buf text = { 0 };
	struct jsonw w = { .out = &text };

	jsonw_object(&w);
	jsonw_pair_int(&w, "rules", (int64_t)good);
	jsonw_pair_int(&w, "refused", (int64_t)refused);
	jsonw_pair_int(&w, "exceptions", tunings(c, true));
	jsonw_pair_int(&w, "overrides", tunings(c, false));
	jsonw_pair_int(&w, "errors", c->session.diag.errors);
	jsonw_pair_int(&w, "warnings", warnings(c));
	jsonw_pair_int(&w, "milliseconds",
	    (when_steady() - c->since) / (SECOND / 1000));
	jsonw_pair_int(&w, "mebibytes", mebibytes());
	jsonw_object_end(&w);
	print_object(&text);
}

/* What a diag tells, as JSON. */
static void
print_line(void *arg, const struct diag_line *line)
{
	struct buf text = { 0 };
	struct jsonw w = { .out = &text };

	(void)arg;
	jsonw_object(&w);
	if (line->file != NULL)
		jsonw_pair(&w, "file", slice_of(line->file));
	if (line->line > 0)
		jsonw_pair_int(&w, "line", line->line);
	if (line->column > 0)
		jsonw_pair_int(&w, "column", line->column);
	jsonw_pair(&w, "grade", slice_of(line->grade));
	jsonw_pair(&w, "text", slice_of(line->text));
	jsonw_object_end(&w);
	print_object(&text);
}

/*
 * Warnings first and the numbers last, so that what is wrong stands where the
 * eye ends.
 */
static int
lint(struct lint_call *c, const struct registry *reg,
    const struct strlist *paths)
{
	struct session *s = &c->session;
	int status;

	session_begin(s);
	s->advice = &c->advice;
	if (s->json)
		s->diag.told = c->advice.told = print_line;
	session_load(s, reg, paths);
	screen_lines(&s->aside, buf_slice(&c->advice.text));
	screen_lines(&s->aside, buf_slice(&s->diag.text));
	buf_free(&s->diag.text);
	if (s->detector.rules != NULL)
		(s->json ? print_json : print_text)(c,
		    ruleset_fit(s->detector.rules),
		    ruleset_refused(s->detector.rules));
	status = s->diag.refused > 0 || (c->strict && warnings(c) > 0) ?
	    EXIT_FOUND : EXIT_FINE;
	return status | session_end(s, EXIT_FOUND);
}

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct lint_call c = { .since = when_steady() };
	struct strlist only;
	int status;

	if (!args_read(&rules_lint, &c, &argc, argv, &status))
		return status;
	for (int i = 1; i < argc; i++)
		if (access(argv[i], R_OK) == -1)
			return args_wrong(&rules_lint, "%s: %m", argv[i]);
	only = (struct strlist){ (const char **)argv + 1, (size_t)argc - 1 };
	status = lint(&c, reg, argc > 1 ? &only : NULL);
	diag_free(&c.advice);
	return status;
}

const struct command rules_lint = {
	.name = "rules lint",
	.synopsis = "[-c FILE] [--strict] [--own] [--json] [FILE|DIR]...",
	.what = "whether files are right, and what of them is no good",
	.args = lint_args,
	.run = run,
};
