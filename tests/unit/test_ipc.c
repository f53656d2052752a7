#include "check.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "daemon/ipc.h"

enum { TEXT = 1, OPEN = 2, TYPES = 3 };

static const struct frame_rule rules[TYPES] = {
	[TEXT] = { "text", 1, FRAME_MAX, false },
	[OPEN] = { "open", 0, 4, true },
};

struct end {
	struct loop *loop;
	size_t frames, bytes;
	int fd;
	const char *closed;
	bool lied;
	size_t want;		/* frames to stop after */
};

static int
take(void *arg, unsigned type, struct slice body, int fd)
{
	struct end *e = arg;

	(void)type;
	e->frames++;
	e->bytes += body.len;
	if (fd != -1)
		e->fd = fd;
	if (e->frames == e->want)
		loop_stop(e->loop);
	return 0;
}

static void
gone(void *arg, bool lied, const char *why)
{
	struct end *e = arg;

	e->closed = why;
	e->lied = lied;
	loop_stop(e->loop);
}

static struct ipc *
make(struct end *e, int fd)
{
	const struct ipc_use use = { rules, TYPES, take, gone, NULL, e };

	return ipc_new(e->loop, fd, &use);
}

static void
frames_and_descriptors_arrive_in_order(void)
{
	struct end a = { .fd = -1 }, b = { .fd = -1, .want = 41 };
	struct buf big = { 0 };
	struct ipc *from, *to;
	int pair[2];

	CHECK(ipc_pair(pair) == 0);
	a.loop = b.loop = loop_new();
	from = make(&a, pair[0]);
	to = make(&b, pair[1]);
	memset(buf_room(&big, FRAME_MAX), 'x', FRAME_MAX);
	big.len = FRAME_MAX;
	for (size_t i = 0; i < 40; i++)
		ipc_send(from, TEXT, buf_slice(&big), -1);
	ipc_send(from, OPEN, S("1234"), open("/dev/null", O_RDONLY));
	CHECK(ipc_waiting(from) > 0);
	loop_run(a.loop);
	CHECK(b.frames == 41 && b.bytes == 40 * (size_t)FRAME_MAX + 4);
	CHECK(b.fd != -1 && ipc_waiting(from) == 0);
	close(b.fd);
	ipc_free(from);
	loop_run(a.loop);
	CHECK(b.closed != NULL && !b.lied);
	ipc_free(to);
	loop_free(a.loop);
	buf_free(&big);
}

static void
a_liar_is_cut_off(void)
{
	static const struct {
		struct slice bytes;
		size_t frames;
	} rows[] = {
		{ SLICE("\x01\0\0\0\x00\0\0\0x"), 0 },	/* no type 0 */
		{ SLICE("\x01\0\0\0\x03\0\0\0x"), 0 },	/* no type 3 */
		{ SLICE("\x00\0\0\0\x01\0\0\0"), 0 },	/* too short */
		{ SLICE("\xff\xff\xff\xff\x01\0\0\0"), 0 },	/* too long */
		{ SLICE("\x00\0\0\0\x02\0\0\0"), 0 },	/* no descriptor */
		{ SLICE("\x01\0\0\0\x01\0\0\0xrubbish!"), 1 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct end e = { .fd = -1 };
		struct ipc *c;
		int pair[2];

		CHECK_ROW(ipc_pair(pair) == 0, i);
		e.loop = loop_new();
		c = make(&e, pair[0]);
		CHECK_ROW(write(pair[1], rows[i].bytes.p, rows[i].bytes.len) ==
		    (ssize_t)rows[i].bytes.len, i);
		loop_run(e.loop);
		CHECK_ROW(e.lied && e.frames == rows[i].frames, i);
		ipc_free(c);
		close(pair[1]);
		loop_free(e.loop);
	}
}

/* Whoever has no room for it is told so by -1, and goes on. */
static void
a_descriptor_too_many_arrives_as_none(void)
{
	struct end a = { .fd = -1 }, b = { .fd = -1, .want = 2 };
	struct rlimit before, none;
	struct ipc *from, *to;
	int pair[2];

	CHECK(ipc_pair(pair) == 0);
	a.loop = b.loop = loop_new();
	from = make(&a, pair[0]);
	to = make(&b, pair[1]);
	ipc_send(from, OPEN, S("1234"), open("/dev/null", O_RDONLY));
	ipc_send(from, TEXT, S("x"), -1);
	CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
	none = (struct rlimit){ 3, before.rlim_max };
	CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
	loop_run(a.loop);
	CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
	CHECK(b.frames == 2 && b.fd == -1 && b.closed == NULL);
	b.want = 3;
	ipc_send(from, OPEN, S("1234"), open("/dev/null", O_RDONLY));
	loop_run(a.loop);
	CHECK(b.frames == 3 && b.fd != -1);
	close(b.fd);
	ipc_free(from);
	ipc_free(to);
	loop_free(a.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(frames_and_descriptors_arrive_in_order),
		TEST(a_liar_is_cut_off),
		TEST(a_descriptor_too_many_arrives_as_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
