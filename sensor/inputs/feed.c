#include "inputs/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "base/buf.h"
#include "base/slice.h"

enum { RAW_SIZE = 65536 };

/* Only a gzip has one. */
struct inflater {
	z_stream z;
	bool inside;		/* of a member: its end has not been seen */
	unsigned char raw[RAW_SIZE];
};

struct feed {
	int fd;
	bool pipe;
	bool told;		/* plain or gzip is known */
	unsigned char first[3];	/* of a pipe, read to tell */
	size_t first_len;
	uint64_t at;		/* bytes given */
	uint64_t raw_at;	/* bytes read from the descriptor */
	struct inflater *in;
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
inflater_free(struct inflater *in)
{
	if (in == NULL)
		return;
	inflateEnd(&in->z);
	free(in);
}

static struct inflater *
inflater_new(void)
{
	struct inflater *in = xcalloc(1, sizeof(*in));

	if (inflateInit2(&in->z, 15 + 16) != Z_OK) {
		free(in);
		return NULL;
	}
	in->inside = true;
	return in;
}

/*
 * Looks at the first three bytes. A gzip that is just being written may be
 * shorter: then nothing is known yet, and nothing is given.
 */
static bool
tell(struct feed *f)
{
	static const unsigned char magic[3] = { 0x1f, 0x8b, 8 };

	while (f->first_len < sizeof(f->first)) {
		ssize_t n = raw_read(f, f->first + f->first_len,
		    sizeof(f->first) - f->first_len);

		if (n <= 0)
			break;
		f->first_len += (size_t)n;
	}
	if (f->error != NULL)
		return false;
	if (memcmp(f->first, magic, f->first_len) == 0 &&
	    f->first_len < sizeof(magic) && !f->pipe)
		return false;
	f->told = true;
	if (f->first_len == sizeof(magic) &&
	    memcmp(f->first, magic, sizeof(magic)) == 0)
		f->in = inflater_new();
	if (!f->pipe)
		f->raw_at = f->first_len = 0;
	return true;
}

struct feed *
feed_new(int fd, enum feed_form form)
{
	struct feed *f = xcalloc(1, sizeof(*f));

	f->fd = fd;
	f->pipe = lseek(fd, 0, SEEK_CUR) == -1;
	f->told = form == FEED_PLAIN;
	return f;
}

void
feed_free(struct feed *f)
{
	if (f == NULL)
		return;
	inflater_free(f->in);
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
	struct inflater *in = f->in;
	ssize_t n = read_raw(f, in->raw, sizeof(in->raw));

	if (n <= 0)
		return n;
	in->z.next_in = in->raw;
	in->z.avail_in = (unsigned)n;
	return n;
}

/*
 * Between two members: the next must begin, or zeros fill up the file, which
 * gzip(1) passes over too.
 */
static ssize_t
next_member(struct feed *f)
{
	struct inflater *in = f->in;
	ssize_t n;

	while (in->z.avail_in > 0 && *in->z.next_in == 0) {
		in->z.next_in++;
		in->z.avail_in--;
	}
	if (in->z.avail_in == 0 && (n = refill(f)) <= 0)
		return n;
	if (*in->z.next_in == 0)
		return 1;
	if (*in->z.next_in != 0x1f) {
		f->error = "garbage behind the end of the gzip data";
		return -1;
	}
	if (inflateReset(&in->z) != Z_OK) {
		f->error = "gzip data can't be read";
		return -1;
	}
	in->inside = true;
	return 1;
}

/* 1 something was done, 0 no input for now, -1 damaged. */
static ssize_t
inflate_some(struct feed *f)
{
	struct inflater *in = f->in;
	ssize_t n = 1;

	if (!in->inside)
		return next_member(f);
	if (in->z.avail_in == 0)
		n = refill(f);
	if (n <= 0)
		return n;
	switch (inflate(&in->z, Z_NO_FLUSH)) {
	case Z_STREAM_END:
		in->inside = false;
		return 1;
	case Z_OK:
	case Z_BUF_ERROR:
		return 1;
	default:
		f->error = "damaged gzip data";
		return -1;
	}
}

static ssize_t
read_gzip(struct feed *f, void *p, size_t n)
{
	struct inflater *in = f->in;
	ssize_t more = 1;

	in->z.next_out = p;
	in->z.avail_out = (unsigned)n;
	while (in->z.avail_out > 0 && more > 0)
		more = inflate_some(f);
	n -= in->z.avail_out;
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
	got = f->in != NULL ? read_gzip(f, p, n) : read_raw(f, p, n);
	if (got > 0)
		f->at += (uint64_t)got;
	return got;
}

const char *
feed_error(const struct feed *f)
{
	return f->error;
}

bool
feed_unfinished(const struct feed *f)
{
	return f->error == NULL && f->in != NULL && f->in->inside;
}

bool
feed_is_gzip(const struct feed *f)
{
	return f->in != NULL;
}

uint64_t
feed_offset(const struct feed *f)
{
	return f->at;
}

static int
rewind_gzip(struct feed *f)
{
	if (inflateReset(&f->in->z) != Z_OK)
		return -1;
	f->in->z.avail_in = 0;
	f->in->inside = true;
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
	if (f->in == NULL && !f->pipe) {
		f->at = f->raw_at = offset;
		return 0;
	}
	if (offset < f->at && rewind_gzip(f) == -1)
		return -1;
	return pass_over(f, offset, max);
}

uint64_t
feed_hole(struct feed *f)
{
	struct stat st;
	off_t data;
	uint64_t length;

	if (f->pipe || f->in != NULL || !f->told)
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
