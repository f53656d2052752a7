#include "cli/found.h"

#include "base/when.h"
#include "store/store.h"

enum { CSV_TEXT_MAX = 65536 };

int
found_read(struct arena *a, struct slice text, struct found *f)
{
	const struct json *body;
	struct json *j;

	*f = (struct found){ 0 };
	if (json_parse(a, text, &j, NULL) == -1 ||
	    kind_parse(json_text(j, "kind"), &f->kind) == -1 ||
	    level_parse(json_text(j, "level"), &f->level) == -1 ||
	    id_parse(json_text(j, "id"), &f->id) == -1)
		return -1;
	id_short(f->id, f->digits);
	f->seq = (uint64_t)json_int(j, "seq", 0);
	f->time = json_int(j, "time", 0);
	f->received = json_int(j, "received", 0);
	f->state = json_text(j, "state");
	f->rule = json_text(j, "rule");
	f->title = json_text(j, "title");
	f->user = json_text(j, "user");
	f->source = json_text(j, "source");
	f->session = json_text(j, "session");
	f->about = json_text(j, "about");
	body = json_get(j, "body");
	if (body != NULL && body->type == JSON_OBJECT)
		f->body = body;
	return 0;
}

/*
 * Who came from outside and failed is known by his address; the name that he
 * tried is his text.
 */
void
found_who(const struct found *f, struct buf *out)
{
	struct slice to = json_text(f->body, "user.effective.name");
	struct slice process = json_text(f->body, "process.name");
	struct slice uid = json_text(f->body, "user.id");
	bool failed = slice_eq(json_text(f->body, "event.outcome"),
	    S("failure"));

	if (f->source.len > 0 && (failed || f->user.len == 0)) {
		buf_add(out, f->source);
	} else if (f->user.len > 0) {
		if (to.len > 0 && !slice_eq(to, f->user)) {
			buf_add(out, to);
			buf_str(out, " < ");
		}
		buf_add(out, f->user);
	} else if (uid.len > 0) {
		buf_str(out, "uid ");
		buf_add(out, uid);
	} else if (process.len > 0) {
		buf_add(out, process);
	} else {
		buf_str(out, "-");
	}
}

/* --- JSON --- */

static void
write_facts(struct jsonw *w, const struct found *f)
{
	jsonw_pair_int(w, "seq", (int64_t)f->seq);
	jsonw_pair(w, "kind", slice_of(kind_name(f->kind)));
	jsonw_pair(w, "short_id", slice_bytes(f->digits, 12));
	if (f->state.len > 0)
		jsonw_pair(w, "state", f->state);
}

/* A record whose body is gone still has its columns. */
static void
write_columns(struct jsonw *w, const struct found *f)
{
	struct buf hex = { 0 };

	jsonw_key(w, S("@timestamp"));
	jsonw_time(w, f->time);
	id_add(&hex, f->id);
	jsonw_key(w, S("event"));
	jsonw_object(w);
	jsonw_pair(w, "id", buf_slice(&hex));
	jsonw_object_end(w);
	buf_free(&hex);
}

static bool
is_fact(struct slice key)
{
	return slice_eq(key, S("seq")) || slice_eq(key, S("kind")) ||
	    slice_eq(key, S("short_id")) || slice_eq(key, S("state"));
}

static void
write_vedette(struct jsonw *w, const struct json *own, const struct found *f)
{
	jsonw_key(w, S("vedette"));
	jsonw_object(w);
	for (const struct json *j = own == NULL ? NULL : own->first; j != NULL;
	    j = j->next) {
		if (is_fact(j->key))
			continue;
		jsonw_key(w, j->key);
		jsonw_value(w, j);
	}
	write_facts(w, f);
	if (f->body == NULL) {
		jsonw_key(w, S("erased"));
		jsonw_bool(w, true);
	}
	jsonw_object_end(w);
}

void
found_json(const struct found *f, struct buf *out)
{
	struct jsonw w = { .out = out };
	const struct json *own = json_get(f->body, "vedette");

	if (own != NULL && own->type != JSON_OBJECT)
		own = NULL;
	jsonw_object(&w);
	if (f->body == NULL)
		write_columns(&w, f);
	for (const struct json *j = f->body == NULL ? NULL : f->body->first;
	    j != NULL; j = j->next) {
		if (slice_eq(j->key, S("vedette")))
			continue;
		jsonw_key(&w, j->key);
		jsonw_value(&w, j);
	}
	write_vedette(&w, own, f);
	jsonw_object_end(&w);
}

/* --- fields --- */

static const struct json *
at_path(const struct json *body, struct slice path)
{
	char name[256];

	if (path.len >= sizeof(name))
		return NULL;
	slice_to_cstr(path, name, sizeof(name));
	return json_path(body, name);
}

void
found_field(const struct found *f, struct slice name, struct buf *out)
{
	const struct {
		struct slice name, text;
	} columns[] = {
		{ S("level"), slice_of(level_name(f->level)) },
		{ S("kind"), slice_of(kind_name(f->kind)) },
		{ S("rule"), f->rule },
		{ S("title"), f->title },
		{ S("user"), f->user },
		{ S("source"), f->source },
		{ S("session"), f->session },
		{ S("state"), f->state },
	};
	const struct json *j;

	for (size_t i = 0; i < COUNT(columns); i++) {
		if (!slice_eq(columns[i].name, name))
			continue;
		buf_add(out, columns[i].text);
		return;
	}
	if (slice_eq(name, S("who"))) {
		found_who(f, out);
	} else if (slice_eq(name, S("day"))) {
		when_local(out, f->time, "%F");
	} else if (slice_eq(name, S("hour"))) {
		when_local(out, f->time, "%F %H:00");
	} else {
		j = at_path(f->body, name);
		if (j != NULL && j->type != JSON_OBJECT &&
		    j->type != JSON_ARRAY)
			buf_add(out, j->text);
	}
}

const char *
found_no_field(struct slice name)
{
	static const char *const words[] = {
		"level", "kind", "rule", "title", "user", "source", "session",
		"state", "who", "day", "hour", "message", "tags", "@timestamp",
	};

	if (slice_find_byte(name, '.') != SIZE_MAX)
		return NULL;
	for (size_t i = 0; i < COUNT(words); i++)
		if (slice_eq(name, slice_of(words[i])))
			return NULL;
	return "level, kind, rule, title, user, source, session, state, who, "
	    "day, hour, or a path such as source.ip";
}

void
csv_add(struct buf *out, struct slice text)
{
	struct buf clean = { 0 };

	text_escape(&clean, slice_head(text, CSV_TEXT_MAX));
	buf_byte(out, '"');
	if (clean.len > 0 && memchr("=+-@", clean.p[0], 4) != NULL)
		buf_byte(out, '\'');
	for (size_t i = 0; i < clean.len; i++) {
		if (clean.p[i] == '"')
			buf_byte(out, '"');
		buf_byte(out, clean.p[i]);
	}
	buf_byte(out, '"');
	buf_free(&clean);
}
