/*
 * Modifiers that make several patterns of one: windash and expand.
 */
#include "engine/item.h"

/* Alternatives for one place of a pattern. */
struct choices {
	struct pattern *items;
	size_t count;
};

/* The pattern so far, once for each way taken at the places before. */
struct growth {
	struct item *item;
	const struct node *value;
	struct patterns out;
};

static void
begin(struct growth *g)
{
	g->out.items = arena_alloc(g->item->load->build,
	    sizeof(*g->out.items));
	g->out.count = 1;
}

static size_t
pattern_size(struct pattern p)
{
	size_t size = sizeof(p);

	for (size_t i = 0; i < p.count; i++)
		size += sizeof(p.parts[i]) + p.parts[i].text.len;
	return size;
}

/* What multiplying makes; a few short values may stand for gigabytes. */
static size_t
product_size(struct patterns old, struct choices by)
{
	size_t left = 0, right = 0;

	for (size_t i = 0; i < old.count; i++)
		left += pattern_size(old.items[i]);
	for (size_t k = 0; k < by.count; k++)
		right += pattern_size(by.items[k]);
	return left * by.count + right * old.count;
}

/* Multiplies what is there by the choices. */
static int
grow(struct growth *g, struct choices by)
{
	struct arena *a = g->item->load->build;
	struct patterns old = g->out;
	size_t n = 0;

	if (old.count * by.count > ITEM_PATTERNS_MAX)
		return node_error(g->item->load->diag, g->value,
		    "stands for more than %d texts", ITEM_PATTERNS_MAX);
	g->item->load->made += product_size(old, by);
	if (g->item->load->made > ITEM_MADE_MAX)
		return node_error(g->item->load->diag, g->value,
		    "with this, the values of the file stand for more than "
		    "%d MiB of texts", ITEM_MADE_MAX >> 20);
	g->out.items = arena_alloc(a, old.count * by.count *
	    sizeof(*old.items));
	for (size_t i = 0; i < old.count; i++)
		for (size_t k = 0; k < by.count; k++)
			g->out.items[n++] = pattern_join(a, old.items[i],
			    by.items[k]);
	g->out.count = n;
	return 0;
}

static int
grow_one(struct growth *g, struct pattern p)
{
	return grow(g, (struct choices){ &p, 1 });
}

static int
grow_text(struct growth *g, struct slice text)
{
	return grow_one(g, pattern_text(g->item->load->build, text));
}

/* Calls back for each text part, takes the others over. */
static int
each_text(struct growth *g, struct pattern p,
    int (*text)(struct growth *g, struct slice s))
{
	begin(g);
	for (size_t i = 0; i < p.count; i++) {
		struct pattern part = { &p.parts[i], 1 };

		if (p.parts[i].type == PART_TEXT ?
		    text(g, p.parts[i].text) == -1 :
		    grow_one(g, part) == -1)
			return -1;
	}
	return 0;
}

static struct patterns
concat(struct arena *a, struct patterns left, struct patterns right)
{
	struct patterns all = {
		arena_alloc(a, (left.count + right.count) *
		    sizeof(*all.items)), 0,
	};

	for (size_t i = 0; i < left.count; i++)
		all.items[all.count++] = left.items[i];
	for (size_t i = 0; i < right.count; i++)
		all.items[all.count++] = right.items[i];
	return all;
}

static int
each_pattern(struct item *item, const struct node *value,
    struct patterns *p, int (*text)(struct growth *g, struct slice s))
{
	struct patterns all = { NULL, 0 };

	for (size_t i = 0; i < p->count; i++) {
		struct growth g = { item, value, { NULL, 0 } };

		if (each_text(&g, p->items[i], text) == -1)
			return -1;
		if (all.count + g.out.count > ITEM_PATTERNS_MAX)
			return node_error(item->load->diag, value,
			    "stands for more than %d texts",
			    ITEM_PATTERNS_MAX);
		all = concat(item->load->build, all, g.out);
	}
	*p = all;
	return 0;
}

static bool
is_word(unsigned char c)
{
	return byte_is_digit(c) || c == '_' || c >= 0x80 ||
	    (byte_lower(c) >= 'a' && byte_lower(c) <= 'z');
}

