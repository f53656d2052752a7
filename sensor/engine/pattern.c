#include "engine/pattern.h"

#include "base/casefold.h"

static struct part *
new_parts(struct arena *a, size_t n)
{
	return arena_alloc(a, n * sizeof(struct part));
}

/* Adds a part; a run behind a run says nothing new. */
static void
push(struct pattern *p, enum part_type type, struct slice text)
{
	struct part *last = p->count > 0 ? &p->parts[p->count - 1] : NULL;

	if (type == PART_RUN && last != NULL && last->type == PART_RUN)
		return;
	if (type == PART_TEXT && text.len == 0)
		return;
	p->parts[p->count++] = (struct part){ type, text };
}

static size_t
count_wildcards(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += s.p[i] == '*' || s.p[i] == '?';
	return n;
}

/*
 * A backslash escapes '*', '?' and itself; before anything else, and at the
 * end, it is a backslash.
 */
struct pattern
pattern_parse(struct arena *a, struct slice s)
{
	unsigned char *text = arena_alloc(a, s.len + 1);
	struct pattern p = { new_parts(a, 2 * count_wildcards(s) + 1), 0 };
	size_t from = 0, n = 0;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = s.p[i];

		if (c == '*' || c == '?') {
			push(&p, PART_TEXT, slice_bytes(text + from, n - from));
			push(&p, c == '*' ? PART_RUN : PART_ONE, S(""));
			from = n;
			continue;
		}
		if (c == '\\' && i + 1 < s.len &&
		    memchr("*?\\", s.p[i + 1], 3) != NULL)
			c = s.p[++i];
		text[n++] = c;
	}
	push(&p, PART_TEXT, slice_bytes(text + from, n - from));
	return p;
}

struct pattern
pattern_text(struct arena *a, struct slice text)
{
	struct pattern p = { new_parts(a, 1), 0 };

	push(&p, PART_TEXT, text);
	return p;
}

static struct slice
join_text(struct arena *a, struct slice left, struct slice right)
{
	unsigned char *p = arena_alloc(a, left.len + right.len);

	memcpy(p, left.p, left.len);
	memcpy(p + left.len, right.p, right.len);
	return slice_bytes(p, left.len + right.len);
}

struct pattern
pattern_join(struct arena *a, struct pattern left, struct pattern right)
{
	struct pattern p = { new_parts(a, left.count + right.count), 0 };

	for (size_t i = 0; i < left.count; i++)
		push(&p, left.parts[i].type, left.parts[i].text);
	for (size_t i = 0; i < right.count; i++) {
		const struct part *next = &right.parts[i];
		struct part *last = p.count > 0 ? &p.parts[p.count - 1] : NULL;

		if (last != NULL && last->type == PART_TEXT &&
		    next->type == PART_TEXT)
			last->text = join_text(a, last->text, next->text);
		else
			push(&p, next->type, next->text);
	}
	return p;
}

static struct pattern
run(struct arena *a)
{
	struct pattern p = { new_parts(a, 1), 0 };

	push(&p, PART_RUN, S(""));
	return p;
}

struct pattern
pattern_open_front(struct arena *a, struct pattern p)
{
	return pattern_join(a, run(a), p);
}

struct pattern
pattern_open_end(struct arena *a, struct pattern p)
{
	return pattern_join(a, p, run(a));
}

bool
pattern_plain(struct pattern p, struct slice *out)
{
	*out = S("");
	if (p.count == 0)
		return true;
	if (p.count > 1 || p.parts[0].type != PART_TEXT)
		return false;
	*out = p.parts[0].text;
	return true;
}

static struct slice
ready_text(struct arena *a, struct slice text, bool cased)
{
	return cased ? arena_keep(a, text) : fold_keep(a, text);
}

static struct pattern
ready_parts(struct arena *a, struct pattern p, bool cased)
{
	struct pattern out = { new_parts(a, p.count), p.count };

	for (size_t i = 0; i < p.count; i++) {
		out.parts[i].type = p.parts[i].type;
		out.parts[i].text = ready_text(a, p.parts[i].text, cased);
	}
	return out;
}

