/*
 * Sends records as syslog of RFC 5424: to a Unix socket (datagrams, or a
 * stream of lines) or by UDP.
 *
 * Syslog has no acknowledgement. What can be known is used: a socket that
 * nobody reads or that is gone is a failure; after the datagrams of a batch we
 * wait a moment for "port unreachable", and when it comes the whole batch goes
 * again. The receiver tells doubles by alert_id.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/when.h"
#include "output.h"
#include "resolver.h"
#include "rfc5424.h"

/*
 * A receiver's socket buffer (208 KiB where nobody raised it) overflows
 * silently. So a tick sends what fits twice, by the kernel's way of counting.
 */
#define UDP_TICK (SECOND / 100)
#define UDP_SETTLE (SECOND / 20)
enum { UDP_TICK_COST = 65536, UDP_OVERHEAD = 1024 };
/* How long a reader of a Unix socket may let us wait. */
#define UNIX_WAIT (5 * SECOND)
/* An address that came from a name is looked up again. */
#define ADDRESS_AGE (5 * MINUTE)
enum { SCRATCH_MAX = 4 << 20, HOST_MAX = 253 };

struct syslog {
	const char *address;
	int facility;
	const char *app_name;
	const char *enterprise;
	int format;
	bool bom;
	uint64_t max_size;
};

/* In the order of the codes. */
static const char *const facilities[] = {
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news",
	"uucp", "cron", "authpriv", "ftp", "ntp", "audit", "alert", "clock",
	"local0", "local1", "local2", "local3", "local4", "local5", "local6",
	"local7", NULL
};
static const char *const formats[] = { "text", "json", NULL };

static const struct opt syslog_opts[] = {
	{ "address", OPT_STR, AT(syslog, address), "/dev/log",
	    "socket's path, or udp://HOST:PORT", NULL, false },
	{ "facility", OPT_WORD, AT(syslog, facility), "authpriv",
	    "syslog facility", facilities,
	    false },
	{ "app_name", OPT_STR, AT(syslog, app_name), "vedette",
	    "APP-NAME of each message", NULL, false },
	{ "enterprise", OPT_STR, AT(syslog, enterprise), "32473",
	    "private enterprise number in the structured data's name",
	    NULL, false },
	{ "format", OPT_WORD, AT(syslog, format), "text",
	    "message: text for people, or the whole alert as json", formats,
	    false },
	{ "bom", OPT_BOOL, AT(syslog, bom), "false",
	    "byte order mark before a text", NULL, false },
	{ "max_size", OPT_SIZE, AT(syslog, max_size), "8192",
	    "longest message in bytes; longer ones are cut and marked",
	    NULL, false },
	{ 0 }
};

struct sender {
	const struct syslog *options;
	struct rfc5424 form;
	struct courier_room room;
	struct arena *scratch;

	bool udp, named;	/* named: the host is no address */
	char host[HOST_MAX + 1];
	char port[8];
	struct lookup *lookup;
	int64_t looked_up;

	int fd;			/* -1: not connected */
	bool stream;
	struct loop_fd *writable;	/* only while waiting for it */
	struct loop_timer *timer;

	const struct parcel *parcels;
	size_t count, at;	/* at: the first not sent */
	struct buf message;
	size_t written;		/* of message, on a stream */
	bool composed;		/* message is that of at */
};

static void
hang_up(struct sender *s)
{
	loop_remove(s->writable);
	s->writable = NULL;
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
	s->composed = false;
}

/* Ends the batch; UDP's is not accounted for before its end. */
static void
give_up(struct sender *s, const char *what, const char *why)
{
	char reason[200];
	size_t sent = s->udp ? 0 : s->at;

	snprintf(reason, sizeof(reason), "%s %s: %s", what,
	    s->options->address, why);
	hang_up(s);
	loop_timer_stop(s->timer);
	if (sent > 0)
		s->room.done(s->room.owner, sent, DELIVERED, 0, "");
	s->room.done(s->room.owner, 0, RETRY, 0, reason);
}

static void
all_sent(struct sender *s)
{
	loop_remove(s->writable);
	s->writable = NULL;
	loop_timer_stop(s->timer);
	s->room.done(s->room.owner, s->count, DELIVERED, 0, "");
}

static void
compose(struct sender *s)
{
	if (s->composed)
		return;
	buf_clear(&s->message);
	rfc5424_write(&s->message, &s->form, &s->parcels[s->at], s->scratch);
	if (s->stream)
		buf_byte(&s->message, '\n');
	s->written = 0;
	s->composed = true;
}

static void
next(struct sender *s)
{
	s->at++;
	s->composed = false;
}

