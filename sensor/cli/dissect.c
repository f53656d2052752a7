#include "cli/dissect.h"

#include <fnmatch.h>

#include "base/json.h"

enum { TEXT_SHOWN = 70, DEPTH_MAX = 64 };

struct dissecting {
	struct dissected *out;
	const struct node *doc, *detection;
	struct buf *yaml;
};

/* --- YAML again --------------------------------------------------------- */

static bool
is_plain_safe(struct slice s)
{
	static const char safe[] = "_.+-0123456789"
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (size_t i = 0; i < s.len; i++)
		if (memchr(safe, s.p[i], sizeof(safe) - 1) == NULL)
			return false;
	return s.len > 0;
}

static void
write_text(struct buf *out, struct slice s)
{
	struct jsonw w = { .out = out };

	jsonw_str(&w, s);
}

/* What was plain stays plain: quotes would make a text of a number. */
static void
write_node(struct buf *out, const struct node *n)
{
	const char *const brackets = n->type == NODE_MAP ? "{}" : "[]";

	if (n->type == NODE_SCALAR) {
		if (node_is_null(n))
			buf_str(out, "null");
		else if (!n->quoted && is_plain_safe(n->text))
			buf_add(out, n->text);
		else
			write_text(out, n->text);
		return;
	}
	buf_byte(out, (unsigned char)brackets[0]);
	for (const struct node *c = n->first; c != NULL; c = c->next) {
		if (n->type == NODE_MAP) {
			write_text(out, c->key->text);
			buf_str(out, ": ");
		}
		write_node(out, c);
		buf_str(out, c->next != NULL ? ", " : "");
	}
	buf_byte(out, (unsigned char)brackets[1]);
}

/* --- parts -------------------------------------------------------------- */

static struct part *
add_part(struct dissecting *d, unsigned depth, struct slice text,
    unsigned line)
{
	struct dissected *out = d->out;
	struct part *p;

	if (out->count == PARTS_MAX || depth > DEPTH_MAX) {
		out->cut = true;
		return NULL;
	}
	p = &out->parts[out->count++];
	*p = (struct part){ .depth = depth, .line = line,
	    .text = arena_keep(out->arena, text), .field = S("") };
	return p;
}

/* The document of the part that was added last. */
static void
begin_document(struct dissecting *d)
{
	const struct node *source = node_get(d->doc, "logsource");

	buf_fmt(d->yaml, "---\ntitle: part %zu\nlogsource: ",
	    d->out->count - 1);
	if (source != NULL)
		write_node(d->yaml, source);
	buf_str(d->yaml, "\ndetection: {");
}

/* A condition over all selections of the rule. */
static void
write_condition(struct dissecting *d, struct slice text)
{
	begin_document(d);
	for (const struct node *n = d->detection->first; n != NULL;
	    n = n->next) {
		if (slice_eq(n->key->text, S("condition")) ||
		    slice_eq(n->key->text, S("timeframe")))
			continue;
		write_text(d->yaml, n->key->text);
		buf_str(d->yaml, ": ");
		write_node(d->yaml, n);
		buf_str(d->yaml, ", ");
	}
	buf_str(d->yaml, "condition: ");
	write_text(d->yaml, text);
	buf_str(d->yaml, "}\n");
}

/* One selection made of a key and its value, or of a value alone. */
static void
write_selection(struct dissecting *d, const struct node *key,
    const struct node *value)
{
	begin_document(d);
	buf_str(d->yaml, "part: ");
	if (key != NULL) {
		buf_byte(d->yaml, '{');
		write_text(d->yaml, key->text);
		buf_str(d->yaml, ": ");
	}
	write_node(d->yaml, value);
	buf_str(d->yaml, key != NULL ? "}, " : ", ");
	buf_str(d->yaml, "condition: part}\n");
}

static void
describe(struct buf *text, const struct node *key, const struct node *value)
{
	size_t shown = 0;

	if (key != NULL) {
		buf_add(text, key->text);
		buf_str(text, ": ");
	}
	if (value->type == NODE_SCALAR) {
		buf_add(text, node_is_null(value) ? S("null") : value->text);
		return;
	}
	for (const struct node *c = value->first; c != NULL; c = c->next) {
		if (text->len > TEXT_SHOWN) {
			buf_fmt(text, ", ... %zu in all", value->count);
			return;
		}
		buf_str(text, shown++ > 0 ? ", " : "");
		if (c->type == NODE_SCALAR)
			buf_add(text, c->text);
	}
}

static void
add_item(struct dissecting *d, unsigned depth, const struct node *key,
    const struct node *value)
{
	struct buf text = { 0 };
	struct slice field = S(""), rest;
	struct part *p;

	describe(&text, key, value);
	p = add_part(d, depth, buf_slice(&text), value->line);
	buf_free(&text);
	if (p == NULL)
		return;
	if (key != NULL) {
		rest = key->text;
		p->field = slice_cut(&rest, '|', &field) ? field : key->text;
	}
	write_selection(d, key, value);
}

static void
add_map(struct dissecting *d, unsigned depth, const struct node *map)
{
	for (const struct node *n = map->first; n != NULL; n = n->next)
		add_item(d, depth, n->key, n);
}

