#include "engine/item.h"

#include <inttypes.h>
#include <stdlib.h>

/* Tests of which any is enough, before they are predicates. */
struct group {
	struct predicate *items;
	size_t count, room;
};

/* So many texts are one set instead of a predicate each. */
enum { SET_FROM = 2 };

enum scalar { SCALAR_NULL, SCALAR_BOOL, SCALAR_NUMBER, SCALAR_TEXT };

/* 00000429 is a code of some kind; as a number it would lose its zeros. */
static bool
has_leading_zero(struct slice s)
{
	slice_skip(&s, S("-"));
	return s.len > 1 && s.p[0] == '0' && byte_is_digit(s.p[1]);
}

/*
 * Types as they matter to Sigma: only plain scalars are more than text, and
 * of these only what everybody reads as number or truth.
 */
static enum scalar
scalar_of(const struct node *n, struct number *number)
{
	int64_t whole;
	bool truth;

	if (node_is_null(n))
		return SCALAR_NULL;
	if (node_bool(n, &truth) == 0)
		return SCALAR_BOOL;
	if (has_leading_zero(n->text))
		return SCALAR_TEXT;
	if (node_int(n, &whole) == 0) {
		*number = (struct number){ true, whole, (double)whole };
		return SCALAR_NUMBER;
	}
	if (!n->quoted && slice_find_byte(n->text, '.') != SIZE_MAX &&
	    number_parse(n->text, number) == 0)
		return SCALAR_NUMBER;
	return SCALAR_TEXT;
}

static void
push(struct group *g, const struct predicate *p)
{
	if (g->count == g->room) {
		g->room = g->room * 2 + 4;
		g->items = xrealloc(g->items, g->room, sizeof(*g->items));
	}
	g->items[g->count++] = *p;
}

static struct predicate
test(const struct item *item, enum predicate_op op)
{
	return (struct predicate){ .op = (uint8_t)op, .field = item->field };
}

static void
push_pattern(struct item *item, struct group *g, struct pattern pattern)
{
	struct predicate p = test(item, OP_TEXT);

	p.text = pattern_compile(predicates_arena(item->load->predicates),
	    pattern, (item->flags & ITEM_CASED) != 0);
	push(g, &p);
}

static struct slice
decimal(struct arena *a, const struct node *value, const struct number *n)
{
	struct buf text = { 0 };
	struct slice out;

	if (!n->whole)
		return arena_keep(a, value->text);
	buf_fmt(&text, "%" PRId64, n->integer);
	out = arena_keep(a, buf_slice(&text));
	buf_free(&text);
	return out;
}

/*
 * A keyword may stand anywhere in the message, whatever its own wildcards
 * say, unless its modifiers tie it to one end.
 */
static struct pattern
keyword(struct item *item, struct pattern p)
{
	struct arena *a = item->load->build;
	unsigned open = item->flags & (ITEM_FRONT | ITEM_END);

	if (item->field != FIELD_ANYWHERE || open != 0)
		return p;
	return pattern_open_front(a, pattern_open_end(a, p));
}

static int
read_text(struct item *item, const struct node *value, struct group *g)
{
	struct pattern first = pattern_parse(item->load->build, value->text);
	struct patterns p = { &first, 1 };

	for (size_t i = 0; i < item->step_count; i++)
		if (item->steps[i](item, value, &p) == -1)
			return -1;
	for (size_t i = 0; i < p.count; i++)
		push_pattern(item, g, keyword(item, p.items[i]));
	return 0;
}

static void
read_number(struct item *item, const struct node *value,
    const struct number *n, struct group *g)
{
	struct predicate p = test(item, OP_NUMBER);
	struct arena *a = predicates_arena(item->load->predicates);
	struct slice text = decimal(a, value, n);

	if (item->field == FIELD_ANYWHERE) {
		push_pattern(item, g, keyword(item, pattern_text(
		    item->load->build, text)));
		return;
	}
	p.number.number = *n;
	p.number.text = text;
	push(g, &p);
}

/* "selection:" and nothing behind it, or a list's item. */
static int
no_keyword(struct load *l, const struct node *value)
{
	if (value->key == NULL)
		return node_error(l->diag, value, "a keyword can't be null");
	return node_error(l->diag, value, "nothing stands under \"%s\"; a "
	    "search is a map of fields, or a list", node_cstr(value->key));
}

