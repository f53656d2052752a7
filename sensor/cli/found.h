/*
 * A record as an answer tells it (ask.h, ASK_ROW), and the forms in which
 * commands give it away.
 */
#ifndef VEDETTE_FOUND_H
#define VEDETTE_FOUND_H

#include "base/json.h"
#include "event/alert.h"

struct found {
	uint64_t seq;
	enum kind kind;
	struct id id;
	char digits[65];	/* what people type; a few in front will do */
	int64_t time, received;
	enum level level;
	struct slice state;	/* of alerts: open, acked, closed */
	struct slice rule, title, user, source, session, about;
	const struct json *body;	/* NULL: erased or unreadable */
};

/* -1 when it is no such row. Views live in the arena and in the text. */
int found_read(struct arena *a, struct slice text, struct found *f);
/* Appends who did it, foreign text as it is: "root < deploy". */
void found_who(const struct found *f, struct buf *out);
/*
 * Appends the record's own JSON object with seq, kind, short_id and state in
 * its object "vedette", the same from every command.
 */
void found_json(const struct found *f, struct buf *out);
/*
 * Appends a value as people group by it: level, rule, title, user, source,
 * session, kind, state, who, day, hour, or a path in the record's object.
 */
void found_field(const struct found *f, struct slice name, struct buf *out);
/* Whether a record may have such a value; NULL, or what there is instead. */
const char *found_no_field(struct slice name);
/*
 * Appends a CSV field. A value that a spreadsheet would take for a formula
 * gets an apostrophe in front: names are chosen by attackers.
 */
void csv_add(struct buf *out, struct slice text);

#endif
