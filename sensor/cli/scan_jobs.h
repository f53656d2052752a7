/*
 * scan on several cores. Files, and pieces of large ones, are sifted by
 * processes of their own: each decodes its lines and tells which of them some
 * rule matches, and remembers nothing. The parent runs those again, in the
 * order in which they stand, and prints what comes of it. So whatever rules
 * count, suppress or wait for comes out as from one process, byte for byte.
 */
#ifndef VEDETTE_SCAN_JOBS_H
#define VEDETTE_SCAN_JOBS_H

#include "cli/scan.h"

enum { SCAN_JOBS_MAX = 256 };

/* What a worker tells the parent of: this, and len bytes behind it. */
struct step {
	enum step_kind {
		STEP_RECORD,	/* a record that a rule matches */
		STEP_END,	/* of the piece; the bytes say what is wrong */
	} kind;
	uint32_t flags;		/* of the record */
	uint64_t line;		/* 1 is the piece's first; END: how many */
	uint64_t offset;	/* of the record; END: lines in no format */
	uint64_t len;
};

/* A file, or lines of it. */
struct piece {
	const char *path;
	uint64_t from, until;	/* lines that begin there */
	uint64_t bytes;
	int64_t latest;		/* the file's last change */
	int fd;			/* -1: the parent reads it by itself */
	bool first, last;	/* of its file */
};

/* The paths of a run, one piece after the other. */
struct pieces {
	struct scan *scan;
	char **paths;		/* those that were not begun */
	struct piece next;	/* goes on where next.from is, if next.fd != -1 */
	uint64_t size;
};

/* False: there are no more. The descriptor of the piece is the caller's. */
bool pieces_next(struct pieces *p, struct piece *out);

/* In a worker: sifts a piece and writes steps to fd. */
void scan_sift(struct scan *s, const struct piece *piece, int fd);

/* Scans all with so many workers, as scan_file does one after the other. */
void scan_parallel(struct scan *s, char **paths, unsigned jobs);

#endif