/*
 * Most strings are one text, open at the front, the end, both or neither;
 * what else there is takes the general way.
 */
struct matcher
pattern_compile(struct arena *a, struct pattern p, bool cased)
{
	static const enum match_type by_open[2][2] = {
		{ MATCH_EQUAL, MATCH_PREFIX },
		{ MATCH_SUFFIX, MATCH_CONTAINS },
	};
	struct matcher m = { .cased = cased, .text = S("") };
	bool front = p.count > 0 && p.parts[0].type == PART_RUN;
	bool end = p.count > 0 && p.parts[p.count - 1].type == PART_RUN;

	if (p.count == 0) {
		m.type = MATCH_EQUAL;
	} else if (p.count == 1 && front) {
		m.type = MATCH_ANY;
	} else if (p.count == (size_t)1 + front + end &&
	    p.parts[front].type == PART_TEXT) {
		m.type = by_open[front][end];
		m.text = ready_text(a, p.parts[front].text, cased);
	} else {
		m.type = MATCH_GLOB;
		m.glob = ready_parts(a, p, cased);
	}
	return m;
}

/* Parts from..to of a pattern, none of them a run. */
struct piece {
	const struct part *at, *end;
};

/* Where the piece ends when it begins at s; false when it does not. */
static bool
piece_at(struct piece piece, struct slice s, size_t *end)
{
	size_t used = 0;

	for (const struct part *p = piece.at; p < piece.end; p++) {
		struct slice rest = slice_from(s, used);

		if (p->type == PART_TEXT && !slice_starts(rest, p->text))
			return false;
		if (p->type == PART_ONE && rest.len == 0)
			return false;
		used += p->type == PART_TEXT ? p->text.len : char_len(rest);
	}
	*end = used;
	return true;
}

/* A run takes whole characters, or '?' would match parts of one. */
static size_t
step_at(struct slice s, size_t i)
{
	return i < s.len ? char_len(slice_from(s, i)) : 1;
}

/*
 * The first place at or behind *at where the piece stands; moves *at behind
 * it. With last, only a place where it also ends the text.
 */
static bool
piece_find(struct piece piece, struct slice s, bool last, size_t *at)
{
	for (size_t i = *at; i <= s.len; i += step_at(s, i)) {
		struct slice rest = slice_from(s, i);
		size_t end, skip = 0;

		if (piece.at->type == PART_TEXT)
			skip = slice_find(rest, piece.at->text);
		if (skip == SIZE_MAX)
			return false;
		i += skip;
		if (piece_at(piece, slice_from(s, i), &end) &&
		    (!last || i + end == s.len)) {
			*at = i + end;
			return true;
		}
	}
	return false;
}

/* The piece that begins at p: up to the next run or the pattern's end. */
static struct piece
piece_from(const struct part *p, const struct part *end)
{
	struct piece piece = { p, p };

	while (piece.end < end && piece.end->type != PART_RUN)
		piece.end++;
	return piece;
}

/*
 * Piece by piece between the runs, each at the first place where it fits:
 * an earlier place never makes a later piece fail, so nothing is tried twice.
 */
static bool
glob_match(struct pattern glob, struct slice s)
{
	const struct part *p = glob.parts, *end = p + glob.count;
	struct piece piece = piece_from(p, end);
	size_t at = 0;

	if (!piece_at(piece, s, &at))
		return false;
	if (piece.end == end)
		return at == s.len;
	while ((p = piece.end + 1) < end) {
		piece = piece_from(p, end);
		if (!piece_find(piece, s, piece.end == end, &at))
			return false;
		if (piece.end == end)
			return true;
	}
	return true;
}

bool
matcher_match(const struct matcher *m, struct slice s)
{
	switch (m->type) {
	case MATCH_ANY:
		return true;
	case MATCH_EQUAL:
		return slice_eq(s, m->text);
	case MATCH_PREFIX:
		return slice_starts(s, m->text);
	case MATCH_SUFFIX:
		return slice_ends(s, m->text);
	case MATCH_CONTAINS:
		return slice_find(s, m->text) != SIZE_MAX;
	case MATCH_GLOB:
		return glob_match(m->glob, s);
	}
	return false;
}
