#include "inputs/unpack.h"

#include <zstd.h>
#include <zstd_errors.h>

/* What zstd(1) takes without being asked for more: 128 MiB of window. */
enum { WINDOW_BITS_MAX = 27 };

static void *
start(void)
{
	ZSTD_DStream *z = ZSTD_createDStream();

	if (z == NULL || !ZSTD_isError(ZSTD_DCtx_setParameter(z,
	    ZSTD_d_windowLogMax, WINDOW_BITS_MAX)))
		return z;
	ZSTD_freeDStream(z);
	return NULL;
}

static void
stop(void *state)
{
	ZSTD_freeDStream(state);
}

static enum unpacked
unpack(void *state, struct unpack_io *io)
{
	ZSTD_inBuffer in = { io->in.p, io->in.len, 0 };
	ZSTD_outBuffer out = { io->out, io->room, 0 };
	size_t left = ZSTD_decompressStream(state, &out, &in);

	io->in = slice_from(io->in, in.pos);
	io->out += out.pos;
	io->room -= out.pos;
	if (!ZSTD_isError(left))
		return left == 0 ? UNPACK_END : UNPACK_ON;
	return ZSTD_getErrorCode(left) ==
	    ZSTD_error_frameParameter_windowTooLarge ? UNPACK_TOO_MUCH :
	    UNPACK_DAMAGED;
}

static bool
again(void *state)
{
	return !ZSTD_isError(ZSTD_DCtx_reset(state,
	    ZSTD_reset_session_only));
}

const struct unpacker unpack_zstd = {
	.name = "zstd",
	.magic = SLICE("\x28\xb5\x2f\xfd"),
	/* A frame, or one that is to be skipped. */
	.next = SLICE("\x28\x50\x51\x52\x53\x54\x55\x56\x57\x58\x59\x5a\x5b"
	    "\x5c\x5d\x5e\x5f"),
	.start = start,
	.stop = stop,
	.unpack = unpack,
	.again = again,
	UNPACK_TEXTS("zstd"),
};
