#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "engine/memory.h"

/* A kind that remembers a number and is due at ten times of it. */
struct number {
	struct item item;
	uint8_t n;
};

/* What was due, in order; a matched() of nobody carries it. */
struct seen {
	char text[64];
	size_t len;
};

static void
number_save(const struct item *it, struct buf *out)
{
	pack_u8(out, ((const struct number *)it)->n);
}

static struct item *
number_load(struct holder *h, struct slice name, struct slice value,
    size_t *bytes, int64_t *due)
{
	struct number *n;

	(void)h;
	(void)name;
	if (value.len != 1)
		return NULL;
	n = xcalloc(1, sizeof(*n));
	n->n = value.p[0];
	*bytes = 100;
	*due = n->n * 10;
	return &n->item;
}

static void
number_free(struct item *it)
{
	free(it);
}

static void
number_due(struct item *it, int64_t now, const struct listener *to)
{
	struct seen *seen = to->arg;

	(void)now;
	seen->text[seen->len++] = (char)item_name(it).p[0];
	memory_drop(it);
}

static const struct memory_kind numbers = {
	.tag = 'n', .save = number_save, .load = number_load,
	.free = number_free, .due = number_due,
};

static void
put(struct holder *h, const char *name, uint8_t value)
{
	struct number *n = (struct number *)memory_find(h, slice_of(name));

	if (n == NULL) {
		n = xcalloc(1, sizeof(*n));
		memory_add(h, slice_of(name), &n->item);
	}
	n->n = value;
	memory_note(&n->item, 100, value * 10);
}

static void
drop(struct holder *h, const char *name)
{
	memory_drop(memory_find(h, slice_of(name)));
}

static int
get(struct holder *h, const char *name)
{
	struct number *n = (struct number *)memory_find(h, slice_of(name));

	return n == NULL ? -1 : n->n;
}

/* A memory with one holder of a rule by a name. */
static struct holder *
open_memory(struct memory **m, const char *rule, size_t most)
{
	struct digest mark = digest_one(slice_of(rule));

	*m = memory_new();
	return memory_holder(*m, &numbers, &mark, NULL, most);
}

/* Where items are written to: the last value told for each key. */
struct disk {
	struct map *items;
	size_t told;
};

static void
write_item(void *arg, struct slice key, struct slice value)
{
	struct disk *d = arg;

	d->told++;
	if (value.len == 0) {
		free(map_remove(d->items, key));
		return;
	}
	free(map_put(d->items, key, xslicedup(value)));
}

/* Values of these tests have no byte 0, and so are C strings. */
static size_t
recall_all(struct disk *d, struct memory *m)
{
	size_t known = 0;
	struct slice key;
	void *value;

	for (size_t at = 0; map_next(d->items, &at, &key, &value);)
		known += memory_recall(m, key, slice_of(value));
	return known;
}

static void
disk_free(struct disk *d)
{
	struct slice key;
	void *value;

	for (size_t at = 0; map_next(d->items, &at, &key, &value);)
		free(value);
	map_free(d->items);
}

static void
commit(struct memory *m, struct disk *d)
{
	d->told = 0;
	memory_changed(m, write_item, d);
	memory_settled(m);
}

static void
what_is_due_comes_in_order_of_its_time(void)
{
	struct memory *m;
	struct holder *h = open_memory(&m, "a", 0);
	struct seen seen = { 0 };
	struct listener to = { NULL, &seen };

	put(h, "c", 3);
	put(h, "a", 1);
	put(h, "e", 5);
	put(h, "b", 2);
	put(h, "d", 3);
	put(h, "a", 4);		/* later than said first */
	put(h, "e", 1);		/* sooner */
	drop(h, "b");
	CHECK(memory_time(m, 9, &to) == 10);
	CHECK(seen.len == 0);
	CHECK(memory_time(m, 30, &to) == 40);
	CHECK_TEXT(slice_of(seen.text), "ecd");
	CHECK(memory_time(m, INT64_MAX - 1, &to) == MEMORY_NEVER);
	CHECK_TEXT(slice_of(seen.text), "ecda");
	CHECK(memory_counts(m).items == 0 && memory_counts(m).bytes == 0);
	memory_free(m);
}

static void
what_changed_is_told_until_it_is_settled(void)
{
	struct memory *m;
	struct holder *h = open_memory(&m, "a", 0);
	struct disk d = { .items = map_new() };

	put(h, "a", 1);
	put(h, "b", 2);
	memory_changed(m, write_item, &d);
	CHECK(d.told == 2);
	d.told = 0;
	memory_changed(m, write_item, &d);	/* that commit failed */
	CHECK(d.told == 2);
	put(h, "a", 3);				/* after it was told */
	memory_settled(m);
	commit(m, &d);
	CHECK(d.told == 1);
	commit(m, &d);
	CHECK(d.told == 0);
	drop(h, "b");
	put(h, "c", 1);
	drop(h, "c");				/* nobody ever heard of it */
	commit(m, &d);
	CHECK(d.told == 1 && map_count(d.items) == 1);
	drop(h, "a");
	put(h, "a", 7);				/* gone and back again */
	commit(m, &d);
	CHECK(d.told == 1 && map_count(d.items) == 1);
	drop(h, "a");
	commit(m, &d);
	CHECK(map_count(d.items) == 0);
	memory_free(m);
	disk_free(&d);
}

