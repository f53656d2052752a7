#include "rfc5424.h"

#include <assert.h>

#include "base/json.h"
#include "base/when.h"

enum {
	HOST_MAX = 255,
	APP_MAX = 48,
	VALUE_SHARE = 32,	/* a value takes 1/32 of a message, at most */
	STRING_FIRST = 4096,	/* a cut JSON string, at first and last */
	STRING_LAST = 16,
};

static const int severities[] = {
	[LEVEL_INFORMATIONAL] = 6,
	[LEVEL_LOW] = 5,
	[LEVEL_MEDIUM] = 4,
	[LEVEL_HIGH] = 3,
	[LEVEL_CRITICAL] = 2,
};

/* SD-PARAMs out of the record, where it has them. */
static const struct {
	const char *name, *path;
} params[] = {
	{ "rule_id", "rule.id" },
	{ "rule", "rule.name" },
	{ "action", "event.action" },
	{ "user", "user.name" },
	{ "src", "source.ip" },
};

/* At most n bytes, never half a character. */
static struct slice
cut_text(struct slice s, size_t n, bool *cut)
{
	if (s.len <= n)
		return s;
	*cut = true;
	for (unsigned back = 0; back < 3 && n > 0; back++, n--)
		if ((s.p[n] & 0xc0) != 0x80)
			break;
	return slice_head(s, n);
}

/* HOSTNAME, APP-NAME: printable ASCII without blanks, or "-". */
static void
add_word(struct buf *out, struct slice s, size_t max)
{
	s = slice_head(s, max);
	if (s.len == 0)
		buf_byte(out, '-');
	for (size_t i = 0; i < s.len; i++)
		buf_byte(out, s.p[i] > ' ' && s.p[i] < 0x7f ? s.p[i] : '?');
}

static void
add_header(struct buf *out, const struct rfc5424 *o, const struct parcel *p,
    const struct json *record)
{
	const char *kind = kind_name(p->kind);

	buf_fmt(out, "<%d>1 ", o->facility * 8 + severities[p->level]);
	when_utc(out, p->time);
	buf_byte(out, ' ');
	add_word(out, json_text(record, "host.name"), HOST_MAX);
	buf_byte(out, ' ');
	add_word(out, slice_of(o->app_name), APP_MAX);
	buf_fmt(out, " %d ", o->pid);
	for (size_t i = 0; kind[i] != '\0'; i++)
		buf_byte(out, (unsigned char)(kind[i] - 'a' + 'A'));
	buf_byte(out, ' ');
}

static void
add_param(struct buf *out, const char *name, struct slice value, size_t max,
    bool *cut)
{
	struct buf clean = { 0 };
	struct slice s;

	if (value.len == 0)
		return;
	/* Bytes past max can only be cut off, so they need no escaping. */
	text_escape(&clean, cut_text(value, max, cut));
	s = cut_text(buf_slice(&clean), max, cut);
	buf_fmt(out, " %s=\"", name);
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\' || s.p[i] == ']')
			buf_byte(out, '\\');
		buf_byte(out, s.p[i]);
	}
	buf_byte(out, '"');
	buf_free(&clean);
}

/* Structured data, but for its end. */
static void
add_data(struct buf *out, const struct rfc5424 *o, const struct parcel *p,
    const struct json *record, bool *cut)
{
	size_t max = o->max_size / VALUE_SHARE;

	buf_fmt(out, "[vedette@%s alert_id=\"", o->enterprise);
	buf_hex(out, slice_head(p->id, ID_LEN));
	buf_fmt(out, "\" seq=\"%llu\" severity=\"%s\"",
	    (unsigned long long)p->seq, level_name(p->level));
	for (size_t i = 0; i < COUNT(params); i++)
		add_param(out, params[i].name,
		    json_text(record, params[i].path), max, cut);
}

/* --- the message ---------------------------------------------------------- */

static void
add_text(struct buf *out, const struct parcel *p, const struct json *record,
    size_t room, bool *cut)
{
	struct slice title = json_text(record, "rule.name");
	struct slice text = json_text(record, "message");
	size_t start = out->len;
	struct slice all;

	if (text.len == 0)
		text = json_text(record, "event.original");
	if (text.len == 0 && title.len == 0)
		text = p->body;
	text_escape(out, cut_text(title, room, cut));
	if (title.len > 0 && text.len > 0)
		buf_str(out, ": ");
	text_escape(out, cut_text(text, room, cut));
	all = slice_from(buf_slice(out), start);
	out->len = start + cut_text(all, room, cut).len;
}

static void
write_cut(struct jsonw *w, const struct json *v, size_t longest)
{
	bool cut;

	if (v->type == JSON_STRING) {
		jsonw_str(w, cut_text(v->text, longest, &cut));
		return;
	}
	if (v->type != JSON_OBJECT && v->type != JSON_ARRAY) {
		jsonw_value(w, v);
		return;
	}
	if (v->type == JSON_OBJECT)
		jsonw_object(w);
	else
		jsonw_array(w);
	for (const struct json *c = v->first; c != NULL; c = c->next) {
		if (v->type == JSON_OBJECT)
			jsonw_key(w, c->key);
		write_cut(w, c, longest);
	}
	if (v->type == JSON_OBJECT)
		jsonw_object_end(w);
	else
		jsonw_array_end(w);
}

/* Still JSON, with its longest strings cut until it fits. */
static void
add_cut_json(struct buf *out, const struct parcel *p,
    const struct json *record, size_t room)
{
	size_t start = out->len;

	for (size_t max = STRING_FIRST; max >= STRING_LAST; max /= 2) {
		struct jsonw w = { .out = out };

		out->len = start;
		write_cut(&w, record, max);
		if (out->len - start <= room)
			return;
	}
	out->len = start;
	buf_str(out, "{\"event\":{\"id\":\"");
	buf_hex(out, slice_head(p->id, ID_LEN));
	buf_str(out, "\"}}");
}

/* Bytes of our own JSON hold no control characters; others might. */
static void
add_json(struct buf *out, const struct parcel *p, const struct json *record,
    size_t room, bool *cut)
{
	size_t start = out->len;

	if (p->body.len <= room) {
		buf_add(out, p->body);
	} else {
		*cut = true;
		add_cut_json(out, p, record, room);
	}
	for (size_t i = start; i < out->len; i++)
		if (out->p[i] < ' ' || out->p[i] == 0x7f)
			out->p[i] = ' ';
}

void
rfc5424_write(struct buf *out, const struct rfc5424 *o,
    const struct parcel *p, struct arena *scratch)
{
	static const char mark[] = " truncated=\"1\"", bom[] = "\xef\xbb\xbf";
	size_t start = out->len, used;
	struct json *record = NULL;
	struct buf message = { 0 };
	bool cut = false;

	assert(o->max_size >= RFC5424_SIZE_MIN);
	arena_reset(scratch);
	if (json_parse(scratch, p->body, &record, NULL) == -1)
		record = NULL;
	add_header(out, o, p, record);
	add_data(out, o, p, record, &cut);

	used = out->len - start + strlen(mark) + strlen("] ") + strlen(bom);
	assert(used < o->max_size);
	if (o->json && record != NULL)
		add_json(&message, p, record, o->max_size - used, &cut);
	else
		add_text(&message, p, record, o->max_size - used, &cut);
	buf_str(out, cut ? mark : "");
	buf_str(out, "] ");
	if (o->bom && !o->json)
		buf_str(out, bom);
	buf_add(out, buf_slice(&message));
	buf_free(&message);
}
