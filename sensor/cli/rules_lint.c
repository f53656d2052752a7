/*
 * rules lint: whether files are right; loads nothing else.
 */
#include <stdio.h>
#include <unistd.h>

#include "cli/rules_session.h"

extern const struct command rules_lint;

static const struct arg lint_args[] = {
	ARGS_CONFIG(session, path),
	ARGS_END
};

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct session s = { 0 };
	struct strlist only;
	int status;

	if (!args_read(&rules_lint, &s, &argc, argv, &status))
		return status;
	if (argc < 2)
		return args_wrong(&rules_lint, "which files?");
	for (int i = 1; i < argc; i++)
		if (access(argv[i], R_OK) == -1)
			return args_wrong(&rules_lint, "%s: %m", argv[i]);
	session_begin(&s);
	only = (struct strlist){ (const char **)argv + 1, (size_t)argc - 1 };
	if (session_load(&s, reg, &only)) {
		size_t n = ruleset_count(s.detector.rules);

		printf("%zu rule%s, no mistake\n", n, n == 1 ? "" : "s");
	}
	return session_end(&s, EXIT_FOUND);
}

const struct command rules_lint = {
	.name = "rules lint",
	.synopsis = "[-c FILE] FILE|DIR...",
	.what = "whether files are right; loads nothing else",
	.args = lint_args,
	.run = run,
};
