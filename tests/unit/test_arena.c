#include "check.h"

#include <stdalign.h>
#include <stdio.h>

#include "base/arena.h"

static void
memory_is_zeroed_and_aligned_also_when_reused(void)
{
	static const size_t sizes[] = { 1, 7, 16, 100, 16384, 70000, 3 };
	struct arena *a = arena_new(0);

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < COUNT(sizes); i++) {
			unsigned char *p = arena_alloc(a, sizes[i]);

			CHECK_ROW((uintptr_t)p % alignof(max_align_t) == 0, i);
			for (size_t k = 0; k < sizes[i]; k++)
				CHECK_ROW(p[k] == 0, i);
			memset(p, 0xff, sizes[i]);
		}
		arena_reset(a);
		CHECK(arena_used(a) == 0);
	}
	arena_free(a);
	arena_free(NULL);
}

static void
a_full_arena_gives_nothing_until_reset(void)
{
	struct arena *a = arena_new(64);
	struct slice out;

	CHECK(arena_copy(a, S("0123456789"), &out));
	CHECK_TEXT(out, "0123456789");
	CHECK(out.p[out.len] == '\0');
	CHECK(arena_alloc(a, 1000) == NULL);
	CHECK(!arena_copy(a, S("0123456789012345678901234567890123456789"
	    "0123456789"), &out));
	CHECK(out.len == 0);
	CHECK(arena_copy(a, S("still fits"), &out));
	arena_reset(a);
	CHECK(arena_alloc(a, 64) != NULL);
	CHECK(arena_alloc(a, 1) == NULL);
	arena_free(a);
}

static void
what_is_kept_does_not_move(void)
{
	struct arena *a = arena_new(0);
	struct slice kept[1000];

	for (size_t i = 0; i < COUNT(kept); i++) {
		char text[32];

		snprintf(text, sizeof(text), "number %zu", i);
		kept[i] = arena_keep(a, slice_of(text));
	}
	for (size_t i = 0; i < COUNT(kept); i++) {
		char text[32];

		snprintf(text, sizeof(text), "number %zu", i);
		CHECK_TEXT_ROW(kept[i], text, i);
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(memory_is_zeroed_and_aligned_also_when_reused),
		TEST(a_full_arena_gives_nothing_until_reset),
		TEST(what_is_kept_does_not_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
