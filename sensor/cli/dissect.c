#include "cli/dissect.h"

#include <fnmatch.h>

#include "base/buf.h"

enum { TEXT_SHOWN = 70, DEPTH_MAX = 64 };

struct dissecting {
	struct dissected *out;
	const struct node *detection;
	struct node *selections;	/* of it, all but the rest */
	size_t selection_count;
};

/* Keys of a detection or a filter that name no selection. */
static bool
is_selection(const struct node *n)
{
	static const struct slice others[] = {
		SLICE("condition"), SLICE("timeframe"), SLICE("rules"),
	};

	for (size_t i = 0; i < COUNT(others); i++)
		if (slice_eq(n->key->text, others[i]))
			return false;
	return true;
}

/* --- detections ------------------------------------------------------------- */

static struct node *
new_node(struct dissecting *d, enum node_type type)
{
	struct node *n = arena_alloc(d->out->arena, sizeof(*n));

	n->type = type;
	n->file = d->detection->file;
	n->line = d->detection->line;
	n->column = d->detection->column;
	n->key = d->detection->key;
	return n;
}

/* Nodes are in one list each, so this is a copy. */
static struct node *
copy(struct dissecting *d, const struct node *key, const struct node *value,
    struct node *next)
{
	struct node *n = arena_alloc(d->out->arena, sizeof(*n));
	struct node *name = arena_alloc(d->out->arena, sizeof(*name));

	*name = *key;
	*n = *value;
	n->key = name;
	n->next = next;
	return n;
}

/* A condition in front of selections. */
static const struct node *
ask(struct dissecting *d, struct slice text, struct node *selections,
    size_t count)
{
	struct node *map = new_node(d, NODE_MAP);
	struct node *key = new_node(d, NODE_SCALAR);
	struct node *condition = new_node(d, NODE_SCALAR);

	key->text = S("condition");
	condition->text = arena_keep(d->out->arena, text);
	map->first = copy(d, key, condition, selections);
	map->count = count + 1;
	return map;
}

/* A condition over all selections. */
static const struct node *
ask_condition(struct dissecting *d, struct slice text)
{
	return ask(d, text, d->selections, d->selection_count);
}

/* One selection made of an item, or of a map or a keyword of a list. */
static const struct node *
ask_selection(struct dissecting *d, const struct node *value, bool item)
{
	struct node *name = new_node(d, NODE_SCALAR);
	struct node *inner = new_node(d, NODE_MAP);

	name->text = S("part");
	if (item) {
		inner->first = copy(d, value->key, value, NULL);
		inner->count = 1;
	}
	return ask(d, name->text, copy(d, name, item ? inner : value, NULL),
	    1);
}

static void
take_selections(struct dissecting *d)
{
	struct node **tail = &d->selections;

	for (const struct node *n = d->detection->first; n != NULL;
	    n = n->next) {
		if (!is_selection(n))
			continue;
		*tail = copy(d, n->key, n, NULL);
		tail = &(*tail)->next;
		d->selection_count++;
	}
}

/* --- parts -------------------------------------------------------------- */

static struct part *
add_part(struct dissecting *d, unsigned depth, struct slice text,
    const struct node *at)
{
	struct dissected *out = d->out;
	struct part *p;

	if (out->count == PARTS_MAX || depth > DEPTH_MAX) {
		out->cut = true;
		return NULL;
	}
	p = &out->parts[out->count++];
	*p = (struct part){ .depth = depth, .line = at->line,
	    .file = at->file, .text = arena_keep(out->arena, text),
	    .field = S("") };
	return p;
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
	p = add_part(d, depth, buf_slice(&text), key != NULL ? key : value);
	buf_free(&text);
	if (p == NULL)
		return;
	p->item = true;
	if (key != NULL) {
		rest = key->text;
		p->field = slice_cut(&rest, '|', &field) ? field : key->text;
	}
	p->detection = ask_selection(d, value, key != NULL);
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
		struct part *p;

		if (n->type == NODE_SCALAR) {
			add_item(d, depth, NULL, n);
			continue;
		}
		p = add_part(d, depth, n->type == NODE_MAP ?
		    S("one of the maps") : S("one of the lists"), n);
		if (p == NULL)
			return;
		p->detection = ask_selection(d, n, false);
		(n->type == NODE_MAP ? add_map : add_list)(d, depth + 1, n);
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
    struct slice text, const struct node *at);

