/* Versions of the journal, and whose journal it is. */
#include "check.h"

#include "journal_make.h"
#include "store/inside.h"

static void
run(const char *dir, const char *sql)
{
	char path[128];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/journal.db", dir);
	CHECK(sqlite3_open(path, &db) == SQLITE_OK);
	CHECK(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
	sqlite3_close(db);
}

/* Three versions that never were. */
static const char *const steps[] = {
	"CREATE TABLE a (x); INSERT INTO a VALUES (1)",
	"ALTER TABLE a ADD COLUMN y; UPDATE a SET y = x + 1",
	"CREATE TABLE b AS SELECT y FROM a",
};

static struct store *
memory(void)
{
	struct store *st = store_new();

	st->dir = xstrdup("memory");
	CHECK(sqlite3_open(":memory:", &st->db) == SQLITE_OK);
	return st;
}

static int64_t
number(struct store *st, const char *sql)
{
	int64_t n;

	CHECK(read_number(st, sql, &n, NULL) == 0);
	return n;
}

static void
each_older_version_is_brought_up(void)
{
	for (int from = 0; from <= 3; from++) {
		struct store *st = memory();

		CHECK_ROW(migrate(st, steps, from, NULL) == 0, from);
		CHECK_ROW(migrate(st, steps, 3, NULL) == 0, from);
		CHECK_ROW(number(st, "PRAGMA user_version") == 3, from);
		CHECK_ROW(number(st, "SELECT y FROM b") == 2, from);
		CHECK_ROW(migrate(st, steps, 3, NULL) == 0, from);
		store_close(st);
	}
}

static void
a_step_that_fails_changes_nothing(void)
{
	static const char *const bad[] = {
		"CREATE TABLE a (x)",
		"CREATE TABLE c (x); INSERT INTO nowhere VALUES (1)",
	};
	struct store *st = memory();
	struct err err = { "" };

	CHECK(migrate(st, bad, 2, &err) == -1);
	CHECK(strstr(err.text, "nowhere") != NULL);
	CHECK(number(st, "PRAGMA user_version") == 1);
	CHECK(number(st, "SELECT count(*) FROM sqlite_master") == 1);
	/* The same again, repaired: it goes on where it stopped. */
	CHECK(migrate(st, steps, 2, NULL) == 0);
	CHECK(number(st, "PRAGMA user_version") == 2);
	store_close(st);
}

static void
a_newer_version_is_refused(void)
{
	struct made m;
	struct store *st = NULL;
	struct err err = { "" };

	made_begin(&m);
	st = made_open(m.dir);
	made_append(st, &m, 0, 10);
	store_close(st);
	run(m.dir, "PRAGMA user_version = 99");
	CHECK(store_open(m.dir, &no_limits, NULL, &st, &err) == -1);
	CHECK(strstr(err.text, "version 99") != NULL);
	CHECK(store_open_read(m.dir, &st, &err) == -1);
	CHECK(strstr(err.text, "version 99") != NULL);
	run(m.dir, "PRAGMA user_version = 1");
	st = made_open(m.dir);
	CHECK(made_count(st) == 10);
	store_close(st);
	made_end(&m);
}

static void
somebody_elses_database_is_refused(void)
{
	struct made m;
	struct store *st = NULL;
	struct err err = { "" };

	made_begin(&m);
	run(m.dir, "PRAGMA application_id = 7; CREATE TABLE record (x)");
	CHECK(store_open(m.dir, &no_limits, NULL, &st, &err) == -1);
	CHECK(strstr(err.text, "not a journal") != NULL);
	made_end(&m);
}

/* --- host id ---------------------------------------------------------------- */

static struct host_marks
marks(char machine, char product)
{
	struct host_marks h = { .name = "web-1" };

	h.has_machine = machine != '-';
	h.has_product = product != '-';
	memset(&h.machine, machine, sizeof(h.machine));
	memset(&h.product, product, sizeof(h.product));
	return h;
}

static void
a_copy_of_another_host_gets_an_id_of_its_own(void)
{
	static const struct {
		char machine[2], product[2];	/* at first, then */
		bool new;
	} rows[] = {
		{ "aa", "pp", false },
		{ "ab", "pq", true },
		{ "aa", "pq", true },
		{ "ab", "pp", true },
		/* What can't be read is not held against it. */
		{ "aa", "p-", false },
		{ "a-", "pp", false },
		{ "a-", "p-", false },
		{ "--", "--", false },
		{ "-a", "pp", false },
		{ "ab", "p-", true },
		{ "a-", "pq", true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct host_marks first = marks(rows[i].machine[0],
		    rows[i].product[0]);
		struct host_marks then = marks(rows[i].machine[1],
		    rows[i].product[1]);
		struct made m;
		struct store *st;
		char id[33];

		made_begin(&m);
		CHECK(store_open(m.dir, &no_limits, &first, &st, NULL) == 0);
		CHECK_ROW(!store_host_is_new(st), i);
		made_append(st, &m, 0, 10);
		memcpy(id, store_host(st)->id, sizeof(id));
		CHECK_ROW(strlen(id) == 32, i);
		store_close(st);
		CHECK(store_open(m.dir, &no_limits, &then, &st, NULL) == 0);
		CHECK_ROW(store_host_is_new(st) == rows[i].new, i);
		CHECK_ROW((strcmp(id, store_host(st)->id) != 0) ==
		    rows[i].new, i);
		CHECK_ROW(strcmp(store_host_before(st),
		    rows[i].new ? id : "") == 0, i);
		CHECK_ROW(made_count(st) == (rows[i].new ? 0 : 10), i);
		CHECK_ROW(made_intact(st), i);
		store_close(st);
		/* And that is the end of it. */
		CHECK(store_open(m.dir, &no_limits, &then, &st, NULL) == 0);
		CHECK_ROW(!store_host_is_new(st), i);
		store_close(st);
		made_end(&m);
	}
}

static void
the_other_hosts_journal_is_kept_beside(void)
{
	struct host_marks first = marks('a', 'p'), then = marks('b', 'q');
	struct made m;
	struct store *st;
	char from[160], to[160];

	made_begin(&m);
	CHECK(store_open(m.dir, &no_limits, &first, &st, NULL) == 0);
	made_append(st, &m, 0, 10);
	store_close(st);
	CHECK(store_open(m.dir, &no_limits, &then, &st, NULL) == 0);
	snprintf(from, sizeof(from), "%s/journal-%s.db", m.dir,
	    store_host_before(st));
	store_close(st);
	snprintf(to, sizeof(to), "%s/before", m.dir);
	CHECK(mkdir(to, 0700) == 0);
	snprintf(to, sizeof(to), "%s/before/journal.db", m.dir);
	CHECK(rename(from, to) == 0);
	snprintf(to, sizeof(to), "%s/before", m.dir);
	st = made_read(to);
	CHECK(made_count(st) == 10);
	CHECK(made_intact(st));
	store_close(st);
	made_end(&m);
}

static void
a_mark_that_is_seen_later_binds_too(void)
{
	struct host_marks first = marks('a', '-'), then = marks('a', 'p'),
	    other = marks('a', 'q');
	struct made m;
	struct store *st;

	made_begin(&m);
	CHECK(store_open(m.dir, &no_limits, &first, &st, NULL) == 0);
	store_close(st);
	CHECK(store_open(m.dir, &no_limits, &then, &st, NULL) == 0);
	CHECK(!store_host_is_new(st));
	store_close(st);
	CHECK(store_open(m.dir, &no_limits, &other, &st, NULL) == 0);
	CHECK(store_host_is_new(st));
	store_close(st);
	made_end(&m);
}

static void
an_open_without_news_writes_nothing(void)
{
	struct host_marks here = marks('a', 'p');
	struct made m;
	struct store *st;

	made_begin(&m);
	CHECK(store_open(m.dir, &no_limits, &here, &st, NULL) == 0);
	CHECK(sqlite3_total_changes(st->db) > 0);
	store_close(st);
	CHECK(store_open(m.dir, &no_limits, &here, &st, NULL) == 0);
	CHECK(sqlite3_total_changes(st->db) == 0);
	store_close(st);
	made_end(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_older_version_is_brought_up),
		TEST(a_step_that_fails_changes_nothing),
		TEST(a_newer_version_is_refused),
		TEST(somebody_elses_database_is_refused),
		TEST(a_copy_of_another_host_gets_an_id_of_its_own),
		TEST(the_other_hosts_journal_is_kept_beside),
		TEST(a_mark_that_is_seen_later_binds_too),
		TEST(an_open_without_news_writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
