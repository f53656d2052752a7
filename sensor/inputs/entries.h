/*
 * Entries of systemd's journal apart from libsystemd: how the fields of one
 * are packed for the judge, what a cursor says, and the judge's side of
 * in_journal.
 */
#ifndef VEDETTE_ENTRIES_H
#define VEDETTE_ENTRIES_H

#include "base/buf.h"
#include "inputs/input.h"

enum { CURSOR_MAX = 1024 };

/* Flags of INPUT_RECORD besides RECORD_CUT; one without bytes is a place. */
enum {
	ENTRY_BEHIND_GAP = 1 << 8,	/* what was read last is vacuumed */
	ENTRY_ALL = 1 << 9,	/* no entry is left out: numbers are counted */
};

/*
 * The ranks in which fields are added, so that no field of a client pushes
 * out what journald knows, the message, or what the message is read by.
 */
enum rank { RANK_TRUSTED, RANK_HEADING, RANK_MESSAGE, RANK_OTHER, RANKS };

/*
 * Adds "NAME=value" to a record's bytes when it is of this rank, cut to what
 * may be kept of it. False: it was cut, or left out altogether.
 */
bool entries_add(struct buf *fields, enum rank rank, struct slice field);

/*
 * Whether two cursors name one entry, perhaps in two files: journald numbers
 * entries anew when it flushes them from /run to /var.
 */
bool entries_same(struct slice a, struct slice b);

/* The judge's side; see input.h. */
void *entries_open(const struct judge_room *room);
int entries_heard(void *state, enum input_frame type, struct slice body,
    int fd);
bool entries_work(void *state);
void entries_settle(void *state);
void entries_committed(void *state);
void entries_close(void *state);

#endif
