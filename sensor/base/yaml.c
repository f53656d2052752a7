#include "base/yaml.h"

#include <assert.h>
#include <stdlib.h>

#include <yaml.h>

#include "base/file.h"
#include "base/map.h"

enum { DEPTH_MAX = 64, NODES_MAX = 500000, SIZE_LIMIT = 16 << 20 };

struct builder {
	yaml_parser_t parser;
	yaml_event_t event;	/* the present one */
	struct arena *arena;
	struct diag *diag;
	struct slice bytes;
	const char *file;
	struct map *anchors;	/* name to node, of this document */
	struct map *keys;	/* what duplicates are found by */
	uint64_t map_count;
	size_t nodes;
};

static struct node *read_node(struct builder *b, unsigned depth);

/* What libyaml says, and what the writer most probably meant. */
static const struct {
	const char *problem, *hint;
} hints[] = {
	{ "cannot start any token",
	    "a value that begins with this character needs quotes" },
	{ "mapping values are not allowed",
	    "wrong indentation, or a value that holds \": \" needs quotes" },
	{ "could not find expected ':'",
	    "a key needs a colon and a blank behind it" },
	{ "did not find expected key",
	    "wrong indentation, or a quote inside a quoted value" },
	{ "did not find expected '-'",
	    "wrong indentation, or a list item without \"- \"" },
	{ "did not find expected alphabetic or numeric",
	    "a value that begins with * or & needs quotes" },
	{ "unknown escape character",
	    "use single quotes, or \\\\ for a backslash" },
	{ "found unexpected end of stream",
	    "a quote or bracket is not closed" },
	{ "did not find expected ',' or",
	    "a bracket is not closed, or a comma is missing" },
	{ "control characters are not allowed",
	    "the file holds bytes that are not text" },
	{ "UTF-8", "save the file as UTF-8" },
	{ "block sequence entries are not allowed",
	    "a list begins on a line of its own" },
};

static const char *
hint_for(const char *problem)
{
	for (size_t i = 0; i < COUNT(hints); i++)
		if (strstr(problem, hints[i].problem) != NULL)
			return hints[i].hint;
	return NULL;
}

/* libyaml gives no line for bytes that are no characters, but an offset. */
static void
place_of_offset(struct slice bytes, size_t offset, unsigned *line,
    unsigned *column)
{
	struct slice before = slice_head(bytes, offset), head;

	*line = 1;
	while (slice_cut(&before, '\n', &head))
		(*line)++;
	*column = (unsigned)before.len + 1;
}

static unsigned char
byte_at(const struct builder *b, yaml_mark_t mark)
{
	/* The index counts characters; good enough for what is asked. */
	return mark.index < b->bytes.len ? b->bytes.p[mark.index] : 0;
}

static int
parser_error(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	const char *what = p->problem != NULL ? p->problem : "no YAML";
	const char *hint = hint_for(what);
	unsigned line = (unsigned)p->problem_mark.line + 1;
	unsigned column = (unsigned)p->problem_mark.column + 1;

	if (p->error == YAML_MEMORY_ERROR)
		abort();
	if (p->error == YAML_READER_ERROR)
		place_of_offset(b->bytes, p->problem_offset, &line, &column);
	else if (byte_at(b, p->problem_mark) == '\t')
		hint = "a tab; YAML takes blanks only for indentation";
	if (hint == NULL)
		return diag_error(b->diag, b->file, line, column, "%s", what);
	if (p->context != NULL && p->context_mark.line + 1 < line)
		return diag_error(b->diag, b->file, line, column,
		    "%s (%s; began in line %zu)", what, hint,
		    p->context_mark.line + 1);
	return diag_error(b->diag, b->file, line, column, "%s (%s)", what,
	    hint);
}

static int
next_event(struct builder *b)
{
	yaml_event_delete(&b->event);
	if (!yaml_parser_parse(&b->parser, &b->event))
		return parser_error(b);
	return 0;
}

static int
event_error(struct builder *b, const char *what)
{
	yaml_mark_t m = b->event.start_mark;

	return diag_error(b->diag, b->file, (unsigned)m.line + 1,
	    (unsigned)m.column + 1, "%s", what);
}

