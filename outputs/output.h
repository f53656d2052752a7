/*
 * An output is a leaf that brings journal records to somewhere else. It runs
 * in the courier, which owns the loop; an output never blocks and never sees
 * the journal: it is given a batch and says what became of it.
 */
#ifndef VEDETTE_OUTPUT_H
#define VEDETTE_OUTPUT_H

#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/opt.h"
#include "event/alert.h"

/* One journal record on its way: seq orders, body is its JSON. */
struct parcel {
	uint64_t seq;
	enum kind kind;
	enum level level;
	int64_t time;
	struct slice id;	/* 16 bytes */
	struct slice body;
};

enum delivery {
	DELIVERED,	/* the receiver has it, or nobody can know better */
	RETRY,		/* not now; the courier waits and gives it again */
	REFUSED,	/* never: a dead letter */
	HELD,		/* wrong credentials or address: wait long, alarm */
};

enum { OUTPUT_BATCH_MAX = 256 };

/* What an output needs from the courier. */
struct courier_room {
	struct loop *loop;
	void *owner;
	/*
	 * Says what became of the next `count` parcels of the batch, in order,
	 * as often as needed until all are accounted for. RETRY and HELD (with
	 * count 0) end the batch at once: what is not accounted for is given
	 * again later; with RETRY after at least `wait` microseconds (0: the
	 * courier's own back-off). reason is shown in status and copied. May
	 * be called from within send; never calls send itself.
	 */
	void (*done)(void *owner, size_t count, enum delivery what,
	    int64_t wait, const char *reason);
};

struct output {
	const char *name;		/* "webhook" */
	const struct opt *options;
	size_t options_size;
	size_t batch;			/* most parcels at once */
	/* Checks options beyond their types; -1 after diag_error. */
	int (*check)(const void *options, const struct node *at,
	    struct diag *d);
	/*
	 * Files that hold secrets or must be opened before sealing: calls
	 * back with each option's path. append: to be opened for appending
	 * (O_RDWR | O_APPEND | O_CREAT, mode 0640), else for reading. May be
	 * NULL.
	 */
	void (*needs)(const void *options, void (*need)(void *arg,
	    const char *path, bool append), void *arg);
	/*
	 * The program's name under which what is sent may come back through an
	 * input. May be NULL: it does not.
	 */
	const char *(*echo)(const void *options);
	/*
	 * Starts, before the courier is sealed: loads and warms what it uses,
	 * and may block. `fds` are what `needs` asked for, opened, in the same
	 * order, or -1 for one that could not be; they are the output's from
	 * here on, whatever the result. NULL after filling err. Owner of the
	 * returned state: stop.
	 */
	void *(*start)(const void *options, const int *fds, size_t fd_count,
	    const struct courier_room *room, struct err *err);
	/* A batch to deliver; valid until all of it is accounted for. */
	void (*send)(void *state, const struct parcel *parcels, size_t count);
	void (*stop)(void *state);
};

#endif