/* Parts between a word, each below; false when the word is not there. */
static bool
add_split(struct dissecting *d, unsigned depth, struct slice text,
    struct slice word, const struct node *at)
{
	size_t place = find_word(text, 0, word);

	if (place == SIZE_MAX)
		return false;
	while (place != SIZE_MAX) {
		add_condition(d, depth, slice_head(text, place), at);
		text = slice_from(text, place + word.len);
		place = find_word(text, 0, word);
	}
	add_condition(d, depth, text, at);
	return true;
}

static bool
is_meant(const struct node *n, struct slice name)
{
	char pattern[256];

	slice_to_cstr(slice_eq(name, S("them")) ? S("*") : name, pattern,
	    sizeof(pattern));
	return is_selection(n) &&
	    fnmatch(pattern, node_cstr(n->key), FNM_NOESCAPE) == 0 &&
	    (!slice_starts(n->key->text, S("_")) || pattern[0] == '_');
}

/* "1 of x*", "all of them", or a name. */
static void
add_leaf(struct dissecting *d, unsigned depth, struct slice text)
{
	size_t of = find_word(text, 0, S("of"));
	struct slice name = of == SIZE_MAX ? text :
	    slice_trim(slice_from(text, of + strlen("of")));
	struct part *p;

	for (const struct node *n = d->detection->first; n != NULL;
	    n = n->next) {
		if (of == SIZE_MAX && slice_eq(n->key->text, name)) {
			add_contents(d, depth, n);
			return;
		}
		if (of == SIZE_MAX || !is_meant(n, name))
			continue;
		p = add_part(d, depth, n->key->text, n->key);
		if (p == NULL)
			return;
		p->detection = ask_condition(d, n->key->text);
		add_contents(d, depth + 1, n);
	}
}

static void
add_condition(struct dissecting *d, unsigned depth, struct slice text,
    const struct node *at)
{
	struct part *p;

	text = unwrap(text);
	p = add_part(d, depth, text, at);
	if (p == NULL)
		return;
	p->detection = ask_condition(d, text);
	if (add_split(d, depth + 1, text, S("or"), at) ||
	    add_split(d, depth + 1, text, S("and"), at))
		return;
	p->negates = find_word(text, 0, S("not")) == 0;
	if (p->negates)
		add_condition(d, depth + 1, slice_from(text, strlen("not")),
		    at);
	else
		add_leaf(d, depth + 1, text);
}

/* Any of several conditions is enough. */
static void
add_conditions(struct dissecting *d, unsigned depth, const struct node *list)
{
	struct part *p = add_part(d, depth, S("one of the conditions"), list);

	if (p == NULL)
		return;
	p->detection = d->detection;
	for (const struct node *n = list->first; n != NULL; n = n->next)
		add_condition(d, depth + 1, n->text, n);
}

void
dissect(const struct node *detection, const char *title,
    struct dissected *out)
{
	struct dissecting d = { .out = out, .detection = detection };
	const struct node *condition = node_get(detection, "condition");
	unsigned depth = title != NULL ? 1 : 0;
	struct part *p;

	if (out->parts == NULL)
		out->parts = arena_alloc(out->arena,
		    PARTS_MAX * sizeof(*out->parts));
	if (condition == NULL)
		return;
	take_selections(&d);
	if (title != NULL) {
		p = add_part(&d, 0, slice_of(title), detection);
		if (p == NULL)
			return;
		p->detection = ask_condition(&d, condition->text);
	}
	if (condition->type == NODE_SCALAR)
		add_condition(&d, depth, condition->text, condition);
	else
		add_conditions(&d, depth, condition);
}
