#include "check.h"

#include "base/pack.h"

static void
what_is_packed_comes_out_in_order(void)
{
	struct buf b = { 0 };
	struct unpack u;

	pack_u8(&b, 200);
	pack_u32(&b, UINT32_MAX);
	pack_u64(&b, UINT64_MAX - 1);
	pack_slice(&b, S("a\0b"));
	pack_slice(&b, S(""));
	u = (struct unpack){ buf_slice(&b), false };
	CHECK(unpack_u8(&u) == 200);
	CHECK(unpack_u32(&u) == UINT32_MAX);
	CHECK(unpack_u64(&u) == UINT64_MAX - 1);
	CHECK(!unpack_done(&u));
	CHECK(slice_eq(unpack_slice(&u), S("a\0b")));
	CHECK(unpack_slice(&u).len == 0);
	CHECK(unpack_done(&u));
	CHECK(unpack_u8(&u) == 0);
	CHECK(u.bad && !unpack_done(&u));
	buf_free(&b);
}

static void
each_cut_of_a_message_is_bad_and_reads_zero_behind(void)
{
	struct buf b = { 0 };

	pack_u32(&b, 7);
	pack_slice(&b, S("hello"));
	pack_u8(&b, 9);
	for (size_t n = 0; n < b.len; n++) {
		struct unpack u = { slice_head(buf_slice(&b), n), false };

		unpack_u32(&u);
		unpack_slice(&u);
		CHECK_ROW(unpack_u8(&u) == 0, n);
		CHECK_ROW(u.bad && !unpack_done(&u), n);
		CHECK_ROW(unpack_u64(&u) == 0 && unpack_slice(&u).len == 0, n);
	}
	buf_free(&b);
}

static void
a_lying_length_is_bad(void)
{
	struct buf b = { 0 };
	struct unpack u;

	pack_u32(&b, UINT32_MAX);
	buf_str(&b, "short");
	u = (struct unpack){ buf_slice(&b), false };
	CHECK(unpack_slice(&u).len == 0);
	CHECK(u.bad);
	buf_free(&b);
}

static void
a_varint_has_one_form_and_that_is_short(void)
{
	static const struct {
		uint64_t n;
		size_t len;
	} rows[] = {
		{ 0, 1 }, { 127, 1 }, { 128, 2 }, { 16383, 2 }, { 16384, 3 },
		{ UINT32_MAX, 5 }, { UINT64_MAX, 10 },
	};
	static const struct slice bad[] = {
		SLICE(""), SLICE("\x80"), SLICE("\x80\0"),
		SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\2"),
		SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\1"),
	};
	static const int64_t numbers[] = {
		0, -1, 1, -64, 64, INT64_MAX, INT64_MIN
	};
	struct buf b = { 0 };
	struct unpack u;

	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&b);
		pack_varint(&b, rows[i].n);
		CHECK_ROW(b.len == rows[i].len, i);
		u = (struct unpack){ buf_slice(&b), false };
		CHECK_ROW(unpack_varint(&u) == rows[i].n, i);
		CHECK_ROW(unpack_done(&u), i);
	}
	for (size_t i = 0; i < COUNT(numbers); i++) {
		buf_clear(&b);
		pack_signed(&b, numbers[i]);
		u = (struct unpack){ buf_slice(&b), false };
		CHECK_ROW(unpack_signed(&u) == numbers[i], i);
		CHECK_ROW(unpack_done(&u), i);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		u = (struct unpack){ bad[i], false };
		CHECK_ROW(unpack_varint(&u) == 0 && u.bad, i);
	}
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_varint_has_one_form_and_that_is_short),
		TEST(what_is_packed_comes_out_in_order),
		TEST(each_cut_of_a_message_is_bad_and_reads_zero_behind),
		TEST(a_lying_length_is_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
