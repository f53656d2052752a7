/*
 * Whether two globs have a path in common: one of the configuration, as a
 * shell reads it, and one of sources.yaml or of a format.
 */
#include <limits.h>
#include <stdlib.h>

#include "decode/sources.h"

/* One step of a glob: bytes that stand for themselves, or more than these. */
struct step {
	enum { STEP_BYTE, STEP_ONE, STEP_RUN, STEP_DEEP } type;
	unsigned char byte;
};

/* A shell's wildcards stop at slashes; ours have only '*', which does not. */
static size_t
steps_read(struct slice glob, bool shell, struct step *out)
{
	size_t n = 0;

	for (size_t i = 0; i < glob.len; i++) {
		unsigned char c = glob.p[i];
		struct slice rest = slice_from(glob, i + 1);

		out[n] = (struct step){ STEP_BYTE, c };
		if (c == '*')
			out[n].type = shell ? STEP_RUN : STEP_DEEP;
		else if (shell && c == '?')
			out[n].type = STEP_ONE;
		else if (shell && c == '\\' && rest.len > 0)
			out[n].byte = glob.p[++i];
		else if (shell && c == '[' && rest.len > 0 &&
		    slice_find_byte(slice_from(rest, 1), ']') != SIZE_MAX) {
			out[n].type = STEP_ONE;
			i += 2 + slice_find_byte(slice_from(rest, 1), ']');
		}
		n++;
	}
	return n;
}

static bool
is_run(const struct step *s)
{
	return s->type == STEP_RUN || s->type == STEP_DEEP;
}

/* Whether some byte is right for both. */
static bool
agree(const struct step *a, const struct step *b)
{
	if (a->type == STEP_BYTE && b->type == STEP_BYTE)
		return a->byte == b->byte;
	if (a->type == STEP_BYTE)
		return b->type == STEP_DEEP || a->byte != '/';
	return b->type != STEP_BYTE || a->type == STEP_DEEP || b->byte != '/';
}

/*
 * Row i of a table that says whether the first i steps of one and the first k
 * of the other have a text in common; gives what it says of the next row.
 */
static void
meet_row(const struct step *a, const struct step *b, size_t count,
    bool *here, bool *next)
{
	for (size_t k = 0; k <= count; k++) {
		if (!here[k])
			continue;
		if (k < count && is_run(&b[k]))
			here[k + 1] = true;
		if (a == NULL)
			continue;
		next[k] |= is_run(a);
		if (k == count || !agree(a, &b[k]))
			continue;
		next[k] |= is_run(&b[k]);
		here[k + 1] |= is_run(a);
		next[k + 1] |= !is_run(a) && !is_run(&b[k]);
	}
}

bool
decoders_meet(struct slice shell, struct slice ours)
{
	struct step *a, *b;
	size_t na, nb;
	bool *rows, found;

	/* No path is longer. */
	if (shell.len > PATH_MAX || ours.len > PATH_MAX)
		return false;
	a = xcalloc(shell.len + 1, sizeof(*a));
	b = xcalloc(ours.len + 1, sizeof(*b));
	na = steps_read(shell, true, a);
	nb = steps_read(ours, false, b);
	rows = xcalloc((na + 2) * (nb + 2), sizeof(*rows));
	rows[0] = true;
	for (size_t i = 0; i <= na; i++)
		meet_row(i < na ? &a[i] : NULL, b, nb, rows + i * (nb + 2),
		    rows + (i + 1) * (nb + 2));
	found = rows[na * (nb + 2) + nb];
	free(a);
	free(b);
	free(rows);
	return found;
}
