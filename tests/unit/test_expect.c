/*
 * Expectations: what their map may say, and when something is missing.
 *
 * A scenario is a row of steps, with minutes from a Monday's midnight:
 *	T90	it is half past one, and everything before was read
 *	E90	an event comes that was written then; E90=x with host x
 *	U90-95	nothing was observed in between; U90-95@f nothing of file f
 *	Sf	what comes from now on comes from file f; else nobody knows
 *	C90+60	it is half past one, the clock was set forward by an hour just now
 * and gives what is told: A90:1 an alert (until when, which in a row), G90-95
 * a gap. Each is played once more with a restart behind every step.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/pack.h"
#include "base/when.h"
#include "engine/engine.h"
#include "engine/expect.h"

struct world {
	struct schema *schema;
	struct ruleset *rules;
	struct diag diag;
	struct event *ev;
	struct buf told, ids;
	struct map *journal;	/* items: struct buf by key */
	char source[8];
};

static int64_t
monday(void)
{
	return when_civil(2026, 11, 23, 0, 0, 0);
}

static void
load(struct world *w, const char *expect)
{
	struct buf rule = { 0 };

	buf_str(&rule, "title: Backup\nid: 0d1bf2ba-8b8e-4b1c-a8ee-"
	    "16e1d7b7f5c5\nlevel: high\nlogsource: {product: linux}\n"
	    "detection: {s: {f: x}, condition: s}\nvedette:\n  expect: ");
	buf_str(&rule, expect);
	buf_str(&rule, "\n");
	w->schema = schema_new();
	w->rules = ruleset_new(w->schema);
	ruleset_load_text(w->rules, "r.yml", buf_slice(&rule), &w->diag);
	if (w->diag.errors == 0)
		ruleset_compile(w->rules, &w->diag);
	schema_freeze(w->schema);
	w->ev = event_new(w->schema);
	buf_free(&rule);
}

static void
unload(struct world *w)
{
	event_free(w->ev);
	ruleset_free(w->rules);
	schema_free(w->schema);
}

static void
end(struct world *w)
{
	struct slice key;
	void *item;

	for (size_t at = 0; w->journal != NULL &&
	    map_next(w->journal, &at, &key, &item);) {
		buf_free(item);
		free(item);
	}
	if (w->journal != NULL)
		map_free(w->journal);
	unload(w);
	diag_free(&w->diag);
	buf_free(&w->told);
	buf_free(&w->ids);
}

static int
minute_of(int64_t when)
{
	return (int)((when - monday()) / MINUTE);
}

static void
matched(void *arg, const struct match *m)
{
	struct world *w = arg;
	const struct expected *x = m->expected;

	if (x == NULL) {
		/* Nobody is told but who tests rules. */
		CHECK(m->held != NULL && m->held->why == HOLD_EXPECT);
		return;
	}
	CHECK(x->since < x->until && x->text.len > 20);
	CHECK(slice_eq(event_text(m->ev, F_MESSAGE), x->text));
	if (x->observed)
		buf_fmt(&w->told, "A%d:%d ", minute_of(x->until),
		    (int)x->missed);
	else
		buf_fmt(&w->told, "G%d-%d ", minute_of(x->since),
		    minute_of(x->until));
	id_add(&w->ids, match_id(m));
	buf_str(&w->ids, " ");
}

static void
keep_item(void *arg, struct slice key, struct slice value)
{
	struct world *w = arg;
	struct buf *item = map_get(w->journal, key);

	if (item == NULL)
		item = xcalloc(1, sizeof(*item));
	buf_clear(item);
	buf_add(item, value);
	map_put(w->journal, key, item);
}

/* As after a kill: only what was kept is known. */
static void
restart(struct world *w, const char *expect)
{
	struct slice key;
	void *item;

	if (w->journal == NULL)
		w->journal = map_new();
	ruleset_changed(w->rules, keep_item, w);
	ruleset_settled(w->rules);
	unload(w);
	load(w, expect);
	for (size_t at = 0; map_next(w->journal, &at, &key, &item);)
		CHECK(((struct buf *)item)->len == 0 || ruleset_recall(
		    w->rules, key, buf_slice(item)));
}

static void
come(struct world *w, int minute, const char *host)
{
	int product = schema_word_find(w->schema, S("linux"));
	int by = schema_find(w->schema, S("host"));
	struct record r = { .offset = (uint64_t)minute,
		.source = slice_of(w->source),
		.received = monday() + minute * MINUTE + SECOND };

	memcpy(r.stream.b, "stream", STREAM_LEN);
	event_reset(w->ev, &r);
	w->ev->time = r.received - SECOND;
	event_set(w->ev, schema_find(w->schema, S("f")), S("x"));
	if (by != -1 && host[0] != '\0')
		event_set(w->ev, by, slice_of(host));
	event_source(w->ev, (struct logsource){ (uint16_t)product, 0, 0 });
	ruleset_match(w->rules, w->ev, matched, w);
}

