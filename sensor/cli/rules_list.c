/*
 * rules list: what is loaded, from where.
 */
#include "cli/rules_print.h"
#include "cli/rules_session.h"

extern const struct command rules_list;

static const struct arg list_args[] = {
	ARGS_CONFIG(session, path),
	ARGS_JSON(session, json),
	ARGS_END
};

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct session s = { 0 };
	int status;

	if (!args_read(&rules_list, &s, &argc, argv, &status))
		return status;
	if (argc > 1)
		return args_wrong(&rules_list, "\"%s\" is not expected",
		    argv[1]);
	session_begin(&s);
	if (session_load(&s, reg, NULL))
		print_rules(&s.detector, &s.out, s.json);
	return session_end(&s, EXIT_TROUBLE);
}

const struct command rules_list = {
	.name = "rules list",
	.synopsis = "[-c FILE] [--json]",
	.what = "what is loaded, from where",
	.args = list_args,
	.run = run,
};
