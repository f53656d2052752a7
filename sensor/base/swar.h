/*
 * Eight bytes at once, in plain C: which of them are zero, or a given byte.
 * A result other than 0 says "some byte of these"; the caller then looks at
 * them one by one, so byte order does not matter.
 */
#ifndef VEDETTE_SWAR_H
#define VEDETTE_SWAR_H

#include <stdint.h>
#include <string.h>

#define SWAR_ONES UINT64_C(0x0101010101010101)
#define SWAR_HIGHS UINT64_C(0x8080808080808080)

static inline uint64_t
swar_load(const unsigned char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

static inline uint64_t
swar_has(uint64_t word, unsigned char c)
{
	word ^= SWAR_ONES * c;
	return (word - SWAR_ONES) & ~word & SWAR_HIGHS;
}

/* Some byte is less than c, for c up to 128. */
static inline uint64_t
swar_below(uint64_t word, unsigned char c)
{
	return (word - SWAR_ONES * c) & ~word & SWAR_HIGHS;
}

#endif
