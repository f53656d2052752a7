/*
 * What the files of the store share. No other room includes this, and none
 * but these files sees SQLite.
 */
#ifndef VEDETTE_STORE_INSIDE_H
#define VEDETTE_STORE_INSIDE_H

#include <sqlite3.h>

#include "store/store.h"

enum {
	JOURNAL_VERSION = 1,		/* PRAGMA user_version */
	JOURNAL_APPLICATION = 0x76656474,	/* "vedt" */
	COLUMN_MAX = 512,		/* bytes of an indexed text */
	SALT_LEN = 32,
	SHORT_BITS = 48,
	EPOCH_BITS = 12,
};
/* The same in SQL: records whose indexes are together. */
#define EPOCH "seq >> 12"

/* A place in a chain: a record and its hash. Zero is before the first. */
struct link {
	uint64_t seq;
	struct digest hash;
};

/* Records up to the anchor are no longer kept. */
struct chain {
	struct link anchor, head;
};

/* What a commit makes true and a rollback takes back. */
struct tally {
	struct chain chains[CLASS_COUNT];
	uint64_t last;		/* the newest sequence number */
	uint64_t state;		/* see state.c */
	bool counted;		/* kinds are known */
	uint64_t kinds[KIND_COUNT];
};

/* What was found out about open alerts, and when it must be again. */
struct open_alerts {
	bool known;
	uint64_t decisions;
	uint64_t anchors[CLASS_COUNT];
	uint64_t closed;
	int64_t oldest;		/* 0: none */
};

/* Statements that are kept; their text is in statement.c. */
enum statement {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_INSERT,
	SQL_BY_ID,
	SQL_STATE_OF,
	SQL_STATE_GET,
	SQL_STATE_PUT,
	SQL_STATE_DROP,
	SQL_STATE_EACH,
	SQL_PAGES,
	SQL_FREE_PAGES,
	SQL_COUNT_FROM,
	SQL_OLDEST,
	SQL_DELETE,
	SQL_STATEMENTS,
};

struct store {
	sqlite3 *db;
	char *dir;		/* absolute, without links */
	int dirfd;
	int lock;
	bool writer;
	bool running;		/* of a reader: a writer had the lock */
	bool full;		/* the last change failed for it, or for I/O */
	bool tight;		/* there is no room for the reserve */
	uint64_t half;		/* pages, of the file system; 0: not known */
	bool dropping;		/* tidy_size is at work */
	bool open;		/* a transaction */
	bool host_new;
	char host_before[33];
	bool corrupt;		/* a page was not what it must be */
	char damaged[32];	/* file of the journal that this one replaces */
	int64_t damaged_since;
	bool brought;		/* all of its state */
	size_t pending;
	size_t frames;		/* in the WAL */
	size_t checkpoint_at;
	struct store_limits limits;
	struct host host;
	struct tally kept, now;
	struct open_alerts alerts;
	unsigned char salts[512];	/* random bytes in stock */
	size_t salts_left;
	struct buf scratch[5];	/* columns that had to be repaired */
	sqlite3_stmt *statements[SQL_STATEMENTS];
};

/* --- store.c: failing, transactions -------------------------------------- */

/*
 * Fills err with what SQLite says. fail_write also gives up the open
 * transaction, and remembers whether the disk was full. Both give -1.
 */
int fail_read(struct store *st, const char *doing, struct err *err);
int fail_write(struct store *st, const char *doing, struct err *err);
struct store *store_new(void);
/* Takes the powers away that a journal from elsewhere might use. */
void store_harden(struct store *st);
/* Opens a transaction unless one is. */
int store_begin(struct store *st, struct err *err);

/* --- statement.c ---------------------------------------------------------- */

/* The statement, reset and without values; NULL after filling err. */
sqlite3_stmt *statement(struct store *st, enum statement which,
    struct err *err);
void statements_reset(struct store *st);
void statements_free(struct store *st);
int prepare(struct store *st, const char *sql, sqlite3_stmt **out,
    struct err *err);
/* 1 a row, 0 the end, -1 after filling err (and nothing else). */
int step_read(struct store *st, sqlite3_stmt *q, const char *doing,
    struct err *err);
/* Runs a statement that changes; -1 has given up the transaction. */
int step_write(struct store *st, sqlite3_stmt *q, const char *doing,
    struct err *err);
/* First column of the first row of a text of ours; -1 when that fails. */
int read_number(struct store *st, const char *sql, int64_t *out,
    struct err *err);
/* Runs statements that give no rows. */
int run_sql(struct store *st, const char *sql, struct err *err);

