/*
 * What becomes one transaction: entries, positions, and what rules remember.
 */
#include "check.h"

#include "journal_make.h"

#include "daemon/batch.h"
#include "store/inside.h"

/* A judge that counts records; what it remembers is the count. */
struct counter {
	struct store *store;
	struct batch *batch;
	uint64_t count;
	bool fails;		/* the items can't be written now */
	unsigned asked;
};

static const struct stream stream = { { 's', 't', 'r', 'e', 'a', 'm' } };

static int
remember(void *arg, struct err *err)
{
	struct counter *c = arg;

	c->asked++;
	if (store_item_put(c->store, ITEMS_REMEMBERED, S("count"),
	    slice_bytes(&c->count, sizeof(c->count)), err) == -1)
		return -1;
	return c->fails ? err_set(err, "no room") : 0;
}

static void
read_records(struct counter *c, struct made *m, uint64_t n)
{
	const struct position p = { .stream = stream, .input = S("file"),
		.source = S("/var/log/x"), .offset = c->count + n };

	for (uint64_t i = 0; i < n; i++) {
		struct entry e = made_entry(m, c->count++);

		batch_entry(c->batch, &e);
	}
	batch_position(c->batch, &p);
}

static void
take_item(void *arg, struct slice key, struct slice value)
{
	uint64_t *count = arg;

	CHECK_TEXT(key, "count");
	CHECK(value.len == sizeof(*count));
	memcpy(count, value.p, sizeof(*count));
}

static void
take_position(void *arg, const struct position *p)
{
	*(uint64_t *)arg = p->offset;
}

/* What the next process finds: 0 each when there is nothing. */
static void
found(struct store *st, uint64_t *item, uint64_t *position)
{
	*item = *position = 0;
	CHECK(store_item_each(st, ITEMS_REMEMBERED, take_item, item,
	    NULL) == 0);
	CHECK(store_positions(st, "file", take_position, position,
	    NULL) == 0);
}

static void
begin(struct counter *c, const struct made *m)
{
	uint64_t position;

	c->store = made_open(m->dir);
	c->batch = batch_new();
	found(c->store, &c->count, &position);
	CHECK(c->count == position);
}

/* As a kill does: what was not committed is gone. */
static void
end(struct counter *c)
{
	store_rollback(c->store);
	store_close(c->store);
	batch_free(c->batch);
}

static void
items_and_positions_agree_whatever_fails(void)
{
	struct counter c = { 0 };
	struct made m;
	uint64_t kept = 0;

	made_begin(&m);
	begin(&c, &m);
	for (unsigned i = 0; i < 200; i++) {
		struct err err = { "" };
		bool good;

		read_records(&c, &m, i % 7 + 1);
		c.fails = i % 3 == 1;
		good = batch_flush(c.batch, c.store, remember, &c, &err) == 0;
		CHECK_ROW(good == !c.fails, i);
		CHECK_ROW(batch_is_empty(c.batch) == good, i);
		if (good)
			kept = c.count;
		CHECK_ROW(made_count(c.store) == kept, i);
		if (i % 10 != 9)
			continue;
		end(&c);
		begin(&c, &m);
		CHECK_ROW(c.count == kept, i);
	}
	CHECK(kept > 500 && made_intact(c.store));
	end(&c);
	made_end(&m);
}

static void
a_failed_flush_is_whole_the_next_time(void)
{
	struct counter c = { 0 };
	struct made m;
	uint64_t item, position;

	made_begin(&m);
	begin(&c, &m);
	read_records(&c, &m, 20);
	c.fails = true;
	for (unsigned i = 0; i < 5; i++)
		CHECK(batch_flush(c.batch, c.store, remember, &c, NULL) == -1);
	found(c.store, &item, &position);
	CHECK(item == 0 && position == 0 && made_count(c.store) == 0);
	CHECK(batch_entries(c.batch) == 20);
	c.fails = false;
	read_records(&c, &m, 5);
	CHECK(batch_flush(c.batch, c.store, remember, &c, NULL) == 0);
	found(c.store, &item, &position);
	CHECK(item == 25 && position == 25 && made_count(c.store) == 25);
	CHECK(c.asked == 6);
	end(&c);
	made_end(&m);
}

/* --- items -------------------------------------------------------------- */

static void
list_item(void *arg, struct slice key, struct slice value)
{
	buf_fmt(arg, "%.*s=%.*s ", (int)key.len, (const char *)key.p,
	    (int)value.len, (const char *)value.p);
}

static void
check_items(struct store *st, enum items space, const char *want)
{
	struct buf text = { 0 };

	CHECK(store_item_each(st, space, list_item, &text, NULL) == 0);
	CHECK_TEXT(buf_slice(&text), want);
	buf_free(&text);
}

static void
items_are_put_replaced_and_deleted_by_space(void)
{
	struct made m;
	struct store *st;

	made_begin(&m);
	st = made_open(m.dir);
	store_item_put(st, ITEMS_REMEMBERED, S("a"), S("1"), NULL);
	store_item_put(st, ITEMS_REMEMBERED, S("b"), S("2"), NULL);
	store_item_put(st, ITEMS_LOADED, S("a"), S("other"), NULL);
	store_item_put(st, ITEMS_REMEMBERED, S("a"), S("3"), NULL);
	store_item_delete(st, ITEMS_REMEMBERED, S("none"), NULL);
	CHECK(store_commit(st, NULL) == 0);
	store_item_delete(st, ITEMS_REMEMBERED, S("b"), NULL);
	check_items(st, ITEMS_REMEMBERED, "a=3 ");
	store_rollback(st);
	check_items(st, ITEMS_REMEMBERED, "a=3 b=2 ");
	check_items(st, ITEMS_LOADED, "a=other ");
	store_close(st);
	st = made_open(m.dir);
	check_items(st, ITEMS_REMEMBERED, "a=3 b=2 ");
	CHECK(made_intact(st));
	store_close(st);
	made_end(&m);
}

static void
an_item_changed_by_hand_counts_as_absent(void)
{
	static const char *const by_hand[] = {
		"UPDATE state SET value = 'x' WHERE space = 'memory'",
		"INSERT INTO state VALUES ('memory', 'c', 'x', 7)",
		"UPDATE state SET name = 'z' WHERE space = 'memory'",
	};

	for (size_t i = 0; i < COUNT(by_hand); i++) {
		struct made m;
		struct store *st;

		made_begin(&m);
		st = made_open(m.dir);
		store_item_put(st, ITEMS_REMEMBERED, S("a"), S("1"), NULL);
		store_item_put(st, ITEMS_LOADED, S("b"), S("2"), NULL);
		CHECK(store_commit(st, NULL) == 0);
		CHECK_ROW(sqlite3_exec(st->db, by_hand[i], NULL, NULL,
		    NULL) == SQLITE_OK, i);
		check_items(st, ITEMS_REMEMBERED, i == 1 ? "a=1 " : "");
		check_items(st, ITEMS_LOADED, "b=2 ");
		CHECK_ROW(!made_intact(st), i);
		store_close(st);
		made_end(&m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(items_and_positions_agree_whatever_fails),
		TEST(a_failed_flush_is_whole_the_next_time),
		TEST(items_are_put_replaced_and_deleted_by_space),
		TEST(an_item_changed_by_hand_counts_as_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
