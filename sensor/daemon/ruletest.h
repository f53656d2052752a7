/*
 * The tests that stand inside rules ("vedette: tests:").
 */
#ifndef VEDETTE_RULETEST_H
#define VEDETTE_RULETEST_H

#include "daemon/detector.h"

/* Runs all; a failed one is an error at its line. -1 when one failed. */
int detector_rule_test(struct detector *det, struct diag *d);

/*
 * Makes the event of a test, in det->ev; it is a view of the record and of
 * the test.
 */
void detector_test_event(struct detector *det, const struct rule_view *rule,
    const struct rule_test *t, struct record *r);

#endif
