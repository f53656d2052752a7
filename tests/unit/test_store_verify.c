/*
 * Whoever can write to the journal can change it, and verify says where. The
 * edits here are made by hand, in SQL or in the file.
 */
#include "check.h"

#include <sqlite3.h>

#include "journal_make.h"

/* FLOOR: the last alert that retention has dropped. */
enum { RECORDS = 600, EDITS = 1000, FLOOR = 99 };

static uint64_t seed = 20261123;

static unsigned
pick(unsigned below)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(seed >> 33) % below;
}

/* A journal with everything in it, whose oldest alerts are gone. */
static void
make_journal(struct made *m)
{
	const struct store_limits limits = { .bulk = 500 * SECOND };
	struct position p = { .input = S("file"), .source = S("/a"),
	    .state = S("state") };
	struct store *st;

	CHECK(store_open(m->dir, &limits, NULL, &st, NULL) == 0);
	made_append(st, m, 0, RECORDS);
	for (uint64_t i = 0; i < 20; i++)
		made_decision(st, m, i, 300 + i, i % 2 ? "ack" : "close");
	for (unsigned char i = 0; i < 5; i++) {
		p.stream.b[0] = i;
		p.offset = i;
		CHECK(store_position(st, &p, NULL) == 0);
	}
	CHECK(store_cursor_set(st, "soc", 17, NULL) == 0);
	CHECK(store_dead_letter(st, "soc", 9, "413", NULL) == 0);
	made_commit(st);
	CHECK(store_tidy(st, MADE_TIME + RECORDS * SECOND, NULL) == 0);
	CHECK(made_intact(st));
	store_close(st);
}

/* --- edits ------------------------------------------------------------------ */

struct edited {
	char dir[64];
	char path[96];
	sqlite3 *db;
};

static void
write_file(const char *path, struct slice bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd != -1 && write_all(fd, bytes) == 0);
	close(fd);
}

static void
edit_begin(struct edited *ed, const struct buf *file)
{
	snprintf(ed->dir, sizeof(ed->dir), "/tmp/vedette-edit.XXXXXX");
	CHECK(mkdtemp(ed->dir) != NULL);
	snprintf(ed->path, sizeof(ed->path), "%s/journal.db", ed->dir);
	write_file(ed->path, buf_slice(file));
	CHECK(sqlite3_open(ed->path, &ed->db) == SQLITE_OK);
	sqlite3_exec(ed->db, "PRAGMA journal_mode = DELETE;"
	    "PRAGMA synchronous = OFF", NULL, NULL, NULL);
}

static void
edit_end(struct edited *ed)
{
	sqlite3_close(ed->db);
	ed->db = NULL;
}

static void __attribute__((format(printf, 2, 3)))
run(struct edited *ed, const char *fmt, ...)
{
	char sql[512], *said = NULL;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	if (sqlite3_exec(ed->db, sql, NULL, NULL, &said) != SQLITE_OK)
		print_error("%s: %s\n", sql, said);
	CHECK(said == NULL);
	CHECK(sqlite3_total_changes(ed->db) > 0);
}

static int64_t __attribute__((format(printf, 2, 3)))
ask(struct edited *ed, const char *fmt, ...)
{
	char sql[512];
	sqlite3_stmt *q;
	int64_t n = 0;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	CHECK(sqlite3_prepare_v2(ed->db, sql, -1, &q, NULL) == SQLITE_OK);
	if (sqlite3_step(q) == SQLITE_ROW)
		n = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return n;
}

/* -1 it could not even be opened; else what verify gives. */
static int
verdict_on(const char *dir, struct slice head, uint64_t *first)
{
	struct store *st = NULL;
	struct verdict v = { 0 };
	int ret;

	*first = 0;
	if (store_open_read(dir, &st, NULL) == -1)
		return -1;
	ret = store_verify(st, head, &v, NULL);
	*first = v.first_bad;
	CHECK(ret != 1 || v.what.len > 0);
	CHECK(ret != 1 || v.bad > 0);
	buf_free(&v.what);
	store_close(st);
	return ret;
}

