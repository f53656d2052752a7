/*
 * Lines of a feed, for tailing and for scan alike. A line ends with LF or
 * CR LF and is given without; it may hold any other byte. Where a line begins
 * and what it holds does not depend on how the bytes came.
 */
#ifndef VEDETTE_LINES_H
#define VEDETTE_LINES_H

#include "event/record.h"
#include "inputs/feed.h"

struct lines;

/* What lines_next looks for; also to be kept across a restart. */
enum lines_mode {
	LINES_TEXT,		/* a line begins here */
	LINES_SKIPPING,		/* behind a line that was cut, up to its end */
	LINES_HOLE,		/* in zeros that a stale writer left */
};

enum lines_found {
	LINES_FOUND,
	LINES_END,		/* nothing for now; an unfinished line waits */
	LINES_BROKEN,		/* see feed_error */
};

struct line {
	struct slice text;	/* valid until the next call */
	uint64_t start;		/* offset of its first byte in the feed */
	unsigned flags;		/* RECORD_CUT, RECORD_PARTIAL */
};

/*
 * Reads the feed from where it stands, in a window of 256 KiB. The feed stays
 * the caller's. One may serve many files in turn: lines_take points it at
 * another feed and forgets what it had read ahead.
 */
struct lines *lines_new(struct feed *f);
void lines_free(struct lines *l);
void lines_take(struct lines *l, struct feed *f, enum lines_mode mode);

/*
 * The next whole line. One longer than RECORD_MAX is given cut to that with
 * RECORD_CUT, and its rest is passed over. 4 KiB of zeros or more where a
 * line ought to begin are passed over too.
 */
enum lines_found lines_next(struct lines *l, struct line *out);
/* The same without reading: LINES_END when the window has no whole line. */
enum lines_found lines_next_here(struct lines *l, struct line *out);
/*
 * After LINES_END: the unfinished last line, with RECORD_PARTIAL; false when
 * there is none. It is taken: what follows counts as a new line.
 */
bool lines_rest(struct lines *l, struct line *out);

/* Offset of the first byte that was not given, and the mode there. */
uint64_t lines_offset(const struct lines *l);
enum lines_mode lines_mode(const struct lines *l);
/* Zeros passed over since lines_take. */
uint64_t lines_zeros(const struct lines *l);

/*
 * Reads on until the window has n bytes (at most RECORD_MAX) or is full or
 * the feed has no more; a view of up to n bytes that lines_next will give or
 * lines_pass takes away.
 */
struct slice lines_look(struct lines *l, size_t n);
void lines_pass(struct lines *l, size_t n);
/* The up to n bytes before lines_offset that are still in the window. */
struct slice lines_behind(const struct lines *l, size_t n);

/* A line that begins like an object is JSON, any other is text. */
enum record_form lines_form(struct slice text);

#endif
