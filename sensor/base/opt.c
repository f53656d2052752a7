#include "base/opt.h"

#include <assert.h>
#include <stdbool.h>

#include "base/json.h"
#include "base/when.h"

/*
 * What a type is called in messages, how to put a value's text into its place
 * (false: it is none), and how to show it.
 */
struct kind {
	const char *wanted;
	bool (*put)(const struct opt *o, void *at, struct slice text,
	    struct arena *a);
	void (*show)(const struct opt *o, const void *at, struct buf *out);
};

static bool
put_str(const struct opt *o, void *at, struct slice text, struct arena *a)
{
	const char **to = at;

	(void)o;
	*to = (const char *)arena_keep(a, text).p;
	return true;
}

static bool
put_path(const struct opt *o, void *at, struct slice text, struct arena *a)
{
	return slice_starts(text, S("/")) && put_str(o, at, text, a);
}

static bool
put_bool(const struct opt *o, void *at, struct slice text, struct arena *a)
{
	static const char *const words[] = {
		"false", "true", "no", "yes", "off", "on"
	};
	bool *to = at;

	(void)o;
	(void)a;
	for (size_t i = 0; i < COUNT(words); i++) {
		if (!slice_eq_nocase(text, slice_of(words[i])))
			continue;
		*to = i % 2 == 1;
		return true;
	}
	return false;
}

static bool
put_count(const struct opt *o, void *at, struct slice text, struct arena *a)
{
	(void)o;
	(void)a;
	return slice_to_u64(text, at) == 0;
}

static const char units[] = "KMGT";

static bool
put_size(const struct opt *o, void *at, struct slice text, struct arena *a)
{
	uint64_t *to = at, unit = 1;
	const char *found = NULL;

	(void)o;
	(void)a;
	if (text.len > 0)
		found = memchr(units, text.p[text.len - 1], 4);
	if (found != NULL) {
		unit = UINT64_C(1) << (10 * (found - units + 1));
		text.len--;
	}
	return slice_to_u64(text, to) == 0 &&
	    !__builtin_mul_overflow(*to, unit, to);
}

static bool
put_span(const struct opt *o, void *at, struct slice text, struct arena *a)
{
	int64_t *to = at;

	(void)o;
	(void)a;
	return when_parse_span(text, to) == 0 && *to >= 0;
}

static bool
put_word(const struct opt *o, void *at, struct slice text, struct arena *a)
{
	int *to = at;

	(void)a;
	for (int i = 0; o->words[i] != NULL; i++) {
		if (!slice_eq(text, slice_of(o->words[i])))
			continue;
		*to = i;
		return true;
	}
	return false;
}

/* One string is a list of one. */
static bool
put_list(const struct opt *o, void *at, struct slice text, struct arena *a)
{
	struct strlist **to = at;

	(*to)->items = arena_alloc(a, sizeof(*(*to)->items));
	(*to)->count = 1;
	return put_str(o, &(*to)->items[0], text, a);
}

static void
show_str(const struct opt *o, const void *at, struct buf *out)
{
	const char *const *s = at;

	(void)o;
	if (*s == NULL)
		buf_str(out, "null");
	else
		json_quote(out, slice_of(*s));
}

static void
show_bool(const struct opt *o, const void *at, struct buf *out)
{
	const bool *b = at;

	(void)o;
	buf_str(out, *b ? "true" : "false");
}

static void
show_count(const struct opt *o, const void *at, struct buf *out)
{
	const uint64_t *n = at;

	(void)o;
	buf_u64(out, *n);
}

static void
show_size(const struct opt *o, const void *at, struct buf *out)
{
	const uint64_t *size = at;
	uint64_t n = *size;
	size_t unit = 0;

	(void)o;
	while (unit < 4 && n > 0 && n % 1024 == 0) {
		n /= 1024;
		unit++;
	}
	buf_u64(out, n);
	if (unit > 0)
		buf_byte(out, (unsigned char)units[unit - 1]);
}

static void
show_span(const struct opt *o, const void *at, struct buf *out)
{
	static const struct {
		int64_t span;
		char letter;
	} steps[] = {
		{ DAY, 'd' }, { HOUR, 'h' }, { MINUTE, 'm' }, { SECOND, 's' },
	};
	const int64_t *span = at;
	size_t i = 0;

	(void)o;
	while (i + 1 < COUNT(steps) &&
	    (*span == 0 || *span % steps[i].span != 0))
		i++;
	buf_u64(out, (uint64_t)(*span / steps[i].span));
	buf_byte(out, (unsigned char)steps[i].letter);
}

static void
show_word(const struct opt *o, const void *at, struct buf *out)
{
	const int *i = at;

	buf_str(out, o->words[*i]);
}

static void
show_list(const struct opt *o, const void *at, struct buf *out)
{
	const struct strlist *const *l = at;

	(void)o;
	buf_byte(out, '[');
	for (size_t i = 0; i < (*l)->count; i++) {
		buf_str(out, i > 0 ? ", " : "");
		json_quote(out, slice_of((*l)->items[i]));
	}
	buf_byte(out, ']');
}

