#include "inputs/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/slice.h"
#include "inputs/unpack.h"

enum { RAW_SIZE = 65536 };

/*
 * A bomb: more than so many bytes, of which each that was read gave more than
 * so many. zlib reaches 1,032 with zeros alone, no log comes near.
 */
enum { BOMB_SIZE = 256 * 1024 * 1024, BOMB_RATIO = 1000 };

static const struct unpacker *const unpackers[] = {
	&unpack_gzip, &unpack_zstd, &unpack_xz, NULL
};

/* Only what is compressed has one. */
struct packed {
	const struct unpacker *type;
	void *state;
	struct unpack_io io;
	bool inside;		/* of a member: its end has not been seen */
	bool full;		/* there was no room; more may be held back */
	unsigned char raw[RAW_SIZE];
};

struct feed {
	int fd;
	bool pipe;
	bool grows;
	bool told;		/* plain or compressed is known */
	unsigned char first[UNPACK_MAGIC_MAX];	/* of a pipe, to tell */
	size_t first_len;
	uint64_t at;		/* bytes given */
	uint64_t raw_at;	/* bytes read from the descriptor */
	struct packed *packed;
	const char *error;
};

static ssize_t
raw_read(struct feed *f, void *p, size_t n)
{
	ssize_t got;

	do {
		got = f->pipe ? read(f->fd, p, n) :
		    pread(f->fd, p, n, (off_t)f->raw_at);
	} while (got == -1 && errno == EINTR);
	if (got == -1 && errno == EAGAIN)
		return 0;
	if (got == -1) {
		f->error = errno == EISDIR ? "is a directory" : "can't be read";
		return -1;
	}
	f->raw_at += (uint64_t)got;
	return got;
}

static void
packed_free(struct packed *p)
{
	if (p == NULL)
		return;
	if (p->state != NULL)
		p->type->stop(p->state);
	free(p);
}

/* A kind that this build leaves out fails, and so does running out of memory. */
static void
start_unpacking(struct feed *f, const struct unpacker *type)
{
	struct packed *p = xcalloc(1, sizeof(*p));

	p->type = type;
	p->inside = true;
	f->packed = p;
	if (type->start == NULL)
		f->error = type->absent;
	else if ((p->state = type->start()) == NULL)
		f->error = type->much;
}

/*
 * Looks at the first bytes. A compressed file that is just being written may
 * be shorter than its magic: then nothing is known yet, and nothing is given.
 */
static bool
tell(struct feed *f)
{
	struct slice first;

	while (f->first_len < sizeof(f->first)) {
		ssize_t n = raw_read(f, f->first + f->first_len,
		    sizeof(f->first) - f->first_len);

		if (n <= 0)
			break;
		f->first_len += (size_t)n;
	}
	if (f->error != NULL)
		return false;
	first = slice_bytes(f->first, f->first_len);
	for (const struct unpacker *const *u = unpackers; *u != NULL; u++) {
		if (slice_starts(first, (*u)->magic))
			start_unpacking(f, *u);
		else if (slice_starts((*u)->magic, first) && f->grows)
			return false;
	}
	f->told = true;
	if (!f->pipe)
		f->raw_at = f->first_len = 0;
	return f->error == NULL;
}

struct feed *
feed_new(int fd, enum feed_form form)
{
	struct feed *f = xcalloc(1, sizeof(*f));

	f->fd = fd;
	f->pipe = lseek(fd, 0, SEEK_CUR) == -1;
	f->grows = form == FEED_ANY && !f->pipe;
	f->told = form == FEED_PLAIN;
	return f;
}

void
feed_free(struct feed *f)
{
	if (f == NULL)
		return;
	packed_free(f->packed);
	free(f);
}

/* What was read from a pipe to tell its form comes first. */
static ssize_t
read_first(struct feed *f, void *p, size_t n)
{
	if (n > f->first_len)
		n = f->first_len;
	memcpy(p, f->first, n);
	memmove(f->first, f->first + n, f->first_len - n);
	f->first_len -= n;
	return (ssize_t)n;
}

static ssize_t
read_raw(struct feed *f, void *p, size_t n)
{
	return f->first_len > 0 ? read_first(f, p, n) : raw_read(f, p, n);
}

static ssize_t
refill(struct feed *f)
{
	struct packed *p = f->packed;
	ssize_t n = read_raw(f, p->raw, sizeof(p->raw));

	if (n > 0)
		p->io.in = slice_bytes(p->raw, (size_t)n);
	return n;
}

static int
fail(struct feed *f, const char *error)
{
	f->error = error;
	return -1;
}

/*
 * Between two members: the next must begin, or zeros fill up the file, which
 * gzip(1) passes over too.
 */
