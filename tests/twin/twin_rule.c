/*
 * SIGMA.md 1.2 and 1.6: from a document to a rule.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "twin_inside.h"

struct twin *
twin_new(const struct node *placeholders)
{
	struct twin *t = xcalloc(1, sizeof(*t));

	t->arena = arena_new(0);
	t->placeholders = placeholders;
	return t;
}

void
twin_free(struct twin *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->regex_count; i++)
		regex_free(t->regexes[i]);
	free(t->regexes);
	free(t->rules);
	arena_free(t->arena);
	free(t);
}

bool
twin_fail(struct twin *t, const char *why)
{
	if (t->why == NULL)
		t->why = why;
	return false;
}

const char *
twin_why(const struct twin *t)
{
	return t->why != NULL ? t->why : "";
}

struct twin_branch *
twin_branch(struct twin *t, enum twin_branch_type type)
{
	struct twin_branch *b = arena_alloc(t->arena, sizeof(*b));

	b->type = type;
	return b;
}

/*
 * "map: AND of items; list of maps: OR; list of scalars: keywords, OR; bare
 * scalar = one keyword; list mixing maps and scalars = OR; nested lists = OR.
 * Empty map = error."
 */
static struct twin_branch *
read_tree(struct twin *t, const struct node *n)
{
	struct twin_branch *b, **tail;

	if (n->type == NODE_SCALAR)
		return twin_item(t, NULL, n);
	b = twin_branch(t, n->type == NODE_MAP ? TWIN_ALL : TWIN_ANY);
	tail = &b->first;
	if (n->count == 0)
		twin_fail(t, "nothing in it");
	for (const struct node *c = n->first; c != NULL; c = c->next) {
		*tail = n->type == NODE_MAP ? twin_item(t, c->key, c) :
		    read_tree(t, c);
		if (*tail == NULL)
			return NULL;
		tail = &(*tail)->next;
	}
	return b;
}

/* "all under `detection` except `condition`; `timeframe` must be ignored" */
static bool
read_identifiers(struct twin *t, const struct node *detection,
    struct twin_rule *r)
{
	r->ids = arena_alloc(t->arena, (detection->count + 1) *
	    sizeof(*r->ids));
	for (const struct node *n = detection->first; n != NULL; n = n->next) {
		struct twin_identifier *id = &r->ids[r->id_count];

		if (slice_eq(n->key->text, S("condition")) ||
		    slice_eq(n->key->text, S("timeframe")))
			continue;
		id->name = n->key->text;
		id->tree = read_tree(t, n);
		if (id->tree == NULL)
			return false;
		r->id_count++;
	}
	return r->id_count > 0 || twin_fail(t, "no identifiers");
}

static bool
is_condition(const struct twin_rule *r, const struct node *n)
{
	return n->type == NODE_SCALAR && !node_is_null(n) &&
	    twin_condition(r, n->text, NULL) != TWIN_WRONG;
}

static bool
read_condition(struct twin *t, const struct node *n, struct twin_rule *r)
{
	r->condition = n;
	if (n == NULL)
		return twin_fail(t, "no condition");
	if (n->type != NODE_LIST)
		return is_condition(r, n) || twin_fail(t, "condition");
	for (const struct node *c = n->first; c != NULL; c = c->next)
		if (!is_condition(r, c))
			return twin_fail(t, "condition");
	return n->count > 0 || twin_fail(t, "no condition in the list");
}

static bool
read_source(struct twin *t, const struct node *n, struct twin_rule *r)
{
	r->source.product = node_text(n, "product");
	r->source.category = node_text(n, "category");
	r->source.service = node_text(n, "service");
	return r->source.product.len + r->source.category.len +
	    r->source.service.len > 0 || twin_fail(t, "log source");
}

enum twin_read
twin_load(struct twin *t, const struct node *doc)
{
	const struct node *detection = node_get(doc, "detection");
	struct twin_rule *r;

	/* Grows at powers of two, so a room needs no counting. */
	if ((t->count & (t->count - 1)) == 0)
		t->rules = xrealloc(t->rules, 2 * t->count + 1,
		    sizeof(*t->rules));
	r = &t->rules[t->count];
	t->why = NULL;
	t->passed = false;
	*r = (struct twin_rule){ .id = node_text(doc, "id") };
	if (node_get(doc, "action") != NULL ||
	    node_get(doc, "filter") != NULL ||
	    node_get(doc, "correlation") != NULL)
		return TWIN_PASSED;
	if (detection == NULL || detection->type != NODE_MAP)
		twin_fail(t, "no detection");
	else if (read_source(t, node_get(doc, "logsource"), r) &&
	    read_identifiers(t, detection, r))
		read_condition(t, node_get(detection, "condition"), r);
	if (t->passed)
		return TWIN_PASSED;
	if (t->why != NULL)
		return TWIN_REFUSED;
	t->count++;
	return TWIN_READ;
}

size_t
twin_count(const struct twin *t)
{
	return t->count;
}

const struct twin_rule *
twin_get(const struct twin *t, size_t i)
{
	return &t->rules[i];
}

struct slice
twin_id(const struct twin_rule *r)
{
	return r->id;
}

struct twin_source
twin_source(const struct twin_rule *r)
{
	return r->source;
}

static bool
covers_word(struct slice rule, struct slice event)
{
	return rule.len == 0 || slice_eq(rule, event);
}

/* "category/product/service are each unset or equal to the event's" */
static bool
covers(const struct twin_rule *r, const struct twin_event *ev)
{
	for (size_t i = 0; i < ev->source_count; i++)
		if (covers_word(r->source.product, ev->sources[i].product) &&
		    covers_word(r->source.category,
		    ev->sources[i].category) &&
		    covers_word(r->source.service, ev->sources[i].service))
			return true;
	return false;
}

/* "Condition list = OR." */
bool
twin_match(const struct twin_rule *r, const struct twin_event *ev)
{
	const struct node *n = r->condition;
	bool list = n->type == NODE_LIST;

	if (!covers(r, ev))
		return false;
	for (n = list ? n->first : n; n != NULL; n = list ? n->next : NULL)
		if (twin_condition(r, n->text, ev) == TWIN_TRUE)
			return true;
	return false;
}
