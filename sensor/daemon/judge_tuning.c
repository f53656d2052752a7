/*
 * What the judge does about tuning.
 */
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
