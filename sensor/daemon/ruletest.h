/*
 * The tests of rules: inside them ("vedette: tests:") and beside them.
 */
#ifndef VEDETTE_RULETEST_H
#define VEDETTE_RULETEST_H

#include "daemon/detector.h"

/* How one test went. */
struct tested {
	const struct rule_view *rule;
	const struct rule_test *test;
	const char *wrong;	/* NULL: it passed */
	struct slice decoder;	/* who understood the line; empty: nobody */
};
/* Runs all and calls back for each; -1 when one failed. */
int detector_try(struct detector *det,
    void (*each)(void *arg, const struct tested *t), void *arg);
/* The same; a failed one is an error at its line. */
int detector_rule_test(struct detector *det, struct diag *d);

/*
 * Makes the event of a test, in det->ev; it is a view of the record and of
 * the test.
 */
void detector_test_event(struct detector *det, const struct rule_view *rule,
    const struct rule_test *t, struct record *r);

#endif
