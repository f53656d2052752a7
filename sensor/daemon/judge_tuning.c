/*
 * What the judge does about tuning.
 */
#include "base/json.h"
#include "base/when.h"
#include "daemon/judge.h"
#include "daemon/tuningtest.h"

static void
add_loose(const struct tuning_view *t, struct buf *out)
{
	if (!t->loose && !t->expired)
		return;
	buf_fmt(out, "%s:%u: the %s %s (owner: ", t->file, t->line,
	    t->exception ? "exception" : "override", t->loose ?
	    "names no rule that is there" : "has expired");
	buf_add(out, t->owner);
	buf_str(out, ")\n");
}

void
judge_tuning_say(struct judge *j)
{
	const struct ruleset *rules = j->det.rules;
	struct diag d = { 0 };
	struct slice rest, line;

	for (size_t i = 0; i < ruleset_tunings(rules); i++) {
		struct tuning_view t = ruleset_tuning(rules, i);

		add_loose(&t, &d.text);
	}
	detector_tuning_test(&j->det, &d);
	rest = buf_slice(&d.text);
	while (slice_cut(&rest, '\n', &line))
		log_warn("%.*s", (int)line.len, (const char *)line.p);
	if (d.text.len > 0)
		judge_say(j, KIND_LOAD, "tuning", buf_cstr(&d.text));
	diag_free(&d);
}

/* --- mutes ------------------------------------------------------------------ */

enum { BODY_ARENA = 1 << 20 };

int
judge_find_rule(void *owner, struct slice text, struct rule_info *out,
    struct err *err)
{
	const struct judge *j = owner;
	struct rule_view view;
	size_t found = ruleset_find(j->det.rules, text, &view);

	if (found == 1) {
		*out = view.info;
		return 0;
	}
	return err_set(err, found == 0 ? "no rule \"%.*s\" (" RULE_MEANT ")" :
	    "several rules are \"%.*s\", say more of the id", (int)text.len,
	    (const char *)text.p);
}

void
judge_mute(void *owner, struct slice id, const struct mute *m)
{
	struct judge *j = owner;

	ruleset_mute(j->det.rules, id, m);
}

struct slice
judge_user(void *owner, uid_t uid)
{
	const struct judge *j = owner;

	return names_of(&j->names, uid);
}

/* The journal is ours, but whoever was at it may have put anything there. */
static int
restore_mute(void *arg, const struct row *r)
{
	struct judge *j = arg;
	struct arena *a = arena_new(BODY_ARENA);
	struct mute m = { .since = r->time };
	struct json *body;

	if (slice_eq(r->rule, S("mute")) &&
	    json_parse(a, r->body, &body, NULL) == 0 &&
	    when_parse_rfc3339(json_text(body, "vedette.decision.until"),
	    &m.until) == 0) {
		m.key = json_text(body, "vedette.decision.key");
		m.by = json_text(body, "vedette.decision.by");
		m.reason = json_text(body, "vedette.decision.reason");
		m.ticket = json_text(body, "vedette.decision.ticket");
		ruleset_mute(j->det.rules, json_text(body, "rule.id"), &m);
	}
	arena_free(a);
	return 0;
}

void
judge_mutes_restore(struct judge *j)
{
	const struct query q = {
		.kinds = 1u << KIND_DECISION, .oldest_first = true,
		.since = when_now() - 8 * DAY,
	};
	struct err err;

	if (store_query(j->store, &q, restore_mute, j, &err) == -1)
		log_error("journal: mutes: %s", err.text);
}
