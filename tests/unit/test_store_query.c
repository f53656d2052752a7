/* What the journal answers: filters, order, pages, states, short ids. */
#include "check.h"

#include "journal_make.h"

enum { RECORDS = 10000 };	/* some epochs */

struct answer {
	struct made *m;
	const struct query *q;
	uint64_t count, first, last;
	uint64_t stop;		/* after so many; 0: never */
	enum row_state state;
	bool fits;
};

static bool
row_fits(const struct answer *a, const struct row *r)
{
	const struct query *q = a->q;
	struct entry e = made_entry(a->m, r->seq - 1);

	return (q->kinds == 0 || q->kinds & 1u << r->kind) &&
	    r->kind == e.kind && r->class == e.class &&
	    r->time == e.time && r->received == e.received &&
	    r->level == e.level && r->level >= q->level &&
	    r->time >= q->since && (q->until == 0 || r->time < q->until) &&
	    slice_eq(r->rule, e.rule) && slice_eq(r->user, e.user) &&
	    slice_eq(r->source, e.source) && slice_eq(r->body, e.body) &&
	    (q->user.len == 0 || slice_eq(q->user, r->user)) &&
	    (q->source.len == 0 || slice_eq(q->source, r->source)) &&
	    (q->session.len == 0 || slice_eq(q->session, r->session));
}

static int
take(void *arg, const struct row *r)
{
	struct answer *a = arg;
	bool ordered = a->count == 0 ||
	    (a->q->oldest_first ? r->seq > a->last : r->seq < a->last);

	a->fits &= ordered && row_fits(a, r);
	if (a->count++ == 0)
		a->first = r->seq;
	a->last = r->seq;
	a->state = r->state;
	return a->count == a->stop ? -1 : 0;
}

static struct answer
ask(struct store *st, struct made *m, const struct query *q)
{
	struct answer a = { .m = m, .q = q, .fits = true };
	struct err err = { "" };

	if (store_query(st, q, take, &a, &err) == -1)
		print_error("%s\n", err.text);
	CHECK(err.text[0] == '\0');
	return a;
}

/* What the same query gives when each record is looked at. */
static uint64_t
expected(struct made *m, const struct query *q)
{
	uint64_t count = 0;

	for (uint64_t n = 0; n < RECORDS; n++) {
		struct entry e = made_entry(m, n);
		bool rule = q->rule.len == 0 || slice_eq(q->rule, e.rule) ||
		    slice_eq(q->rule, S("a TIT"));

		if ((q->kinds == 0 || q->kinds & 1u << e.kind) && rule &&
		    e.level >= q->level && e.time >= q->since &&
		    (q->until == 0 || e.time < q->until) &&
		    (q->user.len == 0 || slice_eq(q->user, e.user)) &&
		    (q->source.len == 0 || slice_eq(q->source, e.source)) &&
		    (q->session.len == 0 || slice_eq(q->session, e.session))
		    && n + 1 > q->after &&
		    (q->before == 0 || n + 1 < q->before))
			count++;
	}
	return q->limit != 0 && count > q->limit ? q->limit : count;
}

static const struct query queries[] = {
	{ .kinds = 0 },
	{ .kinds = 1u << KIND_ALERT },
	{ .kinds = 1u << KIND_EVENT },
	{ .kinds = 1u << KIND_GAP },
	{ .kinds = 1u << KIND_ALERT | 1u << KIND_EVENT, .level = LEVEL_LOW },
	{ .level = LEVEL_CRITICAL },
	{ .level = LEVEL_HIGH, .limit = 17 },
	{ .user = SLICE("user3") },
	{ .user = SLICE("nobody") },
	{ .source = SLICE("198.51.100.3"), .level = LEVEL_MEDIUM },
	{ .session = SLICE("417"), .limit = 50 },
	{ .rule = SLICE("rule-3") },
	{ .rule = SLICE("a TIT") },
	{ .rule = SLICE("rule-3"), .user = SLICE("user3"),
	    .source = SLICE("198.51.100.3") },
	{ .since = MADE_TIME + 9000 * SECOND },
	{ .since = MADE_TIME + 9000 * SECOND, .kinds = 1u << KIND_EVENT,
	    .user = SLICE("user3") },
	{ .until = MADE_TIME + 100 * SECOND },
	{ .since = MADE_TIME + 50 * SECOND,
	    .until = MADE_TIME + 100 * SECOND, .level = LEVEL_HIGH },
	{ .since = MADE_TIME * 2 },
	{ .since = MADE_TIME * 2, .user = SLICE("user3") },
	{ .until = 1 },
	{ .after = 4096, .before = 8193 },
	{ .after = 4095, .before = 4097, .user = SLICE("user3") },
	{ .after = RECORDS, .source = SLICE("198.51.100.3") },
	{ .after = 5000, .level = LEVEL_HIGH, .session = SLICE("417") },
	{ .before = 1 },
	{ .after = UINT64_MAX },
	{ .after = INT64_MAX, .user = SLICE("user3") },
};