/* --- Unix sockets --------------------------------------------------------- */

static int
connect_as(struct sender *s, int type)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int saved;

	if (fd == -1)
		return -1;
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", s->options->address);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	s->fd = fd;
	s->stream = type == SOCK_STREAM;
	return 0;
}

/* A stream that its reader has left takes one more write without a word. */
static bool
is_left(const struct sender *s)
{
	char byte;

	return s->stream && s->fd != -1 &&
	    recv(s->fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* 1: the message is out; 0: wait; -1: failed, with errno. */
static int
write_some(struct sender *s)
{
	struct slice rest = slice_from(buf_slice(&s->message), s->written);
	ssize_t n = send(s->fd, rest.p, rest.len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	s->written += (size_t)n;
	return s->written == s->message.len ? 1 : 0;
}

static void unix_proceed(void *arg, unsigned events);

static void
unix_wait(struct sender *s)
{
	if (s->writable != NULL)
		return;
	s->writable = loop_add(s->room.loop, s->fd, LOOP_WRITE, unix_proceed,
	    s);
	if (s->writable == NULL)
		give_up(s, "cannot wait for", strerror(errno));
	else
		loop_timer_set(s->timer, UNIX_WAIT);
}

static void
unix_proceed(void *arg, unsigned events)
{
	struct sender *s = arg;
	int sent = 1;

	(void)events;
	while (s->at < s->count) {
		compose(s);
		sent = write_some(s);
		if (sent != 1)
			break;
		next(s);
	}
	if (s->at == s->count)
		all_sent(s);
	else if (sent == -1)
		give_up(s, "cannot send to", strerror(errno));
	else
		unix_wait(s);
}

static void
unix_send(struct sender *s)
{
	if (is_left(s))
		hang_up(s);
	if (s->fd == -1 && connect_as(s, SOCK_DGRAM) == -1 &&
	    (errno != EPROTOTYPE || connect_as(s, SOCK_STREAM) == -1)) {
		give_up(s, "cannot connect to", strerror(errno));
		return;
	}
	unix_proceed(s, 0);
}

/* --- UDP ------------------------------------------------------------------ */

static int
pending_error(const struct sender *s)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return errno;
	return error;
}

/* Sends what one tick may; an errno, or 0. */
static int
udp_burst(struct sender *s)
{
	size_t cost = 0;

	while (s->at < s->count && cost < UDP_TICK_COST) {
		compose(s);
		if (send(s->fd, s->message.p, s->message.len,
		    MSG_NOSIGNAL | MSG_DONTWAIT) == -1)
			return errno == EAGAIN || errno == ENOBUFS ? 0 : errno;
		cost += s->message.len + UDP_OVERHEAD;
		next(s);
	}
	return 0;
}

static void
udp_tick(struct sender *s)
{
	bool settled = s->at == s->count;
	int error = pending_error(s);

	if (error == 0 && !settled)
		error = udp_burst(s);
	if (error != 0)
		give_up(s, "cannot send to", strerror(error));
	else if (settled)
		all_sent(s);
	else
		loop_timer_set(s->timer, s->at == s->count ? UDP_SETTLE :
		    UDP_TICK);
}

static int
udp_connect(struct sender *s, const struct addrinfo *to)
{
	int fd = socket(to->ai_family, SOCK_DGRAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	if (connect(fd, to->ai_addr, to->ai_addrlen) == -1) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	s->fd = fd;
	return 0;
}

static void
udp_found(void *arg, const struct addrinfo *first, const char *error)
{
	struct sender *s = arg;
	int ret = -1;

	for (; first != NULL && ret == -1; first = first->ai_next)
		if ((ret = udp_connect(s, first)) == -1)
			error = strerror(errno);
	s->looked_up = when_steady();
	lookup_free(s->lookup);
	s->lookup = NULL;
	if (ret == -1)
		give_up(s, "cannot reach", error);
	else
		udp_tick(s);
}

static void
udp_send(struct sender *s)
{
	if (s->named && when_steady() - s->looked_up > ADDRESS_AGE)
		hang_up(s);
	if (s->fd != -1) {
		pending_error(s);	/* of a batch that is over */
		udp_tick(s);
		return;
	}
	s->lookup = lookup_new(s->room.loop, s->host, s->port, udp_found, s);
	if (s->lookup == NULL)
		give_up(s, "cannot look up", strerror(errno));
}

/* --- the leaf ------------------------------------------------------------- */

static void
expired(void *arg)
{
	struct sender *s = arg;

	if (s->udp)
		udp_tick(s);
	else
		give_up(s, "cannot send to", "nobody reads");
}

static void
syslog_send(void *state, const struct parcel *parcels, size_t count)
{
	struct sender *s = state;

	s->parcels = parcels;
	s->count = count;
	s->at = 0;
	s->composed = false;
	if (s->udp)
		udp_send(s);
	else
		unix_send(s);
}

/* HOST, HOST:PORT, [V6] or [V6]:PORT; false when it is none of them. */
static bool
split_host(struct slice s, struct slice *host, struct slice *port)
{
	uint64_t number;

	*port = S("514");
	if (slice_skip(&s, S("["))) {
		if (!slice_cut(&s, ']', host))
			return false;
		if (s.len > 0 && !slice_skip(&s, S(":")))
			return false;
		if (s.len > 0)
			*port = s;
	} else {
		*host = s;
		slice_split_last(s, S(":"), host, port);
	}
	return host->len > 0 && host->len <= HOST_MAX &&
	    slice_to_u64(*port, &number) == 0 && number > 0 && number < 65536;
}

static bool
is_number(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!byte_is_digit(s.p[i]) && s.p[i] != '.')
			return false;
	return s.len > 0 && s.len <= 16;
}

static int
check_address(const struct syslog *o, const struct node *at, struct diag *d)
{
	const size_t room = sizeof(((struct sockaddr_un *)0)->sun_path);
	struct slice s = slice_of(o->address), host, port;

	if (slice_skip(&s, S("udp://"))) {
		if (split_host(s, &host, &port))
			return 0;
	} else if (slice_starts(s, S("/"))) {
		if (s.len < room)
			return 0;
		return node_error(d, at, "address: longer than %zu bytes",
		    room - 1);
	}
	return node_error(d, at, "address must be a path such as /dev/log, "
	    "or udp://HOST:PORT");
}

/* A word that every reader of syslog takes for a program's name. */
static bool
is_program(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f ||
		    strchr("[]:/<>\"\\", s.p[i]) != NULL)
			return false;
	return s.len > 0 && s.len <= 48;
}

static int
syslog_check(const void *options, const struct node *at, struct diag *d)
{
	const struct syslog *o = options;
	int ret = check_address(o, node_get(at, "address"), d);

	if (!is_program(slice_of(o->app_name)))
		ret = node_error(d, node_get(at, "app_name"),
		    "app_name must be a word of at most 48 characters");
	if (!is_number(slice_of(o->enterprise)))
		ret = node_error(d, node_get(at, "enterprise"),
		    "enterprise must be a number such as 32473");
	if (o->max_size < RFC5424_SIZE_MIN || o->max_size > RFC5424_SIZE_MAX)
		ret = node_error(d, node_get(at, "max_size"),
		    "max_size must be %d to %d", RFC5424_SIZE_MIN,
		    RFC5424_SIZE_MAX);
	return ret;
}

static bool
is_address(const char *host)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST }, *found;

	if (getaddrinfo(host, NULL, &hints, &found) != 0)
		return false;
	freeaddrinfo(found);
	return true;
}

