#include "engine/program.h"

#include <assert.h>
#include <stdlib.h>

/* An instruction: what to do in the two upper bits, a number below. */
enum {
	DO_TEST = 0u,		/* bit = predicate */
	DO_NOT = 1u << 30,	/* bit = not bit */
	DO_NO = 2u << 30,	/* go there if the bit is not set */
	DO_YES = 3u << 30,	/* go there if it is */
	DO_MASK = 3u << 30,
};

struct emitter {
	uint32_t *code;
	size_t len, room;
};

static void
push(struct emitter *em, uint32_t word)
{
	if (em->len >= PROGRAM_MAX)
		return;
	if (em->len == em->room) {
		em->room = em->room * 2 + 16;
		em->code = xrealloc(em->code, em->room, sizeof(*em->code));
	}
	em->code[em->len++] = word;
}

static void emit(struct emitter *em, const struct expr *e);

/*
 * Operands with a jump to the end behind each but the last. Until the end is
 * known the jumps are a chain: each holds the place of the one before.
 */
static void
emit_chain(struct emitter *em, const struct expr *e, uint32_t jump)
{
	uint32_t last = 0;

	for (const struct expr *c = e->first; c != NULL; c = c->next) {
		emit(em, c);
		if (em->len >= PROGRAM_MAX)
			return;
		if (c->next == NULL)
			break;
		push(em, jump | last);
		last = (uint32_t)em->len - 1;
	}
	while (last != 0) {
		uint32_t before = em->code[last] & ~(uint32_t)DO_MASK;

		em->code[last] = jump | (uint32_t)em->len;
		last = before;
	}
}

static void
emit(struct emitter *em, const struct expr *e)
{
	if (em->len >= PROGRAM_MAX)
		return;
	switch (e->type) {
	case EXPR_TEST:
		push(em, DO_TEST | e->n);
		break;
	case EXPR_LINK:
		emit(em, e->first);
		break;
	case EXPR_NOT:
		emit(em, e->first);
		push(em, DO_NOT);
		break;
	case EXPR_AND:
		emit_chain(em, e, DO_NO);
		break;
	case EXPR_OR:
		emit_chain(em, e, DO_YES);
		break;
	}
}

uint32_t *
program_new(struct arena *a, const struct expr *e, size_t *len)
{
	struct emitter em = { 0 };
	uint32_t *out = NULL;

	emit(&em, e);
	*len = em.len;
	if (em.len < PROGRAM_MAX) {
		out = arena_alloc(a, em.len * sizeof(*out));
		memcpy(out, em.code, em.len * sizeof(*out));
	}
	free(em.code);
	return out;
}

bool
program_run(const uint32_t *code, size_t len, struct predicates *ps,
    bool *aborted)
{
	bool bit = false;

	for (size_t i = 0; i < len; i++) {
		uint32_t number = code[i] & ~(uint32_t)DO_MASK;

		switch (code[i] & DO_MASK) {
		case DO_TEST:
			bit = predicates_test(ps, number, aborted);
			break;
		case DO_NOT:
			bit = !bit;
			break;
		case DO_NO:
			i = bit ? i : number - 1;
			break;
		case DO_YES:
			i = bit ? number - 1 : i;
			break;
		}
	}
	return bit;
}

unsigned
program_can(const uint32_t *code, size_t len,
    unsigned (*can)(void *arg, uint32_t predicate), void *arg)
{
	/* What the bit may be where somebody jumps to. */
	unsigned char *jumped = xcalloc(len + 1, 1);
	unsigned bit = PROGRAM_FALSE;

	for (size_t i = 0; i < len; i++) {
		uint32_t number = code[i] & ~(uint32_t)DO_MASK;

		bit |= jumped[i];
		switch (code[i] & DO_MASK) {
		case DO_TEST:
			bit = bit != 0 ? can(arg, number) : 0;
			break;
		case DO_NOT:
			bit = (bit & PROGRAM_FALSE ? PROGRAM_TRUE : 0) |
			    (bit & PROGRAM_TRUE ? PROGRAM_FALSE : 0);
			break;
		case DO_NO:
			jumped[number] |= bit & PROGRAM_FALSE;
			bit &= PROGRAM_TRUE;
			break;
		case DO_YES:
			jumped[number] |= bit & PROGRAM_TRUE;
			bit &= PROGRAM_FALSE;
			break;
		}
	}
	bit |= jumped[len];
	free(jumped);
	return bit;
}

void
program_tests(const uint32_t *code, size_t len,
    void (*each)(void *arg, uint32_t predicate), void *arg)
{
	for (size_t i = 0; i < len; i++)
		if ((code[i] & DO_MASK) == DO_TEST)
			each(arg, code[i]);
}

/* --- as text ---------------------------------------------------------------- */

struct writer {
	const uint32_t *code;
	void (*number)(void *arg, uint32_t predicate, struct buf *out);
	void *arg;
	struct buf *out;
};

/* How tightly what stands around binds. */
enum { BINDS_NOT, BINDS_AND, BINDS_OR, BINDS_NOTHING };

/*
 * The first jump from one place to the end of the other that stands behind a
 * whole operand: nothing before it jumps over it. The end when there is none.
 */
static size_t
find_jump(const struct writer *w, size_t from, size_t end)
{
	size_t inside = from;	/* up to here an operand of the operand goes */

	for (size_t i = from; i < end; i++) {
		uint32_t what = w->code[i] & DO_MASK;
		size_t to = w->code[i] & ~(uint32_t)DO_MASK;

		if (what != DO_NO && what != DO_YES)
			continue;
		if (to == end && i >= inside)
			return i;
		inside = to > inside ? to : inside;
	}
	return end;
}

static void write_part(const struct writer *w, size_t from, size_t end,
    int around);

/* Operands with jumps to the end of the last; jump is the first of these. */
static void
write_chain(const struct writer *w, size_t from, size_t end, size_t jump,
    int around)
{
	uint32_t what = w->code[jump] & DO_MASK;
	int binds = what == DO_NO ? BINDS_AND : BINDS_OR;

	buf_str(w->out, binds > around ? "(" : "");
	for (; jump < end && (w->code[jump] & DO_MASK) == what;
	    jump = find_jump(w, from, end)) {
		write_part(w, from, jump, binds);
		buf_str(w->out, what == DO_NO ? " and " : " or ");
		from = jump + 1;
	}
	write_part(w, from, end, binds);
	buf_str(w->out, binds > around ? ")" : "");
}

static void
write_part(const struct writer *w, size_t from, size_t end, int around)
{
	size_t jump = find_jump(w, from, end);

	if (jump < end) {
		write_chain(w, from, end, jump, around);
	} else if (end - from > 1 && w->code[end - 1] == DO_NOT) {
		buf_str(w->out, "not ");
		write_part(w, from, end - 1, BINDS_NOT);
	} else if (end - from == 1) {
		w->number(w->arg, w->code[from], w->out);
	}
}

void
program_write(const uint32_t *code, size_t len,
    void (*number)(void *arg, uint32_t predicate, struct buf *out),
    void *arg, struct buf *out)
{
	struct writer w = { code, number, arg, out };

	write_part(&w, 0, len, BINDS_NOTHING);
}
