/*
 * Whether the tuning of a place still fits the rules that are there.
 */
#ifndef VEDETTE_TUNINGTEST_H
#define VEDETTE_TUNINGTEST_H

#include "daemon/detector.h"

/*
 * Of exceptions: an error for each test of a rule that must match and is
 * hidden. It is for whoever writes them, not for the sensor: what an upgrade
 * brings must not keep it from starting. -1 after diag_error.
 */
int detector_tuning_test(struct detector *det, struct diag *d);
/*
 * The tests of a rule that must match and that exception i hides: the first,
 * or NULL, how many, and of how many that must match.
 */
struct hidden_tests {
	const struct rule_test *first;
	size_t count, total;
};
struct hidden_tests detector_hidden_tests(struct detector *det, size_t i,
    const struct rule_view *rule);
/* How many exceptions and overrides name what is not there. */
size_t detector_loose(const struct detector *det);

#endif
