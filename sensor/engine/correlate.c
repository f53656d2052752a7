/*
 * Correlations at work: each match of a rule that somebody counts goes into
 * the group that its fields name. What is asked for is decided with each
 * match where more matches can't take it back, else when the window closes
 * that the group's first match opened.
 */
#include "engine/correlation.h"

#include <math.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/when.h"
#include "engine/group.h"
#include "engine/watching.h"

enum {
	KEY_MAX = MEMORY_NAME_MAX,
	NUMBER_MAX = 64,
	DIGESTS = 64,
};

/* A value seen lately: most are seen often, and a digest takes its time. */
struct digested {
	uint64_t head;
	uint8_t len;		/* 0: none yet */
	unsigned char value[111];
};

struct correlator {
	struct correlation *hit, **last_hit;
	struct event *made[NESTED_MAX + 1];	/* by depth, or NULL */
	int64_t now;
	bool follow;		/* events tell the time: none is behind it */
	struct buf names[NESTED_MAX + 1];	/* of the group, by depth */
	struct buf last_name, value;
	struct digested digests[DIGESTS];
	struct watching watching;
};

/* One of the rules of a correlation matched. */
struct count {
	struct correlator *co;
	struct correlation *c;
	size_t rule;			/* among the counted */
	const struct event *seen;	/* with the fields that it counts by */
	const struct event *ev;		/* that is told of */
	const struct listener *to;
};

struct correlator *
correlator_new(void)
{
	struct correlator *co = xcalloc(1, sizeof(*co));

	co->last_hit = &co->hit;
	co->now = INT64_MIN;
	return co;
}

void
correlator_free(struct correlator *co)
{
	if (co == NULL)
		return;
	for (size_t i = 0; i < COUNT(co->made); i++) {
		event_free(co->made[i]);
		buf_free(&co->names[i]);
	}
	buf_free(&co->last_name);
	buf_free(&co->value);
	free(co);
}

void
correlator_time(struct correlator *co, int64_t now)
{
	if (now == INT64_MAX)
		co->now = INT64_MIN;	/* all is closed: begins anew */
	else if (now > co->now)
		co->now = now;
}

void
correlator_follow(struct correlator *co)
{
	co->follow = true;
}

void
correlator_clock(struct correlator *co, int64_t by)
{
	if (by < 0 && co->now != INT64_MIN)
		co->now += by;
}

bool
correlation_holds(const struct correlation *c, double measure)
{
	for (size_t i = 0; i < c->bound_count; i++) {
		double n = c->bounds[i].number;
		const bool holds[] = {
			[GT] = measure > n, [GTE] = measure >= n,
			[LT] = measure < n, [LTE] = measure <= n,
			[EQ] = measure == n, [NEQ] = measure != n,
		};

		if (!holds[c->bounds[i].op])
			return false;
	}
	return true;
}

void
correlator_watch(struct correlator *co, const struct watching *w)
{
	co->watching = *w;
}

/* --- names and values ----------------------------------------------------- */

/* The first value of a field; false where it is absent or null. */
static bool
field_text(const struct event *ev, uint16_t field, struct slice *out)
{
	const struct value *v = event_get(ev, field);

	if (v == NULL || v->type == VALUE_NULL)
		return false;
	*out = v->text;
	return true;
}

/* A match does not get as far as a window. */
static void
lost(const struct count *k, enum counting_result why, struct slice missing)
{
	watching_lost(&k->co->watching, k->c, k->rule, why, missing);
}

/* The group's name; false for an event that has none. */
static bool
name_group(struct count *k)
{
	const struct correlation *c = k->c;
	struct buf *name = &k->co->names[c->depth];
	struct slice text;

	buf_clear(name);
	for (size_t i = 0; i < c->group_count; i++) {
		if (!field_text(k->seen, c->counted[k->rule].group[i],
		    &text)) {
			lost(k, COUNTING_NO_GROUP, c->group[i]);
			return false;
		}
		group_name_add(name, text, KEY_MAX / c->group_count);
	}
	return true;
}

