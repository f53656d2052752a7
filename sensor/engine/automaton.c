/*
 * States are the beginnings of literals, in a double array: the state behind
 * byte c of state s is the cell at base(s) + c if that says that it came from
 * s. Where there is none, the state's fallback is asked: the longest end of
 * what it stands for that also begins a literal.
 *
 * Most bytes of most texts begin nothing. So before states, three bytes at a
 * time, as small classes, are looked up in a table of the beginnings of all
 * literals; states are walked only from where it says yes, until so little is
 * left of a beginning that the table can go on from there.
 *
 * Where only the beginning or the end of a text matters, a walk from there
 * without falling back is enough, and most of the text is never read.
 */
#include "engine/automaton.h"

#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"

static const uint32_t NONE = UINT32_MAX;

enum {
	ROOT = 0,
	FRONT = 3,		/* bytes that the table of beginnings sees */
	BYTES = 256,
	TRIES_MAX = 64,		/* for a place, before older gaps are left */
	DEPTH = 3,		/* mask; at this depth or deeper */
	DEPTH_BITS = 2,
	LITERALS_MAX = 1 << 29,
	FEW = 32,		/* literals, */
	SOME = 512,
	BITS_FEW = 4,		/* and bits of their classes */
	BITS_SOME = 5,
	BITS_MANY = 6,
};

static_assert(FRONT == DEPTH, "the table knows what shallow states know");

struct cell {
	uint32_t parent;	/* NONE: not used */
	uint32_t base;		/* of the children */
	uint32_t fallback;
	/* The longest literal that ends here + 1, above bits for the depth. */
	uint32_t ends;
};

struct automaton {
	struct cell *cells;
	size_t cell_count;
	uint32_t *shorter;	/* + 1: the next literal that ends with this */
	size_t count;		/* of literals */
	unsigned bits;		/* of a class */
	unsigned char classes[BYTES];
	uint64_t *fronts;	/* one bit for each three classes, or NULL */
	enum automaton_use use;
};

/* A state: the literals first..end have its bytes in front. */
struct state {
	uint32_t cell, first, end, depth;
	uint32_t next;		/* of the same depth, or NONE */
};

struct maker {
	struct automaton *a;
	const struct slice *literals;
	struct state *states;
	size_t count, room;
	uint32_t *stack;	/* states whose children are still to be made */
	size_t stacked, stack_room;
	uint64_t *taken;	/* bits: cells in use */
	size_t lowest;		/* no cell below it is free */
	size_t start;		/* where places for several are looked for */
	size_t highest;		/* base there is */
	uint32_t deepest;
};

static size_t
cells_words(size_t cells)
{
	return (cells + 63) / 64;
}

/* Room for cells up to the given one and any byte behind it. */
static void
make_room(struct maker *m, size_t cell)
{
	struct automaton *a = m->a;
	size_t before = a->cell_count, count = before;

	if (cell + BYTES < count)
		return;
	while (cell + BYTES >= count)
		count += count / 4 + 1024;
	a->cells = xrealloc(a->cells, count, sizeof(*a->cells));
	m->taken = xrealloc(m->taken, cells_words(count),
	    sizeof(*m->taken));
	for (size_t i = before; i < count; i++)
		a->cells[i] = (struct cell){ .parent = NONE };
	for (size_t i = cells_words(before); i < cells_words(count); i++)
		m->taken[i] = 0;
	a->cell_count = count;
}

static bool
is_taken(const struct maker *m, size_t cell)
{
	return (m->taken[cell / 64] >> cell % 64 & 1) != 0;
}

static size_t
free_from(struct maker *m, size_t cell)
{
	for (;;) {
		uint64_t open;

		make_room(m, cell);
		open = ~m->taken[cell / 64] >> cell % 64;
		if (open != 0)
			return cell + (size_t)__builtin_ctzll(open);
		cell = (cell / 64 + 1) * 64;
	}
}

