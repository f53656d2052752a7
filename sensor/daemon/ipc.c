#include "daemon/ipc.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"

enum { HEADER = 8, READ_SIZE = 65536, FDS_MAX = 64 };

/* A descriptor that is to leave with the byte at this place of the output. */
struct riding {
	size_t at;
	int fd;
};

struct ipc {
	struct loop_fd *watch;
	struct ipc_use use;
	int fd;
	bool dead, busy, unwanted;
	struct buf in, out;
	int fds[FDS_MAX];	/* came in, in order */
	size_t fd_count;
	struct riding *riding;	/* go out, in order */
	size_t riding_count;
};

static void
release(struct ipc *c)
{
	loop_remove(c->watch);
	close(c->fd);
	for (size_t i = 0; i < c->fd_count; i++)
		if (c->fds[i] != -1)
			close(c->fds[i]);
	for (size_t i = 0; i < c->riding_count; i++)
		close(c->riding[i].fd);
	free(c->riding);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c);
}

static void
end(struct ipc *c, bool lied, const char *why)
{
	if (c->dead)
		return;
	c->dead = true;
	loop_remove(c->watch);
	c->watch = NULL;
	c->use.closed(c->use.arg, lied, why);
}

/* What to send with one sendmsg: up to the next byte that a fd rides on. */
static size_t
piece(const struct ipc *c, int *fd)
{
	size_t i = 0;

	*fd = -1;
	if (i < c->riding_count && c->riding[i].at == 0)
		*fd = c->riding[i++].fd;
	return i < c->riding_count ? c->riding[i].at : c->out.len;
}

static void
sent(struct ipc *c, size_t n, int fd)
{
	if (fd != -1) {
		close(fd);
		c->riding_count--;
		memmove(c->riding, c->riding + 1,
		    c->riding_count * sizeof(*c->riding));
	}
	for (size_t i = 0; i < c->riding_count; i++)
		c->riding[i].at -= n;
	buf_drop(&c->out, n);
}

static ssize_t
send_piece(struct ipc *c)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .space = { 0 } };
	struct iovec iov;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd;
	ssize_t n;

	iov.iov_len = piece(c, &fd);
	iov.iov_base = c->out.p;
	if (fd != -1) {
		struct cmsghdr *h = &control.header;

		msg.msg_control = control.space;
		msg.msg_controllen = sizeof(control.space);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(h), &fd, sizeof(fd));
	}
	n = sendmsg(c->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0)
		sent(c, (size_t)n, fd);
	return n;
}

/* Sends until the socket is full; false when the other side is gone. */
static bool
flush(struct ipc *c)
{
	while (c->out.len > 0) {
		ssize_t n = send_piece(c);

		if (n >= 0 || errno == EINTR)
			continue;
		return errno == EAGAIN || errno == EWOULDBLOCK ||
		    errno == ENOBUFS || errno == ETOOMANYREFS;
	}
	return true;
}

static void
want(struct ipc *c)
{
	loop_want(c->watch, LOOP_READ | (c->out.len > 0 ? LOOP_WRITE : 0u));
}

void
ipc_send(struct ipc *c, unsigned type, struct slice body, int fd)
{
	uint32_t len = (uint32_t)body.len;
	uint16_t head[2] = { (uint16_t)type, 0 };

	assert(body.len <= FRAME_MAX);
	if (c->dead) {
		if (fd != -1)
			close(fd);
		return;
	}
	if (fd != -1) {
		c->riding = xrealloc(c->riding, c->riding_count + 1,
		    sizeof(*c->riding));
		c->riding[c->riding_count++] =
		    (struct riding){ c->out.len, fd };
	}
	buf_add(&c->out, slice_bytes(&len, sizeof(len)));
	buf_add(&c->out, slice_bytes(head, sizeof(head)));
	buf_add(&c->out, body);
	flush(c);	/* a dead peer is noticed by reading */
	want(c);
}

size_t
ipc_waiting(const struct ipc *c)
{
	return c->out.len;
}

static void
keep_fd(struct ipc *c, int fd)
{
	if (c->fd_count < FDS_MAX)
		c->fds[c->fd_count++] = fd;
	else if (fd != -1)
		close(fd);
}

