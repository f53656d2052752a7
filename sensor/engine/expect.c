/*
 * What is awaited, and what it means when it does not come.
 *
 * "every" counts the time since such an event was seen last (or since the
 * rule began to wait, or since it was last found missing: each period that is
 * missed is one alert), and only time that was observed: what was not, pushes
 * the end of the period. "between" asks at the end of each part of a day
 * whether one was seen in it; when it was not, and part of that time was not
 * observed, nobody can tell: that is a gap and no alert. Of what is read, it is
 * the files (or the journal) that such events were seen in before that count,
 * and all of it as long as there are none.
 *
 * What was seen is kept with the positions (memory.h), so it is the same
 * after a crash. Ids of alerts come from the record that was seen last.
 */
#include "engine/expect.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/when.h"

enum {
	GROUPS_MAX = 10000,
	VALUE_MAX = 200,	/* bytes of a group's value */
	SOURCES_MAX = 4,	/* that are told apart */
	FORMAT = 2,
	FORMAT_OLD = 1,		/* knew no sources */
};

/* Logs are a moment behind the clock. */
static const int64_t grace = 5 * SECOND;
/* Nobody needs to be told of each day of years, which any log may forge. */
static const int64_t long_past = 31 * DAY;

/* One thing that is awaited: of a rule, or of a group of it. */
struct awaited {
	struct item item;
	LIST_ENTRY(awaited) link;
	struct daypart part;	/* of "every": from alone, begin of a period */
	int64_t begun;		/* since when it is awaited at all */
	int64_t seen;		/* last one's time, 0: never */
	struct stream stream;	/* its record, or random bytes */
	uint64_t offset;
	int64_t unobserved;	/* in this period */
	struct daypart dark;	/* the last time that was not observed */
	bool met;		/* of "between": seen in this part */
	bool hidden;		/* not all of this part was observed */
	uint64_t missed;	/* periods in a row */
	uint64_t sources[SOURCES_MAX];	/* digests of where they came from */
	unsigned source_count;	/* above SOURCES_MAX: anywhere */
};
LIST_HEAD(awaited_list, awaited);

struct expectations {
	struct awaited_list list;
	struct rule **rules;	/* those that expect something */
	size_t count;
	const struct schema *schema;
	struct event *ev;	/* for what is told; made when first needed */
};

static struct expectation *
expectation_of(const struct item *it)
{
	return holder_owner(item_holder(it));
}

/* --- as it is kept -------------------------------------------------------- */

static void
save(const struct item *it, struct buf *out)
{
	const struct awaited *a = (const struct awaited *)it;

	pack_u8(out, FORMAT);
	pack_u64(out, (uint64_t)a->part.from);
	pack_u64(out, (uint64_t)a->part.until);
	pack_u64(out, (uint64_t)a->begun);
	pack_u64(out, (uint64_t)a->seen);
	buf_add(out, slice_bytes(a->stream.b, STREAM_LEN));
	pack_u64(out, a->offset);
	pack_u64(out, (uint64_t)a->unobserved);
	pack_u64(out, (uint64_t)a->dark.from);
	pack_u64(out, (uint64_t)a->dark.until);
	pack_u8(out, (uint8_t)(a->met | a->hidden << 1));
	pack_u64(out, a->missed);
	pack_u8(out, (uint8_t)a->source_count);
	for (size_t i = 0; i < a->source_count && i < SOURCES_MAX; i++)
		pack_u64(out, a->sources[i]);
}

/* A time that can be added to others; whatever else stands there is bad. */
static int64_t
unpack_time(struct unpack *u)
{
	uint64_t n = unpack_u64(u);

	u->bad |= n > INT64_MAX / 4;
	return u->bad ? 0 : (int64_t)n;
}

static void
unpack_stream(struct unpack *u, struct stream *out)
{
	for (size_t i = 0; i < STREAM_LEN; i++)
		out->b[i] = unpack_u8(u);
}

static void
unpack_sources(struct unpack *u, struct awaited *a)
{
	a->source_count = unpack_u8(u);
	u->bad |= a->source_count > SOURCES_MAX + 1;
	for (size_t i = 0; i < a->source_count && i < SOURCES_MAX; i++)
		a->sources[i] = unpack_u64(u);
}