static void
each_filter_gives_what_looking_at_each_record_gives(void)
{
	struct made m;
	struct store *st;

	made_begin(&m);
	st = made_open(m.dir);
	made_append(st, &m, 0, RECORDS);
	made_commit(st);
	for (size_t i = 0; i < 2 * COUNT(queries); i++) {
		struct query q = queries[i / 2];
		struct answer a;
		uint64_t want = expected(&m, &q);

		q.oldest_first = i % 2;
		a = ask(st, &m, &q);
		CHECK_ROW(a.fits, i / 2);
		CHECK_ROW(a.count == want, i / 2);
	}
	store_close(st);
	made_end(&m);
}

static void
pages_give_each_record_once(void)
{
	struct query q = { .user = S("user3"), .limit = 7 };
	struct made m;
	struct store *st;
	uint64_t sum = 0;

	made_begin(&m);
	st = made_open(m.dir);
	made_append(st, &m, 0, 5000);
	made_commit(st);
	for (;;) {
		struct answer a = ask(st, &m, &q);

		CHECK(a.fits);
		sum += a.count;
		if (a.count < q.limit)
			break;
		q.before = a.last;
	}
	CHECK(sum == 5000 / 11 + 1);
	store_close(st);
	made_end(&m);
}

static void
a_callback_ends_an_answer(void)
{
	const struct query q = { .limit = 10 };
	struct made m;
	struct store *st;
	struct answer a;

	made_begin(&m);
	st = made_open(m.dir);
	made_append(st, &m, 0, 100);
	a = (struct answer){ .m = &m, .q = &q, .stop = 3, .fits = true };
	CHECK(store_query(st, &q, take, &a, NULL) == 0);
	CHECK(a.count == 3 && a.first == 100);
	store_close(st);
	made_end(&m);
}

static void
the_latest_ack_or_close_makes_the_state(void)
{
	static const struct {
		const char *verbs[4];
		enum row_state state;
	} rows[] = {
		{ { NULL }, ROW_OPEN },
		{ { "note", NULL }, ROW_OPEN },
		{ { "ack", NULL }, ROW_ACKED },
		{ { "ack", "close", NULL }, ROW_CLOSED },
		{ { "ack", "close", "note", NULL }, ROW_CLOSED },
		{ { "close", "ack", NULL }, ROW_ACKED },
	};
	struct store_numbers numbers;
	struct made m;
	struct store *st;
	uint64_t own = 0;

	made_begin(&m);
	st = made_open(m.dir);
	made_append(st, &m, 0, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t j = 0; rows[i].verbs[j] != NULL; j++)
			made_decision(st, &m, own++, i, rows[i].verbs[j]);
	/* About an alert that is not here, and twice about one that is. */
	made_decision(st, &m, own++, 99, "close");
	made_decision(st, &m, own++, 4, "close");
	made_commit(st);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct query one = { .kinds = 1u << KIND_ALERT,
		    .after = i, .before = i + 2 };
		struct query open = one;

		open.open_only = true;
		CHECK_ROW(ask(st, &m, &one).state == rows[i].state, i);
		CHECK_ROW(ask(st, &m, &open).count ==
		    (rows[i].state == ROW_OPEN), i);
	}
	CHECK(store_count(st, &numbers, NULL) == 0);
	CHECK(numbers.by_kind[KIND_ALERT] == COUNT(rows));
	CHECK(numbers.by_kind[KIND_DECISION] == own);
	CHECK(numbers.open_alerts == COUNT(rows) - 2);
	CHECK(numbers.oldest_open == MADE_TIME);
	CHECK(numbers.records == COUNT(rows) + own);
	CHECK(numbers.head_seq[CLASS_EVIDENCE] == numbers.records);
	CHECK(made_intact(st));
	/* Counted along, what is rolled back is not. */
	made_append(st, &m, 100, 5);
	made_decision(st, &m, own++, 0, "close");
	CHECK(store_count(st, &numbers, NULL) == 0);
	CHECK(numbers.open_alerts == COUNT(rows) - 3 + 5);
	CHECK(numbers.oldest_open == MADE_TIME + SECOND);
	store_rollback(st);
	made_append(st, &m, 100, 1);
	CHECK(store_count(st, &numbers, NULL) == 0);
	CHECK(numbers.open_alerts == COUNT(rows) - 2 + 1);
	CHECK(numbers.oldest_open == MADE_TIME);
	store_close(st);
	made_end(&m);
}

