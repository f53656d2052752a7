/*
 * The judge's side of the control socket. The supervisor accepts and passes
 * each connection on; who asks is what the kernel says of the other end, and
 * what he may is decided here. Reading needs the group "vedette", deciding
 * "vedette-analyst", reloading root. A refusal becomes a record.
 *
 * Bounded: 64 connections, 48 of users, 16 of one user; a request of 128 KiB
 * within 10 s; one piece of an answer (64 KiB and one record) in memory each;
 * 10 s without a byte read end a connection.
 */
#ifndef VEDETTE_CONTROL_H
#define VEDETTE_CONTROL_H

#include <sys/types.h>

#include "base/loop.h"
#include "daemon/ask.h"
#include "engine/engine.h"
#include "store/store.h"

struct control;

/* Who asks. */
struct caller {
	uid_t uid;
	pid_t pid;
	uint32_t login;
};

/* Numbers that no user and no group has: (uid_t)-1, (gid_t)-1. */
struct control_room {
	struct loop *loop;
	struct store *store;
	void *owner;
	uid_t own;		/* may do all besides root; -1: nobody */
	gid_t readers, analysts;	/* -1: there is no such group */
	/* Adds members to the open object; ask.h says which. */
	void (*status)(void *owner, struct jsonw *w);
	/* Appends and commits: 0 durable, -1 after filling err. */
	int (*keep)(void *owner, const struct entry *e, struct err *err);
	/* Commits what is open, so that nothing is shown that may vanish. */
	void (*settle)(void *owner);
	/* Begins a reload; control_reply with the token ends it. */
	void (*reload)(void *owner, uint64_t token,
	    const struct caller *who);
	/*
	 * The rule that an id, 6 characters or more of its front, or a name
	 * means; -1 after filling err.
	 */
	int (*rule)(void *owner, struct slice text, struct rule_info *out,
	    struct err *err);
	/* Holds its matches back, see ruleset_mute. */
	void (*mute)(void *owner, struct slice id, const struct mute *m);
	/* Name of a user, or empty. */
	struct slice (*user)(void *owner, uid_t uid);
};

/* The room is copied. Owner: control_free, which closes all connections. */
struct control *control_new(const struct control_room *room);
void control_free(struct control *c);
/* Connections that are open. */
size_t control_count(const struct control *c);
/*
 * Takes a connection; the descriptor is control's from here on. login is the
 * caller's login uid as the supervisor saw it, (uint32_t)-1 for none.
 */
void control_accept(struct control *c, int fd, uint32_t login);
/* Ends a request that waits; unknown tokens are those who went away. */
void control_reply(struct control *c, uint64_t token, uint32_t status,
    struct slice text);

/*
 * Keeps a decision (see ask.h) as a record of its own, with who made it; -1
 * after filling err for the caller to read. In decide.c.
 */
int decide(const struct control_room *room, const struct caller *who,
    const struct json *request, struct err *err);
/*
 * Keeps that a rule is muted (see ask.h) as a record, then does it; reply
 * says for people what was done. -1 after filling err. In decide.c.
 */
int decide_mute(const struct control_room *room, const struct caller *who,
    const struct json *request, struct buf *reply, struct err *err);
/*
 * Keeps that a request was refused; unrecorded is how many before it were
 * not kept, because there were too many. In decide.c.
 */
int decide_refused(const struct control_room *room, const struct caller *who,
    const char *command, const char *reason, uint64_t unrecorded);

#endif