static void
items_come_back_to_the_rule_that_is_the_same(void)
{
	struct memory *m, *again, *other;
	struct holder *h = open_memory(&m, "a", 0), *same, *changed;
	struct disk d = { .items = map_new() };
	struct seen seen = { 0 };
	struct listener to = { NULL, &seen };

	put(h, "b", 2);
	put(h, "a", 1);
	commit(m, &d);
	same = open_memory(&again, "a", 0);
	changed = open_memory(&other, "a, changed", 0);
	CHECK(recall_all(&d, again) == 2);
	CHECK(get(same, "a") == 1 && get(same, "b") == 2);
	CHECK(recall_all(&d, other) == 0 && get(changed, "a") == -1);
	CHECK(memory_counts(again).bytes == memory_counts(m).bytes);
	commit(again, &d);
	CHECK(d.told == 0);
	memory_time(again, 10, &to);
	CHECK_TEXT(slice_of(seen.text), "a");
	commit(again, &d);
	CHECK(d.told == 1 && map_count(d.items) == 1);
	memory_free(m);
	memory_free(again);
	memory_free(other);
	disk_free(&d);
}

static void
what_was_used_longest_ago_makes_room_also_after_a_recall(void)
{
	struct memory *m, *again;
	struct holder *h = open_memory(&m, "a", 3);
	struct disk d = { .items = map_new() };

	put(h, "a", 1);
	put(h, "b", 2);
	put(h, "c", 3);
	put(h, "a", 4);
	commit(m, &d);
	for (int i = 0; i < 2; i++) {
		put(h, "d", 5);
		CHECK_ROW(get(h, "b") == -1 && get(h, "a") == 4, i);
		put(h, "e", 6);
		CHECK_ROW(get(h, "c") == -1 && get(h, "a") == 4, i);
		CHECK_ROW(holder_counts(h).evicted == 2, i);
		CHECK_ROW(memory_counts(m).items == 3, i);
		if (i == 1)
			break;
		memory_free(m);
		h = open_memory(&again, "a", 3);
		CHECK(recall_all(&d, again) == 3);
		m = again;
	}
	memory_free(m);
	disk_free(&d);
}

static void
a_flood_pushes_out_its_own(void)
{
	struct digest mark = digest_one(S("quiet"));
	struct memory *m;
	struct holder *loud = open_memory(&m, "loud", 0), *quiet;
	char name[16];

	quiet = memory_holder(m, &numbers, &mark, NULL, 0);
	memory_limit(m, 20000);
	put(quiet, "q", 1);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		put(loud, name, 1);
		CHECK_ROW(memory_counts(m).bytes <= 20000, i);
	}
	CHECK(get(quiet, "q") == 1);
	CHECK(get(loud, "999") == 1 && get(loud, "0") == -1);
	CHECK(holder_counts(quiet).evicted == 0);
	CHECK(memory_counts(m).evicted == holder_counts(loud).evicted);
	CHECK(memory_counts(m).evicted + memory_counts(m).items == 1001);
	memory_clear(m);
	CHECK(memory_counts(m).bytes == 0 && memory_counts(m).evicted == 0);
	CHECK(get(quiet, "q") == -1);
	memory_free(m);
}

static void
bytes_that_nobody_wrote_are_refused(void)
{
	struct memory *m;
	struct holder *h = open_memory(&m, "a", 0);
	struct digest mark = digest_one(S("a"));
	struct buf key = { 0 };
	const struct {
		struct slice value;
		bool known;
	} rows[] = {
		{ SLICE(""), false },
		{ SLICE("\1"), false },
		{ SLICE("\1\1"), false },
		{ SLICE("\2\1\1"), false },
		{ SLICE("\1\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\1"), false },
		{ SLICE("\1\1\1\1"), false },
		{ SLICE("\1\1\1"), true },
		{ SLICE("\1\1\1"), true },	/* twice is once */
	};

	buf_byte(&key, 'n');
	buf_add(&key, slice_bytes(mark.b, MEMORY_MARK));
	buf_byte(&key, 'x');
	for (size_t i = 0; i < COUNT(rows); i++)
		CHECK_ROW(memory_recall(m, buf_slice(&key), rows[i].value) ==
		    rows[i].known, i);
	CHECK(memory_counts(m).items == 1 && get(h, "x") == 1);
	for (size_t n = 0; n < MEMORY_MARK + 1; n++)
		CHECK_ROW(!memory_recall(m, slice_head(buf_slice(&key), n),
		    S("\1\1\1")), n);
	key.p[0] = 'o';
	CHECK(!memory_recall(m, buf_slice(&key), S("\1\1\1")));
	key.p[0] = 'n';
	buf_room(&key, 2000);
	memset(key.p + key.len, 'x', 2000);
	key.len += 2000;
	CHECK(!memory_recall(m, buf_slice(&key), S("\1\1\1")));
	buf_free(&key);
	memory_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_due_comes_in_order_of_its_time),
		TEST(what_changed_is_told_until_it_is_settled),
		TEST(items_come_back_to_the_rule_that_is_the_same),
		TEST(what_was_used_longest_ago_makes_room_also_after_a_recall),
		TEST(a_flood_pushes_out_its_own),
		TEST(bytes_that_nobody_wrote_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
