/*
 * Rules with "expect" in their vedette: map alert on nothing that they match,
 * but when it does not come: at least once in a span, or once in a part of
 * the day. See expect.c for what is counted, and when.
 */
#ifndef VEDETTE_EXPECT_H
#define VEDETTE_EXPECT_H

#include "engine/memory.h"
#include "engine/rule.h"

enum { EXPECT_BY_MAX = 4 };

/* What a rule awaits. Lives as long as the rules. */
struct expectation {
	int64_t every;		/* span; 0: a part of the day */
	int64_t from, until;	/* of local time's day */
	unsigned days;		/* 1 << 0 is Monday */
	uint16_t by[EXPECT_BY_MAX];	/* fields; each group is awaited */
	size_t by_count;
	struct slice text;	/* "at least once every 26h" */
	struct rule *rule;
	struct holder *holder;
	struct expectations *all;
};

/* A part of a day, as points in time. */
struct daypart {
	int64_t from, until;
};

/* Reads the map; -1 after diag_error. */
int expect_read(struct load *l, const struct node *map, struct rule *r);
/* The first part of a day that ends after a time. */
struct daypart expect_next(const struct expectation *e, int64_t after);

struct expectations;

/* Of the rules that expect something. Owner: caller. */
struct expectations *expectations_new(struct memory *m, struct schema *s,
    struct rule *rules, size_t count);
void expectations_free(struct expectations *x);
/* The rule, which expects, matched. */
void expectations_seen(struct expectations *x, struct rule *r,
    const struct event *ev);
/* To be told before memory_time: begins to await what nobody awaits yet. */
void expectations_begin(struct expectations *x, int64_t now);
/* See engine.h, ruleset_unobserved. */
void expectations_unobserved(struct expectations *x, struct slice source,
    int64_t from, int64_t until);

#endif
