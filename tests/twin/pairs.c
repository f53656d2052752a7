#include "pairs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "decode/decode.h"
#include "engine/engine.h"
#include "invent.h"
#include "nearmiss.h"

extern const struct decoder dec_json;

enum { TOLD_MAX = 20 };

/* What is known of the twin's rule of the same number. */
struct known {
	struct slice yaml;
	bool both;		/* the engine has it, too */
	bool matched;		/* the present event, by the engine */
};

struct pairs {
	struct arena *arena;
	const char *placeholder_text;
	struct schema *schema;
	struct decoders *decoders;
	struct ruleset *rules;
	struct twin *twin;
	struct event *ev;
	struct map *ids;	/* id to number + 1 */
	struct known *known;
	size_t known_count;
	struct nearmiss nearmiss;
	struct pairs_counts counts;
	uint64_t seed, at;	/* for whoever wants to see it again */
	bool quiet, tolerant;
	bool ready;		/* compiled, without a mistake */
};

struct pairs *
pairs_new(const char *placeholders)
{
	static const struct decoder *const formats[] = { &dec_json, NULL };
	struct pairs *p = xcalloc(1, sizeof(*p));
	struct diag d = { 0 };
	struct node *map = NULL;

	p->arena = arena_new(0);
	p->placeholder_text = placeholders;
	p->schema = schema_new();
	p->decoders = decoders_new(p->schema, formats);
	p->rules = ruleset_new(p->schema);
	yaml_parse(p->arena, "placeholders", slice_of(placeholders), &map, &d);
	ruleset_placeholders(p->rules, map);
	p->twin = twin_new(map);
	p->ids = map_new();
	diag_free(&d);
	return p;
}

void
pairs_free(struct pairs *p)
{
	event_free(p->ev);
	twin_free(p->twin);
	ruleset_free(p->rules);
	decoders_free(p->decoders);
	schema_free(p->schema);
	nearmiss_free(&p->nearmiss);
	map_free(p->ids);
	arena_free(p->arena);
	free(p->known);
	free(p);
}

void
pairs_tolerate(struct pairs *p)
{
	p->tolerant = true;
}

/* True as long as there is something to be said. */
static bool
differ(struct pairs *p)
{
	p->counts.differences++;
	return !p->quiet && p->counts.differences <= TOLD_MAX;
}

static void
know(struct pairs *p, struct slice yaml, bool both)
{
	struct slice id = twin_id(twin_get(p->twin, p->known_count));

	p->known = xrealloc(p->known, p->known_count + 1, sizeof(*p->known));
	p->known[p->known_count++] = (struct known){ .yaml = yaml,
	    .both = both };
	map_put(p->ids, id, (void *)(uintptr_t)p->known_count);
}

/* How many of the documents the twin took; false: some are not for it. */
static bool
load_twin(struct pairs *p, const struct node *docs, size_t *taken)
{
	bool fine = true;

	for (*taken = 0; docs != NULL; docs = docs->next)
		switch (twin_load(p->twin, docs)) {
		case TWIN_READ:
			++*taken;
			break;
		case TWIN_PASSED:
			fine = false;
			break;
		case TWIN_REFUSED:
			break;
		}
	return fine;
}

void
pairs_add(struct pairs *p, const char *name, struct slice yaml)
{
	struct diag d = { 0 }, again = { 0 };
	struct slice text = arena_keep(p->arena, yaml);
	size_t before = ruleset_count(p->rules), taken = 0, got;
	struct node *docs = NULL;
	bool fine;

	ruleset_load_text(p->rules, name, text, &d);
	got = ruleset_count(p->rules) - before;
	if (yaml_parse(p->arena, name, text, &docs, &again) == -1)
		docs = NULL;
	fine = load_twin(p, docs, &taken);
	for (size_t i = 0; i < taken; i++)
		know(p, text, got == taken && fine);
	p->counts.rules += got == taken ? taken : 0;
	p->counts.refused += got == 0 && taken == 0 && fine;
	p->counts.passed += !fine;
	if (fine && got != taken && !p->tolerant && differ(p))
		fprintf(stderr, "seed %" PRIu64 ": the engine %s this, "
		    "the twin %s\n%s%s\n%.*s\n", p->seed,
		    got > 0 ? "takes" : "refuses", taken > 0 ? "takes it" :
		    "refuses it: ", twin_why(p->twin), d.text.len > 0 ?
		    buf_cstr(&d.text) : "", (int)text.len,
		    (const char *)text.p);
	diag_free(&again);
	diag_free(&d);
}