static bool
number_of(struct slice text, double *out)
{
	char number[NUMBER_MAX], *end;

	text = slice_trim(text);
	if (text.len == 0 || text.len >= sizeof(number))
		return false;
	slice_to_cstr(text, number, sizeof(number));
	*out = strtod(number, &end);
	return *end == '\0' && isfinite(*out) && fabs(*out) < 1e100 &&
	    strpbrk(number, "xXnN") == NULL;
}

static uint64_t
digest_head(struct slice s)
{
	struct digest d = digest_one(s);
	uint64_t head;

	memcpy(&head, d.b, sizeof(head));
	return head;
}

/* The same, if it need not be made again. Never of an empty text. */
static uint64_t
known_digest(struct correlator *co, struct slice s)
{
	struct digested *d = &co->digests[slice_hash(s) % DIGESTS];

	if (s.len > sizeof(d->value))
		return digest_head(s);
	if (!slice_eq(slice_bytes(d->value, d->len), s)) {
		memcpy(d->value, s.p, s.len);
		d->len = (uint8_t)s.len;
		d->head = digest_head(s);
	}
	return d->head;
}

/* A value is all of its fields; each is told from the next by its length. */
static bool
value_digest(struct count *k, uint64_t *out)
{
	const uint16_t *fields = k->c->counted[k->rule].values;
	struct buf *value = &k->co->value;
	struct slice text;

	buf_clear(value);
	for (size_t i = 0; i < k->c->value_count; i++) {
		if (!field_text(k->seen, fields[i], &text))
			return false;
		pack_varint(value, text.len);
		buf_add(value, text);
	}
	*out = known_digest(k->co, buf_slice(value));
	return true;
}

/* False when the event has nothing that the correlation measures. */
static bool
see(struct count *k, struct seen *s)
{
	struct slice text;

	*s = (struct seen){ .time = k->seen->time, .count = 1,
	    .rule = (uint32_t)k->rule };
	switch (k->c->type) {
	case EVENT_COUNT:
	case TEMPORAL:
	case TEMPORAL_ORDERED:
		return true;
	case VALUE_COUNT:
		return value_digest(k, &s->digest);
	default:
		return field_text(k->seen, k->c->counted[k->rule].values[0],
		    &text) && number_of(text, &s->number);
	}
}

/* --- alerts --------------------------------------------------------------- */

static void count_nested(struct correlator *co, const struct correlation *c,
    const struct event *seen, const struct event *ev,
    const struct listener *to);

/* What is told of a group, whatever made it come true. */
struct alert {
	struct correlation *c;
	struct buf name;	/* of the group, which may be gone */
	struct buf key;
	int64_t from, until;
	double measure;
};

/* Begins an alert while the group is as it was. */
static void
alert_begin(struct alert *a, const struct group *g)
{
	buf_add(&a->name, item_name(&g->item));
	buf_add(&a->key, item_name(&g->item));
}

/* The event that stands for the group; the same at each repetition. */
static struct event *
make_event(const struct alert *a, struct record *r,
    const struct slice *values)
{
	const struct correlation *c = a->c;
	const struct slice identity[] = { c->rule->info.id,
		buf_slice(&a->name) };
	struct digest d = digest_of(identity, COUNT(identity));
	struct event **made = &c->correlator->made[c->depth];

	*r = (struct record){ .source = S("vedette"), .received = a->until,
		.offset = (uint64_t)(a->from / SECOND) };
	memcpy(r->stream.b, d.b, STREAM_LEN);
	if (*made == NULL)
		*made = event_new(c->schema);
	event_reset(*made, r);
	for (size_t i = 0; i < c->group_count; i++) {
		event_set(*made, c->counted[0].group[i], values[i]);
		event_set(*made, c->group_fields[i], values[i]);
	}
	return *made;
}

/*
 * on is the event that completed the group, NULL when a clock did. Those who
 * count the correlation see only the group. Ends the alert.
 */