static int
read_plain(struct item *item, const struct node *value, struct group *g)
{
	struct predicate null = test(item, OP_NULL);
	struct number number;
	enum scalar type = scalar_of(value, &number);
	bool truth = false;

	if (type == SCALAR_TEXT)
		return read_text(item, value, g);
	if (item->step_count > 0)
		return node_error(item->load->diag, value,
		    "the modifier works on text; quote the value");
	if (type == SCALAR_NULL && item->field == FIELD_ANYWHERE)
		return no_keyword(item->load, value);
	if (type == SCALAR_NUMBER) {
		read_number(item, value, &number, g);
	} else if (type == SCALAR_BOOL) {
		node_bool(value, &truth);
		push_pattern(item, g, keyword(item, pattern_text(
		    item->load->build, truth ? S("true") : S("false"))));
	} else {
		push(g, &null);
	}
	return 0;
}

/* Characters instead of bytes only where the pattern asks for it. */
static bool
wants_utf(struct slice pattern)
{
	static const struct slice signs[] = {
		SLICE("\\x{"), SLICE("\\p"), SLICE("\\P"), SLICE("\\X"),
	};

	for (size_t i = 0; i < pattern.len; i++)
		if (pattern.p[i] >= 0x80)
			return true;
	for (size_t i = 0; i < COUNT(signs); i++)
		if (slice_find(pattern, signs[i]) != SIZE_MAX)
			return true;
	return false;
}

static int
read_regex(struct item *item, const struct node *value, struct group *g)
{
	struct predicate p = test(item, OP_REGEX);

	if (node_is_null(value))
		return node_error(item->load->diag, value,
		    "\"re\" wants a pattern");
	p.regex.pattern = arena_keep(predicates_arena(
	    item->load->predicates), value->text);
	p.regex.flags = item->regex_flags |
	    (wants_utf(value->text) ? REGEX_UTF : 0);
	push(g, &p);
	return 0;
}

static int
read_cidr(struct item *item, const struct node *value, struct group *g)
{
	struct predicate p = test(item, OP_CIDR);
	struct err err;

	if (cidr_parse(value->text, &p.cidr, &err) == -1)
		return node_error(item->load->diag, value, "%s", err.text);
	push(g, &p);
	return 0;
}

/* "exists: false" is the other answer to the same question. */
static int
read_exists(struct item *item, const struct node *value, struct group *g)
{
	struct predicate p = test(item, OP_EXISTS);
	bool truth;

	if (node_bool(value, &truth) == -1)
		return node_error(item->load->diag, value,
		    "\"exists\" wants true or false");
	if (!truth)
		item->flags ^= ITEM_NEQ;
	push(g, &p);
	return 0;
}

static int
read_fieldref(struct item *item, const struct node *value, struct group *g)
{
	static const enum match_type types[] = {
		[0] = MATCH_EQUAL,
		[ITEM_FRONT] = MATCH_SUFFIX,
		[ITEM_END] = MATCH_PREFIX,
		[ITEM_FRONT | ITEM_END] = MATCH_CONTAINS,
	};
	struct predicate p = test(item, OP_FIELDREF);
	struct pattern name = pattern_parse(item->load->build, value->text);
	struct slice plain;
	int field;

	if (!pattern_plain(name, &plain) || plain.len == 0)
		return node_error(item->load->diag, value,
		    "\"fieldref\" wants the name of one field");
	field = schema_field(item->load->schema, plain);
	if (field == -1)
		return node_error(item->load->diag, value,
		    "too many fields in all rules");
	p.ref.field = (uint16_t)field;
	p.ref.cased = (item->flags & ITEM_CASED) != 0;
	p.ref.type = types[item->flags & (ITEM_FRONT | ITEM_END)];
	push(g, &p);
	return 0;
}

static int
read_compare(struct item *item, const struct node *value, struct group *g)
{
	struct predicate p = test(item,
	    item->kind == ITEM_TIME ? OP_TIME : OP_COMPARE);

	if (scalar_of(value, &p.number.number) != SCALAR_NUMBER)
		return node_error(item->load->diag, value,
		    "the modifier wants a number%s",
		    value->quoted ? ", without quotes" : "");
	p.number.compare = item->compare;
	p.number.part = item->part;
	push(g, &p);
	return 0;
}

static int
read_value(struct item *item, const struct node *value, struct group *g)
{
	static int (*const readers[])(struct item *, const struct node *,
	    struct group *) = {
		[ITEM_TEXT] = read_plain,
		[ITEM_REGEX] = read_regex,
		[ITEM_CIDR] = read_cidr,
		[ITEM_EXISTS] = read_exists,
		[ITEM_FIELDREF] = read_fieldref,
		[ITEM_COMPARE] = read_compare,
		[ITEM_TIME] = read_compare,
	};

	if (value->type != NODE_SCALAR)
		return node_error(item->load->diag, value,
		    "a value is one text, number or truth, not a %s",
		    value->type == NODE_MAP ? "map" : "list in a list");
	return readers[item->kind](item, value, g);
}

static int
by_type_and_text(const void *a, const void *b)
{
	const struct matcher *x = a, *y = b;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	return slice_cmp(x->text, y->text);
}

