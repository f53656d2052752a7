/*
 * Kinds of compression. Each stands in a file of its own, which alone sees the
 * library; where a build leaves one out, its table has no functions, so that
 * such a file is still known for what it is.
 *
 * A file is a row of members, each of which can be unpacked alone.
 */
#ifndef VEDETTE_UNPACK_H
#define VEDETTE_UNPACK_H

#include <stdbool.h>

#include "base/slice.h"

enum { UNPACK_MAGIC_MAX = 6 };

enum unpacked {
	UNPACK_ON,	/* no more room, or no more input */
	UNPACK_END,	/* of a member */
	UNPACK_DAMAGED,
	UNPACK_TOO_MUCH,	/* it asks for more memory than it may have */
};

/* What there is to read and where to write to; both move on. */
struct unpack_io {
	struct slice in;
	unsigned char *out;
	size_t room;
};

struct unpacker {
	const char *name;		/* "gzip" */
	struct slice magic;		/* a file of it begins so */
	struct slice next;		/* first bytes of a further member */
	/* Owner: caller. NULL: memory is out. */
	void *(*start)(void);
	void (*stop)(void *state);
	enum unpacked (*unpack)(void *state, struct unpack_io *io);
	/* A member begins; false: memory is out. */
	bool (*again)(void *state);
	/* One line of English each. */
	const char *damaged, *garbage, *early, *much, *absent;
};

#define UNPACK_TEXTS(kind) \
	.damaged = "damaged " kind " data", \
	.garbage = "garbage behind the end of the " kind " data", \
	.early = "the " kind " data end too early", \
	.much = "the " kind " data ask for too much memory", \
	.absent = "is " kind " data, which this build can't read"

extern const struct unpacker unpack_gzip, unpack_zstd, unpack_xz;

#endif
