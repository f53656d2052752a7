#include "engine/reach_inside.h"

#include <stdlib.h>

#include "engine/program.h"

/* --- which rules there are ----------------------------------------------- */

static uint32_t
source_of(struct reach *x, struct logsource source)
{
	for (uint32_t i = 0; i < x->source_count; i++)
		if (memcmp(&x->sources[i].source, &source,
		    sizeof(source)) == 0)
			return i;
	x->sources = xrealloc(x->sources, x->source_count + 1,
	    sizeof(*x->sources));
	x->sources[x->source_count] = (struct reach_source){
		.source = source,
		.fields = arena_alloc(x->keep, x->fields),
	};
	return (uint32_t)x->source_count++;
}

static void
add_rule(struct reach *x, uint32_t n)
{
	const struct rule *r = &x->rs->rules[n];
	struct reach_source *s;

	if (r->code == NULL)
		return;
	x->source_of[n] = source_of(x, r->source);
	s = &x->sources[x->source_of[n]];
	s->rules = xrealloc(s->rules, s->count + 1, sizeof(*s->rules));
	s->rules[s->count++] = n;
}

struct reach *
reach_new(struct ruleset *rs)
{
	struct reach *x = xcalloc(1, sizeof(*x));
	uint32_t counted = 0;

	x->rs = rs;
	x->keep = arena_new(0);
	x->fields = schema_count(rs->schema);
	x->state = xcalloc(x->fields, 1);
	x->source_of = xcalloc(rs->count, sizeof(*x->source_of));
	x->rules = xcalloc(rs->count, sizeof(*x->rules));
	x->blocked = xcalloc(rs->count, sizeof(*x->blocked));
	x->first = xcalloc(rs->count, sizeof(*x->first));
	for (uint32_t i = 0; i < rs->count; i++) {
		add_rule(x, i);
		x->first[i] = counted;
		if (rs->rules[i].correlation != NULL)
			counted += (uint32_t)
			    rs->rules[i].correlation->counted_count;
	}
	x->counted = xcalloc(counted, sizeof(*x->counted));
	return x;
}

void
reach_free(struct reach *x)
{
	if (x == NULL)
		return;
	for (size_t i = 0; i < x->source_count; i++)
		free(x->sources[i].rules);
	arena_free(x->keep);
	free(x->state);
	free(x->sources);
	free(x->source_of);
	free(x->rules);
	free(x->blocked);
	free(x->first);
	free(x->counted);
	free(x);
}

/* --- one event ----------------------------------------------------------- */

static unsigned char
state_of(const struct value *v)
{
	for (; v != NULL; v = v->more)
		if (value_is_any(v))
			return FIELD_ANY;
	return FIELD_FIXED;
}

/* Two fields that are compared are both there or it does not hold. */
static unsigned char
state_for(const struct reach *x, const struct predicate *p)
{
	unsigned char one, other;

	if (p->field == FIELD_ANYWHERE)
		return x->anywhere;
	one = x->state[p->field];
	if (p->op != OP_FIELDREF)
		return one;
	other = x->state[p->ref.field];
	if (one == FIELD_ABSENT || other == FIELD_ABSENT)
		return FIELD_ABSENT;
	return one > other ? one : other;
}

static unsigned
can(void *arg, uint32_t n)
{
	struct reach *x = arg;
	const struct predicate *p = predicates_get(x->rs->predicates, n);
	bool aborted = false, holds;
	unsigned char state;

	state = state_for(x, p);
	if (state == FIELD_ANY || (state == FIELD_FIXED && x->loose &&
	    p->field != x->strict))
		return PROGRAM_EITHER;
	holds = state == FIELD_ABSENT ? p->op == OP_NULL :
	    predicates_test(x->rs->predicates, n, &aborted);
	return holds ? PROGRAM_TRUE : PROGRAM_FALSE;
}

unsigned
reach_can(struct reach *x, const struct rule *r)
{
	return program_can(r->code, r->code_len, can, x);
}

/* Would a place do better than the one that is known? */
static void
wish(struct reach *x, struct standing *s, const struct reach_from *from)
{
	if (s->place.len > 0 && (s->place_only == NULL || from->only != NULL))
		return;
	s->place = arena_keep(x->keep, from->place);
	s->place_only = from->only;
}

/* The first that can is as good as any other that is as sure. */
static void
raise_to(struct reach *x, struct standing *s, const struct reach_from *from)
{
	enum reach_verdict verdict = from->only == NULL ? REACH_YES :
	    REACH_IF;

	if (from->place.len > 0) {
		wish(x, s, from);
		return;
	}
	if (verdict <= s->verdict)
		return;
	s->verdict = verdict;
	s->only = from->only;
	s->by = arena_keep(x->keep, from->by);
}

static bool
are_there(const struct reach *x, const uint16_t *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (x->state[fields[i]] == FIELD_ABSENT)
			return false;
	return true;
}

/* Whether the present event has what a correlation counts by. */
static bool
gives(const struct reach *x, const struct correlation *c, size_t counted)
{
	const struct counted *k = &c->counted[counted];

	return are_there(x, k->group, c->group_count) &&
	    are_there(x, k->values, c->value_count);
}

static bool
is_settled(const struct reach *x, uint32_t n, const struct reach_from *from)
{
	const struct standing *s = &x->rules[n];

	if (x->rs->rules[n].countings != NULL)
		return false;
	if (s->verdict == REACH_YES)
		return true;
	if (from->place.len > 0)
		return s->place.len > 0 &&
		    (s->place_only == NULL || from->only != NULL);
	return s->verdict == REACH_IF && from->only != NULL;
}

