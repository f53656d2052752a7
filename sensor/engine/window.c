#include "engine/window.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/when.h"
#include "engine/rank.h"

enum { EDGES = 512 };

static bool
is_temporal(const struct correlation *c)
{
	return c->type == TEMPORAL || c->type == TEMPORAL_ORDERED;
}

static bool
is_sample(const struct correlation *c)
{
	return c->type == VALUE_PERCENTILE || c->type == VALUE_MEDIAN;
}

void
window_free(struct window *w)
{
	free(w->items);
	*w = (struct window){ 0 };
}

size_t
window_bytes(const struct window *w)
{
	return w->room * sizeof(*w->items);
}

size_t
window_until(const struct window *w, int64_t time)
{
	size_t n = w->count;

	while (n > 0 && w->items[n - 1].time > time)
		n--;
	return n;
}

static void
take_out(struct window *w, size_t at, size_t n)
{
	memmove(w->items + at, w->items + at + n,
	    (w->count - at - n) * sizeof(*w->items));
	w->count -= (uint32_t)n;
}

/* Drops the first n. */
static void
drop(struct window *w, size_t n)
{
	if (n > 0)
		take_out(w, 0, n);
}

/* Behind all of the same time; the place. */
static size_t
insert(struct window *w, struct seen s)
{
	size_t at = window_until(w, s.time);

	if (w->count == w->room) {
		w->room = w->room < 2 ? w->room + 1 : w->room * 2;
		w->items = xrealloc(w->items, w->room, sizeof(*w->items));
	}
	memmove(w->items + at + 1, w->items + at,
	    (w->count - at) * sizeof(*w->items));
	w->items[at] = s;
	w->count++;
	return at;
}

/* --- keeping it small ----------------------------------------------------- */

static void
merge_into(struct seen *to, const struct seen *s)
{
	to->count += s->count < UINT32_MAX - to->count ? s->count : 0;
	to->number += s->number;
}

/* Matches within one part of the window become one, at the last one's time. */
static void
compress(struct window *w, const struct correlation *c)
{
	int64_t part = c->timespan / EDGES > 0 ? c->timespan / EDGES : 1;
	size_t n = 0;

	for (size_t i = 1; i < w->count; i++) {
		struct seen *last = &w->items[n], *s = &w->items[i];

		if (last->time / part != s->time / part) {
			w->items[++n] = *s;
			continue;
		}
		merge_into(last, s);
		last->time = s->time;
	}
	w->count = (uint32_t)n + 1;
}

/* Of three of one rule in a row the middle one can't matter. */
static void
thin_row(struct window *w, size_t at)
{
	size_t first = at, last = at;

	while (first > 0 && w->items[first - 1].rule == w->items[at].rule)
		first--;
	while (last + 1 < w->count &&
	    w->items[last + 1].rule == w->items[at].rule)
		last++;
	if (last - first >= 2)
		take_out(w, first + 1, last - first - 1);
}

/* Leaves each second one, from the first on. */
static void
halve(struct window *w, size_t from, size_t until)
{
	size_t kept = from;

	for (size_t i = from; i < until; i += 2)
		w->items[kept++] = w->items[i];
	take_out(w, kept, until - kept);
	w->stride *= w->stride < UINT32_MAX / 4 ? 2 : 1;
}

static void
trim(struct window *w, const struct correlation *c)
{
	if (c->type == VALUE_COUNT || c->type == TEMPORAL)
		return;
	if (c->type == TEMPORAL_ORDERED) {
		if (w->count > WINDOW_ORDERED)
			drop(w, 1);
		return;
	}
	if (w->count <= WINDOW_EXACT)
		return;
	if (is_sample(c))
		drop(w, 1);
	else
		compress(w, c);
}

/* --- sliding -------------------------------------------------------------- */

/* The same value or rule, seen before; the last time is what counts. */
static bool
is_same(const struct correlation *c, const struct seen *a,
    const struct seen *b)
{
	if (c->type == VALUE_COUNT)
		return a->digest == b->digest;
	return c->type == TEMPORAL && a->rule == b->rule;
}

/* Takes out what the new one stands for; false when it is the older one. */
static bool
supersede(struct window *w, const struct correlation *c, const struct seen *s)
{
	if (c->type != VALUE_COUNT && c->type != TEMPORAL)
		return true;
	for (size_t i = 0; i < w->count; i++) {
		if (!is_same(c, &w->items[i], s))
			continue;
		if (w->items[i].time >= s->time)
			return false;
		take_out(w, i, 1);
		break;
	}
	return true;
}

static bool
add_sliding(struct window *w, const struct correlation *c, struct seen s)
{
	int64_t newest;
	size_t at;

	if (w->count > 0 &&
	    s.time < w->items[w->count - 1].time - c->timespan)
		return false;
	if (!supersede(w, c, &s))
		return false;
	at = insert(w, s);
	if (c->type == TEMPORAL_ORDERED)
		thin_row(w, at);
	newest = w->items[w->count - 1].time;
	drop(w, window_until(w, newest - c->timespan - 1));
	trim(w, c);
	return true;
}

