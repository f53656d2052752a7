/*
 * A byte of flags, a pattern, a newline, and texts, one a line: where the
 * pattern matches, one of the texts that it is said to need stands.
 */
#include <stdlib.h>

#include "base/casefold.h"
#include "base/regex.h"
#include "engine/required.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
hold(const struct slice *texts, size_t count, struct slice line)
{
	struct arena *a = arena_new(0);
	struct slice folded = fold_keep(a, line);
	bool found = false;

	for (size_t i = 0; i < count; i++)
		found |= slice_find(folded, texts[i]) != SIZE_MAX;
	if (!found)
		abort();
	arena_free(a);
}

static void
run(const struct regex *re, const struct slice *texts, size_t count,
    struct slice lines)
{
	struct regex_state *st = regex_state_new();
	struct slice line;

	while (slice_cut(&lines, '\n', &line))
		if (regex_match(re, st, line) == REGEX_YES)
			hold(texts, count, line);
	if (regex_match(re, st, lines) == REGEX_YES)
		hold(texts, count, lines);
	regex_state_free(st);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_bytes(data, size), pattern;
	struct arena *a;
	const struct slice *texts;
	struct regex *re;
	struct err err;
	size_t at, n;

	if (size < 2)
		return 0;
	in = slice_from(in, 1);
	if (!slice_cut(&in, '\n', &pattern))
		return 0;
	re = regex_new(pattern, data[0] % 16, &at, &err);
	if (re == NULL)
		return 0;
	a = arena_new(0);
	n = required_texts(a, pattern, &texts);
	if (n > 0)
		run(re, texts, n, in);
	arena_free(a);
	regex_free(re);
	return 0;
}
