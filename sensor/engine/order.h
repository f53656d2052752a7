/*
 * In which order a condition is best asked: an answer that is cheap often
 * makes a dear one needless.
 */
#ifndef VEDETTE_ORDER_H
#define VEDETTE_ORDER_H

#include "engine/condition.h"
#include "engine/predicate.h"

/* Puts the operands of an expression in order; what it says stays. */
void expr_order(const struct predicates *ps, struct expr *e);

#endif