static bool
unpack_awaited(struct unpack *u, struct awaited *a)
{
	uint8_t version = unpack_u8(u), flags;

	a->part.from = unpack_time(u);
	a->part.until = unpack_time(u);
	a->begun = unpack_time(u);
	a->seen = unpack_time(u);
	unpack_stream(u, &a->stream);
	a->offset = unpack_u64(u);
	a->unobserved = unpack_time(u);
	a->dark.from = unpack_time(u);
	a->dark.until = unpack_time(u);
	flags = unpack_u8(u);
	a->met = (flags & 1) != 0;
	a->hidden = (flags & 2) != 0;
	a->missed = unpack_u64(u);
	if (version == FORMAT)
		unpack_sources(u, a);
	return unpack_done(u) && (version == FORMAT || version == FORMAT_OLD);
}

static int64_t
due_of(const struct expectation *e, const struct awaited *a)
{
	return grace + (e->every == 0 ? a->part.until :
	    a->part.from + e->every + a->unobserved);
}

static struct item *
load(struct holder *h, struct slice name, struct slice value, size_t *bytes,
    int64_t *due)
{
	struct expectation *e = holder_owner(h);
	struct awaited *a = xcalloc(1, sizeof(*a));
	struct unpack u = { value, false };

	if (!unpack_awaited(&u, a) || (name.len == 0) != (e->by_count == 0) ||
	    (e->every == 0 && (a->part.until <= a->part.from ||
	    a->part.until - a->part.from > 2 * DAY))) {
		free(a);
		return NULL;
	}
	*bytes = sizeof(*a);
	*due = due_of(e, a);
	LIST_INSERT_HEAD(&e->all->list, a, link);
	return &a->item;
}

static void
let_go(struct item *it)
{
	struct awaited *a = (struct awaited *)it;

	LIST_REMOVE(a, link);
	free(a);
}

static void
note(struct awaited *a)
{
	memory_note(&a->item, sizeof(*a), due_of(expectation_of(&a->item),
	    a));
}

/* --- telling ----------------------------------------------------------------- */

static void
describe(const struct expectation *e, const struct awaited *a,
    const struct expected *x, struct buf *out)
{
	buf_str(out, "expected ");
	buf_add(out, e->text);
	if (x->observed)
		buf_str(out, ", did not come since ");
	else
		buf_str(out, ", not all was observed and it was not seen "
		    "since ");
	when_local(out, x->since, "%F %H:%M:%S");
	buf_str(out, "; ");
	if (a->seen > 0) {
		buf_str(out, "last seen ");
		when_local(out, a->seen, "%F %H:%M:%S");
	} else {
		buf_str(out, "never seen since this is awaited (");
		when_local(out, a->begun, "%F %H:%M:%S");
		buf_str(out, ")");
	}
	if (x->missed > 1)
		buf_fmt(out, "; missed %llu times in a row",
		    (unsigned long long)x->missed);
}

/* An event that never was: with the group's fields and the sentence. */
static const struct event *
make_event(struct expectation *e, const struct awaited *a,
    const struct record *r, int64_t when)
{
	struct expectations *all = e->all;
	struct unpack u = { .rest = item_name(&a->item) };

	if (all->ev == NULL)
		all->ev = event_new(all->schema);
	event_reset(all->ev, r);
	all->ev->time = when < r->received ? when : r->received;
	event_source(all->ev, e->rule->source);
	event_set(all->ev, F_ACTION, S("expected-event-missing"));
	event_set(all->ev, F_MESSAGE, r->bytes);
	for (size_t i = 0; i < e->by_count; i++)
		event_set(all->ev, e->by[i], unpack_slice(&u));
	return all->ev;
}

static void
tell(struct awaited *a, int64_t since, int64_t until, bool observed,
    int64_t now, const struct listener *to)
{
	struct expectation *e = expectation_of(&a->item);
	struct expected x = { .what = e->text, .since = since, .until = until,
		.seen = a->seen, .missed = a->missed, .observed = observed };
	struct record r = { .source = S("expectation"), .received = now,
		.stream = a->stream, .offset = a->offset };
	struct match m = { .rule = &e->rule->info, .expected = &x };
	struct buf text = { 0 }, key = { 0 };

	describe(e, a, &x, &text);
	r.bytes = x.text = buf_slice(&text);
	buf_fmt(&key, "missed %llu ", (unsigned long long)a->missed);
	buf_add(&key, item_name(&a->item));
	m.key = buf_slice(&key);
	m.ev = make_event(e, a, &r, until);
	if (observed)
		e->rule->matches++;
	to->matched(to->arg, &m);
	buf_free(&text);
	buf_free(&key);
}