static int64_t
random_seq(struct edited *ed)
{
	int64_t count = ask(ed, "SELECT count(*) FROM record");

	return ask(ed, "SELECT seq FROM record ORDER BY seq LIMIT 1 OFFSET "
	    "%u", pick((unsigned)count));
}

/*
 * The record that a missing one is missed by: itself where numbers have no
 * holes, else the next of its chain.
 */
static uint64_t
missed_by(struct edited *ed, int64_t seq)
{
	if (seq > FLOOR)
		return (uint64_t)seq;
	return (uint64_t)ask(ed, "SELECT min(seq) FROM record"
	    " WHERE class = 1 AND seq > %lld", (long long)seq);
}

static const char *const columns[] = {
	"kind", "class", "level", "time", "received", "short", "id", "rule",
	"title", "user", "source", "session", "about", "salt", "hash",
	"digest", "reason", "body",
};

/* Other values than what was there, for any column. */
static const char *const values[] = {
	"NULL", "old + 1", "old - 1", "old || 'x'", "'x'", "x'00'", "''",
	"1.5", "CAST(old AS BLOB)", "upper(old)", "substr(old, 2)",
	"zeroblob(16)", "randomblob(32)", "replace(old, 'user', 'root')",
	"99", "-1", "4", "0",
};

static bool
change_column(struct edited *ed, uint64_t *want)
{
	const char *column = columns[pick(COUNT(columns))];
	int64_t seq = random_seq(ed);
	char sql[256], *said = NULL;
	int64_t same;

	snprintf(sql, sizeof(sql), "CREATE TEMP TABLE was AS SELECT * FROM "
	    "record WHERE seq = %lld; UPDATE record SET %s = (SELECT %s FROM "
	    "(SELECT %s AS old FROM was)) WHERE seq = %lld", (long long)seq,
	    column, values[pick(COUNT(values))], column, (long long)seq);
	/* NOT NULL and UNIQUE refuse some. */
	if (sqlite3_exec(ed->db, sql, NULL, NULL, &said) != SQLITE_OK) {
		sqlite3_free(said);
		return false;
	}
	same = ask(ed, "SELECT typeof(r.%s) = typeof(w.%s) AND r.%s IS w.%s "
	    "FROM was w, record r WHERE r.seq = w.seq", column, column,
	    column, column);
	*want = (uint64_t)seq;
	return same == 0;
}

static bool
change_seq(struct edited *ed, uint64_t *want)
{
	int64_t seq = random_seq(ed), last = ask(ed,
	    "SELECT max(seq) FROM record"), to = last + 1 + pick(3);

	*want = missed_by(ed, seq);
	run(ed, "UPDATE record SET seq = %lld WHERE seq = %lld",
	    (long long)to, (long long)seq);
	return true;
}

static bool
delete_row(struct edited *ed, uint64_t *want)
{
	int64_t seq = random_seq(ed);

	*want = missed_by(ed, seq);
	run(ed, "DELETE FROM record WHERE seq = %lld", (long long)seq);
	return true;
}

static bool
delete_tail(struct edited *ed, uint64_t *want)
{
	int64_t seq = ask(ed, "SELECT max(seq) FROM record") - pick(200);

	*want = (uint64_t)seq;
	run(ed, "DELETE FROM record WHERE seq >= %lld", (long long)seq);
	return true;
}

static bool
swap_rows(struct edited *ed, uint64_t *want)
{
	int64_t a = random_seq(ed), b = random_seq(ed);

	if (a == b)
		return false;
	*want = (uint64_t)(a < b ? a : b);
	run(ed, "UPDATE record SET seq = -1 WHERE seq = %lld", (long long)a);
	run(ed, "UPDATE record SET seq = %lld WHERE seq = %lld", (long long)a,
	    (long long)b);
	run(ed, "UPDATE record SET seq = %lld WHERE seq = -1", (long long)b);
	return true;
}

static bool
swap_bodies(struct edited *ed, uint64_t *want)
{
	int64_t a = random_seq(ed), b = random_seq(ed);

	if (ask(ed, "SELECT count(DISTINCT body) FROM record WHERE seq IN "
	    "(%lld, %lld)", (long long)a, (long long)b) < 2)
		return false;
	*want = (uint64_t)(a < b ? a : b);
	run(ed, "UPDATE record SET body = (SELECT body FROM record WHERE seq "
	    "= %lld + %lld - record.seq) WHERE seq IN (%lld, %lld)",
	    (long long)a, (long long)b, (long long)a, (long long)b);
	return true;
}

