/*
 * The journal: one SQLite database in a directory of mode 0700. Written by
 * the judge alone, read by it and, when it is dead or elsewhere, by commands.
 * DESIGN, "The journal", says what is promised; nobody else sees SQLite.
 */
#ifndef VEDETTE_STORE_H
#define VEDETTE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/json.h"
#include "event/alert.h"
#include "event/record.h"

struct store;

/* Retention class; each has a hash chain of its own. */
enum class { CLASS_BULK, CLASS_EVIDENCE, CLASS_COUNT };

struct store_limits {
	uint64_t size;		/* bytes on disk, the oldest bulk goes first */
	int64_t bulk;		/* age at which bulk records go */
	int64_t evidence;	/* the same for evidence; 0 is no limit */
};

/*
 * What a host id is bound to: digests of /etc/machine-id and of the product
 * uuid, and this host's name. What can't be read is left out.
 */
struct host_marks {
	char name[256];
	bool has_machine, has_product;
	struct digest machine, product;
};
/* For before sealing; the product uuid wants root. */
void host_marks_read(struct host_marks *out);

/*
 * Opens for writing: makes the directory (0700, its parent must be there) and
 * its database if there is none, takes the lock (a second writer is refused),
 * migrates an older version, refuses a newer one, makes or checks the host
 * id. marks NULL: they are read now. -1 after filling err; errno is then
 * EWOULDBLOCK when there is another writer, who may be about to end.
 */
int store_open(const char *dir, const struct store_limits *limits,
    const struct host_marks *marks, struct store **out, struct err *err);
/*
 * Opens for reading, whoever runs: never writes below dir. Without a -wal it
 * is opened immutable, else database and -wal are copied to a private
 * temporary directory that store_close removes.
 */
int store_open_read(const char *dir, struct store **out, struct err *err);
/* Commits what is open. NULL is allowed. */
void store_close(struct store *st);

/* Host id (32 hex digits) and name; the name is cut to 255 bytes. */
const struct host *store_host(const struct store *st);
/*
 * The host id was made anew by this open, because the old did not fit: this
 * is a copy of another host. That one's journal was set aside.
 */
bool store_host_is_new(const struct store *st);
/* The id that did not fit (32 hex digits), else the empty string. */
const char *store_host_before(const struct store *st);

/*
 * A journal whose pages are damaged is set aside when it is opened, and a new
 * one takes over its host id, its positions and what rules remember, as far
 * as these can be read. True when this open did that.
 */
struct store_damage {
	const char *file;	/* in the same directory */
	int64_t since;		/* it was last written, to the second */
	bool whole;		/* all that is to be brought over was */
};
bool store_replaced(const struct store *st, struct store_damage *out);
/* A page was read that can't be right: nothing more can be kept here. */
bool store_is_corrupt(const struct store *st);
/* Asks the next open to set this journal aside. */
void store_condemn(struct store *st);

/* What is to be kept. Slices need to live until store_append returns. */
struct entry {
	enum kind kind;
	enum class class;
	struct id id;
	int64_t time;		/* of the event */
	int64_t received;
	enum level level;
	/*
	 * rule.id, or the kind of event of record; of a decision "ack",
	 * "note" or "close", and ack and close make the state of a row.
	 */
	struct slice rule;
	struct slice title;	/* rule.name, or what the list shows */
	struct slice user;	/* user.name */
	struct slice source;	/* source.ip, else source.address */
	struct slice session;
	struct id about;	/* decisions: whom they are about */
	bool has_about;
	struct slice body;	/* JSON */
};

/*
 * A transaction is opened by the first append, position or cursor after a
 * commit.
 * store_append: 0 kept, 1 already there (the first write of an id wins), -1
 * after filling err (disk full, I/O): nothing of the open transaction is
 * kept, and the caller may try again later.
 */
int store_append(struct store *st, const struct entry *e, struct err *err);
int store_position(struct store *st, const struct position *p,
    struct err *err);
int store_forget(struct store *st, struct stream s, struct err *err);
/* Durable after 0. Nothing open is 0. */
int store_commit(struct store *st, struct err *err);
void store_rollback(struct store *st);
/* Entries in the open transaction. */
size_t store_pending(const struct store *st);

/* Calls back for each stored position of an input. */
int store_positions(struct store *st, const char *input,
    void (*each)(void *arg, const struct position *p), void *arg,
    struct err *err);

/*
 * Items: bytes by key that may change, unlike records. Put and delete belong
 * to the transaction as store_append does. An item that was changed by hand
 * counts as absent. No item may be put or deleted from within each.
 */
