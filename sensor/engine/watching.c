#include "engine/watching.h"

#include <math.h>

/* How far a measure is from what the bounds want; 0: they hold. */
static double
bounds_off(const struct correlation *c, double measure)
{
	double most = 0;

	for (size_t i = 0; i < c->bound_count; i++) {
		double by = measure - c->bounds[i].number, off = fabs(by);

		switch (c->bounds[i].op) {
		case GT:
		case GTE:
			off = by < 0 ? -by : 0;
			break;
		case LT:
		case LTE:
			off = by > 0 ? by : 0;
			break;
		case EQ:
		case NEQ:
		case BOUND_OPS:
			break;
		}
		most = off > most ? off : most;
	}
	return most;
}

void
watching_lost(const struct watching *w, const struct correlation *c,
    size_t rule, enum counting_result why, struct slice missing)
{
	if (w->correlation == c)
		w->each(w->arg, &(struct counting_view){ .result = why,
		    .counted = rule, .missing = missing });
}

void
watching_window(const struct watching *w, const struct group *g, size_t n,
    size_t rule, enum counting_result result)
{
	const struct correlation *c = group_correlation(g);
	const struct seen *items = g->window.items;
	struct slice values[CORRELATION_FIELDS_MAX];
	struct counting_view v = { .result = result, .counted = rule,
	    .values = values };

	if (w->correlation != c || n == 0)
		return;
	group_name_read(item_name(&g->item), values, c->group_count);
	v.holds = window_holds(&g->window, c, n, &v.measure);
	v.from = items[0].time;
	v.until = items[n - 1].time;
	if (c->type == TEMPORAL || c->type == TEMPORAL_ORDERED)
		v.seen = window_rules(&g->window, n);
	v.off = c->bound_count > 0 ? bounds_off(c, v.measure) :
	    (double)c->counted_count - v.measure;
	v.off = v.holds ? 0 : v.off;
	w->each(w->arg, &v);
}