/* A record put in behind the last, as a copy of another. */
static bool
insert_row(struct edited *ed, uint64_t *want)
{
	int64_t last = ask(ed, "SELECT max(seq) FROM record");

	run(ed, "CREATE TEMP TABLE t AS SELECT * FROM record WHERE seq = "
	    "%lld; UPDATE t SET seq = %lld, id = randomblob(16);"
	    "INSERT INTO record SELECT * FROM t", (long long)random_seq(ed),
	    (long long)last + 1);
	*want = (uint64_t)last + 1;
	return true;
}

static bool
change_state(struct edited *ed, uint64_t *want)
{
	static const char *const edits[] = {
		"UPDATE state SET value = randomblob(length(value))",
		"UPDATE state SET sum = sum + 1", "DELETE FROM state",
		"UPDATE state SET name = randomblob(4)",
		"UPDATE state SET space = space || 'x'",
	};
	const char *edit = edits[pick(COUNT(edits))];
	int64_t at = pick((unsigned)ask(ed, "SELECT count(*) FROM state"));

	*want = 0;
	run(ed, "%s WHERE (space, name) = (SELECT space, name FROM state "
	    "WHERE coalesce(length(value), 0) > 0 OR 1 "
	    "LIMIT 1 OFFSET %lld)", edit, (long long)at);
	return true;
}

static bool
change_schema(struct edited *ed, uint64_t *want)
{
	static const char *const edits[] = {
		"DROP INDEX record_user", "CREATE TABLE more (x)",
		"CREATE TRIGGER t AFTER INSERT ON record BEGIN DELETE FROM "
		    "state; END",
		"ALTER TABLE record ADD COLUMN x",
	};

	*want = 0;
	CHECK(sqlite3_exec(ed->db, edits[pick(COUNT(edits))], NULL, NULL,
	    NULL) == SQLITE_OK);
	return true;
}

static const struct {
	unsigned share;		/* of a hundred */
	bool (*edit)(struct edited *ed, uint64_t *want);
} edits[] = {
	{ 50, change_column }, { 5, change_seq }, { 10, delete_row },
	{ 5, delete_tail }, { 10, swap_rows }, { 5, swap_bodies },
	{ 5, insert_row }, { 8, change_state }, { 2, change_schema },
};

static size_t
pick_edit(void)
{
	unsigned n = pick(100);
	size_t i = 0;

	while (n >= edits[i].share)
		n -= edits[i++].share;
	return i;
}

static void
read_journal(struct made *m, struct buf *file)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/journal.db", m->dir);
	CHECK(read_file(path, file, SIZE_MAX / 2, NULL) == 0);
}

static void
each_of_a_thousand_edits_is_found(void)
{
	struct buf file = { 0 };
	struct made m;
	unsigned named = 0;

	made_begin(&m);
	make_journal(&m);
	read_journal(&m, &file);
	for (int i = 0; i < EDITS; i++) {
		size_t kind = pick_edit();
		uint64_t want = 0, first;
		struct edited ed;
		bool made;
		int ret;

		edit_begin(&ed, &file);
		made = edits[kind].edit(&ed, &want);
		edit_end(&ed);
		ret = made ? verdict_on(ed.dir, S(""), &first) : 0;
		made_remove(ed.dir);
		if (!made) {
			i--;
			continue;
		}
		if (ret == 0 || (want > 0 && first != want))
			print_error("edit %d, kind %d: verify %d, record %d, "
			    "not %d\n", i, (int)kind, ret, (int)first,
			    (int)want);
		CHECK_ROW(ret != 0, i);
		CHECK_ROW(want == 0 || first == want, i);
		named += want > 0;
	}
	CHECK(named > EDITS * 8 / 10);
	buf_free(&file);
	made_end(&m);
}

/* --- bytes ------------------------------------------------------------------- */

