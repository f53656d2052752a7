#include "engine/collection.h"

#include "base/slice.h"

/* A few lines of actions may stand for more rules than memory holds. */
enum { MERGED_MAX = 1000000 };

static struct node *
copy(struct collection *c, const struct node *n)
{
	struct node *out = arena_alloc(c->arena, sizeof(*out));

	*out = *n;
	out->next = NULL;
	return out;
}

/*
 * Maps merge; of two other values that of over stands. Nodes of both are
 * left as they are: they are used again for the next document.
 */
static const struct node *
merge(struct collection *c, const struct node *base, const struct node *over)
{
	struct node *out, **tail;

	if (base->type != NODE_MAP || over->type != NODE_MAP)
		return over;
	out = copy(c, base);
	out->first = NULL;
	out->count = 0;
	tail = &out->first;
	for (const struct node *n = base->first; n != NULL; n = n->next) {
		const struct node *o = node_get(over, node_cstr(n->key));

		*tail = copy(c, o == NULL ? n : merge(c, n, o));
		(*tail)->key = n->key;
		tail = &(*tail)->next;
		out->count++;
	}
	for (const struct node *n = over->first; n != NULL; n = n->next) {
		if (node_get(base, node_cstr(n->key)) != NULL)
			continue;
		*tail = copy(c, n);
		tail = &(*tail)->next;
		out->count++;
	}
	return out;
}

static size_t
count_nodes(const struct node *n)
{
	size_t count = 1;

	for (const struct node *c = n->first; c != NULL; c = c->next)
		count += count_nodes(c);
	return count;
}

/* NULL after diag_error: with this document it is too much. */
static const struct node *
merge_document(struct collection *c, const struct node *base,
    const struct node *over, struct diag *d)
{
	const struct node *doc;

	if (c->merged > MERGED_MAX)
		return NULL;
	doc = merge(c, base, over);
	c->merged += count_nodes(doc);
	if (c->merged <= MERGED_MAX)
		return doc;
	node_error(d, base, "from here on left out: the actions of this file "
	    "make more than %d values of it", MERGED_MAX);
	return NULL;
}

static const struct node *
repeat(struct collection *c, const struct node *doc, struct diag *d)
{
	const struct node *out;

	if (c->previous == NULL) {
		node_error(d, doc, "there is no rule to repeat");
		return NULL;
	}
	out = merge_document(c, c->previous, doc, d);
	c->previous = out != NULL ? out : c->previous;
	return out;
}

const struct node *
collection_next(struct collection *c, const struct node *doc, struct diag *d)
{
	static const char *const words[] = {
		"global", "repeat", "reset", NULL
	};
	const struct node *action = node_get(doc, "action");

	if (node_is_null(doc))
		return NULL;
	if (action == NULL || action->type != NODE_SCALAR) {
		if (c->global != NULL)
			doc = merge_document(c, doc, c->global, d);
		c->previous = doc != NULL ? doc : c->previous;
		return doc;
	}
	if (slice_eq(action->text, S("global"))) {
		c->global = doc;
		return NULL;
	}
	if (slice_eq(action->text, S("repeat")))
		return repeat(c, doc, d);
	if (slice_eq(action->text, S("reset"))) {
		c->global = c->previous = NULL;
		return NULL;
	}
	node_no_such(d, action, "action", words);
	return NULL;
}
