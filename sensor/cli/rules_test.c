/*
 * rules test: run the tests that stand in rules and decoders.
 */
#include <stdio.h>

#include "cli/rules_session.h"

extern const struct command rules_test;

static const struct arg test_args[] = {
	ARGS_CONFIG(session, path),
	ARGS_END
};

static size_t
count_tests(const struct ruleset *rules)
{
	size_t n = 0;

	for (size_t i = 0; i < ruleset_count(rules); i++)
		n += ruleset_view(rules, i).test_count;
	return n;
}

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct session s = { 0 };
	struct strlist only;
	int status;

	if (!args_read(&rules_test, &s, &argc, argv, &status))
		return status;
	session_begin(&s);
	only = (struct strlist){ (const char **)argv + 1, (size_t)argc - 1 };
	if (!session_load(&s, reg, argc > 1 ? &only : NULL))
		return session_end(&s, EXIT_TROUBLE);
	if (detector_test(&s.detector, &s.diag) == 0) {
		size_t n = ruleset_count(s.detector.rules);

		printf("%zu tests of %zu rule%s pass, "
		    "and those of the decoders\n",
		    count_tests(s.detector.rules), n, n == 1 ? "" : "s");
	}
	return session_end(&s, EXIT_FOUND);
}

const struct command rules_test = {
	.name = "rules test",
	.synopsis = "[-c FILE] [FILE|DIR...]",
	.what = "run the tests that stand in rules and decoders",
	.args = test_args,
	.run = run,
};
