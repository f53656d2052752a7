/*
 * What the parts of verify share: one walk over the journal, and what was
 * found wrong so far.
 */
#ifndef VEDETTE_STORE_VERIFY_H
#define VEDETTE_STORE_VERIFY_H

#include "store/inside.h"

struct check {
	struct store *st;
	struct verdict *out;
	struct arena *arena;
	struct buf keep;
	struct buf lines;	/* what is wrong, one line each */
	uint64_t count[CLASS_COUNT], bad[CLASS_COUNT];
	struct link at[CLASS_COUNT];
	uint64_t floor;		/* up to here records may be missing */
	uint64_t last;
	struct link expected;	/* of expect_head */
	bool expecting, met;
};

/* One thing that is wrong; seq 0 when it is no record's. */
void wrong(struct check *c, uint64_t seq, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* --- verify_row.c: one record by itself ----------------------------------- */

/* Whether each column is of the type that we write, before any is converted. */
bool types_fit(sqlite3_stmt *q);
/* A record has a salt and a body, or what is left after both were erased. */
bool is_whole_or_erased(sqlite3_stmt *q);
/* Holds the columns against the body. */
void check_body(struct check *c, const struct row *row);

/* --- verify_file.c: what is beside the records; -1 when it can't be read -- */

int check_state(struct check *c, struct err *err);
int check_schema(struct check *c, struct err *err);
int check_pages(struct check *c, struct err *err);

#endif
