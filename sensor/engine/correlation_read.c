/*
 * The document of a correlation.
 */
#include "engine/correlation.h"

#include <math.h>
#include <stdlib.h>

#include "base/when.h"

const char *const correlation_types[] = {
	[EVENT_COUNT] = "event_count",
	[VALUE_COUNT] = "value_count",
	[VALUE_SUM] = "value_sum",
	[VALUE_AVG] = "value_avg",
	[VALUE_PERCENTILE] = "value_percentile",
	[VALUE_MEDIAN] = "value_median",
	[TEMPORAL] = "temporal",
	[TEMPORAL_ORDERED] = "temporal_ordered",
	[CORRELATION_TYPES] = NULL,
};

static const char *const ops[] = {
	[GT] = "gt", [GTE] = "gte", [LT] = "lt", [LTE] = "lte", [EQ] = "eq",
	[NEQ] = "neq", [BOUND_OPS] = NULL,
};

static bool
is_temporal(const struct correlation *c)
{
	return c->type == TEMPORAL || c->type == TEMPORAL_ORDERED;
}

/* Place of a word in a list, or -1. */
static int
find(const char *const *words, struct slice s)
{
	for (int i = 0; words[i] != NULL; i++)
		if (slice_eq(s, slice_of(words[i])))
			return i;
	return -1;
}

static bool
is_text(const struct node *n)
{
	return n->type == NODE_SCALAR && !node_is_null(n) && n->text.len > 0;
}

static int
read_type(struct load *l, const struct node *map, struct correlation *c)
{
	const struct node *n = node_get(map, "type");
	int type;

	if (n == NULL)
		return node_error(l->diag, map->key,
		    "the correlation has no type");
	type = n->type == NODE_SCALAR ? find(correlation_types, n->text) : -1;
	if (type != -1) {
		c->type = (enum correlation_type)type;
		return 0;
	}
	if (n->type != NODE_SCALAR)
		return node_error(l->diag, n, "\"type\" is a word");
	return node_no_such(l->diag, n, "type", correlation_types);
}

/* A number and a unit; months and years are mean ones, as in pySigma. */
static int
read_span(struct load *l, const struct node *n, int64_t *out)
{
	static const struct {
		unsigned char unit;
		int64_t seconds;
	} units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 },
		{ 'w', 604800 }, { 'M', 2629746 }, { 'y', 31556952 },
	};
	struct slice digits = n->text;
	uint64_t number;

	for (size_t i = 0; n->type == NODE_SCALAR && digits.len > 1 &&
	    i < COUNT(units); i++) {
		if (digits.p[digits.len - 1] != units[i].unit)
			continue;
		if (slice_to_u64(slice_head(digits, digits.len - 1),
		    &number) == -1)
			break;
		if (number > (uint64_t)(INT64_C(3155695200) /
		    units[i].seconds))
			return node_error(l->diag, n,
			    "\"%s\" is longer than 100 years", node_cstr(n));
		*out = (int64_t)number * units[i].seconds * SECOND;
		return 0;
	}
	return node_error(l->diag, n, "expected a number and one of s, m, h, "
	    "d, w, M and y, as in 5m");
}

static int
read_timespan(struct load *l, const struct node *map, struct correlation *c)
{
	const struct node *n = node_get(map, "timespan");

	if (n == NULL)
		return node_error(l->diag, map->key,
		    "the correlation has no timespan");
	return read_span(l, n, &c->timespan);
}

static int
read_name(struct load *l, const struct node *n, struct place_name *out)
{
	if (!is_text(n))
		return node_error(l->diag, n,
		    "expected the id or the name of a rule");
	*out = (struct place_name){ arena_keep(l->keep, n->text), n->line,
	    n->column };
	return 0;
}

