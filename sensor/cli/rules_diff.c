/*
 * rules diff: what differs between two sets of rules. What they say is
 * compared, not how it is laid out.
 */
#include <string.h>

#include "base/file.h"
#include "base/map.h"
#include "cli/rules_session.h"
#include "engine/beside.h"

extern const struct command rules_diff;

/* One document of a rule, a correlation or a filter. */
struct doc {
	const struct node *node;
	struct slice id;	/* its id, or where it has none its title */
	struct doc *next;
};

struct set {
	struct doc *first, **last;
	struct map *by_id;
};

struct diff_call {
	struct session session;
	struct arena *arena;
	struct set sets[2];
	size_t added, removed, changed;
};

static const struct arg diff_args[] = {
	ARGS_CONFIG(diff_call, session.path),
	ARGS_JSON(diff_call, session.json),
	ARGS_END
};

static bool same(const struct node *a, const struct node *b);

/* In any order: a map has none. */
static bool
same_map(const struct node *a, const struct node *b)
{
	for (const struct node *n = a->first; n != NULL; n = n->next)
		if (!same(n, node_get(b, node_cstr(n->key))))
			return false;
	return true;
}

static bool
same_list(const struct node *a, const struct node *b)
{
	const struct node *m = b->first;

	for (const struct node *n = a->first; n != NULL; n = n->next) {
		if (!same(n, m))
			return false;
		m = m->next;
	}
	return true;
}

/* Quotes make a text of what would be none. */
static bool
is_no_text(const struct node *n)
{
	int64_t whole;
	bool truth;

	return node_is_null(n) || node_bool(n, &truth) == 0 ||
	    node_int(n, &whole) == 0;
}

static bool
same(const struct node *a, const struct node *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	if (a->type != b->type || a->count != b->count)
		return false;
	if (a->type == NODE_MAP)
		return same_map(a, b);
	if (a->type == NODE_LIST)
		return same_list(a, b);
	return slice_eq(a->text, b->text) && is_no_text(a) == is_no_text(b);
}

/* --- reading ---------------------------------------------------------------- */

/* What walk_files calls back with. */
struct reading {
	struct diff_call *call;
	struct set *set;
	size_t root;		/* length of the path that was asked for */
};

static void
add_doc(struct reading *r, const struct node *n)
{
	struct slice id = node_text(n, "id");
	struct doc *doc;

	if (id.len == 0)
		id = node_text(n, "title");
	if (n->type != NODE_MAP || id.len == 0)
		return;
	doc = arena_alloc(r->call->arena, sizeof(*doc));
	*doc = (struct doc){ .node = n, .id = id };
	if (map_put(r->set->by_id, id, doc) != NULL)
		node_warn(&r->call->session.diag, n, "a second rule with the "
		    "id \"%.*s\"; this one is compared", (int)id.len,
		    (const char *)id.p);
	*r->set->last = doc;
	r->set->last = &doc->next;
}

static int
read_docs(void *arg, const char *path)
{
	struct reading *r = arg;
	struct node *docs;

	if (strstr(path + r->root, "/decoders/") != NULL ||
	    beside_is(path))
		return 0;
	if (yaml_read(r->call->arena, path, &docs,
	    &r->call->session.diag) == -1)
		return 0;
	for (; docs != NULL; docs = docs->next)
		add_doc(r, docs);
	return 0;
}

static void
read_path(struct diff_call *c, struct set *set, const char *path)
{
	static const char *const suffixes[] = { ".yml", ".yaml", NULL };
	struct reading r = { c, set, strlen(path) };
	struct err err;

	while (r.root > 1 && path[r.root - 1] == '/')
		r.root--;
	if (walk_files(path, suffixes, read_docs, &r, &err) == -1)
		diag_error(&c->session.diag, NULL, 0, 0, "%s", err.text);
}

/* --- telling ---------------------------------------------------------------- */

static bool
is_key_changed(const struct node *n, const struct node *other)
{
	return !same(n, node_get(other, node_cstr(n->key)));
}

/* Keys that differ: those of the new document, then those it lacks. */
static void
each_key(const struct doc *old, const struct doc *new,
    void (*each)(void *arg, struct slice key, struct slice from,
    struct slice to), void *arg)
{
	for (const struct node *n = new->node->first; n != NULL; n = n->next)
		if (is_key_changed(n, old->node))
			each(arg, n->key->text, node_text(old->node,
			    node_cstr(n->key)), n->type == NODE_SCALAR ?
			    n->text : S(""));
	for (const struct node *n = old->node->first; n != NULL; n = n->next)
		if (node_get(new->node, node_cstr(n->key)) == NULL)
			each(arg, n->key->text, n->type == NODE_SCALAR ?
			    n->text : S(""), S(""));
}

/* A short value is shown, a long one named. */
static void
add_key(void *arg, struct slice key, struct slice from, struct slice to)
{
	enum { SHOWN = 40 };
	struct buf *line = arg;

	buf_str(line, line->len > 0 ? ", " : "");
	text_escape(line, key);
	if (from.len + to.len == 0 || from.len > SHOWN || to.len > SHOWN)
		return;
	buf_str(line, " ");
	text_escape(line, from);
	buf_str(line, from.len > 0 ? " -> " : "-> ");
	text_escape(line, to.len > 0 ? to : S("(gone)"));
}

