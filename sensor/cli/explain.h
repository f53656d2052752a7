/*
 * One run of rules explain, and its parts. Only explain's own files look in
 * here.
 */
#ifndef VEDETTE_EXPLAIN_H
#define VEDETTE_EXPLAIN_H

#include "cli/dissect.h"
#include "cli/rules_session.h"
#include "engine/anatomy.h"

/* What a group of a correlation came to when it was nearest to an alert. */
struct near_group {
	struct slice *values;
	double measure, off;
	bool holds;
	uint64_t seen;		/* see counting_view */
	int64_t from, until;
	uint64_t counted;	/* matches, at all times */
};

/* What a correlation made of the events that were given. */
struct counts {
	uint64_t events, alerts;
	uint64_t results[COUNTING_RESULTS];
	struct slice missing;	/* a field that matches lacked, or empty */
	struct map *names;	/* to the groups */
	struct near_group *groups;	/* in the end the nearest first */
	size_t count;
	uint64_t others;	/* matches of more groups than can be told */
};

struct explain {
	struct session session;
	const char *state;
	struct arena *arena;
	struct rule_view rule;
	struct dissected parts;
	int *questions;		/* by part; -1: it asks for nothing */
	struct anatomy anatomy;
	bool correlates;
	struct correlation_view correlation;
	struct counts counts;
	bool counting;		/* events were given */
	/* of the event, if one was given */
	struct slice line;	/* empty: none was */
	struct record record;
	bool *yes;		/* by part */
	struct slice *values;	/* by part: what its field has, for people; */
				/* p is NULL where it is not there */
	bool *holds;		/* by test of the anatomy */
	struct slice sources;	/* "linux / sshd, linux / auth" */
	bool matched;
	bool held;		/* and yet no alert, because of */
	enum hold why;
	struct slice by, owner;
	bool foreign;		/* of other log sources than the rule's */
	bool echo;		/* an output of ours wrote it */
};

/* Reads the rule's documents again and asks the engine about their parts. */
int explain_parts(struct explain *e);
/* Holds the event against the rule and all of its parts. */
void explain_hold(struct explain *e);

/* The part that decided against the event, or NULL: all that must hold does. */
const struct part *explain_failed(const struct explain *e);
/*
 * Where that part is a "not": the part below it that holds and should not;
 * else the part itself.
 */
const struct part *explain_culprit(const struct explain *e,
    const struct part *failed);
/* What the event has in a part's field; "(not there)". Clean text. */
struct slice explain_value(const struct explain *e, const struct part *p);

/*
 * Holds all events of a log against a correlation, or the one of FILE:LINE or
 * of the journal. -1 after diag_error.
 */
int explain_count(struct explain *e, const struct registry *reg,
    const char *what);
void explain_count_free(struct explain *e);

/* Reads one event into e->line; see specimen.h. -1 after diag_error. */
int explain_event(struct explain *e, const struct registry *reg,
    const char *what);

void explain_groups_print(const struct explain *e);
void explain_groups_json(const struct explain *e, struct jsonw *w);
void explain_print(const struct explain *e);
void explain_json(const struct explain *e);

#endif
