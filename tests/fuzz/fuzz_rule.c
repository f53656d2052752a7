/*
 * Whatever the bytes are: rules, or mistakes; and rules can be held against
 * an event with a value of each kind in each field that they name.
 */
#include <stdlib.h>

#include "engine/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fill(struct event *ev, struct schema *s)
{
	static const struct slice texts[] = {
		SLICE("/usr/bin/python3 -c 'import pty'"), SLICE("10.1.2.3"),
		SLICE("K\xc3\x89\xff\xf0\x9f\x98\x80"), SLICE(""),
		SLICE("2026-11-23T16:10:00Z"), SLICE("5"),
	};

	for (int i = 0; i < (int)schema_count(s); i++) {
		if (i % 7 == 6)
			continue;
		event_add(ev, i, VALUE_STRING, texts[(size_t)i %
		    COUNT(texts)]);
		event_add(ev, i, VALUE_NUMBER, S("4.50e1"));
		event_add(ev, i, VALUE_BOOL, S("true"));
		event_add(ev, i, VALUE_NULL, S(""));
	}
	event_other(ev, S("something else"));
}

static void
on_match(void *arg, const struct match *m)
{
	size_t *matches = arg;

	if (m->rule->id.len == 0 || m->rule->title.len == 0)
		abort();
	++*matches;
}

static void
match(struct ruleset *rs, struct schema *s)
{
	struct event *ev = event_new(s);
	struct record r = { .received = 1 };
	size_t matches = 0, told = 0;

	for (int raw = 0; raw < 2; raw++) {
		event_reset(ev, &r);
		fill(ev, s);
		for (size_t i = 0; i < ruleset_count(rs); i++)
			event_source(ev, ruleset_view(rs, i).source);
		ev->raw = raw ? S("the raw line, with evil in it") : S("");
		ruleset_match(rs, ev, on_match, &matches);
	}
	for (size_t i = 0; i < ruleset_count(rs); i++)
		told += ruleset_view(rs, i).matches;
	if (told != matches)
		abort();
	event_free(ev);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct schema *s = schema_new();
	struct ruleset *rs = ruleset_new(s);
	struct arena *a = arena_new(0);
	struct diag d = { 0 }, advice = { 0 };
	struct node *placeholders;
	int loaded;

	yaml_parse(a, "placeholders", S("{p: [a, 'b*'], q: c}"),
	    &placeholders, &d);
	ruleset_placeholders(rs, placeholders);
	ruleset_lint(rs, &(struct lint_asked){ .advice = &advice,
	    .own = size % 2 });
	loaded = ruleset_load_text(rs, "fuzz.yml", slice_bytes(data, size),
	    &d);
	if ((loaded == -1) != (d.errors > 0))
		abort();
	if (loaded == 0)
		loaded = ruleset_compile(rs, &d);
	schema_freeze(s);
	if (loaded == 0)
		match(rs, s);
	ruleset_free(rs);
	schema_free(s);
	arena_free(a);
	diag_free(&d);
	diag_free(&advice);
	return 0;
}
