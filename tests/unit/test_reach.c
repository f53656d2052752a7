/*
 * Which rules can match, given events of which some fields are known, some
 * may hold anything, and some are never there.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "decode/decode.h"
#include "engine/reach.h"
#include "invent.h"
#include "nearmiss.h"

extern const struct decoder dec_json;

struct set {
	struct schema *schema;
	struct ruleset *rules;
	struct event *ev;
	struct reach *reach;
	struct diag diag;
};

static const char *const names[] = { "a", "b", "c", "d" };

static struct set
set_new(const char *yaml)
{
	struct set s = { .schema = schema_new() };

	for (size_t i = 0; i < COUNT(names); i++)
		schema_field(s.schema, slice_of(names[i]));
	s.rules = ruleset_new(s.schema);
	ruleset_load_text(s.rules, "r.yml", slice_of(yaml), &s.diag);
	ruleset_compile(s.rules, &s.diag);
	CHECK_TEXT(buf_slice(&s.diag.text), "");
	schema_freeze(s.schema);
	s.ev = event_new(s.schema);
	s.reach = reach_new(s.rules);
	return s;
}

static void
set_free(struct set *s)
{
	reach_free(s->reach);
	event_free(s->ev);
	ruleset_free(s->rules);
	schema_free(s->schema);
	diag_free(&s->diag);
}

/* "a=* b=x": a may hold anything, b is always x, the others are never there. */
static void
tell(struct set *s, const char *service, const char *fields,
    const struct reach_from *from)
{
	const struct record r = { .source = S("test") };
	struct slice rest = slice_of(fields), pair, name;
	char source[64];
	struct logsource of;

	event_reset(s->ev, &r);
	snprintf(source, sizeof(source), "product=linux,service=%s", service);
	CHECK(logsource_parse(s->schema, slice_of(source), &of));
	event_source(s->ev, of);
	while (rest.len > 0) {
		if (!slice_cut(&rest, ' ', &pair)) {
			pair = rest;
			rest = S("");
		}
		CHECK(slice_cut(&pair, '=', &name));
		event_set(s->ev, schema_find(s->schema, name),
		    slice_eq(pair, S("*")) ? value_any : pair);
	}
	reach_event(s->reach, s->ev, from);
}

static const struct reach_from surely = { .by = { (const void *)"t", 1 } };

/* The fields that a view names, a blank between. */
static void
check_names(const struct reach_view *v, const char *want, size_t row)
{
	struct buf got = { 0 };

	for (size_t i = 0; i < v->name_count; i++) {
		buf_str(&got, i > 0 ? " " : "");
		buf_add(&got, v->names[i]);
	}
	CHECK_TEXT_ROW(buf_slice(&got), want, row);
	buf_free(&got);
}