/* Maps in a list stand for each other; texts are keywords. */
static void
add_list(struct dissecting *d, unsigned depth, const struct node *list)
{
	for (const struct node *n = list->first; n != NULL; n = n->next) {
		if (n->type != NODE_MAP) {
			add_item(d, depth, NULL, n);
			continue;
		}
		if (add_part(d, depth, S("one of the maps"), n->line) == NULL)
			return;
		write_selection(d, NULL, n);
		add_map(d, depth + 1, n);
	}
}

static void
add_contents(struct dissecting *d, unsigned depth, const struct node *n)
{
	if (n->type == NODE_MAP)
		add_map(d, depth, n);
	else if (n->type == NODE_LIST)
		add_list(d, depth, n);
	else
		add_item(d, depth, NULL, n);
}

/* --- the condition -------------------------------------------------------- */

/*
 * Where a word stands outside all brackets, from a place on; SIZE_MAX when
 * nowhere. A word has a blank, a bracket or an end on both sides.
 */
static size_t
find_word(struct slice s, size_t from, struct slice word)
{
	int depth = 0;

	for (size_t i = 0; i < s.len; i++) {
		bool starts = i == 0 || byte_is_space(s.p[i - 1]) ||
		    s.p[i - 1] == ')';
		size_t end = i + word.len;

		depth += s.p[i] == '(' ? 1 : s.p[i] == ')' ? -1 : 0;
		if (i >= from && depth == 0 && starts && end <= s.len &&
		    slice_starts(slice_from(s, i), word) && (end == s.len ||
		    byte_is_space(s.p[end]) || s.p[end] == '('))
			return i;
	}
	return SIZE_MAX;
}

/* Without the brackets that are around all of it. */
static struct slice
unwrap(struct slice s)
{
	for (;;) {
		int depth = 0;
		size_t i = 0;

		s = slice_trim(s);
		if (s.len < 2 || s.p[0] != '(' || s.p[s.len - 1] != ')')
			return s;
		for (; i < s.len; i++) {
			depth += s.p[i] == '(' ? 1 : s.p[i] == ')' ? -1 : 0;
			if (depth == 0)
				break;
		}
		if (i != s.len - 1)
			return s;
		s = slice_head(slice_from(s, 1), s.len - 2);
	}
}

static void add_condition(struct dissecting *d, unsigned depth,
    struct slice text, unsigned line);

/* Parts between a word, each below; false when the word is not there. */
static bool
add_split(struct dissecting *d, unsigned depth, struct slice text,
    struct slice word, unsigned line)
{
	size_t at = find_word(text, 0, word);

	if (at == SIZE_MAX)
		return false;
	while (at != SIZE_MAX) {
		add_condition(d, depth, slice_head(text, at), line);
		text = slice_from(text, at + word.len);
		at = find_word(text, 0, word);
	}
	add_condition(d, depth, text, line);
	return true;
}

/* "1 of x*", "all of them", or a name. */
static void
add_leaf(struct dissecting *d, unsigned depth, struct slice text)
{
	size_t of = find_word(text, 0, S("of"));
	struct slice name = of == SIZE_MAX ? text :
	    slice_trim(slice_from(text, of + strlen("of")));
	bool them = of != SIZE_MAX && slice_eq(name, S("them"));
	char pattern[256];

	slice_to_cstr(them ? S("*") : name, pattern, sizeof(pattern));
	for (const struct node *n = d->detection->first; n != NULL;
	    n = n->next) {
		const char *key = node_cstr(n->key);

		if (strcmp(key, "condition") == 0 ||
		    strcmp(key, "timeframe") == 0 ||
		    fnmatch(pattern, key, 0) != 0 ||
		    (key[0] == '_' && pattern[0] != '_'))
			continue;
		if (of == SIZE_MAX) {
			add_contents(d, depth, n);
		} else if (add_part(d, depth, n->key->text, n->line) != NULL) {
			write_condition(d, n->key->text);
			add_contents(d, depth + 1, n);
		}
	}
}

static void
add_condition(struct dissecting *d, unsigned depth, struct slice text,
    unsigned line)
{
	text = unwrap(text);
	if (add_part(d, depth, text, line) == NULL)
		return;
	write_condition(d, text);
	if (add_split(d, depth + 1, text, S("or"), line) ||
	    add_split(d, depth + 1, text, S("and"), line))
		return;
	if (find_word(text, 0, S("not")) == 0)
		add_condition(d, depth + 1, slice_from(text, strlen("not")),
		    line);
	else
		add_leaf(d, depth + 1, text);
}

void
dissect(struct arena *a, const struct node *doc, struct dissected *out,
    struct buf *yaml)
{
	struct dissecting d = { out, doc, node_get(doc, "detection"), yaml };
	const struct node *condition = node_get(d.detection, "condition");

	*out = (struct dissected){ .arena = a,
	    .parts = arena_alloc(a, PARTS_MAX * sizeof(*out->parts)) };
	if (condition == NULL)
		return;
	if (condition->type == NODE_SCALAR) {
		add_condition(&d, 0, condition->text, condition->line);
		return;
	}
	for (const struct node *n = condition->first; n != NULL; n = n->next)
		add_condition(&d, 0, n->text, n->line);
}
