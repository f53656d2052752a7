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

/* What an output needs from the courier. */
struct courier_room {
	struct loop *loop;
	void *transport;	/* outputs/transport.h */
	void *owner;
	/*
	 * Ends a batch: the first `count` parcels came to `what`; with RETRY
	 * the wait is at least `wait` microseconds (0: the courier's own
	 * back-off). reason is shown in status.
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
	 * back with each option's path. May be NULL.
	 */
	void (*needs)(const void *options, void (*need)(void *arg,
	    const char *path, bool append), void *arg);
	/*
	 * Starts; `fds` are what `needs` asked for, opened, in the same order.
	 * Owner of the returned state: stop.
	 */
	void *(*start)(const void *options, const int *fds, size_t fd_count,
	    const struct courier_room *room, struct err *err);
	/* A batch to deliver; valid until done is called. */
	void (*send)(void *state, const struct parcel *parcels, size_t count);
	void (*stop)(void *state);
};

#endif
