#include "check.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "daemon/ask.h"

/* An asking side that hears exactly these bytes, and then the end. */
static void
hear(struct ask *a, struct slice bytes)
{
	int pair[2], big = 4 << 20;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	CHECK(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &big,
	    sizeof(big)) == 0);
	CHECK(write_all(pair[0], bytes) == 0);
	close(pair[0]);
	*a = (struct ask){ .fd = pair[1] };
}

static void
what_is_put_is_taken(void)
{
	struct buf out = { 0 };
	struct slice body;
	struct ask a;
	struct err err;

	ask_put(&out, ASK_HEAD, S("{}"));
	ask_put(&out, ASK_ROW, S(""));
	ask_put_end(&out, 1);
	hear(&a, buf_slice(&out));
	CHECK(ask_next(&a, &body, &err) == ASK_HEAD);
	CHECK_TEXT(body, "{}");
	CHECK(ask_next(&a, &body, &err) == ASK_ROW && body.len == 0);
	CHECK(ask_next(&a, &body, &err) == ASK_END && ask_status(body) == 1);
	CHECK(ask_next(&a, &body, &err) == -1);
	ask_close(&a);
	buf_free(&out);
}

static void
a_long_record_comes_in_parts(void)
{
	struct buf big = { 0 }, out = { 0 };
	struct slice body;
	struct ask a;
	struct err err;

	for (size_t i = 0; i < 2 * ASK_BODY_MAX + 77; i++)
		buf_byte(&big, (unsigned char)('a' + i % 26));
	ask_put(&out, ASK_ROW, buf_slice(&big));
	ask_put(&out, ASK_TEXT, S("short"));
	hear(&a, buf_slice(&out));
	CHECK(ask_next(&a, &body, &err) == ASK_ROW);
	CHECK(slice_eq(body, buf_slice(&big)));
	CHECK(ask_next(&a, &body, &err) == ASK_TEXT);
	CHECK_TEXT(body, "short");
	ask_close(&a);
	buf_free(&big);
	buf_free(&out);
}

static void
a_lie_ends_the_hearing(void)
{
	static const struct slice rows[] = {
		SLICE("\0\0\0\0\0\0"),			/* type 0 */
		SLICE("\0\0\0\0\xff\xff"),		/* no such type */
		SLICE("\1\0\4\0\3\0"),			/* 262145 bytes */
		SLICE("\xff\xff\xff\xff\3\0"),
		SLICE("\5\0\0\0\3\0ab"),		/* cut */
		SLICE("\0\0"),
		SLICE(""),
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice body;
		struct ask a;
		struct err err;

		hear(&a, rows[i]);
		CHECK_ROW(ask_next(&a, &body, &err) == -1, i);
		ask_close(&a);
	}
}

static void
a_status_is_one_of_three(void)
{
	static const struct {
		struct slice in;
		int out;
	} rows[] = {
		{ SLICE("\0\0\0\0"), 0 }, { SLICE("\1\0\0\0"), 1 },
		{ SLICE("\2\0\0\0"), 2 }, { SLICE("\3\0\0\0"), 2 },
		{ SLICE(""), 2 }, { SLICE("\0\0\0"), 2 },
		{ SLICE("\0\0\0\0\0"), 2 },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		CHECK_ROW(ask_status(rows[i].in) == rows[i].out, i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_put_is_taken),
		TEST(a_long_record_comes_in_parts),
		TEST(a_lie_ends_the_hearing),
		TEST(a_status_is_one_of_three),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
