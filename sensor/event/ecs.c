#include "event/ecs.h"

#include <assert.h>
#include <endian.h>

#include "base/digest.h"
#include "base/json.h"

/* The first eight bytes, so that comparing keys compares paths. */
static uint64_t
key_of(struct slice path)
{
	uint64_t key = 0;
	size_t n = path.len < sizeof(key) ? path.len : sizeof(key);

	if (n > 0)
		memcpy(&key, path.p, n);
	return htobe64(key);
}

static struct ecs_member *
add(struct ecs *e, struct slice path, enum ecs_type type)
{
	struct ecs_member *m = &e->members[e->count];

	/* The last place takes, again and again, what is one too many. */
	if (e->count < ECS_MAX)
		e->count++;
	*m = (struct ecs_member){ .path = path, .type = type,
		.key = key_of(path) };
	return m;
}

void
ecs_begin(struct ecs *e)
{
	e->count = 0;
}

void
ecs_frame(struct ecs *e, const struct host *host, struct id id, int64_t time,
    int64_t created, const char *kind)
{
	struct buf hex = { 0 };

	ecs_time(e, S("@timestamp"), time);
	ecs_str(e, S("ecs.version"), S("8.11.0"));
	id_add(&hex, id);
	static_assert(sizeof(e->id) == 2 * ID_LEN, "an id in hex");
	memcpy(e->id, hex.p, sizeof(e->id));
	buf_free(&hex);
	ecs_str(e, S("event.id"), slice_bytes(e->id, sizeof(e->id)));
	ecs_time(e, S("event.created"), created);
	ecs_str(e, S("event.kind"), slice_of(kind));
	ecs_str(e, S("event.module"), S("vedette"));
	ecs_str(e, S("host.name"), slice_of(host->name));
	ecs_str(e, S("host.id"), slice_of(host->id));
}

void
ecs_str(struct ecs *e, struct slice path, struct slice text)
{
	add(e, path, ECS_STR)->text = text;
}

void
ecs_int(struct ecs *e, struct slice path, int64_t n)
{
	add(e, path, ECS_INT)->number = n;
}

void
ecs_number(struct ecs *e, struct slice path, struct slice text)
{
	add(e, path, ECS_NUMBER)->text = text;
}

void
ecs_bool(struct ecs *e, struct slice path, bool truth)
{
	add(e, path, ECS_BOOL)->number = truth;
}

void
ecs_time(struct ecs *e, struct slice path, int64_t when)
{
	add(e, path, ECS_TIME)->number = when;
}

/* attack.t1110 and attack.t1110.001, not attack.persistence. */
static bool
is_technique(struct slice tag)
{
	return slice_skip(&tag, S("attack.t")) && tag.len > 0 &&
	    byte_is_digit(tag.p[0]);
}

void
ecs_list(struct ecs *e, struct slice path, const struct slice *texts,
    size_t count)
{
	struct ecs_member *m = add(e, path, ECS_SLICES);

	m->slices = texts;
	m->count = count;
}

void
ecs_tags(struct ecs *e, const struct slice *tags, size_t count)
{
	struct ecs_member *m;
	bool techniques = false;

	if (count == 0)
		return;
	ecs_list(e, S("tags"), tags, count);
	for (size_t i = 0; i < count; i++)
		techniques |= is_technique(tags[i]);
	if (!techniques)
		return;
	ecs_str(e, S("threat.framework"), S("MITRE ATT&CK"));
	m = add(e, S("threat.technique.id"), ECS_TECHNIQUES);
	m->slices = tags;
	m->count = count;
}

void
ecs_original(struct ecs *e, struct slice raw)
{
	ecs_str(e, S("event.original"), raw);
	if (!utf8_valid(raw))
		add(e, S("vedette.original_base64"), ECS_BASE64)->text = raw;
}

static bool
taken(const struct ecs *e, struct slice path)
{
	uint64_t key = key_of(path);

	for (size_t i = 0; i < e->count; i++)
		if (e->members[i].key == key &&
		    slice_eq(e->members[i].path, path))
			return true;
	return false;
}

void
ecs_event(struct ecs *e, const struct event *ev)
{
	for (size_t i = 0; i < ev->set_count; i++) {
		int field = ev->set[i];
		const struct field_form *form = schema_form(ev->schema, field);
		const struct value *v = event_get(ev, field);
		struct ecs_member *m;

		if (v->type == VALUE_NULL ||
		    (!form->foreign && taken(e, form->path)))
			continue;
		m = add(e, form->path, ECS_VALUES);
		m->values = v;
		m->foreign = form->foreign;
		m->number_typed = form->number;
		m->list = form->list;
	}
}

static void
write_value(struct jsonw *w, const struct ecs_member *m,
    const struct value *v)
{
	int64_t n;

	if (v->type == VALUE_BOOL)
		jsonw_bool(w, slice_eq(v->text, S("true")));
	else if (m->number_typed && slice_to_i64(v->text, &n) == 0)
		jsonw_int(w, n);
	else
		jsonw_str(w, v->text);
}

static void
write_values(struct jsonw *w, const struct ecs_member *m)
{
	if (m->values->more == NULL && !m->list) {
		write_value(w, m, m->values);
		return;
	}
	jsonw_array(w);
	for (const struct value *v = m->values; v != NULL; v = v->more)
		write_value(w, m, v);
	jsonw_array_end(w);
}

/* attack.t1110.001 is T1110.001. */
static void
write_techniques(struct jsonw *w, const struct ecs_member *m)
{
	jsonw_array(w);
	for (size_t i = 0; i < m->count; i++) {
		struct buf id = { 0 };

		if (!is_technique(m->slices[i]))
			continue;
		buf_byte(&id, 'T');
		buf_add(&id, slice_from(m->slices[i], strlen("attack.t")));
		jsonw_str(w, buf_slice(&id));
		buf_free(&id);
	}
	jsonw_array_end(w);
}

