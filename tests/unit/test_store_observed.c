/* The line that ends every listing: what was observed, and what was not. */
#include "check.h"

#include "event/alert.h"
#include "journal_make.h"

#define AT(h, m, s) (MADE_TIME + (h) * HOUR + (m) * MINUTE + (s) * SECOND)

/* What the journal holds, in order. */
struct thing {
	enum { END, SELF, BEAT, GAP } what;
	const char *rule;		/* SELF; reason of a GAP */
	int64_t when;			/* until, of a GAP */
	int64_t from;
	uint64_t count;
};

struct row_case {
	struct thing things[8];
	int64_t since, until;
	const char *line;
};

static void
add_gap(struct store *st, struct made *m, const struct thing *t)
{
	const struct gap gap = { .source = S("file /var/log/auth.log"),
	    .reason = slice_of(t->rule), .from = t->from, .until = t->when,
	    .count = t->count };
	struct entry e = made_entry(m, 0);
	struct buf body = { 0 };

	random_bytes(e.id.b, ID_LEN);
	gap_write(&body, &gap, store_host(st), e.id, t->when);
	e.kind = KIND_GAP;
	e.class = CLASS_EVIDENCE;
	e.level = LEVEL_INFORMATIONAL;
	e.time = e.received = t->when;
	e.body = buf_slice(&body);
	CHECK(store_append(st, &e, NULL) == 0);
	buf_free(&body);
}

static void
add_things(struct store *st, struct made *m, const struct thing *t)
{
	for (; t->what != END; t++)
		if (t->what == GAP)
			add_gap(st, m, t);
		else
			made_self(st, m, t->what == SELF ? KIND_SELF :
			    KIND_HEARTBEAT, t->rule, t->when);
}

/* Read as whoever comes when the sensor no longer runs. */
static const struct row_case stopped[] = {
	{ { { END } }, AT(0, 0, 0), AT(1, 0, 0),
	    "nothing was observed: the sensor never ran" },
	{ { { SELF, "start", AT(0, 0, 0), 0, 0 },
	    { BEAT, "heartbeat", AT(2, 0, 0), 0, 0 }, { END } },
	    AT(1, 0, 0), AT(2, 0, 0), "observed 100 %" },
	{ { { SELF, "start", AT(0, 0, 0), 0, 0 },
	    { SELF, "stop", AT(1, 0, 0), 0, 0 }, { END } },
	    AT(0, 0, 0), AT(2, 0, 0),
	    "observed 50 %: not running since 01:00:00" },
	/* Killed: alive until the last thing it wrote. */
	{ { { SELF, "start", AT(0, 0, 0), 0, 0 },
	    { BEAT, "heartbeat", AT(1, 0, 0), 0, 0 }, { END } },
	    AT(0, 0, 0), AT(2, 0, 0),
	    "observed 50 %: not running since 01:00:00" },
	{ { { SELF, "start", AT(0, 0, 0), 0, 0 },
	    { BEAT, "heartbeat", AT(1, 0, 10), 0, 0 },
	    { SELF, "start", AT(1, 2, 0), 0, 0 },
	    { BEAT, "heartbeat", AT(2, 0, 0), 0, 0 }, { END } },
	    AT(1, 0, 0), AT(2, 0, 0),
	    "observed 96.9 %: not running 01:00:10-01:02:00" },
	/* Ready is when it begins to see. */
	{ { { SELF, "start", AT(0, 0, 0), 0, 0 },
	    { SELF, "ready", AT(0, 0, 1), 0, 0 },
	    { SELF, "stop", AT(1, 0, 0), 0, 0 },
	    { SELF, "start", AT(1, 30, 0), 0, 0 },
	    { SELF, "ready", AT(1, 30, 9), 0, 0 },
	    { BEAT, "heartbeat", AT(2, 0, 0), 0, 0 }, { END } },
	    AT(1, 0, 0), AT(2, 0, 0),
	    "observed 49.7 %: not running 01:00:00-01:30:09" },
	/* Before it was there. */
	{ { { SELF, "start", AT(1, 0, 0), 0, 0 },
	    { BEAT, "heartbeat", AT(2, 0, 0), 0, 0 }, { END } },
	    AT(0, 0, 0), AT(2, 0, 0),
	    "observed 50 %: not running 00:00:00-01:00:00" },
	{ { { SELF, "start", AT(0, 0, 0), 0, 0 },
	    { GAP, "truncated", AT(2, 15, 44), AT(2, 14, 3), 812 },
	    { BEAT, "heartbeat", AT(4, 0, 0), 0, 0 }, { END } },
	    AT(2, 0, 0), AT(4, 0, 0), "observed 98.5 %: file "
	    "/var/log/auth.log truncated 812 records 02:14:03-02:15:44" },
	/* They overlap, and one is a moment within the period. */
	{ { { SELF, "start", AT(0, 0, 0), 0, 0 },
	    { GAP, "dropped", AT(1, 0, 0), AT(0, 30, 0), GAP_UNKNOWN },
	    { GAP, "truncated", AT(1, 15, 0), AT(0, 45, 0), 1 },
	    { GAP, "cut", AT(1, 20, 0), AT(1, 20, 0), 3 },
	    { GAP, "cut", AT(9, 0, 0), AT(9, 0, 0), 3 },
	    { BEAT, "heartbeat", AT(9, 0, 0), 0, 0 }, { END } },
	    AT(0, 0, 0), AT(2, 0, 0), "observed 62.5 %: file "
	    "/var/log/auth.log dropped 00:30:00-01:00:00; file "
	    "/var/log/auth.log truncated 1 record 00:45:00-01:15:00; file "
	    "/var/log/auth.log cut 3 records 01:20:00" },
	/* A second of a day is not nothing. */
	{ { { SELF, "start", AT(0, 0, 0), 0, 0 },
	    { GAP, "dropped", AT(1, 0, 1), AT(1, 0, 0), GAP_UNKNOWN },
	    { BEAT, "heartbeat", AT(24, 0, 0), 0, 0 }, { END } },
	    AT(0, 0, 0), AT(24, 0, 0), "observed 99.9 %: file "
	    "/var/log/auth.log dropped 01:00:00-01:00:01" },
	{ { { SELF, "start", AT(0, 0, 0), 0, 0 },
	    { SELF, "handover", AT(1, 0, 0), 0, 0 },
	    { SELF, "takeover", AT(1, 0, 1), 0, 0 },
	    { BEAT, "heartbeat", AT(2, 0, 0), 0, 0 }, { END } },
	    AT(0, 0, 0), AT(2, 0, 0), "observed 100 %" },
	{ { { SELF, "start", AT(0, 0, 0), 0, 0 },
	    { BEAT, "heartbeat", AT(2, 0, 0), 0, 0 }, { END } },
	    AT(1, 0, 0), AT(1, 0, 0),
	    "nothing was observed: the period is empty" },
};

