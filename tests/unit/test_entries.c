/* The judge's side of the journal, and what is packed for it. */
#include <string.h>

#include "base/pack.h"
#include "check.h"
#include "inputs/entries.h"

#define CURSOR(s, i, t) "s=" s ";i=" i ";b=c1;m=19;t=" t ";x=18"

/* What a judge was asked to keep. */
struct kept {
	size_t records;
	struct id first, last;
	struct buf gaps;	/* "reason count from until|" */
	struct buf position;
};

static void
keep_record(void *owner, const struct record *r)
{
	struct kept *k = owner;

	k->last = record_id(r, S("rule"), S(""));
	if (k->records++ == 0)
		k->first = k->last;
}

static void
keep_position(void *owner, const struct position *p)
{
	struct kept *k = owner;

	buf_clear(&k->position);
	buf_add(&k->position, p->state);
}

static void
keep_gap(void *owner, const struct gap *g)
{
	struct kept *k = owner;

	buf_add(&k->gaps, g->reason);
	buf_fmt(&k->gaps, " %lld %lld %lld|", (long long)g->count,
	    (long long)g->from, (long long)g->until);
}

static void
no_positions(void *owner, const char *input,
    void (*each)(void *arg, const struct position *p), void *arg)
{
	(void)owner;
	(void)input;
	(void)each;
	(void)arg;
}

static void
no_answer(void *owner, enum input_frame type, struct slice body)
{
	(void)owner;
	(void)type;
	(void)body;
}

static void
nothing(void *owner)
{
	(void)owner;
}

static struct judge_room
room_of(struct kept *k)
{
	return (struct judge_room){
		.owner = k, .host_id = S("host"), .record = keep_record,
		.position = keep_position, .gap = keep_gap,
		.positions = no_positions, .send = no_answer,
		.wake = nothing, .hurry = nothing,
	};
}

/* One frame; the fields stand one behind the other, cut at '|'. */
static int
hear(void *state, uint64_t seq, const char *cursor, unsigned flags,
    const char *fields)
{
	struct buf body = { 0 }, packed = { 0 };
	struct slice rest = slice_of(fields), field;
	int ret;

	while (slice_cut(&rest, '|', &field))
		pack_slice(&packed, field);
	pack_u32(&body, 0);
	pack_u64(&body, seq);
	pack_u32(&body, flags);
	pack_slice(&body, slice_of(cursor));
	pack_slice(&body, buf_slice(&packed));
	ret = entries_heard(state, INPUT_RECORD, buf_slice(&body), -1);
	entries_work(state);
	buf_free(&body);
	buf_free(&packed);
	return ret;
}

