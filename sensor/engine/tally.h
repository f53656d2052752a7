/*
 * The count of one fold: of matches of a rule that were held back for one
 * reason, of one key. It says all of itself, so that it can be told of although rule and
 * exception are gone meanwhile.
 */
#ifndef VEDETTE_TALLY_H
#define VEDETTE_TALLY_H

#include "engine/memory.h"

struct tally {
	struct item item;	/* first, see memory.h */
	uint64_t count;
	int64_t first, last;	/* of the events that were counted */
	int64_t opened;		/* when, by the clock */
	int64_t until;		/* of "suppress": in the events' time */
	int64_t due;		/* by the clock */
	size_t fixed_len;
	unsigned char fixed[];	/* what never changes, packed */
};

/* Owner: caller, until memory_add. Fields and values must be cut. */
struct tally *tally_new(const struct rule_info *rule, const struct held *held);
/* NULL when the bytes are not one. */
struct tally *tally_unpack(struct slice value);
void tally_save(const struct item *it, struct buf *out);
void tally_free(struct item *it);
/*
 * Tells of it on an event that is made up of the key's fields, with an id of
 * its own that stays the same.
 */
void tally_tell(const struct tally *f, struct event *ev,
    const struct listener *to);

#endif
