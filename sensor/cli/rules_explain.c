/*
 * rules explain: how a rule is understood and what it costs, and why it
 * matched an event or which part of it did not; of a correlation, what its windows
 * come to.
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

int
explain_event(struct explain *e, const struct registry *reg, const char *what)
{
	const struct args_place place = { e->session.path, e->state };
	struct specimen sp;
	struct err err;
	int ret = 0;

	if (specimen_read(&sp, reg, &place, what, &err) == 0)
		e->line = arena_keep(e->arena, sp.group.len > 0 ?
		    slice_trim(buf_slice(&sp.group)) : buf_slice(&sp.line));
	else
		ret = diag_error(&e->session.diag, NULL, 0, 0, "%s",
		    err.text);
	specimen_free(&sp);
	return ret;
}

/* A plain rule: its parts are asked for before all is compiled. */
static int
explain_plain(struct explain *e, const struct registry *reg,
    const char *event)
{
	struct ruleset *rules = e->session.detector.rules;

	if (explain_parts(e) == -1 || !session_ready(&e->session))
		return -1;
	e->rule = ruleset_view(rules, e->rule.index);
	e->anatomy = ruleset_anatomy(rules, e->rule.index, e->arena);
	if (event != NULL && explain_event(e, reg, event) == -1)
		return -1;
	if (event != NULL)
		explain_hold(e);
	return 0;
}

static int
explain_correlation(struct explain *e, const struct registry *reg,
    const char *events)
{
	struct ruleset *rules = e->session.detector.rules;

	if (!session_ready(&e->session))
		return -1;
	e->rule = ruleset_view(rules, e->rule.index);
	ruleset_correlation(rules, e->rule.index, e->arena, &e->correlation);
	return events == NULL ? 0 : explain_count(e, reg, events);
}

static int
explain(struct explain *e, const struct registry *reg, char **argv)
{
	struct session *s = &e->session;

	if (!session_read(s, reg, NULL) ||
	    session_rule(s, argv[0], &e->rule) == -1)
		return -1;
	e->correlates = ruleset_correlates(s->detector.rules, e->rule.index);
	if ((e->correlates ? explain_correlation : explain_plain)(e, reg,
	    argv[1]) == -1)
		return -1;
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
	explain_count_free(e);
	arena_free(e->arena);
	if (status == EXIT_FINE && argv[1] != NULL && !e->matched)
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
