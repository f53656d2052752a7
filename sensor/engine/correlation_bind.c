/*
 * Correlations name rules of any file, also other correlations; they are tied
 * to them when all are there.
 */
#include "engine/correlation.h"

#include "base/map.h"

struct bind {
	const struct correlation_binding *with;
	struct map *names;	/* rules by id and by name */
	struct map *twice;	/* names that two rules have */
};

/* Where a correlation is with being bound; its depth is known after it. */
enum { FRESH, OPEN, DONE };

static int
complain(const struct bind *b, const struct correlation *c,
    const struct place_name *at, const char *what)
{
	return diag_error(b->with->diag, c->file, at->line, at->column,
	    "\"%.*s\": %s", (int)at->text.len, (const char *)at->text.p,
	    what);
}

/* --- names ---------------------------------------------------------------- */

static void
enter(struct bind *b, struct slice name, struct rule *r)
{
	struct rule *before;

	if (name.len == 0)
		return;
	before = map_put(b->names, name, r);
	if (before != NULL && before != r)
		map_put(b->twice, name, r);
}

static void
enter_all(struct bind *b)
{
	for (size_t i = 0; i < b->with->count; i++) {
		enter(b, b->with->rules[i].name, &b->with->rules[i]);
		enter(b, b->with->rules[i].info.id, &b->with->rules[i]);
	}
}

/* A name that is near to a misspelt one, or NULL. */
static const char *
near_name(const struct bind *b, struct slice name)
{
	const struct correlation_binding *w = b->with;
	const char **names = arena_alloc(w->keep, (w->count + 1) *
	    sizeof(*names));
	size_t n = 0;

	for (size_t i = 0; i < w->count; i++)
		if (w->rules[i].name.len > 0)
			names[n++] = (const char *)arena_keep(w->keep,
			    w->rules[i].name).p;
	return did_you_mean((const char *)arena_keep(w->keep, name).p, names);
}

static struct rule *
find_rule(const struct bind *b, const struct correlation *c,
    const struct place_name *name)
{
	struct rule *r = map_get(b->names, name->text);
	struct buf text = { 0 };
	const char *near;

	if (map_get(b->twice, name->text) != NULL) {
		complain(b, c, name, "several rules have that name");
		return NULL;
	}
	if (r != NULL)
		return r;
	near = near_name(b, name->text);
	buf_str(&text, "no rule that is loaded has that id or name");
	if (near != NULL)
		buf_fmt(&text, "; did you mean \"%s\"?", near);
	complain(b, c, name, buf_cstr(&text));
	buf_free(&text);
	return NULL;
}

/* --- fields --------------------------------------------------------------- */

static bool
names_rule(const struct rule *r, struct slice name)
{
	return slice_eq(r->name, name) || slice_eq(r->info.id, name);
}

/* What a field is called in a rule's events: by an alias, or as it is. */
static struct slice
field_of(const struct bind *b, struct correlation *c,
    const struct counted *n, struct slice field)
{
	const struct rule *r = &b->with->rules[n->rule];

	for (size_t i = 0; i < c->alias_count; i++)
		if (slice_eq(c->aliases[i].name, field) &&
		    names_rule(r, c->aliases[i].rule.text))
			return c->aliases[i].field;
	return field;
}

static int
slot(const struct bind *b, const struct correlation *c, struct slice name,
    uint16_t *out)
{
	int field = schema_field(b->with->schema, name);

	if (field == -1)
		return diag_error(b->with->diag, c->file, c->rule->line, 1,
		    "too many fields in all rules");
	*out = (uint16_t)field;
	return 0;
}

static int
bind_fields(const struct bind *b, struct correlation *c, struct counted *n)
{
	int bad = 0;

	for (size_t i = 0; i < c->group_count; i++) {
		bad |= slot(b, c, field_of(b, c, n, c->group[i]),
		    &n->group[i]);
		bad |= slot(b, c, c->group[i], &c->group_fields[i]);
	}
	for (size_t i = 0; i < c->value_count; i++)
		bad |= slot(b, c, field_of(b, c, n, c->values[i]),
		    &n->values[i]);
	return bad;
}

