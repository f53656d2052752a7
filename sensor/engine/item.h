/*
 * One item of a detection while it is read: what its key asks for.
 */
#ifndef VEDETTE_ITEM_H
#define VEDETTE_ITEM_H

#include "engine/rule.h"

enum item_kind {
	ITEM_TEXT,
	ITEM_REGEX,
	ITEM_CIDR,
	ITEM_EXISTS,
	ITEM_FIELDREF,
	ITEM_COMPARE,
	ITEM_TIME,
};

enum {
	ITEM_ALL = 1,
	ITEM_CASED = 2,
	ITEM_NEQ = 4,
	ITEM_FRONT = 8,		/* open at the front: endswith, contains */
	ITEM_END = 16,		/* open at the end: startswith, contains */
};

enum {
	ITEM_STEPS_MAX = 8,
	ITEM_PATTERNS_MAX = 5000,
	ITEM_MADE_MAX = 32 << 20,	/* bytes, of all items of a file */
};

struct item;

/* The patterns that one value stands for; any of them is enough. */
struct patterns {
	struct pattern *items;
	size_t count;
};

/* A step takes what the value stands for and gives what it then does. */
typedef int item_step(struct item *item, const struct node *value,
    struct patterns *p);

struct item {
	struct load *load;
	const struct node *key;
	uint16_t field;
	enum item_kind kind;
	unsigned flags;
	unsigned regex_flags;
	enum compare compare;
	enum time_part part;
	item_step *steps[ITEM_STEPS_MAX];
	size_t step_count;
};

/* Reads the modifiers of the key. -1 after diag_error. */
int modifiers_read(struct item *item, struct slice modifiers);

item_step step_contains, step_startswith, step_endswith;
item_step step_base64, step_base64offset;
item_step step_utf16le, step_utf16be, step_utf16;
item_step step_windash, step_expand;

#endif
