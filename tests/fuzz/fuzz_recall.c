/*
 * What rules remember, given back as whatever the bytes make of it: no value
 * is trusted, and what is saved again is taken again. The bytes say which
 * of the items that some events left are changed, where and into what.
 */
#include <stdlib.h>

#include "engine/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static const char *const documents[] = {
	"title: a\nid: a\nname: a\nlogsource: {product: linux}\n"
	"detection: {s: {f: x}, condition: s}\n"
	"vedette: {suppress: {for: 1h, by: [user]}}\n",
	"title: b\nid: b\nname: b\nlogsource: {product: linux}\n"
	"detection: {s: {f: x}, condition: s}\n"
	"vedette: {expect: {every: 2h, by: [user]}}\n",
	"title: c\nid: c\nname: c\nlogsource: {product: linux}\n"
	"detection: {s: {f: [x, y]}, condition: s}\n",
	"title: d\nid: d\nname: d\nlogsource: {product: linux}\n"
	"detection: {s: {f: y}, condition: s}\n"
	"vedette: {expect: {between: '01:00-04:00'}}\n",
	"title: e\nid: e\ncorrelation: {type: event_count, rules: [c],"
	" group-by: [user], timespan: 1h, condition: {gte: 30}}\n",
	"title: g\nid: g\ncorrelation: {type: value_count, rules: c,"
	" group-by: [user], timespan: 1h, condition: {gte: 9, field: n}}\n",
	"title: h\nid: h\ncorrelation: {type: temporal_ordered,"
	" rules: [c, a], group-by: [n], timespan: 1h}\n",
	"title: i\nid: i\ncorrelation: {type: value_percentile, rules: c,"
	" group-by: [user], timespan: 1h,"
	" condition: {lt: 2, field: n, percentile: 90}}\n",
	"title: j\nid: j\ncorrelation: {type: value_sum, rules: c,"
	" group-by: [user], timespan: 1h, condition: {gt: 1e9, field: n}}\n",
};

enum { ITEMS_MAX = 64, EVENTS = 12 };
static const int64_t begin = INT64_C(1767225600000000);	/* 2026 */
static const int64_t minute = 60 * INT64_C(1000000);

struct world {
	struct schema *schema;
	struct ruleset *rules;
	struct event *ev;
};

static struct world
world_new(void)
{
	struct world w = { .schema = schema_new() };
	struct diag d = { 0 };

	w.rules = ruleset_new(w.schema);
	for (size_t i = 0; i < COUNT(documents); i++)
		ruleset_load_text(w.rules, "r", slice_of(documents[i]), &d);
	if (ruleset_compile(w.rules, &d) == -1)
		abort();
	schema_freeze(w.schema);
	w.ev = event_new(w.schema);
	diag_free(&d);
	return w;
}

static void
world_free(struct world *w)
{
	event_free(w->ev);
	ruleset_free(w->rules);
	schema_free(w->schema);
}

static void
on_match(void *arg, const struct match *m)
{
	(void)arg;
	if (m->rule->id.len == 0 || m->ev == NULL)
		abort();
}

/* Some events of two users, a minute apart. */
static void
live(struct world *w, int64_t from)
{
	static const struct slice words[] = {
		SLICE("x"), SLICE("y"), SLICE("7"), SLICE("12.5"), SLICE("z"),
	};
	const char *const names[] = { "f", "user", "n" };
	struct record r = { .bytes = S("line"), .source = S("s") };

	for (unsigned i = 0; i < EVENTS; i++) {
		r.received = from + i * minute;
		r.offset = i;
		event_reset(w->ev, &r);
		for (unsigned k = 0; k < COUNT(names); k++) {
			int field = schema_find(w->schema, slice_of(names[k]));

			if (field >= 0)
				event_set(w->ev, field, words[(i + k * i) %
				    (k == 0 ? 2 : COUNT(words))]);
		}
		event_source(w->ev, (struct logsource){ .product = (uint16_t)
		    schema_word_find(w->schema, S("linux")) });
		ruleset_match(w->rules, w->ev, on_match, NULL);
		ruleset_time(w->rules, r.received, on_match, NULL);
	}
}

struct items {
	struct arena *arena;
	struct slice keys[ITEMS_MAX], values[ITEMS_MAX];
	size_t count;
};

static void
on_changed(void *arg, struct slice key, struct slice value)
{
	struct items *all = arg;

	if (all->count == ITEMS_MAX || value.len == 0)
		return;
	all->keys[all->count] = arena_keep(all->arena, key);
	all->values[all->count++] = arena_keep(all->arena, value);
}

/* Each four bytes: which item, where, how, and by what. */
static struct slice
spoilt(struct items *all, size_t i, struct slice script)
{
	struct buf b = { 0 };
	struct slice out;

	buf_add(&b, all->values[i]);
	for (; script.len >= 4; script = slice_from(script, 4)) {
		size_t at = script.p[1] % (b.len + 1);

		if (script.p[0] % all->count != i)
			continue;
		if (script.p[2] % 4 == 0)
			b.len = at;
		else if (script.p[2] % 4 == 1)
			buf_byte(&b, script.p[3]);
		else if (at < b.len)
			b.p[at] = script.p[2] % 4 == 2 ? script.p[3] :
			    b.p[at] ^ script.p[3];
	}
	out = arena_keep(all->arena, buf_slice(&b));
	buf_free(&b);
	return out;
}

/* What was saved is taken again by the same rules. */
static void
take_again(struct world *w)
{
	struct items all = { .arena = arena_new(0) };
	struct world other = world_new();

	ruleset_changed(w->rules, on_changed, &all);
	for (size_t i = 0; i < all.count; i++)
		if (!ruleset_recall(other.rules, all.keys[i], all.values[i]))
			abort();
	world_free(&other);
	arena_free(all.arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice script = slice_bytes(data, size);
	struct items all = { .arena = arena_new(0) };
	struct world w = world_new(), other = world_new();

	live(&w, begin);
	take_again(&w);
	ruleset_changed(w.rules, on_changed, &all);
	for (size_t i = 0; i < all.count; i++)
		ruleset_recall(other.rules, all.keys[i],
		    spoilt(&all, i, script));
	for (size_t i = 0; i < all.count; i++)
		ruleset_recall(other.rules, slice_head(all.keys[i], 9 +
		    size % 40), script);
	live(&other, begin + EVENTS * minute);
	take_again(&other);
	ruleset_clock(other.rules, begin, -30 * minute);
	ruleset_clock(other.rules, begin + 90 * minute, 60 * minute);
	ruleset_time(other.rules, begin + 3000 * minute, on_match, NULL);
	ruleset_time(other.rules, INT64_MAX, on_match, NULL);
	world_free(&w);
	world_free(&other);
	arena_free(all.arena);
	return 0;
}
