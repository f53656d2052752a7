/*
 * rules show: everything about one rule.
 */
#include "cli/rules_print.h"
#include "cli/rules_session.h"
#include "cli/tuning_ask.h"

extern const struct command rules_show;

static const struct arg show_args[] = {
	ARGS_CONFIG(session, path),
	ARGS_JSON(session, json),
	ARGS_END
};

static void
show(struct session *s, const struct registry *reg,
    const struct rule_view *rule)
{
	const struct args_place place = { .config = s->path };

	print_rule(&s->detector, rule, &s->out, s->json);
	if (!s->json)
		tuning_ask(reg, &place, rule->info.id, &s->out);
}

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct session s = { 0 };
	struct rule_view rule;
	int status;

	if (!args_read(&rules_show, &s, &argc, argv, &status))
		return status;
	if (argc != 2)
		return args_wrong(&rules_show, "which rule?");
	session_begin(&s);
	if (session_load(&s, reg, NULL) &&
	    session_rule(&s, argv[1], &rule) == 0)
		show(&s, reg, &rule);
	return session_end(&s, EXIT_TROUBLE);
}

const struct command rules_show = {
	.name = "rules show",
	.synopsis = "[-c FILE] [--json] RULE",
	.what = "everything about one rule",
	.args = show_args,
	.run = run,
};
