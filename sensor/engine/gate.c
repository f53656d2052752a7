/*
 * Of each literal two windows of four bytes, one behind the other, are marked
 * in a table of words: three bytes make the word's place, the first one is the
 * bit. One of both stands at an even offset of the text, so
 * that every second offset is enough to look at. They are the rarest ones near
 * its beginning: of "/usr/bin/xxd" not "/usr", which stands everywhere. What
 * has four bytes is marked a second time with any byte before it; what has
 * less is looked for by a pair of bytes, in a table of its own.
 *
 * Beside the bits stands how far before a window its literals begin, so that
 * what looks closer need not look far.
 *
 * Of the public Linux rules, this made events of processes take three quarters
 * of the time that a look at the first three bytes of all literals took, which
 * had five times as many places to walk from.
 */
#include "engine/gate.h"

#include <endian.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"

enum {
	WINDOW = 4,
	STEP = 2,
	REACH = 14,		/* of a window's distance from the beginning */
	ROOM = 8,		/* words of the table for each literal; at least, */
	BITS_LEAST = 5,		/* and at most, as powers of two */
	BITS_MOST = 13,
	PAIRS = 256,		/* words, by the first byte */
	COMMON_BITS = 8,
	RAREST = 24,		/* one in so many powers of two */
	COMMON = 4,		/* powers of two that common texts are more so */
};

/* From an offset behind a window back to where its literals begin. */
struct span {
	uint8_t near, far;	/* 0 to REACH; 0 is the window's second byte */
};

struct gate {
	uint32_t *marks;	/* words */
	struct span *spans;	/* by word */
	uint32_t *pairs;	/* NULL: no literal is that short */
	unsigned shift;		/* 2^(32 - shift) words */
	size_t shortest;
};

/* While it is made. */
struct maker {
	struct gate *g;
	uint32_t common[1 << COMMON_BITS];
};

/* What stands in most commands, paths and logs, and says little. */
static const char common[] =
    "/usr/bin/ /usr/sbin/ /usr/lib/ /usr/share/ /usr/local/ /sbin/ /bin/sh -c "
    "/bin/bash /var/log/ /var/lib/ /var/cache/ /etc/ /tmp/ /home/ /root /opt/ "
    "/srv/ /run/ /dev/null /proc/ python3 .conf --config .service .html .json "
    ".log .tar.gz https://www. .com/ 127.0.0.1 192.168. authentication failed "
    "error user session open connection from root password command system";

/* Four bytes as a number: the first one is the lowest. */
static inline uint32_t
four(const unsigned char *p)
{
	uint32_t window;

	memcpy(&window, p, sizeof(window));
	return le32toh(window);
}

static inline size_t
place(uint32_t window, unsigned shift)
{
	return (window >> 8) * UINT32_C(0x9e3779b1) >> shift;
}

static inline bool
is_marked(const uint32_t *marks, uint32_t window, unsigned shift)
{
	return (marks[place(window, shift)] >> window % 32 & 1) != 0;
}

static void
mark(uint32_t *marks, uint32_t window, unsigned shift)
{
	marks[place(window, shift)] |= UINT32_C(1) << window % 32;
}

/* The first two bytes of a window. */
static inline bool
is_pair(const uint32_t *pairs, uint32_t window)
{
	return (pairs[window & 0xff] >> (window >> 8) % 32 & 1) != 0;
}

unsigned
gate_bits(unsigned char c)
{
	if (memchr(" /-.", c, 4) != NULL)
		return 2;
	if (memchr("eatinosr", c, 8) != NULL)
		return 3;
	return byte_is_digit(c) || (c >= 'a' && c <= 'z') ? 4 : 6;
}

bool
gate_is_common(struct slice text)
{
	return slice_find(slice_of(common), text) != SIZE_MAX;
}

/* How often some bytes stand somewhere. */
static uint32_t
rarity(const unsigned char *p, size_t len)
{
	unsigned bits = 0;

	for (size_t i = 0; i < len; i++)
		bits += gate_bits(p[i]);
	return UINT32_C(1) << (RAREST - bits);
}

/* That of a window; one that is marked costs no more. */
static uint32_t
cost(const struct maker *m, const unsigned char *p)
{
	uint32_t window = four(p);

	if (is_marked(m->g->marks, window, m->g->shift))
		return 0;
	return is_marked(m->common, window, 32 - COMMON_BITS) ?
	    rarity(p, WINDOW) << COMMON : rarity(p, WINDOW);
}

/* A window that stands as far behind a literal's beginning, plus one. */
static void
mark_window(struct gate *g, uint32_t window, size_t distance)
{
	struct span *span = &g->spans[place(window, g->shift)];

	mark(g->marks, window, g->shift);
	if (distance < span->near)
		span->near = (uint8_t)distance;
	if (distance > span->far)
		span->far = (uint8_t)distance;
}

static void
mark_long(struct maker *m, struct slice literal)
{
	size_t best = 0, last = literal.len - WINDOW - 1;
	uint32_t least = UINT32_MAX;

	if (last > REACH - STEP)
		last = REACH - STEP;
	for (size_t at = 0; at <= last; at++) {
		uint32_t sum = cost(m, literal.p + at) +
		    cost(m, literal.p + at + 1);

		if (sum < least) {
			least = sum;
			best = at;
		}
	}
	for (size_t i = best; i < best + STEP; i++)
		mark_window(m->g, four(literal.p + i), i + 1);
}

