/*
 * When items of memory are to be looked at: a heap by time and key. An item
 * whose time becomes later costs nothing then: its alarm rings at the old time
 * and is set anew.
 */
#ifndef VEDETTE_ALARMS_H
#define VEDETTE_ALARMS_H

#include "engine/memory.h"

struct alarms {
	struct alarm {
		int64_t at;
		struct item *item;
	} *items;		/* owner frees it */
	size_t count, room;
};

/* For the item's due time. */
void alarms_set(struct alarms *as, struct item *it);
void alarms_cancel(struct alarms *as, struct item *it);
/* Takes out the first item that is due, or NULL. */
struct item *alarms_ring(struct alarms *as, int64_t now);
/* When the next may be, or MEMORY_NEVER. */
int64_t alarms_next(const struct alarms *as);

#endif