/* All that the tables say, and whether SQLite finds fault with the pages. */
static struct digest
dump(const char *path, bool *fine)
{
	static const char *const sqls[] = {
		"SELECT * FROM sqlite_master", "SELECT * FROM record",
		"SELECT * FROM state", "PRAGMA integrity_check",
	};
	struct digest d = { { 0 } };
	sqlite3 *db;
	int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);

	for (size_t i = 0; i < COUNT(sqls) && rc == SQLITE_OK; i++) {
		sqlite3_stmt *q;

		rc = sqlite3_prepare_v2(db, sqls[i], -1, &q, NULL);
		while (rc == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
			for (int c = 0; c < sqlite3_column_count(q); c++) {
				int type = sqlite3_column_type(q, c);
				struct slice parts[3] = { digest_slice(&d),
				    slice_bytes(&type, sizeof(type)) };

				parts[2].p = sqlite3_column_blob(q, c);
				parts[2].len = (size_t)sqlite3_column_bytes(q,
				    c);
				d = digest_of(parts, 3);
			}
		if (rc == SQLITE_OK)
			rc = sqlite3_finalize(q);
	}
	sqlite3_close(db);
	*fine = rc == SQLITE_OK;
	return d;
}

static void
a_changed_byte_is_found_unless_it_changes_nothing(void)
{
	struct buf file = { 0 };
	char dir[] = "/tmp/vedette-flip.XXXXXX", path[64];
	struct digest before;
	struct made m;
	int found = 0, harmless = 0;
	bool fine;

	made_begin(&m);
	make_journal(&m);
	read_journal(&m, &file);
	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/journal.db", dir);
	/* The dump opens it as it is: not as a WAL. */
	file.p[18] = file.p[19] = 1;
	write_file(path, buf_slice(&file));
	before = dump(path, &fine);
	CHECK(fine);
	while (found < 500) {
		size_t at = pick((unsigned)file.len);
		unsigned char was = file.p[at];
		struct digest after;
		uint64_t first;
		int ret;

		file.p[at] ^= (unsigned char)(1 + pick(255));
		write_file(path, buf_slice(&file));
		after = dump(path, &fine);
		ret = verdict_on(dir, S(""), &first);
		file.p[at] = was;
		if (ret != 0) {
			found++;
			continue;
		}
		if (!fine || memcmp(&before, &after, sizeof(before)) != 0)
			print_error("byte %d is not seen\n", (int)at);
		CHECK(fine && memcmp(&before, &after, sizeof(before)) == 0);
		harmless++;
	}
	print_message("%d changed bytes found, %d changed nothing\n", found,
	    harmless);
	made_remove(dir);
	buf_free(&file);
	made_end(&m);
}

/* --- heads -------------------------------------------------------------------- */

static void
an_expected_head_shows_a_journal_that_was_put_back(void)
{
	struct buf yesterday = { 0 }, head = { 0 };
	struct store_numbers n;
	struct made m;
	struct store *st;
	uint64_t first;
	char path[96];

	made_begin(&m);
	st = made_open(m.dir);
	made_append(st, &m, 0, 100);
	store_close(st);
	read_journal(&m, &yesterday);
	st = made_open(m.dir);
	made_append(st, &m, 100, 100);
	made_commit(st);
	CHECK(store_count(st, &n, NULL) == 0);
	buf_fmt(&head, "%llu:", (unsigned long long)n.head_seq[CLASS_BULK]);
	buf_hex(&head, digest_slice(&n.head[CLASS_BULK]));
	store_close(st);
	CHECK(verdict_on(m.dir, buf_slice(&head), &first) == 0);
	snprintf(path, sizeof(path), "%s/journal.db", m.dir);
	write_file(path, buf_slice(&yesterday));
	CHECK(verdict_on(m.dir, S(""), &first) == 0);
	CHECK(verdict_on(m.dir, buf_slice(&head), &first) == 1);
	CHECK(first == n.head_seq[CLASS_BULK]);
	buf_free(&head);
	buf_free(&yesterday);
	made_end(&m);
}

static void
what_is_no_head_is_refused(void)
{
	static const struct slice heads[] = { SLICE("1"), SLICE("1:"),
	    SLICE(":00"), SLICE("x:00"), SLICE("1:zz") };
	struct made m;
	struct store *st;

	made_begin(&m);
	st = made_open(m.dir);
	for (size_t i = 0; i < COUNT(heads); i++) {
		struct verdict v;

		CHECK_ROW(store_verify(st, heads[i], &v, NULL) == -1, i);
		buf_free(&v.what);
	}
	store_close(st);
	made_end(&m);
}