static void
play_step(struct world *w, const char *step)
{
	int a = 0, b = 0;
	char host[8] = "", file[8] = "";

	if (sscanf(step, "S%7s", w->source) == 1)
		return;
	if (sscanf(step, "T%d", &a) == 1)
		ruleset_time(w->rules, monday() + a * MINUTE, matched, w);
	else if (sscanf(step, "E%d=%7s", &a, host) >= 1)
		come(w, a, host);
	else if (sscanf(step, "C%d%d", &a, &b) == 2)
		ruleset_clock(w->rules, monday() + a * MINUTE, b * MINUTE);
	else if (sscanf(step, "U%d-%d@%7s", &a, &b, file) >= 2)
		ruleset_unobserved(w->rules, slice_of(file),
		    monday() + a * MINUTE, monday() + b * MINUTE);
	else
		CHECK(strcmp(step, "end") == 0 && ruleset_time(w->rules,
		    INT64_MAX, matched, w) == INT64_MAX);
}

static void
play(struct world *w, const char *expect, const char *steps, bool restarts)
{
	struct slice rest = slice_of(steps), step;
	char text[32];
	bool more = true;

	load(w, expect);
	while (more) {
		more = slice_cut(&rest, ' ', &step);
		slice_to_cstr(more ? step : rest, text, sizeof(text));
		play_step(w, text);
		/* Each step keeps its changes, or they would be lost. */
		if (restarts)
			restart(w, expect);
	}
}