static void
tell(struct alert *a, const struct event *on, const struct listener *to)
{
	const struct correlation *c = a->c;
	struct slice values[CORRELATION_FIELDS_MAX];
	struct event *seen;
	struct record r;

	group_name_read(buf_slice(&a->name), values, c->group_count);
	seen = make_event(a, &r, values);
	c->rule->matches++;
	if (!c->rule->silent)
		to->matched(to->arg, &(struct match){
			.rule = &c->rule->info, .key = buf_slice(&a->key),
			.ev = on != NULL ? on : seen,
			.correlated = &(struct correlated){
				.type = correlation_types[c->type],
				.fields = c->group, .values = values,
				.group_count = c->group_count,
				.from = a->from, .until = a->until,
				.measure = a->measure,
				.rules = c->rule_ids,
				.rule_count = c->counted_count,
			},
		});
	count_nested(c->correlator, c, seen, on != NULL ? on : seen, to);
	buf_free(&a->name);
	buf_free(&a->key);
}

/* --- deciding ------------------------------------------------------------- */

/* Decides with each match; after an alert the group begins anew. */
static void
slide(struct group *g, const struct event *ev, const struct listener *to)
{
	struct window *w = &g->window;
	struct alert a = { .c = group_correlation(g) };

	if (!window_holds(w, a.c, w->count, &a.measure)) {
		group_note(g);
		return;
	}
	alert_begin(&a, g);
	a.from = w->items[0].time;
	a.until = w->items[w->count - 1].time;
	window_free(w);
	group_rest(g, a.until);
	group_note(g);
	tell(&a, ev, to);
}

/*
 * Decides a window whose time is over; what came behind it opens the next.
 * The group may be gone afterwards: telling makes others remember things, and
 * these need room.
 */
static void
close_window(struct group *g, const struct listener *to)
{
	struct window *w = &g->window, rest = { 0 };
	struct alert a = { .c = group_correlation(g),
		.from = w->items[0].time };
	size_t n = window_until(w, a.from + a.c->timespan);
	bool holds = window_holds(w, a.c, n, &a.measure);

	watching_window(&a.c->correlator->watching, g, n, 0,
	    COUNTING_CLOSED);
	a.until = a.from + a.c->timespan;
	if (holds) {
		alert_begin(&a, g);
		pack_signed(&a.key, a.from);
		group_rest(g, a.until);
	}
	for (size_t i = n; i < w->count; i++)
		if (w->items[i].time >= g->rests)
			window_add(&rest, a.c, w->items[i]);
	window_free(w);
	*w = rest;
	group_note(g);
	if (holds)
		tell(&a, NULL, to);
}

static void
group_due(struct item *it, int64_t now, const struct listener *to)
{
	struct group *g = (struct group *)it;

	(void)now;
	if (group_correlation(g)->eager || g->window.count == 0)
		memory_drop(it);
	else
		close_window(g, to);
}

const struct memory_kind correlation_groups = {
	.tag = 'c', .save = group_save, .load = group_load,
	.free = group_free, .due = group_due, .clock = group_clock,
};

/* --- counting ------------------------------------------------------------- */

/* Whether what a match belongs to was decided already. */
static bool
is_too_late(const struct count *k, const struct group *g, int64_t time)
{
	const struct correlation *c = k->c;
	const struct window *w = g != NULL ? &g->window : NULL;

	if (w == NULL || w->count == 0)
		return !c->eager && k->co->now != INT64_MIN &&
		    time < k->co->now - c->timespan - c->late;
	if (c->eager)
		return time < w->items[w->count - 1].time - c->timespan;
	return time < w->items[0].time - c->late;
}

static struct group *
group_of(struct count *k)
{
	struct item *it = memory_find(k->c->holder,
	    buf_slice(&k->co->names[k->c->depth]));

	return (struct group *)it;
}

/* Whether a match shows that the group's window is over. */
static bool
is_over(const struct group *g, int64_t time)
{
	const struct correlation *c = group_correlation(g);

	return !c->eager && g->window.count > 0 &&
	    time > g->window.items[0].time + c->timespan + c->late;
}

