#include "delivery.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

extern const struct output out_syslog;

static const char *const three[] = { "{\"message\":\"one\"}",
	"{\"message\":\"two\"}", "{\"message\":\"three\"}" };

struct place {
	char dir[64], path[96], options[160];
};

static void
make_place(struct place *p)
{
	snprintf(p->dir, sizeof(p->dir), "/tmp/vedette-log-XXXXXX");
	CHECK(mkdtemp(p->dir) != NULL);
	snprintf(p->path, sizeof(p->path), "%s/log", p->dir);
	snprintf(p->options, sizeof(p->options), "address: %s", p->path);
}

static void
remove_place(const struct place *p)
{
	unlink(p->path);
	CHECK(rmdir(p->dir) == 0);
}

static int
unix_server(const struct place *p, int type)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", p->path);
	unlink(p->path);
	CHECK(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	CHECK(type != SOCK_STREAM || listen(fd, 4) == 0);
	return fd;
}

/* Port 0: any free one; gives the one that it became. */
/* "localhost" may be ::1, 127.0.0.1 or both; hears both where it can. */
static int
udp_server(uint16_t *port)
{
	struct sockaddr_in6 both = { .sin6_family = AF_INET6,
		.sin6_port = htons(*port) };
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons(*port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(both);
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), off = 0;

	if (fd == -1 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off,
	    sizeof(off)) == -1 ||
	    bind(fd, (struct sockaddr *)&both, sizeof(both)) == -1) {
		close(fd);
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		CHECK(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	}
	/* The port is at the same place in both. */
	CHECK(getsockname(fd, (struct sockaddr *)&both, &len) == 0);
	*port = ntohs(both.sin6_port);
	return fd;
}

static void
check_next(int fd, const char *end)
{
	char bytes[8192];
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	CHECK(n > 0);
	CHECK(slice_ends(slice_bytes(bytes, (size_t)n), slice_of(end)));
}

static void
check_three(int fd)
{
	check_next(fd, "] one");
	check_next(fd, "] two");
	check_next(fd, "] three");
}

static void
a_unix_socket_gets_one_datagram_a_record(void)
{
	struct delivery_test t;
	struct place p;
	int fd;

	make_place(&p);
	fd = unix_server(&p, SOCK_DGRAM);
	CHECK(delivery_begin(&t, &out_syslog, p.options));
	delivery_send(&t, three, 3);
	CHECK_TEXT(delivery_wait(&t), "+3 ");
	check_three(fd);
	delivery_end(&t);
	close(fd);
	remove_place(&p);
}

static void
a_unix_stream_gets_lines(void)
{
	struct delivery_test t;
	struct place p;
	char bytes[8192];
	int fd, client;
	ssize_t n;

	make_place(&p);
	fd = unix_server(&p, SOCK_STREAM);
	CHECK(delivery_begin(&t, &out_syslog, p.options));
	delivery_send(&t, three, 3);
	CHECK_TEXT(delivery_wait(&t), "+3 ");
	client = accept(fd, NULL, NULL);
	n = recv(client, bytes, sizeof(bytes), MSG_DONTWAIT);
	CHECK(n > 0);
	CHECK(slice_ends(slice_bytes(bytes, (size_t)n), S("] three\n")));
	/* One who hangs up gets a new connection, and loses nothing. */
	close(client);
	delivery_send(&t, three, 3);
	CHECK_TEXT(delivery_wait(&t), "+3 ");
	client = accept(fd, NULL, NULL);
	CHECK(recv(client, bytes, sizeof(bytes), MSG_DONTWAIT) == n);
	close(client);
	delivery_end(&t);
	close(fd);
	remove_place(&p);
}

static void
a_socket_without_reader_is_tried_again(void)
{
	struct delivery_test t;
	struct place p;
	int fd;

	make_place(&p);
	CHECK(delivery_begin(&t, &out_syslog, p.options));
	delivery_send(&t, three, 3);
	CHECK_TEXT(delivery_wait(&t), "retry ");	/* no such file */
	fd = unix_server(&p, SOCK_DGRAM);
	close(fd);
	delivery_send(&t, three, 3);
	CHECK_TEXT(delivery_wait(&t), "retry ");	/* refused */
	fd = unix_server(&p, SOCK_DGRAM);
	delivery_send(&t, three, 3);
	CHECK_TEXT(delivery_wait(&t), "+3 ");
	check_three(fd);
	close(fd);
	delivery_send(&t, three, 3);
	CHECK_TEXT(delivery_wait(&t), "retry ");	/* went away */
	delivery_end(&t);
	remove_place(&p);
}

struct reader {
	int fd;
	size_t count;
};

