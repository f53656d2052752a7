#include "engine/roster.h"

#include <stdlib.h>

#include "engine/program.h"
#include "engine/tuning.h"

enum { ROUTES = 64 };	/* a power of two */

static const uint32_t NONE = UINT32_MAX;

/* The rules of one log source. */
struct bucket {
	struct logsource source;
	uint32_t *always;	/* rules that no text leads to */
	size_t always_count;
	uint16_t *fields;	/* whose texts lead to rules */
	size_t field_count;
	uint64_t stamp;		/* of the last event */
};

/* A text in a field of a bucket's event makes a rule worth a look. */
struct trigger {
	uint64_t hash;
	struct slice text;	/* folded */
	uint32_t bucket, rule, next;
	uint16_t field;
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
	struct bucket *buckets;
	size_t bucket_count;
	struct trigger *triggers;
	size_t trigger_count, trigger_room;
	uint32_t *heads;	/* of the chains of triggers, by hash */
	size_t head_count;	/* a power of two */
	struct route routes[ROUTES];
	uint32_t *route_memory;
	uint64_t stamp;
};

static uint64_t
trigger_hash(uint64_t text, uint32_t bucket, uint16_t field)
{
	return text ^ ((uint64_t)bucket << 16 | field) *
	    UINT64_C(0x9e3779b97f4a7c15);
}

static void
append_rule(uint32_t **items, size_t *count, uint32_t rule)
{
	/* Grows at powers of two, so a room needs no counting. */
	if ((*count & (*count - 1)) == 0)
		*items = xrealloc(*items, *count * 2 + 1, sizeof(**items));
	(*items)[(*count)++] = rule;
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
	d->buckets[d->bucket_count] = (struct bucket){ .source = source };
	return (uint32_t)d->bucket_count++;
}

static void
want_field(struct bucket *b, uint16_t field)
{
	for (size_t i = 0; i < b->field_count; i++)
		if (b->fields[i] == field)
			return;
	b->fields = xrealloc(b->fields, b->field_count + 1,
	    sizeof(*b->fields));
	b->fields[b->field_count++] = field;
}

/* What program_needs calls back with. */
struct binding {
	struct roster *d;
	uint32_t bucket, rule;
};

static void
add_trigger(void *arg, uint16_t field, struct slice text)
{
	const struct binding *b = arg;
	struct roster *d = b->d;

	if (d->trigger_count == d->trigger_room) {
		d->trigger_room = d->trigger_room * 2 + 64;
		d->triggers = xrealloc(d->triggers, d->trigger_room,
		    sizeof(*d->triggers));
	}
	d->triggers[d->trigger_count++] = (struct trigger){
		.hash = trigger_hash(slice_hash(text), b->bucket, field),
		.text = text, .bucket = b->bucket, .rule = b->rule,
		.field = field,
	};
	want_field(&d->buckets[b->bucket], field);
}

static void
bind(struct roster *d, uint32_t rule, const uint32_t *uses)
{
	const struct rule *r = &d->rules[rule];
	struct binding b = { d, bucket_of(d, r->source), rule };
	struct bucket *bucket = &d->buckets[b.bucket];

	if (!program_needs(r->expr, d->ps, uses, add_trigger, &b))
		append_rule(&bucket->always, &bucket->always_count, rule);
}

static void
chain_triggers(struct roster *d)
{
	d->head_count = 16;
	while (d->head_count < d->trigger_count * 2)
		d->head_count *= 2;
	d->heads = xmalloc(d->head_count * sizeof(*d->heads));
	for (size_t i = 0; i < d->head_count; i++)
		d->heads[i] = NONE;
	/* From the last on, so that chains go in the order of the rules. */
	for (size_t i = d->trigger_count; i-- > 0;) {
		struct trigger *t = &d->triggers[i];
		uint32_t *head = &d->heads[t->hash & (d->head_count - 1)];

		t->next = *head;
		*head = (uint32_t)i;
	}
}

