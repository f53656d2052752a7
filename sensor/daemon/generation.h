/*
 * One set of roles that belong together: a judge with its watch roles and its
 * courier. A reload makes a new one beside the old.
 */
#ifndef VEDETTE_GENERATION_H
#define VEDETTE_GENERATION_H

#include <sys/types.h>

#include "daemon/plan.h"

struct generation;

/*
 * heard is called with frames of its roles; it may free the generation.
 * Owner: caller.
 */
struct generation *generation_new(struct loop *l, const struct leaves *leaves,
    const struct run_options *opts,
    void (*heard)(void *arg, struct generation *g, enum to_supervisor what,
    struct slice body), void *arg);
/* Kills what still runs. NULL is allowed. */
void generation_free(struct generation *g);

/* Starts the judge, which tells the plan. */
int generation_begin(struct generation *g, struct err *err);
/* Starts what the plan names and connects it to the judge. */
int generation_complete(struct generation *g, struct err *err);
/* Starts one role again and connects it to the judge. */
int generation_restart(struct generation *g, enum role r, struct err *err);
/* All roles have said that they are ready. */
bool generation_ready(const struct generation *g);
/* fd -1: none; a given one is closed behind it. */
void generation_tell(struct generation *g, enum role r, enum to_role what,
    struct slice body, int fd);
/* Valid once SUP_PLAN was heard. */
const struct plan *generation_plan(const struct generation *g);
/* The plan names the role, and it does not run. */
bool generation_misses(const struct generation *g, enum role r);
/* Bytes that the role has not taken yet. */
size_t generation_waiting(const struct generation *g, enum role r);
/* 0 when the role does not run. */
pid_t generation_pid(const struct generation *g, enum role r);
/*
 * Whether the pid was one of its roles, and which; it is forgotten, but what
 * it said last is heard with generation_hear_out, which may end the
 * generation by what is heard.
 */
void generation_hear_out(struct generation *g, enum role r);
bool generation_reaped(struct generation *g, pid_t pid, enum role *r);

#endif