/* A dash or slash with no word before it and one behind: \B[-/]\b. */
static bool
is_flag(struct slice s, size_t i)
{
	return (s.p[i] == '-' || s.p[i] == '/') &&
	    (i == 0 || !is_word(s.p[i - 1])) &&
	    i + 1 < s.len && is_word(s.p[i + 1]);
}

static int
windash_text(struct growth *g, struct slice s)
{
	static const struct slice dashes[] = {
		SLICE("-"), SLICE("/"),
		SLICE("\xe2\x80\x93"),	/* en dash */
		SLICE("\xe2\x80\x94"),	/* em dash */
		SLICE("\xe2\x80\x95"),	/* horizontal bar */
	};
	struct pattern items[COUNT(dashes)];
	struct slice rest = s;

	for (size_t i = 0; i < COUNT(dashes); i++)
		items[i] = pattern_text(g->item->load->build, dashes[i]);
	for (size_t i = 0; i < s.len; i++) {
		size_t before = i - (size_t)(rest.p - s.p);

		if (!is_flag(s, i))
			continue;
		if (grow_text(g, slice_head(rest, before)) == -1 ||
		    grow(g, (struct choices){ items, COUNT(items) }) == -1)
			return -1;
		rest = slice_from(s, i + 1);
	}
	return grow_text(g, rest);
}

int
step_windash(struct item *item, const struct node *value,
    struct patterns *p)
{
	return each_pattern(item, value, p, windash_text);
}

/* Takes "%name%" off the front of *s; public rules have "-" in names. */
static bool
take_placeholder(struct slice *s, struct slice *name)
{
	size_t n = 1;

	if (s->len < 3 || s->p[0] != '%' || !is_word(s->p[1]))
		return false;
	while (n < s->len && (is_word(s->p[n]) || s->p[n] == '-'))
		n++;
	if (n == s->len || s->p[n] != '%')
		return false;
	*name = slice_head(slice_from(*s, 1), n - 1);
	*s = slice_from(*s, n + 1);
	return true;
}

/* One text or a list of texts, each in Sigma's writing. */
static struct choices
placeholder_values(struct growth *g, struct slice name)
{
	struct arena *a = g->item->load->build;
	const struct node *n = node_get(g->item->load->placeholders,
	    (const char *)arena_keep(a, name).p);
	struct choices by = { NULL, 0 };

	if (n == NULL || n->type == NODE_MAP)
		return by;
	by.items = arena_alloc(a, (n->count + 1) * sizeof(*by.items));
	if (n->type == NODE_SCALAR)
		by.items[by.count++] = pattern_parse(a, n->text);
	for (const struct node *v = n->first; v != NULL; v = v->next)
		if (v->type == NODE_SCALAR)
			by.items[by.count++] = pattern_parse(a, v->text);
	return by;
}

/* Each name once, though many values ask for it. */
static int
note_missing(struct missing *m, const struct node *value, struct slice name)
{
	struct buf word = { 0 };

	buf_byte(&word, '%');
	buf_add(&word, name);
	buf_byte(&word, '%');
	if (m->names.len == 0)
		m->at = *value;
	if (slice_find(buf_slice(&m->names), buf_slice(&word)) == SIZE_MAX) {
		buf_str(&m->names, m->names.len > 0 ? ", " : "");
		buf_add(&m->names, buf_slice(&word));
	}
	buf_free(&word);
	return -1;
}

static int
grow_placeholder(struct growth *g, struct slice name)
{
	struct choices by = placeholder_values(g, name);

	if (by.count == 0)
		return note_missing(&g->item->load->missing, g->value, name);
	return grow(g, by);
}

/* A backslash before '%' makes it a percent sign and goes itself. */
static int
expand_text(struct growth *g, struct slice s)
{
	struct slice name;

	while (s.len > 0) {
		size_t n = 1;

		if (take_placeholder(&s, &name)) {
			if (grow_placeholder(g, name) == -1)
				return -1;
			continue;
		}
		if (slice_starts(s, S("\\%")))
			s = slice_from(s, 1);
		while (n < s.len && s.p[n] != '%' && s.p[n] != '\\')
			n++;
		if (grow_text(g, slice_head(s, n)) == -1)
			return -1;
		s = slice_from(s, n);
	}
	return 0;
}

int
step_expand(struct item *item, const struct node *value, struct patterns *p)
{
	return each_pattern(item, value, p, expand_text);
}
