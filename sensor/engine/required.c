/*
 * The pattern is read from left to right. As long as all that a part can match
 * is a handful of texts, these are kept whole, and joined with those of its
 * neighbours; where that ends, the best set so far is kept: any match has one
 * of its texts in it. What is not fully understood ends the search; only what
 * is ASCII counts, for elsewhere folding depends on neighbouring bytes.
 */
#include "engine/required.h"

#include "base/buf.h"

enum { TEXT_MAX = 64, DEPTH_MAX = 250, REPEATS_MAX = 8 };

struct set {
	struct slice items[REQUIRED_MAX];
	size_t count;
};

enum kind {
	EXACT,		/* matches one of the set and nothing else */
	REPEATED,	/* several of the set in a row, at least one */
	OPEN,		/* anything with one of the set in it; empty: anything */
};

struct part {
	enum kind kind;
	struct set set;
};

struct reader {
	struct arena *a;	/* for texts on the way */
	struct slice rest;
	unsigned depth;
	bool lost;		/* something was not understood */
};

static const struct part anything = { .kind = OPEN };

static struct part
lost(struct reader *r)
{
	r->lost = true;
	return anything;
}

static struct part
exactly(struct slice text)
{
	return (struct part){ EXACT, { { text }, 1 } };
}

/* One ASCII character, folded. */
static struct part
one(struct reader *r, unsigned char c)
{
	unsigned char folded = byte_lower(c);

	if (c >= 0x80)
		return anything;
	return exactly(arena_keep(r->a, slice_bytes(&folded, 1)));
}

static bool
set_add(struct set *s, struct slice text)
{
	for (size_t i = 0; i < s->count; i++)
		if (slice_eq(s->items[i], text))
			return true;
	if (s->count == REQUIRED_MAX || text.len > TEXT_MAX)
		return false;
	s->items[s->count++] = text;
	return true;
}

static bool
set_union(struct set *s, const struct set *more)
{
	for (size_t i = 0; i < more->count; i++)
		if (!set_add(s, more->items[i]))
			return false;
	return true;
}

/* Each text of one with each of the other behind it. */
static bool
set_join(struct reader *r, struct set *s, const struct set *behind)
{
	struct set out = { .count = 0 };

	for (size_t i = 0; i < s->count; i++)
		for (size_t k = 0; k < behind->count; k++) {
			struct slice x = s->items[i], y = behind->items[k];
			unsigned char *p = arena_alloc(r->a, x.len + y.len);

			memcpy(p, x.p, x.len);
			memcpy(p + x.len, y.p, y.len);
			if (!set_add(&out, slice_bytes(p, x.len + y.len)))
				return false;
		}
	*s = out;
	return true;
}

/* Bytes of its shortest text: what the set is worth. */
static size_t
worth(const struct set *s)
{
	size_t least = s->count > 0 ? SIZE_MAX : 0;

	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].len < least)
			least = s->items[i].len;
	return least;
}

/* Longer is better, and of the same length fewer. */
static void
offer(struct set *best, const struct set *s)
{
	size_t have = worth(best), get = worth(s);

	if (get > have || (get == have && s->count < best->count))
		*best = *s;
}

static struct part branches(struct reader *r);

static bool
is_letter(unsigned char c)
{
	return byte_lower(c) >= 'a' && byte_lower(c) <= 'z';
}

/* Hex digits up to most; their number. */
static size_t
hex(struct slice s, size_t most, unsigned *value)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	*value = 0;
	for (; n < most && n < s.len; n++) {
		const char *at = memchr(digits, byte_lower(s.p[n]), 16);

		if (at == NULL)
			break;
		*value = *value * 16 + (unsigned)(at - digits);
	}
	return n;
}

