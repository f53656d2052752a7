#include "base/json.h"

#include "base/digest.h"
#include "base/swar.h"
#include "base/utf8.h"

struct reader {
	const unsigned char *start, *at, *end;
	struct arena *arena;
	struct err *err;
	unsigned depth;
};

static int read_value(struct reader *r, struct json *v);

static int
fail(struct reader *r, const char *what)
{
	return err_set(r->err, "offset %zu: %s", (size_t)(r->at - r->start),
	    what);
}

/* The next byte that is not white space, or 0 at the end. */
static unsigned char
peek(struct reader *r)
{
	while (r->at < r->end && byte_is_space(*r->at))
		r->at++;
	return r->at < r->end ? *r->at : 0;
}

/* The first quote or backslash, or end. */
static const unsigned char *
plain_end(const unsigned char *p, const unsigned char *end)
{
	while (end - p >= 8) {
		uint64_t word = swar_load(p);

		if ((swar_has(word, '"') | swar_has(word, '\\')) != 0)
			break;
		p += 8;
	}
	while (p < end && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* Four hex digits, or -1. */
static int32_t
read_hex4(const unsigned char *p, const unsigned char *end)
{
	unsigned char b[2];

	if (end - p < 4 || hex_decode(slice_bytes(p, 4), b, 2) == -1)
		return -1;
	return b[0] << 8 | b[1];
}

/*
 * The code point of a \u escape, *p behind the u; two escapes when they are a
 * pair of surrogates, U+FFFD for half a pair. -1 when it is no escape.
 */
static int32_t
read_unicode(const unsigned char **p, const unsigned char *end)
{
	int32_t high = read_hex4(*p, end), low;

	if (high == -1)
		return -1;
	*p += 4;
	if (high < 0xd800 || high > 0xdfff)
		return high;
	if (high > 0xdbff || end - *p < 6 || (*p)[0] != '\\' ||
	    (*p)[1] != 'u')
		return 0xfffd;
	low = read_hex4(*p + 2, end);
	if (low < 0xdc00 || low > 0xdfff)
		return 0xfffd;
	*p += 6;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static const unsigned char escapes[256] = {
	['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b',
	['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
};

/*
 * Unescapes up to end into to, which has room for as many bytes: no escape is
 * shorter than what it stands for. The end of what was written, or NULL.
 */
static unsigned char *
unescape(const unsigned char *p, const unsigned char *end, unsigned char *to)
{
	while (p < end) {
		const unsigned char *stop = plain_end(p, end);
		int32_t code;

		memmove(to, p, (size_t)(stop - p));
		to += stop - p;
		if (stop == end)
			break;
		p = stop + 2;
		if (escapes[stop[1]] != 0) {
			*to++ = escapes[stop[1]];
			continue;
		}
		if (stop[1] != 'u' || (code = read_unicode(&p, end)) == -1)
			return NULL;
		to += utf8_put(to, (uint32_t)code);
	}
	return to;
}

static int
read_escaped(struct reader *r, const unsigned char *start, struct slice *out)
{
	unsigned char *to, *end;

	while (r->at < r->end && *r->at == '\\') {
		if (r->end - r->at < 2)
			break;
		r->at = plain_end(r->at + 2, r->end);
	}
	if (r->at == r->end || *r->at != '"')
		return fail(r, "string without an end");
	to = arena_alloc(r->arena, (size_t)(r->at - start));
	if (to == NULL)
		return fail(r, "too large");
	end = unescape(start, r->at, to);
	if (end == NULL)
		return fail(r, "unknown escape in the string before this");
	*out = slice_bytes(to, (size_t)(end - to));
	r->at++;
	return 0;
}

/*
 * Control bytes are taken as they are: a program that forgets to escape one
 * must not thereby hide its line.
 */
static int
read_string(struct reader *r, struct slice *out)
{
	const unsigned char *start = ++r->at;

	r->at = plain_end(start, r->end);
	if (r->at == r->end || *r->at != '"')
		return read_escaped(r, start, out);
	*out = slice_bytes(start, (size_t)(r->at - start));
	r->at++;
	return 0;
}

static bool
skip_digits(struct reader *r)
{
	const unsigned char *start = r->at;

	while (r->at < r->end && byte_is_digit(*r->at))
		r->at++;
	return r->at > start;
}

static bool
skip_byte(struct reader *r, const char *any)
{
	if (r->at == r->end || *r->at == '\0' || strchr(any, *r->at) == NULL)
		return false;
	r->at++;
	return true;
}

static int
read_number(struct reader *r, struct json *v)
{
	const unsigned char *start = r->at;
	bool fine;

	skip_byte(r, "-");
	fine = skip_byte(r, "0") || skip_digits(r);
	if (fine && skip_byte(r, "."))
		fine = skip_digits(r);
	if (fine && skip_byte(r, "eE")) {
		skip_byte(r, "+-");
		fine = skip_digits(r);
	}
	if (!fine)
		return fail(r, "no value");
	v->type = JSON_NUMBER;
	v->text = slice_bytes(start, (size_t)(r->at - start));
	return 0;
}

static int
read_word(struct reader *r, struct json *v, enum json_type type,
    struct slice word)
{
	struct slice rest = slice_bytes(r->at, (size_t)(r->end - r->at));

	if (!slice_starts(rest, word))
		return fail(r, "no value");
	v->type = type;
	v->truth = word.p[0] == 't';
	if (type == JSON_BOOL)
		v->text = slice_head(rest, word.len);
	r->at += word.len;
	return 0;
}

static int
read_key(struct reader *r, struct json *child)
{
	if (peek(r) != '"')
		return fail(r, "no key in quotes");
	if (read_string(r, &child->key) == -1)
		return -1;
	if (peek(r) != ':')
		return fail(r, "no colon behind a key");
	r->at++;
	return 0;
}

static int
read_children(struct reader *r, struct json *v, unsigned char close)
{
	struct json **tail = &v->first;
	unsigned char c;

	if (peek(r) == close) {
		r->at++;
		return 0;
	}
	do {
		struct json *child = arena_alloc(r->arena, sizeof(*child));

		if (child == NULL)
			return fail(r, "too large");
		if (v->type == JSON_OBJECT && read_key(r, child) == -1)
			return -1;
		if (read_value(r, child) == -1)
			return -1;
		*tail = child;
		tail = &child->next;
		c = peek(r);
		r->at += c != 0;
	} while (c == ',');
	return c == close ? 0 : fail(r, "no comma and no end of the list");
}

static int
read_nested(struct reader *r, struct json *v, enum json_type type,
    unsigned char close)
{
	int ret;

	if (r->depth == JSON_DEPTH_MAX)
		return fail(r, "nested too deep");
	v->type = type;
	r->at++;
	r->depth++;
	ret = read_children(r, v, close);
	r->depth--;
	return ret;
}

static int
read_value(struct reader *r, struct json *v)
{
	switch (peek(r)) {
	case '{':
		return read_nested(r, v, JSON_OBJECT, '}');
	case '[':
		return read_nested(r, v, JSON_ARRAY, ']');
	case '"':
		v->type = JSON_STRING;
		return read_string(r, &v->text);
	case 't':
		return read_word(r, v, JSON_BOOL, S("true"));
	case 'f':
		return read_word(r, v, JSON_BOOL, S("false"));
	case 'n':
		return read_word(r, v, JSON_NULL, S("null"));
	default:
		return read_number(r, v);
	}
}

int
json_parse(struct arena *a, struct slice in, struct json **out,
    struct err *err)
{
	struct reader r = { in.p, in.p, in.p + in.len, a, err, 0 };
	struct json *v = arena_alloc(a, sizeof(*v));

	*out = NULL;
	if (v == NULL)
		return fail(&r, "too large");
	if (read_value(&r, v) == -1)
		return -1;
	peek(&r);
	if (r.at < r.end)
		return fail(&r, "something behind the value");
	*out = v;
	return 0;
}

static const struct json *
member(const struct json *object, struct slice key)
{
	if (object == NULL || object->type != JSON_OBJECT)
		return NULL;
	for (const struct json *v = object->first; v != NULL; v = v->next)
		if (slice_eq(v->key, key))
			return v;
	return NULL;
}

const struct json *
json_get(const struct json *object, const char *key)
{
	return member(object, slice_of(key));
}

const struct json *
json_path(const struct json *object, const char *path)
{
	struct slice rest = slice_of(path), key;

	while (slice_cut(&rest, '.', &key))
		object = member(object, key);
	return member(object, rest);
}

struct slice
json_text(const struct json *object, const char *path)
{
	const struct json *v = json_path(object, path);

	return v != NULL && v->type == JSON_STRING ? v->text : S("");
}

int64_t
json_int(const struct json *object, const char *path, int64_t fallback)
{
	const struct json *v = json_path(object, path);
	int64_t n;

	if (v == NULL || v->type != JSON_NUMBER ||
	    slice_to_i64(v->text, &n) == -1)
		return fallback;
	return n;
}