static struct node *
add_node(struct builder *b, enum node_type type)
{
	yaml_mark_t m = b->event.start_mark;
	struct node *n;

	if (++b->nodes > NODES_MAX) {
		event_error(b, "more than 500,000 values in one file");
		return NULL;
	}
	n = arena_alloc(b->arena, sizeof(*n));
	n->type = type;
	n->file = b->file;
	n->line = (unsigned)m.line + 1;
	n->column = (unsigned)m.column + 1;
	return n;
}

static struct slice
anchor_name(struct builder *b, const yaml_char_t *anchor)
{
	return arena_keep(b->arena, slice_of((const char *)anchor));
}

/*
 * Called when a node is complete: so an alias inside the very node that it
 * names, which would never end, finds nothing.
 */
static void
remember(struct builder *b, struct slice anchor, struct node *n)
{
	if (anchor.len > 0)
		map_put(b->anchors, anchor, n);
}

static struct node *
read_scalar(struct builder *b)
{
	struct slice text = slice_bytes(b->event.data.scalar.value,
	    b->event.data.scalar.length);
	const char *tag = (const char *)b->event.data.scalar.tag;
	struct node *n;

	if (slice_find_byte(text, '\0') != SIZE_MAX) {
		event_error(b, "a NUL in a value");
		return NULL;
	}
	n = add_node(b, NODE_SCALAR);
	if (n == NULL)
		return NULL;
	n->quoted = b->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE ||
	    (tag != NULL && strcmp(tag, YAML_STR_TAG) == 0);
	n->text = arena_keep(b->arena, text);
	remember(b, slice_of((const char *)b->event.data.scalar.anchor), n);
	return n;
}

static struct node *copy_node(struct builder *b, const struct node *from,
    unsigned depth);

static bool
copy_children(struct builder *b, struct node *to, const struct node *from,
    unsigned depth)
{
	struct node **tail = &to->first;

	for (const struct node *c = from->first; c != NULL; c = c->next) {
		*tail = copy_node(b, c, depth + 1);
		if (*tail == NULL)
			return false;
		if (c->key != NULL)
			(*tail)->key = copy_node(b, c->key, depth + 1);
		if (c->key != NULL && (*tail)->key == NULL)
			return false;
		tail = &(*tail)->next;
	}
	return true;
}

static struct node *
copy_node(struct builder *b, const struct node *from, unsigned depth)
{
	struct node *n;

	if (depth > DEPTH_MAX) {
		event_error(b, "nested more than 64 levels deep");
		return NULL;
	}
	n = add_node(b, from->type);
	if (n == NULL)
		return NULL;
	n->line = from->line;
	n->column = from->column;
	n->quoted = from->quoted;
	n->text = from->text;
	n->count = from->count;
	return copy_children(b, n, from, depth) ? n : NULL;
}

static struct node *
read_alias(struct builder *b, unsigned depth)
{
	const char *name = (const char *)b->event.data.alias.anchor;
	const struct node *from = map_get(b->anchors, slice_of(name));
	yaml_mark_t m = b->event.start_mark;

	if (from != NULL)
		return copy_node(b, from, depth);
	diag_error(b->diag, b->file, (unsigned)m.line + 1,
	    (unsigned)m.column + 1, "no anchor &%s before this alias (a value "
	    "that begins with * needs quotes)", name);
	return NULL;
}

static void
append(struct node *parent, struct node ***tail, struct node *child)
{
	**tail = child;
	*tail = &child->next;
	parent->count++;
}

static struct node *
read_list(struct builder *b, unsigned depth)
{
	struct slice anchor = anchor_name(b,
	    b->event.data.sequence_start.anchor);
	struct node *list = add_node(b, NODE_LIST);
	struct node **tail;

	if (list == NULL)
		return NULL;
	tail = &list->first;
	while (next_event(b) == 0) {
		struct node *child;

		if (b->event.type == YAML_SEQUENCE_END_EVENT) {
			remember(b, anchor, list);
			return list;
		}
		child = read_node(b, depth + 1);
		if (child == NULL)
			return NULL;
		append(list, &tail, child);
	}
	return NULL;
}

