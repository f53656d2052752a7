/*
 * What all lists of records have in common: a table that folds what is the
 * same, --by, --json, --csv, --limit, and the line of what was observed.
 */
#ifndef VEDETTE_LISTING_H
#define VEDETTE_LISTING_H

#include "cli/args.h"
#include "cli/fold.h"
#include "cli/screen.h"

enum { LISTING_FIELDS_MAX = 6 };

struct form;

struct listing {
	const struct args_list *options;
	const char *noun;	/* "alert" */
	const struct form *form;
	struct screen screen;
	struct arena *arena;	/* one row */
	struct slice fields[LISTING_FIELDS_MAX];	/* --by */
	size_t field_count;
	struct fold fold;
	uint64_t records, open;
	uint64_t excepted;	/* matches held back; said beside alerts */
	uint64_t seq;		/* the newest that was seen */
	bool reversed;		/* rows come newest first, for --limit */
	bool following;
	bool headed;		/* the CSV heading is out */
	struct buf text;	/* JSON or CSV */
	struct strlist lines;	/* reversed: kept until the end */
	struct buf header;	/* before, unless empty */
	struct buf observed;	/* behind; standard error with JSON and CSV */
};

/*
 * -1 after filling err when the options do not go together. The options must
 * outlive the listing. Owner: listing_free, in either case.
 */
int listing_init(struct listing *l, const struct args_list *options,
    const char *noun, struct err *err);
void listing_free(struct listing *l);
/* Takes the JSON of an ASK_ROW. */
void listing_row(struct listing *l, struct slice row);
/* Takes the JSON of an ASK_OBSERVED. */
void listing_observed(struct listing *l, struct slice observed);
/* Prints what there is to print, then header and coverage. */
void listing_end(struct listing *l);
/* From here on each row is printed as it comes. */
void listing_follow(struct listing *l);

#endif
