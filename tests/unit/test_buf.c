#include "check.h"

#include "base/buf.h"

static void
a_zero_buf_is_empty_and_grows(void)
{
	struct buf b = { 0 };

	CHECK(buf_slice(&b).len == 0);
	for (unsigned i = 0; i < 100000; i++)
		buf_byte(&b, (unsigned char)i);
	CHECK(b.len == 100000 && b.p[99999] == (unsigned char)99999);
	buf_clear(&b);
	CHECK(b.len == 0 && b.cap >= 100000);
	buf_free(&b);
	CHECK(b.p == NULL && b.cap == 0);
}

static void
text_numbers_and_hex_are_appended(void)
{
	struct buf b = { 0 };

	buf_u64(&b, 0);
	buf_byte(&b, ' ');
	buf_u64(&b, UINT64_MAX);
	buf_fmt(&b, " %s=%d ", "n", -7);
	buf_hex(&b, S("\x00\x7f\xff"));
	buf_str(&b, "");
	buf_add(&b, slice_of(NULL));
	CHECK_TEXT(buf_slice(&b), "0 18446744073709551615 n=-7 007fff");
	buf_free(&b);
}

static void
dropping_more_than_there_is_empties(void)
{
	struct buf b = { 0 };

	buf_str(&b, "abcdef");
	buf_drop(&b, 0);
	buf_drop(&b, 2);
	CHECK_TEXT(buf_slice(&b), "cdef");
	buf_drop(&b, 5);
	CHECK(b.len == 0);
	buf_drop(&b, SIZE_MAX);
	CHECK(b.len == 0);
	buf_free(&b);
}

static void
a_c_string_is_terminated_without_counting(void)
{
	struct buf b = { 0 };

	CHECK(strcmp(buf_cstr(&b), "") == 0);
	buf_str(&b, "abc");
	CHECK(strcmp(buf_cstr(&b), "abc") == 0);
	CHECK(b.len == 3);
	buf_byte(&b, 'd');
	CHECK(strcmp(buf_cstr(&b), "abcd") == 0);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_zero_buf_is_empty_and_grows),
		TEST(text_numbers_and_hex_are_appended),
		TEST(dropping_more_than_there_is_empties),
		TEST(a_c_string_is_terminated_without_counting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
