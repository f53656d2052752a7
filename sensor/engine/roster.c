#include "engine/roster.h"

#include <stdlib.h>

#include "engine/memory.h"
#include "engine/program.h"
#include "engine/seek.h"
#include "engine/sieve.h"
#include "engine/trigger.h"
#include "engine/tuning.h"

enum {
	ROUTE_BITS = 8,
	ROUTES = 1 << ROUTE_BITS,
	/* So many rules may look for each other text that they ask for. */
	DUE_FEW = 8,
};

/* The rules of one log source. */
struct bucket {
	struct logsource source;
	uint32_t shelf;
	uint32_t *always;	/* rules that nothing need be found for */
	size_t always_count;
	uint64_t stamp;		/* of the last event */
};

/*
 * The rules of all log sources of one product. An event mostly has several of
 * these, and its texts are gone over once for all of them; what is found for
 * rules of other log sources wakes nobody.
 */
struct shelf {
	uint16_t product;
	struct sieve *triggers;	/* whose texts wake rules */
	struct sieve *rest;	/* that rules ask for once awake */
	/* By number in triggers: its first rule among those woken, an end. */
	uint32_t *firsts;
	uint32_t *woken;	/* rules */
	uint32_t numbers;	/* given by triggers */
	uint64_t stamp;		/* of the last event */
	uint64_t wanted;	/* bits of this event's buckets */
};

/* Buckets that cover an event's log source; remembered, not promised. */
struct route {
	uint64_t source;
	uint32_t *buckets;
	size_t count;
};

struct roster {
	struct rule *rules;
	struct predicates *ps;
	uint32_t *members;	/* by rule: its bucket, or UINT32_MAX */
	struct bucket *buckets;
	size_t bucket_count;
	struct shelf *shelves;
	size_t shelf_count;
	struct route routes[ROUTES];
	uint32_t *route_memory;
	uint32_t *due;		/* rules to be held against the event */
	size_t due_count;
	int64_t earned;		/* by all events; see ration.h */
	bool measured;		/* what each rule takes */
	uint32_t *offenders;	/* rules that were stopped */
	size_t offender_count;
	uint64_t stamp;
};

/* That a rule is woken when something is found. */
struct wake {
	uint32_t number, rule;
};

/* A shelf while it is made. */
struct making {
	struct shelf *shelf;
	struct sieve_maker *triggers, *rest;
	struct predicates *ps;
	const bool *wakes_some;	/* by predicate: it is in a trigger */
	struct rule *rules;
	uint32_t rule;
	uint64_t wanted;	/* the bit of its bucket */
	struct wake *wakes;
	size_t count, room;
	size_t numbers;		/* given by triggers */
};

static uint32_t
shelf_of(struct roster *d, uint16_t product)
{
	for (uint32_t i = 0; i < d->shelf_count; i++)
		if (d->shelves[i].product == product)
			return i;
	d->shelves = xrealloc(d->shelves, d->shelf_count + 1,
	    sizeof(*d->shelves));
	d->shelves[d->shelf_count] = (struct shelf){ .product = product };
	return (uint32_t)d->shelf_count++;
}

/* Buckets may share a bit: more is looked for then, and wakes nobody. */
static uint64_t
bit_of(uint32_t bucket)
{
	return UINT64_C(1) << bucket % 64;
}

static uint32_t
bucket_of(struct roster *d, struct logsource source)
{
	for (uint32_t i = 0; i < d->bucket_count; i++)
		if (memcmp(&d->buckets[i].source, &source,
		    sizeof(source)) == 0)
			return i;
	d->buckets = xrealloc(d->buckets, d->bucket_count + 1,
	    sizeof(*d->buckets));
	d->buckets[d->bucket_count] = (struct bucket){ .source = source,
	    .shelf = shelf_of(d, source.product) };
	return (uint32_t)d->bucket_count++;
}

static uint32_t
number_of(struct making *m, uint32_t predicate)
{
	uint32_t number = sieve_add(m->triggers, predicate, m->wanted);

	if (number >= m->numbers)
		m->numbers = number + 1;
	return number;
}

