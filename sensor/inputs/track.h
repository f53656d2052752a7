/*
 * What the judge knows of log files by what it read of them: a track is one
 * stream and how far it was read; a lineage is all that ever stood under one
 * name, its rotated copies included. Kept in the journal as positions.
 */
#ifndef VEDETTE_TRACK_H
#define VEDETTE_TRACK_H

#include <sys/queue.h>

#include "base/map.h"
#include "inputs/identity.h"
#include "inputs/input.h"

struct tailed;
struct lineage;

struct track {
	TAILQ_ENTRY(track) link;
	struct track *next_there;	/* further ones of the same inode */
	struct lineage *lineage;
	struct stream stream;
	struct identity id;
	uint64_t offset;
	unsigned mode;			/* enum lines_mode, at offset */
	uint64_t truncations;
	int64_t mtime;			/* of the file, nanoseconds */
	bool gzip;
	bool homeless;		/* cut or damaged: only contents can tell it */
	bool finished;		/* nothing can come any more */
	bool loaded;		/* from a stored position */
	bool seen;		/* a file was found for it since we began */
	struct tailed *file;	/* that is open, or NULL */
};

TAILQ_HEAD(tracks, track);
TAILQ_HEAD(tailed_list, tailed);

struct lineage {
	struct slice path;
	struct tracks tracks;		/* older first */
	struct tailed_list files;	/* open ones, older first */
	/*
	 * Unknown siblings last written before this (nanoseconds) are older
	 * than what we know, and none of our business.
	 */
	int64_t floor;
	uint64_t floor_ino;	/* the one written just then, or 0 */
	bool fresh;	/* no position was stored when we began */
};

struct tracker {
	const struct judge_room *room;
	struct map *lineages;		/* by path */
	struct map *by_inode;
	size_t count;
	int64_t now;			/* nanoseconds, when it was made */
};

/* Reads the stored positions. */
struct tracker *tracker_new(const struct judge_room *room);
void tracker_free(struct tracker *tr);

/* The lineage of a path, or NULL; tracker_lineage makes one. */
struct lineage *tracker_find(struct tracker *tr, struct slice path);
struct lineage *tracker_lineage(struct tracker *tr, struct slice path);

/* First of those that lay at this inode; further ones by next_there. */
struct track *tracker_there(struct tracker *tr, const struct identity *id);

/*
 * A new track of a file at a place. If a damaged position of this very stream
 * is left, it is that one, from byte 0 on.
 */
struct track *track_new(struct tracker *tr, struct lineage *lin,
    const struct identity *id, uint64_t truncations);
/* Its bytes were found at another place. */
void track_move(struct tracker *tr, struct track *t,
    const struct identity *id);
/* The place holds other bytes now. */
void track_evict(struct tracker *tr, struct track *t);
/* Puts it into the journal as it is now. */
void track_store(struct tracker *tr, struct track *t);
/* Whether an unknown sibling is older than what we know of the lineage. */
bool lineage_is_past(const struct lineage *lin, int64_t mtime, uint64_t ino);
/* Forgets the oldest closed ones of a lineage that has too many. */
void lineage_trim(struct tracker *tr, struct lineage *lin);

#endif