static struct group *
find_group(struct count *k, int64_t time)
{
	struct group *g = group_of(k);

	if (is_too_late(k, g, time)) {
		k->c->too_late++;
		lost(k, COUNTING_LATE, S(""));
		return NULL;
	}
	for (; g != NULL && is_over(g, time); g = group_of(k))
		close_window(g, k->to);
	if (g != NULL && time < g->rests) {
		lost(k, COUNTING_RESTS, S(""));
		return NULL;
	}
	if (g != NULL)
		return g;
	g = xcalloc(1, sizeof(*g));
	g->rests = INT64_MIN;
	memory_add(k->c->holder, buf_slice(&k->co->names[k->c->depth]),
	    &g->item);
	return g;
}

/* How much of a window is decided together: all, or up to its end. */
static size_t
decided(const struct group *g, const struct correlation *c)
{
	const struct window *w = &g->window;

	return c->eager || w->count == 0 ? w->count :
	    window_until(w, w->items[0].time + c->timespan);
}

/* Only the newest match says how far behind its source is now. */
static void
note_lag(struct group *g, const struct count *k, int64_t time)
{
	const struct window *w = &g->window;
	int64_t received = k->ev->received;

	if (w->count > 0 && w->items[w->count - 1].time > time)
		return;
	g->lag = !k->co->follow && when_is_near(received) && received > time ?
	    received - time : 0;
}

static void
count_match(struct count *k)
{
	struct group *g;
	struct seen s;
	bool new;

	if (!when_is_near(k->seen->time))
		return;
	if (!see(k, &s)) {
		lost(k, COUNTING_NO_VALUE, k->c->values[0]);
		return;
	}
	g = find_group(k, s.time);
	if (g == NULL)
		return;
	new = window_add(&g->window, k->c, s);
	watching_window(&k->co->watching, g, decided(g, k->c), k->rule,
	    new ? COUNTING_DONE : COUNTING_KNOWN);
	if (!new)
		return;
	note_lag(g, k, s.time);
	if (k->c->eager)
		slide(g, k->ev, k->to);
	else
		group_note(g);
}

static void
count_nested(struct correlator *co, const struct correlation *c,
    const struct event *seen, const struct event *ev,
    const struct listener *to)
{
	for (const struct counting *n = c->rule->countings; n != NULL;
	    n = n->next) {
		struct count k = { co, n->correlation, n->index, seen, ev,
			to };

		if (name_group(&k))
			count_match(&k);
	}
}

/*
 * Rules that come later in a list first, so that one event is never two steps
 * of an order. What only counts takes an event once for each group.
 */
static void
count_hits(struct count *k)
{
	struct correlation *c = k->c;
	struct buf *name = &k->co->names[c->depth];
	struct buf *last = &k->co->last_name;
	bool once = c->type != TEMPORAL && c->type != TEMPORAL_ORDERED;
	bool first = true;

	for (size_t i = c->counted_count; i-- > 0;) {
		if (!c->counted[i].hit)
			continue;
		c->counted[i].hit = false;
		k->rule = i;
		if (!name_group(k) || (once && !first &&
		    slice_eq(buf_slice(name), buf_slice(last))))
			continue;
		first = false;
		buf_clear(last);
		buf_add(last, buf_slice(name));
		count_match(k);
	}
}

void
correlator_note(struct correlator *co, struct rule *r)
{
	for (struct counting *n = r->countings; n != NULL; n = n->next) {
		struct correlation *c = n->correlation;

		c->counted[n->index].hit = true;
		if (c->hit)
			continue;
		c->hit = true;
		c->next_hit = NULL;
		*co->last_hit = c;
		co->last_hit = &c->next_hit;
	}
}

void
correlator_count(struct correlator *co, const struct event *ev,
    const struct listener *to)
{
	struct correlation *c = co->hit;

	co->hit = NULL;
	co->last_hit = &co->hit;
	for (; c != NULL; c = c->next_hit) {
		struct count k = { co, c, 0, ev, ev, to };

		c->hit = false;
		count_hits(&k);
	}
}