static void
write_slices(struct jsonw *w, const struct ecs_member *m)
{
	jsonw_array(w);
	for (size_t i = 0; i < m->count; i++)
		jsonw_str(w, m->slices[i]);
	jsonw_array_end(w);
}

static void
write_base64(struct jsonw *w, struct slice raw)
{
	struct buf text = { 0 };

	base64_add(&text, raw);
	jsonw_str(w, buf_slice(&text));
	buf_free(&text);
}

static void
write_member(struct jsonw *w, const struct ecs_member *m)
{
	switch (m->type) {
	case ECS_STR:
		jsonw_str(w, m->text);
		break;
	case ECS_INT:
		jsonw_int(w, m->number);
		break;
	case ECS_NUMBER:
		jsonw_raw(w, m->text);
		break;
	case ECS_BOOL:
		jsonw_bool(w, m->number != 0);
		break;
	case ECS_TIME:
		jsonw_time(w, m->number);
		break;
	case ECS_VALUES:
		write_values(w, m);
		break;
	case ECS_SLICES:
		write_slices(w, m);
		break;
	case ECS_TECHNIQUES:
		write_techniques(w, m);
		break;
	case ECS_BASE64:
		write_base64(w, m->text);
		break;
	}
}

/*
 * The order of the members: foreign ones last, else by path. Most paths
 * differ in their first eight bytes, which the key holds.
 */
static bool
is_behind(const struct ecs_member *a, const struct ecs_member *b)
{
	if (a->foreign != b->foreign)
		return a->foreign;
	if (a->key != b->key)
		return a->key > b->key;
	return slice_cmp(a->path, b->path) > 0;
}

/* By insertion: there are some thirty, and half of them stand in order. */
static void
sort_members(struct ecs *e)
{
	for (size_t i = 0; i < e->count; i++) {
		size_t at = i;

		for (; at > 0 && is_behind(&e->members[e->order[at - 1]],
		    &e->members[i]); at--)
			e->order[at] = e->order[at - 1];
		e->order[at] = (uint8_t)i;
	}
}

static const struct ecs_member *
nth(const struct ecs *e, size_t n)
{
	return &e->members[e->order[n]];
}

/* Bytes up to and with the last '.' that both paths share. */
static size_t
shared(struct slice a, struct slice b)
{
	size_t n = a.len < b.len ? a.len : b.len, end = 0;

	for (size_t i = 0; i < n && a.p[i] == b.p[i]; i++)
		if (a.p[i] == '.')
			end = i + 1;
	return end;
}

static void
close_objects(struct jsonw *w, struct slice tail)
{
	for (size_t i = 0; i < tail.len; i++)
		if (tail.p[i] == '.')
			jsonw_object_end(w);
}

/* Opens what the path needs behind its first `from` bytes; the last name. */
static struct slice
open_objects(struct jsonw *w, struct slice path, size_t from)
{
	struct slice rest = slice_from(path, from), name;

	while (slice_cut(&rest, '.', &name)) {
		jsonw_key(w, name);
		jsonw_object(w);
	}
	return rest;
}

static void
write_foreign(struct jsonw *w, const struct ecs *e, size_t from)
{
	jsonw_key(w, S("fields"));
	jsonw_object(w);
	for (size_t i = from; i < e->count; i++) {
		jsonw_key(w, nth(e, i)->path);
		write_member(w, nth(e, i));
	}
	jsonw_object_end(w);
}

/*
 * "vedette." sorts behind all other roots, so that it is the object that is
 * open when the foreign fields come.
 */
static void
write_object(const struct ecs *e, struct buf *out)
{
	struct jsonw w = { .out = out };
	struct slice path = S("");
	size_t i;

	jsonw_object(&w);
	for (i = 0; i < e->count && !nth(e, i)->foreign; i++) {
		const struct ecs_member *m = nth(e, i);
		size_t keep = shared(path, m->path);

		close_objects(&w, slice_from(path, keep));
		jsonw_key(&w, open_objects(&w, m->path, keep));
		write_member(&w, m);
		path = m->path;
	}
	if (i < e->count) {
		size_t keep = shared(path, S("vedette."));

		close_objects(&w, slice_from(path, keep));
		open_objects(&w, S("vedette."), keep);
		write_foreign(&w, e, i);
		path = S("vedette.");
	}
	close_objects(&w, path);
	jsonw_object_end(&w);
}

/* Cuts texts; of a list of values the first alone is left in the end. */
static void
cut_members(struct ecs *e, size_t longest)
{
	for (size_t i = 0; i < e->count; i++) {
		struct ecs_member *m = &e->members[i];

		if (m->type == ECS_VALUES && m->values->type == VALUE_STRING &&
		    (m->values->more == NULL || longest <= 1024)) {
			m->type = ECS_STR;
			m->text = m->values->text;
		}
		m->text = slice_head(m->text, longest);
	}
}

/*
 * A record has to fit into one frame between roles. One that is too long, for
 * which somebody must have meant it to be, is written again with its texts
 * cut, and says so.
 */
void
ecs_end(struct ecs *e, struct buf *out)
{
	size_t start = out->len;

	ecs_str(e, S("vedette.format"), S("1"));
	sort_members(e);
	write_object(e, out);
	if (out->len - start <= ECS_BODY_MAX)
		return;
	if (!taken(e, S("vedette.truncated")))
		ecs_bool(e, S("vedette.truncated"), true);
	sort_members(e);
	for (size_t longest = 16384; longest > 0 &&
	    out->len - start > ECS_BODY_MAX; longest /= 4) {
		out->len = start;
		cut_members(e, longest);
		write_object(e, out);
	}
}
