/*
 * UTF-8, one character at a time, and what of it may be shown.
 */
#ifndef VEDETTE_UTF8_H
#define VEDETTE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * Length of the character at the front (1 to 4) and its code point; 0 when
 * the bytes are none (a surrogate, over-long, cut, above U+10FFFF, empty).
 */
size_t utf8_one(struct slice s, uint32_t *code);
/* Writes a code point (up to U+10FFFF) as 1 to 4 bytes; how many. */
size_t utf8_put(unsigned char *to, uint32_t code);
/*
 * Whether a character deceives the eye or a terminal: control characters (C0,
 * DEL, C1), bidirectional marks, zero-width and invisible ones, tags.
 */
bool utf8_deceives(uint32_t code);

#endif