static void
decisions_are_found_by_their_subject(void)
{
	const struct query about = { .has_about = true, .about = made_id(3),
	    .oldest_first = true };
	struct made m;
	struct store *st;
	struct answer a = { .m = &m, .q = &about };

	made_begin(&m);
	st = made_open(m.dir);
	made_append(st, &m, 0, 10);
	made_decision(st, &m, 0, 3, "ack");
	made_decision(st, &m, 1, 4, "ack");
	made_decision(st, &m, 2, 3, "note");
	CHECK(store_query(st, &about, take, &a, NULL) == 0);
	CHECK(a.count == 2 && a.first == 11 && a.last == 13);
	store_close(st);
	made_end(&m);
}

static int
count_row(void *arg, const struct row *row)
{
	struct answer *a = arg;

	a->count++;
	a->last = row->seq;
	return 0;
}

static void
some_digits_of_an_id_find_it(void)
{
	struct made m;
	struct store *st;

	made_begin(&m);
	st = made_open(m.dir);
	made_append(st, &m, 0, 5000);
	for (uint64_t n = 0; n < 5000; n += 499) {
		static const size_t lengths[] = { 6, 7, 11, 12, 13, 40, 64 };
		char digits[65];

		id_short(made_id(n), digits);
		for (size_t i = 0; i < COUNT(lengths); i++) {
			struct answer a = { 0 };

			CHECK_ROW(store_find(st, slice_bytes(digits,
			    lengths[i]), count_row, &a, NULL) == 0, i);
			CHECK_ROW(a.count >= 1, i);
			CHECK_ROW(a.count > 1 || a.last == n + 1, i);
			CHECK_ROW(lengths[i] < 12 || a.count == 1, i);
		}
	}
	store_close(st);
	made_end(&m);
}

static void
what_is_no_id_is_said_to_be_none(void)
{
	static const struct {
		struct slice digits;
		int ret;
	} rows[] = {
		{ SLICE(""), -1 },
		{ SLICE("12345"), -1 },
		{ SLICE("12345g"), -1 },
		{ SLICE("123456"), 0 },
		{ SLICE("ABCDEF"), 0 },
		{ SLICE("123456789012345678901234567890123456789012345678901"
		    "23456789012345"), -1 },
		{ SLICE("' OR 1"), -1 },
	};
	struct made m;
	struct store *st;

	made_begin(&m);
	st = made_open(m.dir);
	made_append(st, &m, 0, 2);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct answer a = { 0 };

		CHECK_ROW(store_find(st, rows[i].digits, count_row, &a,
		    NULL) == rows[i].ret, i);
		CHECK_ROW(a.count == 0, i);
	}
	store_close(st);
	made_end(&m);
}

/* A user name of 64 KiB that is no UTF-8, a quote, a NUL, nothing. */
static void
foreign_text_is_kept_and_found(void)
{
	static char long_name[65536];
	const struct slice names[] = { slice_bytes(long_name,
	    sizeof(long_name)), S("\xff\xfe bad \xc3"), S("it's; --"),
	    S("a\0b"), S("\xc3\xbc"), S("") };
	struct made m;
	struct store *st;

	memset(long_name, 0xc3, sizeof(long_name));
	made_begin(&m);
	st = made_open(m.dir);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct entry e = made_entry(&m, i);

		e.user = e.session = e.source = e.rule = e.title = names[i];
		made_body(&m, &e);
		CHECK_ROW(store_append(st, &e, NULL) == 0, i);
	}
	made_commit(st);
	for (size_t i = 0; i < COUNT(names); i++) {
		const struct query q = { .user = names[i],
		    .session = names[i], .rule = names[i] };
		struct answer a = { .q = &q };

		CHECK_ROW(store_query(st, &q, count_row, &a, NULL) == 0, i);
		CHECK_ROW(a.count == (names[i].len > 0 ? 1 :
		    COUNT(names)), i);
	}
	CHECK(made_intact(st));
	store_close(st);
	made_end(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_filter_gives_what_looking_at_each_record_gives),
		TEST(pages_give_each_record_once),
		TEST(a_callback_ends_an_answer),
		TEST(the_latest_ack_or_close_makes_the_state),
		TEST(decisions_are_found_by_their_subject),
		TEST(some_digits_of_an_id_find_it),
		TEST(what_is_no_id_is_said_to_be_none),
		TEST(foreign_text_is_kept_and_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
