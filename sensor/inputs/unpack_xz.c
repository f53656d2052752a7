#include "inputs/unpack.h"

#include <stdlib.h>

#include <lzma.h>

#include "base/buf.h"

/* xz -9 needs 65 MiB. */
static const uint64_t memory_max = 128 * 1024 * 1024;

static bool
again(void *state)
{
	return lzma_stream_decoder(state, memory_max,
	    LZMA_TELL_UNSUPPORTED_CHECK) == LZMA_OK;
}

static void
stop(void *state)
{
	lzma_end(state);
	free(state);
}

static void *
start(void)
{
	lzma_stream *z = xcalloc(1, sizeof(*z));

	if (again(z))
		return z;
	stop(z);
	return NULL;
}

static enum unpacked
unpack(void *state, struct unpack_io *io)
{
	lzma_stream *z = state;
	lzma_ret ret;

	z->next_in = io->in.p;
	z->avail_in = io->in.len;
	z->next_out = io->out;
	z->avail_out = io->room;
	ret = lzma_code(z, LZMA_RUN);
	io->in = slice_bytes(z->next_in, z->avail_in);
	io->out = z->next_out;
	io->room = z->avail_out;
	switch (ret) {
	case LZMA_OK:
	case LZMA_BUF_ERROR:
		return UNPACK_ON;
	case LZMA_STREAM_END:
		return UNPACK_END;
	case LZMA_MEMLIMIT_ERROR:
	case LZMA_MEM_ERROR:
		return UNPACK_TOO_MUCH;
	default:
		return UNPACK_DAMAGED;
	}
}

const struct unpacker unpack_xz = {
	.name = "xz",
	.magic = SLICE("\xfd" "7zXZ\0"),
	.next = SLICE("\xfd"),
	.start = start,
	.stop = stop,
	.unpack = unpack,
	.again = again,
	UNPACK_TEXTS("xz"),
};
