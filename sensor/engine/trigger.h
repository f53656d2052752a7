/*
 * What makes a rule worth a look: predicates of which at least one must hold,
 * or its condition is false. The rarest ones are best.
 */
#ifndef VEDETTE_TRIGGER_H
#define VEDETTE_TRIGGER_H

#include "engine/rule.h"

struct rarity;

/* How rare texts are, as the rules to be compiled use them. Owner: caller. */
struct rarity *rarity_new(const struct rule *rules, size_t count,
    const struct predicates *ps);
void rarity_free(struct rarity *r);
/*
 * Calls back with the predicates of an expression's trigger, all of which can
 * be found (see seek.h). False when the expression can be true without.
 */
bool trigger_find(const struct rarity *r, const struct expr *e,
    void (*each)(void *arg, uint32_t predicate), void *arg);

#endif