/* Behind \x: two digits or up to six in braces. */
static struct part
hex_escape(struct reader *r)
{
	unsigned value;
	bool braces = slice_skip(&r->rest, S("{"));
	size_t n = hex(r->rest, braces ? 6 : 2, &value);

	r->rest = slice_from(r->rest, n);
	if (n == 0 || (braces && !slice_skip(&r->rest, S("}"))))
		return lost(r);
	return value < 0x80 ? one(r, (unsigned char)value) : anything;
}

/* Behind \p or \P. */
static struct part
property_escape(struct reader *r)
{
	struct slice name;

	if (slice_starts(r->rest, S("{"))) {
		if (!slice_cut(&r->rest, '}', &name))
			return lost(r);
	} else {
		r->rest = slice_from(r->rest, 1);
	}
	return anything;
}

static struct part
escape(struct reader *r)
{
	static const char controls[] = "tnrfea";
	static const char control_values[] = "\t\n\r\f\033\a";
	unsigned char c = r->rest.len > 0 ? r->rest.p[0] : 'Q';
	const char *control = memchr(controls, c, sizeof(controls) - 1);

	r->rest = slice_from(r->rest, 1);
	if (c >= 0x80)
		return lost(r);
	if (!is_letter(c) && !byte_is_digit(c))
		return one(r, c);
	if (control != NULL)
		return one(r, (unsigned char)
		    control_values[control - controls]);
	if (memchr("bBAzZGK", c, 7) != NULL)
		return exactly(S(""));
	if (memchr("dDwWsShHvVRX", c, 12) != NULL ||
	    (c == 'N' && !slice_starts(r->rest, S("{"))))
		return anything;
	if (c == 'x')
		return hex_escape(r);
	return c == 'p' || c == 'P' ? property_escape(r) : lost(r);
}

/*
 * Takes one character of a class; false when it is more than one, or not
 * ASCII.
 */
static bool
class_char(struct reader *r, unsigned char *c)
{
	*c = r->rest.p[0];
	r->rest = slice_from(r->rest, 1);
	if (*c == '[' && r->rest.len > 0 &&
	    memchr(":.=", r->rest.p[0], 3) != NULL) {
		r->lost = true;
		return false;
	}
	if (*c != '\\')
		return *c < 0x80;
	if (r->rest.len == 0 || r->rest.p[0] == 'c') {
		r->lost = true;
		return false;
	}
	*c = r->rest.p[0];
	r->rest = slice_from(r->rest, 1);
	return *c < 0x80 && !is_letter(*c) && !byte_is_digit(*c);
}

/* Behind '['. Small classes without ranges are alternatives. */
static struct part
class(struct reader *r)
{
	struct part out = { .kind = EXACT };
	bool plain = !slice_skip(&r->rest, S("^")), first = true;

	for (; r->rest.len > 0 && !r->lost; first = false) {
		bool range = r->rest.p[0] == '-' && !first;
		struct part p;
		unsigned char c;

		if (r->rest.p[0] == ']' && !first)
			break;
		plain &= class_char(r, &c) && !range;
		if (!plain)
			continue;
		p = one(r, c);
		plain = set_union(&out.set, &p.set);
	}
	if (!slice_skip(&r->rest, S("]")))
		return lost(r);
	return plain ? out : anything;
}

/* Behind "(?", flags: whether they leave the meaning of characters alone. */
static bool
flags(struct reader *r)
{
	while (r->rest.len > 0 && memchr("imsnUJ-^", r->rest.p[0], 8) != NULL)
		r->rest = slice_from(r->rest, 1);
	return r->rest.len > 0;
}

static struct part
group_end(struct reader *r, struct part inside)
{
	r->depth--;
	return slice_skip(&r->rest, S(")")) ? inside : lost(r);
}

/* Behind "(?" and what is not listed there. */
static struct part
flag_group(struct reader *r)
{
	if (!flags(r))
		return lost(r);
	if (slice_starts(r->rest, S(")")))
		return group_end(r, exactly(S("")));
	if (!slice_skip(&r->rest, S(":")))
		return lost(r);
	return group_end(r, branches(r));
}