static void
seek(void *arg, uint32_t predicate)
{
	struct making *m = arg;

	m->rules[m->rule].rationed |=
	    predicates_get(m->ps, predicate)->op == OP_REGEX;
	if (!seek_can(predicates_get(m->ps, predicate)))
		return;
	if (m->wakes_some[predicate])
		number_of(m, predicate);
	else
		sieve_add(m->rest, predicate, m->wanted);
}

static void
add_wake(void *arg, uint32_t predicate)
{
	struct making *m = arg;

	if (m->count == m->room) {
		m->room = m->room * 2 + 64;
		m->wakes = xrealloc(m->wakes, m->room, sizeof(*m->wakes));
	}
	m->wakes[m->count++] = (struct wake){ number_of(m, predicate),
	    m->rule };
	if (m->rules[m->rule].wakes++ == 0)
		m->rules[m->rule].wake = predicate;
}

static void
add_always(struct bucket *b, uint32_t rule)
{
	/* Grows at powers of two, so a room needs no counting. */
	if ((b->always_count & (b->always_count - 1)) == 0)
		b->always = xrealloc(b->always, b->always_count * 2 + 1,
		    sizeof(*b->always));
	b->always[b->always_count++] = rule;
}

static int
by_number(const void *a, const void *b)
{
	const struct wake *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static void
sort_wakes(struct making *m)
{
	struct shelf *h = m->shelf;
	size_t at = 0;

	if (m->count > 0)
		qsort(m->wakes, m->count, sizeof(*m->wakes), by_number);
	h->firsts = xcalloc(m->numbers + 1, sizeof(*h->firsts));
	h->woken = xcalloc(m->count, sizeof(*h->woken));
	for (uint32_t n = 0; n < m->numbers; n++) {
		h->firsts[n] = (uint32_t)at;
		for (; at < m->count && m->wakes[at].number == n; at++)
			h->woken[at] = m->wakes[at].rule;
	}
	h->firsts[m->numbers] = (uint32_t)at;
	h->numbers = (uint32_t)m->numbers;
}

/* All rules, while the roster is made. */
struct plan {
	const struct rarity *rarity;
	size_t count;			/* of rules */
	bool *wakes_some;
	struct predicates *ps;
};

static void
note_trigger(void *arg, uint32_t predicate)
{
	struct plan *p = arg;

	p->wakes_some[predicate] = true;
	predicates_first(p->ps, predicate);
}

/* Whether a rule is to be held against events. */
static bool
is_on(const struct roster *d, uint32_t rule)
{
	return d->members[rule] != UINT32_MAX &&
	    !rule_is_idle(&d->rules[rule]);
}

static void
make_shelf(struct roster *d, uint32_t shelf, const struct plan *p)
{
	struct making m = { .shelf = &d->shelves[shelf], .ps = d->ps,
	    .rules = d->rules, .wakes_some = p->wakes_some,
	    .triggers = sieve_maker_new(d->ps),
	    .rest = sieve_maker_new(d->ps) };

	for (uint32_t i = 0; i < p->count; i++) {
		const struct rule *r = &d->rules[i];

		if (!is_on(d, i) ||
		    d->buckets[d->members[i]].shelf != shelf)
			continue;
		m.rule = i;
		m.wanted = bit_of(d->members[i]);
		program_tests(r->code, r->code_len, seek, &m);
		if (!trigger_find(p->rarity, r->expr, add_wake, &m))
			add_always(&d->buckets[d->members[i]], i);
	}
	sort_wakes(&m);
	m.shelf->triggers = sieve_new(m.triggers);
	m.shelf->rest = sieve_new(m.rest);
	free(m.wakes);
}

static void
make_shelves(struct roster *d, size_t count)
{
	struct rarity *rarity = rarity_new(d->rules, count, d->ps);
	struct plan p = { .rarity = rarity, .count = count, .ps = d->ps };

	p.wakes_some = xcalloc(predicates_count(d->ps),
	    sizeof(*p.wakes_some));
	for (uint32_t i = 0; i < count; i++) {
		d->members[i] = d->rules[i].expr == NULL ? UINT32_MAX :
		    bucket_of(d, d->rules[i].source);
		if (is_on(d, i))
			trigger_find(rarity, d->rules[i].expr, note_trigger,
			    &p);
	}
	for (uint32_t i = 0; i < d->shelf_count; i++)
		make_shelf(d, i, &p);
	rarity_free(rarity);
	free(p.wakes_some);
}

struct roster *
roster_new(struct rule *rules, size_t count, struct predicates *ps)
{
	struct roster *d = xcalloc(1, sizeof(*d));

	d->rules = rules;
	d->ps = ps;
	d->due = xcalloc(count, sizeof(*d->due));
	d->offenders = xcalloc(count, sizeof(*d->offenders));
	d->members = xcalloc(count, sizeof(*d->members));
	make_shelves(d, count);
	d->route_memory = xcalloc(ROUTES * d->bucket_count,
	    sizeof(*d->route_memory));
	for (size_t i = 0; i < ROUTES; i++)
		d->routes[i].buckets = d->route_memory + i * d->bucket_count;
	return d;
}

void
roster_free(struct roster *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->shelf_count; i++) {
		sieve_free(d->shelves[i].triggers);
		sieve_free(d->shelves[i].rest);
		free(d->shelves[i].firsts);
		free(d->shelves[i].woken);
	}
	for (size_t i = 0; i < d->bucket_count; i++)
		free(d->buckets[i].always);
	free(d->members);
	free(d->shelves);
	free(d->buckets);
	free(d->route_memory);
	free(d->due);
	free(d->offenders);
	free(d);
}

