/*
 * Text as a row of letters, one number each: a code point, or a byte that is
 * not UTF-8, or one of Sigma's two wildcards. So nothing here ever has to ask
 * whether it stands inside of a character.
 */
#ifndef VEDETTE_LETTERS_H
#define VEDETTE_LETTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

enum {
	LETTER_BYTE = 0x200000,		/* and the byte */
	LETTER_RUN = 0x400000,		/* '*' */
	LETTER_ONE = 0x400001,		/* '?' */
};

struct letters {
	uint32_t *at;
	size_t count;
};

/* As it stands; lives in the arena, which is unbounded. */
struct letters letters_of(struct arena *a, struct slice text);
/* In Sigma's writing, with wildcards and escapes. */
struct letters letters_sigma(struct arena *a, struct slice text);
struct letters letters_join(struct arena *a, struct letters left,
    struct letters right);
struct letters letters_part(struct letters l, size_t from, size_t until);
/* Back to bytes; there must be no wildcard. */
struct slice letters_bytes(struct arena *a, struct letters l);
bool letters_plain(struct letters l);

/* A letter of which only the case may differ; itself where there is none. */
uint32_t letter_fold(uint32_t letter);
/* Whether the whole text is what the pattern says. */
bool letters_match(struct letters pattern, struct letters text, bool cased);

#endif
