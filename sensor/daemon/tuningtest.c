#include "daemon/tuningtest.h"

#include "daemon/ruletest.h"

struct hidden_tests
detector_hidden_tests(struct detector *det, size_t i,
    const struct rule_view *rule)
{
	struct hidden_tests out = { .first = NULL };

	for (size_t k = 0; k < rule->test_count; k++) {
		const struct rule_test *t = &rule->tests[k];
		struct record r;

		if (!t->positive)
			continue;
		out.total++;
		detector_test_event(det, rule, t, &r);
		if (!ruleset_hides(det->rules, i, det->ev))
			continue;
		if (out.count++ == 0)
			out.first = t;
	}
	return out;
}

static int
test_exception(struct detector *det, size_t i, struct diag *d)
{
	const struct tuning_view t = ruleset_tuning(det->rules, i);
	int ret = 0;

	for (size_t k = 0; k < ruleset_count(det->rules); k++) {
		const struct rule_view rule = ruleset_view(det->rules, k);
		struct hidden_tests hidden;

		if (!ruleset_tunes(det->rules, i, k))
			continue;
		hidden = detector_hidden_tests(det, i, &rule);
		if (hidden.count > 0)
			ret = diag_error(d, t.file, t.line, 1,
			    "this exception hides %zu of the %zu tests of "
			    "rule \"%.*s\" that must match (%s:%u)",
			    hidden.count, hidden.total,
			    (int)rule.info.title.len,
			    (const char *)rule.info.title.p,
			    hidden.first->file, hidden.first->at);
	}
	return ret;
}

int
detector_tuning_test(struct detector *det, struct diag *d)
{
	int ret = 0;

	for (size_t i = 0; i < ruleset_tunings(det->rules); i++) {
		const struct tuning_view t = ruleset_tuning(det->rules, i);

		if (t.exception && !t.expired &&
		    test_exception(det, i, d) == -1)
			ret = -1;
	}
	return ret;
}

size_t
detector_loose(const struct detector *det)
{
	size_t n = 0;

	for (size_t i = 0; i < ruleset_tunings(det->rules); i++)
		n += ruleset_tuning(det->rules, i).loose;
	return n;
}