/* Behind '('. */
static struct part
group(struct reader *r)
{
	static const struct {
		struct slice begin;
		char name_end;		/* a name stands before it, or 0 */
		bool aside;		/* takes up nothing of the text */
	} kinds[] = {
		{ SLICE("?:"), 0, false },
		{ SLICE("?|"), 0, false },
		{ SLICE("?>"), 0, false },
		{ SLICE("?="), 0, true },
		{ SLICE("?!"), 0, true },
		{ SLICE("?<="), 0, true },
		{ SLICE("?<!"), 0, true },
		{ SLICE("?P<"), '>', false },
		{ SLICE("?<"), '>', false },
		{ SLICE("?'"), '\'', false },
	};
	struct part inside;
	struct slice name;

	if (++r->depth > DEPTH_MAX || slice_starts(r->rest, S("*")))
		return lost(r);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (!slice_skip(&r->rest, kinds[i].begin))
			continue;
		if (kinds[i].name_end != 0 && !slice_cut(&r->rest,
		    (unsigned char)kinds[i].name_end, &name))
			return lost(r);
		inside = branches(r);
		return group_end(r, kinds[i].aside ? exactly(S("")) : inside);
	}
	if (slice_skip(&r->rest, S("?")))
		return flag_group(r);
	return group_end(r, branches(r));
}

static struct part
atom(struct reader *r)
{
	unsigned char c = r->rest.p[0];

	r->rest = slice_from(r->rest, 1);
	switch (c) {
	case '\\':
		return escape(r);
	case '[':
		return class(r);
	case '(':
		return group(r);
	case '.':
		return anything;
	case '^':
	case '$':
		return exactly(S(""));
	case '*':
	case '+':
	case '?':
		return lost(r);
	}
	/* A character of several bytes is repeated as a whole. */
	while (c >= 0x80 && r->rest.len > 0 && r->rest.p[0] >= 0x80)
		r->rest = slice_from(r->rest, 1);
	return one(r, c);
}

static uint64_t
number(struct slice *s, uint64_t otherwise)
{
	size_t n = 0;

	while (n < s->len && byte_is_digit(s->p[n]))
		n++;
	if (n > 0 && slice_to_u64(slice_head(*s, n), &otherwise) == -1)
		otherwise = UINT64_MAX;
	*s = slice_from(*s, n);
	return otherwise;
}

/*
 * {n}, {n,} or {n,m}; without being one of these, braces are themselves. What
 * only newer versions of PCRE2 take for a repeat is not understood.
 */
static bool
braces(struct reader *r, uint64_t *least, uint64_t *most)
{
	struct slice s = r->rest, inside;

	if (!slice_skip(&s, S("{")) || !slice_cut(&s, '}', &inside))
		return false;
	for (size_t i = 0; i < inside.len; i++)
		if (!byte_is_digit(inside.p[i]) && inside.p[i] != ',' &&
		    inside.p[i] != ' ')
			return false;
	r->rest = s;
	*least = number(&inside, UINT64_MAX);
	*most = *least;
	if (slice_skip(&inside, S(",")))
		*most = number(&inside, UINT64_MAX);
	r->lost |= inside.len > 0 || *least == UINT64_MAX;
	return true;
}

static bool
repeats(struct reader *r, uint64_t *least, uint64_t *most)
{
	static const struct {
		struct slice sign;
		uint64_t least, most;
	} signs[] = {
		{ SLICE("?"), 0, 1 },
		{ SLICE("*"), 0, UINT64_MAX },
		{ SLICE("+"), 1, UINT64_MAX },
	};

	for (size_t i = 0; i < COUNT(signs); i++) {
		if (!slice_skip(&r->rest, signs[i].sign))
			continue;
		*least = signs[i].least;
		*most = signs[i].most;
		return true;
	}
	return braces(r, least, most);
}

