/*
 * Whatever the bytes are: exceptions and overrides, or mistakes, and what they
 * do to a match is one of the known things. The same bytes as an item that
 * somebody put into the journal: a count, or refused.
 */
#include <stdlib.h>

#include "base/when.h"
#include "engine/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RULE \
	"title: One thing\nid: 0d1bf2ba-8b8e-4b1c-a8ee-16e1d7b7f5c5\n" \
	"name: one\ntags: [attack.t1110]\nlogsource: {product: linux}\n" \
	"detection: {s: {f: x}, condition: s}\n" \
	"vedette: {key: f, suppress: {for: 10s}}\n"

static void
on_match(void *arg, const struct match *m)
{
	unsigned *told = arg;

	if (m->held != NULL && (m->held->why >= HOLD_COUNT ||
	    m->held->field_count > FOLD_FIELDS))
		abort();
	++*told;
}

static void
match(struct ruleset *rs, struct schema *s)
{
	struct event *ev = event_new(s);
	struct record r = { .received = 100 * SECOND };
	unsigned told = 0;

	event_reset(ev, &r);
	for (int i = 0; i < (int)schema_count(s); i++)
		event_add(ev, i, VALUE_STRING, i % 2 ? S("10.1.2.3") : S("x"));
	event_set(ev, schema_find(s, S("f")), S("x"));
	event_source(ev, ruleset_view(rs, 0).source);
	for (int i = 0; i < 3; i++)
		ruleset_match(rs, ev, on_match, &told);
	if (told != (ruleset_view(rs, 0).matches))
		abort();
	for (size_t i = 0; i < ruleset_tunings(rs); i++)
		ruleset_hides(rs, i, ev);
	ruleset_time(rs, INT64_MAX / 2, on_match, &told);
	event_free(ev);
}

static void
tune(struct slice bytes)
{
	struct schema *s = schema_new();
	struct ruleset *rs = ruleset_new(s);
	struct diag d = { 0 };

	ruleset_load_text(rs, "r.yml", S(RULE), &d);
	ruleset_exceptions_text(rs, "e.yaml", bytes, &d);
	d.errors = 0;	/* what is no exception may be an override */
	ruleset_overrides_text(rs, "o.yaml", bytes, &d);
	d.errors = 0;
	if (ruleset_compile(rs, &d) == 0) {
		schema_freeze(s);
		match(rs, s);
	}
	ruleset_free(rs);
	schema_free(s);
	diag_free(&d);
}

struct first {
	struct buf key;
};

static void
keep_key(void *arg, struct slice key, struct slice value)
{
	struct first *f = arg;
	struct fold_view v;

	if (!ruleset_fold(key, value, &v))
		abort();
	buf_clear(&f->key);
	buf_add(&f->key, key);
}

/* A key that is known, with a value of these bytes. */
static void
recall(struct slice bytes)
{
	struct schema *s = schema_new();
	struct ruleset *rs = ruleset_new(s);
	struct diag d = { 0 };
	struct first f = { { 0 } };
	struct record r = { .received = 100 * SECOND };
	struct event *ev;
	struct fold_view v;
	unsigned told = 0;

	ruleset_load_text(rs, "r.yml", S(RULE), &d);
	if (ruleset_compile(rs, &d) == -1)
		abort();
	schema_freeze(s);
	ev = event_new(s);
	event_reset(ev, &r);
	event_set(ev, schema_find(s, S("f")), S("x"));
	event_source(ev, ruleset_view(rs, 0).source);
	ruleset_match(rs, ev, on_match, &told);
	ruleset_changed(rs, keep_key, &f);
	event_free(ev);
	ruleset_forget(rs);
	if (ruleset_recall(rs, buf_slice(&f.key), bytes) !=
	    ruleset_fold(buf_slice(&f.key), bytes, &v))
		abort();
	ruleset_time(rs, INT64_MAX / 2, on_match, &told);
	ruleset_free(rs);
	schema_free(s);
	diag_free(&d);
	buf_free(&f.key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	tune(slice_bytes(data, size));
	recall(slice_bytes(data, size));
	return 0;
}
