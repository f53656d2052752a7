/*
 * A line is a string in Sigma's writing, what is behind it a text: the
 * engine's cheapest test must say the same as going letter by letter.
 */
#include <stdlib.h>

#include "base/casefold.h"
#include "base/json.h"
#include "engine/pattern.h"
#include "letters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
compare(struct arena *a, struct slice string, struct slice text, bool cased)
{
	struct matcher m = pattern_compile(a, pattern_parse(a, string), cased);
	bool fast = matcher_match(&m, cased ? text : fold_keep(a, text));
	bool slow = letters_match(letters_sigma(a, string),
	    letters_of(a, text), cased);

	if (fast != slow)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_bytes(data, size), string;
	struct arena *a;

	/* YAML gives UTF-8 only; long ones say nothing new, slowly. */
	if (size > 4096 || !slice_cut(&text, '\n', &string) ||
	    !utf8_valid(string))
		return 0;
	a = arena_new(0);
	compare(a, string, text, false);
	compare(a, string, text, true);
	arena_free(a);
	return 0;
}
