/*
 * An event as rules see it: each value with its path. SIGMA.md 1.2: "Dotted
 * names: literal key first, then path"; "Array values: any element matches".
 */
#include <stdlib.h>

#include "base/buf.h"
#include "twin_inside.h"

static struct slice
join(struct arena *a, struct slice path, struct slice key)
{
	struct buf b = { 0 };
	struct slice out;

	buf_add(&b, path);
	buf_byte(&b, '.');
	buf_add(&b, key);
	out = arena_keep(a, buf_slice(&b));
	buf_free(&b);
	return out;
}

/* Where a value stands while the event is read. */
struct place {
	struct slice path;
	bool literal;
	unsigned member;
};

static void
push(struct twin_event *ev, struct place at, const struct json *v)
{
	static const enum twin_value_type types[] = {
		[JSON_NULL] = TWIN_NOTHING, [JSON_BOOL] = TWIN_TRUTH,
		[JSON_NUMBER] = TWIN_NUMERIC, [JSON_STRING] = TWIN_STRING,
		[JSON_ARRAY] = TWIN_EMPTY, [JSON_OBJECT] = TWIN_EMPTY,
	};

	if (ev->count == ev->room) {
		ev->room = ev->room * 2 + 16;
		ev->values = xrealloc(ev->values, ev->room,
		    sizeof(*ev->values));
	}
	ev->values[ev->count++] = (struct twin_value){
		.path = at.path, .literal = at.literal, .member = at.member,
		.type = types[v->type], .text = v->text,
		.letters = letters_of(ev->arena, v->text),
	};
}

static void
walk(struct twin_event *ev, struct place at, const struct json *v)
{
	push(ev, at, v);
	for (const struct json *c = v->first; c != NULL; c = c->next) {
		struct place below = { .member = ++ev->members };

		if (v->type == JSON_ARRAY) {
			walk(ev, at, c);
			continue;
		}
		below.path = join(ev->arena, at.path, c->key);
		ev->dotted |= slice_find_byte(c->key, '.') != SIZE_MAX;
		walk(ev, below, c);
	}
}

struct twin_event *
twin_event_new(struct slice json, const struct twin_source *sources,
    size_t count)
{
	struct twin_event *ev = xcalloc(1, sizeof(*ev));
	struct json *root;

	ev->arena = arena_new(0);
	if (json_parse(ev->arena, json, &root, NULL) == -1 ||
	    root->type != JSON_OBJECT || count > COUNT(ev->sources)) {
		twin_event_free(ev);
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		ev->sources[ev->source_count++] = sources[i];
	for (const struct json *m = root->first; m != NULL; m = m->next)
		walk(ev, (struct place){ m->key, m->type != JSON_OBJECT,
		    ++ev->members }, m);
	ev->raw = json_text(root, "_raw");
	return ev;
}

void
twin_event_free(struct twin_event *ev)
{
	if (ev == NULL)
		return;
	arena_free(ev->arena);
	free(ev->values);
	free(ev);
}

/* Whether one path is of two members, and it matters which comes first. */
static bool
is_odd(const struct twin_value *a, const struct twin_value *b)
{
	return a->member != b->member && slice_eq(a->path, b->path) &&
	    (a->type == TWIN_EMPTY || a->literal);
}

bool
twin_event_odd(const struct twin_event *ev)
{
	for (size_t i = 0; i < ev->count; i++)
		for (size_t k = 0; k < ev->count; k++)
			if (is_odd(&ev->values[i], &ev->values[k]))
				return true;
	return ev->dotted;
}
