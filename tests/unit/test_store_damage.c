/* A journal whose pages are damaged: set aside, with what is left of it. */
#include "check.h"

#include "journal_make.h"
#include "store/inside.h"

enum { PAGE = 4096, RECORDS = 2000 };

static const struct position here = { .input = SLICE("file"),
	.source = SLICE("/var/log/auth.log"), .offset = 4711,
	.state = SLICE("x") };

static void
take_position(void *arg, const struct position *p)
{
	uint64_t *offset = arg;

	*offset = p->offset;
}

static uint64_t
position_of(struct store *st)
{
	uint64_t offset = 0;

	CHECK(store_positions(st, "file", take_position, &offset, NULL) == 0);
	return offset;
}

static void
take_item(void *arg, struct slice key, struct slice value)
{
	size_t *bytes = arg;

	*bytes += key.len + value.len;
}

static size_t
remembered(struct store *st)
{
	size_t bytes = 0;

	CHECK(store_item_each(st, ITEMS_REMEMBERED, take_item, &bytes,
	    NULL) == 0);
	return bytes;
}

/* The host id goes to id, unless that is NULL. */
static void
make(struct made *m, char id[33])
{
	struct store *st;

	made_begin(m);
	st = made_open(m->dir);
	made_append(st, m, 0, RECORDS);
	CHECK(store_position(st, &here, NULL) == 0);
	CHECK(store_item_put(st, ITEMS_REMEMBERED, S("key"), S("value"),
	    NULL) == 0);
	if (id != NULL)
		memcpy(id, store_host(st)->id, 33);
	store_close(st);
}

static int
open_db(const struct made *m)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/journal.db", m->dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	CHECK(fd != -1);
	return fd;
}

/* First page of a table or an index, from 0. */
static off_t
root_page(const struct made *m, const char *name)
{
	struct store *st = made_read(m->dir);
	char sql[128];
	int64_t page = 0;

	snprintf(sql, sizeof(sql), "SELECT rootpage FROM sqlite_schema"
	    " WHERE name = '%s'", name);
	CHECK(read_number(st, sql, &page, NULL) == 0);
	store_close(st);
	CHECK(page > 1);
	return page - 1;
}

static void
smash(const struct made *m, off_t page, size_t bytes)
{
	unsigned char noise[PAGE];
	int fd = open_db(m);

	memset(noise, 0xA5, sizeof(noise));
	CHECK(pwrite(fd, noise, bytes, page * PAGE) == (ssize_t)bytes);
	close(fd);
}

static void
smash_header(const struct made *m)
{
	smash(m, 0, 100);
}

static void
smash_schema(const struct made *m)
{
	int fd = open_db(m);

	/* Of the first page, what follows the header. */
	CHECK(pwrite(fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 100) == 8);
	close(fd);
}

static void
smash_state(const struct made *m)
{
	smash(m, root_page(m, "state"), PAGE);
}

static void
cut(const struct made *m)
{
	int fd = open_db(m);

	CHECK(ftruncate(fd, 3 * PAGE) == 0);
	close(fd);
}

static void
fill_with_noise(const struct made *m)
{
	int fd = open_db(m);
	unsigned char noise[PAGE];

	for (off_t i = 0; i < 8; i++) {
		random_bytes(noise, sizeof(noise));
		CHECK(pwrite(fd, noise, PAGE, i * PAGE) == PAGE);
	}
	close(fd);
}

static const struct {
	const char *what;
	void (*damage)(const struct made *m);
} rows[] = {
	{ "header", smash_header },
	{ "schema", smash_schema },
	{ "state", smash_state },
	{ "cut", cut },
	{ "noise", fill_with_noise },
};

static bool
is_there(const struct made *m, const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", m->dir, name);
	return access(path, F_OK) == 0;
}

static void
a_damaged_journal_gives_way_to_a_new_one(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct store_damage d;
		struct made m;
		struct store *st;

		make(&m, NULL);
		rows[i].damage(&m);
		st = made_open(m.dir);
		CHECK_ROW(store_replaced(st, &d), i);
		CHECK_ROW(strcmp(d.file, "journal-damaged-1.db") == 0, i);
		CHECK_ROW(is_there(&m, d.file), i);
		CHECK_ROW(d.since > 0 && d.since <= when_now(), i);
		CHECK_ROW(made_count(st) == 0, i);
		made_append(st, &m, 0, 10);
		made_commit(st);
		CHECK_ROW(made_intact(st), i);
		store_close(st);
		/* And that is the end of it. */
		st = made_open(m.dir);
		CHECK_ROW(!store_replaced(st, &d), i);
		CHECK_ROW(made_count(st) == 10, i);
		store_close(st);
		made_end(&m);
	}
}

static void
what_is_left_of_its_state_is_brought_over(void)
{
	struct store_damage d;
	struct made m;
	struct entry e;
	struct store *st;
	char id[33];

	make(&m, id);
	smash(&m, root_page(&m, "record_id"), PAGE);
	st = made_open(m.dir);
	/* Nothing of it is looked at when it is opened. */
	CHECK(!store_replaced(st, &d));
	CHECK(!store_is_corrupt(st));
	e = made_entry(&m, RECORDS);
	CHECK(store_append(st, &e, NULL) == -1);
	CHECK(store_is_corrupt(st));
	CHECK(!store_is_full(st));
	store_condemn(st);
	store_close(st);
	st = made_open(m.dir);
	CHECK(store_replaced(st, &d));
	CHECK(d.whole);
	CHECK(!is_there(&m, "journal.condemned"));
	CHECK(strcmp(store_host(st)->id, id) == 0);
	CHECK(!store_host_is_new(st));
	CHECK(position_of(st) == 4711);
	CHECK(remembered(st) == strlen("keyvalue"));
	CHECK(made_intact(st));
	store_close(st);
	made_end(&m);
}

static void
what_could_not_be_read_is_not_called_whole(void)
{
	struct store_damage d;
	struct made m;
	struct store *st;

	make(&m, NULL);
	smash_state(&m);
	st = made_open(m.dir);
	CHECK(store_replaced(st, &d));
	CHECK(!d.whole);
	CHECK(position_of(st) == 0);
	store_close(st);
	made_end(&m);
}

static void
at_most_nine_are_kept(void)
{
	struct store_damage d;
	struct made m;
	struct store *st;
	char name[32];

	make(&m, NULL);
	for (int i = 1; i <= 12; i++) {
		smash_header(&m);
		st = made_open(m.dir);
		CHECK_ROW(store_replaced(st, &d), i);
		snprintf(name, sizeof(name), "journal-damaged-%d.db",
		    i < 9 ? i : 9);
		CHECK_ROW(strcmp(d.file, name) == 0, i);
		store_close(st);
	}
	CHECK(!is_there(&m, "journal-damaged-10.db"));
	made_end(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_damaged_journal_gives_way_to_a_new_one),
		TEST(what_is_left_of_its_state_is_brought_over),
		TEST(what_could_not_be_read_is_not_called_whole),
		TEST(at_most_nine_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
