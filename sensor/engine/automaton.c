/*
 * States are the beginnings of literals, in a double array: the state behind
 * byte c of state s is the cell at base(s) + c if that says that it came from
 * s. Where there is none, the state's fallback is asked: the longest end of
 * what it stands for that also begins a literal.
 *
 * Most bytes of most texts are in no literal. So a gate (see gate.h) says
 * where to walk, and the walk ends behind that as soon as nothing is begun.
 *
 * Where only the beginning or the end of a text matters, a walk from there
 * without falling back is enough, and most of the text is never read.
 */
#include "engine/automaton.h"

#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"
#include "engine/gate.h"

static const uint32_t NONE = UINT32_MAX;

enum {
	ROOT = 0,
	BYTES = 256,
	TRIES_MAX = 64,		/* for a place, before older gaps are left */
	DEPTH = 15,		/* mask; at this depth or deeper */
	DEPTH_BITS = 4,
	LITERALS_MAX = 1 << 27,
};

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
	struct gate *gate;	/* of AUTOMATON_ANYWHERE */
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
	if (use == AUTOMATON_ANYWHERE)
		a->gate = gate_new(literals, count);
	return a;
}

void
automaton_free(struct automaton *a)
{
	if (a == NULL)
		return;
	free(a->cells);
	free(a->shorter);
	gate_free(a->gate);
	free(a);
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

/* Calls back for all literals that end in a state. */
static inline void
tell(const struct automaton *a, uint32_t s, size_t at,
    void (*found)(void *arg, uint32_t literal, size_t end), void *arg)
{
	for (uint32_t l = literal_at(&a->cells[s]); l != 0;
	    l = a->shorter[l - 1])
		found(arg, l - 1, at);
}

/*
 * Looks for what begins where a glimpse says so, and no farther; mostly its
 * first bytes show that nothing does. False when that gets long: then the
 * same may stand at the next glimpse, too, and advance is to go over all of
 * it once.
 */
static bool
probe(const struct automaton *a, struct slice text, const struct glimpse *g,
    void (*found)(void *arg, uint32_t literal, size_t end), void *arg)
{
	const struct cell *cells = a->cells;
	uint32_t s = ROOT;

	for (size_t at = g->first; at < text.len;) {
		uint32_t next = child(cells, s, text.p[at]), depth;

		if (next != NONE) {
			s = next;
			at++;
			tell(a, s, at, found, arg);
			continue;
		}
		depth = cells[s].ends & DEPTH;
		if (depth == DEPTH)
			return false;
		at += s == ROOT;
		s = cells[s].fallback;
		if (at - (cells[s].ends & DEPTH) > g->last)
			return true;
	}
	return true;
}

/* On until nothing is begun behind an offset; where that is. */
static size_t
advance(const struct automaton *a, struct slice text, size_t at, size_t until,
    void (*found)(void *arg, uint32_t literal, size_t end), void *arg)
{
	const struct cell *cells = a->cells;
	uint32_t s = ROOT;

	while (at < text.len) {
		uint32_t next = child(cells, s, text.p[at]);

		if (next != NONE) {
			s = next;
			at++;
			tell(a, s, at, found, arg);
		} else if (s != ROOT) {
			s = cells[s].fallback;
		} else if (at++ >= until) {
			break;
		}
	}
	return at;
}

static void
search(const struct automaton *a, struct slice text,
    void (*found)(void *arg, uint32_t literal, size_t end), void *arg)
{
	struct glimpse g = { 0 };

	while (gate_look(a->gate, text, &g))
		if (!probe(a, text, &g, found, arg))
			gate_skip(&g, advance(a, text, g.earliest, g.last,
			    found, arg));
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
	return sizeof(*a) + a->cell_count * sizeof(*a->cells) +
	    a->count * sizeof(*a->shorter) +
	    (a->gate == NULL ? 0 : gate_bytes(a->gate));
}
