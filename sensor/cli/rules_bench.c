/*
 * rules bench: what each rule costs on given logs, dearest first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/when.h"
#include "cli/logfile.h"
#include "cli/rules_session.h"
#include "cli/table.h"

extern const struct command rules_bench;

enum {
	CLOCK_LOOKS = 20000,
	LINES_DEFAULT = 100000,
	ROWS_DEFAULT = 20,
	BYTES_MAX = 1 << 30,	/* of all lines together */
	ROUNDS = 3,		/* of which the fastest counts */
};

struct sample_line {
	struct slice text, source;
	uint64_t offset;
};

struct bench {
	struct session session;
	const char *rule, *logsource;
	uint64_t lines, limit;
	struct strlist rules;
	/* of the run */
	struct arena *arena;
	struct sample_line *items;
	size_t count, room, bytes;
	struct slice reading;	/* the file that is being read */
	double decode, match;	/* nanoseconds an event */
	double clock;		/* of one look at the clock */
	int64_t *spent;		/* by rule, in its fastest round */
};

static const struct arg bench_args[] = {
	ARGS_CONFIG(bench, session.path),
	{ "rules", 'r', ARG_LIST, AT(bench, rules), "PATH",
	    "a rule file or a directory of them, instead of the configured",
	    NULL },
	{ "rule", 0, ARG_STR, AT(bench, rule), "ID", "only this one", NULL },
	{ "logsource", 0, ARG_STR, AT(bench, logsource), "SOURCE",
	    "of JSON: product=X,category=Y,service=Z", NULL },
	{ "lines", 0, ARG_COUNT, AT(bench, lines), "N",
	    "at most so many of all files (100000)", NULL },
	{ "limit", 0, ARG_COUNT, AT(bench, limit), "N",
	    "show so many rules (20)", NULL },
	ARGS_JSON(bench, session.json),
	ARGS_END
};

/* --- the lines, all in memory, so that reading is not measured -------------- */

static bool
add_line(void *arg, const struct line *line)
{
	struct bench *b = arg;

	if (b->count == b->room) {
		b->room = b->room * 2 + 1024;
		b->items = xrealloc(b->items, b->room, sizeof(*b->items));
	}
	b->items[b->count++] = (struct sample_line){
		.text = arena_keep(b->arena, line->text),
		.source = b->reading, .offset = line->start,
	};
	b->bytes += line->text.len;
	return b->count < b->lines && b->bytes < BYTES_MAX;
}

static int
read_path(struct bench *b, const char *path)
{
	struct err err;

	if (b->count >= b->lines || b->bytes >= BYTES_MAX)
		return 0;
	b->reading = slice_of(path);
	if (logfile_read(path, add_line, b, &err) == 0)
		return 0;
	return diag_error(&b->session.diag, NULL, 0, 0, "%s", err.text);
}

/* --- measuring --------------------------------------------------------------- */

