/*
 * What one group of a correlation has seen, in the order of time, and what it
 * comes to. It takes little however much happens: what can't change an answer
 * is not kept, and above a number that is stated here answers become rough.
 */
#ifndef VEDETTE_WINDOW_H
#define VEDETTE_WINDOW_H

#include "engine/correlation.h"

enum {
	/*
	 * Counts and sums of a sliding window are exact up to so many matches
	 * in it; with more, its edge is exact to 1/512 of its length.
	 */
	WINDOW_EXACT = 1024,
	/* Of windows that are decided when they close. */
	WINDOW_CLOSING = 64,
	/* Percentiles are over the last so many of a sliding window. */
	WINDOW_SAMPLE = 1024,
	/* Of ordered rules; of a row of one rule only the two ends count. */
	WINDOW_ORDERED = 128,
};

struct seen {
	int64_t time;
	uint32_t count;
	uint32_t rule;		/* of temporal ones: which */
	union {
		double number;	/* the sum of count values */
		uint64_t digest;	/* of the value */
	};
};

struct window {
	struct seen *items;
	uint32_t count, room;
	uint32_t stride;	/* a sample keeps each so manieth */
	uint32_t skipped;	/* since the last that was kept */
};

void window_free(struct window *w);
/*
 * Takes what was seen. False when it changes nothing: it is too old for a
 * sliding window, or known already.
 */
bool window_add(struct window *w, const struct correlation *c,
    struct seen s);
/* Number of those up to a time, from the first on. */
size_t window_until(const struct window *w, int64_t time);
/* Whether the first n make the condition true; what they come to. */
bool window_holds(const struct window *w, const struct correlation *c,
    size_t n, double *measure);
/* The rules of the first n, bit by bit; of temporal ones. */
uint64_t window_rules(const struct window *w, size_t n);
size_t window_bytes(const struct window *w);

void window_save(const struct window *w, const struct correlation *c,
    struct buf *out);
/* -1 when nobody saved that; it has at least one then. */
int window_load(struct window *w, const struct correlation *c,
    struct unpack *u);

#endif
