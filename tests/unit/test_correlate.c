#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/when.h"
#include "engine/engine.h"

/* Rules fail, ok and sudo by the field e, and many: two fails of one user. */
static const char base[] =
    "title: fail\nname: fail\nlogsource: {product: linux}\n"
    "detection: {s: {e: fail}, condition: s}\n---\n"
    "title: ok\nname: ok\nlogsource: {product: linux}\n"
    "detection: {s: {e: ok}, condition: s}\n---\n"
    "title: sudo\nname: sudo\nlogsource: {product: linux}\n"
    "detection: {s: {e: sudo}, condition: s}\n---\n"
    "title: many\nname: many\ncorrelation: {type: event_count, rules: fail, "
    "group-by: u, timespan: 10s, condition: {gte: 2}}\n---\n"
    "title: corr\ncorrelation: ";

/* Events as text: "TIME E U N; ...", "-" for a field that is absent. */
struct world {
	struct schema *schema;
	struct ruleset *rules;
	struct event *ev;
	int e, u, n;
	struct diag diag;
	struct buf ids;		/* of the alerts of corr, in order */
	unsigned alerts, others;
	double measure;
	uint64_t offset;
};

static void
on_match(void *arg, const struct match *m)
{
	struct world *w = arg;

	if (!slice_eq(m->rule->title, S("corr"))) {
		w->others++;
		return;
	}
	w->alerts++;
	id_add(&w->ids, match_id(m));
	buf_byte(&w->ids, '\n');
	w->measure = m->correlated->measure;
}

static void
open_world(struct world *w, const char *correlation)
{
	struct buf text = { 0 };

	*w = (struct world){ .schema = schema_new() };
	w->rules = ruleset_new(w->schema);
	buf_str(&text, base);
	buf_str(&text, correlation);
	w->e = schema_field(w->schema, S("e"));
	w->u = schema_field(w->schema, S("u"));
	w->n = schema_field(w->schema, S("n"));
	if (ruleset_load_text(w->rules, "r.yml", buf_slice(&text),
	    &w->diag) == 0)
		ruleset_compile(w->rules, &w->diag);
	ruleset_follow(w->rules);
	schema_freeze(w->schema);
	w->ev = event_new(w->schema);
	buf_free(&text);
}

static void
close_world(struct world *w)
{
	event_free(w->ev);
	ruleset_free(w->rules);
	schema_free(w->schema);
	diag_free(&w->diag);
	buf_free(&w->ids);
}

static bool
next_field(struct slice *rest, struct slice *out)
{
	*rest = slice_trim(*rest);
	if (!slice_cut(rest, ' ', out)) {
		*out = *rest;
		*rest = S("");
	}
	return out->len > 0 && !slice_eq(*out, S("-"));
}

static void
happen(struct world *w, struct slice event)
{
	const int fields[] = { w->e, w->u, w->n };
	struct record r = { .source = S("test"), .offset = w->offset++ };
	struct logsource from = { 0 };
	struct slice text;
	char number[32];

	event_reset(w->ev, &r);
	next_field(&event, &text);
	slice_to_cstr(text, number, sizeof(number));
	w->ev->time = (int64_t)(strtod(number, NULL) * (double)SECOND);
	from.product = (uint16_t)schema_word_find(w->schema, S("linux"));
	event_source(w->ev, from);
	for (size_t i = 0; i < COUNT(fields); i++)
		if (next_field(&event, &text))
			event_set(w->ev, fields[i], text);
	ruleset_match(w->rules, w->ev, on_match, w);
}

static void
happen_all(struct world *w, const char *events)
{
	struct slice rest = slice_of(events), event;

	while (slice_cut(&rest, ';', &event))
		happen(w, event);
	happen(w, rest);
}

static void
end(struct world *w)
{
	ruleset_time(w->rules, INT64_MAX, on_match, w);
}

#define COUNTS(condition) \
	"{type: event_count, rules: fail, group-by: u, timespan: 60s, " \
	"condition: {" condition "}}"
#define VALUES(type, condition) \
	"{type: " type ", rules: fail, group-by: u, timespan: 60s, " \
	"condition: {field: n, " condition "}}"
#define TIMES(type, rules, more) \
	"{type: " type ", rules: [" rules "], group-by: u, " \
	"timespan: 60s" more "}"

