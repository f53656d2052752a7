/*
 * Two engines and the same rules: each event is held against all rules by
 * both, and what they do not agree on is told on stderr, with rule and event.
 */
#ifndef VEDETTE_PAIRS_H
#define VEDETTE_PAIRS_H

#include "dice.h"
#include "twin.h"

struct pairs;

struct pairs_counts {
	uint64_t rules, refused, passed;	/* by both; not the twin's */
	uint64_t events, cut;		/* cut: not compared, too large */
	uint64_t pairs, matches;
	uint64_t differences;
};

/* placeholders: a map as YAML text. Owner: caller. */
struct pairs *pairs_new(const char *placeholders);
void pairs_free(struct pairs *p);
/*
 * For rules and events that nobody chose: it is no difference that only one
 * engine takes a rule, and what both do not mean alike (an event with a key
 * twice, a field that the decoder fills from another) is left out.
 */
void pairs_tolerate(struct pairs *p);
/* Rules as YAML text, which is copied. */
void pairs_add(struct pairs *p, const char *name, struct slice yaml);
/* To be called once, after all pairs_add. */
void pairs_compile(struct pairs *p);
/* Makes events out of the rules and holds them against all. */
void pairs_run(struct pairs *p, uint64_t seed, uint64_t events);
/* The same with what is left of the dice. */
void pairs_play(struct pairs *p, struct dice *d, uint64_t events);
/* One event; without sources, of the first rule's. False: it is none. */
bool pairs_event(struct pairs *p, struct slice json,
    const struct twin_source *sources, size_t count);
struct pairs_counts pairs_counts(const struct pairs *p);
/* Invents rules, holds events against them; adds to the counts. */
void pairs_invent(uint64_t seed, unsigned rules, uint64_t events,
    struct pairs_counts *counts);

#endif
