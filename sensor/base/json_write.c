#include <assert.h>

#include "base/json.h"
#include "base/swar.h"
#include "base/utf8.h"
#include "base/when.h"

/* Writes what stands between two values; then a value may follow. */
static void
before(struct jsonw *w)
{
	uint64_t bit;

	if (w->depth == 0)
		return;
	if (w->keyed) {
		w->keyed = false;
		return;
	}
	bit = UINT64_C(1) << (w->depth - 1);
	if ((w->comma & bit) != 0)
		buf_byte(w->out, ',');
	w->comma |= bit;
}

static void
open_nested(struct jsonw *w, unsigned char c)
{
	assert(w->depth < JSON_DEPTH_MAX);
	before(w);
	buf_byte(w->out, c);
	w->depth++;
	w->comma &= ~(UINT64_C(1) << (w->depth - 1));
}

static void
close_nested(struct jsonw *w, unsigned char c)
{
	assert(w->depth > 0 && !w->keyed);
	w->depth--;
	buf_byte(w->out, c);
}

void
jsonw_object(struct jsonw *w)
{
	open_nested(w, '{');
}

void
jsonw_object_end(struct jsonw *w)
{
	close_nested(w, '}');
}

void
jsonw_array(struct jsonw *w)
{
	open_nested(w, '[');
}

void
jsonw_array_end(struct jsonw *w)
{
	close_nested(w, ']');
}

void
jsonw_key(struct jsonw *w, struct slice key)
{
	assert(w->depth > 0 && !w->keyed);
	before(w);
	json_quote(w->out, key);
	buf_byte(w->out, ':');
	w->keyed = true;
}

void
jsonw_str(struct jsonw *w, struct slice s)
{
	before(w);
	json_quote(w->out, s);
}

void
jsonw_int(struct jsonw *w, int64_t n)
{
	before(w);
	if (n < 0)
		buf_byte(w->out, '-');
	buf_u64(w->out, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

void
jsonw_bool(struct jsonw *w, bool truth)
{
	before(w);
	buf_str(w->out, truth ? "true" : "false");
}

void
jsonw_null(struct jsonw *w)
{
	before(w);
	buf_str(w->out, "null");
}

void
jsonw_raw(struct jsonw *w, struct slice json)
{
	before(w);
	buf_add(w->out, json);
}

void
jsonw_time(struct jsonw *w, int64_t when)
{
	before(w);
	buf_byte(w->out, '"');
	when_utc(w->out, when);
	buf_byte(w->out, '"');
}

void
jsonw_pair(struct jsonw *w, const char *key, struct slice s)
{
	jsonw_key(w, slice_of(key));
	jsonw_str(w, s);
}

void
jsonw_pair_int(struct jsonw *w, const char *key, int64_t n)
{
	jsonw_key(w, slice_of(key));
	jsonw_int(w, n);
}

static void
write_nested(struct jsonw *w, const struct json *value)
{
	bool object = value->type == JSON_OBJECT;

	open_nested(w, object ? '{' : '[');
	for (const struct json *v = value->first; v != NULL; v = v->next) {
		if (object)
			jsonw_key(w, v->key);
		jsonw_value(w, v);
	}
	close_nested(w, object ? '}' : ']');
}

void
jsonw_value(struct jsonw *w, const struct json *value)
{
	switch (value->type) {
	case JSON_NULL:
		jsonw_null(w);
		break;
	case JSON_BOOL:
		jsonw_bool(w, value->truth);
		break;
	case JSON_NUMBER:
		jsonw_raw(w, value->text);
		break;
	case JSON_STRING:
		jsonw_str(w, value->text);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		/* A foreign tree may be as deep as the reader allows. */
		if (w->depth == JSON_DEPTH_MAX)
			jsonw_null(w);
		else
			write_nested(w, value);
		break;
	}
}

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Offset of the first byte that can't be copied as it is, from at on. */
static size_t
plain_run(struct slice s, size_t at)
{
	while (s.len - at >= 8) {
		uint64_t word = swar_load(s.p + at);

		if (((word & SWAR_HIGHS) | swar_below(word, 0x20) |
		    swar_has(word, '"') | swar_has(word, '\\') |
		    swar_has(word, 0x7f)) != 0)
			break;
		at += 8;
	}
	while (at < s.len && is_plain(s.p[at]))
		at++;
	return at;
}

static void
quote_unit(struct buf *b, uint32_t unit)
{
	unsigned char bytes[2] = {
		(unsigned char)(unit >> 8), (unsigned char)unit
	};

	buf_str(b, "\\u");
	buf_hex(b, slice_bytes(bytes, 2));
}

static void
quote_code(struct buf *b, uint32_t code)
{
	static const char letters[0x80] = {
		['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
		['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't',
	};

	if (code < 0x80 && letters[code] != 0) {
		buf_byte(b, '\\');
		buf_byte(b, (unsigned char)letters[code]);
	} else if (code < 0x10000) {
		quote_unit(b, code);
	} else {
		code -= 0x10000;
		quote_unit(b, 0xd800 + (code >> 10));
		quote_unit(b, 0xdc00 + (code & 0x3ff));
	}
}

/*
 * Runs of plain bytes are copied at once; whole characters are part of a run
 * unless they deceive. Those are written as escapes, which means the same to
 * a machine and nothing to a terminal.
 */
void
json_quote(struct buf *b, struct slice s)
{
	unsigned char *room = buf_room(b, s.len + 2);
	size_t done = 0, at = 0;

	if (plain_run(s, 0) == s.len) {
		room[0] = '"';
		if (s.len > 0)
			memcpy(room + 1, s.p, s.len);
		room[s.len + 1] = '"';
		b->len += s.len + 2;
		return;
	}
	buf_byte(b, '"');
	while ((at = plain_run(s, at)) < s.len) {
		uint32_t code = 0;
		size_t n = utf8_one(slice_from(s, at), &code);

		if (n > 1 && !utf8_deceives(code)) {
			at += n;
			continue;
		}
		buf_add(b, slice_bytes(s.p + done, at - done));
		if (n == 0)
			buf_str(b, "\xef\xbf\xbd");
		else
			quote_code(b, code);
		at += n > 0 ? n : 1;
		done = at;
	}
	buf_add(b, slice_from(s, done));
	buf_byte(b, '"');
}