static void
judge(struct reach *x, uint32_t n, const struct reach_from *from)
{
	const struct rule *r = &x->rs->rules[n];

	if (is_settled(x, n, from))
		return;
	if (!(reach_can(x, r) & PROGRAM_TRUE)) {
		if (from->only == NULL && from->place.len == 0)
			reach_blocked(x, n);
		return;
	}
	raise_to(x, &x->rules[n], from);
	for (const struct counting *k = r->countings; k != NULL; k = k->next) {
		size_t rule = (size_t)(k->correlation->rule - x->rs->rules);

		if (gives(x, k->correlation, k->index))
			raise_to(x, &x->counted[x->first[rule] + k->index],
			    from);
	}
}

/* What is known of all events that are sure to come. */
static void
note_fields(struct reach *x, struct reach_source *s, const struct event *ev)
{
	s->covered = true;
	for (size_t i = 0; i < ev->set_count; i++) {
		uint16_t field = ev->set[i];

		if (x->state[field] > s->fields[field])
			s->fields[field] = x->state[field];
	}
}

static bool
covers(const struct reach_source *s, const struct event *ev)
{
	for (size_t i = 0; i < ev->source_count; i++)
		if (logsource_covers(s->source, ev->sources[i]))
			return true;
	return false;
}

void
reach_event(struct reach *x, const struct event *ev,
    const struct reach_from *from)
{
	predicates_event(x->rs->predicates, ev);
	memset(x->state, FIELD_ABSENT, x->fields);
	x->anywhere = ev->raw.p == value_any.p ? FIELD_ANY : FIELD_FIXED;
	for (size_t i = 0; i < ev->set_count; i++) {
		uint16_t field = ev->set[i];

		x->state[field] = state_of(&ev->values[field]);
		if (x->state[field] == FIELD_ANY)
			x->anywhere = FIELD_ANY;
	}
	for (size_t i = 0; i < x->source_count; i++) {
		struct reach_source *s = &x->sources[i];

		if (!covers(s, ev))
			continue;
		if (from->only == NULL && from->place.len == 0)
			note_fields(x, s, ev);
		for (size_t k = 0; k < s->count; k++)
			judge(x, s->rules[k], from);
	}
}

/* --- correlations -------------------------------------------------------- */

/* At what somebody would have it that a rule that is counted can match. */
struct asked {
	const struct standing *counted;
	enum reach_verdict least;
};

static unsigned
expr_can(const struct expr *e, const struct asked *a)
{
	unsigned none = e->type == EXPR_AND ? PROGRAM_TRUE : PROGRAM_FALSE;
	unsigned all = 0, some = 0;

	if (e->type == EXPR_LINK)
		return expr_can(e->first, a);
	if (e->type == EXPR_TEST)
		return a->counted[e->n].verdict >= a->least ?
		    PROGRAM_EITHER : PROGRAM_FALSE;
	if (e->type == EXPR_NOT) {
		some = expr_can(e->first, a);
		return (some & PROGRAM_TRUE ? PROGRAM_FALSE : 0) |
		    (some & PROGRAM_FALSE ? PROGRAM_TRUE : 0);
	}
	/* It is what it is of none when all are, the other when one is. */
	all = none;
	for (const struct expr *c = e->first; c != NULL; c = c->next) {
		unsigned one = expr_can(c, a);

		if (!(one & none))
			all = 0;
		some |= one & (none ^ PROGRAM_EITHER);
	}
	return all | some;
}

static bool
correlation_can(const struct correlation *c, const struct asked *a)
{
	size_t n = 0;

	for (size_t i = 0; i < c->counted_count; i++)
		n += a->counted[i].verdict >= a->least;
	if (c->expr != NULL)
		return n > 0 && (expr_can(c->expr, a) & PROGRAM_TRUE);
	return c->type < TEMPORAL ? n > 0 : n == c->counted_count;
}

static void
judge_correlation(struct reach *x, size_t rule)
{
	const struct correlation *c = x->rs->rules[rule].correlation;
	struct standing *counted = x->counted + x->first[rule];
	struct standing *s = &x->rules[rule];

	for (size_t i = 0; i < c->counted_count; i++)
		if (x->rs->rules[c->counted[i].rule].correlation != NULL)
			counted[i] = x->rules[c->counted[i].rule];
	for (int least = REACH_YES; least > REACH_NO; least--) {
		struct asked a = { counted, (enum reach_verdict)least };

		if (!correlation_can(c, &a))
			continue;
		s->verdict = a.least;
		for (size_t i = 0; i < c->counted_count; i++)
			if (counted[i].verdict == a.least) {
				s->only = counted[i].only;
				s->by = counted[i].by;
			}
		return;
	}
}

void
reach_end(struct reach *x)
{
	for (unsigned depth = 0; depth <= NESTED_MAX; depth++)
		for (size_t i = 0; i < x->rs->count; i++) {
			const struct rule *r = &x->rs->rules[i];

			if (r->correlation != NULL &&
			    r->correlation->depth == depth)
				judge_correlation(x, i);
		}
}

struct reach_view
reach_view(struct reach *x, size_t rule)
{
	const struct rule *r = &x->rs->rules[rule];
	const struct standing *s = &x->rules[rule];
	struct reach_view out = {
		.verdict = s->verdict, .by = s->by, .only = s->only,
		.silent = r->silent, .expects = r->expect != NULL,
	};

	if (!ruleset_view(x->rs, rule).enabled) {
		out.verdict = REACH_NO;
		out.why = REACH_OFF;
	} else if (out.verdict != REACH_YES) {
		reach_explain(x, rule, &out);
		out.place = s->place;
		out.place_only = s->place_only;
	}
	return out;
}
