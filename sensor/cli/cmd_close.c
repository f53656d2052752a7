/*
 * close: what an alert was, and why.
 */
#include "cli/decision.h"

static const char *const verdicts[] = { "true", "benign", "false", NULL };

struct closing {
	struct decision decision;
	int verdict;
};

static const struct arg close_args[] = {
	{ "verdict", 0, ARG_WORD, AT(closing, verdict), "WORD",
	    "what it was", verdicts },
	ARGS_DECISION(closing, decision.why),
	ARGS_CONFIG(closing, decision.config),
	ARGS_END
};

extern const struct command cmd_close;

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct closing c = { .decision.verb = "close", .verdict = -1 };
	int status;

	if (!args_read(&cmd_close, &c, &argc, argv, &status))
		return status;
	if (argc != 2)
		return args_wrong(&cmd_close, "which alert? vedette close "
		    "--verdict true|benign|false --reason TEXT ID");
	if (c.verdict == -1)
		return args_wrong(&cmd_close, "--verdict is needed: true, "
		    "benign or false");
	if (c.decision.why.reason == NULL)
		return args_wrong(&cmd_close, "--reason is needed");
	c.decision.id = argv[1];
	c.decision.verdict = verdicts[c.verdict];
	return decision_make(reg, &cmd_close, &c.decision);
}

const struct command cmd_close = {
	.name = "close",
	.synopsis = "--verdict true|benign|false --reason TEXT [--ticket ID] ID",
	.what = "an alert is done with: what it was, and why",
	.args = close_args,
	.run = run,
};
