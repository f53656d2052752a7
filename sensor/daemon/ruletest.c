#include "daemon/ruletest.h"

#include "base/when.h"

static void
pass_over(void *arg, const struct match *m)
{
	(void)arg;
	(void)m;
}

static bool
has_words(struct logsource s)
{
	return s.product != 0 || s.category != 0 || s.service != 0;
}

/*
 * An event comes from the log source that the test says, or else from the
 * rule's own; where a line comes from is for the decoders to say.
 */
static void
make_event(struct detector *det, const struct rule_view *rule,
    const struct rule_test *t, int64_t received, struct record *r)
{
	bool json = t->json.len > 0;

	*r = (struct record){
		.form = json ? FORM_JSON : FORM_TEXT,
		.bytes = json ? t->json : t->line,
		.source = S("test"),
		.received = received,
	};
	event_reset(det->ev, r);
	decoders_run(det->decoders, det->ev);
	if (json)
		event_source(det->ev, has_words(t->source) ? t->source :
		    rule->source);
}

void
detector_test_event(struct detector *det, const struct rule_view *rule,
    const struct rule_test *t, struct record *r)
{
	make_event(det, rule, t, when_now(), r);
}

/*
 * Events are never later than they are read. A test is not to come out
 * otherwise on the day that its lines are of, so it is read in a time that is
 * behind all of them; tuning looks at the one that it is now.
 */
static void
make_step(struct detector *det, const struct rule_view *rule,
    const struct rule_test *t, struct record *r)
{
	const int64_t now = when_now(), far = when_civil(2100, 1, 1, 0, 0, 0);

	decoders_latest(det->decoders, far);
	make_event(det, rule, t, far, r);
	decoders_latest(det->decoders, 0);
	det->ev->received = now;
	if (det->ev->time == far)
		det->ev->time = now;
}

static const struct rule_test *
steps_of(const struct rule_test *t, size_t *count)
{
	*count = t->step_count > 0 ? t->step_count : 1;
	return t->step_count > 0 ? t->steps : t;
}

/* A correlation has no log source that its events could be from. */
static bool
lacks_source(const struct rule_view *rule, const struct rule_test *t)
{
	size_t steps;

	if (has_words(rule->source))
		return false;
	for (t = steps_of(t, &steps); steps > 0; steps--, t++)
		if (t->json.len > 0 && !has_words(t->source))
			return true;
	return false;
}

/*
 * Whether the rule matches, also where only others hear of it. All windows
 * close in the end, so that each test begins anew.
 */
static bool
matches(struct detector *det, size_t rule, const struct rule_test *t)
{
	const struct rule_view view = ruleset_view(det->rules, rule);
	const struct rule_test *step;
	struct record r;
	size_t steps;

	for (step = steps_of(t, &steps); steps > 0; steps--, step++) {
		make_step(det, &view, step, &r);
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

			t.wrong = lacks_source(&rule, t.test) ?
			    "its events must say their \"logsource\"" :
			    wrong(matches(det, i, t.test), t.test->positive);
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
		diag_error(arg, t->test->file, t->test->at,
		    t->test->column,
		    "test of rule \"%.*s\": %s (understood by: %.*s)",
		    (int)title.len, (const char *)title.p, t->wrong,
		    (int)decoder.len, (const char *)decoder.p);
}

int
detector_rule_test(struct detector *det, struct diag *d)
{
	return detector_try(det, tell, d);
}
