/*
 * The courier's engine: brings batches of journal records to the outputs and
 * says what became of them. How batches arrive and where answers go is the
 * role's business.
 *
 * Each output has one batch at most and a back-off of its own, so a dead
 * receiver costs the others nothing. Memory is what the largest batch of each
 * output took, however long an outage lasts: what waits, waits in the journal.
 */
#ifndef VEDETTE_COURIER_H
#define VEDETTE_COURIER_H

#include "base/loop.h"
#include "daemon/config.h"

struct courier;

struct courier_state {
	enum delivery now;	/* DELIVERED: well; RETRY: down; HELD: alarm */
	int64_t since;		/* when that began, wall clock */
	int64_t retry_in;	/* span until the next attempt */
	uint64_t delivered;	/* parcels, since the courier started */
	uint64_t refused;
	uint64_t retries;
	const char *reason;	/* of the last failure; "" when none */
};

/*
 * How the courier answers; called from the loop or from within courier_batch.
 * A hook must not call the courier.
 */
struct courier_hooks {
	void *owner;
	/*
	 * Everything up to seq is dealt with: delivered, or told as dead
	 * before. Comes at the end of each batch and, while a batch lasts, once
	 * a second when there is progress.
	 */
	void (*acked)(void *owner, size_t output, uint64_t seq);
	/* The receiver will never take this one; the ack that covers it comes
	   later. */
	void (*dead)(void *owner, size_t output, uint64_t seq,
	    const char *reason);
	/*
	 * An output went down, was tried again in vain, or came back. May be
	 * called from courier_new, for an output that cannot start.
	 */
	void (*state)(void *owner, size_t output,
	    const struct courier_state *state);
};

/* Calls back for each file that must be opened before sealing, in order. */
void courier_needs(const struct config *config, void (*need)(void *arg,
    const char *path, bool append), void *arg);

/*
 * Starts all outputs, before the role is sealed. fds are the descriptors for
 * what courier_needs named, in the same order (-1: could not be opened); they
 * are the courier's from here on. An output that cannot start is HELD until
 * the next reload and the others work. Never NULL. config and loop must
 * outlive it.
 */
struct courier *courier_new(struct loop *loop, const struct config *config,
    const int *fds, size_t fd_count, const struct courier_hooks *hooks);
/* Drops what is under way; it comes again by its cursor. NULL is allowed. */
void courier_free(struct courier *c);

/*
 * Takes a batch for an output and copies it. To be called only when there is
 * none outstanding, that is at the start and after an ack of the last seq of
 * the batch before; seqs rise. -1, and nothing is done, when that does not
 * hold, the output does not exist, a parcel has a kind, level or id that there
 * is not, or count is 0 or more than courier_batch_max: the caller's bug or a
 * lie.
 */
int courier_batch(struct courier *c, size_t output,
    const struct parcel *parcels, size_t count);
/* Most parcels that an output takes at once. */
size_t courier_batch_max(const struct config *config, size_t output);

#endif