static int
check_alias(const struct bind *b, const struct correlation *c,
    const struct alias *a)
{
	for (size_t i = 0; i < c->counted_count; i++)
		if (names_rule(&b->with->rules[c->counted[i].rule],
		    a->rule.text))
			return 0;
	return complain(b, c, &a->rule, "an alias is for one of the rules "
	    "that the correlation counts");
}

/* --- conditions over rules ------------------------------------------------ */

static bool
has_not(const struct expr *e)
{
	if (e->type == EXPR_NOT)
		return true;
	for (e = e->first; e != NULL; e = e->next)
		if (has_not(e))
			return true;
	return false;
}

/* A rule goes by the name in the list, by its own and by its id. */
static size_t
identifiers(const struct bind *b, const struct correlation *c,
    struct identifier *ids)
{
	size_t n = 0;

	for (uint32_t i = 0; i < c->counted_count; i++) {
		const struct rule *r = &b->with->rules[c->counted[i].rule];
		struct expr *test = expr_test(b->with->keep, i);

		ids[n++] = (struct identifier){ r->name.len > 0 ? r->name :
		    r->info.id, test, false };
		if (r->name.len > 0)
			ids[n++] = (struct identifier){ r->info.id, test,
			    true };
	}
	return n;
}

static int
bind_condition(const struct bind *b, struct correlation *c)
{
	struct node place = c->condition;
	struct identifier *ids;
	struct err err;
	size_t at;

	if (place.text.len == 0)
		return 0;
	ids = arena_alloc(b->with->keep, (2 * c->counted_count + 1) *
	    sizeof(*ids));
	c->expr = condition_parse(b->with->keep, place.text, ids,
	    identifiers(b, c, ids), &at, &err);
	if (slice_find_byte(place.text, '\n') == SIZE_MAX)
		place.column += (unsigned)at + place.quoted;
	if (c->expr == NULL)
		return node_error(b->with->diag, &place, "condition: %s",
		    err.text);
	return 0;
}

/* What more matches can't take back is decided with each. */
static bool
is_eager(const struct correlation *c)
{
	for (size_t i = 0; i < c->bound_count; i++)
		if (c->bounds[i].op != GT && c->bounds[i].op != GTE)
			return false;
	return c->expr == NULL || !has_not(c->expr);
}

/* --- rules ---------------------------------------------------------------- */

static int bind_one(const struct bind *b, struct rule *r);

static void
count_by(const struct bind *b, struct correlation *c, size_t index,
    struct rule *r)
{
	struct counting *n = arena_alloc(b->with->keep, sizeof(*n));

	*n = (struct counting){ c, index, r->countings };
	r->silent = (r->countings == NULL || r->silent) && !c->generate;
	r->countings = n;
}

/* A group of what is counted must be one of what counts it. */
static void
warn_fields(const struct bind *b, const struct correlation *c,
    const struct counted *n, const struct correlation *inner)
{
	for (size_t i = 0; i < c->group_count; i++) {
		bool there = false;

		for (size_t k = 0; k < inner->group_count; k++)
			there |= n->group[i] == inner->group_fields[k] ||
			    n->group[i] == inner->counted[0].group[k];
		if (!there)
			diag_warn(b->with->diag, c->file, n->name.line,
			    n->name.column, "\"%.*s\" is not grouped by "
			    "\"%.*s\", so none of its alerts is counted",
			    (int)n->name.text.len,
			    (const char *)n->name.text.p,
			    (int)c->group[i].len,
			    (const char *)c->group[i].p);
	}
}

