#include "engine/lint.h"

#include "base/map.h"

enum {
	STEPS_MAX = 100000,	/* a condition may name one thing often */
	SPECIFIC = 1000,	/* as good as a whole value */
	COMPARED = 4,
	BYTES_LEAST = 3,
};

struct gauge {
	const struct predicates *ps;
	unsigned steps;
};

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t
matcher_strength(const struct matcher *m)
{
	size_t n = 0;

	if (m->type == MATCH_ANY)
		return 0;
	if (m->type == MATCH_EQUAL)
		return SPECIFIC;
	if (m->type != MATCH_GLOB)
		return m->text.len + (m->type != MATCH_CONTAINS);
	for (size_t i = 0; i < m->glob.count; i++)
		n += m->glob.parts[i].type == PART_TEXT ?
		    m->glob.parts[i].text.len : 0;
	return n;
}

static size_t
set_strength(const struct predicate *p)
{
	size_t n = SPECIFIC;

	for (size_t i = 0; i < p->set.count; i++)
		n = least(n, matcher_strength(&p->set.items[i]));
	return n;
}

static size_t
test_strength(const struct predicate *p)
{
	switch ((enum predicate_op)p->op) {
	case OP_TEXT:
		return matcher_strength(&p->text);
	case OP_SET:
		return set_strength(p);
	case OP_NULL:
	case OP_EXISTS:
		return 0;
	case OP_CIDR:
		return p->cidr.prefix;
	case OP_TIME:
		return 1;
	case OP_COMPARE:
	case OP_FIELDREF:
		return COMPARED;
	case OP_REGEX:
	case OP_NUMBER:
	case OP_COUNT:
		break;
	}
	return SPECIFIC;
}

/* How many bytes of the event's have to be what the rule says. */
static size_t
strength(struct gauge *g, const struct expr *e)
{
	size_t sum = 0, lowest = SPECIFIC;

	if (++g->steps > STEPS_MAX)
		return SPECIFIC;
	if (e->type == EXPR_TEST)
		return test_strength(predicates_get(g->ps, e->n));
	if (e->type == EXPR_LINK)
		return strength(g, e->first);
	if (e->type == EXPR_NOT)
		return 0;
	for (const struct expr *c = e->first; c != NULL; c = c->next) {
		size_t n = strength(g, c);

		sum = least(sum + n, SPECIFIC);
		lowest = least(lowest, n);
	}
	return e->type == EXPR_AND ? sum : lowest;
}

bool
lint_takes_all(const struct predicates *ps, const struct expr *e)
{
	bool all = e->type == EXPR_AND;

	if (e->type == EXPR_TEST) {
		const struct predicate *p = predicates_get(ps, e->n);

		return (p->op == OP_TEXT || p->op == OP_SET) &&
		    test_strength(p) == 0;
	}
	if (e->type == EXPR_NOT)
		return false;
	for (const struct expr *c = e->first; c != NULL; c = c->next)
		if (lint_takes_all(ps, c) != all)
			return !all;
	return all;
}

size_t
lint_strength(const struct predicates *ps, const struct expr *e)
{
	struct gauge g = { ps, 0 };

	return strength(&g, e);
}

static void
lint_breadth(const struct lint *lint, const struct load *l,
    const struct node *doc, const struct expr *expr)
{
	const struct node *at = node_get(doc, "detection");
	size_t n;

	if (expr == NULL || at == NULL)
		return;
	n = lint_strength(l->predicates, expr);
	if (n == 0)
		node_warn(lint->advice, at->key, "too broad: there is a way "
		    "to match without a text, a number or an address");
	else if (n < BYTES_LEAST)
		node_warn(lint->advice, at->key, "too broad: %zu byte%s "
		    "anywhere in a value may be enough", n,
		    n == 1 ? "" : "s");
}

/* What an item's value stands under; a list may hold maps. */
static void
walk_items(const struct node *n, void (*each)(void *arg,
    const struct node *item), void *arg)
{
	for (n = n->first; n != NULL; n = n->next) {
		if (n->key != NULL)
			each(arg, n);
		else if (n->type != NODE_SCALAR)
			walk_items(n, each, arg);
	}
}

void
lint_items(const struct node *detection,
    void (*each)(void *arg, const struct node *item), void *arg)
{
	if (detection == NULL)
		return;
	for (const struct node *n = detection->first; n != NULL; n = n->next)
		if (n->type != NODE_SCALAR &&
		    !slice_eq(n->key->text, S("condition")) &&
		    !slice_eq(n->key->text, S("rules")))
			walk_items(n, each, arg);
}

int
lint_document(const struct lint *lint, struct load *l,
    const struct node *doc, const struct expr *expr)
{
	lint_about(lint, doc);
	lint_fields(lint, l, doc);
	lint_breadth(lint, l, doc, expr);
	return lint_regexes(lint, l, doc);
}

void
lint_rules(const struct lint *lint, const struct rule *rules, size_t count)
{
	struct map *seen = map_new();

	for (size_t i = 0; i < count; i++) {
		const struct rule *r = &rules[i], *first;
		struct slice code = slice_bytes(r->code,
		    r->code_len * sizeof(*r->code));

		if (r->code_len == 0)
			continue;
		first = map_get(seen, code);
		if (first == NULL)
			map_put(seen, code, (void *)(uintptr_t)r);
		else if (logsource_covers(first->source, r->source) ||
		    logsource_covers(r->source, first->source))
			diag_warn(lint->advice, r->file, r->line, 1,
			    "shadowed: \"%.*s\" (%s:%u) detects the same",
			    (int)first->info.title.len,
			    (const char *)first->info.title.p,
			    first->file, first->line);
	}
	map_free(seen);
}
