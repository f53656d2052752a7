/*
 * One event: two times, where it comes from in Sigma's terms, and fields. It
 * is reused: event_reset makes it ready for the next record. Values are views
 * into the record's bytes or the event's arena; nothing is malloc'ed.
 */
#ifndef VEDETTE_EVENT_H
#define VEDETTE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "event/record.h"
#include "event/schema.h"

enum value_type {
	VALUE_ABSENT,
	VALUE_NULL,
	VALUE_STRING,
	VALUE_NUMBER,	/* text holds it as written */
	VALUE_BOOL,	/* text is "true" or "false" */
};

struct value {
	enum value_type type;
	struct slice text;
	struct value *more;	/* further values of the same field */
};

enum { EVENT_SOURCES_MAX = 8, EVENT_ARENA_MAX = 1 << 20 };

struct event {
	const struct schema *schema;
	struct arena *arena;
	const struct record *record;
	int64_t time;		/* the event's own, clamped to arrival */
	int64_t received;
	struct slice raw;	/* what keywords look into; empty: none */
	struct logsource sources[EVENT_SOURCES_MAX];
	size_t source_count;
	struct slice kept;	/* kind of event of record, or empty */
	struct slice decoder;	/* who understood it: "sshd/failed-password" */
	bool truncated;		/* the arena was full, something is missing */
	bool echo;		/* an output of ours wrote the record */
	struct value *values;	/* one slot per field of the schema */
	uint16_t *set;		/* the fields that are not absent */
	size_t set_count;
	struct value *others;	/* values of fields that nobody named */
	struct value *decoded;	/* of raw, parts behind an encoding */
};

/* Takes a frozen schema. Owner: caller; event_free ends it. */
struct event *event_new(const struct schema *s);
void event_free(struct event *ev);
void event_reset(struct event *ev, const struct record *r);

/* Sets or replaces a field's value by a string. */
void event_set(struct event *ev, int field, struct slice text);
void event_set_typed(struct event *ev, int field, enum value_type type,
    struct slice text);
/* Adds one more value to a field. */
void event_add(struct event *ev, int field, enum value_type type,
    struct slice text);
/* A value of a field without a slot: only keywords look at it. */
void event_other(struct event *ev, struct slice text);
/* Adds one more value behind an encoding; keywords look at it as at raw. */
void event_add_decoded(struct event *ev, int field, struct slice text);
/* The field's first value, or NULL when it is absent. */
const struct value *event_get(const struct event *ev, int field);
/* Text of the first value, or the empty slice. */
struct slice event_text(const struct event *ev, int field);
/*
 * Text of a value in an event that stands for all of a kind: it may be any,
 * or be missing. It is known by where it lies, not by what it says.
 */
extern const struct slice value_any;

static inline bool
value_is_any(const struct value *v)
{
	return v->text.p == value_any.p;
}

/* Adds a log source unless it is there already. */
void event_source(struct event *ev, struct logsource from);

#endif
