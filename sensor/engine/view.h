/*
 * The values of one event as predicates look at them: as a list per field,
 * folded once, when the first asks. Memory is kept from event to event.
 */
#ifndef VEDETTE_VIEW_H
#define VEDETTE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"

/*
 * In place of a field: the raw message and what stands behind encodings in it,
 * or any value where there is none.
 */
enum { FIELD_ANYWHERE = 0xffff };

struct view {
	struct slice text;		/* as it stands in the event */
	enum value_type type;		/* neither absent nor null */
	uint32_t at, len;		/* folded: see view_folded */
};

struct views;

/* Owner: caller. */
struct views *views_new(void);
void views_free(struct views *vs);
/* Turns to another event, which must outlive all questions about it. */
void views_event(struct views *vs, const struct event *ev);
const struct event *views_of(const struct views *vs);
/* The values of a field that are not null, folded if wanted; their number. */
size_t views_list(struct views *vs, uint16_t field, bool folded,
    const struct view **out);
/*
 * All folded texts of a list that is folded, with VIEW_BORDER between them:
 * a byte that is in no UTF-8 text. Valid until the next list.
 */
enum { VIEW_BORDER = 0xff };
struct slice views_joined(const struct views *vs, const struct view *first,
    size_t count);
/* Folded text of a view from a folded list; valid until the next list. */
struct slice view_folded(const struct views *vs, const struct view *v);

#endif
