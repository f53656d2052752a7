/*
 * A correlation: a rule that counts matches of other rules in windows of
 * time. Read from its document, bound to the rules that it names when all are
 * loaded, and fed with their matches; what it has seen so far lives in
 * memory, one item a group.
 */
#ifndef VEDETTE_CORRELATION_H
#define VEDETTE_CORRELATION_H

#include "engine/memory.h"
#include "engine/rule.h"

enum correlation_type {
	EVENT_COUNT,
	VALUE_COUNT,
	VALUE_SUM,
	VALUE_AVG,
	VALUE_PERCENTILE,
	VALUE_MEDIAN,
	TEMPORAL,
	TEMPORAL_ORDERED,
	CORRELATION_TYPES,
};

enum bound_op { GT, GTE, LT, LTE, EQ, NEQ, BOUND_OPS };

enum {
	CORRELATION_BOUNDS = 2,
	CORRELATION_FIELDS_MAX = 16,	/* of a group or a value */
	CORRELATION_RULES_MAX = 1000,
	TEMPORAL_RULES_MAX = 64,
	ORDERED_RULES_MAX = 10,
	NESTED_MAX = 8,
};

struct bound {
	enum bound_op op;
	double number;
};

/* A name in a document, and where it stands. */
struct place_name {
	struct slice text;
	unsigned line, column;
};

/* Under an alias a rule's field goes by another name. */
struct alias {
	struct slice name;
	struct place_name rule;
	struct slice field;
};

/* One of the rules that are counted. */
struct counted {
	struct place_name name;
	uint32_t rule;		/* its index */
	uint16_t group[CORRELATION_FIELDS_MAX];
	uint16_t values[CORRELATION_FIELDS_MAX];
	bool hit;		/* by the present event */
};

struct correlation {
	enum correlation_type type;
	const char *file;
	int64_t timespan;
	int64_t late;		/* how long a window waits when it is over */
	int64_t rearm;		/* how long a group rests after an alert */
	size_t values_most;	/* distinct ones that a group keeps */
	struct counted *counted;
	size_t counted_count;
	struct slice group[CORRELATION_FIELDS_MAX];
	uint16_t group_fields[CORRELATION_FIELDS_MAX];
	size_t group_count;
	struct slice values[CORRELATION_FIELDS_MAX];
	size_t value_count;
	struct bound bounds[CORRELATION_BOUNDS];
	size_t bound_count;
	double percentile;
	struct node condition;	/* one over rules' names, or text empty */
	struct expr *expr;	/* of it: test n is the n-th counted */
	struct alias *aliases;
	size_t alias_count;
	bool generate;
	bool eager;		/* decides with each event, not at the end */
	struct slice *rule_ids;	/* of the counted, for alerts */
	struct rule *rule;	/* its own */
	const struct schema *schema;
	struct correlator *correlator;
	struct holder *holder;
	uint64_t too_late;	/* events whose window was closed */
	struct correlation *next_hit;	/* by the present event */
	bool hit;
	unsigned depth;		/* 0: counts plain rules alone */
	int bound;		/* while binding */
};

/* That a rule is counted by a correlation. */
struct counting {
	struct correlation *correlation;
	size_t index;		/* among its counted */
	struct counting *next;
};

/* "event_count": by type, and NULL. */
extern const char *const correlation_types[];
/* Reads a document into r->correlation. -1 after diag_error. */
int correlation_read(struct load *l, const struct node *doc, struct rule *r);
/* Whether the bounds hold. */
bool correlation_holds(const struct correlation *c, double measure);

/* What is under way with the present event. */
struct correlator;

/* What correlations are bound with. */
struct correlation_binding {
	struct rule *rules;
	size_t count;
	struct schema *schema;
	struct arena *keep;
	struct memory *memory;
	size_t groups;		/* most of each */
	struct correlator *correlator;
	struct diag *diag;
};
/*
 * Ties correlations to the rules that they count, and says which of these
 * are silent. Before the schema is frozen. -1 after diag_error.
 */
int correlations_bind(const struct correlation_binding *b);

/* See ruleset_joined. */
void correlations_joined(const struct rule *rules, size_t count,
    struct logsource told,
    void (*each)(void *arg, struct logsource source), void *arg);

/* Their groups, in memory. */
extern const struct memory_kind correlation_groups;

/* Owner: caller. */
struct correlator *correlator_new(void);
void correlator_free(struct correlator *co);
/* See ruleset_watch. */
struct watching;
void correlator_watch(struct correlator *co, const struct watching *w);
/* A rule that somebody counts matched the present event. */
void correlator_note(struct correlator *co, struct rule *r);
/* All rules were held against the event: counts those that matched. */
void correlator_count(struct correlator *co, const struct event *ev,
    const struct listener *to);
/* Up to when all events came, see ruleset_time. */
void correlator_time(struct correlator *co, int64_t now);
/* See ruleset_follow. */
void correlator_follow(struct correlator *co);
/* See ruleset_clock. */
void correlator_clock(struct correlator *co, int64_t by);

#endif
