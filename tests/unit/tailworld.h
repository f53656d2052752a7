/*
 * A world for the file input: real files, a real inotify and a real loop, and
 * between watch and judge side a queue instead of sockets. What the judge
 * would have kept is kept here, and a crash loses what was not committed.
 */
#ifndef VEDETTE_TAILWORLD_H
#define VEDETTE_TAILWORLD_H

#include "check.h"

#include "inputs/filewatch.h"
#include "inputs/tail.h"

struct world_record {
	TAILQ_ENTRY(world_record) link;
	struct stream stream;
	uint64_t offset;
	unsigned flags;
	char *source;
	struct buf text;
};

struct world_frame {
	TAILQ_ENTRY(world_frame) link;
	enum input_frame type;
	struct buf body;
	int fd;
};

struct world_position {
	TAILQ_ENTRY(world_position) link;
	struct stream stream;
	char *source;
	uint64_t offset;
	struct buf state;
};

TAILQ_HEAD(world_records, world_record);
TAILQ_HEAD(world_frames, world_frame);
TAILQ_HEAD(world_positions, world_position);

struct world {
	char dir[64];
	struct loop *loop;
	struct loop_timer *beat;
	struct watch_room watch_room;
	struct judge_room judge_room;
	struct filewatch *watch;
	struct tail *tail;
	struct tail_spans spans;
	struct world_frames frames;
	/* The journal, and the transaction that is open. */
	struct world_records kept, open;
	struct world_positions positions, changed;
	struct map *ids;		/* stream and offset: kept records */
	struct buf gaps, notices;	/* a line each */
	unsigned gap_count, notice_count, lies, again, forged;
	unsigned files, grews;		/* frames of these kinds */
	bool busy, stalled;
	unsigned idle_beats, beats_wanted;
	/* What the input says; set before world_start. */
	const char *globs[4];
	struct strlist *exclude;
	bool beginning, poll;
	size_t limit;			/* of open files; 0: many */
};

void world_open(struct world *w);
/* Ends everything and removes the directory. */
void world_close(struct world *w);

/* Watch and judge begin with what was committed. */
void world_start(struct world *w);
/* They end, and what was not committed is lost; a commit before loses none. */
void world_crash(struct world *w);
void world_commit(struct world *w);
void world_restart(struct world *w);

/* Runs until nothing has happened for a while. */
void world_settle(struct world *w);
/* Runs for so many milliseconds. */
void world_run(struct world *w, unsigned ms);

/* Texts of all records kept or open, in order, '|' behind each. */
struct buf world_texts(struct world *w);
size_t world_count(struct world *w);

/* Files below the world's directory. */
char *world_path(struct world *w, const char *name);
void world_write(struct world *w, const char *name, const char *text);
void world_rename(struct world *w, const char *from, const char *to);
void world_copy(struct world *w, const char *from, const char *to);
void world_truncate(struct world *w, const char *name);
void world_gzip(struct world *w, const char *name);
void world_remove(struct world *w, const char *name);
void world_mkdir(struct world *w, const char *name);

#endif
