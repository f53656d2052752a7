/*
 * What the judge tells the supervisor once, before any foreign byte is read:
 * which roles the configuration needs and where things are. So the supervisor
 * reads no configuration.
 */
#ifndef VEDETTE_PLAN_H
#define VEDETTE_PLAN_H

#include <limits.h>

#include "daemon/role.h"

enum { PLAN_SECRETS_MAX = 64 };

struct plan {
	char state[PATH_MAX], run[PATH_MAX];
	unsigned roles;		/* bits 1 << enum role, besides the judge */
	/* Files that only root may read, for the courier, in order. */
	char *secrets[PLAN_SECRETS_MAX];
	size_t secret_count;
};

void plan_make(struct plan *p, const struct config *c);
void plan_pack(const struct plan *p, struct buf *out);
/* -1 when it is no plan. plan_free ends it in either case. */
int plan_unpack(struct plan *p, struct slice body);
void plan_free(struct plan *p);

#endif
