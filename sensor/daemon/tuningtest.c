#include "daemon/tuningtest.h"

#include "daemon/ruletest.h"

size_t
detector_hidden_tests(struct detector *det, size_t i,
    const struct rule_view *rule, size_t *total)
{
	size_t hidden = 0;

	*total = 0;
	for (size_t k = 0; k < rule->test_count; k++) {
		struct record r;

		if (!rule->tests[k].positive)
			continue;
		detector_test_event(det, rule, &rule->tests[k], &r);
		hidden += ruleset_hides(det->rules, i, det->ev);
		++*total;
	}
	return hidden;
}

static int
test_exception(struct detector *det, size_t i, struct diag *d)
{
	const struct tuning_view t = ruleset_tuning(det->rules, i);
	int ret = 0;

	for (size_t k = 0; k < ruleset_count(det->rules); k++) {
		const struct rule_view rule = ruleset_view(det->rules, k);
		size_t total, hidden;

		if (!ruleset_tunes(det->rules, i, k))
			continue;
		hidden = detector_hidden_tests(det, i, &rule, &total);
		if (hidden > 0)
			ret = diag_error(d, t.file, t.line, 1,
			    "this exception hides %zu of the %zu tests of "
			    "rule \"%.*s\" that must match", hidden, total,
			    (int)rule.info.title.len,
			    (const char *)rule.info.title.p);
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