static bool
fits(struct maker *m, size_t base, const unsigned char *bytes, size_t n)
{
	make_room(m, base + BYTES);
	for (size_t i = 0; i < n; i++)
		if (is_taken(m, base + bytes[i]))
			return false;
	return true;
}

/*
 * A base where all children find free cells. Single children fill the gaps
 * that families leave; a family that tried too often starts behind them.
 */
static size_t
place(struct maker *m, const unsigned char *bytes, size_t n)
{
	size_t cell;

	if (n == 1) {
		cell = free_from(m, m->lowest);
		m->lowest = cell;
		return cell - bytes[0];
	}
	cell = free_from(m, m->start > m->lowest ? m->start : m->lowest);
	for (unsigned tries = 0;; tries++) {
		if (fits(m, cell - bytes[0], bytes, n))
			break;
		cell = free_from(m, cell + 1);
		if (tries == TRIES_MAX)
			m->start = cell;
	}
	return cell - bytes[0];
}

static void
push(struct maker *m, struct state st)
{
	if (m->count == m->room) {
		m->room = m->room * 2 + 256;
		m->states = xrealloc(m->states, m->room, sizeof(*m->states));
	}
	if (m->stacked == m->stack_room) {
		m->stack_room = m->stack_room * 2 + 256;
		m->stack = xrealloc(m->stack, m->stack_room,
		    sizeof(*m->stack));
	}
	m->deepest = st.depth > m->deepest ? st.depth : m->deepest;
	m->stack[m->stacked++] = (uint32_t)m->count;
	m->states[m->count++] = st;
}

/* The state that byte c leads to, or NONE. */
static uint32_t
child(const struct cell *cells, uint32_t s, unsigned char c)
{
	uint32_t at = cells[s].base + c;

	return cells[at].parent == s ? at : NONE;
}

static uint32_t
fallback_of(const struct cell *cells, uint32_t parent, unsigned char c)
{
	uint32_t s = parent, next;

	while (s != ROOT) {
		s = cells[s].fallback;
		next = child(cells, s, c);
		if (next != NONE)
			return next;
	}
	return ROOT;
}

/* The longest literal that ends in a state, + 1, or 0. */
static uint32_t
literal_at(const struct cell *cell)
{
	return cell->ends >> DEPTH_BITS;
}

static bool
has_literal(const struct maker *m, const struct state *st)
{
	return m->literals[st->first].len == st->depth;
}

/* Cuts a state's literals by their next byte; the number of children. */
static size_t
families(const struct maker *m, const struct state *st,
    unsigned char *bytes, struct state *children)
{
	size_t n = 0;

	for (uint32_t i = st->first + has_literal(m, st); i < st->end; i++) {
		unsigned char c = m->literals[i].p[st->depth];

		if (n == 0 || bytes[n - 1] != c) {
			bytes[n] = c;
			children[n++] = (struct state){ .first = i,
			    .depth = st->depth + 1 };
		}
		children[n - 1].end = i + 1;
	}
	return n;
}

static void
grow(struct maker *m, struct state st)
{
	unsigned char bytes[BYTES];
	struct state children[BYTES];
	size_t n = families(m, &st, bytes, children), base;

	if (n == 0)
		return;
	base = place(m, bytes, n);
	m->a->cells[st.cell].base = (uint32_t)base;
	m->highest = base > m->highest ? base : m->highest;
	for (size_t i = n; i-- > 0;) {
		size_t cell = base + bytes[i];

		m->taken[cell / 64] |= UINT64_C(1) << cell % 64;
		m->a->cells[cell].parent = st.cell;
		children[i].cell = (uint32_t)cell;
		push(m, children[i]);
	}
}

/* Fills the cell of a state, when those of all shorter ones are complete. */
static void
complete(struct maker *m, const struct state *st)
{
	struct cell *cells = m->a->cells, *cell = &cells[st->cell];
	uint32_t longest;

	cell->fallback = ROOT;
	if (m->a->use == AUTOMATON_ANYWHERE)
		cell->fallback = fallback_of(cells, cell->parent,
		    (unsigned char)(st->cell - cells[cell->parent].base));
	longest = literal_at(&cells[cell->fallback]);
	if (has_literal(m, st)) {
		m->a->shorter[st->first] = longest;
		longest = st->first + 1;
	}
	cell->ends = longest << DEPTH_BITS |
	    (st->depth < DEPTH ? st->depth : DEPTH);
}

