/*
 * Predicates: one test of one field. Equal predicates of all rules are one,
 * and each is looked at once per event, however many rules ask.
 */
#ifndef VEDETTE_PREDICATE_H
#define VEDETTE_PREDICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/regex.h"
#include "engine/literal.h"
#include "engine/pattern.h"
#include "engine/view.h"

enum predicate_op {
	OP_TEXT,	/* a matcher */
	OP_SET,		/* any of many matchers, none cased, none a glob */
	OP_NULL,	/* absent or null */
	OP_EXISTS,	/* there, be it null */
	OP_NUMBER,	/* equals a number, or its text */
	OP_COMPARE,
	OP_CIDR,
	OP_REGEX,
	OP_FIELDREF,	/* like another field */
	OP_TIME,	/* a part of a time, compared */
	OP_COUNT,
};

enum compare { COMPARE_EQ, COMPARE_LT, COMPARE_LTE, COMPARE_GT, COMPARE_GTE };

struct predicate {
	uint8_t op;			/* enum predicate_op */
	uint16_t field;
	/*
	 * OP_TEXT that is cased or a glob, OP_REGEX: texts of which at least
	 * one stands, folded, in the folded value if the predicate holds. None:
	 * no such are known. Set by predicates_add.
	 */
	const struct slice *hints;
	size_t hint_count;
	union {
		struct matcher text;
		struct {
			struct matcher *items;
			size_t count;
		} set;
		struct {
			struct number number;
			struct slice text;	/* OP_NUMBER: as text */
			enum compare compare;
			enum time_part part;	/* OP_TIME */
		} number;
		struct cidr cidr;
		struct {
			struct slice pattern;
			unsigned flags;
			struct regex *regex;	/* set by predicates_add */
		} regex;
		struct {
			uint16_t field;
			bool cased;
			enum match_type type;
		} ref;
	};
};

struct predicates;

/* Owner: caller. */
struct predicates *predicates_new(void);
void predicates_free(struct predicates *ps);
/* Where what predicates point to lives; unbounded. */
struct arena *predicates_arena(struct predicates *ps);
/*
 * *n becomes the number of a predicate, added if new. -1 after filling err:
 * a regular expression that does not compile, with the offset in *at.
 */
int predicates_add(struct predicates *ps, const struct predicate *p,
    uint32_t *n, size_t *at, struct err *err);
const struct predicate *predicates_get(const struct predicates *ps,
    uint32_t n);
size_t predicates_count(const struct predicates *ps);
/* No predicate is added any more. */
void predicates_seal(struct predicates *ps);

/* Begins an event; all that was known about the last one is forgotten. */
void predicates_event(struct predicates *ps, const struct event *ev);
/*
 * Of the present event it was found out, by looking for many at once, that a
 * predicate holds: surely, or maybe, and is then looked at when asked.
 */
void predicates_find(struct predicates *ps, uint32_t n, bool surely);
/*
 * How far, of what can be found (see seek.h), all predicates asked for from
 * here on have been looked for: what was not found is false then.
 */
enum looked { LOOKED_NOT, LOOKED_FIRST, LOOKED_ALL };
void predicates_looked(struct predicates *ps, enum looked looked);
/* Once sealed: a predicate is among those looked for first. */
void predicates_first(struct predicates *ps, uint32_t n);
bool predicates_is_first(const struct predicates *ps, uint32_t n);
/* *aborted is set when a limit stopped the answer, which then is no. */
bool predicates_test(struct predicates *ps, uint32_t n, bool *aborted);
/* Nanoseconds that regular expressions took since this was asked last. */
int64_t predicates_spent(struct predicates *ps);
/* The values of the present event. */
struct views *predicates_views(struct predicates *ps);

#endif
