#include "engine/group.h"

#include <stdlib.h>

#include "base/digest.h"
#include "base/when.h"

enum {
	FORMAT = 1,
	DIGEST_HEX = 16,
	HAS_REST = 1,
	HAS_SEEN = 2,
	HAS_LAG = 4,
};

struct correlation *
group_correlation(const struct group *g)
{
	return holder_owner(item_holder(&g->item));
}

void
group_rest(struct group *g, int64_t from)
{
	g->rests = group_correlation(g)->rearm > 0 ?
	    from + group_correlation(g)->rearm : INT64_MIN;
}

/*
 * When a window is decided, or what it holds can't matter any more. That is
 * the clock's time, and a source may be behind it, by an hour that its zone is
 * wrong or because it was sent on late: what it holds matters for as long.
 */
static int64_t
due(const struct group *g, const struct correlation *c)
{
	const struct window *w = &g->window;

	if (w->count == 0)
		return g->rests + g->lag;
	if (!c->eager)
		return w->items[0].time + c->timespan + c->late;
	return w->items[w->count - 1].time + c->timespan + c->late + g->lag;
}

static size_t
weight(const struct group *g)
{
	return sizeof(*g) - sizeof(g->item) + window_bytes(&g->window);
}

bool
group_note(struct group *g)
{
	const struct correlation *c = group_correlation(g);

	if (g->window.count == 0 && g->rests == INT64_MIN) {
		memory_drop(&g->item);
		return false;
	}
	memory_note(&g->item, weight(g), due(g, c));
	return true;
}

/* --- names ---------------------------------------------------------------- */

/* A long value is cut, and a digest of it tells it from others. */
void
group_name_add(struct buf *name, struct slice value, size_t most)
{
	size_t room = most - 2, cut = room - DIGEST_HEX - 1;
	struct digest d;

	if (value.len <= room) {
		pack_varint(name, value.len);
		buf_add(name, value);
		return;
	}
	d = digest_one(value);
	pack_varint(name, room);
	buf_add(name, slice_head(value, cut));
	buf_byte(name, '~');
	buf_hex(name, slice_head(digest_slice(&d), DIGEST_HEX / 2));
}

bool
group_name_read(struct slice name, struct slice *values, size_t count)
{
	struct unpack u = { name, false };

	for (size_t i = 0; i < count; i++) {
		uint64_t len = unpack_varint(&u);

		if (u.bad || len > u.rest.len)
			return false;
		values[i] = slice_head(u.rest, len);
		u.rest = slice_from(u.rest, len);
	}
	return unpack_done(&u);
}

/* --- as bytes ------------------------------------------------------------- */

void
group_save(const struct item *it, struct buf *out)
{
	const struct group *g = (const struct group *)it;
	bool rests = g->rests != INT64_MIN, seen = g->window.count > 0;
	bool lags = g->lag > 0;

	pack_u8(out, FORMAT);
	pack_u8(out, (uint8_t)((rests ? HAS_REST : 0) |
	    (seen ? HAS_SEEN : 0) | (lags ? HAS_LAG : 0)));
	if (rests)
		pack_signed(out, g->rests);
	if (lags)
		pack_varint(out, (uint64_t)g->lag);
	if (seen)
		window_save(&g->window, group_correlation(g), out);
}

static bool
unpack_lag(struct unpack *u, int64_t *out)
{
	uint64_t n = unpack_varint(u);

	if (u->bad || n > INT64_MAX / 8)
		return false;
	*out = (int64_t)n;
	return true;
}

static bool
load(struct group *g, const struct correlation *c, struct slice name,
    struct unpack *u)
{
	struct slice values[CORRELATION_FIELDS_MAX];
	uint8_t format = unpack_u8(u), has = unpack_u8(u);

	if (u->bad || format != FORMAT || (has & (HAS_REST | HAS_SEEN)) == 0 ||
	    has > (HAS_REST | HAS_SEEN | HAS_LAG) ||
	    !group_name_read(name, values, c->group_count))
		return false;
	g->rests = has & HAS_REST ? unpack_signed(u) : INT64_MIN;
	if ((has & HAS_REST) != 0 && !when_is_near(g->rests))
		return false;
	if ((has & HAS_LAG) != 0 && !unpack_lag(u, &g->lag))
		return false;
	if ((has & HAS_SEEN) != 0 && window_load(&g->window, c, u) == -1)
		return false;
	return unpack_done(u);
}

struct item *
group_load(struct holder *h, struct slice name, struct slice value,
    size_t *bytes, int64_t *when)
{
	const struct correlation *c = holder_owner(h);
	struct group *g = xcalloc(1, sizeof(*g));
	struct unpack u = { value, false };

	if (!load(g, c, name, &u)) {
		group_free(&g->item);
		return NULL;
	}
	*bytes = weight(g);
	*when = due(g, c);
	return &g->item;
}

/*
 * What was counted stays as long ago as it was: else all that comes by the
 * new clock would be older than the window, and not be counted. Set forward,
 * windows see the time that passed by the logs' own clocks.
 */
void
group_clock(struct item *it, int64_t now, int64_t by)
{
	struct group *g = (struct group *)it;

	(void)now;
	if (by >= 0)
		return;
	for (size_t i = 0; i < g->window.count; i++)
		g->window.items[i].time += by;
	if (g->rests != INT64_MIN)
		g->rests += by;
	group_note(g);
}

void
group_free(struct item *it)
{
	struct group *g = (struct group *)it;

	window_free(&g->window);
	free(g);
}
