/*
 * Two engines and whatever the bytes make of them: a rule as YAML, and behind
 * a line of "==" one event a line; or, behind "!", the throws by which a rule
 * and some events are invented.
 */
#include <stdlib.h>

#include "invent.h"
#include "nearmiss.h"
#include "pairs.h"

enum { TEXT_MAX = 65536, EVENTS_MAX = 20, RULES = 3, EVENTS = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
hold_text(struct pairs *p, struct slice text)
{
	struct slice rule, events, line;

	if (!slice_split_last(text, S("\n==\n"), &rule, &events))
		return;
	pairs_tolerate(p);
	pairs_add(p, "fuzz.yml", rule);
	pairs_compile(p);
	for (size_t i = 0; i < EVENTS_MAX &&
	    slice_cut(&events, '\n', &line); i++)
		pairs_event(p, line, NULL, 0);
}

static void
hold_throws(struct pairs *p, struct slice throws)
{
	struct dice d = { .script = throws };
	struct buf yaml = { 0 };

	for (unsigned i = 0; i < RULES; i++) {
		buf_clear(&yaml);
		invent_rule(&yaml, &d, i);
		pairs_add(p, "invented", buf_slice(&yaml));
	}
	pairs_compile(p);
	pairs_play(p, &d, EVENTS);
	buf_free(&yaml);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_bytes(data, size);
	struct pairs *p = pairs_new(invent_placeholders);

	if (slice_skip(&text, S("!")))
		hold_throws(p, text);
	else if (size < TEXT_MAX)
		hold_text(p, text);
	if (pairs_counts(p).differences > 0)
		abort();
	pairs_free(p);
	return 0;
}
