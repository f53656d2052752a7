#include "check.h"

#include <stdio.h>

#include "base/map.h"

static void
keys_are_bytes_of_any_kind(void)
{
	static const struct slice keys[] = {
		SLICE(""), SLICE("a"), SLICE("a\0"), SLICE("a\0b"),
		SLICE("\xff\xfe"),
	};
	struct map *m = map_new();

	for (size_t i = 0; i < COUNT(keys); i++)
		CHECK_ROW(map_put(m, keys[i], (void *)&keys[i]) == NULL, i);
	for (size_t i = 0; i < COUNT(keys); i++)
		CHECK_ROW(map_get(m, keys[i]) == &keys[i], i);
	CHECK(map_count(m) == COUNT(keys));
	CHECK(map_get(m, S("b")) == NULL);
	map_free(m);
	map_free(NULL);
}

static void
setting_again_gives_the_old_value(void)
{
	struct map *m = map_new();
	int one = 1, two = 2;

	CHECK(map_put(m, S("k"), &one) == NULL);
	CHECK(map_put(m, S("k"), &two) == &one);
	CHECK(map_count(m) == 1);
	CHECK(map_remove(m, S("k")) == &two);
	CHECK(map_remove(m, S("k")) == NULL);
	CHECK(map_get(m, S("k")) == NULL);
	CHECK(map_count(m) == 0);
	map_free(m);
}

static struct slice
key_of(char *text, size_t size, unsigned i)
{
	snprintf(text, size, "key-%u", i);
	return slice_of(text);
}

static void
it_grows_and_forgets_what_was_removed(void)
{
	struct map *m = map_new();
	static int values[5000];
	char text[32];

	for (unsigned round = 0; round < 5; round++) {
		for (unsigned i = 0; i < COUNT(values); i++)
			map_put(m, key_of(text, sizeof(text), i), &values[i]);
		for (unsigned i = 0; i < COUNT(values); i += 2)
			CHECK_ROW(map_remove(m, key_of(text, sizeof(text),
			    i)) == &values[i], i);
		for (unsigned i = 0; i < COUNT(values); i++)
			CHECK_ROW((map_get(m, key_of(text, sizeof(text),
			    i)) != NULL) == (i % 2 == 1), i);
	}
	CHECK(map_count(m) == COUNT(values) / 2);
	map_free(m);
}

static void
a_walk_sees_each_once_and_may_remove(void)
{
	struct map *m = map_new();
	static int seen[300];
	struct slice key;
	size_t at = 0, count = 0;
	char text[32];
	void *value;

	for (unsigned i = 0; i < COUNT(seen); i++)
		map_put(m, key_of(text, sizeof(text), i), &seen[i]);
	while (map_next(m, &at, &key, &value)) {
		(*(int *)value)++;
		CHECK(map_remove(m, key) == value);
		count++;
	}
	CHECK(count == COUNT(seen) && map_count(m) == 0);
	for (size_t i = 0; i < COUNT(seen); i++)
		CHECK_ROW(seen[i] == 1, i);
	map_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keys_are_bytes_of_any_kind),
		TEST(setting_again_gives_the_old_value),
		TEST(it_grows_and_forgets_what_was_removed),
		TEST(a_walk_sees_each_once_and_may_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