/* --- periods ---------------------------------------------------------------- */

/*
 * The next period begins where this one ended. When the clock is far beyond,
 * those between are one with it: nobody needs a thousand alerts at once.
 */
static void
miss_period(struct expectation *e, struct awaited *a, int64_t now,
    const struct listener *to)
{
	int64_t end = a->part.from + e->every + a->unobserved;
	int64_t more = (now - grace - end) / e->every;

	a->missed += 1 + (uint64_t)more;
	tell(a, a->part.from, end + more * e->every, true, now, to);
	a->part.from = end + more * e->every;
	a->unobserved = 0;
}

static bool
overlaps(struct daypart a, struct daypart b)
{
	return a.from < b.until && b.from < a.until;
}

static void
next_part(const struct expectation *e, struct awaited *a)
{
	a->part = expect_next(e, a->part.until);
	a->met = false;
	a->hidden = overlaps(a->part, a->dark);
}

/* Parts that are long past are one with the one before them. */
static void
skip_parts(const struct expectation *e, struct awaited *a,
    struct daypart *part, int64_t now)
{
	if (a->part.until >= now - long_past)
		return;
	part->until = a->part.until = now - long_past;
	next_part(e, a);
}

static void
end_part(struct expectation *e, struct awaited *a, int64_t now,
    const struct listener *to)
{
	struct daypart part = a->part;
	bool met = a->met, hidden = a->hidden;

	next_part(e, a);
	if (!met)
		skip_parts(e, a, &part, now);
	/* After a long time without a sensor all its parts are one gap. */
	while (!met && hidden && a->hidden && due_of(e, a) <= now) {
		part.until = a->part.until;
		next_part(e, a);
	}
	if (met)
		return;
	a->missed += !hidden;
	tell(a, part.from, part.until, !hidden, now, to);
}

/* The end of all input is no time at which something is missing. */
static void
due(struct item *it, int64_t now, const struct listener *to)
{
	struct awaited *a = (struct awaited *)it;
	struct expectation *e = expectation_of(it);

	if (now == INT64_MAX)
		return;
	if (e->every > 0)
		miss_period(e, a, now, to);
	else
		end_part(e, a, now, to);
	note(a);
}

static int64_t
moved(int64_t when, int64_t by)
{
	return by < 0 && when < -by ? 0 : when + by;
}

/*
 * A period is so long as it takes. A part of the day is one of the clock's:
 * when it was set over a part, nobody saw that.
 */
static void
set_clock(struct item *it, int64_t now, int64_t by)
{
	struct awaited *a = (struct awaited *)it;
	struct daypart over = { now - by, now };

	if (expectation_of(it)->every == 0) {
		a->hidden |= by > 0 && overlaps(a->part, over);
	} else {
		a->part.from = moved(a->part.from, by);
		a->dark.from = moved(a->dark.from, by);
		a->dark.until = moved(a->dark.until, by);
	}
	note(a);
}

static const struct memory_kind kind = {
	.tag = 'x', .save = save, .load = load, .free = let_go, .due = due,
	.clock = set_clock,
};

/* --- what is seen --------------------------------------------------------- */

static struct awaited *
begin(struct expectation *e, struct slice name, int64_t when, bool seen)
{
	struct awaited *a = xcalloc(1, sizeof(*a));

	a->begun = when;
	random_bytes(a->stream.b, STREAM_LEN);
	a->part.from = when;
	if (e->every == 0)
		a->part = expect_next(e, when);
	/* Of a part of the day that has begun the head was not looked at. */
	if (e->every == 0 && !seen && a->part.from < when)
		a->part = expect_next(e, a->part.until);
	LIST_INSERT_HEAD(&e->all->list, a, link);
	memory_add(e->holder, name, &a->item);
	return a;
}

/* The group that an event is of; false when it lacks a field. */
static bool
name_group(const struct expectation *e, const struct event *ev,
    struct buf *out)
{
	for (size_t i = 0; i < e->by_count; i++) {
		struct slice value = event_text(ev, e->by[i]);

		if (event_get(ev, e->by[i]) == NULL)
			return false;
		pack_slice(out, slice_head(value, VALUE_MAX));
	}
	return true;
}

/* --- where it comes from ---------------------------------------------------- */

/* The same in each process and for ever: it is kept. */
static uint64_t
digest_source(struct slice source)
{
	struct digest d = digest_one(source);
	struct unpack u = { digest_slice(&d), false };

	return unpack_u64(&u);
}