void
pairs_compile(struct pairs *p)
{
	struct diag d = { 0 };

	p->ready = ruleset_compile(p->rules, &d) == 0;
	if (!p->ready && !p->tolerant && differ(p))
		fprintf(stderr, "%s", buf_cstr(&d.text));
	schema_freeze(p->schema);
	p->ev = event_new(p->schema);
	nearmiss_learn(&p->nearmiss, p->twin);
	diag_free(&d);
}

static void
on_match(void *arg, const struct match *m)
{
	struct pairs *p = arg;
	uintptr_t n = (uintptr_t)map_get(p->ids, m->rule->id);

	if (n > 0)
		p->known[n - 1].matched = true;
}

/* A word that no rule asks for is still a word. */
static uint16_t
word_of(const struct pairs *p, struct slice word)
{
	int n = word.len == 0 ? 0 : schema_word_find(p->schema, word);

	return n == -1 ? UINT16_MAX : (uint16_t)n;
}

static void
hold_engine(struct pairs *p, struct slice json,
    const struct twin_source *sources, size_t count)
{
	struct record r = { .form = FORM_JSON, .bytes = json,
	    .source = S("twin"), .received = 1 };

	event_reset(p->ev, &r);
	decoders_run(p->decoders, p->ev);
	p->ev->source_count = 0;
	for (size_t i = 0; i < count; i++)
		event_source(p->ev, (struct logsource){
		    word_of(p, sources[i].product),
		    word_of(p, sources[i].category),
		    word_of(p, sources[i].service) });
	for (size_t i = 0; i < p->known_count; i++)
		p->known[i].matched = false;
	ruleset_match(p->rules, p->ev, on_match, p);
}

/* Whether they differ also where this rule is the only one. */
static bool
alone(struct pairs *p, struct slice yaml, struct slice json,
    const struct twin_source *sources, size_t count)
{
	struct pairs *one = pairs_new(p->placeholder_text);
	bool differs;

	one->quiet = true;
	pairs_add(one, "alone", yaml);
	pairs_compile(one);
	pairs_event(one, json, sources, count);
	differs = one->counts.differences > 0;
	pairs_free(one);
	return differs;
}

static void
tell(struct pairs *p, const struct known *k, struct slice json,
    const struct twin_source *sources, size_t count)
{
	fprintf(stderr, "seed %" PRIu64 ", event %" PRIu64 ": "
	    "the engine says %s, the twin %s\n%.*s\n%.*s\n", p->seed, p->at,
	    k->matched ? "yes" : "no", k->matched ? "no" : "yes",
	    (int)k->yaml.len, (const char *)k->yaml.p, (int)json.len,
	    (const char *)json.p);
	for (size_t i = 0; i < count; i++)
		fprintf(stderr, "of product \"%.*s\", category \"%.*s\", "
		    "service \"%.*s\"\n", (int)sources[i].product.len,
		    (const char *)sources[i].product.p,
		    (int)sources[i].category.len,
		    (const char *)sources[i].category.p,
		    (int)sources[i].service.len,
		    (const char *)sources[i].service.p);
	fprintf(stderr, "%s\n\n", alone(p, k->yaml, json, sources, count) ?
	    "so also without the other rules" :
	    "not so without the other rules");
}

