/*
 * The tests that stand inside rules ("vedette: tests:").
 */
#ifndef VEDETTE_RULETEST_H
#define VEDETTE_RULETEST_H

#include "daemon/detector.h"

/* Runs all; a failed one is an error at its line. -1 when one failed. */
int detector_rule_test(struct detector *det, struct diag *d);

#endif
