/*
 * exceptions.d and overrides.d: what their files may say.
 */
#include "base/when.h"
#include "engine/lint.h"
#include "engine/tuning.h"

/* What the tables read; "match" is a selection and read as such. */
struct wish {
	struct strlist *rules, *tags;
	int level;		/* -1: as shipped */
	bool enabled;
	const char *reason, *owner, *ticket, *created, *expires;
};

#define WHO_AND_WHY \
	{ "reason", OPT_STR, AT(wish, reason), NULL, \
	    "why", NULL, true }, \
	{ "owner", OPT_STR, AT(wish, owner), NULL, \
	    "who answers for it", NULL, true }, \
	{ "ticket", OPT_STR, AT(wish, ticket), NULL, \
	    "number in your ticket system", NULL, false }, \
	{ "created", OPT_STR, AT(wish, created), NULL, \
	    "since when: a date, or a date and a time", NULL, false }, \
	{ "expires", OPT_STR, AT(wish, expires), NULL, \
	    "when it ends: a date (with its last second), or a date and " \
	    "a time", NULL, false }

const struct opt exception_opts[] = {
	{ "rule", OPT_LIST, AT(wish, rules), NULL,
	    "ids or names of the rules that it is about", NULL, true },
	WHO_AND_WHY,
	{ 0 },
};

const struct opt override_opts[] = {
	{ "rule", OPT_LIST, AT(wish, rules), NULL,
	    "ids or names of the rules that it is about", NULL, false },
	{ "tag", OPT_LIST, AT(wish, tags), NULL,
	    "tags of the rules that it is about", NULL, false },
	{ "level", OPT_WORD, AT(wish, level), NULL,
	    "level of their alerts", level_words, false },
	{ "enabled", OPT_BOOL, AT(wish, enabled), "true",
	    "false: they raise no alerts", NULL, false },
	WHO_AND_WHY,
	{ 0 },
};

/* "2026-12-31", or with a time. A date alone is its last second or first. */
static int
read_time(struct load *l, const struct node *map, const char *key, bool end,
    int64_t *out)
{
	enum { DATE_LEN = 10 };
	const struct node *n = node_get(map, key);
	struct slice text;

	*out = 0;
	if (n == NULL || n->type != NODE_SCALAR || node_is_null(n))
		return 0;
	text = slice_trim(n->text);
	if (text.len < DATE_LEN || slice_find_byte(slice_head(text, 5), '-')
	    != 4 || when_parse(text, 0, out) == -1)
		return node_error(l->diag, n, "%s: \"%s\" is neither a date "
		    "such as 2026-12-31 nor a date and a time", key,
		    node_cstr(n));
	if (end && text.len == DATE_LEN)
		*out += DAY - SECOND;
	/* 0 is for what was not said, and would never end. */
	*out += *out == 0;
	return 0;
}

static void
add_names(struct tune *out, const struct strlist *list,
    const struct node *at, bool tag)
{
	const struct node *n = at == NULL ? NULL :
	    at->type == NODE_LIST ? at->first : at;

	for (size_t i = 0; i < list->count; i++) {
		out->names[out->name_count++] = (struct tune_name){
			.text = slice_of(list->items[i]), .tag = tag,
			.line = n->line, .column = n->column,
		};
		n = n->next;
	}
}

/* Calls itself for maps in lists; counts only when there is no room yet. */
static void
add_fields(struct tune *out, const struct node *n, struct arena *keep)
{
	for (n = n->first; n != NULL; n = n->next) {
		struct slice rest, name;

		if (n->key == NULL) {
			add_fields(out, n, keep);
			continue;
		}
		rest = name = n->key->text;
		slice_cut(&rest, '|', &name);
		if (out->fields != NULL)
			out->fields[out->field_count] = (struct tune_name){
				.text = arena_keep(keep, name),
				.line = n->key->line,
				.column = n->key->column,
			};
		out->field_count++;
	}
}

