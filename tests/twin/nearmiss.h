/*
 * Events made of what rules look for: what should match, and what only just
 * does not.
 */
#ifndef VEDETTE_NEARMISS_H
#define VEDETTE_NEARMISS_H

#include "base/buf.h"
#include "dice.h"
#include "twin_inside.h"

enum { NEARMISS_SOURCES = 4 };

struct nearmiss {
	struct buf json;	/* one event as text */
	struct twin_source sources[NEARMISS_SOURCES];
	size_t source_count;
	struct slice *fields;	/* of all rules; owned */
	size_t field_count;
};

/* Learns the rules' fields. Zero before; nearmiss_free ends it. */
void nearmiss_learn(struct nearmiss *m, const struct twin *t);
void nearmiss_free(struct nearmiss *m);
/* Makes the next event, about one or two of the rules. */
void nearmiss_make(struct nearmiss *m, struct dice *d, const struct twin *t);

/* Adds a text that a regular expression, more or less, asks for. */
void nearmiss_regex(struct buf *out, struct dice *d, struct slice pattern);
/* Adds a value of a test as JSON, often one that makes it true. */
void nearmiss_value(struct buf *out, struct dice *d,
    const struct twin_test *test);
/* Adds text as a JSON string, with the bytes as they are. */
void nearmiss_quote(struct buf *out, struct slice text);

#endif
