#include "daemon/ruletest.h"

#include "base/when.h"

/* Whether one rule is among those that match. */
struct awaited {
	struct slice id;
	bool matched;
};

static void
note_match(void *arg, const struct match *m)
{
	struct awaited *a = arg;

	a->matched |= slice_eq(m->rule->id, a->id);
}

/*
 * An event comes from the rule's own log source; where a line comes from is
 * for the decoders to say.
 */
void
detector_test_event(struct detector *det, const struct rule_view *rule,
    const struct rule_test *t, struct record *r)
{
	bool json = t->json.len > 0;

	*r = (struct record){
		.form = json ? FORM_JSON : FORM_TEXT,
		.bytes = json ? t->json : t->line,
		.source = S("test"),
		.received = when_now(),
	};
	event_reset(det->ev, r);
	decoders_run(det->decoders, det->ev);
	if (json)
		event_source(det->ev, rule->source);
}

static bool
matches(struct detector *det, const struct rule_view *rule,
    const struct rule_test *t)
{
	struct awaited a = { rule->info.id, false };
	struct record r;

	detector_test_event(det, rule, t, &r);
	ruleset_match(det->rules, det->ev, note_match, &a);
	return a.matched;
}

static const char *
wrong(bool matched, bool positive)
{
	if (matched == positive)
		return NULL;
	return positive ? "must match and does not" :
	    "must not match and does";
}

int
detector_try(struct detector *det,
    void (*each)(void *arg, const struct tested *t), void *arg)
{
	int ret = 0;

	for (size_t i = 0; i < ruleset_count(det->rules); i++) {
		struct rule_view rule = ruleset_view(det->rules, i);

		for (size_t k = 0; k < rule.test_count; k++) {
			struct tested t = { .rule = &rule,
			    .test = &rule.tests[k] };

			t.wrong = wrong(matches(det, &rule, t.test),
			    t.test->positive);
			t.decoder = det->ev->decoder;
			if (t.wrong != NULL)
				ret = -1;
			each(arg, &t);
		}
	}
	ruleset_forget(det->rules);
	return ret;
}

static void
tell(void *arg, const struct tested *t)
{
	struct slice title = t->rule->info.title;
	struct slice decoder = t->decoder.len > 0 ? t->decoder :
	    S("no decoder");

	if (t->wrong != NULL)
		diag_error(arg, t->test->file, t->test->at, 1,
		    "test of rule \"%.*s\": %s (understood by: %.*s)",
		    (int)title.len, (const char *)title.p, t->wrong,
		    (int)decoder.len, (const char *)decoder.p);
}

int
detector_rule_test(struct detector *det, struct diag *d)
{
	return detector_try(det, tell, d);
}