static void
count_use(void *arg, uint32_t predicate)
{
	uint32_t *uses = arg;

	uses[predicate]++;
}

struct roster *
roster_new(struct rule *rules, size_t count, struct predicates *ps)
{
	struct roster *d = xcalloc(1, sizeof(*d));
	uint32_t *uses = xcalloc(predicates_count(ps), sizeof(*uses));

	d->rules = rules;
	d->ps = ps;
	for (size_t i = 0; i < count; i++)
		program_tests(rules[i].code, rules[i].code_len, count_use,
		    uses);
	for (uint32_t i = 0; i < count; i++)
		if (!rule_is_idle(&rules[i]))
			bind(d, i, uses);
	free(uses);
	chain_triggers(d);
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
		free(d->buckets[i].always);
		free(d->buckets[i].fields);
	}
	free(d->buckets);
	free(d->triggers);
	free(d->heads);
	free(d->route_memory);
	free(d);
}

/* Who is told of a match. */
struct listener {
	void (*matched)(void *arg, const struct match *m);
	void *arg;
};

static void
hold_against(struct roster *d, uint32_t rule, const struct listener *to)
{
	struct rule *r = &d->rules[rule];
	bool aborted = false, match;

	if (r->stamp == d->stamp)
		return;
	r->stamp = d->stamp;
	match = program_run(r->code, r->code_len, d->ps, &aborted);
	r->aborted += aborted;
	r->matches += match;
	if (match)
		to->matched(to->arg, &(struct match){ .rule = &r->info,
		    .ev = views_of(predicates_views(d->ps)), .key = S("") });
}

/* The rules of a bucket that a text leads to. */
static void
probe(struct roster *d, uint32_t bucket, uint16_t field,
    struct view v, const struct listener *to)
{
	uint64_t hash = trigger_hash(v.hash, bucket, field);
	uint32_t i = d->heads[hash & (d->head_count - 1)];

	for (; i != NONE; i = d->triggers[i].next) {
		const struct trigger *t = &d->triggers[i];

		if (t->hash == hash && t->bucket == bucket &&
		    t->field == field && slice_eq(t->text,
		    view_folded(predicates_views(d->ps), &v)))
			hold_against(d, t->rule, to);
	}
}

static void
run_bucket(struct roster *d, uint32_t bucket, const struct listener *to)
{
	struct bucket *b = &d->buckets[bucket];
	struct views *vs = predicates_views(d->ps);

	if (b->stamp == d->stamp)
		return;
	b->stamp = d->stamp;
	for (size_t i = 0; i < b->field_count; i++) {
		const struct view *v;
		size_t n = views_list(vs, b->fields[i], true, &v);

		/* A rule may ask for other lists, which moves the views. */
		for (size_t k = 0; k < n; k++) {
			views_list(vs, b->fields[i], true, &v);
			probe(d, bucket, b->fields[i], v[k], to);
		}
	}
	for (size_t i = 0; i < b->always_count; i++)
		hold_against(d, b->always[i], to);
}

static const struct route *
route_of(struct roster *d, struct logsource from)
{
	uint64_t source = (uint64_t)from.product << 32 |
	    (uint64_t)from.category << 16 | from.service;
	struct route *r = &d->routes[(source ^ source >> 16 ^ source >> 32) &
	    (ROUTES - 1)];

	if (r->source == source)
		return r;
	r->source = source;
	r->count = 0;
	for (size_t i = 0; i < d->bucket_count; i++)
		if (logsource_covers(d->buckets[i].source, from))
			r->buckets[r->count++] = (uint32_t)i;
	return r;
}

void
roster_event(struct roster *d, const struct event *ev,
    void (*matched)(void *arg, const struct match *m), void *arg)
{
	struct listener to = { matched, arg };

	d->stamp++;
	predicates_event(d->ps, ev);
	for (size_t i = 0; i < ev->source_count; i++) {
		const struct route *r = route_of(d, ev->sources[i]);

		for (size_t k = 0; k < r->count; k++)
			run_bucket(d, r->buckets[k], &to);
	}
}