static void
mark_four(struct gate *g, struct slice literal)
{
	uint32_t window = four(literal.p);

	mark_window(g, window, 1);
	for (uint32_t c = 0; c < 32; c++)
		mark_window(g, window << 8 | c, 0);
}

/* The rarer pair of two or three bytes; one with whatever follows it. */
static void
mark_pair(struct gate *g, struct slice literal)
{
	const unsigned char *p = literal.p;

	if (g->pairs == NULL)
		g->pairs = xcalloc(PAIRS, sizeof(*g->pairs));
	if (literal.len > 2 && rarity(p + 1, 2) < rarity(p, 2))
		p++;
	g->pairs[p[0]] |= literal.len == 1 ? UINT32_MAX :
	    UINT32_C(1) << p[1] % 32;
}

static void
mark_literal(struct maker *m, struct slice literal)
{
	if (literal.len > WINDOW)
		mark_long(m, literal);
	else if (literal.len == WINDOW)
		mark_four(m->g, literal);
	else
		mark_pair(m->g, literal);
}

static size_t
shortest_of(const struct slice *literals, size_t count)
{
	size_t n = SIZE_MAX;

	for (size_t i = 0; i < count; i++)
		n = literals[i].len < n ? literals[i].len : n;
	return n;
}

static void
make_tables(struct gate *g, size_t count)
{
	unsigned bits = BITS_LEAST;

	while (bits < BITS_MOST && (size_t)1 << bits < count * ROOM)
		bits++;
	g->shift = 32 - bits;
	g->marks = xcalloc((size_t)1 << bits, sizeof(*g->marks));
	g->spans = xcalloc((size_t)1 << bits, sizeof(*g->spans));
	for (size_t i = 0; i >> bits == 0; i++)
		g->spans[i].near = UINT8_MAX;
}

struct gate *
gate_new(const struct slice *literals, size_t count)
{
	struct slice text = slice_of(common);
	struct maker m = { .g = xcalloc(1, sizeof(*m.g)) };

	m.g->shortest = shortest_of(literals, count);
	make_tables(m.g, count);
	for (size_t i = 0; i + WINDOW <= text.len; i++)
		mark(m.common, four(text.p + i), 32 - COMMON_BITS);
	for (size_t i = 0; i < count; i++)
		mark_literal(&m, literals[i]);
	return m.g;
}

void
gate_free(struct gate *g)
{
	if (g == NULL)
		return;
	free(g->marks);
	free(g->spans);
	free(g->pairs);
	free(g);
}

static size_t
before(size_t at, size_t distance, size_t least)
{
	return at < least + distance ? least : at - distance;
}

/* Whether a window that is marked is of literals that are not found yet. */
static bool
glimpse(const struct gate *g, uint32_t window, size_t at,
    struct glimpse *seen)
{
	struct span span = g->spans[place(window, g->shift)];

	if (at + 1 < seen->from + span.near)
		return false;
	seen->last = at + 1 - span.near;
	seen->first = before(at + 1, span.far, seen->from);
	seen->earliest = before(at + 1, REACH, seen->from);
	seen->next = at + STEP;
	return true;
}

static inline bool
has_window(const struct gate *g, uint32_t window)
{
	return is_marked(g->marks, window, g->shift);
}

static inline bool
has_pair(const struct gate *g, uint32_t window)
{
	return is_pair(g->pairs, window) || is_pair(g->pairs, window >> 8);
}

/* The same where there are pairs, too, which are the first or second ones. */
static bool
glimpse_pairs(const struct gate *g, uint32_t window, size_t at,
    struct glimpse *seen)
{
	size_t first = before(at, 1, seen->from);
	bool more = has_window(g, window) && glimpse(g, window, at, seen);

	if (!has_pair(g, window))
		return more;
	if (!more || first < seen->first)
		seen->first = first;
	seen->last = at + 1;
	seen->earliest = before(at + 1, REACH, seen->from);
	seen->next = at + STEP;
	return true;
}

static bool
look_with_pairs(const struct gate *g, struct slice text,
    struct glimpse *seen)
{
	size_t at = seen->next;

	for (; at + WINDOW <= text.len; at += STEP) {
		uint32_t w = four(text.p + at);

		if ((has_window(g, w) || has_pair(g, w)) &&
		    glimpse_pairs(g, w, at, seen))
			return true;
	}
	/* As if zeros stood behind the end. */
	for (; at < text.len; at += STEP) {
		unsigned char end[WINDOW] = { 0 };

		memcpy(end, text.p + at, text.len - at);
		if (glimpse_pairs(g, four(end), at, seen))
			return true;
	}
	return false;
}

bool
gate_look(const struct gate *g, struct slice text, struct glimpse *seen)
{
	const unsigned char *p = text.p + seen->next, *end;
	const uint32_t *marks = g->marks;
	unsigned shift = g->shift;

	if (text.len < g->shortest)
		return false;
	if (g->pairs != NULL)
		return look_with_pairs(g, text, seen);
	for (end = text.p + text.len - WINDOW; p <= end; p += STEP)
		if (is_marked(marks, four(p), shift) &&
		    glimpse(g, four(p), (size_t)(p - text.p), seen))
			return true;
	return false;
}

void
gate_skip(struct glimpse *seen, size_t to)
{
	seen->from = to;
	if (seen->next < to)
		seen->next = to;
}

size_t
gate_bytes(const struct gate *g)
{
	size_t words = (size_t)1 << (32 - g->shift);

	return sizeof(*g) +
	    words * (sizeof(*g->marks) + sizeof(*g->spans)) +
	    (g->pairs == NULL ? 0 : PAIRS * sizeof(*g->pairs));
}
