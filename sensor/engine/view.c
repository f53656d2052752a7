#include "engine/view.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/casefold.h"

/* Where a field's views stand; of this event only with its stamp. */
struct list {
	uint64_t stamp;
	uint32_t first, count;
	bool folded;
	bool within;		/* it is a part of the list of all fields */
};

struct views {
	const struct event *ev;
	uint64_t stamp;		/* of the present event, never 0 */
	struct list anywhere;
	struct list *lists;	/* by field */
	size_t list_count;
	struct view *items;
	size_t count, room;
	struct buf folded;
};

struct views *
views_new(void)
{
	struct views *vs = xcalloc(1, sizeof(*vs));

	vs->room = 64;
	vs->items = xmalloc(vs->room * sizeof(*vs->items));
	return vs;
}

void
views_free(struct views *vs)
{
	if (vs == NULL)
		return;
	free(vs->lists);
	free(vs->items);
	buf_free(&vs->folded);
	free(vs);
}

/* Lists for all fields of a schema: done again only for a larger one. */
static void
size_lists(struct views *vs, size_t fields)
{
	if (fields <= vs->list_count)
		return;
	free(vs->lists);
	vs->lists = xcalloc(fields, sizeof(*vs->lists));
	vs->list_count = fields;
}

void
views_event(struct views *vs, const struct event *ev)
{
	size_lists(vs, schema_count(ev->schema));
	vs->stamp++;
	vs->ev = ev;
	vs->count = 0;
	buf_clear(&vs->folded);
}

const struct event *
views_of(const struct views *vs)
{
	return vs->ev;
}

static void
push(struct views *vs, enum value_type type, struct slice text)
{
	if (vs->count == vs->room) {
		vs->room *= 2;
		vs->items = xrealloc(vs->items, vs->room, sizeof(*vs->items));
	}
	vs->items[vs->count++] = (struct view){ .text = text, .type = type };
}

static void
push_values(struct views *vs, const struct value *v)
{
	for (; v != NULL; v = v->more)
		if (v->type != VALUE_ABSENT && v->type != VALUE_NULL)
			push(vs, v->type, v->text);
}

/* As a list of its own, too, so that it need not be folded again. */
static void
push_field(struct views *vs, uint16_t field)
{
	struct list *l = &vs->lists[field];
	uint32_t first = (uint32_t)vs->count;

	push_values(vs, &vs->ev->values[field]);
	if (l->stamp != vs->stamp)
		*l = (struct list){ vs->stamp, first,
		    (uint32_t)vs->count - first, false, true };
}

static void
push_anywhere(struct views *vs)
{
	const struct event *ev = vs->ev;

	if (ev->raw.len > 0) {
		push(vs, VALUE_STRING, ev->raw);
		push_values(vs, ev->decoded);
		return;
	}
	for (size_t i = 0; i < ev->set_count; i++)
		push_field(vs, ev->set[i]);
	push_values(vs, ev->others);
}

/* Behind each other, so that they can be searched in one go. */
static void
fold_list(struct views *vs, struct list *l)
{
	struct view *items = vs->items + l->first;
	unsigned char *p, *begin;
	size_t room = 0;

	for (size_t i = 0; i < l->count; i++)
		room += FOLD_ROOM(items[i].text.len) + 1;
	begin = p = buf_room(&vs->folded, room);
	for (size_t i = 0; i < l->count; i++) {
		if (i > 0)
			*p++ = VIEW_BORDER;
		items[i].at = (uint32_t)(vs->folded.len +
		    (size_t)(p - begin));
		items[i].len = (uint32_t)fold_to(p, items[i].text);
		p += items[i].len;
	}
	vs->folded.len += (size_t)(p - begin);
	l->folded = true;
}

size_t
views_list(struct views *vs, uint16_t field, bool folded,
    const struct view **out)
{
	struct list *l = field == FIELD_ANYWHERE ? &vs->anywhere :
	    &vs->lists[field];

	if (l->stamp != vs->stamp) {
		*l = (struct list){ vs->stamp, (uint32_t)vs->count, 0, false,
		    false };
		if (field == FIELD_ANYWHERE)
			push_anywhere(vs);
		else
			push_values(vs, &vs->ev->values[field]);
		l->count = (uint32_t)vs->count - l->first;
	}
	if (folded && !l->folded && !(l->within && vs->anywhere.folded))
		fold_list(vs, l);
	*out = vs->items + l->first;
	return l->count;
}

struct slice
views_joined(const struct views *vs, const struct view *first, size_t count)
{
	const struct view *last = first + count - 1;

	return slice_bytes(vs->folded.p + first->at,
	    (size_t)last->at + last->len - first->at);
}

struct slice
view_folded(const struct views *vs, const struct view *v)
{
	return slice_bytes(vs->folded.p + v->at, v->len);
}
