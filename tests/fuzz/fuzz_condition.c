/*
 * Whatever the text is: a tree over the identifiers, or a mistake with a
 * place in it; and a tree becomes a program that ends.
 */
#include <stdlib.h>

#include "engine/condition.h"
#include "engine/program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t
add_null_test(struct predicates *ps, uint16_t field)
{
	struct predicate p = { .op = OP_NULL, .field = field };
	uint32_t n = 0;
	size_t at;

	if (predicates_add(ps, &p, &n, &at, NULL) == -1)
		abort();
	return n;
}

static void
run(struct arena *a, struct predicates *ps, const struct expr *e)
{
	struct schema *s = schema_new();
	struct record r = { .received = 1 };
	struct event *ev;
	bool aborted = false;
	size_t len;
	uint32_t *code = program_new(a, e, &len);

	schema_freeze(s);
	ev = event_new(s);
	event_reset(ev, &r);
	predicates_seal(ps);
	predicates_event(ps, ev);
	if (code != NULL)
		program_run(code, len, ps, &aborted);
	if (aborted)
		abort();
	event_free(ev);
	schema_free(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {
		"a", "b", "sel_1", "sel_2", "filter_main", "_x", "not-a",
	};
	struct identifier ids[COUNT(names)];
	struct arena *a = arena_new(0);
	struct predicates *ps = predicates_new();
	struct err err = { "" };
	struct expr *e;
	size_t at;

	for (size_t i = 0; i < COUNT(names); i++)
		ids[i] = (struct identifier){
			.name = slice_of(names[i]),
			.expr = expr_test(a, add_null_test(ps, (uint16_t)i)),
		};
	e = condition_parse(a, slice_bytes(data, size), ids, COUNT(ids), &at,
	    &err);
	if (at > size || (e == NULL) != (err.text[0] != '\0'))
		abort();
	if (e != NULL)
		run(a, ps, e);
	predicates_free(ps);
	arena_free(a);
	return 0;
}
