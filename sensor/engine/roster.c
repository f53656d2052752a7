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
	struct sieve *triggers;	/* whose texts wake rules */
	struct sieve *rest;	/* that rules ask for once awake */
	/* By number in triggers: its first rule among those woken, an end. */
	uint32_t *firsts;
	uint32_t *woken;	/* rules */
	uint32_t *always;	/* rules that nothing need be found for */
	size_t always_count;
	uint32_t numbers;	/* given by triggers */
	uint64_t stamp;		/* of the last event */
};

/* Buckets that cover an event's log source; remembered, not promised. */
struct route {
	uint64_t source;
	uint32_t *buckets;
	size_t count;
	bool anywhere;		/* some look into all fields at once */
};

struct roster {
	struct rule *rules;
	struct predicates *ps;
	struct bucket *buckets;
	size_t bucket_count;
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

/* A bucket while it is made. */
struct making {
	struct bucket *bucket;
	struct sieve_maker *triggers, *rest;
	struct predicates *ps;
	const bool *wakes_some;	/* by predicate: it is in a trigger */
	struct rule *rules;
	uint32_t rule;
	struct wake *wakes;
	size_t count, room;
	size_t numbers;		/* given by triggers */
};

static uint32_t
bucket_of(struct roster *d, struct logsource source)
{
	for (uint32_t i = 0; i < d->bucket_count; i++)
		if (memcmp(&d->buckets[i].source, &source,
		    sizeof(source)) == 0)
			return i;
	d->buckets = xrealloc(d->buckets, d->bucket_count + 1,
	    sizeof(*d->buckets));
	d->buckets[d->bucket_count] = (struct bucket){ .source = source };
	return (uint32_t)d->bucket_count++;
}

static uint32_t
number_of(struct making *m, uint32_t predicate)
{
	uint32_t number = sieve_add(m->triggers, predicate);

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
		sieve_add(m->rest, predicate);
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
	struct bucket *b = m->bucket;
	size_t at = 0;

	if (m->count > 0)
		qsort(m->wakes, m->count, sizeof(*m->wakes), by_number);
	b->firsts = xcalloc(m->numbers + 1, sizeof(*b->firsts));
	b->woken = xcalloc(m->count, sizeof(*b->woken));
	for (uint32_t n = 0; n < m->numbers; n++) {
		b->firsts[n] = (uint32_t)at;
		for (; at < m->count && m->wakes[at].number == n; at++)
			b->woken[at] = m->wakes[at].rule;
	}
	b->firsts[m->numbers] = (uint32_t)at;
	b->numbers = (uint32_t)m->numbers;
}

/* All rules of a log source, while the roster is made. */
struct plan {
	const struct rarity *rarity;
	const uint32_t *members;	/* by rule: its bucket */
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

static void
make_bucket(struct roster *d, uint32_t bucket, const struct plan *p)
{
	struct making m = { .bucket = &d->buckets[bucket], .ps = d->ps,
	    .rules = d->rules, .wakes_some = p->wakes_some,
	    .triggers = sieve_maker_new(d->ps),
	    .rest = sieve_maker_new(d->ps) };

	for (uint32_t i = 0; i < p->count; i++) {
		const struct rule *r = &d->rules[i];

		if (p->members[i] != bucket || rule_is_idle(r))
			continue;
		m.rule = i;
		program_tests(r->code, r->code_len, seek, &m);
		if (!trigger_find(p->rarity, r->expr, add_wake, &m))
			add_always(m.bucket, i);
	}
	sort_wakes(&m);
	m.bucket->triggers = sieve_new(m.triggers);
	m.bucket->rest = sieve_new(m.rest);
	free(m.wakes);
}

static void
make_buckets(struct roster *d, size_t count)
{
	struct rarity *rarity = rarity_new(d->rules, count, d->ps);
	uint32_t *members = xcalloc(count, sizeof(*members));
	struct plan p = { .rarity = rarity, .members = members,
	    .count = count, .ps = d->ps };

	p.wakes_some = xcalloc(predicates_count(d->ps),
	    sizeof(*p.wakes_some));
	for (size_t i = 0; i < count; i++) {
		members[i] = UINT32_MAX;
		if (d->rules[i].expr == NULL)
			continue;
		members[i] = bucket_of(d, d->rules[i].source);
		if (!rule_is_idle(&d->rules[i]))
			trigger_find(rarity, d->rules[i].expr, note_trigger,
			    &p);
	}
	for (uint32_t i = 0; i < d->bucket_count; i++)
		make_bucket(d, i, &p);
	rarity_free(rarity);
	free(members);
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
	make_buckets(d, count);
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
	for (size_t i = 0; i < d->bucket_count; i++) {
		sieve_free(d->buckets[i].triggers);
		sieve_free(d->buckets[i].rest);
		free(d->buckets[i].firsts);
		free(d->buckets[i].woken);
		free(d->buckets[i].always);
	}
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
	const struct bucket *b;
};

static void
wake_found(void *arg, uint32_t number)
{
	const struct waking *w = arg;
	const struct bucket *b = w->b;

	for (uint32_t i = b->firsts[number]; i < b->firsts[number + 1]; i++)
		wake(w->d, b->woken[i]);
}

static void
look(struct roster *d, struct bucket *b)
{
	struct waking w = { d, b };

	if (b->stamp == d->stamp)
		return;
	b->stamp = d->stamp;
	sieve_event(b->triggers, d->ps, wake_found, &w);
	for (size_t i = 0; i < b->always_count; i++)
		wake(d, b->always[i]);
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
	r->anywhere = false;
	for (size_t i = 0; i < d->bucket_count; i++) {
		if (!logsource_covers(d->buckets[i].source, from))
			continue;
		r->buckets[r->count++] = (uint32_t)i;
		r->anywhere |= sieve_looks_anywhere(d->buckets[i].triggers);
	}
	return r;
}

/* Runs a rule and stops it when it has taken too much. */
static bool
run(struct roster *d, uint32_t rule, enum looked looked)
{
	struct rule *r = &d->rules[rule];
	int64_t start = r->rationed || d->measured ? ration_clock() : 0;
	int64_t spent;
	bool aborted = false, match;

	/* It asks only for what was looked for in its bucket. */
	predicates_looked(d->ps, looked);
	match = program_run(r->code, r->code_len, d->ps, &aborted);
	predicates_looked(d->ps, LOOKED_NOT);
	r->aborted += aborted;
	r->matches += match;
	spent = start != 0 ? ration_clock() - start : 0;
	if (d->measured) {
		r->woken++;
		r->spent += spent;
	}
	if (r->rationed && !ration_charge(&r->ration, d->earned, spent,
	    aborted)) {
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
	for (size_t i = 0; i < d->bucket_count; i++)
		if (d->buckets[i].stamp == d->stamp)
			sieve_event(d->buckets[i].rest, d->ps, ignore, NULL);
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
		const struct view *v;

		/* First, for then no field is folded for itself. */
		if (r->anywhere)
			views_list(predicates_views(d->ps), FIELD_ANYWHERE,
			    true, &v);
		for (size_t k = 0; k < r->count; k++)
			look(d, &d->buckets[r->buckets[k]]);
	}
	run_due(d, ev, look_for_rest(d), matched, arg);
}

void
roster_measure(struct roster *d)
{
	d->measured = true;
}

static void
bucket_wakes(const struct bucket *b, uint32_t rule,
    void (*each)(void *arg, uint32_t predicate), void *arg)
{
	for (uint32_t n = 0; n < b->numbers; n++)
		for (uint32_t i = b->firsts[n]; i < b->firsts[n + 1]; i++)
			if (b->woken[i] == rule)
				each(arg, sieve_predicate(b->triggers, n));
}

void
roster_wakes(const struct roster *d, uint32_t rule,
    void (*each)(void *arg, uint32_t predicate), void *arg)
{
	for (size_t i = 0; i < d->bucket_count; i++)
		bucket_wakes(&d->buckets[i], rule, each, arg);
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

	for (size_t i = 0; i < d->bucket_count; i++)
		bytes += sieve_bytes(d->buckets[i].triggers) +
		    sieve_bytes(d->buckets[i].rest);
	return bytes;
}
