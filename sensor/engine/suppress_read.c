/*
 * "key" and "suppress" in a rule's vedette: map.
 */
#include "base/opt.h"
#include "base/when.h"
#include "engine/rule.h"

/* What "suppress" may say. */
struct wish {
	struct strlist *by;
	int64_t span;
};

const struct opt suppress_opts[] = {
	{ "by", OPT_LIST, AT(wish, by), NULL,
	    "fields that must be the same; else those of \"key\"", NULL,
	    false },
	{ "for", OPT_SPAN, AT(wish, span), NULL,
	    "how long the first match stands for the others", NULL, true },
	{ 0 },
};

static const int64_t longest = 7 * DAY;

static int
read_field(struct load *l, const struct node *n, uint16_t *out)
{
	int field;

	if (n->type != NODE_SCALAR || n->text.len == 0)
		return node_error(l->diag, n, "expected the name of a field");
	field = schema_field(l->schema, n->text);
	if (field == -1)
		return node_error(l->diag, n, "too many fields in all rules");
	*out = (uint16_t)field;
	return 0;
}

/* One name or a list of them; -1 after diag_error. */
static int
read_fields(struct load *l, const struct node *list, const uint16_t **out,
    size_t *count)
{
	const struct node *n = list->type == NODE_LIST ? list->first : list;
	uint16_t *fields;

	if (list->type == NODE_LIST && (list->count == 0 ||
	    list->count > FOLD_FIELDS))
		return node_error(l->diag, list, "expected 1 to %d fields",
		    FOLD_FIELDS);
	fields = arena_alloc(l->keep, FOLD_FIELDS * sizeof(*fields));
	*out = fields;
	for (; n != NULL; n = list->type == NODE_LIST ? n->next : NULL)
		if (read_field(l, n, &fields[(*count)++]) == -1)
			return -1;
	return 0;
}

static int
read_suppress(struct load *l, const struct node *map, struct rule *r)
{
	const struct node *by = node_get(map, "by");
	struct wish w = { 0 };

	if (opt_read(suppress_opts, &w, map, NULL, "\"suppress\"", l->keep,
	    l->diag) == -1)
		return -1;
	if (w.span < SECOND || w.span > longest)
		return node_error(l->diag, node_get(map, "for"),
		    "\"for\" is from 1s to 7d");
	r->suppress.span = w.span;
	return by == NULL || node_is_null(by) ? 0 : read_fields(l, by,
	    &r->suppress.by, &r->suppress.by_count);
}

int
suppress_read(struct load *l, const struct node *map, struct rule *r)
{
	const struct node *key = node_get(map, "key");
	const struct node *suppress = node_get(map, "suppress");
	int bad = 0;

	if (key != NULL)
		bad |= read_fields(l, key, &r->key, &r->key_count);
	if (suppress != NULL)
		bad |= read_suppress(l, suppress, r);
	return bad;
}
