/*
 * rules test: run the tests that stand in and beside rules and decoders.
 */
#include <stdio.h>

#include "cli/rules_session.h"
#include "cli/testreport.h"
#include "daemon/ruletest.h"

extern const struct command rules_test;

struct test {
	struct session s;
	const char *rule;	/* NULL: all */
	int format;
	struct testreport report;
	struct slice id;	/* of the rule that is meant, or empty */
	struct slice last;	/* the rule whose tests are being counted */
	size_t rules, of_kind[2];
};

static const char *const formats[] = { "text", "tap", "junit", NULL };

static const struct arg test_args[] = {
	ARGS_CONFIG(test, s.path),
	{ "format", 0, ARG_WORD, AT(test, format), "FORMAT",
	    "of the report", formats },
	{ "rule", 0, ARG_STR, AT(test, rule), "ID",
	    "the tests of this rule alone", NULL },
	ARGS_END
};

static bool
is_wanted(const struct test *t, const struct rule_view *rule)
{
	return t->id.len == 0 || slice_eq(t->id, rule->info.id);
}

/* "SSH login failed, match 2": the second of the rule's positive tests. */
static void
name_test(struct test *t, const struct tested *done, struct buf *name)
{
	bool positive = done->test->positive;

	if (!slice_eq(t->last, done->rule->info.id)) {
		t->last = done->rule->info.id;
		t->of_kind[0] = t->of_kind[1] = 0;
		t->rules++;
	}
	t->of_kind[positive]++;
	buf_add(name, done->rule->info.title);
	buf_fmt(name, ", %s %zu", positive ? "match" : "no_match",
	    t->of_kind[positive]);
}

static void
add_tested(void *arg, const struct tested *done)
{
	struct test *t = arg;
	struct buf name = { 0 }, why = { 0 };
	struct outcome o = {
		.kind = done->wrong == NULL ? OUTCOME_PASSED : OUTCOME_FAILED,
		.file = slice_of(done->test->file), .line = done->test->at,
		.column = done->test->column,
		.of = done->rule->info.id,
	};

	if (!is_wanted(t, done->rule))
		return;
	name_test(t, done, &name);
	if (done->wrong != NULL) {
		buf_fmt(&why, "%s (understood by: ", done->wrong);
		buf_add(&why, done->decoder.len > 0 ? done->decoder :
		    !t->s.detector.undecoded ? S("no decoder") :
		    S("no decoder, for none is loaded: -c FILE says where "
		    "they are"));
		buf_byte(&why, ')');
	}
	o.name = buf_slice(&name);
	o.why = buf_slice(&why);
	testreport_add(&t->report, &o);
	buf_free(&name);
	buf_free(&why);
}

/* A report that leaves them out would look better than things are. */
static void
add_untested(struct test *t)
{
	const struct ruleset *rules = t->s.detector.rules;

	for (size_t i = 0; i < ruleset_count(rules); i++) {
		struct rule_view rule = ruleset_view(rules, i);
		struct outcome o = {
			.kind = OUTCOME_SKIPPED, .file = slice_of(rule.file),
			.line = rule.line, .of = rule.info.id,
			.name = rule.info.title, .why = S("no tests"),
		};

		if (rule.test_count == 0 && is_wanted(t, &rule))
			testreport_add(&t->report, &o);
	}
}

static void
add_decoders(struct test *t)
{
	struct diag d = { 0 };
	struct outcome o = {
		.kind = OUTCOME_PASSED, .file = S("decoders"),
		.of = S("decoders"), .name = S("tests of the decoders"),
	};

	if (decoders_test(t->s.detector.decoders, &d) == -1)
		o.kind = OUTCOME_FAILED;
	o.why = slice_trim(buf_slice(&d.text));
	testreport_add(&t->report, &o);
	diag_free(&d);
}

/* What keeps the rules from being loaded. */
static void
add_broken(struct test *t)
{
	struct outcome o = {
		.kind = OUTCOME_BROKEN, .file = S("load"), .of = S("load"),
		.name = S("rules load"),
		.why = slice_trim(buf_slice(&t->s.diag.text)),
	};

	testreport_add(&t->report, &o);
}

static const char *
plural(size_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

static void
print_text(struct test *t)
{
	const size_t *n = t->report.of_kind;
	size_t decoders = t->id.len == 0;
	size_t tests = n[OUTCOME_PASSED] + n[OUTCOME_FAILED] - decoders;

	testreport_text(&t->report, &t->s.aside);
	printf("%zu %s of %zu %s", tests, plural(tests, "test", "tests"),
	    t->rules, plural(t->rules, "rule", "rules"));
	if (n[OUTCOME_FAILED] > 0)
		printf(", %zu failed", n[OUTCOME_FAILED]);
	else
		printf(" %s%s", plural(tests, "passes", "pass"),
		    decoders ? ", and those of the decoders" : "");
	if (n[OUTCOME_SKIPPED] > 0)
		printf("; %zu %s no tests", n[OUTCOME_SKIPPED],
		    plural(n[OUTCOME_SKIPPED], "rule has", "rules have"));
	putchar('\n');
}

static void
run_tests(struct test *t)
{
	struct rule_view rule;

	if (t->rule != NULL && session_rule(&t->s, t->rule, &rule) == -1)
		return;
	if (t->rule != NULL)
		t->id = rule.info.id;
	detector_try(&t->s.detector, add_tested, t);
	add_untested(t);
	if (t->rule == NULL)
		add_decoders(t);
}

static void
print(struct test *t)
{
	if (t->format == REPORT_TAP)
		testreport_tap(&t->report);
	else if (t->format == REPORT_JUNIT)
		testreport_junit(&t->report);
	else if (t->s.diag.errors == 0)
		print_text(t);
}

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct test t = { .format = REPORT_TEXT };
	struct strlist only;
	bool failed;
	int status;

	if (!args_read(&rules_test, &t, &argc, argv, &status))
		return status;
	only = (struct strlist){ (const char **)argv + 1, (size_t)argc - 1 };
	session_begin(&t.s);
	testreport_begin(&t.report);
	if (session_load(&t.s, reg, argc > 1 ? &only : NULL))
		run_tests(&t);
	if (t.s.diag.errors > 0)
		add_broken(&t);
	print(&t);
	failed = t.report.of_kind[OUTCOME_FAILED] > 0;
	testreport_free(&t.report);
	status = session_end(&t.s, EXIT_TROUBLE);
	return status == EXIT_FINE && failed ? EXIT_FOUND : status;
}

const struct command rules_test = {
	.name = "rules test",
	.synopsis = "[-c FILE] [--format text|tap|junit] [--rule ID]\n"
	    "                          [FILE|DIR...]",
	.what = "run the tests in and beside rules and decoders",
	.args = test_args,
	.run = run,
};
