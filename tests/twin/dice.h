/*
 * Chance that repeats itself: the same seed, the same throws.
 */
#ifndef VEDETTE_DICE_H
#define VEDETTE_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
	uint64_t state;
};

/* 0 to n - 1; 0 of 0. */
static inline unsigned
dice_roll(struct dice *d, unsigned n)
{
	uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);

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
