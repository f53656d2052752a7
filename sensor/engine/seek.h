/*
 * What must stand in a value for a predicate to hold: what a sieve looks for.
 */
#ifndef VEDETTE_SEEK_H
#define VEDETTE_SEEK_H

#include "engine/predicate.h"

/* What it says that a text stands in a field's value, both folded. */
enum seek_how {
	SEEK_EQUAL,	/* it holds if that is all of the value */
	SEEK_PREFIX,	/* if the value begins so, */
	SEEK_SUFFIX,	/* ends so, */
	SEEK_CONTAINS,	/* or has it anywhere */
	SEEK_NUMBER,	/* as EQUAL; maybe if the value is another number */
	SEEK_HINT,	/* anywhere: it may hold */
};

/* Fills in the hints of a predicate; they live in the arena. */
void seek_prepare(struct arena *a, struct predicate *p);
/*
 * Whether a predicate that holds can be found: by its texts, or (OP_CIDR) its
 * network.
 */
bool seek_can(const struct predicate *p);
/* Calls back with each of its texts; none is empty but those of EQUAL. */
void seek_texts(const struct predicate *p,
    void (*each)(void *arg, enum seek_how how, struct slice text), void *arg);

#endif
