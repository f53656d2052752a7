/*
 * Records of one audit event, kept until it is whole: the kernel tells of an
 * execve(2) in a SYSCALL, EXECVEs, a CWD, PATHs, a PROCTITLE and an EOE, of
 * which auditd and old kernels leave out some, and the records of several
 * events may stand in any mixture.
 *
 * Only events that start a program are kept, GROUPS_MAX at a time; what comes
 * first has to be SYSCALL. All of it is bounded.
 */
#ifndef VEDETTE_AUDITGROUP_H
#define VEDETTE_AUDITGROUP_H

#include "decode/auditline.h"
#include "event/record.h"

enum {
	AUDIT_GROUPS_MAX = 16,
	/* Records of others after which an event is held to be whole. */
	AUDIT_GROUP_WAIT = 32,
	AUDIT_GROUP_BYTES = 256 * 1024,
};

struct auditgroup {
	/* The first record; its bytes are all of them, a newline between. */
	struct record record;
	bool cut;		/* there were more than AUDIT_GROUP_BYTES */
};

struct auditgroups;

struct auditgroups *auditgroups_new(void);
void auditgroups_free(struct auditgroups *g);
/*
 * Takes a record in, if it belongs to an event that is kept, or begins one:
 * it is the SYSCALL of what starts a program.
 */
void auditgroups_add(struct auditgroups *g, const struct record *r,
    const struct auditline *line, bool begins);
/*
 * The next event that is whole, or with all the next that there is; NULL:
 * none. It is valid until the next call of any of these functions.
 */
const struct auditgroup *auditgroups_take(struct auditgroups *g, bool all);

#endif
