/*
 * One run of scan, and its parts: reading files, printing alerts, telling how
 * far it is. Only scan's own files look in here.
 */
#ifndef VEDETTE_SCAN_H
#define VEDETTE_SCAN_H

#include "cli/args.h"
#include "daemon/detector.h"
#include "inputs/lines.h"

enum { FORMAT_TEXT, FORMAT_JSON };

/* What the closing line tells of. */
struct tally {
	uint64_t lines;
	uint64_t bare;		/* lines in no format that is known */
	uint64_t alerts[LEVEL_CRITICAL + 1];
	uint64_t held;		/* matches that are no alerts */
	uint64_t unread;	/* files that can't be read to their end */
};

struct progress {
	bool wanted;		/* there is a terminal, and nobody said -q */
	bool shown;
	bool shared;		/* alerts go to a terminal, too */
	int64_t began, next;	/* when it began, and is to be shown again */
	uint64_t total;		/* bytes of all files; 0: nobody knows */
	uint64_t done;		/* of the files before the present one */
};

struct scan {
	/* from the command line */
	const char *config, *logsource, *tz, *jobs;
	struct strlist rules;
	int format;
	bool quiet;
	/* of the whole run */
	struct config loaded;
	struct detector det;
	struct lines *lines;
	struct host host;
	struct buf out;
	int64_t shown_second;	/* when shown_time stands for it */
	struct buf shown_time;
	struct tally tally;
	struct progress progress;
	/* of the present file */
	const char *name;
	struct feed *feed;
	struct record record;
	uint64_t line;
};

/* Reads one file, or standard input for "-", and prints its alerts. */
void scan_file(struct scan *s, const char *path);
/* Its parts. A file of this name begins, last changed then; */
void scan_begin(struct scan *s, const char *name, int64_t latest);
/* a line of it is held against the rules, which is the s->line'th; */
void scan_hold(struct scan *s, const struct line *line);
/* it ends with s->line, so many lines of it in no known format; */
void scan_end(struct scan *s, uint64_t bare);
/* it can't be read to its end. */
void scan_cant(struct scan *s, const char *why);

/* How a file begins. */
struct scan_look {
	struct slice first;	/* until the next line is read */
	bool packed;
	const char *other;	/* why it is no log, or NULL */
};
struct scan_look scan_look(struct scan *s, int fd);

/* Prints a match as --format says; what detector_run calls back. */
void scan_matched(void *scan, const struct match *m);
/* Writes what was printed; it ends the program when that fails. */
void scan_flush(struct scan *s);
/* "vedette scan: WHAT: WHY" on standard error. */
void scan_complain(struct scan *s, const char *what, const char *why);

/*
 * A line on the terminal that says how far it is: from the first second on,
 * and only where standard error is a terminal. To be called now and then;
 * erased before anything else is written, and at the end.
 */
void progress_begin(struct scan *s, char **paths);
void progress_tell(struct scan *s);
void progress_erase(struct scan *s);
/* "1,000,000 lines, 12 alerts (2 high), 0.9 s" on standard error. */
void scan_close(struct scan *s);

#endif
