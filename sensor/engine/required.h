/*
 * What must stand in a text for a regular expression to match it: read from
 * the pattern, and nothing rather than something that may be wrong.
 */
#ifndef VEDETTE_REQUIRED_H
#define VEDETTE_REQUIRED_H

#include "base/arena.h"
#include "base/slice.h"

enum { REQUIRED_MAX = 16, REQUIRED_SHORTEST = 2 };

/*
 * Texts, at most REQUIRED_MAX and none shorter than REQUIRED_SHORTEST unless
 * it is a byte that seldom stands in commands and paths, of which at least one stands in each text that a pattern (that PCRE2 took) matches,
 * both folded; their number, 0 when none are known. They live in the arena.
 */
size_t required_texts(struct arena *a, struct slice pattern,
    const struct slice **out);

#endif
