/*
 * One event to look at: a line of a log or of JSON, from a file, from standard
 * input or from what the journal keeps.
 */
#ifndef VEDETTE_SPECIMEN_H
#define VEDETTE_SPECIMEN_H

#include "cli/command.h"
#include "event/record.h"

struct specimen {
	struct buf line;
	struct buf group;	/* lines of one audit event, also it; or empty */
	enum record_form form;
};

/*
 * from is "-", FILE (its first line, or an object over several), FILE:LINE
 * (of a packed file, too), or the id of a record of the journal; an alert as JSON stands for the line
 * in it. -1 after filling err. Ends with specimen_free in either case.
 */
int specimen_read(struct specimen *sp, const struct registry *reg,
    const struct args_place *place, const char *from, struct err *err);
void specimen_free(struct specimen *sp);
/* The record, as if it had just come; a view of the specimen. */
struct record specimen_record(const struct specimen *sp);

#endif
