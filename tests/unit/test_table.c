#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/fold.h"
#include "cli/table.h"

static const struct column columns[] = {
	{ .title = "ID" }, { .title = "WHAT", .stretch = true, .most = 40 },
	{ .title = "N", .right = true },
};

static void
print(unsigned width, const char *const *cells, size_t count, bool heading,
    struct buf *out)
{
	char *text = NULL;
	size_t len = 0;
	struct screen s = { .out = open_memstream(&text, &len),
	    .width = width };
	struct table *t = table_new(&s, columns, COUNT(columns));

	for (size_t i = 0; i < count; i++)
		table_cell(t, PAINT_NONE, slice_of(cells[i]));
	table_print(t, heading);
	table_free(t);
	fclose(s.out);
	buf_add(out, slice_bytes(text, len));
	free(text);
}

static void
columns_are_as_wide_as_what_is_in_them(void)
{
	static const char *const cells[] = { "a", "käse", "1",
	    "bb", "x", "318" };
	struct buf out = { 0 };

	print(0, cells, COUNT(cells), true, &out);
	CHECK_TEXT(buf_slice(&out),
	    "ID  WHAT    N\n"
	    "a   käse    1\n"
	    "bb  x     318\n");
	buf_free(&out);
}

static void
on_a_terminal_one_column_gives_way(void)
{
	static const char *const cells[] = { "a",
	    "a long text that does not fit", "1" };
	struct buf out = { 0 };

	print(30, cells, COUNT(cells), false, &out);
	CHECK_TEXT(buf_slice(&out), "a   a long text that does …  1\n");
	buf_clear(&out);
	print(5, cells, COUNT(cells), false, &out);
	CHECK_TEXT(buf_slice(&out), "a   a long text…  1\n");
	buf_free(&out);
}

static void
foreign_text_stays_in_its_cell(void)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "a\nb", "ID  a\\x0ab  N\n" },
		{ "\033[2J", "ID  \\x1b[2J  N\n" },
		{ "\033]52;c;aGk=\a", "ID  \\x1b]52;c;aGk=\\x07  N\n" },
		{ "\xc2\x9b" "31m", "ID  \\u{9b}31m  N\n" },
		{ "\xe2\x80\xae" "exe", "ID  \\u{202e}exe  N\n" },
		{ "\xff", "ID  \\xff  N\n" },
		{ "漢字", "ID  漢字  N\n" },
		{ "1234567890123456789012345678901234567890x",
		    "ID  123456789012345678901234567890123456789…  N\n" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const cells[] = { "ID", rows[i].in, "N" };
		struct buf out = { 0 };

		print(0, cells, COUNT(cells), false, &out);
		CHECK_TEXT_ROW(buf_slice(&out), rows[i].out, i);
		buf_free(&out);
	}
}

static void
csv_hides_formulas_and_quotes_quotes(void)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "plain", "\"plain\"" },
		{ "", "\"\"" },
		{ "a\"b,c", "\"a\"\"b,c\"" },
		{ "=cmd|'/c calc'!A0", "\"'=cmd|'/c calc'!A0\"" },
		{ "@x", "\"'@x\"" },
		{ "+1", "\"'+1\"" },
		{ "-1", "\"'-1\"" },
		{ "a\nb", "\"a\\x0ab\"" },
		{ "\tx", "\"\\x09x\"" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf out = { 0 };

		csv_add(&out, slice_of(rows[i].in));
		CHECK_TEXT_ROW(buf_slice(&out), rows[i].out, i);
		buf_free(&out);
	}
}

static void
numbers_and_sizes_are_short(void)
{
	struct buf out = { 0 };

	number_grouped(&out, 0);
	buf_byte(&out, ' ');
	number_grouped(&out, 88214);
	buf_byte(&out, ' ');
	number_grouped(&out, UINT64_MAX);
	buf_byte(&out, ' ');
	size_short(&out, 1023);
	buf_byte(&out, ' ');
	size_short(&out, 1536);
	buf_byte(&out, ' ');
	size_short(&out, 38U << 20);
	CHECK_TEXT(buf_slice(&out), "0 88,214 18,446,744,073,709,551,615 "
	    "1023 B 1.5 KiB 38 MiB");
	buf_free(&out);
}

static void
add(struct fold *f, const char *key, int64_t time, const char *digits,
    enum level level)
{
	struct found found = { .time = time, .level = level };

	snprintf(found.digits, sizeof(found.digits), "%s", digits);
	fold_add(f, slice_of(key), &found);
}

static void
what_is_the_same_is_one_line_with_the_newest_id(void)
{
	struct fold f;

	fold_init(&f);
	add(&f, "a", 5, "aaaaaaaa1111aaaa", LEVEL_LOW);
	add(&f, "a", 9, "aaaaaaaa2222aaaa", LEVEL_HIGH);
	add(&f, "a", 7, "aaaaaaaa3333aaaa", LEVEL_LOW);
	add(&f, "b", 8, "aaaaaaab0000aaaa", LEVEL_LOW);
	CHECK(f.count == 2 && f.records == 4);
	fold_by_time(&f);
	CHECK(f.groups[0]->count == 1 && f.groups[1]->count == 3);
	CHECK_TEXT(slice_of(f.groups[1]->digits), "aaaaaaaa2222aaaa");
	CHECK(f.groups[1]->level == LEVEL_HIGH);
	CHECK(fold_digits(&f) == 8);
	fold_by_count(&f);
	CHECK(f.groups[0]->count == 3);
	fold_free(&f);
	fold_init(&f);
	CHECK(fold_digits(&f) == FOLD_DIGITS_MIN);
	fold_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(columns_are_as_wide_as_what_is_in_them),
		TEST(on_a_terminal_one_column_gives_way),
		TEST(foreign_text_stays_in_its_cell),
		TEST(csv_hides_formulas_and_quotes_quotes),
		TEST(numbers_and_sizes_are_short),
		TEST(what_is_the_same_is_one_line_with_the_newest_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