static void *
syslog_start(const void *options, const int *fds, size_t fd_count,
    const struct courier_room *room, struct err *err)
{
	const struct syslog *o = options;
	struct slice address = slice_of(o->address), host, port;
	struct sender *s = xcalloc(1, sizeof(*s));

	(void)fds, (void)fd_count, (void)err;
	s->options = o;
	s->form = (struct rfc5424){ o->facility, o->app_name, getpid(),
		o->enterprise, o->format == 1, o->bom, o->max_size };
	s->room = *room;
	s->scratch = arena_new(SCRATCH_MAX);
	s->fd = -1;
	s->timer = loop_timer(room->loop, expired, s);
	s->udp = slice_skip(&address, S("udp://"));
	if (s->udp && split_host(address, &host, &port)) {
		slice_to_cstr(host, s->host, sizeof(s->host));
		slice_to_cstr(port, s->port, sizeof(s->port));
		s->named = !is_address(s->host);
	}
	if (s->named)
		resolver_warm();
	return s;
}

static void
syslog_stop(void *state)
{
	struct sender *s = state;

	hang_up(s);
	lookup_free(s->lookup);
	loop_timer_free(s->timer);
	arena_free(s->scratch);
	buf_free(&s->message);
	free(s);
}

static const char *
syslog_echo(const void *options)
{
	const struct syslog *o = options;

	return o->app_name;
}

const struct output out_syslog = {
	.name = "syslog",
	.options = syslog_opts,
	.options_size = sizeof(struct syslog),
	.batch = OUTPUT_BATCH_MAX,
	.check = syslog_check,
	.echo = syslog_echo,
	.start = syslog_start,
	.send = syslog_send,
	.stop = syslog_stop,
};
