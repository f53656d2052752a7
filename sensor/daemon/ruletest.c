#include "daemon/ruletest.h"

#include "base/when.h"

static void
pass_over(void *arg, const struct match *m)
{
	(void)arg;
	(void)m;
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

/*
 * Whether the rule matches, also where only others hear of it. All windows
 * close in the end, so that each test begins anew.
 */
static bool
matches(struct detector *det, size_t rule, const struct rule_test *t)
{
	const struct rule_view view = ruleset_view(det->rules, rule);
	const struct rule_test *step = t->step_count > 0 ? t->steps : t;
	size_t steps = t->step_count > 0 ? t->step_count : 1;
	struct record r;

	for (; steps > 0; steps--, step++) {
		detector_test_event(det, &view, step, &r);
		ruleset_match(det->rules, det->ev, pass_over, NULL);
	}
	ruleset_time(det->rules, INT64_MAX, pass_over, NULL);
	return ruleset_view(det->rules, rule).matches > view.matches;
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

			t.wrong = wrong(matches(det, i, t.test),
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