static void
what_is_missing_is_told_once_for_each_time(void)
{
	static const struct {
		const char *expect, *steps, *told;
	} rows[] = {
		/* every: from when it was seen, or from the beginning */
		{ "{every: 1h}", "T0 T30 T61", "A60:1 " },
		{ "{every: 1h}", "T0 E30 T61 T89 T91", "A90:1 " },
		{ "{every: 1h}", "T0 E30 T89 E89 T148 T150", "A149:1 " },
		{ "{every: 1h}", "T0 T61 T62 T119 T121 T181",
		    "A60:1 A120:2 A180:3 " },
		{ "{every: 1h}", "T0 T61 E90 T121 T151", "A60:1 A150:1 " },
		/* a late line of long ago is no news */
		{ "{every: 1h}", "T0 E50 E20 T81 T111", "A110:1 " },
		/* far behind: one alert, and how often */
		{ "{every: 1h}", "T0 T601", "A600:10 " },
		/* what is not observed does not count */
		{ "{every: 1h}", "T0 U10-40 T61 T89 T91", "A90:1 " },
		{ "{every: 1h}", "T0 U10-40 U30-50 T99 T101", "A100:1 " },
		{ "{every: 1h}", "T0 U10-40 E45 T104 T106", "A105:1 " },
		{ "{every: 1h}", "T0 E30 U10-20 T89 T91", "A90:1 " },
		{ "{every: 1h}", "T0 E30 U10-40 T99 T101", "A100:1 " },
		{ "{every: 1h}", "T0 U0-600 T601 T659 T661", "A660:1 " },
		{ "{every: 1h}", "T0 U50-40 U40-40 T61", "A60:1 " },
		{ "{every: 1h}", "T0 end", "" },
		/* the clock is set, and nothing comes sooner or later for it */
		{ "{every: 1h}", "T0 E10 C50+30 T71 T99 T101", "A100:1 " },
		{ "{every: 1h}", "T0 E50 C20-40 T69 T71", "A70:1 " },
		{ "{every: 1h}", "T0 E50 C-4945-5000 T-4891 T-4889",
		    "A-4890:1 " },
		{ "{between: '01:00-02:00'}", "T0 C70+30 T121", "G60-120 " },
		{ "{between: '01:00-02:00'}", "T0 E70 C110-30 T121", "" },
		/* between: on Monday, from one o'clock to two */
		{ "{between: '01:00-02:00'}", "T0 E70 T119 T121 T1559 T1561",
		    "A1560:1 " },
		{ "{between: '01:00-02:00'}", "T0 E59 E120 T121", "A120:1 " },
		{ "{between: '01:00-02:00'}", "T0 E60 T121 T122", "" },
		{ "{between: '01:00-02:00'}", "T0 E119 T121 T122", "" },
		{ "{between: '01:00-02:00'}", "T0 T121 E130 T1561 T3001",
		    "A120:1 A1560:1 A3000:2 " },
		/* it began to wait in the middle of it */
		{ "{between: '01:00-02:00'}", "T90 T121 T1561", "A1560:1 " },
		/* over midnight, and only on some days */
		{ "{between: '23:00-01:00'}", "T0 E1430 T1501 E2939 T2941",
		    "" },
		{ "{between: '23:00-01:00'}", "T0 T1501", "A1500:1 " },
		{ "{between: '01:00-02:00', days: tue}", "T0 T121 T1561 T3001",
		    "A1560:1 " },
		{ "{between: '01:00-24:00', days: [mon, sun]}",
		    "T0 T1441 T2881 T10081", "A1440:1 A10080:2 " },
		/* not all of it was observed: nobody can tell */
		{ "{between: '01:00-02:00'}", "T0 U70-71 T121 T1561",
		    "G60-120 A1560:1 " },
		{ "{between: '01:00-02:00'}", "T0 U70-70 T121", "G60-120 " },
		{ "{between: '01:00-02:00'}", "T0 U70-71 E80 T121", "" },
		{ "{between: '01:00-02:00'}", "T0 U10-60 U120-130 T131",
		    "A120:1 " },
		/* but of where such events were never seen, it is all one */
		{ "{between: '01:00-02:00'}", "T0 U70-71@f T121", "G60-120 " },
		{ "{between: '01:00-02:00'}", "T0 Sf E10 U70-71@f T121",
		    "G60-120 " },
		{ "{between: '01:00-02:00'}", "T0 Sf E10 U70-71@g T121",
		    "A120:1 " },
		{ "{between: '01:00-02:00'}", "T0 Sf E10 U70-71 T121",
		    "G60-120 " },
		{ "{between: '01:00-02:00'}", "T0 Sf E10 Sg E11 U70-71@g T121",
		    "G60-120 " },
		{ "{between: '01:00-02:00'}",
		    "T0 S1 E1 S2 E2 S3 E3 S4 E4 U70-71@5 T121", "A120:1 " },
		{ "{between: '01:00-02:00'}",
		    "T0 S1 E1 S2 E2 S3 E3 S4 E4 S5 E5 U70-71@6 T121",
		    "G60-120 " },
		{ "{every: 1h}", "T0 Sf E10 U10-40@g T69 T71", "A70:1 " },
		{ "{every: 1h}", "T0 Sf E10 U10-40@f T99 T101", "A100:1 " },
		{ "{every: 1h, by: host}",
		    "T0 Sf E10=a Sg E10=b U10-40@g T71 T101",
		    "A70:1 A100:1 " },
		/* off for days: one gap; what comes later is observed */
		{ "{between: '01:00-02:00'}", "T0 U30-4390 T4391 T4441 T5881",
		    "G60-3000 G4380-4440 A5880:1 " },
		{ "{between: '01:00-02:00'}", "T0 U30-2900 U3300-3310 T3311",
		    "G60-3000 " },
		/* years are one, but for the last month of them */
		{ "{between: '01:00-02:00', days: mon}", "T0 T5256000",
		    "A5211360:1 A5211480:2 A5221560:3 A5231640:4 A5241720:5 "
		    "A5251800:6 " },
		{ "{between: '01:00-02:00', days: mon}", "T0 E70 T5256000",
		    "A5211360:1 A5211480:2 A5221560:3 A5231640:4 A5241720:5 "
		    "A5251800:6 " },
		/* groups: only what was seen once, each for itself */
		{ "{every: 1h, by: host}", "T0 T61 T600", "" },
		{ "{every: 1h, by: host}", "T0 E10=a E20=b E30 T71 T81",
		    "A70:1 A80:1 " },
		{ "{every: 1h, by: host}", "T0 E10=a E20=b E60=b T71 T121",
		    "A70:1 A120:1 " },
		{ "{between: '01:00-02:00', by: [host]}",
		    "T0 E10=a E20=b E70=a T121", "A120:1 " },
		{ "{between: '01:00-02:00', by: [host]}", "T0 E70=a T121",
		    "" },
	};

	for (size_t i = 0; i < COUNT(rows) * 2; i++) {
		struct world w = { 0 };
		bool restarts = i % 2 == 1;

		play(&w, rows[i / 2].expect, rows[i / 2].steps, restarts);
		CHECK_TEXT_ROW(buf_slice(&w.diag.text), "", i / 2);
		CHECK_TEXT_ROW(buf_slice(&w.told), rows[i / 2].told, i / 2);
		end(&w);
	}
}

/* From the record that was seen last, so over a crash too. */
static void
ids_are_the_same_at_each_repetition(void)
{
	static const char steps[] = "T0 E10=a E20=b T81 T141 E150=a T211";
	struct world once = { 0 }, again = { 0 };
	char first[33];

	play(&once, "{every: 1h, by: host}", steps, false);
	play(&again, "{every: 1h, by: host}", steps, true);
	CHECK_TEXT(buf_slice(&again.ids), buf_cstr(&once.ids));
	CHECK(once.ids.len >= 5 * 33);
	/* No two of them are alike. */
	for (size_t i = 0; i + 33 < once.ids.len; i += 33) {
		slice_to_cstr(slice_head(slice_from(buf_slice(&once.ids), i),
		    32), first, sizeof(first));
		CHECK_ROW(strstr(buf_cstr(&once.ids) + i + 33, first) == NULL,
		    i / 33);
	}
	end(&once);
	end(&again);
}

