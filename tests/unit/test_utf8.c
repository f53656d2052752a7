#include "check.h"

#include "base/json.h"
#include "base/utf8.h"

static void
only_shortest_forms_of_real_characters_are_valid(void)
{
	static const struct {
		struct slice in;
		bool valid;
	} rows[] = {
		{ SLICE(""), true },
		{ SLICE("abc\0\x7f"), true },
		{ SLICE("\xc2\x80\xdf\xbf"), true },
		{ SLICE("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"), true },
		{ SLICE("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), true },
		{ SLICE("\x80"), false },
		{ SLICE("\xc1\xbf"), false },
		{ SLICE("\xc2"), false },
		{ SLICE("\xc2\x41"), false },
		{ SLICE("\xe0\x9f\xbf"), false },
		{ SLICE("\xe2\x82"), false },
		{ SLICE("\xed\xa0\x80"), false },
		{ SLICE("\xed\xbf\xbf"), false },
		{ SLICE("\xf0\x8f\xbf\xbf"), false },
		{ SLICE("\xf4\x90\x80\x80"), false },
		{ SLICE("\xf5\x80\x80\x80"), false },
		{ SLICE("\xf8\x88\x80\x80\x80"), false },
		{ SLICE("\xff"), false },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		CHECK_ROW(utf8_valid(rows[i].in) == rows[i].valid, i);
}

static void
each_code_point_survives_writing_and_reading(void)
{
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		unsigned char b[4];
		uint32_t back = 0;
		size_t n = utf8_put(b, c);
		bool surrogate = c >= 0xd800 && c < 0xe000;

		CHECK_ROW(utf8_one(slice_bytes(b, n), &back) ==
		    (surrogate ? 0 : n), c);
		CHECK_ROW(surrogate || back == c, c);
	}
}

static void
foreign_text_can_not_steer_a_terminal(void)
{
	static const struct {
		struct slice in;
		const char *out;
	} rows[] = {
		{ SLICE("plain t\xc3\xa9xt"), "plain t\xc3\xa9xt" },
		{ SLICE("\x1b[31m\x07"), "\\x1b[31m\\x07" },
		{ SLICE("a\nb\tc\r\0"), "a\\x0ab\\x09c\\x0d\\x00" },
		{ SLICE("\xc2\x9b" "31m"), "\\u{9b}31m" },
		{ SLICE("\x9b" "31m"), "\\x9b31m" },
		{ SLICE("\x7f"), "\\x7f" },
		{ SLICE("user\xe2\x80\xaegnp"), "user\\u{202e}gnp" },
		{ SLICE("ro\xe2\x80\x8bot"), "ro\\u{200b}ot" },
		{ SLICE("\xef\xbb\xbf"), "\\u{feff}" },
		{ SLICE("\xf3\xa0\x81\x81"), "\\u{e0041}" },
		{ SLICE("\xc3("), "\\xc3(" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf b = { 0 };

		text_escape(&b, rows[i].in);
		CHECK_TEXT_ROW(buf_slice(&b), rows[i].out, i);
		buf_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_shortest_forms_of_real_characters_are_valid),
		TEST(each_code_point_survives_writing_and_reading),
		TEST(foreign_text_can_not_steer_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