enum items {
	ITEMS_REMEMBERED,	/* what rules remember, see engine.h */
	ITEMS_LOADED,		/* the rules that were loaded last */
	ITEMS_LOAD,		/* about that load */
	ITEMS_COUNT,
};
int store_item_put(struct store *st, enum items space, struct slice key,
    struct slice value, struct err *err);
int store_item_delete(struct store *st, enum items space, struct slice key,
    struct err *err);
int store_item_each(struct store *st, enum items space,
    void (*each)(void *arg, struct slice key, struct slice value), void *arg,
    struct err *err);

/*
 * Outputs: a cursor is the last sequence number that an output has dealt
 * with; a new output begins at the journal's end (0 records waiting).
 */
int store_cursor(struct store *st, const char *output, uint64_t *seq,
    struct err *err);
int store_cursor_set(struct store *st, const char *output, uint64_t seq,
    struct err *err);
int store_dead_letter(struct store *st, const char *output, uint64_t seq,
    const char *reason, struct err *err);
/* How many records of at least the level wait behind a cursor. */
int store_waiting(struct store *st, uint64_t after, enum level level,
    uint64_t *count, struct err *err);

/* One record, as read. */
struct row {
	uint64_t seq;
	enum kind kind;
	enum class class;
	struct id id;
	int64_t time, received;
	enum level level;
	struct slice rule, title, user, source, session;
	bool has_about;
	struct id about;
	struct slice body;	/* empty: erased */
	/* Of alerts: the latest ack or close, by decisions about it. */
	enum row_state { ROW_OPEN, ROW_ACKED, ROW_CLOSED } state;
};

struct query {
	unsigned kinds;		/* bits 1 << KIND_x; 0: all */
	int64_t since, until;	/* 0: unbounded */
	enum level level;	/* at least */
	struct slice rule;	/* id, or part of the title; empty: any */
	struct slice user, source, session;
	struct id about;
	bool has_about;
	bool open_only;
	uint64_t after;		/* seq greater than this */
	uint64_t before;	/* seq less than this; 0: any */
	uint64_t limit;		/* 0: 1,000,000 */
	bool oldest_first;	/* else newest first */
};

/*
 * Calls back per row in the order of seq, so that after and before page
 * through an answer; a callback that gives -1 ends it without error. -1
 * after filling err.
 */
int store_query(struct store *st, const struct query *q,
    int (*each)(void *arg, const struct row *row), void *arg,
    struct err *err);
/* What a short id (6 hex digits or more, see id_short) stands for. */
int store_find(struct store *st, struct slice digits,
    int (*each)(void *arg, const struct row *row), void *arg,
    struct err *err);
/*
 * The digits that people type: hex of the id's SHA-256, so that they differ
 * early although ids of one stream begin alike. 64 digits and a NUL.
 */
void id_short(struct id id, char out[65]);

struct store_numbers {
	uint64_t records, bytes;
	uint64_t by_kind[KIND_COUNT];
	uint64_t open_alerts;
	int64_t oldest_open, first, last;
	struct digest head[CLASS_COUNT];
	uint64_t head_seq[CLASS_COUNT];
};
int store_count(struct store *st, struct store_numbers *out,
    struct err *err);

/*
 * What was observed between two times: gaps, and the spans in which no sensor
 * ran (from start, stop and heartbeat records). Appends one line for people
 * ("observed 98.6 %: ...") and, if w is not NULL, an object.
 */
int store_observed(struct store *st, int64_t since, int64_t until,
    struct buf *line, struct jsonw *w, struct err *err);

/*
 * Walks the chains. 0 intact, 1 not: `first_bad` is the first record that
 * does not fit and `what` says how (one line per class). expect_head may hold
 * a head as "seq:hex" that must be in the chain (empty: none).
 */
struct verdict {
	uint64_t records;
	uint64_t first_bad;	/* 0: none */
	uint64_t bad;
	struct buf what;
};
int store_verify(struct store *st, struct slice expect_head,
    struct verdict *out, struct err *err);

/*
 * Keeps the limits (and half of the file system): drops a prefix of the bulk
 * chain, keeps its anchor, looks after the reserve. To be called once a
 * minute, and when the journal is full.
 */
int store_tidy(struct store *st, int64_t now, struct err *err);
/* The last failure was a full disk. */
bool store_is_full(const struct store *st);
/* The disk has no room for the reserve, or the reserve is in use. */
bool store_is_tight(const struct store *st);

#endif
