/*
 * What rules may say to us alone, in the map "vedette": tests that stand in
 * the rule, and what to do when it fires. Every other tool passes it over.
 */
#include "base/json.h"
#include "engine/expect.h"
#include "engine/rule.h"

enum { TESTS_MAX = 1000 };

static void write_json(struct jsonw *w, const struct node *n);

static void
write_scalar(struct jsonw *w, const struct node *n)
{
	int64_t whole;
	bool truth;

	if (node_is_null(n))
		jsonw_null(w);
	else if (node_bool(n, &truth) == 0)
		jsonw_bool(w, truth);
	else if (node_int(n, &whole) == 0)
		jsonw_int(w, whole);
	else
		jsonw_str(w, n->text);
}

static void
write_map(struct jsonw *w, const struct node *n)
{
	jsonw_object(w);
	for (const struct node *c = n->first; c != NULL; c = c->next) {
		jsonw_key(w, c->key->text);
		write_json(w, c);
	}
	jsonw_object_end(w);
}

static void
write_json(struct jsonw *w, const struct node *n)
{
	if (n->type == NODE_SCALAR) {
		write_scalar(w, n);
		return;
	}
	if (n->type == NODE_MAP) {
		write_map(w, n);
		return;
	}
	jsonw_array(w);
	for (const struct node *c = n->first; c != NULL; c = c->next)
		write_json(w, c);
	jsonw_array_end(w);
}

static int read_steps(struct load *l, const struct node *n,
    struct rule_test *out);

/*
 * An event, and beside its fields the log source that it comes from, where
 * that is not the rule's own.
 */
static int
read_event(struct load *l, const struct node *n, struct rule_test *out)
{
	const struct node *source = node_get(n, "logsource");
	struct buf text = { 0 };
	struct jsonw w = { .out = &text };
	bool said = source != NULL && source->type == NODE_MAP;

	if (said && rule_read_logsource(l, n, &out->source) == -1)
		return -1;
	jsonw_object(&w);
	for (const struct node *c = n->first; c != NULL; c = c->next) {
		if (said && c == source)
			continue;
		jsonw_key(&w, c->key->text);
		write_json(&w, c);
	}
	jsonw_object_end(&w);
	out->json = arena_keep(l->keep, buf_slice(&text));
	buf_free(&text);
	return 0;
}

/* A text is a log line, a map an event, a list several of them. */
static int
read_test(struct load *l, const struct node *n, bool positive,
    struct rule_test *out)
{
	*out = (struct rule_test){
		.positive = positive, .line = S(""), .json = S(""),
		.file = l->file, .at = n->line, .column = n->column,
	};
	if (n->type == NODE_LIST && n->count > 0)
		return read_steps(l, n, out);
	if (n->type == NODE_LIST || node_is_null(n))
		return node_error(l->diag, n,
		    "a test is a log line, or an event as a map");
	if (n->type == NODE_MAP)
		return read_event(l, n, out);
	out->line = arena_keep(l->keep, n->text);
	return 0;
}

static int
read_steps(struct load *l, const struct node *n, struct rule_test *out)
{
	struct rule_test *steps = arena_alloc(l->keep, n->count *
	    sizeof(*steps));
	int bad = 0;

	for (const struct node *s = n->first; s != NULL; s = s->next) {
		if (s->type == NODE_LIST)
			return node_error(l->diag, s,
			    "a step is a log line, or an event as a map");
		bad |= read_test(l, s, out->positive,
		    &steps[out->step_count++]);
	}
	out->steps = steps;
	out->line = steps[n->count - 1].line;
	out->json = steps[n->count - 1].json;
	out->source = steps[n->count - 1].source;
	return bad;
}

int
tests_read(struct load *l, const struct node *tests, struct rule *r)
{
	static const char *const keys[] = { "match", "no_match", NULL };
	struct rule_test *out;
	size_t most = 0;
	int bad = 0;

	if (tests->type != NODE_MAP)
		return node_error(l->diag, tests,
		    "\"tests\" is a map of \"match\" and \"no_match\"");
	bad = node_known(l->diag, tests, keys, "\"tests\"");
	for (const struct node *n = tests->first; n != NULL; n = n->next)
		most += n->count;
	if (most > TESTS_MAX)
		return node_error(l->diag, tests, "more than %d tests",
		    TESTS_MAX);
	out = arena_alloc(l->keep, most * sizeof(*out));
	r->tests = out;
	for (const struct node *n = tests->first; n != NULL; n = n->next) {
		bool positive = slice_eq(n->key->text, S("match"));

		if (n->type != NODE_LIST)
			bad = node_error(l->diag, n, "\"%s\" is a list",
			    node_cstr(n->key));
		for (const struct node *t = n->type == NODE_LIST ? n->first :
		    NULL; t != NULL; t = t->next)
			bad |= read_test(l, t, positive,
			    &out[r->test_count++]);
	}
	return bad;
}

int
additions_read(struct load *l, const struct node *map, struct rule *r)
{
	static const char *const shaped[] = {
		"tests", "suppress", "key", "expect", NULL
	};
	const struct node *runbook = node_get(map, "runbook");
	const struct node *tests = node_get(map, "tests");
	int bad;

	r->info.runbook = S("");
	if (map == NULL || node_is_null(map))
		return 0;
	if (map->type != NODE_MAP)
		return node_error(l->diag, map, "\"vedette\" is a map");
	bad = keys_known(l, map, addition_opts, shaped, "\"vedette\"");
	if (runbook != NULL && runbook->type != NODE_SCALAR)
		bad = node_error(l->diag, runbook, "\"runbook\" is a text");
	else if (runbook != NULL)
		r->info.runbook = arena_keep(l->keep, runbook->text);
	if (tests != NULL)
		bad |= tests_read(l, tests, r);
	bad |= suppress_read(l, map, r);
	if (node_get(map, "expect") != NULL)
		bad |= expect_read(l, node_get(map, "expect"), r);
	return bad;
}
