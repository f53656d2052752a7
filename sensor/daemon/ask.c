#include "daemon/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/pack.h"

static void
put(struct buf *out, enum ask_frame type, struct slice body)
{
	uint32_t length = (uint32_t)body.len;
	uint16_t number = (uint16_t)type;

	buf_add(out, slice_bytes(&length, sizeof(length)));
	buf_add(out, slice_bytes(&number, sizeof(number)));
	buf_add(out, body);
}

void
ask_put(struct buf *out, enum ask_frame type, struct slice body)
{
	for (; body.len > ASK_BODY_MAX; body = slice_from(body, ASK_BODY_MAX))
		put(out, ASK_PART, slice_head(body, ASK_BODY_MAX));
	put(out, type, body);
}

void
ask_put_end(struct buf *out, uint32_t status)
{
	put(out, ASK_END, slice_bytes(&status, sizeof(status)));
}

int
ask_take(struct slice in, size_t max, struct slice *body, size_t *used)
{
	uint32_t length;
	uint16_t type;

	if (in.len < ASK_HEADER)
		return 0;
	memcpy(&length, in.p, sizeof(length));
	memcpy(&type, in.p + sizeof(length), sizeof(type));
	if (length > max || type == 0 || type >= ASK_FRAMES)
		return -1;
	if (in.len < ASK_HEADER + (size_t)length)
		return 0;
	*body = slice_bytes(in.p + ASK_HEADER, length);
	*used = ASK_HEADER + (size_t)length;
	return type;
}

int
ask_status(struct slice body)
{
	struct unpack u = { .rest = body };
	uint32_t status = unpack_u32(&u);

	return unpack_done(&u) && status <= 2 ? (int)status : 2;
}

/*
 * A path may be longer than a socket's address is; the directory's
 * descriptor is a short name for it.
 */
static int
address_of(const char *run, struct sockaddr_un *sun, int *dir)
{
	*dir = -1;
	*sun = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(run) + sizeof("/control.sock") <= sizeof(sun->sun_path)) {
		snprintf(sun->sun_path, sizeof(sun->sun_path),
		    "%s/control.sock", run);
		return 0;
	}
	*dir = open(run, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*dir == -1)
		return -1;
	snprintf(sun->sun_path, sizeof(sun->sun_path),
	    "/proc/self/fd/%d/control.sock", *dir);
	return 0;
}

static int
connect_to(int fd, const char *run)
{
	struct sockaddr_un sun;
	int dir, ret, saved;

	if (address_of(run, &sun, &dir) == -1)
		return -1;
	ret = connect(fd, (const struct sockaddr *)&sun, sizeof(sun));
	saved = errno;
	if (dir != -1)
		close(dir);
	errno = saved;
	return ret;
}

int
ask_open(struct ask *a, const char *run, struct err *err)
{
	static const struct timeval wait = { .tv_sec = 60 };
	int saved;

	*a = (struct ask){ .fd = -1 };
	a->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (a->fd == -1)
		return err_sys(err, "socket");
	if (connect_to(a->fd, run) == 0 &&
	    setsockopt(a->fd, SOL_SOCKET, SO_RCVTIMEO, &wait,
	    sizeof(wait)) == 0 &&
	    setsockopt(a->fd, SOL_SOCKET, SO_SNDTIMEO, &wait,
	    sizeof(wait)) == 0)
		return 0;
	err_sys(err, "%s/control.sock", run);
	saved = errno;
	ask_close(a);
	errno = saved;
	return -1;
}

void
ask_close(struct ask *a)
{
	if (a->fd != -1)
		close(a->fd);
	buf_free(&a->in);
	buf_free(&a->whole);
	*a = (struct ask){ .fd = -1 };
}

static int
send_all(int fd, struct slice s)
{
	while (s.len > 0) {
		ssize_t n = send(fd, s.p, s.len, MSG_NOSIGNAL);

		if (n == -1 && errno != EINTR)
			return -1;
		if (n > 0)
			s = slice_from(s, (size_t)n);
	}
	return 0;
}

int
ask_send(struct ask *a, struct slice request, struct err *err)
{
	struct buf frame = { 0 };
	int ret = 0;

	if (request.len > ASK_REQUEST_MAX)
		return err_set(err, "more than %d KiB to ask",
		    ASK_REQUEST_MAX >> 10);
	ask_put(&frame, ASK_REQUEST, request);
	/*
	 * A sensor that has no room says so at once and hangs up: the answer
	 * is there to be read although nobody wants the request.
	 */
	if (send_all(a->fd, buf_slice(&frame)) == -1 && errno != EPIPE)
		ret = err_sys(err, "asking the sensor");
	buf_free(&frame);
	return ret;
}

/* Reads more; -1 at the end. */
static int
receive(struct ask *a, struct err *err)
{
	enum { PIECE = 64 << 10 };
	ssize_t n;

	buf_drop(&a->in, a->used);
	a->used = 0;
	do
		n = recv(a->fd, buf_room(&a->in, PIECE), PIECE, 0);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return err_sys(err, "hearing the sensor");
	if (n == 0)
		return err_set(err, "the sensor broke off its answer");
	a->in.len += (size_t)n;
	return 0;
}

static int
next_frame(struct ask *a, struct slice *body, struct err *err)
{
	for (;;) {
		size_t used = 0;
		int type = ask_take(slice_from(buf_slice(&a->in), a->used),
		    ASK_BODY_MAX, body, &used);

		if (type == -1)
			return err_set(err, "the sensor sent what is not an "
			    "answer");
		a->used += used;
		if (type > 0)
			return type;
		if (receive(a, err) == -1)
			return -1;
	}
}

int
ask_next(struct ask *a, struct slice *body, struct err *err)
{
	int type;

	buf_clear(&a->whole);
	while ((type = next_frame(a, body, err)) == ASK_PART) {
		if (a->whole.len + body->len > ASK_WHOLE_MAX)
			return err_set(err, "the sensor sent a record "
			    "without an end");
		buf_add(&a->whole, *body);
	}
	if (type == -1 || a->whole.len == 0)
		return type;
	buf_add(&a->whole, *body);
	*body = buf_slice(&a->whole);
	return type;
}
