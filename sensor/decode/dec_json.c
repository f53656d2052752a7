/*
 * A line that is a JSON object: each member is a field. "a.b" is the member
 * of that name, or else member b of member a; an array gives several values.
 * A member _raw is the line as it was before somebody made JSON of it.
 */
#include <stdlib.h>

#include "base/json.h"
#include "base/when.h"
#include "decode/cursor.h"
#include "decode/decode.h"

enum { PATH_MAX_BYTES = 512 };
#define TOO_LONG SIZE_MAX

struct walk {
	const struct schema *schema;
	struct event *ev;
	char path[PATH_MAX_BYTES];
};

/* Where common log shippers put what the pattern decoders want. */
static const char *const program_names[] = {
	"SYSLOG_IDENTIFIER", "program", "programname", "appname", "ident",
	"_COMM", NULL
};
static const char *const message_names[] = {
	"MESSAGE", "msg", "log", NULL
};
static const char *const host_names[] = {
	"_HOSTNAME", "hostname", "host", "host.name", NULL
};
static const char *const pid_names[] = {
	"_PID", "SYSLOG_PID", "pid", "procid", NULL
};
static const char *const time_names[] = {
	"@timestamp", "timestamp", "time", "ts", NULL
};
/* Decimal microseconds, as journalctl -o json gives. */
static const char *const micros_names[] = {
	"_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP", NULL
};

static enum value_type
value_type(const struct json *v)
{
	static const enum value_type types[] = {
		[JSON_NULL] = VALUE_NULL, [JSON_BOOL] = VALUE_BOOL,
		[JSON_NUMBER] = VALUE_NUMBER, [JSON_STRING] = VALUE_STRING,
		[JSON_ARRAY] = VALUE_NULL, [JSON_OBJECT] = VALUE_NULL,
	};

	return types[v->type];
}

static bool
is_tree(const struct json *v)
{
	return v->type == JSON_ARRAY || v->type == JSON_OBJECT;
}

/*
 * Puts a key at an offset of the path; the length of the whole, or TOO_LONG
 * for ever when it does not fit.
 */
static size_t
path_put(struct walk *w, size_t at, struct slice key)
{
	if (at > sizeof(w->path) || key.len > sizeof(w->path) - at)
		return TOO_LONG;
	if (key.len > 0)
		memcpy(w->path + at, key.p, key.len);
	return at + key.len;
}

static size_t
path_add(struct walk *w, size_t len, struct slice key)
{
	if (len >= sizeof(w->path))
		return TOO_LONG;
	w->path[len] = '.';
	return path_put(w, len + 1, key);
}

static void
add_value(struct walk *w, size_t len, const struct json *v)
{
	int field = len == TOO_LONG ? -1 : schema_find(w->schema,
	    slice_bytes(w->path, len));

	if (field >= 0)
		event_add(w->ev, field, value_type(v), v->text);
	else if (v->type != JSON_NULL)
		event_other(w->ev, v->text);
}

/* Present, though without a value of its own: null, but it exists. */
static void
add_presence(struct walk *w, size_t len)
{
	int field = len == TOO_LONG ? -1 : schema_find(w->schema,
	    slice_bytes(w->path, len));

	if (field >= 0 && event_get(w->ev, field) == NULL)
		event_add(w->ev, field, VALUE_NULL, S(""));
}

static void add_members(struct walk *w, size_t len, const struct json *object);

/* A value in depth: below a member of the line's object. */
static void
add_tree(struct walk *w, size_t len, const struct json *v)
{
	if (v->type == JSON_OBJECT) {
		add_members(w, len, v);
		return;
	}
	if (v->type != JSON_ARRAY) {
		add_value(w, len, v);
		return;
	}
	for (const struct json *e = v->first; e != NULL; e = e->next)
		add_tree(w, len, e);
}

static void
add_members(struct walk *w, size_t len, const struct json *object)
{
	for (const struct json *m = object->first; m != NULL; m = m->next) {
		size_t path = path_add(w, len, m->key);

		add_tree(w, path, m);
		if (is_tree(m))
			add_presence(w, path);
	}
}

/*
 * A member whose name stands in a rule literally. It counts more than a path
 * that reads the same, which has been walked before.
 */
static void
add_literal(struct walk *w, const struct json *m)
{
	int field = schema_find(w->schema, m->key);

	if (field >= 0 && slice_find_byte(m->key, '.') != SIZE_MAX &&
	    event_get(w->ev, field) != NULL && m->type != JSON_ARRAY) {
		event_set_typed(w->ev, field, value_type(m), m->text);
		return;
	}
	add_tree(w, path_put(w, 0, m->key), m);
}

