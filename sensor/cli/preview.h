/*
 * What an exception would have hidden: the alerts of a rule in the journal,
 * held against it.
 */
#ifndef VEDETTE_PREVIEW_H
#define VEDETTE_PREVIEW_H

#include "cli/fold.h"
#include "cli/inquiry.h"
#include "cli/screen.h"
#include "daemon/detector.h"

struct preview {
	struct detector *detector;
	size_t exception;	/* its number in the ruleset */
	struct slice rule;	/* id */
	int64_t since;		/* what is listed begins here */
	uint64_t alerts, hidden;	/* since then */
	uint64_t older;		/* hidden, from before */
	struct fold hides, stays;	/* by who */
	uint64_t true_hidden;	/* closed as true, at any time */
	struct buf true_ids;	/* the first of them */
	struct arena *row;
	struct map *verdicts;	/* of alerts closed as true */
};

/*
 * Asks the journal. -1 after filling err when it can't be asked. Owner:
 * preview_free, in either case.
 */
int preview_ask(struct preview *p, struct inquiry *q, struct err *err);
void preview_free(struct preview *p);
/* "hides 12 of 14 alerts of the last 30 days", and whose. */
void preview_print(struct preview *p, const struct screen *s);

#endif
