/*
 * A first look at a text for many literals, without saying which: most bytes
 * of most texts are in none, and this passes over them.
 */
#ifndef VEDETTE_GATE_H
#define VEDETTE_GATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct gate;

/*
 * What is seen of literals in a text. Starts as zero; all but next is said
 * with each glimpse.
 */
struct glimpse {
	size_t next;		/* where to look on */
	size_t from;		/* what begins before it is found already */
	size_t first, last;	/* from here to there some may begin */
	size_t earliest;	/* before it none begins that is not found */
};

/* For literals that are not kept. Owner: caller. */
struct gate *gate_new(const struct slice *literals, size_t count);
void gate_free(struct gate *g);
/* The next glimpse of literals in the text; false when there is none. */
bool gate_look(const struct gate *g, struct slice text,
    struct glimpse *seen);
/* Says that all literals that begin before an offset are found. */
void gate_skip(struct glimpse *seen, size_t to);
size_t gate_bytes(const struct gate *g);
/* What one byte of a text says, in bits, where commands and paths stand. */
unsigned gate_bits(unsigned char c);
/* Whether it is part of what stands in most of them. */
bool gate_is_common(struct slice text);

#endif
