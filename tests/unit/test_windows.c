/*
 * Correlations against counting by hand: the matches of a run are all there,
 * in order, and each window is made anew out of them.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "dice.h"
#include "engine/engine.h"

enum { TYPES = 8, EVENTS = 160, CORRELATIONS = 12, GROUPS = 3, RULES = 3 };
static const int64_t begin = INT64_C(1767225600000000);	/* 2026 */
static const int64_t second = 1000000;

enum type { COUNTED, DISTINCT, SUM, AVG, MEDIAN, PERCENTILE, ALL, ORDERED };
static const char *const type_names[TYPES] = {
	"event_count", "value_count", "value_sum", "value_avg",
	"value_median", "value_percentile", "temporal", "temporal_ordered",
};
enum op { GREATER, ATLEAST, LESS, ATMOST, EQUAL, OTHER, OPS };
static const char *const op_names[OPS] = {
	"gt", "gte", "lt", "lte", "eq", "neq",
};

struct happened {
	int64_t time;
	unsigned rule, group, value;	/* value 9: none that is a number */
};

struct asked {
	enum type type;
	enum op op;
	double number;
	int64_t span;
	bool grouped;
};

struct run {
	struct dice d;
	struct happened events[EVENTS];
	struct asked asked[CORRELATIONS];
	unsigned by_hand[CORRELATIONS][EVENTS];
	unsigned by_engine[CORRELATIONS][EVENTS];
	unsigned fired;
};

static bool
is_eager(const struct asked *a)
{
	return a->type >= ALL || a->op == GREATER || a->op == ATLEAST;
}

static bool
holds(const struct asked *a, double measure)
{
	const bool answers[OPS] = {
		[GREATER] = measure > a->number,
		[ATLEAST] = measure >= a->number,
		[LESS] = measure < a->number,
		[ATMOST] = measure <= a->number,
		[EQUAL] = measure == a->number,
		[OTHER] = measure != a->number,
	};

	return answers[a->op];
}

static int
by_number(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

/* "percentiles by linear interpolation" */
static double
percentile(unsigned *values, size_t n, double part)
{
	double at = part * (double)(n - 1);
	size_t low = (size_t)at;

	qsort(values, n, sizeof(*values), by_number);
	if (low + 1 >= n)
		return values[n - 1];
	return values[low] + (at - (double)low) *
	    ((double)values[low + 1] - (double)values[low]);
}

/* What there is of a window: its events, one after the other. */
static bool
window_holds(const struct asked *a, const struct happened **e, size_t n)
{
	unsigned values[EVENTS], seen = 0, rules = 0, next = 0;
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		values[i] = e[i]->value;
		sum += e[i]->value;
		seen |= 1u << e[i]->value;
		rules |= 1u << e[i]->rule;
		next += e[i]->rule == next;
	}
	switch (a->type) {
	case COUNTED:
		return holds(a, (double)n);
	case DISTINCT:
		return holds(a, __builtin_popcount(seen));
	case SUM:
		return holds(a, sum);
	case AVG:
		return holds(a, sum / (double)n);
	case MEDIAN:
		return holds(a, percentile(values, n, 0.5));
	case PERCENTILE:
		return holds(a, percentile(values, n, 0.9));
	case ALL:
		return rules == (1u << RULES) - 1;
	case ORDERED:
		return next == RULES;
	}
	return false;
}

/* "sliding window per group, boundary inclusive; fire, then clear" */
static void
slide(struct run *r, size_t k, const struct happened **e, size_t n)
{
	const struct asked *a = &r->asked[k];
	size_t from = 0;

	for (size_t i = 0; i < n; i++) {
		while (e[from]->time < e[i]->time - a->span)
			from++;
		if (!window_holds(a, e + from, i + 1 - from))
			continue;
		r->by_hand[k][e[i] - r->events]++;
		from = i + 1;
	}
}

/* "decided when the window (opened by its first event) closes" */
static void
close_windows(struct run *r, size_t k, const struct happened **e, size_t n)
{
	const struct asked *a = &r->asked[k];
	size_t from = 0, until;

	for (; from < n; from = until) {
		for (until = from; until < n && e[until]->time <=
		    e[from]->time + a->span; until++)
			;
		if (window_holds(a, e + from, until - from))
			r->by_hand[k][a->grouped ? e[from]->group : 0]++;
	}
}

static void
count_by_hand(struct run *r, size_t k)
{
	const struct asked *a = &r->asked[k];
	const struct happened *of[EVENTS];

	for (unsigned g = 0; g < (a->grouped ? GROUPS : 1); g++) {
		size_t n = 0;

		for (size_t i = 0; i < EVENTS; i++)
			if ((!a->grouped || r->events[i].group == g) &&
			    (a->type < SUM || a->type > PERCENTILE ||
			    r->events[i].value != 9))
				of[n++] = &r->events[i];
		if (is_eager(a))
			slide(r, k, of, n);
		else
			close_windows(r, k, of, n);
	}
}