static void
what_is_missing_between_two_entries_is_a_gap(void)
{
	static const char first[] = CURSOR("a", "1", "64");
	static const struct {
		const char *cursor;
		unsigned flags;
		const char *gaps;
	} rows[] = {
		{ CURSOR("a", "2", "c8"), ENTRY_ALL, "" },
		{ CURSOR("a", "c", "c8"), ENTRY_ALL, "unreadable 10 100 200|" },
		/* A filter leaves entries out, another journal counts anew. */
		{ CURSOR("a", "c", "c8"), 0, "" },
		{ CURSOR("b", "c", "c8"), ENTRY_ALL, "" },
		{ CURSOR("a", "c", "c8"), ENTRY_ALL | ENTRY_BEHIND_GAP,
		    "vacuumed 10 100 200|" },
		{ CURSOR("b", "c", "c8"), ENTRY_ALL | ENTRY_BEHIND_GAP,
		    "vacuumed -1 100 200|" },
		/* The clock went back. */
		{ CURSOR("a", "c", "32"), ENTRY_ALL, "unreadable 10 50 50|" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct kept k = { 0 };
		const struct judge_room room = room_of(&k);
		void *state = entries_open(&room);

		CHECK_ROW(hear(state, 1, first, ENTRY_ALL, "A=1|") == 0, i);
		CHECK_ROW(hear(state, 2, rows[i].cursor, rows[i].flags,
		    "A=1|") == 0, i);
		CHECK_TEXT_ROW(buf_slice(&k.gaps), rows[i].gaps, i);
		CHECK_TEXT_ROW(buf_slice(&k.position), rows[i].cursor, i);
		CHECK_ROW(k.records == 2, i);
		CHECK_ROW(memcmp(k.first.b, k.last.b, ID_LEN) != 0, i);
		entries_close(state);
		buf_free(&k.gaps);
		buf_free(&k.position);
	}
}

static void
only_journald_can_say_that_it_suppressed_messages(void)
{
#define SUPPRESSED "MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e|"
	static const struct {
		const char *fields, *gaps;
	} rows[] = {
		{ "_TRANSPORT=driver|" SUPPRESSED "N_DROPPED=7|",
		    "suppressed 7 100 100|" },
		{ "_TRANSPORT=driver|" SUPPRESSED "N_DROPPED=x|",
		    "suppressed -1 100 100|" },
		{ "_TRANSPORT=journal|" SUPPRESSED "N_DROPPED=7|", "" },
		{ SUPPRESSED "N_DROPPED=7|TRANSPORT=driver|", "" },
		{ "_TRANSPORT=driver|N_DROPPED=7|", "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct kept k = { 0 };
		const struct judge_room room = room_of(&k);
		void *state = entries_open(&room);

		CHECK_ROW(hear(state, 1, CURSOR("a", "1", "64"), ENTRY_ALL,
		    rows[i].fields) == 0, i);
		CHECK_TEXT_ROW(buf_slice(&k.gaps), rows[i].gaps, i);
		entries_close(state);
		buf_free(&k.gaps);
		buf_free(&k.position);
	}
}

static void
a_place_alone_is_kept_and_no_record(void)
{
	struct kept k = { 0 };
	const struct judge_room room = room_of(&k);
	void *state = entries_open(&room);

	CHECK(hear(state, 1, CURSOR("a", "5", "64"), 0, "") == 0);
	CHECK(k.records == 0);
	CHECK_TEXT(buf_slice(&k.position), CURSOR("a", "5", "64"));
	CHECK(hear(state, 3, CURSOR("a", "6", "64"), 0, "") == -1);
	CHECK(hear(state, 2, "", 0, "A=1|") == -1);
	CHECK(k.records == 0);
	entries_close(state);
	buf_free(&k.gaps);
	buf_free(&k.position);
}

static void
an_entry_is_the_same_under_another_number(void)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ CURSOR("a", "1", "64"), CURSOR("a", "1", "64"), true },
		{ CURSOR("a", "1", "64"), CURSOR("b", "9", "64"), true },
		{ CURSOR("a", "1", "64"), CURSOR("a", "1", "65"), false },
		{ CURSOR("a", "1", "64"), "s=a;i=1;b=c1;m=19;t=64", false },
		{ "", "", false },
		{ ";;;", "t=64", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		CHECK_ROW(entries_same(slice_of(rows[i].a),
		    slice_of(rows[i].b)) == rows[i].same, i);
}

/* Adds name=xxx.. of so many bytes, when it is of the rank. */
static bool
add(struct buf *fields, enum rank rank, const char *name, size_t len)
{
	struct buf field = { 0 };
	bool whole;

	buf_fmt(&field, "%s=", name);
	while (field.len < len)
		buf_byte(&field, 'x');
	whole = entries_add(fields, rank, buf_slice(&field));
	buf_free(&field);
	return whole;
}

static void
no_field_pushes_out_another_of_a_higher_rank(void)
{
	static const struct {
		const char *name;
		size_t len, kept;	/* with the length before it */
	} rows[] = {
		{ "SYSLOG_IDENTIFIER", 1 << 20, 1028 },
		{ "SYSLOG_PID", 1 << 20, 1028 },
		{ "_CMDLINE", 1 << 20, 8196 },
		{ "_UID", 6, 10 },
		{ "OTHER", 1 << 20, 0 },
		{ "MESSAGE", 1 << 20, 65536 - 2 * 1028 - 8196 - 10 },
		{ "PRIORITY", 0, 0 },
	};
	struct buf fields = { 0 };
	size_t want = 0;

	for (enum rank rank = 0; rank < RANKS; rank++)
		for (size_t i = 0; i + 1 < COUNT(rows); i++)
			add(&fields, rank, rows[i].name, rows[i].len);
	for (size_t i = 0; i < COUNT(rows); i++)
		want += rows[i].kept;
	CHECK(fields.len == want && want == RECORD_MAX);
	CHECK(!add(&fields, RANK_HEADING, "PRIORITY", 10));
	CHECK(fields.len == RECORD_MAX);
	CHECK(add(&fields, RANK_OTHER, "PRIORITY", 10));
	buf_free(&fields);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_missing_between_two_entries_is_a_gap),
		TEST(only_journald_can_say_that_it_suppressed_messages),
		TEST(a_place_alone_is_kept_and_no_record),
		TEST(an_entry_is_the_same_under_another_number),
		TEST(no_field_pushes_out_another_of_a_higher_rank),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
