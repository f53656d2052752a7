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

static void
push(struct twin_event *ev, struct slice path, bool literal,
    const struct json *v)
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
		.path = path, .literal = literal, .type = types[v->type],
		.text = v->text, .letters = letters_of(ev->arena, v->text),
	};
}

static void
walk(struct twin_event *ev, struct slice path, bool literal,
    const struct json *v)
{
	push(ev, path, literal, v);
	for (const struct json *c = v->first; c != NULL; c = c->next)
		if (v->type == JSON_ARRAY)
			walk(ev, path, literal, c);
		else
			walk(ev, join(ev->arena, path, c->key), false, c);
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
		walk(ev, m->key, m->type != JSON_OBJECT, m);
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
