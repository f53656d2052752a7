#include "check.h"

#include "base/casefold.h"

static void
folding_is_simple_and_bounded(void)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "" },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz" },
		{ "@[`{/0:", "@[`{/0:" },
		{ "12345678ABCDEFGH9I", "12345678abcdefgh9i" },
		{ "ÀÖØÞß÷×", "àöøþß÷×" },
		{ "ẞ", "ß" },			/* not "ss" */
		{ "İ", "İ" },			/* no simple folding */
		{ "ΣΑΣ ς", "σασ σ" },
		{ "ДЯЖ", "дяж" },
		{ "ⅣⓉ", "ⅳⓣ" },
		{ "\xf0\x90\x90\x80", "\xf0\x90\x90\xa8" },
		{ "\xe2\x84\xaa", "k" },	/* Kelvin */
		{ "\xc8\xba\xc8\xba\xc8\xba",	/* grows by a half */
		    "\xe2\xb1\xa5\xe2\xb1\xa5\xe2\xb1\xa5" },
		{ "A\xff" "B\xc3", "a\xff" "b\xc3" },
		{ "\xed\xa0\x80Z", "\xed\xa0\x80z" },
		{ "ꭰ", "Ꭰ" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice in = slice_of(rows[i].in);
		struct arena *a = arena_new(0);
		struct slice out = fold_keep(a, in);

		CHECK_ROW(out.len <= FOLD_ROOM(in.len), i);
		CHECK_TEXT_ROW(out, rows[i].out, i);
		arena_free(a);
	}
}

static void
folding_twice_changes_nothing(void)
{
	struct arena *a = arena_new(0);

	for (unsigned char high = 0xc2; high < 0xe0; high++) {
		for (unsigned char low = 0x80; low < 0xc0; low++) {
			unsigned char text[2] = { high, low };
			struct slice once = fold_keep(a, slice_bytes(text, 2));

			CHECK_ROW(slice_eq(fold_keep(a, once), once), high);
		}
	}
	arena_free(a);
}

static void
a_character_has_its_length(void)
{
	static const struct {
		const char *in;
		size_t len;
	} rows[] = {
		{ "ab", 1 }, { "é", 2 }, { "€x", 3 }, { "😀", 4 },
		{ "\xff", 1 }, { "\xc3", 1 }, { "\xc3z", 1 },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		CHECK_ROW(char_len(slice_of(rows[i].in)) == rows[i].len, i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(folding_is_simple_and_bounded),
		TEST(folding_twice_changes_nothing),
		TEST(a_character_has_its_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
