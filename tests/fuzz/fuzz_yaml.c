/*
 * Whatever the bytes are: nodes, or an error with a place; each node as its
 * header says.
 */
#include <stdlib.h>

#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look_at(const struct node *n, unsigned depth)
{
	size_t count = 0;
	int64_t number;
	bool truth;

	if (n->line == 0 || n->column == 0 || depth > 64)
		abort();
	if (n->type == NODE_SCALAR && strlen(node_cstr(n)) != n->text.len)
		abort();
	node_int(n, &number);
	node_bool(n, &truth);
	for (const struct node *c = n->first; c != NULL; c = c->next) {
		if ((n->type == NODE_MAP) != (c->key != NULL))
			abort();
		look_at(c, depth + 1);
		count++;
	}
	if (count != n->count)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = { "title", "detection", NULL };
	struct arena *a = arena_new(0);
	struct diag d = { 0 };
	struct node *first;

	if (yaml_parse(a, "fuzz.yaml", slice_bytes(data, size), &first,
	    &d) == -1) {
		if (d.errors == 0 || first != NULL)
			abort();
		diag_free(&d);
		arena_free(a);
		return 0;
	}
	for (struct node *n = first; n != NULL; n = n->next) {
		look_at(n, 1);
		node_known(&d, n, keys, "document");
	}
	if (first != NULL && first->next != NULL)
		node_merge(a, first, first->next);
	diag_free(&d);
	arena_free(a);
	return 0;
}
