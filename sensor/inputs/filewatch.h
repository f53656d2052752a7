/*
 * The watch side of the file input: which files there are, and which of them
 * changed. filetree.c walks down to directories and hears inotify, filelist.c
 * lists them, filewatch.c knows the files and tells the judge. None reads a
 * byte of a log.
 */
#ifndef VEDETTE_FILEWATCH_H
#define VEDETTE_FILEWATCH_H

#include <sys/queue.h>
#include <sys/stat.h>

#include "base/map.h"
#include "inputs/glob.h"
#include "inputs/input.h"

enum {
	FILEWATCH_FILES_MAX = 65536,
	FILEWATCH_DIRS_MAX = 8192,
	FILEWATCH_SIBLINGS_MAX = 20,
};

/* One glob at one depth: what it says about the names in a directory. */
struct glob_step {
	const struct glob *glob;
	unsigned depth;
};

struct watched_dir {
	TAILQ_ENTRY(watched_dir) link;
	struct watched_dir *parent;	/* NULL: the root */
	char *name, *path;		/* path ends without a slash */
	int fd;				/* O_PATH */
	dev_t dev;
	ino_t ino;
	int wd;				/* -1: polled */
	bool poll;
	size_t entries;			/* names in it, when last listed */
	struct glob_step *steps;
	size_t step_count;
};

struct watched_file {
	TAILQ_ENTRY(watched_file) link;
	TAILQ_ENTRY(watched_file) queued;	/* while wanted or grew */
	struct watched_dir *dir;	/* NULL: the name is another's now */
	char *name;
	uint64_t tag;			/* 0: the judge does not hold it */
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime;
	int64_t grew_at;
	unsigned flags;			/* of INPUT_FILE */
	bool wanted, grew;		/* in which queue it is */
	bool refused;			/* when it was last opened */
};

TAILQ_HEAD(watched_dirs, watched_dir);
TAILQ_HEAD(watched_files, watched_file);

struct filewatch {
	struct watch_room *room;
	struct glob *globs;
	size_t glob_count;
	int root;
	struct watched_dirs dirs;
	struct watched_files files;
	struct watched_files wanted;	/* to be opened and handed over */
	struct watched_files grown;
	size_t dir_count, file_count;
	struct map *by_wd, *by_path;	/* directories */
	struct map *by_name, *by_inode, *by_tag;	/* files */
	struct map *noticed;
	uint64_t last_tag;
	bool walked, listed;
	int inotify;			/* -1: there is none */
	struct loop_fd *ready;
	struct loop_timer *calm, *poll, *round, *retry;
	struct buf frame, key;
};

/* globs are taken over. NULL after filling err. */
struct filewatch *filewatch_new(struct watch_room *room, struct glob *globs,
    size_t count, struct err *err);
int filewatch_begin(struct filewatch *w, struct err *err);
void filewatch_told(struct filewatch *w, enum input_frame type,
    struct slice body);
void filewatch_free(struct filewatch *w);

/* For filetree.c: what became of a name, or of all names of a directory. */
struct name_match {
	bool watched, rotated, from_end;
};
void filewatch_look(struct filewatch *w, struct watched_dir *d,
    const char *name, struct name_match how);
void filewatch_modified(struct filewatch *w, struct watched_dir *d,
    const char *name);
void filewatch_lost_dir(struct filewatch *w, struct watched_dir *d);
/* Every file that the judge holds may have grown. */
void filewatch_all_grew(struct filewatch *w);
/* Hands over and tells what there is to tell. */
void filewatch_flush(struct filewatch *w);
/* One line for the log, at most once per subject. */
void filewatch_notice(struct filewatch *w, const char *path, const char *name,
    const char *what);

/*
 * filelist.c: looks at a name if it is asked for; at all that are; at those
 * that we know and that are no more; at the older siblings of a name.
 */
void filelist_look(struct filewatch *w, struct watched_dir *d,
    const char *name);
void filelist_scan(struct filewatch *w, struct watched_dir *d);
void filelist_lost(struct filewatch *w, struct watched_dir *d);
void filelist_siblings(struct filewatch *w, struct watched_dir *d,
    const char *name);

/* filetree.c */
void filetree_look(struct filewatch *w, struct watched_dir *d,
    const char *name);
int filetree_begin(struct filewatch *w, struct err *err);
void filetree_end(struct filewatch *w);
/* Looks at this directory once a second from now on. */
void filetree_poll(struct filewatch *w, struct watched_dir *d);

#endif
