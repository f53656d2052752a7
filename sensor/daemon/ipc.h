/*
 * Frames between roles, over a Unix stream socket: u32 length of the body (at
 * most FRAME_MAX), u16 type, u16 zero, body; a descriptor may ride along. A
 * table says which types there are, how long each may be and whether it
 * carries a descriptor; whoever sends anything else is cut off. A descriptor
 * for which this process has no room arrives as -1.
 */
#ifndef VEDETTE_IPC_H
#define VEDETTE_IPC_H

#include "base/err.h"
#include "base/loop.h"
#include "base/slice.h"

enum { FRAME_MAX = 256 * 1024 };

struct frame_rule {
	const char *name;	/* NULL: no such frame in this direction */
	size_t min, max;	/* of the body */
	bool fd;		/* carries a descriptor */
};

struct ipc;

struct ipc_use {
	const struct frame_rule *rules;	/* of what comes in, by type */
	size_t rule_count;
	/*
	 * One frame; a given descriptor is now the callee's (else -1). -1
	 * means that the sender lies: closed is called, which may free.
	 */
	int (*frame)(void *arg, unsigned type, struct slice body, int fd);
	/* The other side is gone, or lied; why is for the log. */
	void (*closed)(void *arg, bool lied, const char *why);
	/* All that waited is sent; may be NULL. */
	void (*drained)(void *arg);
	void *arg;
};

/* Takes the descriptor. NULL, with errno, when the loop refuses it. */
struct ipc *ipc_new(struct loop *l, int fd, const struct ipc_use *use);
/* Sends what can be sent without waiting, then closes. */
void ipc_free(struct ipc *c);
/* Never blocks; what the socket does not take waits. Takes fd if not -1. */
void ipc_send(struct ipc *c, unsigned type, struct slice body, int fd);
/* Takes what has come in already, without waiting for the loop. */
void ipc_hear_out(struct ipc *c);
size_t ipc_waiting(const struct ipc *c);

/* socketpair(2) with CLOEXEC on both and O_NONBLOCK; -1 with errno. */
int ipc_pair(int pair[2]);

#endif