static void
wake(struct roster *d, uint32_t rule)
{
	if (d->rules[rule].stamp == d->stamp || d->rules[rule].stopped)
		return;
	d->rules[rule].stamp = d->stamp;
	d->due[d->due_count++] = rule;
}

/* What sieve_event calls back with. */
struct waking {
	struct roster *d;
	const struct shelf *h;
};

static void
wake_found(void *arg, uint32_t number)
{
	const struct waking *w = arg;
	const struct shelf *h = w->h;

	for (uint32_t i = h->firsts[number]; i < h->firsts[number + 1]; i++)
		if (w->d->buckets[w->d->members[h->woken[i]]].stamp ==
		    w->d->stamp)
			wake(w->d, h->woken[i]);
}

/* Says that the event has a bucket's log source. */
static void
want(struct roster *d, uint32_t bucket)
{
	struct bucket *b = &d->buckets[bucket];
	struct shelf *h = &d->shelves[b->shelf];

	if (b->stamp == d->stamp)
		return;
	b->stamp = d->stamp;
	if (h->stamp != d->stamp)
		h->wanted = 0;
	h->stamp = d->stamp;
	h->wanted |= bit_of(bucket);
	for (size_t i = 0; i < b->always_count; i++)
		wake(d, b->always[i]);
}

static void
look(struct roster *d)
{
	const struct view *v;
	bool anywhere = false;

	for (size_t i = 0; i < d->shelf_count && !anywhere; i++)
		anywhere = d->shelves[i].stamp == d->stamp &&
		    sieve_looks_anywhere(d->shelves[i].triggers,
		    d->shelves[i].wanted);
	/* First, for then no field is folded for itself. */
	if (anywhere)
		views_list(predicates_views(d->ps), FIELD_ANYWHERE, true, &v);
	for (size_t i = 0; i < d->shelf_count; i++) {
		struct waking w = { d, &d->shelves[i] };

		if (w.h->stamp == d->stamp)
			sieve_event(w.h->triggers, d->ps, w.h->wanted,
			    wake_found, &w);
	}
}

static const struct route *
route_of(struct roster *d, struct logsource from)
{
	uint64_t source = (uint64_t)from.product << 32 |
	    (uint64_t)from.category << 16 | from.service;
	struct route *r = &d->routes[source * UINT64_C(0x9e3779b97f4a7c15) >>
	    (64 - ROUTE_BITS)];

	if (r->source == source)
		return r;
	r->source = source;
	r->count = 0;
	for (size_t i = 0; i < d->bucket_count; i++)
		if (logsource_covers(d->buckets[i].source, from))
			r->buckets[r->count++] = (uint32_t)i;
	return r;
}