static bool
knows_source(const struct awaited *a, uint64_t source)
{
	for (size_t i = 0; i < a->source_count && i < SOURCES_MAX; i++)
		if (a->sources[i] == source)
			return true;
	return a->source_count > SOURCES_MAX;
}

static void
note_source(struct awaited *a, struct slice source)
{
	uint64_t digest = digest_source(source);

	if (knows_source(a, digest))
		return;
	if (a->source_count < SOURCES_MAX)
		a->sources[a->source_count] = digest;
	a->source_count++;
}

/* Whether it may have been missed where something was not observed. */
static bool
comes_from(const struct awaited *a, struct slice source)
{
	return source.len == 0 || a->source_count == 0 ||
	    knows_source(a, digest_source(source));
}

/* --- meeting it --------------------------------------------------------------- */

static void
meet(struct awaited *a, const struct event *ev)
{
	int64_t when = ev->time;

	a->missed = 0;
	if (ev->record->source.len > 0)
		note_source(a, ev->record->source);
	if (when > a->seen) {
		a->seen = when;
		a->stream = ev->record->stream;
		a->offset = ev->record->offset;
	}
	if (expectation_of(&a->item)->every == 0) {
		a->met |= a->part.from <= when && when < a->part.until;
	} else if (when > a->part.from) {
		a->part.from = when;
		if (when >= a->dark.until)
			a->unobserved = 0;
	}
}

void
expectations_seen(struct expectations *x, struct rule *r,
    const struct event *ev)
{
	struct expectation *e = r->expect;
	struct buf name = { 0 };
	struct item *it;
	struct awaited *a;

	(void)x;
	if (ev->time > 0 && name_group(e, ev, &name)) {
		it = memory_find(e->holder, buf_slice(&name));
		a = it != NULL ? (struct awaited *)it :
		    begin(e, buf_slice(&name), ev->time, true);
		meet(a, ev);
		note(a);
	}
	buf_free(&name);
}

/* --- time that was not observed ---------------------------------------------- */

static void
darken(struct awaited *a, struct daypart span)
{
	int64_t from = span.from;

	a->hidden |= overlaps(a->part, span);
	if (from < a->dark.until)
		from = a->dark.until;
	if (from < a->part.from)
		from = a->part.from;
	if (from < span.until)
		a->unobserved += span.until - from;
	/* One span is remembered: as long as the last one counts, with it. */
	if (a->dark.until > a->part.from && a->dark.from < span.from)
		span.from = a->dark.from;
	if (a->dark.until > span.until)
		span.until = a->dark.until;
	a->dark = span;
	note(a);
}

void
expectations_unobserved(struct expectations *x, struct slice source,
    int64_t from, int64_t until)
{
	/* A moment is a span, too: there was something to be seen in it. */
	struct daypart span = { from, from == until ? until + 1 : until };
	struct awaited *a;

	if (from < 0 || until < from || until > INT64_MAX / 4)
		return;
	LIST_FOREACH(a, &x->list, link)
		if (comes_from(a, source))
			darken(a, span);
}

/* --- from outside ------------------------------------------------------------ */

struct expectations *
expectations_new(struct memory *m, struct schema *s, struct rule *rules,
    size_t count)
{
	struct expectations *x = xcalloc(1, sizeof(*x));

	LIST_INIT(&x->list);
	x->schema = s;
	for (size_t i = 0; i < count; i++) {
		struct expectation *e = rules[i].expect;

		if (e == NULL)
			continue;
		e->all = x;
		e->rule = &rules[i];
		e->holder = memory_holder(m, &kind, &rules[i].identity, e,
		    e->by_count > 0 ? GROUPS_MAX : 1);
		x->rules = xrealloc(x->rules, x->count + 1,
		    sizeof(struct rule *));
		x->rules[x->count++] = &rules[i];
	}
	return x;
}

/* The memory is freed before, and with it what is awaited. */
void
expectations_free(struct expectations *x)
{
	if (x == NULL)
		return;
	event_free(x->ev);
	free(x->rules);
	free(x);
}

void
expectations_begin(struct expectations *x, int64_t now)
{
	for (size_t i = 0; i < x->count; i++) {
		struct expectation *e = x->rules[i]->expect;

		if (e->by_count == 0 && now < INT64_MAX / 4 &&
		    memory_find(e->holder, S("")) == NULL)
			note(begin(e, S(""), now, false));
	}
}
