/*
 * What reach.c finds out and reach_why.c explains.
 */
#ifndef VEDETTE_REACH_INSIDE_H
#define VEDETTE_REACH_INSIDE_H

#include "engine/reach.h"
#include "engine/ruleset.h"

/* What a field of an event may be; each is more than the one before. */
enum { FIELD_ABSENT, FIELD_FIXED, FIELD_ANY };

/* Fields whose values alone are in the way, of an event that is sure. */
struct blocked {
	uint16_t fields[REACH_NAMES];
	uint8_t count;
};

struct standing {
	enum reach_verdict verdict;
	const char *only;
	struct slice by;
	struct slice place;	/* that would do, if this is its format: */
	const char *place_only;
};

/* A log source that rules ask for. */
struct reach_source {
	struct logsource source;
	bool covered;		/* by some event that is sure to come */
	unsigned char *fields;	/* the most that one of these says of each */
	uint32_t *rules;
	size_t count;
};

struct reach {
	struct ruleset *rs;
	struct arena *keep;
	unsigned char *state;	/* by field: of what is looked at now */
	size_t fields;
	unsigned char anywhere;	/* the same for keywords */
	/* What is fixed may be anything for now, but for this field. */
	bool loose;
	size_t strict;
	struct blocked *blocked;	/* by rule */
	struct reach_source *sources;
	size_t source_count;
	uint32_t *source_of;	/* by rule */
	struct standing *rules;
	/* By rule: where in counted a correlation's first rule is. */
	uint32_t *first;
	struct standing *counted;
};

/* What a rule's condition may come to, with fields as x->state has them. */
unsigned reach_can(struct reach *x, const struct rule *r);
/* Notes which values are in the way, if nothing else is. */
void reach_blocked(struct reach *x, size_t rule);
/* Fills in why a rule is not sure to match. */
void reach_explain(struct reach *x, size_t rule, struct reach_view *out);

#endif
