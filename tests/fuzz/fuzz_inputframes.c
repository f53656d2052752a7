/*
 * What a broken watch role may say to the judge side of the file input. Each
 * frame: a byte for type and descriptor, u16 length, body. The judge must end
 * the peer or go on, hold no more than it may, and leak no descriptor.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "inputs/input.h"
#include "inputs/tail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct input in_file;

static void
no_record(void *owner, const struct record *r)
{
	(void)owner;
	if (r->bytes.len > RECORD_MAX)
		abort();
}

static void
no_position(void *owner, const struct position *p)
{
	(void)owner;
	if (p->source.len == 0 || p->state.len == 0)
		abort();
}

static void
no_forget(void *owner, struct stream s)
{
	(void)owner;
	(void)s;
}

static void
no_gap(void *owner, const struct gap *gap)
{
	(void)owner;
	(void)gap;
}

static void
no_positions(void *owner, const char *input,
    void (*each)(void *arg, const struct position *p), void *arg)
{
	(void)owner;
	(void)input;
	(void)each;
	(void)arg;
}

static void
no_send(void *owner, enum input_frame type, struct slice body)
{
	(void)owner;
	(void)type;
	(void)body;
}

static void
no_wake(void *owner)
{
	(void)owner;
}

static int
some_fd(unsigned which)
{
	int fd;

	switch (which) {
	case 0:
		return -1;
	case 1:
		fd = memfd_create("log", MFD_CLOEXEC);
		if (write_all(fd, S("one\ntwo\nthree")) == -1)
			abort();
		return fd;
	case 2:
		return open("/dev/zero", O_RDONLY | O_CLOEXEC);
	default:
		return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
}

/* A description of its own for reading, as the watch would open it. */
static int
reading(int fd)
{
	char path[64];
	int again;

	if (fd == -1)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY | O_CLOEXEC);
	close(fd);
	return again;
}

static int
hear(void *state, struct slice *in)
{
	struct slice body;
	uint16_t len;
	unsigned head;
	int ret;

	if (in->len < 3)
		return -1;
	head = in->p[0];
	memcpy(&len, in->p + 1, sizeof(len));
	*in = slice_from(*in, 3);
	body = slice_head(*in, len);
	*in = slice_from(*in, len);
	ret = in_file.heard(state, (enum input_frame)(head & 15), body,
	    reading(some_fd(head >> 4 & 3)));
	for (int i = 0; i < 8 && in_file.work(state); i++)
		continue;
	return ret;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_bytes(data, size);
	struct loop *loop = loop_new();
	struct judge_room room = {
		.loop = loop, .host_id = SLICE("host"), .record = no_record,
		.position = no_position, .forget = no_forget, .gap = no_gap,
		.positions = no_positions, .send = no_send, .wake = no_wake,
	};
	void *state = in_file.open(&room);
	int before = dup(0), after;

	while (hear(state, &in) == 0)
		continue;
	in_file.close(state);
	loop_free(loop);
	/* The lowest free number is the same: nothing was left open. */
	close(before);
	after = dup(0);
	if (before != -1 && after != before && after > before + 1)
		abort();
	close(after);
	return 0;
}
