#include "engine/order.h"

#include <stdlib.h>

#include "base/buf.h"

/* What tests take, roughly, in units of one look at the end of a text. */
enum {
	COST_LOOK = 1,
	COST_PARSE = 4,		/* a number, an address or a time */
	COST_FIND = 6,		/* a text anywhere in another */
	COST_GLOB = 12,
	COST_REGEX = 60,
	COST_MOST = 1 << 30,
	FIELDS = 8,		/* that anywhere stands for */
};

static uint32_t
matcher_cost(const struct matcher *m)
{
	static const uint8_t costs[] = {
		[MATCH_ANY] = COST_LOOK, [MATCH_EQUAL] = COST_LOOK,
		[MATCH_PREFIX] = COST_LOOK, [MATCH_SUFFIX] = COST_LOOK,
		[MATCH_CONTAINS] = COST_FIND, [MATCH_GLOB] = COST_GLOB,
	};

	return costs[m->type];
}

static uint32_t
test_cost(const struct predicate *p)
{
	static const uint8_t costs[OP_COUNT] = {
		[OP_NULL] = COST_LOOK, [OP_EXISTS] = COST_LOOK,
		[OP_NUMBER] = COST_PARSE, [OP_COMPARE] = COST_PARSE,
		[OP_CIDR] = COST_PARSE, [OP_TIME] = COST_PARSE,
		[OP_FIELDREF] = COST_GLOB, [OP_REGEX] = COST_REGEX,
	};
	uint32_t cost = costs[p->op];

	if (p->op == OP_TEXT)
		cost = matcher_cost(&p->text);
	if (p->op == OP_SET)
		for (size_t i = 0; i < p->set.count; i++)
			cost += matcher_cost(&p->set.items[i]);
	return p->field == FIELD_ANYWHERE ? cost * FIELDS : cost;
}

/* An operand, while they are put in order. */
struct operand {
	struct expr *expr;
	uint32_t cost;
	uint32_t place;		/* equal ones stay as they are written */
};

static int
by_cost(const void *a, const void *b)
{
	const struct operand *x = a, *y = b;

	if (x->cost != y->cost)
		return x->cost < y->cost ? -1 : 1;
	return x->place < y->place ? -1 : 1;
}

static uint32_t order(const struct predicates *ps, struct expr *e);

/* Orders the operands of one that has several; their cost together. */
static uint32_t
order_operands(const struct predicates *ps, struct expr *e)
{
	struct operand *all = NULL;
	uint32_t count = 0, cost = 0;

	for (struct expr *c = e->first; c != NULL; c = c->next) {
		/* Grows at powers of two, so a room needs no counting. */
		if ((count & (count - 1)) == 0)
			all = xrealloc(all, count * 2 + 1, sizeof(*all));
		all[count] = (struct operand){ c, order(ps, c), count };
		cost += all[count++].cost;
		cost = cost > COST_MOST ? COST_MOST : cost;
	}
	if (count > 1)
		qsort(all, count, sizeof(*all), by_cost);
	for (uint32_t i = 0; i < count; i++)
		all[i].expr->next = i + 1 < count ? all[i + 1].expr : NULL;
	e->first = count > 0 ? all[0].expr : NULL;
	free(all);
	return cost;
}

static uint32_t
order(const struct predicates *ps, struct expr *e)
{
	switch (e->type) {
	case EXPR_TEST:
		return test_cost(predicates_get(ps, e->n));
	case EXPR_LINK:
	case EXPR_NOT:
		return order(ps, e->first);
	case EXPR_AND:
	case EXPR_OR:
		break;
	}
	return order_operands(ps, e);
}

void
expr_order(const struct predicates *ps, struct expr *e)
{
	order(ps, e);
}