static struct part
several(struct reader *r, struct part p, uint64_t least, uint64_t most)
{
	struct part out = exactly(S(""));

	if (p.kind == EXACT && least == 0 && most == 1)
		return set_add(&p.set, S("")) ? p : anything;
	if (least == 0)
		return anything;
	if (p.kind != EXACT)
		return p;
	if (least == most && most <= REPEATS_MAX) {
		for (uint64_t i = 0; i < least; i++)
			if (!set_join(r, &out.set, &p.set))
				out.kind = REPEATED;
		if (out.kind == EXACT)
			return out;
	}
	p.kind = REPEATED;
	return p;
}

static struct part
repeated_atom(struct reader *r)
{
	struct part p = atom(r);
	uint64_t least, most;

	if (!repeats(r, &least, &most))
		return p;
	/* Lazy or possessive: tried in another order, or less often. */
	if (!slice_skip(&r->rest, S("?")))
		slice_skip(&r->rest, S("+"));
	p = several(r, p, least, most);
	return braces(r, &least, &most) ? lost(r) : p;
}

/* Parts in a row, up to '|', ')' or the end. */
static struct part
sequence(struct reader *r)
{
	struct part run = exactly(S("")), out = { .kind = EXACT };

	while (r->rest.len > 0 && !r->lost &&
	    memchr("|)", r->rest.p[0], 2) == NULL) {
		struct part p = repeated_atom(r);
		bool joined = p.kind != OPEN &&
		    set_join(r, &run.set, &p.set);

		if (p.kind == EXACT && joined)
			continue;
		/* Here it breaks; what it breaks at may begin the next run. */
		out.kind = OPEN;
		offer(&out.set, &run.set);
		if (p.kind == OPEN)
			offer(&out.set, &p.set);
		run = p.kind == OPEN ? exactly(S("")) : p;
	}
	if (out.kind == EXACT)
		return run;
	offer(&out.set, &run.set);
	return out;
}

/* Adds another alternative to what is known of those before. */
static void
widen(struct part *all, const struct part *p)
{
	bool known = worth(&all->set) > 0 && worth(&p->set) > 0;

	if (p->kind != EXACT)
		all->kind = OPEN;
	if ((all->kind == EXACT || known) && set_union(&all->set, &p->set))
		return;
	*all = anything;
}

static struct part
branches(struct reader *r)
{
	struct part all = sequence(r), p;

	while (!r->lost && slice_skip(&r->rest, S("|"))) {
		p = sequence(r);
		widen(&all, &p);
	}
	return all;
}

/*
 * Whether looking for the texts first spares most looks at the pattern: a byte
 * does that if it seldom stands in commands, paths and logs.
 */
static bool
is_telling(const struct set *s)
{
	static const char rare[] = "!#$*;<>\\^`{|}~";

	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].len == 0 ||
		    (s->items[i].len < REQUIRED_SHORTEST &&
		    memchr(rare, s->items[i].p[0], sizeof(rare) - 1) == NULL))
			return false;
	return true;
}

size_t
required_texts(struct arena *a, struct slice pattern,
    const struct slice **out)
{
	struct reader r = { .a = arena_new(0), .rest = pattern };
	struct part p = anything;
	struct slice *kept = NULL;

	*out = NULL;
	if (slice_find(pattern, S("\\Q")) == SIZE_MAX &&
	    slice_find(pattern, S("\\E")) == SIZE_MAX)
		p = branches(&r);
	if (r.lost || r.rest.len > 0 || !is_telling(&p.set))
		p.set.count = 0;
	if (p.set.count > 0)
		kept = arena_alloc(a, p.set.count * sizeof(*kept));
	for (size_t i = 0; i < p.set.count; i++)
		kept[i] = arena_keep(a, p.set.items[i]);
	*out = kept;
	arena_free(r.a);
	return p.set.count;
}