/* One rule or a list of them. */
static int
read_rules(struct load *l, const struct node *map, struct correlation *c)
{
	const struct node *n = node_get(map, "rules");
	bool list = n != NULL && n->type == NODE_LIST;
	int bad = 0;

	if (n == NULL || node_is_null(n))
		return 0;
	if (n->type == NODE_MAP || (list && n->count == 0))
		return node_error(l->diag, n,
		    "\"rules\" is a rule's id or name, or a list of them");
	if (n->count > CORRELATION_RULES_MAX)
		return node_error(l->diag, n, "more than %d rules",
		    CORRELATION_RULES_MAX);
	c->counted = arena_alloc(l->keep, (n->count + 1) *
	    sizeof(*c->counted));
	for (n = list ? n->first : n; n != NULL; n = list ? n->next : NULL)
		bad |= read_name(l, n, &c->counted[c->counted_count++].name);
	return bad;
}

/* Names of fields, one or a list. */
static int
read_fields(struct load *l, const struct node *n, const char *key,
    struct slice *out, size_t *count)
{
	bool list = n->type == NODE_LIST;
	int bad = 0;

	if (node_is_null(n))
		return 0;
	if (n->count > CORRELATION_FIELDS_MAX)
		return node_error(l->diag, n, "more than %d fields",
		    CORRELATION_FIELDS_MAX);
	for (n = list ? n->first : n; n != NULL; n = list ? n->next : NULL) {
		if (!is_text(n)) {
			bad = node_error(l->diag, n, "\"%s\" is the name of "
			    "a field, or a list of them", key);
			continue;
		}
		out[(*count)++] = arena_keep(l->keep, n->text);
	}
	return bad;
}

static int
read_group(struct load *l, const struct node *map, struct correlation *c)
{
	const struct node *n = node_get(map, "group-by");

	return n == NULL ? 0 : read_fields(l, n, "group-by", c->group,
	    &c->group_count);
}

static int
read_number(struct load *l, const struct node *n, double *out)
{
	const char *text = n->type == NODE_SCALAR ? node_cstr(n) : "";
	char *end;

	*out = strtod(text, &end);
	if (end == text || *end != '\0' || !isfinite(*out) ||
	    !(byte_is_digit((unsigned char)end[-1])))
		return node_error(l->diag, n, "\"%s\" is a number",
		    node_cstr(n->key));
	return 0;
}

static int
read_bound(struct load *l, const struct node *n, enum bound_op op,
    struct correlation *c)
{
	struct bound *b = &c->bounds[c->bound_count];

	if (c->bound_count == CORRELATION_BOUNDS)
		return node_error(l->diag, n->key,
		    "a condition has one operator, or two for a range");
	c->bound_count++;
	b->op = op;
	if (read_number(l, n, &b->number) == -1)
		return -1;
	if (c->type == VALUE_COUNT && b->number > (double)c->values_most)
		return node_error(l->diag, n,
		    "at most %zu different values are told apart (\"values\" "
		    "under \"correlation\" in the configuration)",
		    c->values_most);
	return 0;
}

static int
read_percentile(struct load *l, const struct node *n, struct correlation *c)
{
	if (read_number(l, n, &c->percentile) == -1)
		return -1;
	if (c->percentile < 0 || c->percentile > 100)
		return node_error(l->diag, n,
		    "\"percentile\" is a number from 0 to 100");
	return 0;
}

/* Keys of a condition that is a map. */
static int
read_part(struct load *l, const struct node *n, struct correlation *c)
{
	static const char *const keys[] = {
		"gt", "gte", "lt", "lte", "eq", "neq", "field", "percentile",
		NULL
	};
	int op = find(ops, n->key->text);

	if (op != -1)
		return read_bound(l, n, (enum bound_op)op, c);
	if (slice_eq(n->key->text, S("field")))
		return read_fields(l, n, "field", c->values, &c->value_count);
	if (slice_eq(n->key->text, S("percentile")))
		return read_percentile(l, n, c);
	return node_no_such(l->diag, n->key, "operator", keys);
}

