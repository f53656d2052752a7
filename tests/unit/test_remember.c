/*
 * How much correlations remember, and what becomes of it when the clock is
 * set. A scenario is a row of steps, in seconds:
 *	E90=a	an event of group a, written then and read at once
 *	L60	what comes from now on is read 60 seconds late
 *	T90	it is that late, and everything before was read
 *	C30-60	it is second 30, the clock was set back by 60 just now
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/when.h"
#include "engine/engine.h"

static const char base[] =
    "title: fail\nname: fail\nlogsource: {product: linux}\n"
    "detection: {s: {e: fail}, condition: s}\n---\ntitle: corr\n";

struct world {
	struct schema *schema;
	struct ruleset *rules;
	struct event *ev;
	struct diag diag;
	unsigned alerts;
	uint64_t offset;
	int lag;
	struct ruleset_limits limits;
};

/* An hour after the epoch, so that seconds may be below 0. */
static int64_t
at(int second)
{
	return HOUR + second * SECOND;
}

static void
on_match(void *arg, const struct match *m)
{
	struct world *w = arg;

	w->alerts += m->held == NULL || m->held->why != HOLD_SUPPRESS;
}

/* What map says is as if the configuration said it. */
static void
open_world(struct world *w, const char *map, const char *rule)
{
	struct arena *a = arena_new(0);
	struct buf text = { 0 };
	struct node *node = NULL;

	*w = (struct world){ .schema = schema_new() };
	w->rules = ruleset_new(w->schema);
	yaml_parse(a, "c.yaml", slice_of(map), &node, &w->diag);
	opt_read(limit_opts, &w->limits, node, NULL, "correlation", a,
	    &w->diag);
	ruleset_limits_check(&w->limits, node, &w->diag);
	ruleset_limit(w->rules, &w->limits);
	buf_str(&text, base);
	buf_str(&text, rule);
	if (ruleset_load_text(w->rules, "r.yml", buf_slice(&text),
	    &w->diag) == 0)
		ruleset_compile(w->rules, &w->diag);
	schema_freeze(w->schema);
	w->ev = event_new(w->schema);
	buf_free(&text);
	arena_free(a);
}

static void
close_world(struct world *w)
{
	event_free(w->ev);
	ruleset_free(w->rules);
	schema_free(w->schema);
	diag_free(&w->diag);
}

static void
happen(struct world *w, int second, const char *group)
{
	struct record r = { .source = S("test"), .offset = w->offset++,
		.received = at(second + w->lag) };
	int product = schema_word_find(w->schema, S("linux"));
	int u = schema_find(w->schema, S("u"));

	event_reset(w->ev, &r);
	w->ev->time = at(second);
	event_set(w->ev, schema_find(w->schema, S("e")), S("fail"));
	if (u != -1)
		event_set(w->ev, u, slice_of(group));
	event_source(w->ev, (struct logsource){ (uint16_t)product, 0, 0 });
	ruleset_match(w->rules, w->ev, on_match, w);
}

static void
play_step(struct world *w, const char *step)
{
	char group[8] = "";
	int a = 0, b = 0;

	if (sscanf(step, "L%d", &a) == 1)
		w->lag = a;
	else if (sscanf(step, "E%d=%7s", &a, group) == 2)
		happen(w, a, group);
	else if (sscanf(step, "T%d", &a) == 1)
		ruleset_time(w->rules, at(a), on_match, w);
	else if (sscanf(step, "C%d%d", &a, &b) == 2)
		ruleset_clock(w->rules, at(a), b * SECOND);
	else
		CHECK(false);
}

static void
play(struct world *w, const char *steps)
{
	struct slice rest = slice_of(steps), step;
	char text[32];
	bool more = true;

	while (more) {
		more = slice_cut(&rest, ' ', &step);
		slice_to_cstr(more ? step : rest, text, sizeof(text));
		play_step(w, text);
	}
}

#define COUNTS(condition, more) \
	"correlation: {type: event_count, rules: fail, group-by: u, " \
	"timespan: 60s, condition: {" condition "}}\n" more
#define VALUES(condition) \
	"correlation: {type: value_count, rules: fail, timespan: 60s, " \
	"condition: {field: u, " condition "}}\n"

