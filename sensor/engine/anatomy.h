/*
 * How rules were compiled, for people who ask about one: what it tests, how
 * each test is answered, who else asks the same; and questions about parts of
 * it, which the engine answers as it answers the rule.
 */
#ifndef VEDETTE_ANATOMY_H
#define VEDETTE_ANATOMY_H

#include "engine/engine.h"

/*
 * A question: selections and a condition over them, as under "detection",
 * compiled with the rules and asked by hand. To be added after the rules were
 * loaded and before ruleset_compile; its number, or -1 when it can't be read.
 */
int ruleset_question(struct ruleset *rs, const struct node *detection);
bool ruleset_holds(struct ruleset *rs, size_t question,
    const struct event *ev);
/* Calls back for each test of a question, once. */
void ruleset_question_tests(const struct ruleset *rs, size_t question,
    void (*each)(void *arg, uint32_t test), void *arg);

/*
 * Calls back for the filter documents that are laid over a rule. Before
 * ruleset_compile: afterwards they are part of it.
 */
void ruleset_filters(const struct ruleset *rs, size_t rule,
    void (*each)(void *arg, const char *file, unsigned line), void *arg);

/* One test of one field. Equal ones of all rules are one and have one number. */
struct test_view {
	uint32_t test;
	const char *kind;	/* "suffix", "regex" */
	bool cased;
	size_t texts;		/* that are looked for, of which one is enough */
	struct slice field;	/* empty: anywhere */
	const char *cost;	/* a word of what it takes, and */
	const char *answered;	/* the same in more words */
	bool wakes;		/* the rule is looked at when it is found */
	size_t shared;		/* other rules that ask the same */
	/* A glob or a regex is looked at only where one of these stands. */
	const struct slice *hints;
	size_t hint_count;
};

struct anatomy {
	struct test_view *tests;	/* in the order of the program */
	size_t count;
	size_t steps;			/* of the program */
	bool idle;			/* switched off: no event is held to it */
	/* What it comes to, tests by their place from 1: "1 and not 2". */
	struct slice program;
};
/* Of a rule that is no correlation, after ruleset_compile; in the arena. */
struct anatomy ruleset_anatomy(const struct ruleset *rs, size_t rule,
    struct arena *a);
/* Appends what a test wants of its field: "/curl", "/wget". Foreign bytes. */
void ruleset_test_text(const struct ruleset *rs, uint32_t test,
    struct buf *out);
bool ruleset_test_holds(struct ruleset *rs, uint32_t test,
    const struct event *ev);

/* --- correlations --- */

/* One of the rules that a correlation counts. */
struct counted_view {
	struct slice name;	/* as the correlation calls it */
	size_t rule;
};

struct alias_view {
	struct slice name, rule, field;
};

struct correlation_view {
	const char *type;	/* "event_count" */
	bool temporal;		/* it asks which rules were seen */
	int64_t timespan, late, rearm;
	const struct slice *group, *values;	/* names of fields */
	size_t group_count, value_count;
	/* ">= 5", "all of the rules", or a text over their names. */
	struct slice condition;
	double enough;		/* where that is a least one; else 0 */
	const struct counted_view *counted;
	size_t counted_count;
	const struct alias_view *aliases;
	size_t alias_count;
	bool generate;		/* what is counted raises alerts, too */
	bool eager;		/* decides with each match, not at the end */
	uint64_t groups_most;
	size_t values_most;	/* different ones of a group; 0: not told apart */
};
bool ruleset_correlates(const struct ruleset *rs, size_t rule);
/* Of a correlation, after ruleset_compile; in the arena. Else false. */
bool ruleset_correlation(const struct ruleset *rs, size_t rule,
    struct arena *a, struct correlation_view *out);

/* What became of a match of one of the rules. */
enum counting_result {
	COUNTING_DONE,		/* it is in the window */
	COUNTING_KNOWN,		/* the window has it already */
	COUNTING_NO_GROUP,	/* it lacks a field of the group */
	COUNTING_NO_VALUE,	/* it lacks what is measured */
	COUNTING_LATE,		/* its window was decided already */
	COUNTING_RESTS,		/* the group rests after an alert */
	COUNTING_CLOSED,	/* no match: the window was decided */
	COUNTING_RESULTS,
};

struct counting_view {
	enum counting_result result;
	size_t counted;		/* which of the rules */
	struct slice missing;	/* with NO_GROUP and NO_VALUE: the field */
	/* The rest is there with DONE, KNOWN and CLOSED. */
	const struct slice *values;	/* of the group */
	double measure;		/* what the window comes to */
	double off;		/* how far that is from what is wanted */
	bool holds;
	uint64_t seen;		/* temporal: the rules in it, bit by bit */
	int64_t from, until;	/* the first and the last in it */
};
/* Calls back with what becomes of each match that a correlation counts. */
void ruleset_watch(struct ruleset *rs, size_t rule,
    void (*each)(void *arg, const struct counting_view *v), void *arg);

#endif