static const struct kind kinds[] = {
	[OPT_STR] = { "text", put_str, show_str },
	[OPT_BOOL] = { "true or false", put_bool, show_bool },
	[OPT_COUNT] = { "a whole number", put_count, show_count },
	[OPT_SIZE] = { "a size such as 64M or 2G", put_size, show_size },
	[OPT_SPAN] = { "a span such as 10s, 2h or 14d", put_span, show_span },
	[OPT_WORD] = { "one of these words", put_word, show_word },
	[OPT_LIST] = { "a list of texts", put_list, show_list },
	[OPT_PATH] = { "a path that begins with /", put_path, show_str },
};

static void *
place(const struct opt *o, void *into)
{
	return (char *)into + o->at;
}

static void
preset(const struct opt *o, void *into, struct arena *a)
{
	bool fine = true;

	if (o->type == OPT_LIST) {
		struct strlist **list = place(o, into);

		*list = arena_alloc(a, sizeof(**list));
	}
	if (o->preset != NULL)
		fine = kinds[o->type].put(o, place(o, into),
		    slice_of(o->preset), a);
	assert(fine);
}

static int
wrong_word(struct diag *d, const struct opt *o, const struct node *n)
{
	struct buf choice = { 0 };

	say_choice(&choice, node_cstr(n), o->words);
	node_error(d, n, "%s: no \"%s\"%s", o->name, node_cstr(n),
	    buf_cstr(&choice));
	buf_free(&choice);
	return -1;
}

static int
read_list(const struct opt *o, struct strlist *to, const struct node *list,
    struct arena *a, struct diag *d)
{
	size_t i = 0;

	to->items = arena_alloc(a, list->count * sizeof(*to->items));
	for (const struct node *n = list->first; n != NULL; n = n->next) {
		if (n->type != NODE_SCALAR)
			return node_error(d, n, "%s: must be %s", o->name,
			    kinds[o->type].wanted);
		put_str(o, &to->items[i++], n->text, a);
	}
	to->count = i;
	return 0;
}

static int
read_one(const struct opt *o, void *into, const struct node *n,
    struct arena *a, struct diag *d)
{
	struct strlist **list = place(o, into);

	if (o->type == OPT_LIST && n->type == NODE_LIST)
		return read_list(o, *list, n, a, d);
	if (n->type == NODE_SCALAR &&
	    kinds[o->type].put(o, place(o, into), n->text, a))
		return 0;
	if (n->type == NODE_SCALAR && o->type == OPT_WORD)
		return wrong_word(d, o, n);
	if (n->type == NODE_SCALAR)
		return node_error(d, n, "%s: \"%s\" is not %s", o->name,
		    node_cstr(n), kinds[o->type].wanted);
	return node_error(d, n, "%s: must be %s", o->name,
	    kinds[o->type].wanted);
}

/* Names of the table and of what is read elsewhere, for node_known. */
static int
check_keys(const struct opt *table, const struct node *map,
    const char *const *skip, const char *what, struct arena *a,
    struct diag *d)
{
	size_t n = 0, room = 1;
	const char **names;

	for (const struct opt *o = table; o->name != NULL; o++)
		room++;
	for (size_t i = 0; skip != NULL && skip[i] != NULL; i++)
		room++;
	names = arena_alloc(a, room * sizeof(*names));
	for (const struct opt *o = table; o->name != NULL; o++)
		names[n++] = o->name;
	for (size_t i = 0; skip != NULL && skip[i] != NULL; i++)
		names[n++] = skip[i];
	return node_known(d, map, names, what);
}

static int
missing(const struct opt *o, const struct node *map, const char *what,
    struct diag *d)
{
	if (map == NULL)
		return diag_error(d, NULL, 0, 0, "%s needs \"%s\" (%s)", what,
		    o->name, o->what);
	return node_error(d, map, "%s needs \"%s\" (%s)", what, o->name,
	    o->what);
}

int
opt_read(const struct opt *table, void *into, const struct node *map,
    const char *const *skip, const char *what, struct arena *a,
    struct diag *d)
{
	int ret = 0;

	for (const struct opt *o = table; o->name != NULL; o++)
		preset(o, into, a);
	if (node_is_null(map))
		map = NULL;
	if (map != NULL && map->type != NODE_MAP)
		return node_error(d, map, "%s must be a map (key: value)",
		    what);
	if (check_keys(table, map, skip, what, a, d) == -1)
		ret = -1;
	for (const struct opt *o = table; o->name != NULL; o++) {
		const struct node *n = node_get(map, o->name);

		if (n != NULL && !node_is_null(n))
			ret |= read_one(o, into, n, a, d);
		else if (o->required)
			ret = missing(o, map, what, d);
	}
	return ret;
}

void
opt_show(const struct opt *table, const void *from, const struct node *map,
    unsigned indent, struct buf *out)
{
	for (const struct opt *o = table; o->name != NULL; o++) {
		const struct node *n = node_get(map, o->name);

		buf_fmt(out, "%*s%s: ", (int)indent, "", o->name);
		kinds[o->type].show(o, (const char *)from + o->at, out);
		if (n != NULL && !node_is_null(n))
			buf_fmt(out, "  # %s:%u\n", n->file, n->line);
		else
			buf_str(out, "  # default\n");
	}
}
