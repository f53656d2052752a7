/*
 * The detection of a rule: identifiers, what they stand for, the condition.
 */
#include "engine/rule.h"

/* Items of a map, joined by "and". */
static struct expr *
read_map(struct load *l, const struct node *map)
{
	struct expr *all = expr_new(l->build, EXPR_AND), **tail = &all->first;
	bool bad = false;

	if (map->count == 0) {
		node_error(l->diag, map, "the map is empty");
		return NULL;
	}
	for (const struct node *n = map->first; n != NULL; n = n->next) {
		struct expr *e = item_read(l, n->key, n);

		bad |= e == NULL;
		if (bad)
			continue;
		*tail = e;
		tail = &e->next;
	}
	return bad ? NULL : all;
}

/* Maps, keywords and lists of them, joined by "or". */
static struct expr *
read_list(struct load *l, const struct node *list)
{
	struct expr *any = expr_new(l->build, EXPR_OR), **tail = &any->first;
	bool bad = false;

	if (list->count == 0) {
		node_error(l->diag, list, "the list is empty");
		return NULL;
	}
	for (const struct node *n = list->first; n != NULL; n = n->next) {
		struct expr *e = selection_read(l, n);

		bad |= e == NULL;
		if (bad)
			continue;
		*tail = e;
		tail = &e->next;
	}
	return bad ? NULL : any;
}

struct expr *
selection_read(struct load *l, const struct node *n)
{
	if (n->type == NODE_MAP)
		return read_map(l, n);
	if (n->type == NODE_LIST)
		return read_list(l, n);
	return item_read(l, NULL, n);
}

/* Where identifiers and a condition stand together. */
static const struct {
	const char *name;
	struct slice other;	/* key that is no identifier, too */
} places[] = {
	/* timeframe is of old rules */
	[DETECTION_RULE] = { "detection", SLICE("timeframe") },
	[DETECTION_FILTER] = { "filter", SLICE("rules") },
};

static bool
is_identifier(const struct node *n, enum detection_place place)
{
	return !slice_eq(n->key->text, S("condition")) &&
	    !slice_eq(n->key->text, places[place].other);
}

static size_t
read_identifiers(struct load *l, const struct node *detection,
    enum detection_place place, struct identifier *ids, bool *bad)
{
	size_t count = 0;

	for (const struct node *n = detection->first; n != NULL; n = n->next) {
		if (!is_identifier(n, place))
			continue;
		ids[count].name = n->key->text;
		ids[count].expr = selection_read(l, n);
		*bad |= ids[count].expr == NULL;
		count++;
	}
	return count;
}

/* Points into the text where that is as easy as counting. */
static struct expr *
read_condition(struct load *l, const struct node *n, struct identifier *ids,
    size_t count)
{
	struct node place = *n;
	struct expr *e;
	struct err err;
	size_t at;

	if (n->type != NODE_SCALAR || node_is_null(n)) {
		node_error(l->diag, n, "a condition is a text");
		return NULL;
	}
	e = condition_parse(l->build, n->text, ids, count, &at, &err);
	if (slice_find_byte(n->text, '\n') == SIZE_MAX)
		place.column += (unsigned)at + n->quoted;
	if (e == NULL)
		node_error(l->diag, &place, "condition: %s", err.text);
	return e;
}

/* One condition, or a list of them: any is enough. */
static struct expr *
read_conditions(struct load *l, const struct node *n, struct identifier *ids,
    size_t count)
{
	struct expr *any = expr_new(l->build, EXPR_OR), **tail = &any->first;
	bool list = n->type == NODE_LIST, bad = false;

	if (list && n->count == 0) {
		node_error(l->diag, n, "there is no condition in the list");
		return NULL;
	}
	for (n = list ? n->first : n; n != NULL; n = list ? n->next : NULL) {
		struct expr *e = read_condition(l, n, ids, count);

		bad |= e == NULL;
		if (bad)
			continue;
		*tail = e;
		tail = &e->next;
	}
	return bad ? NULL : any;
}

static void
warn_unused(struct load *l, const struct node *detection,
    enum detection_place place, const struct identifier *ids, size_t count)
{
	const struct node *n = detection->first;

	for (size_t i = 0; n != NULL; n = n->next) {
		if (!is_identifier(n, place))
			continue;
		if (i < count && !ids[i].used &&
		    !slice_starts(ids[i].name, S("_")))
			node_warn(l->diag, n->key,
			    "no condition uses \"%s\"", node_cstr(n->key));
		i++;
	}
}

struct expr *
detection_read(struct load *l, const struct node *detection,
    enum detection_place place)
{
	const struct node *condition = node_get(detection, "condition");
	const char *name = places[place].name;
	struct identifier *ids;
	struct expr *e = NULL;
	bool bad = false;
	size_t count;

	if (detection->type != NODE_MAP) {
		node_error(l->diag, detection, "\"%s\" is a map", name);
		return NULL;
	}
	ids = arena_alloc(l->build, (detection->count + 1) * sizeof(*ids));
	count = read_identifiers(l, detection, place, ids, &bad);
	if (condition == NULL)
		node_error(l->diag, detection->key,
		    "the %s has no condition", name);
	else if (count == 0)
		node_error(l->diag, detection->key,
		    "the %s has a condition only", name);
	else if (place == DETECTION_FILTER && condition->type == NODE_LIST)
		node_error(l->diag, condition, "a filter has one condition");
	else
		e = read_conditions(l, condition, ids, count);
	if (e == NULL || bad)
		return NULL;
	warn_unused(l, detection, place, ids, count);
	return e;
}