/* This process's own time, in nanoseconds: others may be at work. */
static double
busy(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* What a look at the clock by which rules are measured takes. */
static double
clock_cost(void)
{
	double since = busy();
	struct timespec t;

	for (int i = 0; i < CLOCK_LOOKS; i++)
		clock_gettime(CLOCK_MONOTONIC, &t);
	return (busy() - since) / CLOCK_LOOKS;
}

static void
ignore(void *arg, const struct match *m)
{
	(void)arg;
	(void)m;
}

/*
 * One round over all lines, as scan goes through them; nanoseconds an event.
 * Each begins with nothing remembered.
 */
static double
go_round(struct bench *b, bool match)
{
	struct detector *det = &b->session.detector;
	double since = busy(), spent;

	for (size_t i = 0; i < b->count; i++) {
		const struct sample_line *l = &b->items[i];
		const struct record r = { .bytes = l->text,
			.source = l->source, .offset = l->offset,
			.form = lines_form(l->text), .received = when_now() };

		if (match)
			detector_run(det, &r, ignore, NULL);
		else
			detector_decode(det, &r);
	}
	if (match)
		detector_end(det, ignore, NULL);
	spent = busy() - since;
	ruleset_time(det->rules, INT64_MAX, ignore, NULL);
	return spent / (double)b->count;
}

static double
fastest(struct bench *b, bool match)
{
	double least = go_round(b, match);

	for (int i = 1; i < ROUNDS; i++) {
		double round = go_round(b, match);

		least = round < least ? round : least;
	}
	return least;
}

/*
 * What each rule takes is its time in the round in which it took least: the
 * clock goes on while others have the processor.
 */
static void
measure_rules(struct bench *b)
{
	struct ruleset *rules = b->session.detector.rules;
	size_t n = ruleset_count(rules);
	int64_t *before = xcalloc(n, sizeof(*before));

	b->spent = xcalloc(n, sizeof(*b->spent));
	ruleset_measure(rules);
	for (int round = 0; round < ROUNDS; round++) {
		ruleset_forget(rules);
		go_round(b, true);
		for (size_t i = 0; i < n; i++) {
			int64_t all = ruleset_view(rules, i).spent;

			if (round == 0 || all - before[i] < b->spent[i])
				b->spent[i] = all - before[i];
			before[i] = all;
		}
	}
	free(before);
}

/* The first round warms caches. */
static void
measure(struct bench *b)
{
	ruleset_follow(b->session.detector.rules);
	b->clock = clock_cost();
	go_round(b, true);
	b->decode = fastest(b, false);
	b->match = fastest(b, true) - b->decode;
	if (b->match < 0)
		b->match = 0;
	measure_rules(b);
}

/* --- telling ---------------------------------------------------------------- */

/* How often a rule was looked at in a round. */
static double
woken_of(const struct rule_view *rule)
{
	return (double)rule->woken / ROUNDS;
}

/* Nanoseconds an event, without the looks at the clock. */
static double
cost_of(const struct bench *b, const struct rule_view *rule)
{
	double spent = (double)b->spent[rule->index] -
	    woken_of(rule) * b->clock;

	return (spent > 0 ? spent : 0) / (double)b->count;
}

struct ranked {
	struct rule_view rule;
	double cost;
};

static int
by_cost(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return x->cost > y->cost ? -1 : x->cost < y->cost ? 1 :
	    slice_cmp(x->rule.info.id, y->rule.info.id);
}

static void
cell(struct table *t, int digits, double value)
{
	struct buf text = { 0 };

	buf_fmt(&text, "%.*f", digits, value);
	table_cell(t, PAINT_NONE, buf_slice(&text));
	buf_free(&text);
}

static void
print_rows(const struct bench *b, const struct ranked *ranks, size_t count)
{
	static const struct column columns[] = {
		{ .title = "NS/EVENT", .right = true },
		{ .title = "WOKEN", .right = true },
		{ .title = "NS EACH", .right = true },
		{ .title = "MATCHES", .right = true },
		{ .title = "ABORTED", .right = true },
		{ .title = "ID" }, { .title = "TITLE", .stretch = true },
	};
	struct table *t = table_new(&b->session.out, columns,
	    COUNT(columns));

	for (size_t i = 0; i < count; i++) {
		const struct rule_view *r = &ranks[i].rule;

		cell(t, 2, ranks[i].cost);
		cell(t, 0, woken_of(r));
		cell(t, 0, r->woken == 0 ? 0 :
		    ranks[i].cost * (double)b->count / woken_of(r));
		cell(t, 0, (double)r->matches);
		cell(t, 0, (double)r->aborted);
		table_cell(t, PAINT_NONE, slice_head(r->info.id, 8));
		table_cell(t, PAINT_NONE, r->info.title);
	}
	table_print(t, true);
	table_free(t);
}

static void
print_json(const struct bench *b, const struct ranked *rank)
{
	const struct rule_view *r = &rank->rule;
	struct buf text = { 0 }, cost = { 0 };
	struct jsonw w = { .out = &text };

	buf_fmt(&cost, "%.3f", rank->cost);
	jsonw_object(&w);
	jsonw_pair(&w, "id", r->info.id);
	jsonw_pair(&w, "title", r->info.title);
	jsonw_key(&w, S("ns_per_event"));
	jsonw_raw(&w, buf_slice(&cost));
	jsonw_pair_int(&w, "woken", (int64_t)woken_of(r));
	jsonw_pair_int(&w, "matches", (int64_t)r->matches);
	jsonw_pair_int(&w, "aborted", (int64_t)r->aborted);
	jsonw_pair_int(&w, "events", (int64_t)b->count);
	jsonw_object_end(&w);
	buf_byte(&text, '\n');
	fwrite(text.p, 1, text.len, stdout);
	buf_free(&text);
	buf_free(&cost);
}

static void
print_total(const struct bench *b, double rules, size_t woken)
{
	double shared = b->match > rules ? b->match - rules : 0;

	printf("%zu events: decoding %.0f ns each, rules %.0f ns each, "
	    "%.0f of it for all rules together;\n%zu of %zu rules were "
	    "looked at\n\n", b->count, b->decode, b->match, shared, woken,
	    ruleset_count(b->session.detector.rules));
	fflush(stdout);
}

static int
report(struct bench *b)
{
	const struct ruleset *rules = b->session.detector.rules;
	size_t n = ruleset_count(rules), woken = 0;
	struct ranked *ranks = xcalloc(n, sizeof(*ranks));
	struct rule_view only = { .index = SIZE_MAX };
	double sum = 0;
	int ret = 0;

	if (b->rule != NULL)
		ret = session_rule(&b->session, b->rule, &only);
	for (size_t i = 0; i < n; i++) {
		struct rule_view view = ruleset_view(rules, i);

		sum += cost_of(b, &view);
		if (view.woken > 0 &&
		    (b->rule == NULL || only.index == i))
			ranks[woken++] = (struct ranked){ view,
			    cost_of(b, &view) };
	}
	if (woken > 0)
		qsort(ranks, woken, sizeof(*ranks), by_cost);
	if (ret == 0 && !b->session.json) {
		print_total(b, sum, woken);
		print_rows(b, ranks, woken < b->limit ? woken : b->limit);
	}
	for (size_t i = 0; ret == 0 && b->session.json && i < woken &&
	    i < b->limit; i++)
		print_json(b, &ranks[i]);
	free(ranks);
	return ret;
}

/* --- the command ------------------------------------------------------------ */

static int
bench(struct bench *b, const struct registry *reg, char **paths)
{
	struct session *s = &b->session;
	struct logsource source;

	if (!session_load(s, reg, b->rules.count > 0 ? &b->rules : NULL))
		return -1;
	if (b->logsource != NULL) {
		if (!logsource_parse(s->detector.schema,
		    slice_of(b->logsource), &source))
			return diag_error(&s->diag, NULL, 0, 0,
			    "--logsource \"%s\": expected "
			    "product=X,category=Y,service=Z", b->logsource);
		detector_source(&s->detector, source);
	}
	for (; *paths != NULL; paths++)
		if (read_path(b, *paths) == -1)
			return -1;
	if (b->count == 0)
		return diag_error(&s->diag, NULL, 0, 0,
		    "there is no line in it");
	measure(b);
	return report(b);
}

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct bench b = { .lines = LINES_DEFAULT, .limit = ROWS_DEFAULT };
	int status;

	if (!args_read(&rules_bench, &b, &argc, argv, &status))
		return status;
	argv[argc] = NULL;
	if (argc < 2) {
		args_free(&rules_bench, &b);
		return args_wrong(&rules_bench, "which logs? - is standard "
		    "input");
	}
	session_begin(&b.session);
	b.arena = arena_new(0);
	bench(&b, reg, argv + 1);
	status = session_end(&b.session, EXIT_TROUBLE);
	arena_free(b.arena);
	free(b.items);
	free(b.spent);
	args_free(&rules_bench, &b);
	return status;
}

const struct command rules_bench = {
	.name = "rules bench",
	.synopsis = "[-c FILE] [-r PATH]... [--rule ID] [--lines N] "
	    "[--limit N]\n                    [--logsource SOURCE] [--json] "
	    "FILE...|-",
	.what = "what each rule costs on given logs, dearest first",
	.args = bench_args,
	.run = run,
};
