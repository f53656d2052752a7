/*
 * The first byte says how the rest is cut into writes. Lines must be the same
 * for any cut, cover the input in order, and never exceed RECORD_MAX.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "inputs/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
take_all(struct lines *l, struct buf *out)
{
	struct line line;

	while (lines_next(l, &line) == LINES_FOUND) {
		if (line.text.len > RECORD_MAX)
			abort();
		if (line.start + line.text.len > lines_offset(l))
			abort();
		buf_u64(out, line.start);
		buf_byte(out, (unsigned char)line.flags);
		buf_add(out, line.text);
	}
}

/* A second description: its offset is not the writer's. */
static int
again(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static struct digest
read_in(struct slice in, size_t piece, enum feed_form form)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	int reader = again(fd);
	struct feed *f = feed_new(reader, form);
	struct lines *l = lines_new(f);
	struct buf out = { 0 };
	struct digest d;

	for (; in.len > 0 && out.len < 1 << 20; in = slice_from(in, piece)) {
		if (write_all(fd, slice_head(in, piece)) == -1)
			abort();
		take_all(l, &out);
	}
	if (out.len >= 1 << 20)
		buf_clear(&out);
	d = digest_one(buf_slice(&out));
	buf_free(&out);
	lines_free(l);
	feed_free(f);
	close(reader);
	close(fd);
	return d;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_bytes(data, size);
	struct digest whole, parts;

	if (size < 2 || size > 300000)
		return 0;
	in = slice_from(in, 1);
	whole = read_in(in, in.len, FEED_PLAIN);
	parts = read_in(in, in.len / 16 + data[0] + 1u, FEED_PLAIN);
	if (!slice_eq(digest_slice(&whole), digest_slice(&parts)))
		abort();
	read_in(in, in.len, FEED_ANY);
	return 0;
}
