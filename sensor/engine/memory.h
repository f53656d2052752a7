/*
 * What rules remember from event to event: items, each of a kind (a group of
 * a correlation, an event that is awaited, a fold of matches) and held by one
 * rule. Items have a time at which something is due, are told when they
 * changed, so that they can be written and given back, and are bounded: above
 * a number per holder or of bytes in all, what was used longest ago goes and
 * is counted.
 *
 * A key is the kind's tag, the holder's mark and the name of the item. The
 * mark is a digest of all that gives the item its meaning (the rule's id, its
 * detection, the rules that it counts): items of a rule that was changed are
 * no longer known.
 */
#ifndef VEDETTE_MEMORY_H
#define VEDETTE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/pack.h"
#include "engine/engine.h"

enum {
	MEMORY_MARK = 8,
	MEMORY_NAME_MAX = 1024,
	MEMORY_ITEMS = 100000,		/* per holder, where it says none */
	MEMORY_BYTES = 64 << 20,	/* of all items together */
};

#define MEMORY_NEVER INT64_MAX

struct memory;
struct holder;

/* Who is told of a match. */
struct listener {
	void (*matched)(void *arg, const struct match *m);
	void *arg;
};

/* The first member of what a kind remembers; memory's own business. */
struct item {
	struct holder *holder;
	struct item *chain;		/* of one hash */
	struct item *newer, *older;	/* of one holder, by use */
	unsigned char *key;
	uint32_t key_len;
	uint32_t hash;
	uint32_t bytes;			/* it counts for */
	uint32_t alarm;			/* place in the heap and 1, or 0 */
	uint32_t change;		/* place in the list and 1, or 0 */
	bool told;			/* the change was told since */
	bool kept;			/* somebody may have it on disk */
	uint64_t used;
	int64_t due;
};

struct memory_kind {
	unsigned char tag;	/* of no other kind */
	/* Bounded by itself, and not to go to make room for others. */
	bool stays;
	/* Appends the value: a byte for its version, then what it holds. */
	void (*save)(const struct item *it, struct buf *out);
	/*
	 * Makes an item from a name and a value, which may be any bytes, and
	 * says what memory_note is told otherwise; NULL refuses it.
	 */
	struct item *(*load)(struct holder *h, struct slice name,
	    struct slice value, size_t *bytes, int64_t *due);
	/* Releases an item, which is no longer remembered. */
	void (*free)(struct item *it);
	/*
	 * The item's time has come. It has none any more, until memory_note
	 * gives it another; memory_drop ends it. NULL: it is dropped.
	 */
	void (*due)(struct item *it, int64_t now, const struct listener *to);
	/*
	 * The clock was set by so much: the item's times are to be moved along
	 * and memory_note is to be called. NULL: its times are not the clock's.
	 */
	void (*clock)(struct item *it, int64_t now, int64_t by);
};

struct memory_counts {
	uint64_t items, bytes;
	uint64_t evicted;	/* since the start */
};

/* Owner: caller; memory_free frees all items. */
struct memory *memory_new(void);
void memory_free(struct memory *m);
/* Most bytes of all items together, as counted by memory_note. */
void memory_limit(struct memory *m, size_t bytes);
struct memory_counts memory_counts(const struct memory *m);

/*
 * A rule that holds items of a kind: at most `most`, 0 for MEMORY_ITEMS.
 * Lives as long as the memory. owner is the kind's own.
 */
struct holder *memory_holder(struct memory *m, const struct memory_kind *kind,
    const struct digest *mark, void *owner, size_t most);
void *holder_owner(const struct holder *h);
struct memory_counts holder_counts(const struct holder *h);

/* The item of a name, or NULL. */
struct item *memory_find(struct holder *h, struct slice name);
/*
 * Remembers an item, all zero but for the kind's own, under a name of at most
 * MEMORY_NAME_MAX bytes that no item of the holder has. To be noted next.
 */
void memory_add(struct holder *h, struct slice name, struct item *it);
/*
 * The item was used and changed: it now takes so many bytes besides itself
 * and wants to be looked at when it is due (MEMORY_NEVER: not). Others may
 * have to go for it.
 */
void memory_note(struct item *it, size_t bytes, int64_t due);
/* Forgets an item, and frees it. */
void memory_drop(struct item *it);
struct slice item_name(const struct item *it);
struct holder *item_holder(const struct item *it);

/*
 * Calls back for each item that is due, in the order of their times and then
 * of their keys. Returns when the next may be.
 */
int64_t memory_time(struct memory *m, int64_t now, const struct listener *to);

/* The wall clock was set; see engine.h, ruleset_clock. */
void memory_clock(struct memory *m, int64_t now, int64_t by);

/* See engine.h: ruleset_changed, ruleset_settled, ruleset_recall. */
void memory_changed(struct memory *m,
    void (*each)(void *arg, struct slice key, struct slice value), void *arg);
void memory_settled(struct memory *m);
bool memory_recall(struct memory *m, struct slice key, struct slice value);
/* The kind's own part of a value; false when there is none. */
bool memory_value(struct slice value, struct slice *own);
/* Forgets all items as if they had never been, and the counts. */
void memory_clear(struct memory *m);

#endif
