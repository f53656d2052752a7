/*
 * rules mute: no alerts of a rule for a while, said to the running sensor.
 * It is in force at once and ends by itself.
 */
#include <stdio.h>

#include "base/when.h"
#include "cli/inquiry.h"
#include "cli/screen.h"

struct mute_options {
	int64_t span, until;
	struct args_decision why;
	const char *key, *config;
};

static const struct arg mute_args[] = {
	{ "for", 0, ARG_SPAN, AT(mute_options, span), "SPAN",
	    "how long: 2h, at most 7d; 0 ends a mute", NULL },
	{ "until", 0, ARG_TIME, AT(mute_options, until), "TIME",
	    "or until when: 18:00, 2026-12-01", NULL },
	{ "key", 0, ARG_STR, AT(mute_options, key), "VALUE",
	    "only matches with this value in a field of the rule's key", NULL },
	ARGS_DECISION(mute_options, why),
	ARGS_CONFIG(mute_options, config),
	ARGS_END
};

extern const struct command rules_mute;

static void
write_request(const struct mute_options *o, const char *rule,
    struct buf *out)
{
	struct jsonw w = { .out = out };

	jsonw_object(&w);
	jsonw_pair(&w, "command", S("mute"));
	jsonw_pair(&w, "rule", slice_of(rule));
	jsonw_pair_int(&w, "until", o->until != 0 ? o->until :
	    o->span == 0 ? 0 : when_now() + o->span);
	if (o->key != NULL)
		jsonw_pair(&w, "key", slice_of(o->key));
	jsonw_pair(&w, "reason", slice_of(o->why.reason));
	if (o->why.ticket != NULL)
		jsonw_pair(&w, "ticket", slice_of(o->why.ticket));
	jsonw_object_end(&w);
}

static void
each_line(void *arg, enum ask_frame type, struct slice text)
{
	struct buf *said = arg;

	if (type == ASK_TEXT)
		buf_add(said, text);
}

static int
mute(const struct registry *reg, const struct mute_options *o,
    const char *rule)
{
	const struct args_place place = { .config = o->config };
	struct inquiry q = INQUIRY;
	struct buf request = { 0 }, said = { 0 };
	struct screen screen;
	struct err err;
	int status = EXIT_TROUBLE;

	screen_init(&screen, stdout);
	write_request(o, rule, &request);
	if (inquiry_open(&q, reg, &place, &err) == 0)
		status = inquiry_ask(&q, buf_slice(&request), each_line,
		    &said, &err);
	if (status == EXIT_FINE)
		screen_line(&screen, buf_slice(&said));
	else
		status = args_wrong(&rules_mute, "%s", err.text);
	inquiry_close(&q);
	buf_free(&request);
	buf_free(&said);
	return status;
}

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct mute_options o = { .span = -1 };
	int status;

	if (!args_read(&rules_mute, &o, &argc, argv, &status))
		return status;
	if (argc != 2)
		return args_wrong(&rules_mute, "which rule? vedette rules "
		    "mute RULE --for 2h --reason TEXT");
	if ((o.span == -1) == (o.until == 0))
		return args_wrong(&rules_mute, "how long? --for 2h, or "
		    "--until 18:00");
	if (o.until != 0 && o.until <= when_now())
		return args_wrong(&rules_mute, "--until is past; --for 0 "
		    "ends a mute");
	if (o.key != NULL && slice_trim(slice_of(o.key)).len == 0)
		return args_wrong(&rules_mute, "--key is empty; without it "
		    "the whole rule is muted");
	if (o.why.reason == NULL)
		return args_wrong(&rules_mute, "why? --reason TEXT");
	return mute(reg, &o, argv[1]);
}

const struct command rules_mute = {
	.name = "rules mute",
	.synopsis = "--for SPAN|--until TIME [--key VALUE] --reason TEXT "
	    "[--ticket ID] [-c FILE] RULE",
	.what = "no alerts of a rule for a while, from now on",
	.args = mute_args,
	.run = run,
};