static void
a_clock_that_is_set_blinds_no_window(void)
{
	static const struct {
		const char *rule, *steps;
		unsigned alerts;
	} rows[] = {
		/* what came before counts as long ago as it was */
		{ COUNTS("gte: 2", ""), "E100=a T100 C40-60 E41=a", 1 },
		{ COUNTS("gte: 2", ""), "E100=a T150 C90-60 E99=a", 1 },
		{ COUNTS("gte: 2", ""), "E100=a T150 C90-60 E102=a", 0 },
		{ COUNTS("gte: 2", ""), "E100=a C-2900-3000 E-2895=a", 1 },
		/* without a word of it the new ones are too old */
		{ COUNTS("gte: 2", ""), "E100=a T100 E20=a E21=a E22=a", 0 },
		/* forward: as the logs' own times say */
		{ COUNTS("gte: 2", ""), "E100=a C160+60 E170=a", 0 },
		{ COUNTS("gte: 2", ""), "E100=a C130+30 E150=a", 1 },
		/* windows that close do it as late as without */
		{ COUNTS("lt: 2", ""), "E100=a T100 C40-60 T109", 0 },
		{ COUNTS("lt: 2", ""), "E100=a T100 C40-60 T111", 1 },
		{ COUNTS("eq: 2", ""), "E100=a T100 C40-60 E41=a T111", 1 },
		/* nor is a new group's first match too late */
		{ COUNTS("eq: 1", ""), "T3000 C0-3000 E10=a T81", 1 },
		/* a rest is no longer, either */
		{ COUNTS("gte: 1", "vedette: {rearm: 100s}"),
		    "E100=a E150=a C90-60 E139=a E141=a", 2 },
		{ COUNTS("gte: 1", "vedette: {rearm: 100s}"),
		    "E100=a C1000+900 E1001=a", 2 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world w;

		open_world(&w, "{}", rows[i].rule);
		CHECK_TEXT_ROW(buf_slice(&w.diag.text), "", i);
		play(&w, rows[i].steps);
		CHECK_ROW(w.alerts == rows[i].alerts, i);
		close_world(&w);
	}
}

static void
a_source_that_is_behind_the_clock_is_counted(void)
{
	static const struct {
		const char *rule, *steps;
		unsigned alerts;
	} rows[] = {
		{ COUNTS("gte: 2", ""), "E100=a T171 E110=a", 0 },
		{ COUNTS("gte: 2", ""), "L3600 E100=a T3769 E110=a", 1 },
		{ COUNTS("gte: 2", ""), "L3600 E100=a T3771 E110=a", 0 },
		/* by the newest match */
		{ COUNTS("gte: 3", ""),
		    "L3600 E100=a L0 E101=a T172 E102=a E103=a", 0 },
		{ COUNTS("gte: 3", ""),
		    "L3600 E100=a L0 E99=a T3769 E102=a", 1 },
		/* in its rest, too */
		{ COUNTS("gte: 1", "vedette: {rearm: 100s}"),
		    "L3600 E100=a T3750 E150=a", 1 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world w;

		open_world(&w, "{}", rows[i].rule);
		CHECK_TEXT_ROW(buf_slice(&w.diag.text), "", i);
		play(&w, rows[i].steps);
		CHECK_ROW(w.alerts == rows[i].alerts, i);
		close_world(&w);
	}
}

static void
suppress_is_no_longer_for_a_clock_that_is_set_back(void)
{
	static const char rule[] = "logsource: {product: linux}\n"
	    "detection: {s: {e: fail}, condition: s}\n"
	    "vedette: {suppress: {for: 60s, by: u}}\n";
	static const struct {
		const char *steps;
		unsigned alerts;
	} rows[] = {
		{ "E100=a E159=a", 1 },
		{ "E100=a E160=a", 2 },
		{ "E100=a C70-30 E129=a", 1 },
		{ "E100=a C70-30 E131=a", 2 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world w;

		open_world(&w, "{}", rule);
		CHECK_TEXT_ROW(buf_slice(&w.diag.text), "", i);
		play(&w, rows[i].steps);
		/* The rule "fail" stands beside it. */
		CHECK_ROW(w.alerts - w.offset == rows[i].alerts, i);
		close_world(&w);
	}
}

static void
caps_are_what_the_configuration_says(void)
{
	static const struct {
		const char *limits, *rule, *steps;
		unsigned alerts, evicted, late;
	} rows[] = {
		{ "{}", COUNTS("gte: 2", ""),
		    "E1=a E2=b E3=c E4=a E5=b E6=c", 3, 0, 0 },
		/* the group that was not touched longest goes */
		{ "{groups: 2}", COUNTS("gte: 2", ""),
		    "E1=a E2=b E3=c E4=b E5=a", 1, 1, 0 },
		{ "{groups: 1}", COUNTS("gte: 2", ""),
		    "E1=a E2=b E3=a E4=b", 0, 3, 0 },
		/* more values than are told apart are more than so many */
		{ "{values: 3}", VALUES("neq: 2"),
		    "E1=a E2=b E3=c E4=d E5=e T80", 1, 0, 0 },
		{ "{values: 3}", VALUES("gte: 3"), "E1=a E2=b E3=c", 1, 0, 0 },
		/* late ones: by the configuration, by the rule */
		{ "{}", COUNTS("eq: 2", ""), "E1=a E40=a T80 E5=b T99", 1, 0,
		    1 },
		{ "{late: 0s}", COUNTS("lt: 2", ""), "E1=a T61", 1, 0, 0 },
		{ "{late: 30s}", COUNTS("lt: 2", ""), "E1=a T90", 0, 0, 0 },
		{ "{late: 30s}", COUNTS("lt: 2", ""), "E1=a T92", 1, 0, 0 },
		{ "{late: 1h}", COUNTS("lt: 2", ""), "E1=a T122", 1, 0, 0 },
		{ "{late: 30s}", COUNTS("lt: 2", "vedette: {late: 2s}"),
		    "E1=a T64", 1, 0, 0 },
		{ "{}", COUNTS("gte: 2", ""), "E100=a E39=a E38=a", 0, 0, 2 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ruleset_memory m;
		struct rule_view v;
		struct world w;

		open_world(&w, rows[i].limits, rows[i].rule);
		CHECK_TEXT_ROW(buf_slice(&w.diag.text), "", i);
		play(&w, rows[i].steps);
		m = ruleset_memory(w.rules);
		v = ruleset_view(w.rules, 1);
		CHECK_ROW(w.alerts == rows[i].alerts, i);
		CHECK_ROW(m.evicted == rows[i].evicted, i);
		CHECK_ROW(m.late == rows[i].late, i);
		CHECK_ROW(v.evicted == m.evicted && v.late == m.late, i);
		close_world(&w);
	}
}

static void
wrong_caps_are_told_with_their_place(void)
{
	static const struct {
		const char *limits, *rule, *said;
	} rows[] = {
		{ "{groups: 0}", COUNTS("gte: 2", ""), "c.yaml:1:10: groups" },
		{ "{values: 0}", COUNTS("gte: 2", ""), "c.yaml:1:10: values" },
		{ "{values: 100001}", COUNTS("gte: 2", ""), "c.yaml:1:10: " },
		{ "{memory: 10}", COUNTS("gte: 2", ""), "c.yaml:1:10: memory" },
		{ "{late: 2d}", COUNTS("gte: 2", ""), "c.yaml:1:8: late" },
		{ "{late: -1s}", COUNTS("gte: 2", ""), "c.yaml:1:8: late" },
		{ "{groups: many}", COUNTS("gte: 2", ""), "c.yaml:1:10: " },
		{ "{group: 3}", COUNTS("gte: 2", ""), "did you mean" },
		{ "{values: 9}", VALUES("gte: 10"), "at most 9 different" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world w;

		open_world(&w, rows[i].limits, rows[i].rule);
		CHECK_ROW(w.diag.errors == 1, i);
		CHECK_ROW(slice_find(buf_slice(&w.diag.text),
		    slice_of(rows[i].said)) != SIZE_MAX, i);
		close_world(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_clock_that_is_set_blinds_no_window),
		TEST(a_source_that_is_behind_the_clock_is_counted),
		TEST(suppress_is_no_longer_for_a_clock_that_is_set_back),
		TEST(caps_are_what_the_configuration_says),
		TEST(wrong_caps_are_told_with_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
