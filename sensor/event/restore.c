#include "event/restore.h"

#include "base/when.h"

/* A member by the whole of its name, which may hold dots. */
static const struct json *
member(const struct json *object, struct slice name)
{
	const struct json *j = object == NULL ? NULL : object->first;

	while (j != NULL && !slice_eq(j->key, name))
		j = j->next;
	return j;
}

static const struct json *
written(const struct json *body, const struct field_form *form)
{
	char path[256];

	if (form->foreign)
		return member(json_path(body, "vedette.fields"), form->path);
	if (form->path.len >= sizeof(path))
		return NULL;
	slice_to_cstr(form->path, path, sizeof(path));
	return json_path(body, path);
}

static void
add_value(struct event *ev, int field, const struct json *j)
{
	static const enum value_type types[] = {
		[JSON_NULL] = VALUE_NULL, [JSON_BOOL] = VALUE_BOOL,
		[JSON_NUMBER] = VALUE_NUMBER, [JSON_STRING] = VALUE_STRING,
	};

	if (j->type < (int)COUNT(types))
		event_add(ev, field, types[j->type], j->text);
}

static void
add_field(struct event *ev, int field, const struct json *j)
{
	if (j->type != JSON_ARRAY) {
		add_value(ev, field, j);
		return;
	}
	for (j = j->first; j != NULL; j = j->next)
		add_value(ev, field, j);
}

void
event_restore(struct event *ev, struct record *r, const struct json *body)
{
	int64_t time = 0;

	when_parse_rfc3339(json_text(body, "@timestamp"), &time);
	*r = (struct record){ .source = json_text(body, "event.provider"),
		.bytes = json_text(body, "event.original"),
		.received = when_now() };
	event_reset(ev, r);
	ev->time = time;
	ev->raw = r->bytes;
	for (size_t i = 0; i < schema_count(ev->schema); i++) {
		const struct json *j = written(body,
		    schema_form(ev->schema, (int)i));

		if (j != NULL)
			add_field(ev, (int)i, j);
	}
}