/* The kernel ends a read behind each message that carries descriptors. */
static void
keep_fds(struct ipc *c, struct msghdr *msg)
{
	if (msg->msg_flags & MSG_CTRUNC && CMSG_FIRSTHDR(msg) == NULL)
		keep_fd(c, -1);
	for (struct cmsghdr *h = CMSG_FIRSTHDR(msg); h != NULL;
	    h = CMSG_NXTHDR(msg, h)) {
		size_t n;

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(h) + i * sizeof(int),
			    sizeof(fd));
			keep_fd(c, fd);
		}
	}
}

static ssize_t
receive(struct ipc *c)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(8 * sizeof(int))];
	} control;
	struct iovec iov = { buf_room(&c->in, READ_SIZE), READ_SIZE };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.space,
	    .msg_controllen = sizeof(control.space) };
	ssize_t n = recvmsg(c->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n > 0) {
		c->in.len += (size_t)n;
		keep_fds(c, &msg);
	}
	return n;
}

static int
take_fd(struct ipc *c)
{
	int fd = c->fds[0];

	c->fd_count--;
	memmove(c->fds, c->fds + 1, c->fd_count * sizeof(*c->fds));
	return fd;
}

/* One frame off the front of *in: 1, none yet: 0, a lie: -1. */
static int
one_frame(struct ipc *c, struct slice *in)
{
	const struct frame_rule *rule;
	uint32_t len;
	uint16_t type;
	int fd = -1;

	if (in->len < HEADER)
		return 0;
	memcpy(&len, in->p, sizeof(len));
	memcpy(&type, in->p + 4, sizeof(type));
	if (type >= c->use.rule_count || c->use.rules[type].name == NULL)
		return -1;
	rule = &c->use.rules[type];
	if (len < rule->min || len > rule->max || len > FRAME_MAX)
		return -1;
	if (in->len - HEADER < len)
		return 0;
	if (rule->fd) {
		if (c->fd_count == 0)
			return -1;
		fd = take_fd(c);
	}
	if (c->use.frame(c->use.arg, type,
	    slice_head(slice_from(*in, HEADER), len), fd) == -1)
		return -1;
	*in = slice_from(*in, HEADER + len);
	return 1;
}

/* False when c is no more, or no longer to be listened to. */
static bool
frames(struct ipc *c)
{
	struct slice in = buf_slice(&c->in);
	int got = 1;

	c->busy = true;
	while (got == 1 && !c->unwanted && !c->dead)
		got = one_frame(c, &in);
	c->busy = false;
	if (c->unwanted) {
		release(c);
		return false;
	}
	buf_drop(&c->in, c->in.len - in.len);
	if (got == -1)
		end(c, true, "sent a frame that there is not");
	return got != -1;
}

static void
ready(void *arg, unsigned events)
{
	struct ipc *c = arg;
	ssize_t n;

	if (events & LOOP_WRITE) {
		flush(c);
		want(c);
		if (c->out.len == 0 && c->use.drained != NULL)
			c->use.drained(c->use.arg);
	}
	if ((events & (LOOP_READ | LOOP_HANGUP)) == 0 || c->dead)
		return;
	n = receive(c);
	if (n > 0) {
		frames(c);
		return;
	}
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	end(c, false, "is gone");
}

/*
 * One read at a time, and no look at c behind frames(): what is heard may
 * have ended it.
 */
void
ipc_hear_out(struct ipc *c)
{
	bool more = true;

	while (more && receive(c) > 0)
		more = frames(c);
}

struct ipc *
ipc_new(struct loop *l, int fd, const struct ipc_use *use)
{
	struct ipc *c = xcalloc(1, sizeof(*c));

	c->use = *use;
	c->fd = fd;
	c->watch = loop_add(l, fd, LOOP_READ, ready, c);
	if (c->watch == NULL) {
		free(c);
		return NULL;
	}
	return c;
}

void
ipc_free(struct ipc *c)
{
	if (c == NULL)
		return;
	if (!c->dead)
		flush(c);
	c->dead = true;
	if (c->busy) {
		c->unwanted = true;
		return;
	}
	release(c);
}

int
ipc_pair(int pair[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0, pair);
}