/* --- closing -------------------------------------------------------------- */

/* The first time of a value or a rule within its window is what counts. */
static bool
is_known(const struct window *w, const struct correlation *c,
    const struct seen *s, size_t from, size_t until)
{
	for (size_t i = from; i < until; i++)
		if (is_same(c, &w->items[i], s) &&
		    w->items[i].time <= s->time)
			return true;
	return false;
}

/* Full: what comes goes into what is there, or is passed over. */
static bool
add_full(struct window *w, const struct correlation *c, const struct seen *s,
    size_t from, size_t until)
{
	if (from == until)
		return false;
	if (s->time < w->items[from].time)
		w->items[from].time = s->time;
	if (is_sample(c)) {
		halve(w, from, until);
		insert(w, *s);
		return true;
	}
	if (c->type != EVENT_COUNT && c->type != VALUE_SUM &&
	    c->type != VALUE_AVG)
		return false;
	merge_into(&w->items[until - 1], s);
	return true;
}

static size_t
most_closing(const struct correlation *c)
{
	if (c->type == VALUE_COUNT)
		return c->values_most + 1;
	if (is_sample(c))
		return WINDOW_SAMPLE;
	return is_temporal(c) ? WINDOW_ORDERED : WINDOW_CLOSING;
}

/*
 * The window that its first match opened, and behind it what belongs to the
 * next one and came before this one is decided.
 */
static bool
add_closing(struct window *w, const struct correlation *c, struct seen s)
{
	int64_t end = w->count > 0 ? w->items[0].time + c->timespan :
	    INT64_MAX;
	size_t until = window_until(w, end), most = most_closing(c);
	bool behind = s.time > end;
	size_t from = behind ? until : 0, at;

	if (w->count > 0 && s.time < w->items[0].time - c->late)
		return false;
	until = behind ? w->count : until;
	if (is_known(w, c, &s, from, until))
		return false;
	if (is_sample(c) && !behind && ++w->skipped < w->stride)
		return true;
	if (!behind)
		w->skipped = 0;
	if (until - from >= most || w->count >= 2 * most)
		return add_full(w, c, &s, from, until);
	at = insert(w, s);
	if (c->type == TEMPORAL_ORDERED)
		thin_row(w, at);
	return true;
}

bool
window_add(struct window *w, const struct correlation *c, struct seen s)
{
	if (w->count == 0) {
		w->stride = 1;
		w->skipped = 0;
	}
	return c->eager ? add_sliding(w, c, s) : add_closing(w, c, s);
}

/* --- measures ------------------------------------------------------------- */

static double
count_all(const struct seen *items, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += items[i].count;
	return sum;
}

static double
sum_all(const struct seen *items, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += items[i].number;
	return sum;
}

static double
percentile(const struct seen *items, size_t n, double p)
{
	double numbers[2 * WINDOW_SAMPLE];

	assert(n > 0 && n <= COUNT(numbers));
	for (size_t i = 0; i < n; i++)
		numbers[i] = items[i].number;
	return rank_percentile(numbers, n, p);
}

static double
measure_values(const struct correlation *c, const struct seen *items,
    size_t n)
{
	switch (c->type) {
	case EVENT_COUNT:
		return count_all(items, n);
	case VALUE_SUM:
		return sum_all(items, n);
	case VALUE_AVG:
		return sum_all(items, n) / count_all(items, n);
	case VALUE_PERCENTILE:
		return percentile(items, n, c->percentile);
	case VALUE_MEDIAN:
		return percentile(items, n, 50);
	default:
		return (double)n;
	}
}

/*
 * A condition over rules: those that were seen (in order, where that counts);
 * what stands behind "not" must not have been seen at all.
 */
static bool
expr_holds(const struct expr *e, uint64_t seen, uint64_t all, bool negated)
{
	bool is_and = e->type == EXPR_AND;

	switch (e->type) {
	case EXPR_TEST:
		return ((negated ? all : seen) >> e->n & 1) != 0;
	case EXPR_LINK:
		return expr_holds(e->first, seen, all, negated);
	case EXPR_NOT:
		return !expr_holds(e->first, seen, all, !negated);
	case EXPR_AND:
	case EXPR_OR:
		break;
	}
	for (e = e->first; e != NULL; e = e->next)
		if (expr_holds(e, seen, all, negated) != is_and)
			return !is_and;
	return is_and;
}

static bool
set_holds(const struct correlation *c, uint64_t seen, uint64_t all)
{
	size_t n = (size_t)__builtin_popcountll(seen);

	if (c->expr != NULL)
		return expr_holds(c->expr, seen, all, false);
	if (c->bound_count > 0)
		return correlation_holds(c, (double)n);
	return n == c->counted_count;
}

uint64_t
window_rules(const struct window *w, size_t n)
{
	uint64_t all = 0;

	for (size_t i = 0; i < n; i++)
		all |= UINT64_C(1) << w->items[i].rule;
	return all;
}

