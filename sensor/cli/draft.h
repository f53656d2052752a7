/*
 * An exception that is being written: from options to YAML to a file.
 */
#ifndef VEDETTE_DRAFT_H
#define VEDETTE_DRAFT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"

struct draft {
	const char *rule;	/* id */
	struct slice title;	/* of the rule, for people; may be empty */
	struct strlist match;	/* "field|modifier=value" */
	const char *until;	/* as typed: a date, a time, or a span from now */
	const char *reason, *owner, *ticket;	/* ticket may be NULL */
};

/*
 * Appends the YAML. -1 after filling err: a selection without "=", an end
 * that is none or is past, a text that can't stand in one line.
 */
int draft_write(const struct draft *d, int64_t now, struct buf *out,
    struct err *err);
/*
 * Puts the YAML into a new file of the directory, which is made if it is not
 * there, and appends its path: whole or not at all, mode 0644, and over no
 * other file. name is what the file is called, as far as a file may be. -1
 * after filling err; errno tells EACCES and EROFS from the rest.
 */
int draft_keep(const char *dir, struct slice name, struct slice yaml,
    struct buf *path, struct err *err);

#endif
