#include "check.h"

#include "base/digest.h"

static void
check_hex(struct digest d, const char *want, size_t row)
{
	struct buf b = { 0 };

	buf_hex(&b, digest_slice(&d));
	CHECK_TEXT_ROW(buf_slice(&b), want, row);
	buf_free(&b);
}

/* FIPS 180-4, the examples of NIST. */
static void
sha256_is_that_of_the_standard(void)
{
	static const struct {
		struct slice in;
		const char *out;
	} rows[] = {
		{ SLICE(""), "e3b0c44298fc1c149afbf4c8996fb924"
		    "27ae41e4649b934ca495991b7852b855" },
		{ SLICE("abc"), "ba7816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015ad" },
		{ SLICE("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmno"
		    "mnopnopq"), "248d6a61d20638b8e5c026930c3e6039"
		    "a33ce45964ff2167f6ecedd419db06c1" },
	};
	struct buf million = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++)
		check_hex(digest_one(rows[i].in), rows[i].out, i);
	memset(buf_room(&million, 1000000), 'a', 1000000);
	check_hex(digest_one(slice_bytes(million.p, 1000000)),
	    "cdc76e5c9914fb9281a1c7e284d73e67"
	    "f1809a48a497200e046d39ccc7112cd0", 99);
	buf_free(&million);
}

static void
parts_are_hashed_as_one(void)
{
	static const struct slice parts[] = {
		SLICE("a"), SLICE(""), SLICE("bc"),
	};
	struct digest d = digest_of(parts, COUNT(parts));
	struct digest one = digest_one(S("abc"));

	CHECK(slice_eq(digest_slice(&d), digest_slice(&one)));
}

/* RFC 4231, cases 1, 2 and 6. */
static void
hmac_is_that_of_the_standard(void)
{
	static const struct slice greeting = SLICE("Hi There");
	static const struct slice what[] = {
		SLICE("what do ya want "), SLICE("for nothing?"),
	};
	static const struct slice large = SLICE("Test Using Larger Than "
	    "Block-Size Key - Hash Key First");
	unsigned char key[131];

	memset(key, 0x0b, 20);
	check_hex(digest_hmac(slice_bytes(key, 20), &greeting, 1),
	    "b0344c61d8db38535ca8afceaf0bf12b"
	    "881dc200c9833da726e9376c2e32cff7", 1);
	check_hex(digest_hmac(S("Jefe"), what, 2),
	    "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843", 2);
	memset(key, 0xaa, sizeof(key));
	check_hex(digest_hmac(slice_bytes(key, sizeof(key)), &large, 1),
	    "60e431591ee0b67f0d8a26aacbf5b77f"
	    "8e0bc6213728c5140546040f0ee37f54", 6);
	check_hex(digest_hmac(slice_of(NULL), NULL, 0),
	    "b613679a0814d9ec772f95d778c35fc5"
	    "ff1697c493715653c6c712144292c5ad", 0);
}

/* RFC 4648, section 10, and what is none. */
static void
base64_goes_both_ways(void)
{
	static const struct {
		struct slice plain, coded;
	} rows[] = {
		{ SLICE(""), SLICE("") },
		{ SLICE("f"), SLICE("Zg==") },
		{ SLICE("fo"), SLICE("Zm8=") },
		{ SLICE("foo"), SLICE("Zm9v") },
		{ SLICE("foob"), SLICE("Zm9vYg==") },
		{ SLICE("\0\xff\xfe"), SLICE("AP/+") },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf b = { 0 };

		base64_add(&b, rows[i].plain);
		CHECK_ROW(slice_eq(buf_slice(&b), rows[i].coded), i);
		buf_clear(&b);
		CHECK_ROW(base64_decode(&b, rows[i].coded) == 0, i);
		CHECK_ROW(slice_eq(buf_slice(&b), rows[i].plain), i);
		buf_free(&b);
	}
}

static void
what_is_no_base64_is_refused(void)
{
	static const struct slice rows[] = {
		SLICE("Z"), SLICE("Zg"), SLICE("Zg="), SLICE("Zg==="),
		SLICE("===="), SLICE("Zg==Zg=="), SLICE("Z=8="),
		SLICE("    Zm9v"), SLICE("Zm9v    "), SLICE("Zm9\n"),
		SLICE("Zm-_"), SLICE("\0\0\0\0"), SLICE("A==="),
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf b = { 0 };

		CHECK_ROW(base64_decode(&b, rows[i]) == -1, i);
		CHECK_ROW(b.len == 0, i);
		buf_free(&b);
	}
}

static void
hex_is_of_just_the_length_asked_for(void)
{
	unsigned char out[3];

	CHECK(hex_decode(S("00fFa9"), out, 3) == 0);
	CHECK(memcmp(out, "\x00\xff\xa9", 3) == 0);
	CHECK(hex_decode(S("00fFa"), out, 3) == -1);
	CHECK(hex_decode(S("00fFa99"), out, 3) == -1);
	CHECK(hex_decode(S("00fFag"), out, 3) == -1);
	CHECK(hex_decode(S(""), out, 0) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sha256_is_that_of_the_standard),
		TEST(parts_are_hashed_as_one),
		TEST(hmac_is_that_of_the_standard),
		TEST(base64_goes_both_ways),
		TEST(what_is_no_base64_is_refused),
		TEST(hex_is_of_just_the_length_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
