/*
 * The bytes of a file by descriptor, plain or compressed by gzip, zstd or xz
 * (unpack.h). Offsets are those of the decompressed bytes.
 */
#ifndef VEDETTE_FEED_H
#define VEDETTE_FEED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct feed;

enum feed_form {
	FEED_PLAIN,	/* bytes as they are */
	FEED_ANY,	/* decompressed when they begin like a kind of these */
	FEED_ENDED,	/* the same of a file that is not being written */
};

/*
 * The descriptor stays the caller's and must outlive the feed. A regular file
 * is read by pread(2), a pipe in order. Only feed_hole moves the file offset.
 */
struct feed *feed_new(int fd, enum feed_form form);
void feed_free(struct feed *f);

/*
 * Up to n bytes from where the feed stands. 0: nothing for now; a file that
 * grows gives more later. -1: a read failed, the compressed data are damaged
 * or a bomb; feed_error says how, and it stays so.
 */
ssize_t feed_read(struct feed *f, void *p, size_t n);
/* One line of English for the operator, or NULL. */
const char *feed_error(const struct feed *f);
/*
 * It is compressed, and stands in the middle of a member: more ought to come.
 * Then one line of English, else NULL.
 */
const char *feed_unfinished(const struct feed *f);
bool feed_is_packed(const struct feed *f);

/*
 * Goes on at an offset. What is compressed is read up to there, at most max bytes of it
 * in one call: 0 there, 1 call again, -1 the file ends before or is damaged.
 * A pipe can't: -1.
 */
int feed_seek(struct feed *f, uint64_t offset, size_t max);
/* Where the feed stands. */
uint64_t feed_offset(const struct feed *f);
/* Bytes that were read for it from the descriptor, compressed or not. */
uint64_t feed_consumed(const struct feed *f);
/*
 * If a hole of a sparse file begins here, goes to its end and gives its
 * length; else 0.
 */
uint64_t feed_hole(struct feed *f);

#endif
