/*
 * ack: I have it. Who says so is never an option.
 */
#include "cli/decision.h"

static const struct arg ack_args[] = {
	{ "to", 0, ARG_STR, AT(decision, to), "NAME",
	    "who shall see to it, if not you", NULL },
	ARGS_DECISION(decision, why),
	ARGS_CONFIG(decision, config),
	ARGS_END
};

extern const struct command cmd_ack;

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct decision d = { .verb = "ack" };
	int status;

	if (!args_read(&cmd_ack, &d, &argc, argv, &status))
		return status;
	if (argc != 2)
		return args_wrong(&cmd_ack, "which alert? vedette ack ID");
	d.id = argv[1];
	return decision_make(reg, &cmd_ack, &d);
}

const struct command cmd_ack = {
	.name = "ack",
	.synopsis = "[--to NAME] [--reason TEXT] [--ticket ID] ID",
	.what = "I have it: an alert is being seen to",
	.args = ack_args,
	.run = run,
};