/* Level by level: a state falls back to a shorter one. */
static void
complete_all(struct maker *m)
{
	uint32_t *levels = xmalloc((m->deepest + 1) * sizeof(*levels));

	for (uint32_t i = 0; i <= m->deepest; i++)
		levels[i] = NONE;
	for (uint32_t i = 0; i < m->count; i++) {
		m->states[i].next = levels[m->states[i].depth];
		levels[m->states[i].depth] = i;
	}
	for (uint32_t i = 1; i <= m->deepest; i++)
		for (uint32_t k = levels[i]; k != NONE; k = m->states[k].next)
			complete(m, &m->states[k]);
	free(levels);
}

/*
 * Cells are given out in depth first, so that the bytes of one literal, which
 * are walked one after the other, mostly stand side by side.
 */
static void
make_states(struct automaton *a, const struct slice *literals)
{
	struct maker m = { .a = a, .literals = literals, .lowest = BYTES };

	make_room(&m, BYTES);
	m.taken[ROOT] = 1;
	push(&m, (struct state){ .end = (uint32_t)a->count });
	while (m.stacked > 0)
		grow(&m, m.states[m.stack[--m.stacked]]);
	complete_all(&m);
	a->cell_count = m.highest + BYTES;
	a->cells = xrealloc(a->cells, a->cell_count, sizeof(*a->cells));
	free(m.states);
	free(m.stack);
	free(m.taken);
}

/*
 * Bytes that stand often among the first three of literals get classes of
 * their own, the rest of them share one; those that never do are class 0.
 */
static void
make_classes(struct automaton *a, const struct slice *literals)
{
	size_t uses[BYTES] = { 0 };
	unsigned given = 0, most = (1u << a->bits) - 1;

	for (size_t i = 0; i < a->count; i++)
		for (size_t k = 0; k < FRONT && k < literals[i].len; k++)
			uses[literals[i].p[k]]++;
	for (;;) {
		unsigned best = 0;

		for (unsigned c = 1; c < BYTES; c++)
			best = uses[c] > uses[best] ? c : best;
		if (uses[best] == 0)
			break;
		uses[best] = 0;
		given += given < most;
		a->classes[best] = (unsigned char)given;
	}
}

/* All that may follow a literal of one or two bytes is a beginning too. */
static void
make_fronts(struct automaton *a, const struct slice *literals)
{
	size_t size = (size_t)1 << a->bits * FRONT;

	a->fronts = xcalloc((size + 63) / 64, sizeof(*a->fronts));
	for (size_t i = 0; i < a->count; i++) {
		unsigned known = literals[i].len < FRONT ?
		    (unsigned)literals[i].len : FRONT;
		size_t key = 0, open = (size_t)1 << a->bits * (FRONT - known);

		for (unsigned k = 0; k < known; k++)
			key = key << a->bits | a->classes[literals[i].p[k]];
		key *= open;
		for (size_t k = key; k < key + open; k++)
			a->fronts[k / 64] |= UINT64_C(1) << k % 64;
	}
}

struct automaton *
automaton_new(const struct slice *literals, size_t count,
    enum automaton_use use)
{
	struct automaton *a = xcalloc(1, sizeof(*a));

	assert(count > 0 && count < LITERALS_MAX);
	for (size_t i = 0; i < count; i++)
		assert(literals[i].len > 0 && (i == 0 ||
		    slice_cmp(literals[i - 1], literals[i]) < 0));
	a->count = count;
	a->shorter = xcalloc(count, sizeof(*a->shorter));
	a->use = use;
	make_states(a, literals);
	if (use == AUTOMATON_ANYWHERE) {
		a->bits = count < FEW ? BITS_FEW :
		    count < SOME ? BITS_SOME : BITS_MANY;
		make_classes(a, literals);
		make_fronts(a, literals);
	}
	return a;
}