/* What each type wants of its condition, and what makes none for it. */
static int
check_condition(struct load *l, const struct node *n, struct correlation *c)
{
	bool counts = c->type == EVENT_COUNT || is_temporal(c);
	bool tuple = c->type == VALUE_COUNT;

	if (c->bound_count == 0)
		return node_error(l->diag, n->key, "the condition has no "
		    "operator: gt, gte, lt, lte, eq or neq");
	if (!counts && c->value_count == 0)
		return node_error(l->diag, n->key,
		    "a condition of %s needs a \"field\"",
		    correlation_types[c->type]);
	if (!counts && !tuple && c->value_count > 1)
		return node_error(l->diag, node_get(n, "field"),
		    "%s is of one field", correlation_types[c->type]);
	if (counts && c->value_count > 0)
		node_warn(l->diag, node_get(n, "field"),
		    "%s looks at no \"field\"", correlation_types[c->type]);
	if (c->type == VALUE_PERCENTILE && node_get(n, "percentile") == NULL)
		return node_error(l->diag, n->key,
		    "value_percentile needs a \"percentile\", 0 to 100");
	return 0;
}

static int
read_map_condition(struct load *l, const struct node *n,
    struct correlation *c)
{
	int bad = 0;

	for (const struct node *p = n->first; p != NULL; p = p->next)
		bad |= read_part(l, p, c);
	return bad != 0 ? bad : check_condition(l, n, c);
}

/* Words of a condition that are no names of rules. */
static bool
is_operator(struct slice word)
{
	static const char *const words[] = { "and", "or", "not", NULL };

	return find(words, word) != -1;
}

static bool
is_selector(struct slice word)
{
	static const char *const words[] = { "1", "any", "all", "of", "them",
		NULL };

	return find(words, word) != -1 ||
	    slice_find_byte(word, '*') != SIZE_MAX;
}

static struct slice
next_word(struct slice *rest)
{
	struct slice word;
	size_t n = 0;

	while (rest->len > 0 && (byte_is_space(rest->p[0]) ||
	    rest->p[0] == '(' || rest->p[0] == ')'))
		*rest = slice_from(*rest, 1);
	while (n < rest->len && !byte_is_space(rest->p[n]) &&
	    rest->p[n] != '(' && rest->p[n] != ')')
		n++;
	word = slice_head(*rest, n);
	*rest = slice_from(*rest, n);
	return word;
}

static bool
is_counted(const struct correlation *c, struct slice name)
{
	for (size_t i = 0; i < c->counted_count; i++)
		if (slice_eq(c->counted[i].name.text, name))
			return true;
	return false;
}

/* Where no rules are listed, those are meant that the condition names. */
static int
imply_rules(struct load *l, const struct node *n, struct correlation *c)
{
	struct slice rest = n->text, word;

	c->counted = arena_alloc(l->keep, (n->text.len / 2 + 1) *
	    sizeof(*c->counted));
	while ((word = next_word(&rest)).len > 0) {
		if (is_selector(word))
			return node_error(l->diag, n, "\"%.*s\" needs a list "
			    "of \"rules\"", (int)word.len, word.p);
		if (is_operator(word) || is_counted(c, word))
			continue;
		c->counted[c->counted_count++].name = (struct place_name){
			arena_keep(l->keep, word), n->line, n->column
		};
	}
	return 0;
}

static int
read_text_condition(struct load *l, const struct node *n,
    struct correlation *c)
{
	if (!is_temporal(c))
		return node_error(l->diag, n, "only temporal correlations "
		    "have a condition over rules; \"condition\" is a map");
	if (!is_text(n) || n->text.len > CONDITION_MAX)
		return node_error(l->diag, n, "\"condition\" is a map, or a "
		    "text over the names of rules");
	c->condition = *n;
	c->condition.text = arena_keep(l->keep, n->text);
	c->condition.key = c->condition.next = NULL;
	c->condition.file = l->file;
	return c->counted_count > 0 ? 0 : imply_rules(l, n, c);
}

static int
read_condition(struct load *l, const struct node *map, struct correlation *c)
{
	const struct node *n = node_get(map, "condition");

	if (n == NULL && is_temporal(c))
		return 0;
	if (n == NULL)
		return node_error(l->diag, map->key,
		    "the correlation has no condition");
	if (n->type == NODE_MAP)
		return read_map_condition(l, n, c);
	return read_text_condition(l, n, c);
}

