#include "inputs/lines.h"

#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"

enum {
	WINDOW = 256 * 1024,
	/* Only with so many bytes is it sure that CR LF comes too late. */
	SURE = RECORD_MAX + 2,
	HOLE_MIN = 4096,
};

struct lines {
	struct feed *feed;
	enum lines_mode mode;
	size_t begin, end;	/* of what is in the window and not given */
	size_t seen;		/* behind begin, without a newline */
	uint64_t at;		/* offset of begin in the feed */
	uint64_t zeros;
	unsigned char window[WINDOW];
};

struct lines *
lines_new(struct feed *f)
{
	struct lines *l = xmalloc(sizeof(*l));

	lines_take(l, f, LINES_TEXT);
	return l;
}

void
lines_free(struct lines *l)
{
	free(l);
}

void
lines_take(struct lines *l, struct feed *f, enum lines_mode mode)
{
	l->feed = f;
	l->mode = mode;
	l->begin = l->end = l->seen = 0;
	l->at = f == NULL ? 0 : feed_offset(f);
	l->zeros = 0;
}

static void
pass(struct lines *l, size_t n)
{
	assert(n <= l->end - l->begin);
	l->begin += n;
	l->at += n;
	l->seen = 0;
}

static size_t
waiting(const struct lines *l)
{
	return l->end - l->begin;
}

/* Makes room behind what waits and reads; as feed_read. */
static ssize_t
fill(struct lines *l)
{
	uint64_t hole;
	ssize_t n;

	if (l->begin == l->end && l->mode == LINES_HOLE) {
		hole = feed_hole(l->feed);
		l->zeros += hole;
		l->at += hole;
	}
	if (l->end == WINDOW) {
		memmove(l->window, l->window + l->begin, waiting(l));
		l->end -= l->begin;
		l->begin = 0;
	}
	n = feed_read(l->feed, l->window + l->end, WINDOW - l->end);
	if (n > 0)
		l->end += (size_t)n;
	return n;
}

/* The line is too long: gives its first part. */
static enum lines_found
cut(struct lines *l, struct line *out)
{
	*out = (struct line){ slice_bytes(l->window + l->begin, RECORD_MAX),
	    l->at, RECORD_CUT };
	pass(l, RECORD_MAX);
	l->mode = LINES_SKIPPING;
	return LINES_FOUND;
}

static enum lines_found
take_line(struct lines *l, struct line *out)
{
	const unsigned char *p = l->window + l->begin, *newline;
	size_t len;

	newline = memchr(p + l->seen, '\n', waiting(l) - l->seen);
	if (newline == NULL) {
		l->seen = waiting(l);
		return l->seen < SURE ? LINES_END : cut(l, out);
	}
	len = (size_t)(newline - p);
	if (len > 0 && p[len - 1] == '\r')
		len--;
	if (len > RECORD_MAX)
		return cut(l, out);
	*out = (struct line){ slice_bytes(p, len), l->at, 0 };
	pass(l, (size_t)(newline - p) + 1);
	return LINES_FOUND;
}

static size_t
leading_zeros(const struct lines *l, size_t max)
{
	size_t n = 0;

	if (max > waiting(l))
		max = waiting(l);
	while (n < max && l->window[l->begin + n] == 0)
		n++;
	return n;
}

/* A line begins: is it one, or a hole? */
static enum lines_found
text(struct lines *l, struct line *out)
{
	size_t zeros;

	if (waiting(l) == 0)
		return LINES_END;
	if (l->window[l->begin] != 0)
		return take_line(l, out);
	zeros = leading_zeros(l, HOLE_MIN);
	if (zeros < HOLE_MIN)
		return zeros == waiting(l) ? LINES_END : take_line(l, out);
	l->mode = LINES_HOLE;
	return LINES_END;
}

static void
skip(struct lines *l)
{
	const unsigned char *p = l->window + l->begin;
	const unsigned char *newline = memchr(p, '\n', waiting(l));

	if (newline == NULL) {
		pass(l, waiting(l));
		return;
	}
	pass(l, (size_t)(newline - p) + 1);
	l->mode = LINES_TEXT;
}

static void
climb(struct lines *l)
{
	size_t n = leading_zeros(l, WINDOW);

	l->zeros += n;
	pass(l, n);
	if (waiting(l) > 0)
		l->mode = LINES_TEXT;
}

enum lines_found
lines_next_here(struct lines *l, struct line *out)
{
	enum lines_mode before;

	do {
		before = l->mode;
		if (before == LINES_SKIPPING)
			skip(l);
		else if (before == LINES_HOLE)
			climb(l);
		else if (text(l, out) == LINES_FOUND)
			return LINES_FOUND;
	} while (l->mode != before);
	return LINES_END;
}

enum lines_found
lines_next(struct lines *l, struct line *out)
{
	while (lines_next_here(l, out) == LINES_END) {
		ssize_t n = fill(l);

		if (n <= 0)
			return n == 0 ? LINES_END : LINES_BROKEN;
	}
	return LINES_FOUND;
}

bool
lines_rest(struct lines *l, struct line *out)
{
	size_t n = waiting(l);

	if (l->mode != LINES_TEXT || n == 0)
		return false;
	*out = (struct line){ slice_bytes(l->window + l->begin, n), l->at,
	    RECORD_PARTIAL };
	if (n > RECORD_MAX) {
		out->text.len = RECORD_MAX;
		out->flags |= RECORD_CUT;
	}
	pass(l, n);
	return true;
}

uint64_t
lines_offset(const struct lines *l)
{
	return l->at;
}

enum lines_mode
lines_mode(const struct lines *l)
{
	return l->mode;
}

uint64_t
lines_zeros(const struct lines *l)
{
	return l->zeros;
}

struct slice
lines_look(struct lines *l, size_t n)
{
	assert(n <= RECORD_MAX);
	while (waiting(l) < n && fill(l) > 0)
		continue;
	return slice_head(slice_bytes(l->window + l->begin, waiting(l)), n);
}

void
lines_pass(struct lines *l, size_t n)
{
	pass(l, n);
}

struct slice
lines_behind(const struct lines *l, size_t n)
{
	if (n > l->begin)
		n = l->begin;
	return slice_bytes(l->window + l->begin - n, n);
}

enum record_form
lines_form(struct slice text)
{
	return slice_starts(text, S("{")) ? FORM_JSON : FORM_TEXT;
}