static void
a_condition_is_held_against_what_fields_may_be(void)
{
	static const struct {
		const char *detection, *fields;
		enum reach_why why;	/* REACH_FINE: it can match */
		const char *names;
	} rows[] = {
		{ "s: {a: x}, condition: s", "a=*", REACH_FINE, "" },
		{ "s: {a: x}, condition: s", "a=x", REACH_FINE, "" },
		{ "s: {a: x}, condition: s", "a=y", REACH_VALUE, "a" },
		{ "s: {a: x}, condition: s", "b=*", REACH_FIELD, "a" },
		{ "s: {a|contains: x}, condition: s", "a=wxy", REACH_FINE,
		    "" },
		{ "s: {a: x, b: y}, condition: s", "a=*", REACH_FIELD, "b" },
		{ "s: {a: x, b: y}, condition: s", "c=*", REACH_FIELD,
		    "a b" },
		{ "s: {a: x, b: y}, condition: s", "a=* b=y", REACH_FINE,
		    "" },
		{ "s: {a: x, b: y}, condition: s", "a=* b=z", REACH_VALUE,
		    "b" },
		/* one way is enough */
		{ "s: {a: x}, t: {b: y}, condition: 1 of *", "b=*",
		    REACH_FINE, "" },
		{ "s: {a: x}, t: {b: y}, condition: all of *", "b=*",
		    REACH_FIELD, "a" },
		{ "s: [{a: x}, {b: y}], condition: s", "c=*", REACH_FIELD,
		    "a b" },
		{ "s: {a|contains|all: [x, y]}, condition: s", "a=*",
		    REACH_FINE, "" },
		{ "s: {a|contains|all: [x, y]}, condition: s", "a=axb",
		    REACH_VALUE, "a" },
		/* what is not there makes a negation true */
		{ "s: {a: x}, f: {b: y}, condition: s and not f", "a=*",
		    REACH_FINE, "" },
		{ "s: {a: x}, f: {b: y}, condition: s and not f", "a=* b=y",
		    REACH_VALUE, "b" },
		{ "s: {a: x}, f: {b: y}, condition: s and not f", "b=*",
		    REACH_FIELD, "a" },
		{ "f: {b: y}, condition: not f", "a=*", REACH_FINE, "" },
		{ "s: {a|neq: x}, condition: s", "b=*", REACH_FINE, "" },
		{ "s: {a: x}, f: {b: y, c: z}, condition: s and not f",
		    "a=* b=y", REACH_FINE, "" },
		/* absent, null, empty */
		{ "s: {a: null}, condition: s", "b=*", REACH_FINE, "" },
		{ "s: {a: null}, condition: s", "a=x", REACH_VALUE, "a" },
		{ "s: {a: null}, condition: s", "a=*", REACH_FINE, "" },
		{ "s: {a: ''}, condition: s", "b=*", REACH_FIELD, "a" },
		{ "s: {a: '*'}, condition: s", "b=*", REACH_FIELD, "a" },
		{ "s: {a|exists: true}, condition: s", "b=*", REACH_FIELD,
		    "a" },
		{ "s: {a|exists: true}, condition: s", "a=x", REACH_FINE,
		    "" },
		{ "s: {a|exists: false}, condition: s", "b=*", REACH_FINE,
		    "" },
		{ "s: {a|exists: false}, condition: s", "a=x", REACH_VALUE,
		    "a" },
		{ "s: {b: y}, f: {a: null}, condition: s and not f", "b=*",
		    REACH_FIELD, "a" },
		/* keywords are the message's */
		{ "k: [x], condition: k", "a=*", REACH_FINE, "" },
		{ "k: [x], s: {b: y}, condition: k and s", "a=*",
		    REACH_FIELD, "b" },
		/* two fields compared are both there */
		{ "s: {a|fieldref: b}, condition: s", "a=*", REACH_FIELD,
		    "b" },
		{ "s: {a|fieldref: b}, condition: s", "a=* b=x", REACH_FINE,
		    "" },
		{ "s: {a|fieldref: b}, condition: s", "a=y b=x",
		    REACH_VALUE, "a" },
		{ "s: {a|gte: 5}, condition: s", "a=7", REACH_FINE, "" },
		{ "s: {a|gte: 5}, condition: s", "a=3", REACH_VALUE, "a" },
		{ "s: {a|cidr: 10.0.0.0/8}, condition: s", "a=11.1.1.1",
		    REACH_VALUE, "a" },
		{ "s: {a|re: '^ab'}, condition: s", "a=ab", REACH_FINE, "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reach_view v;
		struct set s;
		char yaml[512];

		snprintf(yaml, sizeof(yaml), "title: t\n"
		    "logsource: {product: linux, service: s}\n"
		    "detection: {%s}\n", rows[i].detection);
		s = set_new(yaml);
		tell(&s, "s", rows[i].fields, &surely);
		reach_end(s.reach);
		v = reach_view(s.reach, 0);
		CHECK_ROW((v.verdict == REACH_YES) ==
		    (rows[i].why == REACH_FINE), i);
		CHECK_ROW(v.why == rows[i].why, i);
		check_names(&v, rows[i].names, i);
		set_free(&s);
	}
}

static void
one_event_has_to_have_all(void)
{
	struct set s = set_new("title: t\n"
	    "logsource: {product: linux, service: s}\n"
	    "detection: {s: {a: x, b: y}, condition: s}\n");
	struct reach_view v;

	tell(&s, "s", "a=*", &surely);
	tell(&s, "s", "b=*", &surely);
	reach_end(s.reach);
	v = reach_view(s.reach, 0);
	CHECK(v.verdict == REACH_NO && v.why == REACH_TOGETHER);
	check_names(&v, "a b", 0);
	set_free(&s);
}

static void
another_log_source_is_of_no_use(void)
{
	struct set s = set_new("title: t\n"
	    "logsource: {product: linux, service: s}\n"
	    "detection: {s: {a: x}, condition: s}\n"
	    "---\ntitle: u\nlogsource: {product: linux}\n"
	    "detection: {s: {a: x}, condition: s}\n");

	tell(&s, "t", "a=*", &surely);
	reach_end(s.reach);
	CHECK(reach_view(s.reach, 0).why == REACH_SOURCE);
	CHECK(reach_view(s.reach, 1).verdict == REACH_YES);
	set_free(&s);
}

static void
what_is_sure_counts_more_than_an_if(void)
{
	static const struct reach_from json = { .only = "json" };
	static const struct reach_from place = { .place = SLICE("/p") };
	struct set s = set_new("title: t\n"
	    "logsource: {product: linux, service: s}\n"
	    "detection: {s: {a: x}, condition: s}\n"
	    "---\ntitle: u\nlogsource: {product: linux, service: s}\n"
	    "detection: {s: {b: x}, condition: s}\n"
	    "---\ntitle: v\nlogsource: {product: linux, service: s}\n"
	    "detection: {s: {c: x}, condition: s}\n");
	struct reach_view v;

	tell(&s, "s", "a=* b=*", &json);
	tell(&s, "s", "a=*", &surely);
	tell(&s, "s", "b=* c=*", &place);
	reach_end(s.reach);
	v = reach_view(s.reach, 0);
	CHECK(v.verdict == REACH_YES && v.only == NULL);
	v = reach_view(s.reach, 1);
	CHECK(v.verdict == REACH_IF && v.why == REACH_FIELD);
	CHECK_TEXT(slice_of(v.only), "json");
	v = reach_view(s.reach, 2);
	CHECK(v.verdict == REACH_NO && v.why == REACH_FIELD);
	CHECK_TEXT(v.place, "/p");
	set_free(&s);
}

/* Rules that a correlation may count, and the beginning of one. */
#define COUNTED \
	"title: x\nname: x\nlogsource: {product: linux, service: s}\n" \
	"detection: {s: {a: x}, condition: s}\n---\n" \
	"title: y\nname: y\nlogsource: {product: linux, service: s}\n" \
	"detection: {s: {b: x}, condition: s}\n---\n" \
	"title: z\ncorrelation: {timespan: 1m, "

static void
a_correlation_needs_what_it_counts(void)
{
	static const struct {
		const char *correlation, *fields;
		enum reach_why why;
	} rows[] = {
		{ "type: event_count, rules: [x], condition: {gte: 2}",
		    "a=*", REACH_FINE },
		{ "type: event_count, rules: [y], condition: {gte: 2}",
		    "a=*", REACH_RULES },
		{ "type: event_count, rules: [x, y], condition: {gte: 2}",
		    "a=*", REACH_FINE },
		{ "type: temporal, rules: [x, y]", "a=*", REACH_RULES },
		{ "type: temporal, rules: [x, y]", "a=* b=*", REACH_FINE },
		{ "type: temporal_ordered, rules: [x, y]", "b=*",
		    REACH_RULES },
		{ "type: temporal, rules: [x, y], condition: x or y", "a=*",
		    REACH_FINE },
		{ "type: temporal, rules: [x, y], condition: x and y", "a=*",
		    REACH_RULES },
		{ "type: temporal, rules: [x, y], condition: x and not y",
		    "a=*", REACH_FINE },
		{ "type: temporal, rules: [x, y], condition: x and not y",
		    "b=*", REACH_RULES },
		/* an event without the field of the group is not counted */
		{ "type: event_count, rules: [x], group-by: [c], "
		    "condition: {gte: 2}", "a=*", REACH_FIELD },
		{ "type: event_count, rules: [x], group-by: [c], "
		    "condition: {gte: 2}", "a=* c=*", REACH_FINE },
		{ "type: value_count, rules: [x], "
		    "condition: {field: d, gte: 2}", "a=*", REACH_FIELD },
		{ "type: value_count, rules: [x], "
		    "condition: {field: d, gte: 2}", "a=* d=*", REACH_FINE },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reach_view v;
		struct set s;
		char yaml[1024];

		snprintf(yaml, sizeof(yaml), COUNTED "%s}\n",
		    rows[i].correlation);
		s = set_new(yaml);
		tell(&s, "s", rows[i].fields, &surely);
		reach_end(s.reach);
		v = reach_view(s.reach, 2);
		CHECK_ROW(v.why == rows[i].why, i);
		CHECK_ROW((v.verdict == REACH_YES) ==
		    (rows[i].why == REACH_FINE), i);
		set_free(&s);
	}
}

/* --- against the engine -------------------------------------------------- */

enum { WORLDS = 40, RULES = 60, EVENTS = 40 };

/* Rules that somebody invented, and which of them matched an event. */
struct world {
	struct dice d;
	struct schema *schema;
	struct decoders *decoders;
	struct ruleset *rules;
	struct twin *twin;
	struct arena *arena;
	struct event *ev;
	struct nearmiss near;
	struct diag diag;
	bool *matched;
	size_t matches, within;
};

static void
add_rules(struct world *w)
{
	struct node *placeholders;

	yaml_parse(w->arena, "p", slice_of(invent_placeholders),
	    &placeholders, &w->diag);
	ruleset_placeholders(w->rules, placeholders);
	w->twin = twin_new(placeholders);
	for (unsigned i = 0; i < RULES; i++) {
		size_t before = ruleset_count(w->rules);
		struct buf text = { 0 };
		struct diag d = { 0 };
		struct node *doc;

		invent_rule(&text, &w->d, i);
		if (ruleset_load_text(w->rules, "r", buf_slice(&text),
		    &d) == 0 && ruleset_count(w->rules) == before + 1 &&
		    yaml_parse(w->arena, "r", arena_keep(w->arena,
		    buf_slice(&text)), &doc, &d) == 0)
			twin_load(w->twin, doc);
		diag_free(&d);
		buf_free(&text);
	}
}

static struct world
world_new(uint64_t seed)
{
	static const struct decoder *const formats[] = { &dec_json, NULL };
	struct world w = { .d = { .state = seed }, .schema = schema_new(),
		.arena = arena_new(0) };

	w.decoders = decoders_new(w.schema, formats);
	w.rules = ruleset_new(w.schema);
	add_rules(&w);
	CHECK(ruleset_compile(w.rules, &w.diag) == 0);
	schema_freeze(w.schema);
	w.ev = event_new(w.schema);
	w.matched = xcalloc(ruleset_count(w.rules), sizeof(*w.matched));
	nearmiss_learn(&w.near, w.twin);
	return w;
}

static void
world_free(struct world *w)
{
	event_free(w->ev);
	twin_free(w->twin);
	ruleset_free(w->rules);
	decoders_free(w->decoders);
	schema_free(w->schema);
	nearmiss_free(&w->near);
	arena_free(w->arena);
	diag_free(&w->diag);
	free(w->matched);
}

static void
note(void *arg, const struct match *m)
{
	struct world *w = arg;

	for (size_t i = 0; i < ruleset_count(w->rules); i++)
		w->matched[i] |= slice_eq(ruleset_view(w->rules, i).info.id,
		    m->rule->id);
}

static uint16_t
word(const struct world *w, struct slice text)
{
	int n = text.len == 0 ? 0 : schema_word_find(w->schema, text);

	return n == -1 ? UINT16_MAX : (uint16_t)n;
}

static void
next_event(struct world *w, struct record *r)
{
	nearmiss_make(&w->near, &w->d, w->twin);
	*r = (struct record){ .form = FORM_JSON, .source = S("t"),
		.bytes = buf_slice(&w->near.json), .received = 1 };
	event_reset(w->ev, r);
	decoders_run(w->decoders, w->ev);
	w->ev->source_count = 0;
	for (size_t i = 0; i < w->near.source_count; i++)
		event_source(w->ev, (struct logsource){
		    word(w, w->near.sources[i].product),
		    word(w, w->near.sources[i].category),
		    word(w, w->near.sources[i].service) });
	memset(w->matched, 0, ruleset_count(w->rules));
	ruleset_match(w->rules, w->ev, note, w);
}

/* An event of which all is known is within reach of what it matches alone. */
static void
check_exact(struct world *w)
{
	struct reach *x = reach_new(w->rules);

	reach_event(x, w->ev, &surely);
	reach_end(x);
	for (size_t i = 0; i < ruleset_count(w->rules); i++)
		CHECK_ROW((reach_view(x, i).verdict == REACH_YES) ==
		    w->matched[i], i);
	reach_free(x);
}

/* Some of it forgotten: what it matches stays within reach. */
static void
check_forgotten(struct world *w)
{
	struct reach *x = reach_new(w->rules);

	w->ev->raw = dice_one_in(&w->d, 2) ? value_any : w->ev->raw;
	for (size_t i = 0; i < w->ev->set_count; i++)
		if (dice_one_in(&w->d, 2))
			event_set(w->ev, w->ev->set[i], value_any);
	for (size_t i = 0; i < schema_count(w->schema); i++)
		if (dice_one_in(&w->d, 20) &&
		    event_get(w->ev, (int)i) == NULL)
			event_set(w->ev, (int)i, value_any);
	reach_event(x, w->ev, &surely);
	reach_end(x);
	for (size_t i = 0; i < ruleset_count(w->rules); i++) {
		bool can = reach_view(x, i).verdict == REACH_YES;

		CHECK_ROW(can || !w->matched[i], i);
		w->matches += w->matched[i];
		w->within += can;
	}
	reach_free(x);
}

static void
what_matches_is_within_reach(void)
{
	size_t matches = 0, within = 0;

	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct world w = world_new(seed);
		struct record r;

		for (unsigned i = 0; i < EVENTS; i++) {
			next_event(&w, &r);
			if (w.ev->truncated)
				continue;
			check_exact(&w);
			check_forgotten(&w);
		}
		matches += w.matches;
		within += w.within;
		world_free(&w);
	}
	CHECK(matches > 1000 && within > matches);
	CHECK(within < (size_t)WORLDS * RULES * EVENTS / 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_condition_is_held_against_what_fields_may_be),
		TEST(one_event_has_to_have_all),
		TEST(another_log_source_is_of_no_use),
		TEST(what_is_sure_counts_more_than_an_if),
		TEST(a_correlation_needs_what_it_counts),
		TEST(what_matches_is_within_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
