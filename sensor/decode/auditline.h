/*
 * One record of the kernel's audit as auditd writes it:
 *
 *	[node=HOST ]type=TYPE msg=audit(SECONDS.MILLIS:SERIAL): KEY=VALUE ...
 *
 * A value is a word, or stands in double quotes, or is the hex of its bytes
 * where a user chose them and some could deceive. User space puts its own part
 * between single quotes (msg='KEY=VALUE ...'), and auditd may add names of ids
 * behind a byte 0x1d (log_format = ENRICHED).
 */
#ifndef VEDETTE_AUDITLINE_H
#define VEDETTE_AUDITLINE_H

#include <stdint.h>

#include "base/arena.h"

struct auditline {
	struct slice node, type;
	int64_t time;
	uint64_t serial;	/* time and serial together name an event */
	struct slice rest;	/* behind the colon */
};

struct auditpair {
	struct slice key, value;
	bool quoted;
	/*
	 * The value is not in the line's bytes: it was hex, or is a piece of
	 * an argument, which lies behind the piece before it.
	 */
	bool decoded;
};

/* False: it is no such record. */
bool auditline_read(struct slice bytes, struct auditline *out);

/* Goes through the pairs of a line. */
struct auditwalk {
	struct slice rest;	/* of the part that is walked */
	struct slice behind;	/* what follows the part in single quotes */
	bool entered;		/* that part, which there is once */
	bool args;		/* a0, a1... hold text: it is an EXECVE */
	unsigned char *room;	/* for decoded values, of the arena */
	size_t room_len;
};

/*
 * Decoded values go to the arena; when it is full they stay as they are, and
 * auditwalk_full says so.
 */
struct auditwalk auditwalk_begin(const struct auditline *line,
    struct arena *arena);
bool auditwalk_next(struct auditwalk *w, struct auditpair *out);
bool auditwalk_full(const struct auditwalk *w);

/*
 * Whether a key of an EXECVE is an argument: a3, or a piece of one, a3[1].
 * *n is its number.
 */
bool auditline_arg(struct slice key, uint64_t *n);
/* Whether it is such a piece; *whole is the argument's own name, a3. */
bool auditline_piece(struct slice key, struct slice *whole, uint64_t *n);

#endif