/* Damage is not made whole by going on. */
static void
a_damaged_journal_stays_damaged_while_it_grows(void)
{
	static const struct {
		const char *sql;
		uint64_t first;
	} rows[] = {
		{ "DELETE FROM record WHERE seq = 50", 50 },
		{ "DELETE FROM record WHERE seq > 90", 91 },
		{ "UPDATE record SET user = 'root' WHERE seq = 7", 7 },
		{ "DELETE FROM state WHERE space = 'chain'", 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct edited ed;
		struct made m;
		struct store *st;
		uint64_t first;

		made_begin(&m);
		st = made_open(m.dir);
		made_append(st, &m, 0, 100);
		store_close(st);
		snprintf(ed.path, sizeof(ed.path), "%s/journal.db", m.dir);
		CHECK(sqlite3_open(ed.path, &ed.db) == SQLITE_OK);
		run(&ed, "%s", rows[i].sql);
		edit_end(&ed);
		st = made_open(m.dir);
		made_append(st, &m, 200, 20);
		made_commit(st);
		store_close(st);
		CHECK_ROW(verdict_on(m.dir, S(""), &first) == 1, i);
		CHECK_ROW(rows[i].first == 0 || first == rows[i].first, i);
		made_end(&m);
	}
}

static void
what_is_undamaged_is_still_listed(void)
{
	const struct query q = { .oldest_first = true };
	struct edited ed;
	struct made m;
	struct store *st;
	struct digest d = { { 0 } };

	made_begin(&m);
	st = made_open(m.dir);
	made_append(st, &m, 0, 100);
	store_close(st);
	snprintf(ed.path, sizeof(ed.path), "%s/journal.db", m.dir);
	CHECK(sqlite3_open(ed.path, &ed.db) == SQLITE_OK);
	run(&ed, "UPDATE record SET level = 77, kind = 99 WHERE seq = 5");
	run(&ed, "UPDATE record SET id = 'x' WHERE seq = 6");
	run(&ed, "UPDATE record SET body = 'x' WHERE seq = 7");
	edit_end(&ed);
	st = made_read(m.dir);
	CHECK(store_query(st, &q, made_sum, &d, NULL) == 0);
	store_close(st);
	made_end(&m);
}

static int
count_row(void *arg, const struct row *row)
{
	(void)row;
	(*(int *)arg)++;
	return 0;
}

static void
what_came_at_no_time_is_no_record(void)
{
	static const char *const times[] = { "-9223372036854775808", "-1",
		"9223372036854775807", "253402300800000000" };
	const struct query q = { .oldest_first = true };

	for (size_t i = 0; i < COUNT(times); i++) {
		struct edited ed;
		struct made m;
		struct store *st;
		uint64_t first;
		int rows = 0;

		made_begin(&m);
		st = made_open(m.dir);
		made_append(st, &m, 0, 10);
		store_close(st);
		snprintf(ed.path, sizeof(ed.path), "%s/journal.db", m.dir);
		CHECK(sqlite3_open(ed.path, &ed.db) == SQLITE_OK);
		run(&ed, "UPDATE record SET received = %s WHERE seq = 5",
		    times[i]);
		edit_end(&ed);
		CHECK_ROW(verdict_on(m.dir, S(""), &first) == 1, i);
		CHECK_ROW(first == 5, i);
		st = made_read(m.dir);
		CHECK_ROW(store_query(st, &q, count_row, &rows, NULL) == 0, i);
		CHECK_ROW(rows == 9, i);
		store_close(st);
		made_end(&m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_of_a_thousand_edits_is_found),
		TEST(a_changed_byte_is_found_unless_it_changes_nothing),
		TEST(an_expected_head_shows_a_journal_that_was_put_back),
		TEST(what_is_no_head_is_refused),
		TEST(a_damaged_journal_stays_damaged_while_it_grows),
		TEST(what_is_undamaged_is_still_listed),
		TEST(what_came_at_no_time_is_no_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
