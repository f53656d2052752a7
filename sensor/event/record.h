/*
 * A record is what an input gives: some bytes with the place where they stood.
 */
#ifndef VEDETTE_RECORD_H
#define VEDETTE_RECORD_H

#include <stdint.h>

#include "base/slice.h"

enum { STREAM_LEN = 6, ID_LEN = 16 };

/* One run of bytes that can be addressed by offset; see DESIGN, "Ids". */
struct stream {
	unsigned char b[STREAM_LEN];
};

enum record_form {
	FORM_TEXT,	/* one line of a log file, without its newline */
	FORM_JSON,	/* one line that is a JSON object */
	FORM_JOURNAL,	/* fields of a journal entry, see below */
};

enum {
	RECORD_CUT = 1,		/* longer than RECORD_MAX, the rest is lost */
	RECORD_PARTIAL = 2,	/* the file ended without a newline */
};

enum { RECORD_MAX = 65536 };

/*
 * FORM_JOURNAL: for each field a u32 length (host order) and that many bytes
 * "NAME=value"; besides journald's own names, __REALTIME_TIMESTAMP (decimal
 * microseconds) and __CURSOR.
 */
struct record {
	enum record_form form;
	unsigned flags;
	struct slice bytes;
	struct slice source;	/* path of the log file, or "journal" */
	struct stream stream;
	uint64_t offset;	/* 40 bits count */
	int64_t received;	/* when we read it */
};

/* Identity of what a rule says about a record: stream, offset and a hash. */
struct id {
	unsigned char b[ID_LEN];
};

/*
 * rule is the rule's id (or the kind of an event of record), key what tells
 * several alerts of one rule on one record apart (mostly empty).
 */
struct id record_id(const struct record *r, struct slice rule,
    struct slice key);
/* Stream of a source's identity on this host. */
struct stream stream_make(struct slice host_id, struct slice identity,
    uint64_t truncations);

/*
 * How far a stream was read, as it goes into the journal with the alerts. The
 * state is the input's own business (text).
 */
struct position {
	struct stream stream;
	struct slice input;	/* "file", "journal" */
	struct slice source;	/* path */
	uint64_t offset;
	struct slice state;
};

/*
 * Something that was not observed. Times in microseconds since the epoch;
 * count is how many records were lost, or GAP_UNKNOWN.
 */
#define GAP_UNKNOWN UINT64_MAX
struct gap {
	struct slice source;
	struct slice reason;	/* truncated, suppressed, dropped, stopped... */
	struct slice detail;
	int64_t from, until;
	uint64_t count;
};

#endif
