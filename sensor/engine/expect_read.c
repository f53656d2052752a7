/*
 * "expect" in a rule's vedette: map, and the parts of days that it means.
 */
#include "base/opt.h"
#include "base/when.h"
#include "engine/expect.h"

/* What the table reads. */
struct wish {
	int64_t every;
	const char *between;
	struct strlist *days, *by;
};

const struct opt expect_opts[] = {
	{ .name = "every", .type = OPT_SPAN, .at = AT(wish, every),
	    .preset = "0s",
	    .what = "longest time between two such events" },
	{ .name = "between", .type = OPT_STR, .at = AT(wish, between),
	    .what = "part of the day, in local time: 01:00-04:00" },
	{ .name = "days", .type = OPT_LIST, .at = AT(wish, days),
	    .what = "with between: mon, tue, ... on which it begins" },
	{ .name = "by", .type = OPT_LIST, .at = AT(wish, by),
	    .what = "fields: what was seen of each value is awaited again" },
	{ 0 },
};

static const char *const day_words[] = {
	"mon", "tue", "wed", "thu", "fri", "sat", "sun"
};
static const unsigned all_days = (1u << COUNT(day_words)) - 1;
static const int64_t every_least = SECOND, every_most = 400 * DAY;

/* "01:00": 24:00 is the day's end. */
static int
read_clock(struct slice s, int64_t *out)
{
	uint64_t hour, minute;
	struct slice head;

	if (!slice_cut(&s, ':', &head) || s.len != 2 || head.len == 0 ||
	    slice_to_u64(head, &hour) == -1 ||
	    slice_to_u64(s, &minute) == -1 || minute > 59 || hour > 24 ||
	    (hour == 24 && minute > 0))
		return -1;
	*out = (int64_t)hour * HOUR + (int64_t)minute * MINUTE;
	return 0;
}

static int
read_between(struct load *l, const struct node *n, struct expectation *e)
{
	struct slice rest = n->text, from;

	if (!slice_cut(&rest, '-', &from) ||
	    read_clock(slice_trim(from), &e->from) == -1 ||
	    read_clock(slice_trim(rest), &e->until) == -1 ||
	    e->from == e->until || e->from == DAY)
		return node_error(l->diag, n, "\"between\" is a part of the "
		    "day: \"01:00-04:00\"");
	if (e->until < e->from)
		e->until += DAY;
	return 0;
}

static int
read_days(struct load *l, const struct node *n, const struct strlist *days,
    struct expectation *e)
{
	for (size_t i = 0; i < days->count; i++) {
		size_t day = 0;

		while (day < COUNT(day_words) &&
		    strcmp(day_words[day], days->items[i]) != 0)
			day++;
		if (day == COUNT(day_words))
			return node_error(l->diag, n, "\"%s\" is no day; days "
			    "are mon tue wed thu fri sat sun",
			    days->items[i]);
		e->days |= 1u << day;
	}
	if (days->count == 0)
		e->days = all_days;
	return 0;
}

static int
read_by(struct load *l, const struct node *n, const struct strlist *by,
    struct expectation *e)
{
	if (by->count > EXPECT_BY_MAX)
		return node_error(l->diag, n, "more than %d fields",
		    EXPECT_BY_MAX);
	for (size_t i = 0; i < by->count; i++) {
		int field = schema_field(l->schema, slice_of(by->items[i]));

		if (field == -1)
			return node_error(l->diag, n, "too many fields");
		e->by[e->by_count++] = (uint16_t)field;
	}
	return 0;
}

/* NULL also when nothing stands behind the key. */
static const struct node *
said(const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);

	return n == NULL || node_is_null(n) ? NULL : n;
}

static int
check(struct load *l, const struct node *map, const struct wish *w)
{
	const struct node *every = said(map, "every");
	const struct node *between = said(map, "between");

	if ((every == NULL) == (between == NULL))
		return node_error(l->diag, map, "\"expect\" says either "
		    "\"every\" or \"between\"");
	if (every != NULL &&
	    (w->every < every_least || w->every > every_most))
		return node_error(l->diag, every, "\"every\" is between 1s "
		    "and 400d");
	if (every != NULL && node_get(map, "days") != NULL)
		return node_error(l->diag, node_get(map, "days"),
		    "\"days\" goes with \"between\"");
	return 0;
}

static struct slice
describe(struct load *l, const struct node *map, const struct expectation *e)
{
	struct buf text = { 0 };
	const char *comma = " on ";
	struct slice kept;

	if (e->every > 0)
		buf_fmt(&text, "at least once every %s",
		    node_cstr(node_get(map, "every")));
	else
		buf_fmt(&text, "between %02d:%02d and %02d:%02d",
		    (int)(e->from / HOUR), (int)(e->from % HOUR / MINUTE),
		    (int)(e->until / HOUR % 24),
		    (int)(e->until % HOUR / MINUTE));
	for (size_t i = 0; i < COUNT(day_words); i++) {
		if (e->every > 0 || e->days == all_days ||
		    (e->days & 1u << i) == 0)
			continue;
		buf_str(&text, comma);
		buf_str(&text, day_words[i]);
		comma = ", ";
	}
	kept = arena_keep(l->keep, buf_slice(&text));
	buf_free(&text);
	return kept;
}

int
expect_read(struct load *l, const struct node *map, struct rule *r)
{
	struct expectation *e = arena_alloc(l->keep, sizeof(*e));
	struct wish w = { 0 };

	if (map->type != NODE_MAP)
		return node_error(l->diag, map, "\"expect\" is a map of "
		    "\"every\" or \"between\"");
	if (opt_read(expect_opts, &w, map, NULL, "\"expect\"", l->build,
	    l->diag) == -1 || check(l, map, &w) == -1)
		return -1;
	e->every = w.every;
	if ((w.between != NULL &&
	    read_between(l, node_get(map, "between"), e) == -1) ||
	    read_days(l, node_get(map, "days"), w.days, e) == -1 ||
	    read_by(l, node_get(map, "by"), w.by, e) == -1)
		return -1;
	e->text = describe(l, map, e);
	r->expect = e;
	rule_identify_node(r, map);
	return 0;
}

/* --- parts of days ---------------------------------------------------------- */

/* A civil time of this host's zone, in microseconds, as a point in time. */
static int64_t
point(struct zone *z, int64_t local)
{
	int64_t guess = local - zone_offset(z, local) * SECOND;

	return local - zone_offset(z, guess) * SECOND;
}

/*
 * Clocks that are turned forward leave an hour out: a part of which nothing
 * is left does not come that day, and nothing is missing.
 */
struct daypart
expect_next(const struct expectation *e, int64_t after)
{
	struct zone z = { 0 };
	int64_t day = (after + zone_offset(&z, after) * SECOND) / DAY - 2;
	struct daypart p;

	do {
		day++;
		p.from = point(&z, day * DAY + e->from);
		p.until = point(&z, day * DAY + e->until);
		/* Day 0 was a Thursday. */
	} while (p.until <= after || p.from >= p.until ||
	    (e->days & 1u << (day + 3) % 7) == 0);
	return p;
}
