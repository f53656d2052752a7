/*
 * The judge side of the file input. tail.c hears of files and gives each its
 * turn; claim.c finds out which track a file goes on with; tailread.c reads.
 * Nothing here opens anything.
 */
#ifndef VEDETTE_TAIL_H
#define VEDETTE_TAIL_H

#include "base/log.h"
#include "inputs/lines.h"
#include "inputs/track.h"

enum { TAIL_FILES_MAX = 65536 };

/* How long is waited for what; a test can't wait as long. Microseconds. */
struct tail_spans {
	int64_t linger;		/* a renamed or deleted file, after its end */
	int64_t settle;		/* an unknown sibling that may be half a copy */
	int64_t copy;		/* a copy of a file that is still there */
	int64_t active;		/* one that grew so lately is written to */
	int64_t tick;		/* how often those are looked at */
};
extern const struct tail_spans tail_spans;

enum tailed_state {
	TAILED_NEW,		/* nobody has looked at it yet */
	TAILED_HELD,		/* a sibling whose nature is not clear yet */
	TAILED_SEEKING,		/* a gzip on its way to the track's offset */
	TAILED_READING,
};

/* A file that is open here. */
struct tailed {
	TAILQ_ENTRY(tailed) link;	/* in its lineage */
	TAILQ_ENTRY(tailed) queued;	/* where there is something to do */
	TAILQ_ENTRY(tailed) tended;	/* where time decides */
	TAILQ_ENTRY(tailed) used;	/* all, the longest unused first */
	enum tailed_state state;
	uint64_t tag;
	unsigned flags;			/* of INPUT_FILE */
	int fd;
	struct slice path;		/* owned */
	struct lineage *lineage;
	struct track *track;		/* NULL until one is found */
	unsigned refuted;		/* tracks that it turned out not to be */
	struct feed *feed;		/* of a gzip, with lines of its own */
	struct lines *lines;
	uint64_t size, most;		/* as last seen; of this track */
	int64_t mtime;			/* nanoseconds */
	int64_t stirred;		/* steady time: new, changed, or gone */
	int64_t grown, arrived;		/* steady times */
	bool is_queued, is_tended;
	bool eof;
	bool unclear;			/* held, and nobody knows what it is */
	bool gone;			/* the name is another's */
	bool hole_told, error_told;
};

/* A truncation of which it is not known yet what it cost. */
struct cut {
	TAILQ_ENTRY(cut) link;
	struct lineage *lineage;
	struct stream stream;		/* the one that ended there */
	int64_t when, due;		/* wall, steady */
	bool unread, active, copied;
};
TAILQ_HEAD(cuts, cut);

struct tail {
	const struct judge_room *room;
	struct tail_spans spans;
	struct tracker *tracker;
	struct map *by_tag;
	struct tailed_list queue, tended, used;
	struct cuts cuts;
	struct lines *lines;		/* for all plain files in turn */
	struct loop_timer *tick;
	size_t count, limit;
	struct log_limit short_told;
	int64_t began;			/* steady */
	bool listed, reviewed;
};

struct tail *tail_new(const struct judge_room *room,
    const struct tail_spans *spans);
void tail_free(struct tail *tl);
int tail_heard(struct tail *tl, enum input_frame type, struct slice body,
    int fd);
bool tail_work(struct tail *tl);

/* tailread.c */

/* Size and time as they are now; -1 with errno. */
int tailed_look(struct tailed *f);
/* Something happened to it just now. */
void tailed_stir(struct tailed *f);
/* One piece; true when there is more. May close the file, then false. */
bool tailed_read(struct tail *tl, struct tailed *f);
/* The rest of a gzip can't be had: a gap, and the file is closed. */
void tailed_broken(struct tail *tl, struct tailed *f, const char *how);
/* The last line of a plain file, although nobody ended it. */
void tailed_end(struct tail *tl, struct tailed *f);

/* tail.c, for the other two. */

bool tailed_is_over(const struct tailed *f);
void tail_queue(struct tail *tl, struct tailed *f);
void tail_tend(struct tail *tl, struct tailed *f);
/* Closes the file; its track stays known. */
void tail_close(struct tail *tl, struct tailed *f);
void tail_gap(struct tail *tl, struct lineage *lin, struct slice reason,
    int64_t from, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* claim.c */

/*
 * Finds the track of a file that has none, or holds it, or closes it when it
 * is none of ours. Is called again while it is held.
 */
void claim_resolve(struct tail *tl, struct tailed *f);
/* One more piece of the way of a gzip; true while there is more. */
bool claim_seek(struct tail *tl, struct tailed *f);
/* The bytes that were read are no more: the file begins anew. */
void claim_truncated(struct tail *tl, struct tailed *f);

/* losses.c */

/* A file was truncated; unread: not all that was seen of it was read. */
void losses_cut(struct tail *tl, struct tailed *f, bool unread);
/* What such a stream still held was found elsewhere. */
void losses_copied(struct tail *tl, struct stream s);
/* Says what truncations cost, once that is clear. */
void losses_review(struct tail *tl);
/* Says which files went away; once, some time after the listing. */
void losses_missing(struct tail *tl);
#endif
