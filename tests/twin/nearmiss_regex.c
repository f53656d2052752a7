/*
 * A text that a regular expression asks for. It takes the pattern from left
 * to right and knows the common part of the language; where it errs, the text
 * is a near miss.
 */
#include "nearmiss.h"

enum { DEPTH_MAX = 12, LENGTH_MAX = 2000 };

struct sampler {
	struct buf *out;
	struct dice *d;
	struct slice rest;
	unsigned depth;
};

static void alternatives(struct sampler *s);

static unsigned char
take(struct sampler *s)
{
	unsigned char c = s->rest.len > 0 ? s->rest.p[0] : 0;

	s->rest = slice_from(s->rest, 1);
	return c;
}

static unsigned char
of(struct dice *d, struct slice set)
{
	return set.p[dice_roll(d, (unsigned)set.len)];
}

/* A letter of \d, \w and the like, or what the backslash protects. */
static void
escape(struct sampler *s, unsigned char c)
{
	static const struct { unsigned char name; struct slice set; } sets[] = {
		{ 'd', SLICE("0123456789") }, { 'w', SLICE("abK_019z") },
		{ 's', SLICE(" \t\n ") }, { 'D', SLICE("ab /-") },
		{ 'W', SLICE(" -/.;") }, { 'S', SLICE("a1-/x") },
		{ 'n', SLICE("\n") }, { 't', SLICE("\t") },
		{ 'r', SLICE("\r") }, { 'h', SLICE(" \t") },
		{ 'b', SLICE("") }, { 'B', SLICE("") }, { 'A', SLICE("") },
		{ 'z', SLICE("") }, { 'Z', SLICE("") },
	};

	for (size_t i = 0; i < COUNT(sets); i++) {
		if (sets[i].name != c)
			continue;
		if (sets[i].set.len > 0)
			buf_byte(s->out, of(s->d, sets[i].set));
		return;
	}
	buf_byte(s->out, c);
}

/* Some letter of [a-z...]; of [^...] one that is rarely in it. */
static void
class(struct sampler *s)
{
	bool other = slice_skip(&s->rest, S("^"));
	unsigned n = 0;
	unsigned char c, picked = 'x', last = 0;
	bool escaped = false;

	for (bool first = true; s->rest.len > 0; first = false) {
		c = take(s);
		if (c == ']' && !first)
			break;
		if (c == '\\') {
			last = take(s);
			escaped |= dice_one_in(s->d, ++n);
			picked = escaped ? last : picked;
			continue;
		}
		if (c == '-' && last != 0 && s->rest.len > 0 &&
		    s->rest.p[0] > last && s->rest.p[0] != ']')
			c = (unsigned char)(last + dice_roll(s->d,
			    1u + s->rest.p[0] - last));
		if (dice_one_in(s->d, ++n)) {
			picked = c;
			escaped = false;
		}
		last = c;
	}
	if (other)
		buf_byte(s->out, of(s->d, S("~qX9 ")));
	else if (escaped)
		escape(s, picked);
	else
		buf_byte(s->out, picked);
}

/* How often: of what stands behind an atom. */
static unsigned
times(struct sampler *s)
{
	unsigned least = 1, most = 1;

	if (slice_skip(&s->rest, S("*"))) {
		least = 0;
		most = 3;
	} else if (slice_skip(&s->rest, S("+"))) {
		most = 3;
	} else if (slice_skip(&s->rest, S("?"))) {
		least = 0;
	} else if (slice_skip(&s->rest, S("{"))) {
		least = 0;
		while (s->rest.len > 0 && byte_is_digit(s->rest.p[0]) &&
		    least < 1000)
			least = least * 10 + (take(s) - '0');
		most = slice_skip(&s->rest, S(",")) ? least + 2 : least;
		while (s->rest.len > 0 && take(s) != '}')
			;
	} else {
		return 1;
	}
	if (!slice_skip(&s->rest, S("?")))
		slice_skip(&s->rest, S("+"));
	return least + dice_roll(s->d, most - least + 1);
}

static void
group(struct sampler *s)
{
	if (slice_skip(&s->rest, S("?")))
		while (s->rest.len > 0 && s->rest.p[0] != ')') {
			unsigned char c = take(s);

			if (c == ':' || c == '>' || c == '=' || c == '!')
				break;
		}
	alternatives(s);
	slice_skip(&s->rest, S(")"));
}

static void
atom(struct sampler *s)
{
	unsigned char c = take(s);

	if (c == '(')
		group(s);
	else if (c == '[')
		class(s);
	else if (c == '\\')
		escape(s, take(s));
	else if (c == '.')
		buf_byte(s->out, of(s->d, S("a/ .xK")));
	else if (c != '^' && c != '$')
		buf_byte(s->out, c);
}

/* An atom, and what it gave once more for each time it is asked for. */
static void
repeated(struct sampler *s)
{
	size_t before = s->out->len, one;
	unsigned n;

	atom(s);
	one = s->out->len - before;
	n = times(s);
	if (n == 0)
		s->out->len = before;
	for (unsigned i = 1; i < n && s->out->len + one < LENGTH_MAX; i++) {
		buf_room(s->out, one);
		buf_add(s->out, slice_bytes(s->out->p + before, one));
	}
}

/* One of "a|b|c", up to a parenthesis. */
static void
alternatives(struct sampler *s)
{
	size_t before = s->out->len;
	unsigned n = 1;
	struct buf kept = { 0 };

	if (++s->depth > DEPTH_MAX)
		s->rest.len = 0;
	while (s->rest.len > 0 && s->rest.p[0] != ')') {
		if (slice_skip(&s->rest, S("|"))) {
			if (dice_one_in(s->d, n++)) {
				buf_clear(&kept);
				buf_add(&kept, slice_from(buf_slice(s->out),
				    before));
			}
			s->out->len = before;
			continue;
		}
		repeated(s);
	}
	if (n > 1 && !dice_one_in(s->d, n)) {
		s->out->len = before;
		buf_add(s->out, buf_slice(&kept));
	}
	s->depth--;
	buf_free(&kept);
}

void
nearmiss_regex(struct buf *out, struct dice *d, struct slice pattern)
{
	struct sampler s = { out, d, pattern, 0 };

	alternatives(&s);
}
