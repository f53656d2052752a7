/*
 * Case folding of UTF-8 text as Sigma wants it: Unicode's simple folding, one
 * character to one character. A byte that is not UTF-8 stands for itself.
 */
#ifndef VEDETTE_CASEFOLD_H
#define VEDETTE_CASEFOLD_H

#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

/* Most bytes that len bytes fold to: two may become three. */
#define FOLD_ROOM(len) ((len) + (len) / 2 + 1)

/* Folds s to out, which has FOLD_ROOM(s.len) bytes; the number written. */
size_t fold_to(unsigned char *out, struct slice s);
/* The same into an unbounded arena. */
struct slice fold_keep(struct arena *a, struct slice s);
/*
 * Bytes of the first character of s, 1 when it is none. s must not be empty.
 */
size_t char_len(struct slice s);

#endif