static void
read_one(void *arg, unsigned events)
{
	struct reader *r = arg;
	char bytes[8192];

	(void)events;
	if (recv(r->fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		r->count++;
}

/* A datagram socket's queue holds about ten messages. */
static void
a_full_queue_is_waited_for(void)
{
	const char *bodies[OUTPUT_BATCH_MAX];
	struct delivery_test t;
	struct loop_fd *watched;
	struct reader r = { 0 };
	struct place p;

	for (size_t i = 0; i < COUNT(bodies); i++)
		bodies[i] = three[i % 3];
	make_place(&p);
	r.fd = unix_server(&p, SOCK_DGRAM);
	CHECK(delivery_begin(&t, &out_syslog, p.options));
	watched = loop_add(t.loop, r.fd, LOOP_READ, read_one, &r);
	delivery_send(&t, bodies, COUNT(bodies));
	CHECK_TEXT(delivery_wait(&t), "+256 ");
	while (r.count < 256)
		read_one(&r, LOOP_READ);
	loop_remove(watched);

	/* Nobody reads any more: given up after a while. */
	delivery_send(&t, bodies, COUNT(bodies));
	CHECK(slice_ends(delivery_wait(&t), S("retry ")));
	CHECK(slice_ends(slice_of(t.reason), S("nobody reads")));
	delivery_end(&t);
	close(r.fd);
	remove_place(&p);
}

static void
udp_reaches_an_address_and_a_name(void)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost" };

	for (size_t i = 0; i < COUNT(hosts); i++) {
		struct delivery_test t;
		char options[64];
		uint16_t port = 0;
		int fd = udp_server(&port);

		snprintf(options, sizeof(options), "address: udp://%s:%d",
		    hosts[i], port);
		CHECK(delivery_begin(&t, &out_syslog, options));
		delivery_send(&t, three, 3);
		CHECK_TEXT_ROW(delivery_wait(&t), "+3 ", i);
		check_three(fd);
		delivery_end(&t);
		close(fd);
	}
}

static void
a_closed_port_fails_the_whole_batch(void)
{
	struct delivery_test t;
	char options[64];
	uint16_t port = 0;
	int fd = udp_server(&port);

	close(fd);
	snprintf(options, sizeof(options), "address: udp://127.0.0.1:%d",
	    port);
	CHECK(delivery_begin(&t, &out_syslog, options));
	delivery_send(&t, three, 3);
	CHECK_TEXT(delivery_wait(&t), "retry ");
	delivery_send(&t, three, 1);	/* the error comes after the last */
	CHECK_TEXT(delivery_wait(&t), "retry ");
	fd = udp_server(&port);
	delivery_send(&t, three, 3);
	CHECK_TEXT(delivery_wait(&t), "+3 ");
	check_three(fd);
	delivery_end(&t);
	close(fd);
}

/*
 * A lookup that is given up belongs to glibc's thread until that has an
 * answer, which may be after the end of these tests.
 */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:lookup_new\n";
}

static void
a_name_that_is_none_is_tried_again(void)
{
	struct delivery_test t;

	CHECK(delivery_begin(&t, &out_syslog,
	    "address: udp://collector.invalid:514"));
	delivery_send(&t, three, 3);
	delivery_end(&t);	/* in the middle of it */
	CHECK(delivery_begin(&t, &out_syslog,
	    "address: udp://\"a..b\":514"));
	delivery_send(&t, three, 3);
	CHECK_TEXT(delivery_wait(&t), "retry ");
	delivery_end(&t);
}

static void
options_are_checked(void)
{
	static const struct {
		const char *options;
		bool fine;
	} rows[] = {
		{ "{}", true },
		{ "address: udp://127.0.0.1", true },
		{ "address: udp://[::1]:1514", true },
		{ "address: udp://[::1]", true },
		{ "address: udp://h:0", false },
		{ "address: udp://h:65536", false },
		{ "address: udp://h:syslog", false },
		{ "address: udp://", false },
		{ "address: udp://[::1", false },
		{ "address: udp://[::1]x", false },
		{ "address: tcp://h:514", false },
		{ "address: dev/log", false },
		{ "address: ''", false },
		{ "enterprise: '1] a'", false },
		{ "max_size: 512", false },
		{ "max_size: 1M", false },
		{ "facility: local7", true },
		{ "app_name: soc-vedette.1", true },
		{ "app_name: 'a b'", false },
		{ "app_name: 'a[1]'", false },
		{ "app_name: ''", false },
		{ "facility: local8", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct delivery_test t;

		CHECK_ROW(delivery_begin(&t, &out_syslog, rows[i].options) ==
		    rows[i].fine, i);
		delivery_end(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_unix_socket_gets_one_datagram_a_record),
		TEST(a_unix_stream_gets_lines),
		TEST(a_socket_without_reader_is_tried_again),
		TEST(a_full_queue_is_waited_for),
		TEST(udp_reaches_an_address_and_a_name),
		TEST(a_closed_port_fails_the_whole_batch),
		TEST(a_name_that_is_none_is_tried_again),
		TEST(options_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