static void
a_rule_that_changed_waits_anew(void)
{
	struct world w = { 0 };
	size_t at = 0;
	struct slice key;
	void *item;

	play(&w, "{every: 1h}", "T0 E10", true);
	unload(&w);
	load(&w, "{every: 2h}");
	CHECK(map_next(w.journal, &at, &key, &item));
	CHECK(!ruleset_recall(w.rules, key, buf_slice(item)));
	end(&w);
}

static void
no_bytes_from_the_journal_do_harm(void)
{
	struct world w = { 0 };
	size_t entry = 0;
	struct slice key, value;
	void *item;

	play(&w, "{between: '01:00-02:00'}", "T0 E70", true);
	CHECK(map_next(w.journal, &entry, &key, &item));
	value = buf_slice(item);
	for (size_t i = 0; i < value.len * 3; i++) {
		static const unsigned char bytes[] = { 0, 0x7f, 0xff };
		unsigned char *at = (unsigned char *)
		    (uintptr_t)&value.p[i / 3], before = *at;

		*at = bytes[i % 3];
		unload(&w);
		load(&w, "{between: '01:00-02:00'}");
		ruleset_recall(w.rules, key, value);
		ruleset_recall(w.rules, key, slice_head(value, i / 3));
		ruleset_time(w.rules, monday() + DAY, matched, &w);
		ruleset_time(w.rules, INT64_MAX, matched, &w);
		*at = before;
	}
	CHECK(w.told.len > 0);
	end(&w);
}

static void
a_mistake_in_the_map_has_its_place(void)
{
	static const struct {
		const char *expect, *error;
	} rows[] = {
		{ "26h", "r.yml:7:11: \"expect\" is a map" },
		{ "{}", "says either \"every\" or \"between\"" },
		{ "{between: }", "says either \"every\" or \"between\"" },
		{ "{every: ~}", "says either \"every\" or \"between\"" },
		{ "{every: 1h, between: '1:00-2:00'}", "either" },
		{ "{every: never}", "r.yml:7:19: " },
		{ "{every: 0s}", "between 1s and 400d" },
		{ "{every: 401d}", "between 1s and 400d" },
		{ "{evry: 1h}", "evry" },
		{ "{between: 1-2}", "r.yml:7:21: \"between\" is a part" },
		{ "{between: '01:00-01:00'}", "part of the day" },
		{ "{between: '24:00-01:00'}", "part of the day" },
		{ "{between: '25:00-01:00'}", "part of the day" },
		{ "{between: '01:60-02:00'}", "part of the day" },
		{ "{between: '-1:00-02:00'}", "part of the day" },
		{ "{between: '01:00-02:00', days: [mo]}", "\"mo\" is no day" },
		{ "{every: 1h, days: [mon]}", "goes with \"between\"" },
		{ "{every: 1h, by: [a, b, c, d, e]}", "more than 4" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world w = { 0 };

		load(&w, rows[i].expect);
		CHECK_ROW(w.diag.errors > 0, i);
		CHECK_ROW(slice_find(buf_slice(&w.diag.text),
		    slice_of(rows[i].error)) != SIZE_MAX, i);
		end(&w);
	}
}

/* In 2027 these clocks leave out the hour from two to three of 28 March. */
static void
an_hour_that_is_left_out_is_not_awaited(void)
{
	static const struct {
		int from, until;	/* minutes of the day */
		int first;		/* day of March on which it comes next */
	} rows[] = {
		{ 60, 120, 28 }, { 120, 180, 29 }, { 150, 170, 28 },
		{ 179, 180, 29 }, { 120, 240, 28 }, { 180, 240, 28 },
	};

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct expectation e = { .days = 0x7f,
			.from = rows[i].from * MINUTE,
			.until = rows[i].until * MINUTE };
		struct daypart p = expect_next(&e,
		    when_civil(2027, 3, 27, 12, 0, 0));

		CHECK_ROW(p.until > p.from, i);
		CHECK_ROW(p.from / DAY == when_civil(2027, 3,
		    rows[i].first, 0, 0, 0) / DAY, i);
	}
	setenv("TZ", "UTC", 1);
	tzset();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_missing_is_told_once_for_each_time),
		TEST(ids_are_the_same_at_each_repetition),
		TEST(a_rule_that_changed_waits_anew),
		TEST(no_bytes_from_the_journal_do_harm),
		TEST(a_mistake_in_the_map_has_its_place),
		TEST(an_hour_that_is_left_out_is_not_awaited),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
