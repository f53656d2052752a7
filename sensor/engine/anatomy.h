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

#endif
