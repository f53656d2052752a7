/*
 * Correlations as people look at them.
 */
#include <math.h>

#include "engine/ruleset.h"
#include "engine/watching.h"

static void
write_bounds(const struct correlation *c, struct buf *out)
{
	static const char *const signs[] = {
		[GT] = "more than ", [GTE] = "at least ", [LT] = "less than ",
		[LTE] = "at most ", [EQ] = "", [NEQ] = "not ",
	};

	for (size_t i = 0; i < c->bound_count; i++)
		buf_fmt(out, "%s%s%.15g", i > 0 ? " and " : "",
		    signs[c->bounds[i].op], c->bounds[i].number);
}

static void
write_condition(const struct correlation *c, struct buf *out)
{
	if (c->condition.text.len > 0)
		buf_add(out, c->condition.text);
	else if (c->bound_count == 0)
		buf_str(out, "all of the rules");
	else
		write_bounds(c, out);
	if (c->type == VALUE_PERCENTILE)
		buf_fmt(out, " (percentile %.15g)", c->percentile);
}

/* What a condition of one least number asks for. */
static double
enough(const struct correlation *c)
{
	bool whole = c->type == EVENT_COUNT || c->type == VALUE_COUNT ||
	    c->type == TEMPORAL || c->type == TEMPORAL_ORDERED;

	if (c->bound_count == 0 && c->condition.text.len == 0)
		return (double)c->counted_count;
	if (c->bound_count != 1)
		return 0;
	if (c->bounds[0].op == GT && whole)
		return floor(c->bounds[0].number) + 1;
	return c->bounds[0].op == GTE ? c->bounds[0].number : 0;
}

static void
view_counted(const struct correlation *c, struct arena *a,
    struct correlation_view *out)
{
	struct counted_view *counted = arena_alloc(a,
	    (c->counted_count + 1) * sizeof(*counted));

	for (size_t i = 0; i < c->counted_count; i++)
		counted[i] = (struct counted_view){
			c->counted[i].name.text, c->counted[i].rule };
	out->counted = counted;
	out->counted_count = c->counted_count;
}

static void
view_aliases(const struct correlation *c, struct arena *a,
    struct correlation_view *out)
{
	struct alias_view *aliases = arena_alloc(a,
	    (c->alias_count + 1) * sizeof(*aliases));

	for (size_t i = 0; i < c->alias_count; i++)
		aliases[i] = (struct alias_view){ c->aliases[i].name,
			c->aliases[i].rule.text, c->aliases[i].field };
	out->aliases = aliases;
	out->alias_count = c->alias_count;
}

bool
ruleset_correlates(const struct ruleset *rs, size_t rule)
{
	return rs->rules[rule].correlation != NULL;
}

bool
ruleset_correlation(const struct ruleset *rs, size_t rule, struct arena *a,
    struct correlation_view *out)
{
	const struct correlation *c = rs->rules[rule].correlation;
	struct buf text = { 0 };

	if (c == NULL)
		return false;
	write_condition(c, &text);
	*out = (struct correlation_view){
		.type = correlation_types[c->type],
		.temporal = c->type == TEMPORAL ||
		    c->type == TEMPORAL_ORDERED,
		.timespan = c->timespan, .late = c->late, .rearm = c->rearm,
		.group = c->group, .group_count = c->group_count,
		.values = c->values, .value_count = c->value_count,
		.condition = arena_keep(a, buf_slice(&text)),
		.enough = enough(c), .generate = c->generate, .eager = c->eager,
		.groups_most = rs->limits.groups,
		.values_most = c->type == VALUE_COUNT ? c->values_most : 0,
	};
	view_counted(c, a, out);
	view_aliases(c, a, out);
	buf_free(&text);
	return true;
}

void
ruleset_watch(struct ruleset *rs, size_t rule,
    void (*each)(void *arg, const struct counting_view *v), void *arg)
{
	correlator_watch(rs->correlator, &(struct watching){
		rs->rules[rule].correlation, each, arg });
}