/* Fields that C code sets may hold what the event does not say. */
static bool
is_plain_rule(const struct pairs *p, const struct twin_branch *b)
{
	int field = b->type != TWIN_LEAF ? -1 :
	    schema_find(p->schema, b->test->field);

	if (field >= 0 && field < F_KNOWN)
		return false;
	for (const struct twin_branch *c = b->first; c != NULL; c = c->next)
		if (!is_plain_rule(p, c))
			return false;
	return true;
}

static bool
leaves_out(const struct pairs *p, size_t i)
{
	const struct twin_rule *r = twin_get(p->twin, i);

	if (!p->known[i].both)
		return true;
	for (size_t k = 0; k < r->id_count && p->tolerant; k++)
		if (!is_plain_rule(p, r->ids[k].tree))
			return true;
	return false;
}

static void
compare(struct pairs *p, size_t i, const struct twin_event *ev,
    struct slice json)
{
	const struct known *k = &p->known[i];
	bool yes;

	if (leaves_out(p, i))
		return;
	yes = twin_match(twin_get(p->twin, i), ev);
	p->counts.pairs++;
	p->counts.matches += yes;
	if (yes != k->matched && differ(p))
		tell(p, k, json, ev->sources, ev->source_count);
}

bool
pairs_event(struct pairs *p, struct slice json,
    const struct twin_source *sources, size_t count)
{
	struct twin_source own = { .product = S("") };
	struct twin_event *ev;

	if (sources == NULL && p->known_count > 0)
		own = twin_source(twin_get(p->twin, 0));
	sources = sources == NULL ? &own : sources;
	count = sources == &own ? 1 : count;
	ev = twin_event_new(json, sources, count);
	if (ev == NULL || !p->ready) {
		twin_event_free(ev);
		return false;
	}
	if (p->tolerant && twin_event_odd(ev)) {
		twin_event_free(ev);
		return true;
	}
	hold_engine(p, json, sources, count);
	p->counts.events++;
	p->counts.cut += p->ev->truncated;
	for (size_t i = 0; i < p->known_count && !p->ev->truncated; i++)
		compare(p, i, ev, json);
	twin_event_free(ev);
	return true;
}

void
pairs_play(struct pairs *p, struct dice *d, uint64_t events)
{
	for (p->at = 0; p->at < events && p->ready &&
	    twin_count(p->twin) > 0; p->at++) {
		nearmiss_make(&p->nearmiss, d, p->twin);
		if (!pairs_event(p, buf_slice(&p->nearmiss.json),
		    p->nearmiss.sources, p->nearmiss.source_count) &&
		    differ(p))
			fprintf(stderr, "seed %" PRIu64 ": no JSON: %s\n",
			    p->seed, buf_cstr(&p->nearmiss.json));
	}
}

void
pairs_run(struct pairs *p, uint64_t seed, uint64_t events)
{
	struct dice d = { .state = seed };

	p->seed = seed;
	pairs_play(p, &d, events);
}

struct pairs_counts
pairs_counts(const struct pairs *p)
{
	return p->counts;
}

static void
add_counts(struct pairs_counts *to, const struct pairs_counts *c)
{
	to->rules += c->rules;
	to->refused += c->refused;
	to->passed += c->passed;
	to->events += c->events;
	to->cut += c->cut;
	to->pairs += c->pairs;
	to->matches += c->matches;
	to->differences += c->differences;
}

void
pairs_invent(uint64_t seed, unsigned rules, uint64_t events,
    struct pairs_counts *counts)
{
	struct pairs *p = pairs_new(invent_placeholders);
	struct dice d = { .state = ~seed };
	struct buf yaml = { 0 };

	p->seed = seed;
	for (unsigned i = 0; i < rules; i++) {
		buf_clear(&yaml);
		invent_rule(&yaml, &d, i);
		pairs_add(p, "invented", buf_slice(&yaml));
	}
	pairs_compile(p);
	pairs_run(p, seed, events);
	add_counts(counts, &p->counts);
	buf_free(&yaml);
	pairs_free(p);
}
