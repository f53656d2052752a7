/*
 * What stands in a journal that somebody wrote to: the first byte picks a
 * correlation, the second a group's fields, the rest is a value that is given
 * back to it. What is taken must be told again as it was, and serve.
 */
#include <stdlib.h>

#include "base/pack.h"
#include "engine/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const kinds[] = {
	"type: event_count, condition: {gte: 3}",
	"type: event_count, condition: {eq: 3}",
	"type: value_count, condition: {field: n, gte: 3}",
	"type: value_sum, condition: {field: n, lt: 3}",
	"type: value_median, condition: {field: n, gte: 3}",
	"type: value_median, condition: {field: n, lt: 3}",
	"type: temporal",
	"type: temporal_ordered",
};

static void
on_match(void *arg, const struct match *m)
{
	(void)arg;
	if (m->correlated == NULL)
		abort();
}

/* The key of the one group that there is. */
static void
take_key(void *arg, struct slice key, struct slice value)
{
	struct buf *out = arg;

	(void)value;
	buf_clear(out);
	buf_add(out, key);
}

static void
happen(struct ruleset *rs, struct event *ev, struct schema *s)
{
	struct record r = { .source = S("fuzz") };

	event_reset(ev, &r);
	ev->time = INT64_C(1700000000000000);
	event_source(ev, (struct logsource){
		(uint16_t)schema_word_find(s, S("linux")), 0, 0 });
	event_set(ev, schema_find(s, S("e")), S("x"));
	event_set(ev, schema_find(s, S("u")), S("u"));
	event_set(ev, schema_find(s, S("n")), S("2"));
	ruleset_match(rs, ev, on_match, NULL);
}

static struct ruleset *
open_rules(struct schema *s, size_t kind)
{
	struct ruleset *rs = ruleset_new(s);
	struct buf text = { 0 };
	struct diag d = { 0 };

	buf_fmt(&text, "title: a\nname: a\nlogsource: {product: linux}\n"
	    "detection: {s: {e: x}, condition: s}\n---\n"
	    "title: b\nname: b\nlogsource: {product: linux}\n"
	    "detection: {s: {e: y}, condition: s}\n---\n"
	    "title: c\ncorrelation: {rules: [a, b], group-by: u, "
	    "timespan: 1m, %s}\n", kinds[kind]);
	schema_field(s, S("n"));
	if (ruleset_load_text(rs, "r", buf_slice(&text), &d) == -1 ||
	    ruleset_compile(rs, &d) == -1)
		abort();
	buf_free(&text);
	diag_free(&d);
	return rs;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct schema *s = schema_new();
	struct ruleset *rs = open_rules(s, size > 0 ? data[0] %
	    COUNT(kinds) : 0);
	struct slice value = slice_from(slice_bytes(data, size), 1);
	struct buf key = { 0 };
	struct event *ev;

	schema_freeze(s);
	ev = event_new(s);
	happen(rs, ev, s);
	ruleset_changed(rs, take_key, &key);
	ruleset_forget(rs);
	if (ruleset_recall(rs, buf_slice(&key), value) &&
	    ruleset_memory(rs).items != 1)
		abort();
	happen(rs, ev, s);
	ruleset_changed(rs, take_key, &key);
	ruleset_time(rs, INT64_MAX, on_match, NULL);
	if (ruleset_memory(rs).items != 0)
		abort();
	buf_free(&key);
	event_free(ev);
	ruleset_free(rs);
	schema_free(s);
	return 0;
}