static int
read_match(struct load *l, const struct node *map, struct tune *out)
{
	const struct node *match = node_get(map, "match");

	if (match == NULL)
		return node_error(l->diag, map, "an exception needs "
		    "\"match\", or it would hide the whole rule (enabled: "
		    "false in an override does that)");
	out->expr = selection_read(l, match);
	add_fields(out, match, l->keep);
	out->fields = arena_alloc(l->keep, (out->field_count + 1) *
	    sizeof(*out->fields));
	out->field_count = 0;
	add_fields(out, match, l->keep);
	if (out->expr == NULL)
		return -1;
	if (lint_takes_all(l->predicates, out->expr))
		node_warn(l->diag, match, "whatever the text is, this hides "
		    "it (enabled: false in an override hides all of a rule)");
	return 0;
}

static int
check_names(struct load *l, const struct node *map, const struct wish *w)
{
	const struct node *rules = node_get(map, "rule");

	if (w->rules->count > 0)
		return 0;
	return node_error(l->diag, rules, "rule: none is named");
}

/* An override has to name something and to change something. */
static int
check_override(struct load *l, const struct node *map, const struct wish *w)
{
	if (w->rules->count + w->tags->count == 0)
		return node_error(l->diag, map,
		    "an override needs \"rule\" or \"tag\"");
	if (w->level == -1 && node_get(map, "enabled") == NULL)
		return node_error(l->diag, map,
		    "an override needs \"level\" or \"enabled\"");
	return 0;
}

static int
check_text(struct load *l, const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);

	if (n == NULL || slice_trim(n->text).len > 0)
		return 0;
	return node_error(l->diag, n, "%s: nothing is said", key);
}

static int
read_wish(struct load *l, enum tune_kind kind, const struct node *map,
    struct wish *w)
{
	static const char *const match[] = { "match", NULL };
	struct strlist *none = arena_alloc(l->keep, sizeof(*none));
	bool exception = kind == TUNE_EXCEPTION;
	int bad;

	*w = (struct wish){ .level = -1, .enabled = true, .rules = none,
	    .tags = none };
	bad = opt_read(exception ? exception_opts : override_opts, w, map,
	    exception ? match : NULL, exception ? "an exception" :
	    "an override", l->keep, l->diag);
	if (bad == 0)
		bad = exception ? check_names(l, map, w) :
		    check_override(l, map, w);
	if (bad == 0)
		bad = check_text(l, map, "reason") |
		    check_text(l, map, "owner");
	return bad;
}

/* One entry of a file; -1 after diag_error. */
static int
read_tune(struct load *l, enum tune_kind kind, const struct node *map,
    struct tune *out)
{
	struct tuning_view *v = &out->view;
	struct wish w;
	int bad;

	*out = (struct tune){ 0 };
	if (map->type != NODE_MAP)
		return node_error(l->diag, map, "expected a map with \"rule\""
		    ", \"reason\" and \"owner\", or a list of such maps");
	bad = read_wish(l, kind, map, &w);
	bad |= read_time(l, map, "created", false, &v->created);
	bad |= read_time(l, map, "expires", true, &v->expires);
	if (kind == TUNE_EXCEPTION)
		bad |= read_match(l, map, out);
	if (bad != 0)
		return -1;
	out->names = arena_alloc(l->keep, (w.rules->count + w.tags->count) *
	    sizeof(*out->names));
	add_names(out, w.rules, node_get(map, "rule"), false);
	add_names(out, w.tags, node_get(map, "tag"), true);
	v->exception = kind == TUNE_EXCEPTION;
	v->document = rule_document(map);
	v->file = l->file;
	v->line = map->line;
	v->reason = slice_of(w.reason);
	v->owner = slice_of(w.owner);
	v->ticket = slice_of(w.ticket);
	v->level = w.level;
	v->off = !w.enabled;
	v->on = w.enabled && node_get(map, "enabled") != NULL;
	return 0;
}

void
tuning_read(struct tuning *t, struct load *l, enum tune_kind kind,
    const struct node *doc)
{
	const struct node *n = doc->type == NODE_LIST ? doc->first : doc;
	struct tune tune;

	if (node_is_null(doc))
		return;
	for (; n != NULL; n = doc->type == NODE_LIST ? n->next : NULL)
		if (read_tune(l, kind, n, &tune) == 0)
			tuning_add(t, &tune);
}
