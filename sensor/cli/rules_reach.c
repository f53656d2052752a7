/*
 * rules reach: which rules can fire on this host with this configuration,
 * which can't, and why.
 */
#include <stdio.h>
#include <string.h>

#include "cli/reach_print.h"
#include "cli/rules_session.h"

extern const struct command rules_reach;

struct reach_call {
	struct session session;
	struct strlist rules;
	bool attack, all;
	/* of the run */
	const struct registry *registry;
	struct reach *reach;
	struct decode_place place;
	const char *only;	/* how the input was narrowed, or NULL */
	bool wished;		/* the place is not read, but could be */
};

static const struct arg reach_args[] = {
	ARGS_CONFIG(reach_call, session.path),
	{ "rules", 'r', ARG_LIST, AT(reach_call, rules), "PATH",
	    "a rule file or a directory of them, instead of the configured",
	    NULL },
	{ "attack", 0, ARG_FLAG, AT(reach_call, attack), NULL,
	    "by ATT&CK tactic and technique", NULL },
	{ "all", 0, ARG_FLAG, AT(reach_call, all), NULL,
	    "a line for each rule", NULL },
	ARGS_JSON(reach_call, session.json),
	ARGS_END
};

/* --- which events there may be ------------------------------------------- */

static void
take_prospect(void *arg, const struct prospect *p)
{
	struct reach_call *c = arg;

	reach_event(c->reach, p->ev, &(struct reach_from){
		.by = p->by,
		.only = c->only != NULL ? c->only : p->only,
		.place = c->wished ? c->place.source : S(""),
	});
}

static void
take_place(void *arg, const struct input_place *place)
{
	struct reach_call *c = arg;

	c->place = (struct decode_place){ place->form,
		slice_of(place->source) };
	c->only = place->narrowed ? "journal" : NULL;
	decoders_prospects(c->session.detector.decoders, &c->place,
	    take_prospect, c);
}

static bool
has_input(const struct registry *reg, const char *name)
{
	for (size_t i = 0; reg->inputs[i] != NULL; i++)
		if (strcmp(reg->inputs[i]->name, name) == 0)
			return true;
	return false;
}

/* What is not read, but could be, for the advice. */
static void
wish_place(void *arg, const struct decode_place *place)
{
	struct reach_call *c = arg;

	if (place->form == FORM_JOURNAL && !has_input(c->registry, "journal"))
		return;
	c->place = *place;
	c->only = NULL;
	decoders_prospects(c->session.detector.decoders, place,
	    take_prospect, c);
}

static void
find_out(struct reach_call *c)
{
	const struct config *config = &c->session.config;

	for (size_t i = 0; i < config->input_count; i++) {
		const struct config_input *in = &config->inputs[i];

		if (in->type->places != NULL)
			in->type->places(in->options, take_place, c);
	}
	c->wished = true;
	decoders_places(c->session.detector.decoders, wish_place, c);
	reach_end(c->reach);
}

/* --- telling ------------------------------------------------------------- */

static int
tell_some(struct reach_call *c, const struct reaching *r, char **ids)
{
	struct rule_view rule;

	for (char **id = ids; *id != NULL; id++) {
		if (session_rule(&c->session, *id, &rule) == -1)
			return -1;
		if (id != ids && !r->json)
			putchar('\n');
		reach_one(r, rule.index);
	}
	return 0;
}

/* What is read, and what of it is there now. */
static void
tell_inputs(const struct config *config, const struct screen *s)
{
	const char *key = "read";

	for (size_t i = 0; i < config->input_count; i++) {
		const struct config_input *in = &config->inputs[i];
		struct buf lines = { 0 };
		struct slice rest, line;

		if (in->type->survey != NULL)
			in->type->survey(in->options, &lines);
		else
			buf_fmt(&lines, "%s\n", in->type->name);
		for (rest = buf_slice(&lines); slice_cut(&rest, '\n', &line);
		    key = "")
			screen_pair(s, key, line);
		buf_free(&lines);
	}
	if (config->input_count == 0)
		screen_pair(s, key, S("nothing: there is no input"));
}

static void
tell_sum(const struct reach_call *c, const struct reaching *r)
{
	reach_sum(r);
	putchar('\n');
	tell_inputs(&c->session.config, &c->session.out);
}

static void
tell(struct reach_call *c, char **ids)
{
	struct reaching r;

	c->reach = reach_new(c->session.detector.rules);
	find_out(c);
	r = reaching_new(&c->session.detector, c->reach, &c->session.out);
	r.json = c->session.json;
	if (*ids != NULL)
		tell_some(c, &r, ids);
	else if (c->attack)
		reach_attack(&r);
	else if (c->all || r.json)
		reach_list(&r);
	else
		tell_sum(c, &r);
	reaching_free(&r);
	reach_free(c->reach);
}

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct reach_call c = { 0 };
	int status;

	if (!args_read(&rules_reach, &c, &argc, argv, &status))
		return status;
	argv[argc] = NULL;
	c.registry = reg;
	if (c.attack && argc > 1) {
		args_free(&rules_reach, &c);
		return args_wrong(&rules_reach, "--attack is about all "
		    "rules");
	}
	session_begin(&c.session);
	if (session_load(&c.session, reg, c.rules.count > 0 ? &c.rules :
	    NULL))
		tell(&c, argv + 1);
	status = session_end(&c.session, EXIT_TROUBLE);
	args_free(&rules_reach, &c);
	return status;
}

const struct command rules_reach = {
	.name = "rules reach",
	.synopsis = "[-c FILE] [-r PATH]... [--attack] [--all] [--json] "
	    "[RULE...]",
	.what = "which rules can fire on this host, which can't, and why",
	.args = reach_args,
	.run = run,
};
