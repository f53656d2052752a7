/*
 * Chance that repeats itself: the same seed, the same throws. With a script,
 * its bytes are the first throws, so that a fuzzer can play.
 */
#ifndef VEDETTE_DICE_H
#define VEDETTE_DICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct dice {
	uint64_t state;
	struct slice script;
};

/* 0 to n - 1; 0 of 0. */
static inline unsigned
dice_roll(struct dice *d, unsigned n)
{
	uint64_t z;

	if (d->script.len > 1) {
		z = (uint64_t)d->script.p[0] << 8 | d->script.p[1];
		d->script = slice_from(d->script, n > 256 ? 2 : 1);
		return n == 0 ? 0 : (unsigned)(n > 256 ? z : z >> 8) % n;
	}
	z = d->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return n == 0 ? 0 : (unsigned)((z ^ z >> 31) >> 16) % n;
}

/* One in n. */
static inline bool
dice_one_in(struct dice *d, unsigned n)
{
	return dice_roll(d, n) == 0;
}

#endif