/* Runs a rule and stops it when it has taken too much. */
static bool
run(struct roster *d, uint32_t rule, enum looked looked)
{
	struct rule *r = &d->rules[rule];
	int64_t start = d->measured ? ration_clock() : 0;
	bool aborted = false, match;

	/* It asks only for what was looked for on its shelf. */
	predicates_looked(d->ps, looked);
	predicates_spent(d->ps);
	match = program_run(r->code, r->code_len, d->ps, &aborted);
	predicates_looked(d->ps, LOOKED_NOT);
	r->aborted += aborted;
	r->matches += match;
	if (d->measured) {
		r->woken++;
		r->spent += ration_clock() - start;
	}
	if (r->rationed && !ration_charge(&r->ration, d->earned,
	    predicates_spent(d->ps), aborted)) {
		r->stopped = true;
		d->offenders[d->offender_count++] = rule;
	}
	return match;
}

/* Holds the rules that were woken against the event. */
static void
run_due(struct roster *d, const struct event *ev, enum looked looked,
    void (*matched)(void *arg, const struct match *m), void *arg)
{
	for (size_t i = 0; i < d->due_count; i++)
		if (run(d, d->due[i], looked))
			matched(arg, &(struct match){ .key = S(""), .ev = ev,
			    .rule = &d->rules[d->due[i]].info });
}

static void
ignore(void *arg, uint32_t number)
{
	(void)arg;
	(void)number;
}

/*
 * Few rules look themselves for what they ask for; for many it is cheaper to
 * look for all of it at once. An event that wakes all rules costs no more
 * than it must.
 */
static enum looked
look_for_rest(struct roster *d)
{
	if (d->due_count <= DUE_FEW)
		return LOOKED_FIRST;
	for (size_t i = 0; i < d->shelf_count; i++)
		if (d->shelves[i].stamp == d->stamp)
			sieve_event(d->shelves[i].rest, d->ps,
			    d->shelves[i].wanted, ignore, NULL);
	return LOOKED_ALL;
}

void
roster_event(struct roster *d, const struct event *ev,
    void (*matched)(void *arg, const struct match *m), void *arg)
{
	d->stamp++;
	d->due_count = 0;
	d->earned += ration_earn(ev->record->bytes.len);
	predicates_event(d->ps, ev);
	for (size_t i = 0; i < ev->source_count; i++) {
		const struct route *r = route_of(d, ev->sources[i]);

		for (size_t k = 0; k < r->count; k++)
			want(d, r->buckets[k]);
	}
	look(d);
	run_due(d, ev, look_for_rest(d), matched, arg);
}

void
roster_measure(struct roster *d)
{
	d->measured = true;
}

static void
shelf_wakes(const struct shelf *h, uint32_t rule,
    void (*each)(void *arg, uint32_t predicate), void *arg)
{
	for (uint32_t n = 0; n < h->numbers; n++)
		for (uint32_t i = h->firsts[n]; i < h->firsts[n + 1]; i++)
			if (h->woken[i] == rule)
				each(arg, sieve_predicate(h->triggers, n));
}

void
roster_wakes(const struct roster *d, uint32_t rule,
    void (*each)(void *arg, uint32_t predicate), void *arg)
{
	for (size_t i = 0; i < d->shelf_count; i++)
		shelf_wakes(&d->shelves[i], rule, each, arg);
}

bool
roster_offender(struct roster *d, uint32_t *rule)
{
	if (d->offender_count == 0)
		return false;
	*rule = d->offenders[--d->offender_count];
	return true;
}

void
roster_forget(struct roster *d)
{
	d->earned = 0;
	d->offender_count = 0;
}

size_t
roster_bytes(const struct roster *d)
{
	size_t bytes = 0;

	for (size_t i = 0; i < d->shelf_count; i++)
		bytes += sieve_bytes(d->shelves[i].triggers) +
		    sieve_bytes(d->shelves[i].rest);
	return bytes;
}