static void
each_type_decides_as_it_should(void)
{
	static const struct {
		const char *correlation, *events;
		unsigned want;
	} rows[] = {
		/* counting */
		{ COUNTS("gte: 3"), "0 fail a;30 fail a;60 fail a", 1 },
		{ COUNTS("gte: 3"), "0 fail a;30 fail a;61 fail a", 0 },
		{ COUNTS("gte: 3"), "0 fail a;1 fail b;2 fail a;3 fail A", 0 },
		{ COUNTS("gte: 3"), "0 fail -;1 fail -;2 fail -", 0 },
		{ COUNTS("gte: 2"), "0 fail a;1 fail a;2 fail a;3 fail a", 2 },
		{ COUNTS("gt: 1, gte: 3"), "0 fail a;1 fail a;2 fail a", 1 },
		{ COUNTS("gte: 1.5"), "0 fail a;1 fail a", 1 },
		/* out of order, within the span of the newest */
		{ COUNTS("gte: 3"), "40 fail a;0 fail a;20 fail a", 1 },
		{ COUNTS("gte: 3"), "70 fail a;0 fail a;20 fail a", 0 },
		/* decided when the window closes */
		{ COUNTS("eq: 2"), "0 fail a;60 fail a", 1 },
		{ COUNTS("eq: 2"), "0 fail a;1 fail a;2 fail a", 0 },
		{ COUNTS("eq: 2"), "0 fail a;1 fail a;61 fail a;62 fail a", 2 },
		{ COUNTS("neq: 2"), "0 fail a;1 fail a;61 fail a", 1 },
		{ COUNTS("lt: 2"), "0 fail a;100 fail a;101 fail a", 1 },
		{ COUNTS("lte: 0"), "0 fail a", 0 },
		{ COUNTS("gte: 2, lt: 4"), "0 fail a;1 fail a;2 fail a", 1 },
		{ COUNTS("gte: 2, lt: 4"), "0 fail a", 0 },
		{ COUNTS("gte: 2, lt: 4"),
		    "0 fail a;1 fail a;2 fail a;3 fail a", 0 },
		/* late: the window's first match may come behind the second */
		{ COUNTS("eq: 2"), "5 fail a;0 fail a;61 fail a", 1 },
		/* values */
		{ VALUES("value_count", "gte: 2"), "0 fail a x;1 fail a x;"
		    "2 fail a y", 1 },
		{ VALUES("value_count", "gte: 2"), "0 fail a x;1 fail a -", 0 },
		{ VALUES("value_count", "gte: 2"), "0 fail a x;30 fail a x;"
		    "80 fail a y", 1 },
		{ VALUES("value_count", "lt: 2"), "0 fail a x;1 fail a x", 1 },
		{ VALUES("value_count", "eq: 2"), "0 fail a x;1 fail a y;"
		    "61 fail a z", 1 },
		{ VALUES("value_sum", "gte: 10"), "0 fail a 4;1 fail a x;"
		    "2 fail a 6.0", 1 },
		{ VALUES("value_sum", "lt: 0"), "0 fail a 4;1 fail a -5", 1 },
		{ VALUES("value_avg", "gt: 3"), "0 fail a 2;1 fail a 4", 0 },
		{ VALUES("value_avg", "eq: 3"), "0 fail a 2;1 fail a 4", 1 },
		{ VALUES("value_median", "eq: 2.5"), "0 fail a 1;1 fail a 4;"
		    "2 fail a 2;3 fail a 3", 1 },
		{ VALUES("value_percentile", "percentile: 25, eq: 1.75"),
		    "0 fail a 1;1 fail a 4;2 fail a 2;3 fail a 3", 1 },
		/* rules together */
		{ TIMES("temporal", "fail, ok", ""), "0 ok a;60 fail a", 1 },
		{ TIMES("temporal", "fail, ok", ""), "0 ok a;61 fail a", 0 },
		{ TIMES("temporal", "fail, ok", ""), "0 ok a;1 fail b", 0 },
		{ TIMES("temporal", "fail, ok, sudo", ", condition: {gte: 2}"),
		    "0 ok a;1 ok a;2 sudo a", 1 },
		{ TIMES("temporal", "fail, ok, sudo", ", condition: {eq: 1}"),
		    "0 ok a;1 ok a;100 sudo a;101 ok a", 1 },
		{ TIMES("temporal", "fail, ok, sudo",
		    ", condition: fail and (ok or sudo)"),
		    "0 ok a;1 sudo a;2 fail a", 1 },
		{ TIMES("temporal", "fail, ok", ", condition: fail and not ok"),
		    "0 fail a;1 ok a;100 fail a", 1 },
		{ "{type: temporal, timespan: 60s, condition: ok and sudo}",
		    "0 ok a;1 sudo b", 1 },
		/* in order */
		{ TIMES("temporal_ordered", "fail, ok", ""),
		    "0 ok a;1 fail a", 0 },
		{ TIMES("temporal_ordered", "fail, ok", ""),
		    "0 ok a;1 fail a;1 ok a", 1 },
		{ TIMES("temporal_ordered", "fail, ok, sudo", ""),
		    "0 fail a;1 sudo a;2 ok a;3 fail a;4 sudo a", 1 },
		{ TIMES("temporal_ordered", "fail, fail, ok", ""),
		    "0 fail a;1 ok a;2 fail a;3 ok a", 1 },
		{ TIMES("temporal_ordered", "fail, ok", ""),
		    "0 fail a;50 fail a;100 ok a;101 ok a", 1 },
		{ TIMES("temporal_ordered", "fail, ok, sudo",
		    ", condition: {gte: 2}"), "0 sudo a;1 ok a;2 fail a", 0 },
		{ TIMES("temporal_ordered", "fail, ok, sudo",
		    ", condition: {gte: 2}"), "0 fail a;2 sudo a", 1 },
		/* of correlations */
		{ TIMES("temporal_ordered", "many, ok", ""),
		    "0 fail a;1 fail a;2 ok a", 1 },
		{ TIMES("temporal_ordered", "many, ok", ""),
		    "0 fail a;1 fail a;2 ok b", 0 },
		{ "{type: event_count, rules: many, group-by: u, timespan: 1h, "
		    "condition: {gte: 2}}",
		    "0 fail a;1 fail a;2 fail a;3 fail a", 1 },
		/* by other names */
		{ "{type: temporal, rules: [fail, ok], group-by: who, "
		    "timespan: 60s, aliases: {who: {fail: u, ok: n}}}",
		    "0 fail a x;1 ok y a", 1 },
		{ "{type: temporal, rules: [fail, ok], group-by: who, "
		    "timespan: 60s, aliases: {who: {fail: u, ok: n}}}",
		    "0 fail a x;1 ok a x", 0 },
		{ "{type: value_count, rules: [fail, ok], timespan: 60s, "
		    "aliases: {who: {fail: u, ok: n}}, "
		    "condition: {field: who, gte: 2}}",
		    "0 fail a x;1 ok x a;2 ok x b", 1 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world w;

		open_world(&w, rows[i].correlation);
		CHECK_TEXT_ROW(buf_slice(&w.diag.text), "", i);
		happen_all(&w, rows[i].events);
		end(&w);
		CHECK_ROW(w.alerts == rows[i].want, i);
		CHECK_ROW(ruleset_memory(w.rules).items == 0, i);
		close_world(&w);
	}
}

static void
what_is_wrong_is_said_with_its_place(void)
{
	static const struct {
		const char *correlation, *said;
	} rows[] = {
		{ "{rules: fail, timespan: 1m, condition: {gte: 1}}",
		    "no type" },
		{ "{type: event_cuont, rules: fail, timespan: 1m, "
		    "condition: {gte: 1}}", "did you mean \"event_count\"" },
		{ "{type: event_count, timespan: 1m, condition: {gte: 1}}",
		    "no rules" },
		{ "{type: event_count, rules: [], timespan: 1m, "
		    "condition: {gte: 1}}", "list" },
		{ "{type: event_count, rules: nope, timespan: 1m, "
		    "condition: {gte: 1}}",
		    "no rule that is loaded has that id or name" },
		{ "{type: event_count, rules: fail, condition: {gte: 1}}",
		    "no timespan" },
		{ "{type: event_count, rules: fail, timespan: 10, "
		    "condition: {gte: 1}}", "expected a number and one of" },
		{ "{type: event_count, rules: fail, timespan: 1000y, "
		    "condition: {gte: 1}}", "longer than 100 years" },
		{ "{type: event_count, rules: fail, timespan: 1m}",
		    "no condition" },
		{ COUNTS(""), "no operator" },
		{ COUNTS("gte: x"), "is a number" },
		{ COUNTS("gte: 1e999"), "is a number" },
		{ COUNTS("ge: 1"), "did you mean" },
		{ COUNTS("gt: 1, lt: 5, neq: 3"), "two for a range" },
		{ "{type: value_sum, rules: fail, timespan: 1m, "
		    "condition: {gte: 1}}", "needs a \"field\"" },
		{ VALUES("value_percentile", "gte: 1"), "\"percentile\"" },
		{ VALUES("value_count", "gte: 10001"), "at most 10000" },
		{ "{type: event_count, rules: fail, timespan: 1m, "
		    "condition: fail}", "only temporal" },
		{ "{type: temporal, timespan: 1m, condition: fail and nope}",
		    "no rule that is loaded has that id or name" },
		{ TIMES("temporal", "fail, ok", ", condition: fail and sudo"),
		    "no such identifier" },
		{ TIMES("temporal", "fail, ok", ", aliases: {x: y}"),
		    "an alias is a map" },
		{ TIMES("temporal", "fail, ok", ", aliases: {x: {sudo: y}}"),
		    "one of the rules" },
		{ TIMES("temporal", "fail, ok", ", generate: 3"),
		    "true or false" },
		{ TIMES("temporal", "fail, ok", ", groupby: u"),
		    "did you mean \"group-by\"" },
		{ "{type: event_count, rules: corr, timespan: 1m, "
		    "condition: {gte: 1}}\nname: corr", "counts itself" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world w;

		open_world(&w, rows[i].correlation);
		CHECK_ROW(w.diag.errors > 0, i);
		CHECK_ROW(slice_starts(buf_slice(&w.diag.text),
		    S("r.yml:2")), i);
		CHECK_ROW(slice_find(buf_slice(&w.diag.text),
		    slice_of(rows[i].said)) != SIZE_MAX, i);
		close_world(&w);
	}
}

static void
counted_rules_are_silent_unless_one_says_so(void)
{
	struct world w;

	open_world(&w, COUNTS("gte: 9"));
	happen_all(&w, "0 fail a;1 ok a;2 sudo a");
	CHECK(w.others == 2);
	close_world(&w);
	open_world(&w, TIMES("temporal", "fail, ok", ", generate: true"));
	happen_all(&w, "0 fail a;1 ok b;2 sudo a");
	CHECK(w.others == 3);
	close_world(&w);
}

static void
a_group_rests_after_an_alert_where_that_is_asked_for(void)
{
	struct world w;

	open_world(&w, COUNTS("gte: 2") "\nvedette: {rearm: 1h}");
	happen_all(&w, "0 fail a;1 fail a;2 fail a;3 fail a;3602 fail a;"
	    "3603 fail a");
	CHECK(w.alerts == 2);
	end(&w);
	CHECK(ruleset_memory(w.rules).items == 0);
	close_world(&w);
}

static void
much_is_counted_in_little(void)
{
	static const struct {
		const char *correlation;
		double measure;
	} rows[] = {
		{ COUNTS("gte: 5000"), 5000 },
		{ COUNTS("neq: 1"), 5000 },
		{ VALUES("value_sum", "gte: 5000"), 5000 },
		{ VALUES("value_avg", "eq: 1"), 1 },
		{ VALUES("value_median", "eq: 1"), 1 },
		{ TIMES("temporal_ordered", "fail, ok", ", condition: {eq: 1}"),
		    1 },
	};
	char event[32];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world w;

		open_world(&w, rows[i].correlation);
		for (unsigned n = 0; n < 5000; n++) {
			snprintf(event, sizeof(event), "%u.%03u fail a 1",
			    n / 100, n % 100);
			happen(&w, slice_of(event));
			CHECK_ROW(ruleset_memory(w.rules).bytes < 150000, i);
		}
		end(&w);
		CHECK_ROW(w.alerts == 1 && w.measure == rows[i].measure, i);
		close_world(&w);
	}
}

/* --- from one run to the next --------------------------------------------- */

static void
write_item(void *arg, struct slice key, struct slice value)
{
	struct map *disk = arg;
	struct buf *copy = NULL;

	if (value.len > 0) {
		copy = xcalloc(1, sizeof(*copy));
		buf_add(copy, value);
		copy = map_put(disk, key, copy);
	} else {
		copy = map_remove(disk, key);
	}
	if (copy != NULL)
		buf_free(copy);
	free(copy);
}

static void
recall_all(struct world *w, struct map *disk, size_t row)
{
	struct slice key;
	void *value;

	for (size_t at = 0; map_next(disk, &at, &key, &value);)
		CHECK_ROW(ruleset_recall(w->rules, key,
		    buf_slice(value)), row);
}

static void
disk_free(struct map *disk)
{
	struct slice key;
	void *value;

	for (size_t at = 0; map_next(disk, &at, &key, &value);) {
		buf_free(value);
		free(value);
	}
	map_free(disk);
}

/* Runs events; after so many the process ends and another takes its place. */
static void
run_cut(struct buf *ids, const char *correlation, const char *events,
    unsigned cut, size_t row)
{
	struct slice rest = slice_of(events), event;
	struct map *disk = map_new();
	struct world w, before;
	bool more = true;

	open_world(&w, correlation);
	for (unsigned n = 0; more; n++) {
		more = slice_cut(&rest, ';', &event);
		happen(&w, more ? event : rest);
		ruleset_changed(w.rules, write_item, disk);
		ruleset_settled(w.rules);
		if (n != cut)
			continue;
		before = w;
		open_world(&w, correlation);
		w.offset = before.offset;
		buf_add(&w.ids, buf_slice(&before.ids));
		close_world(&before);
		recall_all(&w, disk, row);
	}
	end(&w);
	buf_add(ids, buf_slice(&w.ids));
	close_world(&w);
	disk_free(disk);
}

static void
a_restart_at_any_place_changes_no_alert(void)
{
	static const char *const correlations[] = {
		COUNTS("gte: 3"), COUNTS("eq: 3"), COUNTS("lt: 3"),
		COUNTS("gte: 3") "\nvedette: {rearm: 40s}",
		VALUES("value_count", "gte: 3"),
		VALUES("value_count", "lte: 2"),
		VALUES("value_sum", "gte: 9"), VALUES("value_avg", "lt: 4"),
		VALUES("value_median", "gt: 2"),
		VALUES("value_percentile", "percentile: 90, lte: 4"),
		TIMES("temporal", "fail, ok, sudo", ""),
		TIMES("temporal", "fail, ok", ", condition: fail and not ok"),
		TIMES("temporal_ordered", "fail, ok, sudo", ""),
		TIMES("temporal_ordered", "many, ok", ""),
	};
	static const char events[] =
	    "0 fail a 1;5 ok a 2;6 sudo b 3;9 fail a 4;11 fail b 2;12 ok b 1;"
	    "20 fail a 5;21 ok a 1;22 sudo a 2;18 fail b 3;30 fail b 1;"
	    "61 fail a 2;62 fail a 3;63 ok a 1;75 fail b 9;76 fail b -2;"
	    "140 fail a 1;141 fail a 7;142 ok a 1;143 sudo a 1;150 fail b 1";

	for (size_t i = 0; i < COUNT(correlations); i++) {
		struct buf whole = { 0 };

		run_cut(&whole, correlations[i], events, 1000, i);
		CHECK_ROW(whole.len > 0, i);
		for (unsigned cut = 0; cut < 21; cut++) {
			struct buf ids = { 0 };

			run_cut(&ids, correlations[i], events, cut, i);
			CHECK_ROW(slice_eq(buf_slice(&ids),
			    buf_slice(&whole)), i * 100 + cut);
			buf_free(&ids);
		}
		buf_free(&whole);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_type_decides_as_it_should),
		TEST(what_is_wrong_is_said_with_its_place),
		TEST(counted_rules_are_silent_unless_one_says_so),
		TEST(a_group_rests_after_an_alert_where_that_is_asked_for),
		TEST(much_is_counted_in_little),
		TEST(a_restart_at_any_place_changes_no_alert),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