static ssize_t
next_member(struct feed *f)
{
	struct packed *p = f->packed;
	ssize_t n;

	while (p->io.in.len > 0 && p->io.in.p[0] == 0)
		p->io.in = slice_from(p->io.in, 1);
	if (p->io.in.len == 0 && (n = refill(f)) <= 0)
		return n;
	if (p->io.in.p[0] == 0)
		return 1;
	if (slice_find_byte(p->type->next, p->io.in.p[0]) == SIZE_MAX)
		return fail(f, p->type->garbage);
	if (!p->type->again(p->state))
		return fail(f, p->type->much);
	p->inside = true;
	return 1;
}

/* 1 something was done, 0 no input for now, -1 damaged. */
static ssize_t
unpack_some(struct feed *f)
{
	struct packed *p = f->packed;
	enum unpacked done;
	ssize_t n;

	if (!p->inside)
		return next_member(f);
	if (p->io.in.len == 0 && !p->full && (n = refill(f)) <= 0)
		return n;
	done = p->type->unpack(p->state, &p->io);
	p->full = p->io.room == 0;
	p->inside = done != UNPACK_END;
	if (done == UNPACK_DAMAGED)
		return fail(f, p->type->damaged);
	return done == UNPACK_TOO_MUCH ? fail(f, p->type->much) : 1;
}

static bool
is_bomb(const struct feed *f)
{
	return f->at > BOMB_SIZE && f->at / BOMB_RATIO > f->raw_at;
}

static ssize_t
read_packed(struct feed *f, void *out, size_t n)
{
	struct packed *p = f->packed;
	ssize_t more = 1;

	if (is_bomb(f))
		return fail(f, "grows more than 1,000-fold when unpacked");
	p->io.out = out;
	p->io.room = n;
	while (p->io.room > 0 && more > 0)
		more = unpack_some(f);
	n -= p->io.room;
	/* What came before the damage is good and comes first. */
	return n == 0 && more < 0 ? -1 : (ssize_t)n;
}

ssize_t
feed_read(struct feed *f, void *p, size_t n)
{
	ssize_t got;

	if (n > INT32_MAX)
		n = INT32_MAX;
	if (f->error != NULL)
		return -1;
	if (!f->told && !tell(f))
		return f->error != NULL ? -1 : 0;
	got = f->packed != NULL ? read_packed(f, p, n) : read_raw(f, p, n);
	if (got > 0)
		f->at += (uint64_t)got;
	return got;
}

const char *
feed_error(const struct feed *f)
{
	return f->error;
}

const char *
feed_unfinished(const struct feed *f)
{
	return f->error == NULL && f->packed != NULL && f->packed->inside ?
	    f->packed->type->early : NULL;
}

bool
feed_is_packed(const struct feed *f)
{
	return f->packed != NULL;
}

uint64_t
feed_offset(const struct feed *f)
{
	return f->at;
}

uint64_t
feed_consumed(const struct feed *f)
{
	return f->raw_at;
}

static int
rewind_packed(struct feed *f)
{
	struct packed *p = f->packed;

	if (p->state == NULL || !p->type->again(p->state))
		return -1;
	p->io.in = S("");
	p->inside = true;
	p->full = false;
	f->at = f->raw_at = 0;
	f->error = NULL;
	return 0;
}

static int
pass_over(struct feed *f, uint64_t offset, size_t max)
{
	unsigned char into[16384];

	while (f->at < offset && max > 0) {
		size_t want = sizeof(into);
		ssize_t n;

		if (want > max)
			want = max;
		if (want > offset - f->at)
			want = (size_t)(offset - f->at);
		n = feed_read(f, into, want);
		if (n <= 0)
			return -1;
		max -= (size_t)n;
	}
	return f->at < offset;
}

int
feed_seek(struct feed *f, uint64_t offset, size_t max)
{
	if (f->pipe && offset < f->at)
		return -1;
	if (!f->told && !tell(f))
		return offset == 0 && f->error == NULL ? 0 : -1;
	if (f->packed == NULL && !f->pipe) {
		f->at = f->raw_at = offset;
		return 0;
	}
	if (offset < f->at && rewind_packed(f) == -1)
		return -1;
	return pass_over(f, offset, max);
}

uint64_t
feed_hole(struct feed *f)
{
	struct stat st;
	off_t data;
	uint64_t length;

	if (f->pipe || f->packed != NULL || !f->told)
		return 0;
	data = lseek(f->fd, (off_t)f->at, SEEK_DATA);
	if (data == -1 && errno == ENXIO && fstat(f->fd, &st) == 0)
		data = st.st_size;
	if (data == -1 || (uint64_t)data <= f->at)
		return 0;
	length = (uint64_t)data - f->at;
	f->at = f->raw_at = (uint64_t)data;
	return length;
}
