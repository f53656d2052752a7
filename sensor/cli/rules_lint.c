/*
 * rules lint: whether files are right; loads nothing else.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "cli/rules_session.h"

extern const struct command rules_lint;

static const struct arg lint_args[] = {
	ARGS_CONFIG(session, path),
	ARGS_END
};

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Most memory that this process ever had, in MiB. */
static long
mebibytes(void)
{
	struct rusage use = { 0 };

	getrusage(RUSAGE_SELF, &use);
	return use.ru_maxrss / 1024;
}

static void
print_count(size_t n)
{
	if (n >= 1000)
		printf("%zu,%03zu", n / 1000, n % 1000);
	else
		printf("%zu", n);
}

static void
print_outcome(const struct session *s, double since)
{
	size_t good = ruleset_count(s->detector.rules);
	size_t refused = ruleset_refused(s->detector.rules);

	print_count(good);
	printf(good == 1 ? " rule loads, " : " rules load, ");
	print_count(refused);
	printf(" refused, in %.2f s, %ld MiB\n", seconds() - since,
	    mebibytes());
}

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct session s = { 0 };
	struct strlist only;
	double since = seconds();
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
	session_load(&s, reg, &only);
	if (s.detector.rules != NULL)
		print_outcome(&s, since);
	status = s.diag.refused > 0 ? EXIT_FOUND : EXIT_FINE;
	return status | session_end(&s, EXIT_FOUND);
}

const struct command rules_lint = {
	.name = "rules lint",
	.synopsis = "[-c FILE] FILE|DIR...",
	.what = "whether files are right; loads nothing else",
	.args = lint_args,
	.run = run,
};
