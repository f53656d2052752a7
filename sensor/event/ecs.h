/*
 * Builds one JSON object of ECS fields from dotted names in any order: an ecs
 * collects, ecs_end sorts and nests. Views must live until ecs_end, but for
 * what ecs_frame keeps. More than ECS_MAX members are dropped.
 */
#ifndef VEDETTE_ECS_H
#define VEDETTE_ECS_H

#include "base/buf.h"
#include "event/alert.h"

enum { ECS_MAX = 160, ECS_BODY_MAX = 192 * 1024 };

struct ecs_member {
	struct slice path;
	enum ecs_type {
		ECS_STR,
		ECS_INT,
		ECS_NUMBER,	/* as text */
		ECS_BOOL,
		ECS_TIME,
		ECS_VALUES,	/* of an event's field */
		ECS_SLICES,	/* an array */
		ECS_TECHNIQUES,	/* an array, of the ATT&CK tags alone */
		ECS_BASE64,
	} type;
	struct slice text;
	int64_t number;
	const struct value *values;
	const struct slice *slices;
	size_t count;
	/* Of an event's field, see form.h: */
	bool foreign, number_typed, list;
	uint64_t key;	/* of the path, for sorting */
};

struct ecs {
	struct ecs_member members[ECS_MAX + 1];
	size_t count;
	uint8_t order[ECS_MAX + 1];	/* the members by path, in the end */
	char id[2 * ID_LEN];	/* in hex */
};

void ecs_begin(struct ecs *e);
/* Members that every record has; kind is ECS's event.kind. */
void ecs_frame(struct ecs *e, const struct host *host, struct id id,
    int64_t time, int64_t created, const char *kind);
void ecs_str(struct ecs *e, struct slice path, struct slice text);
void ecs_int(struct ecs *e, struct slice path, int64_t n);
/* A number that is written already, in JSON. */
void ecs_number(struct ecs *e, struct slice path, struct slice text);
void ecs_bool(struct ecs *e, struct slice path, bool truth);
void ecs_time(struct ecs *e, struct slice path, int64_t when);
void ecs_list(struct ecs *e, struct slice path, const struct slice *texts,
    size_t count);
/* tags, and threat.technique.id of those that name one. */
void ecs_tags(struct ecs *e, const struct slice *tags, size_t count);
/*
 * event.original; bytes that are not UTF-8 go into
 * vedette.original_base64 as well, so that nothing is lost.
 */
void ecs_original(struct ecs *e, struct slice raw);
/*
 * The event's fields: those of ECS under their own names, Sigma's under ECS
 * names where there are such, all others in vedette.fields.
 */
void ecs_event(struct ecs *e, const struct event *ev);
/*
 * Appends the object. Above ECS_BODY_MAX bytes its texts are cut until it
 * fits, and vedette.truncated says so.
 */
void ecs_end(struct ecs *e, struct buf *out);

#endif