/* { alias: { rule: field } } */
static int
read_alias(struct load *l, const struct node *n, struct correlation *c)
{
	struct slice name = arena_keep(l->keep, n->key->text);
	int bad = 0;

	if (n->type != NODE_MAP || n->count == 0)
		return node_error(l->diag, n, "an alias is a map from rules "
		    "to their fields");
	for (const struct node *r = n->first; r != NULL; r = r->next) {
		struct alias *a = &c->aliases[c->alias_count++];

		bad |= read_name(l, r->key, &a->rule);
		if (!is_text(r)) {
			bad = node_error(l->diag, r, "expected the name of a "
			    "field");
			continue;
		}
		a->name = name;
		a->field = arena_keep(l->keep, r->text);
	}
	return bad;
}

static int
read_aliases(struct load *l, const struct node *map, struct correlation *c)
{
	const struct node *n = node_get(map, "aliases");
	size_t count = 0;
	int bad = 0;

	if (n == NULL || node_is_null(n))
		return 0;
	if (n->type != NODE_MAP)
		return node_error(l->diag, n, "\"aliases\" is a map");
	for (const struct node *a = n->first; a != NULL; a = a->next)
		count += a->count;
	c->aliases = arena_alloc(l->keep, (count + 1) * sizeof(*c->aliases));
	for (const struct node *a = n->first; a != NULL; a = a->next)
		bad |= read_alias(l, a, c);
	return bad;
}

static int
read_generate(struct load *l, const struct node *map, struct correlation *c)
{
	const struct node *n = node_get(map, "generate");

	if (n == NULL || node_bool(n, &c->generate) == 0)
		return 0;
	return node_error(l->diag, n, "\"generate\" is true or false");
}

/* Unless the rule says so, no window waits for longer than it is. */
static int
read_additions(struct load *l, const struct node *doc, struct correlation *c)
{
	const struct node *map = node_get(doc, "vedette");
	const struct node *late = node_get(map, "late");
	const struct node *rearm = node_get(map, "rearm");
	int bad = 0;

	c->late = c->timespan < l->limits.late ? c->timespan :
	    l->limits.late;
	if (late != NULL)
		bad |= read_span(l, late, &c->late);
	if (rearm != NULL)
		bad |= read_span(l, rearm, &c->rearm);
	return bad;
}

static int
check_rules(struct load *l, const struct node *map,
    const struct correlation *c)
{
	size_t most = c->type == TEMPORAL_ORDERED ? ORDERED_RULES_MAX :
	    c->type == TEMPORAL ? TEMPORAL_RULES_MAX : CORRELATION_RULES_MAX;

	if (c->counted_count == 0)
		return node_error(l->diag, map->key,
		    "the correlation has no rules");
	if (c->counted_count > most)
		return node_error(l->diag, map->key,
		    "%s is of at most %zu rules",
		    correlation_types[c->type], most);
	return 0;
}

int
correlation_read(struct load *l, const struct node *doc, struct rule *r)
{
	static const char *const shaped[] = { "aliases", "condition", NULL };
	static int (*const parts[])(struct load *, const struct node *,
	    struct correlation *) = {
		read_timespan, read_rules, read_group, read_condition,
		read_aliases, read_generate,
	};
	const struct node *map = node_get(doc, "correlation");
	struct correlation *c = arena_alloc(l->keep, sizeof(*c));
	int bad = 0;

	r->correlation = c;
	c->file = l->file;
	c->values_most = (size_t)l->limits.values;
	if (map->type != NODE_MAP)
		return node_error(l->diag, map, "\"correlation\" is a map");
	bad |= keys_known(l, map, correlation_opts, shaped,
	    "\"correlation\"");
	if (read_type(l, map, c) == -1)
		return -1;
	for (size_t i = 0; i < COUNT(parts); i++)
		bad |= parts[i](l, map, c);
	bad |= read_additions(l, doc, c);
	return bad == 0 ? check_rules(l, map, c) : -1;
}