static void
check_line(struct store *st, const struct row_case *row, size_t i)
{
	struct buf line = { 0 }, json = { 0 };
	struct jsonw w = { .out = &json };
	struct arena *arena = arena_new(0);
	struct json *tree;

	CHECK_ROW(store_observed(st, row->since, row->until, &line, &w,
	    NULL) == 0, i);
	CHECK_TEXT_ROW(buf_slice(&line), row->line, i);
	CHECK_ROW(json_parse(arena, buf_slice(&json), &tree, NULL) == 0, i);
	CHECK_ROW(json_get(tree, "percent") != NULL, i);
	CHECK_ROW(json_get(tree, "missing") != NULL, i);
	arena_free(arena);
	buf_free(&line);
	buf_free(&json);
}

static void
what_was_not_observed_is_said(void)
{
	for (size_t i = 0; i < COUNT(stopped); i++) {
		struct made m;
		struct store *st;

		made_begin(&m);
		st = made_open(m.dir);
		add_things(st, &m, stopped[i].things);
		store_close(st);
		st = made_read(m.dir);
		check_line(st, &stopped[i], i);
		store_close(st);
		made_end(&m);
	}
}

/* The judge asks for itself. */
static void
a_sensor_that_runs_observes_until_now(void)
{
	static const struct row_case rows[] = {
		{ { { SELF, "start", AT(0, 0, 0), 0, 0 }, { END } },
		    AT(0, 0, 0), AT(2, 0, 0), "observed 100 %" },
		{ { { SELF, "stop", AT(0, 30, 0), 0, 0 },
		    { SELF, "start", AT(1, 0, 0), 0, 0 }, { END } },
		    AT(0, 30, 0), AT(2, 30, 0),
		    "observed 75 %: not running 00:30:00-01:00:00" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct made m;
		struct store *st;

		made_begin(&m);
		st = made_open(m.dir);
		add_things(st, &m, rows[i].things);
		check_line(st, &rows[i], i);
		store_close(st);
		made_end(&m);
	}
}

static void
hostile_gaps_stay_on_their_line(void)
{
	static const struct thing gap = { GAP, "a\nb\x1b[2J\xff",
	    AT(1, 0, 0), AT(0, 0, 0), 1 };
	struct made m;
	struct store *st;
	struct buf line = { 0 };

	made_begin(&m);
	st = made_open(m.dir);
	made_self(st, &m, KIND_SELF, "start", AT(0, 0, 0));
	for (int i = 0; i < 20; i++)
		add_gap(st, &m, &gap);
	made_self(st, &m, KIND_GAP, "no body of a gap", AT(0, 30, 0));
	CHECK(store_observed(st, AT(0, 0, 0), AT(2, 0, 0), &line, NULL,
	    NULL) == 0);
	for (size_t i = 0; i < line.len; i++)
		CHECK_ROW(line.p[i] >= ' ' && line.p[i] < 0xf0, i);
	CHECK(slice_find(buf_slice(&line), S("; and 17 more")) != SIZE_MAX);
	buf_free(&line);
	store_close(st);
	made_end(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_not_observed_is_said),
		TEST(a_sensor_that_runs_observes_until_now),
		TEST(hostile_gaps_stay_on_their_line),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