/* Keys of all maps of the file are in one table, told apart by a number. */
static int
check_key(struct builder *b, const struct node *key, uint64_t number)
{
	struct buf name = { 0 };
	struct node *first;

	if (key->type != NODE_SCALAR)
		return node_error(b->diag, key, "a key must be one word or "
		    "text (a value that begins with { or [ needs quotes)");
	buf_add(&name, slice_bytes(&number, sizeof(number)));
	buf_add(&name, key->text);
	first = map_put(b->keys, buf_slice(&name), (void *)key);
	buf_free(&name);
	if (first == NULL)
		return 0;
	return node_error(b->diag, key, "key \"%s\" stands twice in one map; "
	    "first in line %u", node_cstr(key), first->line);
}

static struct node *
read_pair(struct builder *b, uint64_t number, unsigned depth)
{
	struct node *key = read_node(b, depth + 1), *value;

	if (key == NULL || check_key(b, key, number) == -1 ||
	    next_event(b) == -1)
		return NULL;
	value = read_node(b, depth + 1);
	if (value != NULL)
		value->key = key;
	return value;
}

static struct node *
read_map(struct builder *b, unsigned depth)
{
	struct slice anchor = anchor_name(b,
	    b->event.data.mapping_start.anchor);
	struct node *map = add_node(b, NODE_MAP);
	uint64_t number = ++b->map_count;
	struct node **tail;

	if (map == NULL)
		return NULL;
	tail = &map->first;
	while (next_event(b) == 0) {
		struct node *value;

		if (b->event.type == YAML_MAPPING_END_EVENT) {
			remember(b, anchor, map);
			return map;
		}
		value = read_pair(b, number, depth);
		if (value == NULL)
			return NULL;
		append(map, &tail, value);
	}
	return NULL;
}

static struct node *
read_node(struct builder *b, unsigned depth)
{
	if (depth > DEPTH_MAX) {
		event_error(b, "nested more than 64 levels deep");
		return NULL;
	}
	switch (b->event.type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(b);
	case YAML_SEQUENCE_START_EVENT:
		return read_list(b, depth);
	case YAML_MAPPING_START_EVENT:
		return read_map(b, depth);
	case YAML_ALIAS_EVENT:
		return read_alias(b, depth);
	default:
		event_error(b, "no value");
		return NULL;
	}
}

static int
read_documents(struct builder *b, struct node **tail)
{
	while (next_event(b) == 0) {
		if (b->event.type == YAML_STREAM_END_EVENT)
			return 0;
		if (b->event.type != YAML_DOCUMENT_START_EVENT)
			continue;
		if (next_event(b) == -1)
			return -1;
		map_free(b->anchors);
		b->anchors = map_new();
		*tail = read_node(b, 1);
		if (*tail == NULL)
			return -1;
		tail = &(*tail)->next;
	}
	return -1;
}

int
yaml_parse(struct arena *a, const char *name, struct slice bytes,
    struct node **out, struct diag *d)
{
	struct builder b = { .arena = a, .diag = d };
	struct node *first = NULL;
	int ret;

	*out = NULL;
	/* libyaml takes it for a character once it is told the encoding. */
	slice_skip(&bytes, S("\xef\xbb\xbf"));
	b.bytes = bytes;
	b.file = (const char *)arena_keep(a, slice_of(name)).p;
	if (bytes.len > SIZE_LIMIT)
		return diag_error(d, b.file, 0, 0, "larger than 16 MiB");
	if (!yaml_parser_initialize(&b.parser))
		abort();
	/* Else another byte order mark would switch to UTF-16. */
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, bytes.p, bytes.len);
	b.anchors = map_new();
	b.keys = map_new();
	ret = read_documents(&b, &first);
	if (ret == 0)
		*out = first;
	yaml_event_delete(&b.event);
	yaml_parser_delete(&b.parser);
	map_free(b.anchors);
	map_free(b.keys);
	return ret;
}

int
yaml_read(struct arena *a, const char *path, struct node **out,
    struct diag *d)
{
	struct buf bytes = { 0 };
	struct err err;
	int ret;

	*out = NULL;
	if (read_file(path, &bytes, SIZE_LIMIT, &err) == -1)
		ret = diag_error(d, NULL, 0, 0, "%s", err.text);
	else
		ret = yaml_parse(a, path, buf_slice(&bytes), out, d);
	buf_free(&bytes);
	return ret;
}
