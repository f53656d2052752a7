/*
 * What makes a file this file: where it lies, and what it begins with and
 * held before the place up to which we read. Names change, inodes are used
 * again, contents are cut and copied; only all of it together is proof.
 */
#ifndef VEDETTE_IDENTITY_H
#define VEDETTE_IDENTITY_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/buf.h"

enum { IDENTITY_HEAD = 256, IDENTITY_TAIL = 64, IDENTITY_HASH = 16 };

/* Hash of some bytes; len 0: of none, which proves nothing. */
struct mark {
	uint32_t len;
	unsigned char hash[IDENTITY_HASH];
};

struct identity {
	uint64_t dev, ino;
	uint64_t generation;	/* FS_IOC_GETVERSION; 0: there is none */
	int64_t birth;		/* nanoseconds; 0: there is none */
	struct mark head;	/* of the first bytes */
	struct mark line;	/* of the first line, if they hold all of it */
	struct mark tail;	/* of the bytes before the offset */
};

/* Where a file lies; marks are left empty. -1 with errno. */
int identity_place(int fd, struct identity *id, struct stat *st);

enum same_place {
	PLACE_OTHER,
	PLACE_SAME,	/* inode and generation or birth agree */
	PLACE_UNSURE,	/* inode agrees, nothing else is known */
};
enum same_place identity_compare(const struct identity *a,
    const struct identity *b);

struct mark mark_of(struct slice bytes);
/*
 * The first bytes are those; there may be more. A mark of none fits all.
 */
bool mark_fits(const struct mark *m, struct slice bytes);

/* Learns head and first line from a file's first bytes, if it has more. */
void identity_learn(struct identity *id, struct slice bytes);
/*
 * Whether a file that begins with these bytes, and may have been cut there,
 * can have begun with the same line.
 */
bool identity_may_begin(const struct identity *id, struct slice bytes);

/* "dev=2049 ino=77 gen=1 birth=17... head=256:hex line=80:hex tail=..." */
void identity_write(struct buf *out, const struct identity *id);
/*
 * Takes one key and value of such a text: 1 taken, 0 not one of ours, -1
 * damaged.
 */
int identity_take(struct identity *id, struct slice key, struct slice value);

/* Bytes for stream_make: the place alone, which growing does not change. */
void identity_name(struct buf *out, const struct identity *id);

#endif
