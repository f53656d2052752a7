/*
 * What a ruleset is made of. Only the files of engine/ that are about all
 * rules at once look in here.
 */
#ifndef VEDETTE_RULESET_H
#define VEDETTE_RULESET_H

#include "engine/correlation.h"
#include "engine/expect.h"
#include "engine/filters.h"
#include "engine/lint.h"
#include "engine/roster.h"
#include "engine/tuning.h"

/* A part of a rule that is asked by hand; see anatomy.h. */
struct question {
	struct expr *expr;	/* while building */
	uint32_t *code;
	size_t code_len;
};

struct ruleset {
	struct arena *keep, *build;
	struct schema *schema;
	struct predicates *predicates;
	struct rule *rules;
	size_t count, room;
	struct filter *filters;
	size_t filter_count;
	size_t refused;		/* documents that were wrong or left out */
	struct beside *beside;	/* tests in files of their own */
	struct roster *roster;
	struct tuning *tuning;
	struct memory *memory;
	struct expectations *expectations;
	struct correlator *correlator;
	bool follow;		/* events tell the time */
	int64_t now;		/* as they told it */
	const struct node *placeholders;
	struct ruleset_limits limits;
	struct lint lint;	/* advice NULL: is not asked for */
	struct buf digests;	/* of the files, in order */
	struct question *questions;
	size_t question_count;
};

/* What is at hand while something of this name is read. */
struct load ruleset_load_begin(struct ruleset *rs, const char *name,
    struct diag *d);
void questions_compile(struct ruleset *rs);

#endif