static bool
is_simple(const struct predicate *p)
{
	return p->op == OP_TEXT && !p->text.cased &&
	    p->text.type != MATCH_ANY && p->text.type != MATCH_GLOB;
}

/* Puts the simple texts of the group, if they are many, into one set. */
static void
make_set(struct item *item, struct group *g)
{
	struct predicate set = test(item, OP_SET);
	size_t texts = 0, kept = 0;

	for (size_t i = 0; i < g->count; i++)
		texts += is_simple(&g->items[i]);
	if (texts < SET_FROM)
		return;
	set.set.items = arena_alloc(predicates_arena(
	    item->load->predicates), texts * sizeof(*set.set.items));
	for (size_t i = 0; i < g->count; i++) {
		if (is_simple(&g->items[i]))
			set.set.items[set.set.count++] = g->items[i].text;
		else
			g->items[kept++] = g->items[i];
	}
	qsort(set.set.items, set.set.count, sizeof(*set.set.items),
	    by_type_and_text);
	g->items[kept] = set;
	g->count = kept + 1;
}

/* Predicates of a group, joined by "or"; empties it. */
static struct expr *
close_group(struct item *item, const struct node *value, struct group *g)
{
	struct arena *a = item->load->build;
	struct expr *any = expr_new(a, EXPR_OR), **tail = &any->first;
	struct err err;

	make_set(item, g);
	for (size_t i = 0; i < g->count; i++) {
		uint32_t n;
		size_t at;

		if (predicates_add(item->load->predicates, &g->items[i], &n,
		    &at, &err) == -1) {
			node_error(item->load->diag, value,
			    "%s, at byte %zu of the pattern", err.text, at);
			g->count = 0;
			return NULL;
		}
		*tail = expr_test(a, n);
		tail = &(*tail)->next;
	}
	g->count = 0;
	return any;
}

/*
 * A value, or a list of values: any of them, or with "all" each. Reads on
 * after a mistake, so that all are seen at once.
 */
static struct expr *
read_values(struct item *item, const struct node *value, struct group *g)
{
	bool list = value->type == NODE_LIST, bad = false;
	/* A regex is closed value by value, so that its error has its place. */
	bool single = (item->flags & ITEM_ALL) != 0 ||
	    item->kind == ITEM_REGEX;
	struct expr *all = expr_new(item->load->build, EXPR_AND);
	struct expr **tail = &all->first;
	const struct node *v = list ? value->first : value;

	for (; v != NULL; v = list ? v->next : NULL) {
		bad |= read_value(item, v, g) == -1;
		if (!single && list && v->next != NULL)
			continue;
		*tail = close_group(item, v, g);
		bad |= *tail == NULL;
		if (*tail != NULL)
			tail = &(*tail)->next;
	}
	if ((item->flags & ITEM_ALL) == 0)
		all->type = EXPR_OR;
	return bad ? NULL : all;
}

static struct expr *
read_all(struct item *item, const struct node *value)
{
	struct predicate null = test(item, OP_NULL);
	struct group g = { 0 };
	struct expr *e;

	if (item->kind == ITEM_EXISTS && value->type == NODE_LIST) {
		node_error(item->load->diag, value,
		    "\"exists\" wants true or false");
		return NULL;
	}
	if (value->type == NODE_LIST && value->count == 0) {
		push(&g, &null);
		e = close_group(item, value, &g);
	} else {
		e = read_values(item, value, &g);
	}
	free(g.items);
	return e;
}

/* Field and modifiers out of the key. */
static int
read_key(struct item *item)
{
	struct slice rest = item->key->text, name = rest;
	bool modified = slice_cut(&rest, '|', &name);
	int field;

	item->field = FIELD_ANYWHERE;
	if (name.len == 0 && !modified)
		return node_error(item->load->diag, item->key,
		    "the name of the field is empty");
	if (name.len > 0) {
		field = schema_field(item->load->schema, name);
		if (field == -1)
			return node_error(item->load->diag, item->key,
			    "too many fields in all rules");
		item->field = (uint16_t)field;
	}
	return modified ? modifiers_read(item, rest) : 0;
}

struct expr *
item_read(struct load *l, const struct node *key, const struct node *value)
{
	struct item item = {
		.load = l, .key = key, .field = FIELD_ANYWHERE,
	};
	struct expr *e, *not;

	if (key != NULL && read_key(&item) == -1)
		return NULL;
	if (value->type == NODE_LIST && value->count == 0 &&
	    item.field == FIELD_ANYWHERE) {
		node_error(l->diag, value, "there is no keyword");
		return NULL;
	}
	e = read_all(&item, value);
	if (e == NULL || (item.flags & ITEM_NEQ) == 0)
		return e;
	not = expr_new(l->build, EXPR_NOT);
	not->first = e;
	return not;
}