/* The empty slice is NULL. */
void bind_text(sqlite3_stmt *q, int at, struct slice s);
void bind_blob(sqlite3_stmt *q, int at, struct slice s);
void bind_number(sqlite3_stmt *q, int at, uint64_t n);
struct slice column_slice(sqlite3_stmt *q, int at);
uint64_t column_number(sqlite3_stmt *q, int at);

/* --- record.c: one record and its columns --------------------------------- */

/* The columns of SQL that reads records, in this order. */
#define RECORD_COLUMNS \
	"seq, kind, class, level, time, received, short, id, rule, title," \
	" user, source, session, about, salt, hash, digest, reason, body"
enum column {
	COL_SEQ, COL_KIND, COL_CLASS, COL_LEVEL, COL_TIME, COL_RECEIVED,
	COL_SHORT, COL_ID, COL_RULE, COL_TITLE, COL_USER, COL_SOURCE,
	COL_SESSION, COL_ABOUT, COL_SALT, COL_HASH, COL_DIGEST, COL_REASON,
	COL_BODY,
};

/* Reads the row that a statement stands on; false when it can't be one. */
bool row_read(sqlite3_stmt *q, struct row *out);
/* First SHORT_BITS bits of the id's SHA-256: the column short. */
uint64_t short_of(struct id id);
/*
 * A text as it stands in a column: valid UTF-8 as the JSON writer makes it,
 * cut to COLUMN_MAX bytes. It may be kept in the buf.
 */
struct slice column_text(struct slice s, struct buf *keep);
/* State of an alert, from decisions about it. */
int state_of_alert(struct store *st, struct id id, enum row_state *out,
    struct err *err);

/* --- chain.c -------------------------------------------------------------- */

/*
 * Half of a salt is random, the other half a digest of the row's columns: so
 * the chain, which takes salt and body in, covers the columns too.
 */
void salt_make(struct store *st, const struct row *row,
    unsigned char salt[SALT_LEN]);
bool salt_fits(struct slice salt, const struct row *row);
/* What a record adds to its chain; kept when its body is erased. */
struct digest chain_digest(struct slice salt, struct slice body);
struct digest chain_hash(const struct digest *before, uint64_t seq,
    enum kind kind, const struct digest *record);
struct slice class_name(enum class class);
/* Reads where the chains stand; writes what has changed since. */
int chain_load(struct store *st, struct err *err);
int chain_save(struct store *st, struct err *err);

/* --- state.c: what changes (positions, cursors, heads), by name ----------- */

/* 1 found (value appended), 0 not, or its check sum is wrong. */
int state_get(struct store *st, const char *space, struct slice key,
    struct buf *value, struct err *err);
int state_put(struct store *st, const char *space, struct slice key,
    struct slice value, struct err *err);
int state_drop(struct store *st, const char *space, struct slice key,
    struct err *err);
/* Calls back for what has the right check sum. */
int state_each(struct store *st, const char *space,
    void (*each)(void *arg, struct slice key, struct slice value), void *arg,
    struct err *err);
/* Reads and writes the check sum over all of it. */
int state_load(struct store *st, struct err *err);
int state_save(struct store *st, struct err *err);
/* Check sum of one. */
uint64_t state_sum(const char *space, struct slice key, struct slice value);

/* --- the rest -------------------------------------------------------------- */

/* Steps of SQL from version i to i + 1. */
extern const char *const journal_steps[JOURNAL_VERSION];
/* Runs what is missing of count steps; refuses what is newer. */
int migrate(struct store *st, const char *const *steps, int count,
    struct err *err);
/* Refuses any other version. */
int migrate_check(struct store *st, struct err *err);

/* 1 the host id fits or was made, 0 this is another host; -1. */
int host_check(struct store *st, const struct host_marks *marks,
    struct err *err);
int host_load(struct store *st, struct err *err);

/* --- aside.c: what can't go on stays beside the new journal --------------- */

/* To be called without a connection; another host's, a damaged one. */
int aside_copy(struct store *st, struct err *err);
int aside_damaged(struct store *st, struct err *err);
/* Whether store_condemn was called for it. */
bool aside_is_condemned(const struct store *st);
/* Brings over what is left of the damaged one's state. */
int aside_bring(struct store *st, struct err *err);

/* The lock: one byte for the writer, one against copying while it writes. */
int lock_writer(struct store *st, struct err *err);
bool lock_checkpoint(struct store *st);
void unlock_checkpoint(struct store *st);
/* For readers: whether a writer runs; keeps it from checkpoints. */
bool lock_is_held(const char *dir);
int lock_copying(const char *dir);

/* After a commit: drops records while there are more than the limit. */
void tidy_size(struct store *st);
void reserve_make(struct store *st);

#endif