static void
write_correlation(struct buf *out, const struct asked *a, size_t k)
{
	buf_fmt(out, "---\ntitle: c%zu\nid: c%zu\ncorrelation:\n"
	    "  type: %s\n  rules: [r0, r1, r2]\n  timespan: %ds\n", k, k,
	    type_names[a->type], (int)(a->span / second));
	if (a->grouped)
		buf_str(out, "  group-by: [g]\n");
	if (a->type >= ALL)
		return;
	buf_fmt(out, "  condition: {%s: %g", op_names[a->op], a->number);
	if (a->type != COUNTED)
		buf_str(out, ", field: v");
	if (a->type == PERCENTILE)
		buf_str(out, ", percentile: 90");
	buf_str(out, "}\n");
}

static void
throw(struct run *r, struct buf *yaml)
{
	int64_t now = begin;

	for (unsigned i = 0; i < RULES; i++)
		buf_fmt(yaml, "---\ntitle: r%u\nid: r%u\nname: r%u\n"
		    "logsource: {product: linux}\n"
		    "detection: {s: {f: x%u}, condition: s}\n", i, i, i, i);
	for (size_t k = 0; k < CORRELATIONS; k++) {
		r->asked[k] = (struct asked){
			.type = dice_roll(&r->d, TYPES),
			.op = dice_roll(&r->d, OPS),
			.number = 1 + dice_roll(&r->d, 6),
			.span = (5 + dice_roll(&r->d, 30)) * second,
			.grouped = !dice_one_in(&r->d, 4),
		};
		write_correlation(yaml, &r->asked[k], k);
	}
	for (size_t i = 0; i < EVENTS; i++) {
		now += dice_roll(&r->d, 8) * second *
		    (dice_one_in(&r->d, 15) ? 10 : 1);
		r->events[i] = (struct happened){ now,
			dice_roll(&r->d, RULES), dice_roll(&r->d, GROUPS),
			dice_roll(&r->d, 10) };
	}
}

static void
on_match(void *arg, const struct match *m)
{
	struct run *r = arg;
	size_t k;

	if (m->correlated == NULL)
		return;
	k = (size_t)strtol((const char *)m->rule->id.p + 1, NULL, 10);
	CHECK(k < CORRELATIONS);
	r->fired++;
	if (is_eager(&r->asked[k]))
		r->by_engine[k][m->ev->record->offset]++;
	else if (m->correlated->group_count == 0)
		r->by_engine[k][0]++;
	else
		r->by_engine[k][m->correlated->values[0].p[0] - '0']++;
}

static void
give(struct run *r, struct ruleset *rs, struct schema *s, struct event *ev,
    size_t i)
{
	const struct happened *h = &r->events[i];
	struct record record = { .bytes = S("x"), .source = S("s"),
		.received = h->time, .offset = i };
	char rule[] = "x0", group[] = "0", value[] = "0";
	const struct { const char *field; char *text; } texts[] = {
		{ "f", rule }, { "g", group }, { "v", value },
	};

	rule[1] = (char)('0' + h->rule);
	group[0] = (char)('0' + h->group);
	value[0] = h->value == 9 ? '-' : (char)('0' + h->value);
	event_reset(ev, &record);
	for (size_t n = 0; n < COUNT(texts); n++) {
		int field = schema_find(s, slice_of(texts[n].field));

		if (field >= 0)
			event_set(ev, field, slice_of(texts[n].text));
	}
	event_source(ev, (struct logsource){ .product = (uint16_t)
	    schema_word_find(s, S("linux")) });
	ruleset_match(rs, ev, on_match, r);
	if (dice_one_in(&r->d, 2))
		ruleset_time(rs, h->time, on_match, r);
}

static void
count_by_engine(struct run *r, struct slice yaml)
{
	struct schema *s = schema_new();
	struct ruleset *rs = ruleset_new(s);
	struct diag d = { 0 };
	struct event *ev;

	ruleset_load_text(rs, "r.yml", yaml, &d);
	CHECK_TEXT(buf_slice(&d.text), "");
	CHECK(ruleset_compile(rs, &d) == 0);
	schema_freeze(s);
	ev = event_new(s);
	for (size_t i = 0; i < EVENTS; i++)
		give(r, rs, s, ev, i);
	ruleset_time(rs, INT64_MAX, on_match, r);
	event_free(ev);
	ruleset_free(rs);
	schema_free(s);
	diag_free(&d);
}

static void
compare(const struct run *r, uint64_t seed, struct slice yaml)
{
	for (size_t k = 0; k < CORRELATIONS; k++)
		for (size_t i = 0; i < EVENTS; i++) {
			if (r->by_hand[k][i] == r->by_engine[k][i])
				continue;
			print_error("seed %llu, c%zu, %s %zu: by hand %u, by "
			    "the engine %u\n%.*s", (unsigned long long)seed, k,
			    is_eager(&r->asked[k]) ? "event" : "group", i,
			    r->by_hand[k][i], r->by_engine[k][i],
			    (int)yaml.len, (const char *)yaml.p);
			CHECK(false);
		}
}

static void
correlations_are_what_counting_by_hand_gives(void)
{
	unsigned fired = 0;

	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct run *r = xcalloc(1, sizeof(*r));
		struct buf yaml = { 0 };

		r->d.state = seed;
		throw(r, &yaml);
		for (size_t k = 0; k < CORRELATIONS; k++)
			count_by_hand(r, k);
		count_by_engine(r, buf_slice(&yaml));
		compare(r, seed, buf_slice(&yaml));
		fired += r->fired;
		buf_free(&yaml);
		free(r);
	}
	CHECK(fired > 10000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(correlations_are_what_counting_by_hand_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
