#include "engine/beside.h"

#include <unistd.h>

struct beside {
	struct slice rule;	/* its id or name; empty: the file's own */
	struct rule tests;	/* nothing but its tests */
	unsigned line, column;
	struct beside *next;
};

static const struct slice suffixes[] = {
	SLICE(".tests.yml"), SLICE(".tests.yaml"),
};

bool
beside_is(const char *path)
{
	for (size_t i = 0; i < COUNT(suffixes); i++)
		if (slice_ends(slice_of(path), suffixes[i]))
			return true;
	return false;
}

/* The path without .yml, .yaml, .tests.yml or .tests.yaml. */
static struct slice
stem(const char *path)
{
	struct slice s = slice_of(path);

	for (size_t i = 0; i < COUNT(suffixes); i++)
		if (slice_ends(s, suffixes[i]))
			return slice_head(s, s.len - suffixes[i].len);
	s.len -= slice_ends(s, S(".yml")) ? strlen(".yml") :
	    slice_ends(s, S(".yaml")) ? strlen(".yaml") : 0;
	return s;
}

bool
beside_path(const char *rules, struct buf *out)
{
	if (beside_is(rules))
		return false;
	for (size_t i = 0; i < COUNT(suffixes); i++) {
		buf_clear(out);
		buf_add(out, stem(rules));
		buf_add(out, suffixes[i]);
		if (access(buf_cstr(out), F_OK) == 0)
			return true;
	}
	return false;
}

/* The tests themselves are read as if they stood in a rule. */
static struct node
without_rule(struct load *l, const struct node *doc)
{
	struct node out = *doc, **tail = &out.first;

	out.first = NULL;
	for (const struct node *n = doc->first; n != NULL; n = n->next) {
		if (slice_eq(n->key->text, S("rule"))) {
			out.count--;
			continue;
		}
		*tail = arena_alloc(l->build, sizeof(**tail));
		**tail = *n;
		(*tail)->next = NULL;
		tail = &(*tail)->next;
	}
	return out;
}

void
beside_read(struct load *l, const struct node *doc, struct beside **list)
{
	struct beside *b = arena_alloc(l->keep, sizeof(*b));
	const struct node *rule = node_get(doc, "rule");
	struct node tests;

	if (node_is_null(doc))
		return;
	if (doc->type != NODE_MAP) {
		node_error(l->diag, doc,
		    "tests are a map of \"rule\", \"match\" and \"no_match\"");
		return;
	}
	if (rule != NULL && (rule->type != NODE_SCALAR ||
	    rule->text.len == 0)) {
		node_error(l->diag, rule, "\"rule\" is an id or a name");
		return;
	}
	b->rule = rule == NULL ? S("") : arena_keep(l->keep, rule->text);
	b->tests.file = l->file;
	b->line = rule == NULL ? doc->line : rule->line;
	b->column = rule == NULL ? doc->column : rule->column;
	tests = without_rule(l, doc);
	if (tests_read(l, &tests, &b->tests) == -1)
		return;
	b->next = *list;
	*list = b;
}

static bool
is_meant(const struct beside *b, const struct rule *r)
{
	if (b->rule.len == 0)
		return slice_eq(stem(b->tests.file), stem(r->file));
	return slice_eq_nocase(r->info.id, b->rule) ||
	    slice_eq(r->name, b->rule);
}

static void
append_tests(struct rule *r, const struct rule *more, struct arena *keep)
{
	size_t size = sizeof(*r->tests);
	struct rule_test *out = arena_alloc(keep,
	    (r->test_count + more->test_count) * size);

	if (r->test_count > 0)
		memcpy(out, r->tests, r->test_count * size);
	if (more->test_count > 0)
		memcpy(out + r->test_count, more->tests,
		    more->test_count * size);
	r->tests = out;
	r->test_count += more->test_count;
}

/* "why", and what the tests say of their rule. */
static int
refuse(const struct beside *b, struct diag *d, const char *why,
    struct slice what)
{
	return diag_error(d, b->tests.file, b->line, b->column,
	    "%s \"%.*s\"; a key \"rule\" says whose the tests are", why,
	    (int)what.len, (const char *)what.p);
}

static int
join(const struct beside *b, struct rule *rules, size_t count,
    struct arena *keep, struct diag *d)
{
	struct rule *found = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!is_meant(b, &rules[i]))
			continue;
		if (found != NULL)
			return refuse(b, d, "several rules are meant by",
			    b->rule.len > 0 ? b->rule : stem(b->tests.file));
		found = &rules[i];
	}
	/* Left out with its rule, perhaps, which has been said. */
	if (found == NULL && d->refused > 0)
		return 0;
	if (found == NULL && b->rule.len > 0)
		return refuse(b, d, "no rule that is loaded is", b->rule);
	if (found == NULL)
		return refuse(b, d, "no rule stands in",
		    stem(b->tests.file));
	append_tests(found, &b->tests, keep);
	return 0;
}

int
beside_join(const struct beside *list, struct rule *rules, size_t count,
    struct arena *keep, struct diag *d)
{
	int ret = 0;

	for (; list != NULL; list = list->next)
		if (join(list, rules, count, keep, d) == -1)
			ret = -1;
	return ret;
}
