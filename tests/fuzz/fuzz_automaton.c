/*
 * Literals, one a line, an empty line, and a text: what is found is what
 * memmem finds, no more and no less.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "engine/automaton.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LITERALS_MAX = 64 };

struct finds {
	const struct slice *literals;
	struct slice text;
	size_t count;
	size_t first[LITERALS_MAX];	/* end of the first place, or 0 */
};

static void
note(void *arg, uint32_t literal, size_t end)
{
	struct finds *f = arg;
	struct slice l;

	if (literal >= f->count)
		abort();
	l = f->literals[literal];
	if (end > f->text.len || end < l.len ||
	    memcmp(f->text.p + end - l.len, l.p, l.len) != 0)
		abort();
	if (f->first[literal] == 0 || end < f->first[literal])
		f->first[literal] = end;
}

static int
by_text(const void *a, const void *b)
{
	return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

static size_t
read_literals(struct slice *in, struct slice *out)
{
	struct slice line;
	size_t n = 0, kept = 0;

	while (n < LITERALS_MAX && slice_cut(in, '\n', &line) && line.len > 0)
		out[n++] = line;
	qsort(out, n, sizeof(*out), by_text);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || !slice_eq(out[i], out[kept - 1]))
			out[kept++] = out[i];
	return kept;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice literals[LITERALS_MAX], in = slice_bytes(data, size);
	struct finds f = { .literals = literals };
	struct automaton *a;

	f.count = read_literals(&in, literals);
	f.text = in;
	if (f.count == 0)
		return 0;
	a = automaton_new(literals, f.count, AUTOMATON_ANYWHERE);
	automaton_scan(a, in, note, &f);
	for (size_t i = 0; i < f.count; i++) {
		size_t at = slice_find(in, literals[i]);

		if ((at == SIZE_MAX ? 0 : at + literals[i].len) !=
		    f.first[i])
			abort();
	}
	automaton_free(a);
	return 0;
}
