#include "engine/trigger.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/map.h"
#include "engine/gate.h"
#include "engine/program.h"
#include "engine/seek.h"

struct rarity {
	const struct predicates *ps;
	struct map *uses;	/* text to the number of rules' tests */
	uint64_t *costs;	/* by predicate; see NOTHING */
};

/* How often a predicate is found, when it can't be found at all. */
static const uint64_t NOTHING = UINT64_MAX;

enum {
	BITS_MAX = 24,		/* no text is rarer than one in 2^24 */
	COMMON = 8,		/* bits less for what stands in most events */
	USE_COST = 64,		/* what many rules ask for is not rare */
	HINT_COST = 256,	/* a hint must be looked at */
};

static uint64_t
text_cost(const struct rarity *r, enum seek_how how, struct slice text)
{
	uintptr_t uses = (uintptr_t)map_get(r->uses, text);
	unsigned bits = 0;

	for (size_t i = 0; i < text.len && bits < BITS_MAX; i++)
		bits += gate_bits(text.p[i]);
	bits = bits > BITS_MAX ? BITS_MAX : bits;
	if (gate_is_common(text))
		bits -= bits < COMMON ? bits : COMMON;
	return (UINT64_C(1) << (BITS_MAX - bits)) + uses * USE_COST +
	    (how == SEEK_HINT ? HINT_COST : 0);
}

static void
count_text(void *arg, enum seek_how how, struct slice text)
{
	struct map *uses = arg;
	uintptr_t n = (uintptr_t)map_get(uses, text);

	(void)how;
	map_put(uses, text, (void *)(n + 1));
}

static void
count_test(void *arg, uint32_t predicate)
{
	struct rarity *r = arg;

	seek_texts(predicates_get(r->ps, predicate), count_text, r->uses);
}

/* What seek_texts calls back with. */
struct sum {
	const struct rarity *r;
	uint64_t cost;
};

static void
add_cost(void *arg, enum seek_how how, struct slice text)
{
	struct sum *sum = arg;

	sum->cost += text_cost(sum->r, how, text);
}

struct rarity *
rarity_new(const struct rule *rules, size_t count,
    const struct predicates *ps)
{
	struct rarity *r = xcalloc(1, sizeof(*r));

	r->ps = ps;
	r->uses = map_new();
	r->costs = xcalloc(predicates_count(ps), sizeof(*r->costs));
	for (size_t i = 0; i < count; i++)
		program_tests(rules[i].code, rules[i].code_len, count_test, r);
	for (uint32_t i = 0; i < predicates_count(ps); i++) {
		const struct predicate *p = predicates_get(ps, i);
		struct sum sum = { .r = r };

		seek_texts(p, add_cost, &sum);
		r->costs[i] = seek_can(p) ? sum.cost : NOTHING;
	}
	return r;
}

void
rarity_free(struct rarity *r)
{
	if (r == NULL)
		return;
	map_free(r->uses);
	free(r->costs);
	free(r);
}

/* How often the trigger of an expression is found; or NOTHING. */
static uint64_t
cost(const struct rarity *r, const struct expr *e)
{
	uint64_t sum = 0, least = NOTHING, one;

	switch (e->type) {
	case EXPR_TEST:
		return r->costs[e->n];
	case EXPR_LINK:
		return cost(r, e->first);
	case EXPR_NOT:
		return NOTHING;
	case EXPR_AND:
	case EXPR_OR:
		break;
	}
	for (const struct expr *c = e->first; c != NULL; c = c->next) {
		one = cost(r, c);
		least = one < least ? one : least;
		sum = one == NOTHING || sum == NOTHING ? NOTHING : sum + one;
	}
	return e->type == EXPR_AND ? least : sum;
}

static const struct expr *
cheapest(const struct rarity *r, const struct expr *e)
{
	const struct expr *best = NULL;
	uint64_t least = NOTHING;

	for (const struct expr *c = e->first; c != NULL; c = c->next) {
		uint64_t one = cost(r, c);

		if (one < least) {
			least = one;
			best = c;
		}
	}
	return best;
}

/* For expressions whose cost is not NOTHING. */
static void
collect(const struct rarity *r, const struct expr *e,
    void (*each)(void *arg, uint32_t predicate), void *arg)
{
	if (e->type == EXPR_TEST)
		each(arg, e->n);
	else if (e->type == EXPR_LINK)
		collect(r, e->first, each, arg);
	else if (e->type == EXPR_AND)
		collect(r, cheapest(r, e), each, arg);
	else
		for (const struct expr *c = e->first; c != NULL; c = c->next)
			collect(r, c, each, arg);
}

bool
trigger_find(const struct rarity *r, const struct expr *e,
    void (*each)(void *arg, uint32_t predicate), void *arg)
{
	if (cost(r, e) == NOTHING)
		return false;
	collect(r, e, each, arg);
	return true;
}
