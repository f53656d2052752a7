/*
 * All that the rules of one product look for in the fields of an event.
 * One look at a value finds every predicate that it makes true, however many
 * there are: whole texts by their hash, what stands anywhere by one automaton
 * a field, beginnings and ends by a walk from there, networks in a tree.
 */
#ifndef VEDETTE_SIEVE_H
#define VEDETTE_SIEVE_H

#include "engine/predicate.h"

struct sieve;
struct sieve_maker;

/* Owner: caller, until sieve_new takes it. */
struct sieve_maker *sieve_maker_new(const struct predicates *ps);
/*
 * Adds a predicate that can be found (see seek.h), wanted by whom bits stand
 * for; a number that names it in the callbacks. Doing so again gives the same
 * number and adds the bits.
 */
uint32_t sieve_add(struct sieve_maker *m, uint32_t predicate,
    uint64_t wanted);
/* Owner: caller. The maker is gone. */
struct sieve *sieve_new(struct sieve_maker *m);
void sieve_free(struct sieve *s);
/* Whether it looks into all fields at once for those who want something. */
bool sieve_looks_anywhere(const struct sieve *s, uint64_t wanted);
/*
 * Looks at the present event, tells the predicates what was found, and calls
 * back for each of it with the number from sieve_add, also more than once.
 * All that is wanted by one of the bits is looked for, and maybe more.
 */
void sieve_event(const struct sieve *s, struct predicates *ps, uint64_t wanted,
    void (*found)(void *arg, uint32_t number), void *arg);
/* The predicate of a number from sieve_add. */
uint32_t sieve_predicate(const struct sieve *s, uint32_t number);
/* What its tables take in memory. */
size_t sieve_bytes(const struct sieve *s);

#endif
