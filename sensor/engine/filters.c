#include "engine/filters.h"

#include "base/map.h"

static const struct slice any = SLICE("any");

static int
read_reference(struct load *l, const struct node *n,
    struct filter_reference *out)
{
	if (n->type != NODE_SCALAR || n->text.len == 0)
		return node_error(l->diag, n,
		    "expected the id or the name of a rule");
	*out = (struct filter_reference){
		arena_keep(l->build, n->text), n->line, n->column,
	};
	return 0;
}

/* "any", an empty list, one rule or a list of them. */
static int
read_references(struct load *l, const struct node *filter, struct filter *f)
{
	const struct node *n = node_get(filter, "rules");
	struct filter_reference *out;
	bool list = n != NULL && n->type == NODE_LIST;
	int bad = 0;

	if (n == NULL)
		return node_error(l->diag, filter->key, "the filter does not "
		    "say which \"rules\" it is for: a list, or any");
	if (n->type == NODE_SCALAR && slice_eq(n->text, any))
		return 0;
	out = arena_alloc(l->build, (n->count + 1) * sizeof(*out));
	f->rules = out;
	f->rule_count = list ? n->count : 1;
	if (!list)
		return read_reference(l, n, out);
	for (n = n->first; n != NULL; n = n->next)
		bad |= read_reference(l, n, out++);
	return bad;
}

/* Whether the condition does; what its names stand for is not gone into. */
static bool
negates(const struct expr *e)
{
	if (e->type == EXPR_NOT)
		return true;
	if (e->type == EXPR_LINK)
		return false;
	for (e = e->first; e != NULL; e = e->next)
		if (negates(e))
			return true;
	return false;
}

/* Items that say "not" themselves. */
static bool
has_negative_item(const struct node *n)
{
	static const struct slice words[] = {
		SLICE("|neq"), SLICE("|exists"),
	};

	for (n = n->first; n != NULL; n = n->next) {
		for (size_t i = 0; n->key != NULL && i < COUNT(words); i++)
			if (slice_find(n->key->text, words[i]) != SIZE_MAX)
				return true;
		if (has_negative_item(n))
			return true;
	}
	return false;
}

int
filter_read(struct load *l, const struct node *doc, struct filter *out)
{
	const struct node *filter = node_get(doc, "filter");
	struct rule names;
	int bad = 0;

	*out = (struct filter){ .file = l->file, .line = doc->line };
	bad |= rule_read_names(l, doc, &names);
	bad |= rule_read_logsource(l, doc, &out->source);
	if (filter->type != NODE_MAP)
		return node_error(l->diag, filter, "\"filter\" is a map");
	out->identity = rule_document(filter);
	bad |= read_references(l, filter, out);
	out->expr = detection_read(l, filter, DETECTION_FILTER);
	if (out->expr == NULL)
		return -1;
	if (!negates(out->expr) && !has_negative_item(filter))
		node_warn(l->diag, filter->key, "the filter has no \"not\": "
		    "rules then match only what it describes");
	return bad;
}

static struct expr *
link_to(struct arena *a, struct expr *to)
{
	struct expr *e = expr_new(a, EXPR_LINK);

	e->first = to;
	return e;
}

static void
lay_over(struct rule *r, const struct filter *f, struct arena *a)
{
	struct expr *both = expr_new(a, EXPR_AND);

	both->first = link_to(a, r->expr);
	both->first->next = link_to(a, f->expr);
	r->expr = both;
	rule_identify(r, digest_slice(&f->identity));
}

/* Correlations have no expression, and no log source that is their own. */
static bool
is_for(const struct filter *f, const struct rule *r)
{
	return r->expr != NULL && logsource_covers(f->source, r->source);
}

bool
filter_is_over(const struct filter *f, const struct rule *r)
{
	for (size_t i = 0; i < f->rule_count; i++)
		if (slice_eq(f->rules[i].name, r->info.id) ||
		    slice_eq(f->rules[i].name, r->name))
			return is_for(f, r);
	return f->rule_count == 0 && is_for(f, r);
}

static struct rule *
find(const struct map *ids, const struct map *names, struct slice name)
{
	struct rule *r = map_get(ids, name);

	return r != NULL ? r : map_get(names, name);
}

static void
apply_named(const struct filter *f, const struct map *ids,
    const struct map *names, struct arena *build, struct diag *d)
{
	for (size_t i = 0; i < f->rule_count; i++) {
		const struct filter_reference *ref = &f->rules[i];
		struct rule *r = find(ids, names, ref->name);

		if (r != NULL && is_for(f, r))
			lay_over(r, f, build);
		else
			diag_warn(d, f->file, ref->line, ref->column,
			    "the filter does nothing here: %s \"%.*s\"",
			    r == NULL ? "no rule has the id or name" :
			    r->expr == NULL ? "no filter changes correlation" :
			    "its log source is not as broad as that of",
			    (int)ref->name.len, (const char *)ref->name.p);
	}
}

static void
apply_all(const struct filter *f, struct rule *rules, size_t count,
    struct arena *build)
{
	for (size_t i = 0; i < count; i++)
		if (is_for(f, &rules[i]))
			lay_over(&rules[i], f, build);
}

void
filters_apply(const struct filter *filters, size_t filter_count,
    struct rule *rules, size_t rule_count, struct arena *build,
    struct diag *d)
{
	struct map *ids = map_new(), *names = map_new();

	for (size_t i = 0; i < rule_count; i++) {
		map_put(ids, rules[i].info.id, &rules[i]);
		if (rules[i].name.len > 0)
			map_put(names, rules[i].name, &rules[i]);
	}
	for (size_t i = 0; i < filter_count; i++) {
		if (filters[i].rule_count > 0)
			apply_named(&filters[i], ids, names, build, d);
		else
			apply_all(&filters[i], rules, rule_count, build);
	}
	map_free(ids);
	map_free(names);
}