void
automaton_free(struct automaton *a)
{
	if (a == NULL)
		return;
	free(a->cells);
	free(a->shorter);
	free(a->fronts);
	free(a);
}

static inline bool
may_begin(const uint64_t *fronts, size_t key)
{
	return (fronts[key / 64] >> key % 64 & 1) != 0;
}

/* See skip; inline, so that each number of bits has a loop of its own. */
static inline size_t
skip_bits(const struct automaton *a, struct slice text, size_t at,
    unsigned bits)
{
	const size_t mask = ((size_t)1 << bits * FRONT) - 1;
	const unsigned char *p = text.p, *classes = a->classes;
	const uint64_t *fronts = a->fronts;
	size_t end = text.len, key = 0;

	for (size_t i = at; i < at + FRONT - 1; i++)
		key = key << bits | (i < end ? classes[p[i]] : 0);
	for (at += FRONT - 1; at < end; at++) {
		key = key << bits | classes[p[at]];
		if (may_begin(fronts, key & mask))
			return at - (FRONT - 1);
	}
	/* Near the end, as if bytes of no literal stood behind it. */
	for (; at < end + FRONT - 1; at++) {
		key = key << bits;
		if (may_begin(fronts, key & mask))
			return at - (FRONT - 1);
	}
	return end;
}

/* Where, from an offset on, a literal may begin; the length when nowhere. */
static size_t
skip(const struct automaton *a, struct slice text, size_t at)
{
	switch (a->bits) {
	case BITS_FEW:
		return skip_bits(a, text, at, BITS_FEW);
	case BITS_SOME:
		return skip_bits(a, text, at, BITS_SOME);
	default:
		return skip_bits(a, text, at, BITS_MANY);
	}
}

/* From one end as far as states go; each has at most its own literal. */
static void
walk(const struct automaton *a, struct slice text,
    void (*found)(void *arg, uint32_t literal, size_t end), void *arg)
{
	const struct cell *cells = a->cells;
	bool back = a->use == AUTOMATON_END;
	uint32_t s = ROOT;

	for (size_t i = 0; i < text.len; i++) {
		s = child(cells, s, text.p[back ? text.len - 1 - i : i]);
		if (s == NONE)
			return;
		if (literal_at(&cells[s]) != 0)
			found(arg, literal_at(&cells[s]) - 1,
			    back ? text.len : i + 1);
	}
}

static void
search(const struct automaton *a, struct slice text,
    void (*found)(void *arg, uint32_t literal, size_t end), void *arg)
{
	const struct cell *cells = a->cells;
	size_t at = skip(a, text, 0);
	uint32_t s = ROOT;

	while (at < text.len) {
		uint32_t next = child(cells, s, text.p[at]);

		if (next != NONE) {
			s = next;
			at++;
			for (uint32_t l = literal_at(&cells[s]); l != 0;
			    l = a->shorter[l - 1])
				found(arg, l - 1, at);
		} else if (s == ROOT) {
			at = skip(a, text, at + 1);
		} else {
			uint32_t depth;

			s = cells[s].fallback;
			depth = cells[s].ends & DEPTH;
			if (depth == DEPTH)
				continue;
			/* The table knows as much as is left, and the rest. */
			at = skip(a, text, at - depth);
			s = ROOT;
		}
	}
}

void
automaton_scan(const struct automaton *a, struct slice text,
    void (*found)(void *arg, uint32_t literal, size_t end), void *arg)
{
	if (a->use == AUTOMATON_ANYWHERE)
		search(a, text, found, arg);
	else
		walk(a, text, found, arg);
}

size_t
automaton_bytes(const struct automaton *a)
{
	size_t fronts = a->fronts == NULL ? 0 :
	    (((size_t)1 << a->bits * FRONT) + 63) / 64;

	return sizeof(*a) + a->cell_count * sizeof(*a->cells) +
	    a->count * sizeof(*a->shorter) + fronts * sizeof(*a->fronts);
}