/*
 * Sets of rules that can be picked from what was seen so that each comes
 * after the ones before it in the list.
 */
static void
ordered_sets(const struct window *w, size_t n, bool *reached)
{
	reached[0] = true;
	for (size_t i = 0; i < n; i++) {
		unsigned bit = 1u << w->items[i].rule;

		for (unsigned set = 0; set < bit; set++)
			if (reached[set])
				reached[set | bit] = true;
	}
}

/* Range conditions ask for the longest row, all others for any. */
static bool
ordered_holds(const struct window *w, const struct correlation *c, size_t n,
    uint64_t all, double *measure)
{
	bool reached[1 << ORDERED_RULES_MAX] = { false };
	unsigned sets = 1u << c->counted_count, best = 0;
	bool holds = false;

	ordered_sets(w, n, reached);
	for (unsigned set = 1; set < sets; set++) {
		bool longer = __builtin_popcount(set) >
		    __builtin_popcount(best);

		if (!reached[set])
			continue;
		if (c->expr == NULL ? longer : set_holds(c, set, all) &&
		    (longer || !holds))
			best = set;
		holds = holds || (c->expr != NULL && best == set);
	}
	*measure = __builtin_popcount(best);
	return c->expr != NULL ? holds : set_holds(c, best, all);
}

bool
window_holds(const struct window *w, const struct correlation *c, size_t n,
    double *measure)
{
	uint64_t all;

	if (n == 0)
		return false;
	if (!is_temporal(c)) {
		*measure = measure_values(c, w->items, n);
		return correlation_holds(c, *measure);
	}
	all = window_rules(w, n);
	if (c->type == TEMPORAL_ORDERED)
		return ordered_holds(w, c, n, all, measure);
	*measure = __builtin_popcountll(all);
	return set_holds(c, all, all);
}

/* --- as bytes ------------------------------------------------------------- */

/* What of each is kept besides its time, by type. */
static void
save_seen(const struct seen *s, const struct correlation *c, struct buf *out)
{
	uint64_t bits;

	if (is_temporal(c))
		pack_varint(out, s->rule);
	else if (c->type == VALUE_COUNT)
		pack_u64(out, s->digest);
	else
		pack_varint(out, s->count);
	if (is_temporal(c) || c->type == VALUE_COUNT ||
	    c->type == EVENT_COUNT)
		return;
	memcpy(&bits, &s->number, sizeof(bits));
	pack_u64(out, bits);
}

void
window_save(const struct window *w, const struct correlation *c,
    struct buf *out)
{
	int64_t before = 0;

	pack_varint(out, w->count);
	if (is_sample(c)) {
		pack_varint(out, w->stride);
		pack_varint(out, w->skipped);
	}
	for (size_t i = 0; i < w->count; i++) {
		pack_signed(out, w->items[i].time - before);
		before = w->items[i].time;
		save_seen(&w->items[i], c, out);
	}
}

static bool
load_seen(struct seen *s, const struct correlation *c, struct unpack *u)
{
	uint64_t bits, n;

	*s = (struct seen){ .count = 1 };
	if (c->type == VALUE_COUNT) {
		s->digest = unpack_u64(u);
		return true;
	}
	n = unpack_varint(u);
	if (is_temporal(c)) {
		s->rule = (uint32_t)n;
		return n < c->counted_count;
	}
	s->count = (uint32_t)n;
	if (n == 0 || n > UINT32_MAX)
		return false;
	if (c->type == EVENT_COUNT)
		return true;
	bits = unpack_u64(u);
	memcpy(&s->number, &bits, sizeof(bits));
	return isfinite(s->number);
}

static int
load_all(struct window *w, const struct correlation *c, struct unpack *u)
{
	int64_t before = 0;

	for (size_t i = 0; i < w->count; i++) {
		int64_t step = unpack_signed(u);

		if (!when_is_near(step) || (i > 0 && step < 0) ||
		    !load_seen(&w->items[i], c, u) || u->bad)
			return -1;
		before += step;
		w->items[i].time = before;
		if (!when_is_near(before))
			return -1;
	}
	return 0;
}

int
window_load(struct window *w, const struct correlation *c, struct unpack *u)
{
	uint64_t count = unpack_varint(u), stride = 1, skipped = 0;
	/* With a smaller cap than before, what is there stays. */
	uint64_t most = c->type == VALUE_COUNT ? 2 * LIMIT_VALUES + 2 :
	    2 * WINDOW_EXACT;

	if (is_sample(c)) {
		stride = unpack_varint(u);
		skipped = unpack_varint(u);
	}
	if (u->bad || count == 0 || count > most || stride == 0 ||
	    stride > UINT32_MAX / 2 || skipped >= stride)
		return -1;
	*w = (struct window){
		.items = xcalloc(count, sizeof(*w->items)),
		.count = (uint32_t)count, .room = (uint32_t)count,
		.stride = (uint32_t)stride, .skipped = (uint32_t)skipped,
	};
	if (load_all(w, c, u) == 0)
		return 0;
	window_free(w);
	return -1;
}
