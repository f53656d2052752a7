/*
 * run: the supervisor and, started by it again, each role.
 */
#include "cli/args.h"
#include "cli/command.h"
#include "daemon/supervise.h"

struct run {
	const char *config, *role;
	bool verbose, last_good;
};

static int cmd_run_main(const struct registry *reg, int argc, char **argv);

static const struct arg run_args[] = {
	ARGS_CONFIG(run, config),
	{ "verbose", 'v', ARG_FLAG, AT(run, verbose), NULL,
	    "log more", NULL },
	{ "role", 0, ARG_STR, AT(run, role), "NAME",
	    "be one role; the supervisor calls itself so", NULL },
	{ "last-good", 0, ARG_FLAG, AT(run, last_good), NULL,
	    "with --role: go on with the last good rules where they are "
	    "broken", NULL },
	ARGS_END
};

const struct command cmd_run = {
	.name = "run",
	.synopsis = "[-c FILE] [-v]",
	.what = "the sensor (systemd calls it)",
	.run = cmd_run_main,
	.args = run_args,
};

static int
cmd_run_main(const struct registry *reg, int argc, char **argv)
{
	const struct leaves leaves = { reg->inputs, reg->decoders,
		reg->outputs };
	struct run_options opts;
	struct run o = { 0 };
	enum role role;
	int status;

	if (!args_read(&cmd_run, &o, &argc, argv, &status))
		return status;
	if (argc > 1)
		return args_wrong(&cmd_run, "run takes no operand");
	opts = (struct run_options){ o.config, o.verbose,
	    o.last_good };
	if (o.role == NULL)
		return supervise(&leaves, &opts);
	if (role_parse(o.role, &role) == -1)
		return args_wrong(&cmd_run, "no role \"%s\"", o.role);
	return role_run(role, &leaves, &opts);
}