static void
write_key(void *arg, struct slice key, struct slice from, struct slice to)
{
	struct jsonw *w = arg;

	jsonw_object(w);
	jsonw_pair(w, "key", key);
	if (from.len > 0)
		jsonw_pair(w, "from", from);
	if (to.len > 0)
		jsonw_pair(w, "to", to);
	jsonw_object_end(w);
}

static void
print_json(const struct doc *old, const struct doc *new, const char *how)
{
	const struct doc *d = new != NULL ? new : old;
	struct buf text = { 0 };
	struct jsonw w = { .out = &text };

	jsonw_object(&w);
	jsonw_pair(&w, "change", slice_of(how));
	jsonw_pair(&w, "id", d->id);
	jsonw_pair(&w, "title", node_text(d->node, "title"));
	jsonw_pair(&w, "file", slice_of(d->node->file));
	jsonw_pair_int(&w, "line", d->node->line);
	if (old != NULL && new != NULL) {
		jsonw_key(&w, S("keys"));
		jsonw_array(&w);
		each_key(old, new, write_key, &w);
		jsonw_array_end(&w);
	}
	jsonw_object_end(&w);
	buf_byte(&text, '\n');
	fwrite(text.p, 1, text.len, stdout);
	buf_free(&text);
}

static void
print_text(const struct doc *old, const struct doc *new, const char *how)
{
	const struct doc *d = new != NULL ? new : old;
	struct buf line = { 0 }, keys = { 0 };

	buf_fmt(&line, "%-8s ", how);
	text_escape(&line, slice_head(d->id, 36));
	buf_str(&line, "  ");
	text_escape(&line, node_text(d->node, "title"));
	buf_byte(&line, '\n');
	if (old != NULL && new != NULL) {
		each_key(old, new, add_key, &keys);
		buf_str(&line, "         ");
		buf_add(&line, buf_slice(&keys));
		buf_byte(&line, '\n');
	}
	fwrite(line.p, 1, line.len, stdout);
	buf_free(&line);
	buf_free(&keys);
}

static void
print(const struct diff_call *c, const struct doc *old, const struct doc *new,
    const char *how)
{
	(c->session.json ? print_json : print_text)(old, new, how);
}

static void
compare(struct diff_call *c)
{
	const struct set *old = &c->sets[0], *new = &c->sets[1];

	for (const struct doc *d = old->first; d != NULL; d = d->next) {
		if (map_get(new->by_id, d->id) != NULL)
			continue;
		print(c, d, NULL, "removed");
		c->removed++;
	}
	for (const struct doc *d = new->first; d != NULL; d = d->next) {
		const struct doc *was = map_get(old->by_id, d->id);

		if (was == NULL) {
			print(c, NULL, d, "added");
			c->added++;
		} else if (!same(was->node, d->node)) {
			print(c, was, d, "changed");
			c->changed++;
		}
	}
}

/* --- the command ------------------------------------------------------------ */

/* One path is held against what the configuration names. */
static void
read_both(struct diff_call *c, const struct registry *reg, char **paths,
    int count)
{
	struct session *s = &c->session;

	if (count == 2) {
		read_path(c, &c->sets[0], paths[0]);
		read_path(c, &c->sets[1], paths[1]);
		return;
	}
	if (config_load(&s->config, s->path, reg->inputs, reg->outputs,
	    &s->diag) == -1)
		return;
	for (size_t i = 0; i < s->config.rules->count; i++)
		read_path(c, &c->sets[0], s->config.rules->items[i]);
	read_path(c, &c->sets[1], paths[0]);
}

static int
diff(struct diff_call *c, const struct registry *reg, char **paths, int count)
{
	int status;

	session_begin(&c->session);
	c->arena = arena_new(0);
	for (size_t i = 0; i < COUNT(c->sets); i++) {
		c->sets[i].last = &c->sets[i].first;
		c->sets[i].by_id = map_new();
	}
	read_both(c, reg, paths, count);
	if (c->session.diag.errors == 0) {
		compare(c);
		if (!c->session.json)
			printf("%zu added, %zu removed, %zu changed\n",
			    c->added, c->removed, c->changed);
	}
	for (size_t i = 0; i < COUNT(c->sets); i++)
		map_free(c->sets[i].by_id);
	status = session_end(&c->session, EXIT_TROUBLE);
	arena_free(c->arena);
	if (status == EXIT_FINE && c->added + c->removed + c->changed > 0)
		return EXIT_FOUND;
	return status;
}

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct diff_call c = { 0 };
	int status;

	if (!args_read(&rules_diff, &c, &argc, argv, &status))
		return status;
	if (argc < 2 || argc > 3)
		return args_wrong(&rules_diff, "which two? one path is held "
		    "against the configured rules");
	return diff(&c, reg, argv + 1, argc - 1);
}

const struct command rules_diff = {
	.name = "rules diff",
	.synopsis = "[-c FILE] [--json] [OLD] NEW",
	.what = "what differs between two sets of rules",
	.args = diff_args,
	.run = run,
};
