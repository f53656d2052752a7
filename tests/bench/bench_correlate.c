/*
 * What a correlation costs over very many groups: a million keys, each counted
 * three times in turn, beside the rule alone. bench_correlate [KEYS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/when.h"
#include "engine/engine.h"

static const char base[] =
    "title: base\nname: base\nlogsource: {product: linux}\n"
    "detection: {s: {e: fail}, condition: s}\n";

static const struct {
	const char *name, *correlation;
} rows[] = {
	{ "the rule alone", "" },
	{ "event_count", "type: event_count, condition: {gte: 5}" },
	{ "value_count", "type: value_count, condition: "
	    "{field: n, gte: 5}" },
	{ "eq (closing windows)", "type: event_count, condition: {eq: 4}" },
};

struct bench {
	struct schema *schema;
	struct ruleset *rules;
	struct event *ev;
	int e, u, n;
	uint64_t alerts;
};

static void
on_match(void *arg, const struct match *m)
{
	struct bench *b = arg;

	(void)m;
	b->alerts++;
}

static void
set_up(struct bench *b, const char *correlation)
{
	struct buf text = { 0 };
	struct diag d = { 0 };

	*b = (struct bench){ .schema = schema_new() };
	b->rules = ruleset_new(b->schema);
	buf_str(&text, base);
	if (*correlation != '\0')
		buf_fmt(&text, "---\ntitle: corr\ncorrelation: {rules: base, "
		    "group-by: u, timespan: 1h, %s}\n", correlation);
	b->e = schema_field(b->schema, S("e"));
	b->u = schema_field(b->schema, S("u"));
	b->n = schema_field(b->schema, S("n"));
	if (ruleset_load_text(b->rules, "bench", buf_slice(&text), &d) == -1 ||
	    ruleset_compile(b->rules, &d) == -1) {
		fputs(buf_cstr(&d.text), stderr);
		exit(1);
	}
	schema_freeze(b->schema);
	b->ev = event_new(b->schema);
	buf_free(&text);
	diag_free(&d);
}

static void
happen(struct bench *b, uint64_t key, uint64_t n)
{
	struct record r = { .source = S("bench"), .offset = n };
	struct logsource from = { 0 };
	char user[32], number[32];

	snprintf(user, sizeof(user), "user%llu", (unsigned long long)key);
	snprintf(number, sizeof(number), "%llu", (unsigned long long)n);
	event_reset(b->ev, &r);
	b->ev->time = (int64_t)n * 100;
	from.product = (uint16_t)schema_word_find(b->schema, S("linux"));
	event_source(b->ev, from);
	event_set(b->ev, b->e, S("fail"));
	event_set(b->ev, b->u, slice_of(user));
	event_set(b->ev, b->n, slice_of(number));
	ruleset_match(b->rules, b->ev, on_match, b);
	ruleset_time(b->rules, b->ev->time, on_match, b);
}

static void
measure(size_t row, uint64_t keys)
{
	struct ruleset_memory m;
	struct rusage use;
	struct bench b;
	int64_t start;
	uint64_t n = 0;

	set_up(&b, rows[row].correlation);
	start = when_steady();
	for (unsigned round = 0; round < 3; round++)
		for (uint64_t key = 0; key < keys; key++)
			happen(&b, key, n++);
	start = when_steady() - start;
	m = ruleset_memory(b.rules);
	getrusage(RUSAGE_SELF, &use);
	printf("%-22s %8.0f %10llu %8.1f %10llu %8.1f\n", rows[row].name,
	    (double)start * 1000 / (double)n, (unsigned long long)m.items,
	    (double)m.bytes / (1 << 20), (unsigned long long)m.evicted,
	    (double)use.ru_maxrss / 1024);
	event_free(b.ev);
	ruleset_free(b.rules);
	schema_free(b.schema);
}

int
main(int argc, char **argv)
{
	uint64_t keys = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;

	printf("%llu keys, 3 events of each\n", (unsigned long long)keys);
	printf("%-22s %8s %10s %8s %10s %8s\n", "", "ns/event", "groups",
	    "MiB", "evicted", "peak MiB");
	for (size_t i = 0; i < COUNT(rows); i++)
		measure(i, keys);
	return 0;
}
