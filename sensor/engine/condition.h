/*
 * The condition of a rule: from text to a tree over the rule's identifiers,
 * and from any tree over predicates to a short program.
 */
#ifndef VEDETTE_CONDITION_H
#define VEDETTE_CONDITION_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum expr_type {
	EXPR_TEST,	/* predicate number n */
	EXPR_LINK,	/* what an identifier stands for: first */
	EXPR_NOT,	/* of first */
	EXPR_AND,	/* of first and its siblings; of none: true */
	EXPR_OR,	/* of first and its siblings; of none: false */
};

struct expr {
	enum expr_type type;
	uint32_t n;
	struct expr *first, *next;
};

/* What a condition may name. */
struct identifier {
	struct slice name;
	struct expr *expr;
	bool used;		/* set when a condition names it */
};

enum { CONDITION_MAX = 16384, CONDITION_DEPTH_MAX = 64 };

struct expr *expr_new(struct arena *a, enum expr_type type);
/* A test of a predicate. */
struct expr *expr_test(struct arena *a, uint32_t n);

/*
 * Reads a condition. The tree lives in the arena and links to the
 * identifiers' trees. NULL after filling err, with the offset in *at.
 */
struct expr *condition_parse(struct arena *a, struct slice text,
    struct identifier *ids, size_t count, size_t *at, struct err *err);

#endif