static void
add_fields(struct walk *w, const struct json *line)
{
	for (const struct json *m = line->first; m != NULL; m = m->next)
		if (m->type == JSON_OBJECT)
			add_tree(w, path_put(w, 0, m->key), m);
	for (const struct json *m = line->first; m != NULL; m = m->next) {
		if (m->type != JSON_OBJECT)
			add_literal(w, m);
		if (is_tree(m))
			add_presence(w, path_put(w, 0, m->key));
	}
}

/* The first of the names under which there is text. */
static struct slice
find_text(const struct json *line, const char *const *names)
{
	for (; *names != NULL; names++) {
		const struct json *v = json_get(line, *names);

		if (v == NULL)
			v = json_path(line, *names);
		if (v != NULL && !is_tree(v) && v->text.len > 0)
			return v->text;
	}
	return S("");
}

/* Fills a field of the schema from another name, unless it has a value. */
static void
set_missing(struct walk *w, int field, const struct json *line,
    const char *const *names)
{
	struct slice text;

	if (event_text(w->ev, field).len > 0)
		return;
	text = find_text(line, names);
	if (text.len > 0)
		event_set_typed(w->ev, field, field == F_PROCESS_PID ?
		    decode_number(text) : VALUE_STRING, text);
}

/*
 * A number is of seconds, milliseconds, microseconds or nanoseconds since the
 * epoch: each is of a size that the others reach in no time that matters. A
 * small "time" may well be how long something took.
 */
static bool
epoch_time(struct slice text, double least, int64_t *when)
{
	static const struct {
		double below, scale;
	} units[] = {
		{ 1e11, 1e6 }, { 1e14, 1e3 }, { 1e17, 1 }, { 1e20, 1e-3 },
	};
	char number[40], *end;
	double n;

	if (text.len == 0 || text.len >= sizeof(number))
		return false;
	slice_to_cstr(text, number, sizeof(number));
	n = strtod(number, &end);
	for (size_t i = 0; *end == '\0' && n >= least && i < COUNT(units); i++) {
		if (n >= units[i].below)
			continue;
		*when = (int64_t)(n * units[i].scale + 0.5);
		return true;
	}
	return false;
}

static bool
find_time(const struct json *line, int64_t *when)
{
	struct slice micros;
	uint64_t n;

	for (const char *const *name = time_names; *name != NULL; name++) {
		const struct json *v = json_get(line, *name);

		if (v != NULL && v->type == JSON_STRING &&
		    when_parse_rfc3339(v->text, when) == 0)
			return true;
		if (v != NULL && v->type == JSON_NUMBER &&
		    epoch_time(v->text, name == time_names ? 0 : 1e9, when))
			return true;
	}
	micros = find_text(line, micros_names);
	if (slice_to_u64(micros, &n) == -1 || n > INT64_MAX)
		return false;
	*when = (int64_t)n;
	return true;
}

/* A program and its message are as good as a line of syslog. */
static void
take_message(struct decode_frame *frame, struct walk *w,
    const struct json *line, struct decoded *out)
{
	struct slice message;

	set_missing(w, F_PROCESS_NAME, line, program_names);
	set_missing(w, F_MESSAGE, line, message_names);
	message = event_text(w->ev, F_MESSAGE);
	if (message.len == 0)
		return;
	cursor_blanks(&message);
	out->message = message;
	out->program = event_text(w->ev, F_PROCESS_NAME);
	if (out->program.len == 0)
		return;
	set_missing(w, F_HOST_HOSTNAME, line, host_names);
	set_missing(w, F_PROCESS_PID, line, pid_names);
	if (!frame->told)
		event_source(w->ev, frame->syslog);
}

static bool
decode(struct decode_frame *frame, struct event *ev, struct decoded *out)
{
	struct walk w = { .schema = frame->schema, .ev = ev };
	struct json *line;
	int64_t when;

	if (json_parse(ev->arena, ev->record->bytes, &line, NULL) == -1 ||
	    line->type != JSON_OBJECT)
		return false;
	add_fields(&w, line);
	ev->raw = json_text(line, "_raw");
	event_source(ev, frame->other);
	take_message(frame, &w, line, out);
	if (find_time(line, &when))
		ev->time = when < ev->received ? when : ev->received;
	return true;
}

/* An object, and one with a program's message, as good as a line of syslog. */
static bool
could(const struct decode_frame *frame, struct event *ev, unsigned n)
{
	for (size_t i = 0; n < 2 && i < schema_count(frame->schema); i++)
		event_set(ev, (int)i, value_any);
	event_source(ev, frame->other);
	if (n == 1)
		event_source(ev, frame->syslog);
	return n < 2;
}

const struct decoder dec_json = {
	.name = "json",
	.form = FORM_JSON,
	.decode = decode,
	.could = could,
	.speaks = true,
	.open = true,
};
