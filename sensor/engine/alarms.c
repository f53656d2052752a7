#include "engine/alarms.h"

static struct slice
key(const struct alarm *a)
{
	return slice_bytes(a->item->key, a->item->key_len);
}

static bool
is_sooner(const struct alarm *a, const struct alarm *b)
{
	if (a->at != b->at)
		return a->at < b->at;
	return slice_cmp(key(a), key(b)) < 0;
}

static void
place(struct alarms *as, size_t at, struct alarm a)
{
	as->items[at] = a;
	a.item->alarm = (uint32_t)at + 1;
}

static void
rise(struct alarms *as, size_t at, struct alarm a)
{
	while (at > 0 && is_sooner(&a, &as->items[(at - 1) / 2])) {
		place(as, at, as->items[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	place(as, at, a);
}

static void
sink(struct alarms *as, size_t at, struct alarm a)
{
	for (;;) {
		size_t child = at * 2 + 1;

		if (child + 1 < as->count &&
		    is_sooner(&as->items[child + 1], &as->items[child]))
			child++;
		if (child >= as->count || !is_sooner(&as->items[child], &a))
			break;
		place(as, at, as->items[child]);
		at = child;
	}
	place(as, at, a);
}

void
alarms_cancel(struct alarms *as, struct item *it)
{
	struct alarm last;
	size_t at;

	if (it->alarm == 0)
		return;
	at = it->alarm - 1;
	it->alarm = 0;
	last = as->items[--as->count];
	if (last.item == it)
		return;
	if (at > 0 && is_sooner(&last, &as->items[(at - 1) / 2]))
		rise(as, at, last);
	else
		sink(as, at, last);
}

void
alarms_set(struct alarms *as, struct item *it)
{
	struct alarm a = { it->due, it };

	if (it->due == MEMORY_NEVER)
		return;
	if (it->alarm != 0) {
		if (it->due < as->items[it->alarm - 1].at)
			rise(as, it->alarm - 1, a);
		return;
	}
	if (as->count == as->room) {
		as->room = as->room * 2 + 64;
		as->items = xrealloc(as->items, as->room, sizeof(*as->items));
	}
	rise(as, as->count++, a);
}

struct item *
alarms_ring(struct alarms *as, int64_t now)
{
	while (as->count > 0 && as->items[0].at <= now) {
		struct item *it = as->items[0].item;
		int64_t rang = as->items[0].at;

		alarms_cancel(as, it);
		if (it->due <= rang)
			return it;
		alarms_set(as, it);
	}
	return NULL;
}

int64_t
alarms_next(const struct alarms *as)
{
	return as->count > 0 ? as->items[0].at : MEMORY_NEVER;
}
