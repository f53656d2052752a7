/*
 * Which rules can match at all, given the events that there may be. What it
 * says no to can't match; a yes is as good as what is known of the events:
 * each field by itself is set to what the rule wants, or it can't be.
 */
#ifndef VEDETTE_REACH_H
#define VEDETTE_REACH_H

#include "engine/engine.h"

struct reach;

enum reach_verdict { REACH_NO, REACH_IF, REACH_YES };

enum reach_why {
	REACH_FINE,
	REACH_OFF,	/* an override switches it off */
	REACH_SOURCE,	/* no event is of its log source */
	REACH_FIELD,	/* a field that it needs is never set */
	REACH_VALUE,	/* a field never holds what it asks for */
	REACH_TOGETHER,	/* its fields are never in one event */
	REACH_RULES,	/* a correlation: what it counts can't match */
	REACH_WHYS,
};

/* Events that may come: from where, and whether they do. */
struct reach_from {
	struct slice by;	/* what makes them, for the listing */
	const char *only;	/* if records are in this format; NULL: sure */
	/* Not empty: they don't come, but would if this place were read. */
	struct slice place;
};

enum { REACH_NAMES = 4 };
struct reach_view {
	enum reach_verdict verdict;
	struct slice by;	/* who decodes such events, of yes and if */
	const char *only;	/* of an if */
	/* Why not, and of an "if" why not without it. */
	enum reach_why why;
	struct slice names[REACH_NAMES];	/* fields, or one rule's id */
	size_t name_count, more;	/* how many more there would be */
	bool any;		/* one of these would do */
	struct slice place;	/* what would have to be read; empty: nothing */
	const char *place_only;	/* and in this format; NULL: as it is */
	bool silent;		/* only correlations hear of its matches */
	/*
	 * It expects what it matches, and alerts when that does not come: so a
	 * no is that it always alerts.
	 */
	bool expects;
};

/* Of a compiled ruleset, which must outlive it. Owner: reach_free. */
struct reach *reach_new(struct ruleset *rs);
void reach_free(struct reach *x);
/* An event that stands for all of a kind: see value_any. */
void reach_event(struct reach *x, const struct event *ev,
    const struct reach_from *from);
/* When all events were given: looks at correlations. */
void reach_end(struct reach *x);
/* After reach_end. */
struct reach_view reach_view(struct reach *x, size_t rule);

#endif