static int
bind_counted(const struct bind *b, struct correlation *c, size_t index)
{
	struct counted *n = &c->counted[index];
	struct rule *r = find_rule(b, c, &n->name);

	if (r == NULL)
		return -1;
	n->rule = (uint32_t)(r - b->with->rules);
	c->rule_ids[index] = r->info.id;
	if (r->correlation != NULL) {
		if (r->correlation->bound == OPEN)
			return complain(b, c, &n->name,
			    "the correlation counts itself in the end");
		if (bind_one(b, r) == -1)
			return -1;
		if (r->correlation->depth >= c->depth)
			c->depth = r->correlation->depth + 1;
		if (c->depth > NESTED_MAX)
			return complain(b, c, &n->name,
			    "correlations are nested too deeply");
	}
	rule_identify(c->rule, digest_slice(&r->identity));
	count_by(b, c, index, r);
	return 0;
}

static int
bind_parts(const struct bind *b, struct correlation *c)
{
	int bad = 0;

	for (size_t i = 0; i < c->counted_count; i++)
		bad |= bind_counted(b, c, i);
	if (bad != 0)
		return -1;
	for (size_t i = 0; i < c->alias_count; i++)
		bad |= check_alias(b, c, &c->aliases[i]);
	for (size_t i = 0; i < c->counted_count; i++)
		bad |= bind_fields(b, c, &c->counted[i]);
	bad |= bind_condition(b, c);
	for (size_t i = 0; i < c->counted_count && bad == 0; i++) {
		const struct rule *r = &b->with->rules[c->counted[i].rule];

		if (r->correlation != NULL)
			warn_fields(b, c, &c->counted[i], r->correlation);
	}
	return bad;
}

static int
bind_one(const struct bind *b, struct rule *r)
{
	struct correlation *c = r->correlation;

	if (c->bound == DONE)
		return c->holder != NULL ? 0 : -1;
	c->bound = OPEN;
	c->rule = r;
	c->schema = b->with->schema;
	c->correlator = b->with->correlator;
	c->rule_ids = arena_alloc(b->with->keep, c->counted_count *
	    sizeof(*c->rule_ids));
	if (bind_parts(b, c) == 0) {
		c->eager = is_eager(c);
		c->holder = memory_holder(b->with->memory,
		    &correlation_groups, &r->identity, c,
		    b->with->groups);
	}
	c->bound = DONE;
	return c->holder != NULL ? 0 : -1;
}

int
correlations_bind(const struct correlation_binding *with)
{
	struct bind b = { with, map_new(), map_new() };
	int bad = 0;

	enter_all(&b);
	for (size_t i = 0; i < with->count; i++) {
		struct rule *r = &with->rules[i];

		if (r->correlation == NULL || bind_one(&b, r) == 0)
			continue;
		r->unfit = true;
		bad = -1;
	}
	map_free(b.names);
	map_free(b.twice);
	return bad;
}

/* --- log sources ---------------------------------------------------------- */

/* Only the service of a log source is another, or nothing is. */
static bool
is_beside(struct logsource rule, struct logsource told)
{
	return (rule.product == 0 || rule.product == told.product) &&
	    (rule.category == 0 || rule.category == told.category);
}

static bool
joins(const struct rule *rules, const struct correlation *c,
    struct logsource told)
{
	for (size_t i = 0; i < c->counted_count; i++) {
		const struct rule *r = &rules[c->counted[i].rule];

		if (r->correlation != NULL ? joins(rules, r->correlation,
		    told) : logsource_covers(r->source, told))
			return true;
	}
	return false;
}

static void
join(const struct rule *rules, const struct correlation *c,
    struct logsource told,
    void (*each)(void *arg, struct logsource source), void *arg)
{
	for (size_t i = 0; i < c->counted_count; i++) {
		const struct rule *r = &rules[c->counted[i].rule];

		if (r->correlation != NULL)
			join(rules, r->correlation, told, each, arg);
		else if (is_beside(r->source, told))
			each(arg, r->source);
	}
}

void
correlations_joined(const struct rule *rules, size_t count,
    struct logsource told,
    void (*each)(void *arg, struct logsource source), void *arg)
{
	for (size_t i = 0; i < count; i++) {
		const struct correlation *c = rules[i].correlation;

		if (c != NULL && joins(rules, c, told))
			join(rules, c, told, each, arg);
	}
}
