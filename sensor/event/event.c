#include "event/event.h"

#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"

/* An array of its own: the linker makes one of equal literals. */
static const unsigned char any[] = { '(', 'a', 'n', 'y', ')' };
const struct slice value_any = { any, sizeof(any) };

struct event *
event_new(const struct schema *s)
{
	struct event *ev = xcalloc(1, sizeof(*ev));
	size_t n = schema_count(s);

	ev->schema = s;
	ev->arena = arena_new(EVENT_ARENA_MAX);
	ev->values = xcalloc(n, sizeof(*ev->values));
	ev->set = xcalloc(n, sizeof(*ev->set));
	return ev;
}

void
event_free(struct event *ev)
{
	if (ev == NULL)
		return;
	arena_free(ev->arena);
	free(ev->values);
	free(ev->set);
	free(ev);
}

void
event_reset(struct event *ev, const struct record *r)
{
	arena_reset(ev->arena);
	for (size_t i = 0; i < ev->set_count; i++)
		ev->values[ev->set[i]] = (struct value){ 0 };
	ev->set_count = 0;
	ev->source_count = 0;
	ev->others = ev->decoded = NULL;
	ev->truncated = false;
	ev->echo = false;
	ev->kept = ev->decoder = ev->raw = S("");
	ev->record = r;
	ev->time = ev->received = r->received;
}

/* The slot of a field, entered among those that are set. */
static struct value *
slot(struct event *ev, int field)
{
	struct value *v;

	assert(field >= 0 && (size_t)field < schema_count(ev->schema));
	v = &ev->values[field];
	if (v->type == VALUE_ABSENT)
		ev->set[ev->set_count++] = (uint16_t)field;
	return v;
}

void
event_set_typed(struct event *ev, int field, enum value_type type,
    struct slice text)
{
	assert(type != VALUE_ABSENT);
	*slot(ev, field) = (struct value){ type, text, NULL };
}

void
event_set(struct event *ev, int field, struct slice text)
{
	event_set_typed(ev, field, VALUE_STRING, text);
}

void
event_add(struct event *ev, int field, enum value_type type,
    struct slice text)
{
	struct value *v = &ev->values[field], *more;

	if (v->type == VALUE_ABSENT) {
		event_set_typed(ev, field, type, text);
		return;
	}
	more = arena_alloc(ev->arena, sizeof(*more));
	if (more == NULL) {
		ev->truncated = true;
		return;
	}
	*more = (struct value){ type, text, v->more };
	v->more = more;
}

static void
add_to(struct event *ev, struct value **list, struct slice text)
{
	struct value *v = arena_alloc(ev->arena, sizeof(*v));

	if (v == NULL) {
		ev->truncated = true;
		return;
	}
	*v = (struct value){ VALUE_STRING, text, *list };
	*list = v;
}

void
event_other(struct event *ev, struct slice text)
{
	add_to(ev, &ev->others, text);
}

void
event_add_decoded(struct event *ev, int field, struct slice text)
{
	event_add(ev, field, VALUE_STRING, text);
	add_to(ev, &ev->decoded, text);
}

const struct value *
event_get(const struct event *ev, int field)
{
	const struct value *v = &ev->values[field];

	return v->type == VALUE_ABSENT ? NULL : v;
}

struct slice
event_text(const struct event *ev, int field)
{
	return ev->values[field].text;
}

void
event_source(struct event *ev, struct logsource from)
{
	for (size_t i = 0; i < ev->source_count; i++) {
		const struct logsource *has = &ev->sources[i];

		if (has->product == from.product &&
		    has->category == from.category &&
		    has->service == from.service)
			return;
	}
	if (ev->source_count < EVENT_SOURCES_MAX)
		ev->sources[ev->source_count++] = from;
}
