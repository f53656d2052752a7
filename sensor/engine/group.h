/*
 * One group of a correlation, as it lives in memory.
 */
#ifndef VEDETTE_GROUP_H
#define VEDETTE_GROUP_H

#include "engine/window.h"

struct group {
	struct item item;
	struct window window;
	int64_t rests;	/* until then nothing is counted, after an alert */
	int64_t lag;	/* by how much its newest match came behind its time */
};

struct correlation *group_correlation(const struct group *g);
/* After an alert. */
void group_rest(struct group *g, int64_t from);
/* Says that it changed, or drops it when it is empty: false then. */
bool group_note(struct group *g);

/* Appends a value to a name, in at most so many bytes. */
void group_name_add(struct buf *name, struct slice value, size_t most);
/* The values; false when the name has not so many, and nothing else. */
bool group_name_read(struct slice name, struct slice *values, size_t count);

/* For the kind. */
void group_save(const struct item *it, struct buf *out);
struct item *group_load(struct holder *h, struct slice name,
    struct slice value, size_t *bytes, int64_t *due);
void group_clock(struct item *it, int64_t now, int64_t by);
void group_free(struct item *it);

#endif
