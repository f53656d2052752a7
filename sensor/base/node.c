#include <stdarg.h>

#include "base/yaml.h"

static bool
is_any(struct slice s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (slice_eq(s, slice_of(*words)))
			return true;
	return false;
}

static bool
is_plain(const struct node *n)
{
	return n != NULL && n->type == NODE_SCALAR && !n->quoted;
}

const struct node *
node_get(const struct node *map, const char *key)
{
	struct slice name = slice_of(key);

	if (map == NULL || map->type != NODE_MAP)
		return NULL;
	for (const struct node *n = map->first; n != NULL; n = n->next)
		if (slice_eq(n->key->text, name))
			return n;
	return NULL;
}

struct slice
node_text(const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);

	return n != NULL && n->type == NODE_SCALAR ? n->text : S("");
}

bool
node_is_null(const struct node *n)
{
	static const char *const words[] = {
		"", "~", "null", "Null", "NULL", NULL
	};

	return is_plain(n) && is_any(n->text, words);
}

int
node_bool(const struct node *n, bool *out)
{
	static const char *const yes[] = { "true", "True", "TRUE", NULL };
	static const char *const no[] = { "false", "False", "FALSE", NULL };

	if (!is_plain(n))
		return -1;
	*out = is_any(n->text, yes);
	return *out || is_any(n->text, no) ? 0 : -1;
}

static int
hex_number(struct slice s, int64_t *out)
{
	static const char digits[] = "0123456789abcdef";
	int64_t n = 0;

	if (s.len == 0 || s.len > 15)
		return -1;
	for (size_t i = 0; i < s.len; i++) {
		const char *at = memchr(digits, byte_lower(s.p[i]), 16);

		if (at == NULL)
			return -1;
		n = n << 4 | (at - digits);
	}
	*out = n;
	return 0;
}

int
node_int(const struct node *n, int64_t *out)
{
	struct slice s;

	if (!is_plain(n))
		return -1;
	s = n->text;
	if (slice_skip(&s, S("0x")))
		return hex_number(s, out);
	return slice_to_i64(s, out);
}

const char *
node_cstr(const struct node *n)
{
	return (const char *)n->text.p;
}

int
node_error(struct diag *d, const struct node *n, const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(&text, fmt, ap);
	va_end(ap);
	diag_error(d, n->file, n->line, n->column, "%s", buf_cstr(&text));
	buf_free(&text);
	return -1;
}

void
node_warn(struct diag *d, const struct node *n, const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(&text, fmt, ap);
	va_end(ap);
	diag_warn(d, n->file, n->line, n->column, "%s", buf_cstr(&text));
	buf_free(&text);
}

int
node_no_such(struct diag *d, const struct node *n, const char *what,
    const char *const *list)
{
	struct buf text = { 0 };

	buf_fmt(&text, "no %s \"%s\"", what, node_cstr(n));
	say_choice(&text, node_cstr(n), list);
	diag_error(d, n->file, n->line, n->column, "%s", buf_cstr(&text));
	buf_free(&text);
	return -1;
}

int
node_known(struct diag *d, const struct node *map, const char *const *keys,
    const char *what)
{
	int ret = 0;

	if (map == NULL || map->type != NODE_MAP)
		return 0;
	for (const struct node *n = map->first; n != NULL; n = n->next) {
		const char *near;

		if (is_any(n->key->text, keys))
			continue;
		near = did_you_mean(node_cstr(n->key), keys);
		ret = node_error(d, n->key,
		    "%s has no key \"%s\"%s%s%s", what, node_cstr(n->key),
		    near != NULL ? "; did you mean \"" : "",
		    near != NULL ? near : "", near != NULL ? "\"?" : "");
	}
	return ret;
}

/* An item's name stands in it, or one map below: "- webhook: {name: x}". */
static struct slice
item_name(const struct node *item)
{
	struct slice name = node_text(item, "name");

	if (name.len > 0 || item->type != NODE_MAP || item->count != 1)
		return name;
	return node_text(item->first, "name");
}

static bool
same_child(const struct node *a, const struct node *b)
{
	struct slice name;

	if (a->key != NULL)
		return slice_eq(a->key->text, b->key->text);
	name = item_name(a);
	return name.len > 0 && slice_eq(name, item_name(b));
}

static struct node **
find_child(struct node *parent, const struct node *like)
{
	struct node **at = &parent->first;

	while (*at != NULL && !same_child(*at, like))
		at = &(*at)->next;
	return at;
}

struct node *
node_merge(struct arena *a, struct node *base, struct node *over)
{
	struct node *next;

	if (base == NULL || over == NULL)
		return over == NULL ? base : over;
	if (base->type != over->type || base->type == NODE_SCALAR)
		return over;
	for (struct node *child = over->first; child != NULL; child = next) {
		struct node **at = find_child(base, child);
		struct node *old = *at, *rest = NULL;

		next = child->next;
		if (old != NULL)
			rest = old->next;
		else
			base->count++;
		*at = old != NULL && base->type == NODE_MAP ?
		    node_merge(a, old, child) : child;
		(*at)->next = rest;
	}
	return base;
}

void
yaml_quote(struct buf *out, struct slice s)
{
	buf_byte(out, '\'');
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '\'')
			buf_byte(out, '\'');
		buf_byte(out, s.p[i]);
	}
	buf_byte(out, '\'');
}
