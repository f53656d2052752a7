#include "inputs/unpack.h"

#include <stdlib.h>

#include <zlib.h>

#include "base/buf.h"

static void *
start(void)
{
	z_stream *z = xcalloc(1, sizeof(*z));

	if (inflateInit2(z, 15 + 16) == Z_OK)
		return z;
	free(z);
	return NULL;
}

static void
stop(void *state)
{
	inflateEnd(state);
	free(state);
}

static enum unpacked
unpack(void *state, struct unpack_io *io)
{
	z_stream *z = state;
	int ret;

	z->next_in = (unsigned char *)(uintptr_t)io->in.p;
	z->avail_in = (unsigned)io->in.len;
	z->next_out = io->out;
	z->avail_out = (unsigned)io->room;
	ret = inflate(z, Z_NO_FLUSH);
	io->in = slice_bytes(z->next_in, z->avail_in);
	io->out = z->next_out;
	io->room = z->avail_out;
	if (ret == Z_STREAM_END)
		return UNPACK_END;
	return ret == Z_OK || ret == Z_BUF_ERROR ? UNPACK_ON : UNPACK_DAMAGED;
}

static bool
again(void *state)
{
	return inflateReset(state) == Z_OK;
}

const struct unpacker unpack_gzip = {
	.name = "gzip",
	.magic = SLICE("\x1f\x8b\x08"),
	.next = SLICE("\x1f"),
	.start = start,
	.stop = stop,
	.unpack = unpack,
	.again = again,
	UNPACK_TEXTS("gzip"),
};
