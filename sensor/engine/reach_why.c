/*
 * Why a rule can't match, or not for sure: asks what would be if more were
 * known than is.
 */
#include "engine/program.h"
#include "engine/reach_inside.h"

enum { RULE_FIELDS = 256 };

/* The fields of one rule; more than that many play no part in the answer. */
struct named {
	const struct reach *x;
	uint16_t fields[RULE_FIELDS];
	size_t count;
};

static void
add_field(struct named *n, uint16_t field)
{
	for (size_t i = 0; i < n->count; i++)
		if (n->fields[i] == field)
			return;
	if (field != FIELD_ANYWHERE && n->count < RULE_FIELDS)
		n->fields[n->count++] = field;
}

static void
add_test(void *arg, uint32_t predicate)
{
	struct named *n = arg;
	const struct predicate *p = predicates_get(n->x->rs->predicates,
	    predicate);

	add_field(n, p->field);
	if (p->op == OP_FIELDREF)
		add_field(n, p->ref.field);
}

static void
add_name(struct reach_view *out, struct slice name)
{
	if (out->name_count < REACH_NAMES)
		out->names[out->name_count++] = name;
	else
		out->more++;
}

static void
add_field_name(const struct reach *x, struct reach_view *out, uint16_t field)
{
	add_name(out, schema_name(x->rs->schema, field));
}

/* Whether the rule can't match without a field, whatever the others hold. */
static bool
is_needed(struct reach *x, const struct rule *r, uint16_t field)
{
	memset(x->state, FIELD_ANY, x->fields);
	x->anywhere = FIELD_ANY;
	x->state[field] = FIELD_ABSENT;
	return !(reach_can(x, r) & PROGRAM_TRUE);
}

void
reach_blocked(struct reach *x, size_t rule)
{
	const struct rule *r = &x->rs->rules[rule];
	struct blocked *b = &x->blocked[rule];
	struct named n = { .x = x };

	x->loose = true;
	x->strict = SIZE_MAX;
	if (b->count == 0 && reach_can(x, r) & PROGRAM_TRUE) {
		program_tests(r->code, r->code_len, add_test, &n);
		for (size_t i = 0; i < n.count && b->count < REACH_NAMES;
		    i++) {
			x->strict = n.fields[i];
			if (!(reach_can(x, r) & PROGRAM_TRUE))
				b->fields[b->count++] = n.fields[i];
		}
	}
	x->loose = false;
}

/* As if one event had all that all of them have. */
static void
take_all(struct reach *x, const struct reach_source *s)
{
	x->anywhere = FIELD_ANY;
	for (size_t i = 0; i < x->fields; i++)
		x->state[i] = s->fields[i] == FIELD_ABSENT ? FIELD_ABSENT :
		    FIELD_ANY;
}

static void
explain_fields(struct reach *x, const struct rule *r,
    const struct reach_source *s, struct reach_view *out)
{
	const struct blocked *b = &x->blocked[r - x->rs->rules];
	struct named n = { .x = x };

	program_tests(r->code, r->code_len, add_test, &n);
	take_all(x, s);
	out->why = b->count > 0 ? REACH_VALUE :
	    reach_can(x, r) & PROGRAM_TRUE ? REACH_TOGETHER : REACH_FIELD;
	for (size_t i = 0; i < b->count; i++)
		add_field_name(x, out, b->fields[i]);
	for (size_t i = 0; b->count == 0 && i < n.count; i++)
		if ((out->why == REACH_TOGETHER ||
		    s->fields[n.fields[i]] == FIELD_ABSENT) &&
		    is_needed(x, r, n.fields[i]))
			add_field_name(x, out, n.fields[i]);
	if (out->name_count > 0 || out->why != REACH_FIELD)
		return;
	out->any = true;
	for (size_t i = 0; i < n.count; i++)
		if (s->fields[n.fields[i]] == FIELD_ABSENT)
			add_field_name(x, out, n.fields[i]);
}

static void
explain_groups(struct reach *x, const struct correlation *c, size_t counted,
    struct reach_view *out)
{
	const struct counted *k = &c->counted[counted];
	const struct reach_source *s = &x->sources[x->source_of[k->rule]];

	out->why = REACH_FIELD;
	for (size_t i = 0; i < c->group_count; i++)
		if (s->fields[k->group[i]] == FIELD_ABSENT)
			add_field_name(x, out, k->group[i]);
	for (size_t i = 0; i < c->value_count; i++)
		if (s->fields[k->values[i]] == FIELD_ABSENT)
			add_field_name(x, out, k->values[i]);
	if (out->name_count == 0)
		out->why = REACH_TOGETHER;
}

static void
explain_correlation(struct reach *x, size_t rule, struct reach_view *out)
{
	const struct correlation *c = x->rs->rules[rule].correlation;
	const struct standing *counted = x->counted + x->first[rule];

	for (size_t i = 0; i < c->counted_count; i++) {
		uint32_t of = c->counted[i].rule;

		if (counted[i].verdict == REACH_YES)
			continue;
		if (x->rules[of].verdict == REACH_YES) {
			explain_groups(x, c, i, out);
			return;
		}
		out->why = REACH_RULES;
		add_name(out, x->rs->rules[of].info.id);
	}
}

void
reach_explain(struct reach *x, size_t rule, struct reach_view *out)
{
	const struct rule *r = &x->rs->rules[rule];
	const struct reach_source *s;

	if (r->correlation != NULL) {
		explain_correlation(x, rule, out);
		return;
	}
	s = &x->sources[x->source_of[rule]];
	if (s->covered)
		explain_fields(x, r, s, out);
	else
		out->why = REACH_SOURCE;
}
