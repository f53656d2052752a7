#include "check.h"

#include "base/slice.h"

static void
numbers_are_decimal_and_bounded(void)
{
	static const struct {
		struct slice in;
		int ret;
		uint64_t out;
	} rows[] = {
		{ SLICE("22"), 0, 22 },
		{ SLICE("18446744073709551615"), 0, UINT64_MAX },
		{ SLICE("18446744073709551616"), -1, 0 },
		{ SLICE("99999999999999999999"), -1, 0 },
		{ SLICE(""), -1, 0 },
		{ SLICE("-1"), -1, 0 },
		{ SLICE("+1"), -1, 0 },
		{ SLICE("1 "), -1, 0 },
		{ SLICE("0x1"), -1, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t out = 0;

		CHECK_ROW(slice_to_u64(rows[i].in, &out) == rows[i].ret, i);
		CHECK_ROW(out == rows[i].out, i);
	}
}

static void
signed_numbers_reach_both_ends(void)
{
	static const struct {
		struct slice in;
		int ret;
		int64_t out;
	} rows[] = {
		{ SLICE("-1"), 0, -1 },
		{ SLICE("9223372036854775807"), 0, INT64_MAX },
		{ SLICE("9223372036854775808"), -1, 0 },
		{ SLICE("-9223372036854775808"), 0, INT64_MIN },
		{ SLICE("-9223372036854775809"), -1, 0 },
		{ SLICE("-"), -1, 0 },
		{ SLICE("--1"), -1, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t out = 0;

		CHECK_ROW(slice_to_i64(rows[i].in, &out) == rows[i].ret, i);
		CHECK_ROW(out == rows[i].out, i);
	}
}

static void
a_split_takes_the_last_separator(void)
{
	static const struct {
		const char *in, *sep;
		bool found;
		const char *left, *right;
	} rows[] = {
		{ "a from b from c", " from ", true, "a from b", "c" },
		{ " from ", " from ", true, "", "" },
		{ "from", " from ", false, "-", "-" },
		{ "", "x", false, "-", "-" },
		{ "abc", "", false, "-", "-" },
		{ "xx", "x", true, "x", "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice left = S("-"), right = S("-");

		CHECK_ROW(slice_split_last(slice_of(rows[i].in),
		    slice_of(rows[i].sep), &left, &right) == rows[i].found, i);
		CHECK_TEXT_ROW(left, rows[i].left, i);
		CHECK_TEXT_ROW(right, rows[i].right, i);
	}
}

static void
a_cut_leaves_both_alone_without_a_separator(void)
{
	struct slice s = S("one two"), head = S("-");

	CHECK(!slice_cut(&s, ':', &head));
	CHECK_TEXT(s, "one two");
	CHECK_TEXT(head, "-");
	CHECK(slice_cut(&s, ' ', &head));
	CHECK_TEXT(head, "one");
	CHECK_TEXT(s, "two");
	CHECK(!slice_cut(&s, ' ', &head));
	CHECK(slice_skip(&s, S("tw")));
	CHECK(!slice_skip(&s, S("oo")));
	CHECK_TEXT(s, "o");
}

static void
empty_slices_are_slices(void)
{
	struct slice none = slice_of(NULL), head;

	CHECK(slice_eq(none, S("")));
	CHECK(slice_eq_nocase(none, S("")));
	CHECK(slice_cmp(none, S("")) == 0);
	CHECK(slice_cmp(none, S("a")) < 0);
	CHECK(slice_starts(none, S("")) && slice_ends(none, S("")));
	CHECK(!slice_starts(none, S("a")) && !slice_ends(none, S("a")));
	CHECK(slice_find(none, S("")) == 0);
	CHECK(slice_find(none, S("a")) == SIZE_MAX);
	CHECK(slice_find_byte(none, 'a') == SIZE_MAX);
	CHECK(slice_from(none, 3).len == 0);
	CHECK(slice_head(none, 3).len == 0);
	CHECK(slice_trim(none).len == 0);
	CHECK(!slice_cut(&none, 'a', &head));
	CHECK(slice_hash(none) == slice_hash(S("")));
}

static void
a_keyed_hash_hangs_on_each_byte_and_on_the_key(void)
{
	const uint64_t key[2] = { 1, 2 }, other[2] = { 1, 3 };
	char text[] = "seventeen bytes..";
	struct slice s = slice_bytes(text, sizeof(text) - 1);
	uint64_t hash = slice_hash_keyed(s, key);

	CHECK(slice_hash_keyed(s, key) == hash);
	CHECK(slice_hash_keyed(s, other) != hash);
	CHECK(slice_hash_keyed(slice_head(s, 16), key) != hash);
	for (size_t i = 0; i < s.len; i++) {
		text[i] ^= 1;
		CHECK_ROW(slice_hash_keyed(s, key) != hash, i);
		text[i] ^= 1;
	}
	CHECK(slice_hash_keyed(S(""), key) !=
	    slice_hash_keyed(S("\0"), key));
}

static void
order_is_of_bytes_and_the_shorter_comes_first(void)
{
	static const struct {
		struct slice a, b;
		int sign;
	} rows[] = {
		{ SLICE("a"), SLICE("b"), -1 },
		{ SLICE("a"), SLICE("aa"), -1 },
		{ SLICE("\xff"), SLICE("a"), 1 },
		{ SLICE("a\0b"), SLICE("a\0a"), 1 },
		{ SLICE("same"), SLICE("same"), 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int r = slice_cmp(rows[i].a, rows[i].b);

		CHECK_ROW((r > 0) - (r < 0) == rows[i].sign, i);
	}
}

static void
searching_finds_the_first(void)
{
	CHECK(slice_find(S("abcabc"), S("ca")) == 2);
	CHECK(slice_find(S("abc"), S("abcd")) == SIZE_MAX);
	CHECK(slice_find(S("a\0b\0b"), S("\0b")) == 1);
	CHECK(slice_find_byte(S("abca"), 'a') == 0);
	CHECK_TEXT(slice_trim(S(" \t a b\r\n")), "a b");
	CHECK(slice_eq_nocase(S("SshD"), S("sshd")));
	CHECK(!slice_eq_nocase(S("\xc4"), S("\xe4")));
}

static void
a_copy_is_bounded_and_terminated(void)
{
	char out[5];

	slice_to_cstr(S("abcdefg"), out, sizeof(out));
	CHECK(strcmp(out, "abcd") == 0);
	slice_to_cstr(S("a\0b"), out, sizeof(out));
	CHECK(strcmp(out, "a?b") == 0);
	slice_to_cstr(S("x"), out, 1);
	CHECK(out[0] == '\0');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_keyed_hash_hangs_on_each_byte_and_on_the_key),
		TEST(numbers_are_decimal_and_bounded),
		TEST(signed_numbers_reach_both_ends),
		TEST(a_split_takes_the_last_separator),
		TEST(a_cut_leaves_both_alone_without_a_separator),
		TEST(empty_slices_are_slices),
		TEST(order_is_of_bytes_and_the_shorter_comes_first),
		TEST(searching_finds_the_first),
		TEST(a_copy_is_bounded_and_terminated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
