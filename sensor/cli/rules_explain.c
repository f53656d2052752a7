/*
 * rules explain: how a rule is understood and what it costs, and why it
 * matched an event or which part of it did not.
 */
#include <stdio.h>

#include "cli/explain.h"
#include "cli/specimen.h"

extern const struct command rules_explain;

static const struct arg explain_args[] = {
	ARGS_CONFIG(explain, session.path),
	ARGS_JSON(explain, session.json),
	{ "state", 0, ARG_STR, AT(explain, state), "DIR",
	    "look for an id in this directory, not at the running sensor",
	    NULL },
	ARGS_END
};

static int
read_event(struct explain *e, const struct registry *reg, const char *what)
{
	const struct args_place place = { e->session.path, e->state };
	struct specimen sp;
	struct err err;
	int ret = 0;

	if (specimen_read(&sp, reg, &place, what, &err) == 0)
		e->line = arena_keep(e->arena, buf_slice(&sp.line));
	else
		ret = diag_error(&e->session.diag, NULL, 0, 0, "%s",
		    err.text);
	specimen_free(&sp);
	return ret;
}

static int
explain(struct explain *e, const struct registry *reg, char **argv)
{
	struct session *s = &e->session;

	if (!session_read(s, reg, NULL) ||
	    session_rule(s, argv[0], &e->rule) == -1 ||
	    explain_parts(e) == -1 || !session_ready(s))
		return -1;
	e->rule = ruleset_view(s->detector.rules, e->rule.index);
	e->anatomy = ruleset_anatomy(s->detector.rules, e->rule.index,
	    e->arena);
	if (argv[1] != NULL && read_event(e, reg, argv[1]) == -1)
		return -1;
	if (e->line.len > 0)
		explain_hold(e);
	(s->json ? explain_json : explain_print)(e);
	return 0;
}

static int
explain_rule(struct explain *e, const struct registry *reg, char **argv)
{
	int status;

	session_begin(&e->session);
	e->arena = arena_new(0);
	explain(e, reg, argv);
	status = session_end(&e->session, EXIT_TROUBLE);
	arena_free(e->arena);
	if (status == EXIT_FINE && e->line.len > 0 && !e->matched)
		return EXIT_FOUND;
	return status;
}

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct explain e = { .line = SLICE("") };
	int status;

	if (!args_read(&rules_explain, &e, &argc, argv, &status))
		return status;
	argv[argc] = NULL;
	if (argc < 2 || argc > 3)
		return args_wrong(&rules_explain, "which rule, and perhaps "
		    "which event?");
	return explain_rule(&e, reg, argv + 1);
}

const struct command rules_explain = {
	.name = "rules explain",
	.synopsis = "[-c FILE] [--json] [--state DIR] RULE "
	    "[FILE[:LINE]|-|ID]",
	.what = "how a rule works, why it matched an event or what of it "
	    "did not",
	.args = explain_args,
	.run = run,
};
