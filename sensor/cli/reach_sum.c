/*
 * The summary of rules reach: how many rules can fire, and for what reasons
 * the others can't, with what to do about each.
 */
#include <stdlib.h>

#include "base/map.h"
#include "cli/reach_print.h"
#include "cli/table.h"

enum { REASONS_SHOWN = 30, PRODUCTS_SHOWN = 4 };

/* Rules that can't fire for one reason. */
struct reason {
	struct slice why, advice;
	size_t count;
};

struct sum {
	struct arena *keep;
	struct map *numbers;	/* by text, + 1 */
	struct reason *reasons;
	size_t count;
};

static void
number(const struct screen *s, const char *before, size_t n,
    const char *after)
{
	struct buf text = { 0 };

	buf_str(&text, before);
	number_grouped(&text, n);
	buf_str(&text, after);
	screen_paint(s, PAINT_NONE, buf_slice(&text));
	buf_free(&text);
}

static void
count_reason(struct sum *sum, struct slice why, struct slice advice,
    size_t rules)
{
	size_t n = (size_t)(uintptr_t)map_get(sum->numbers, why);

	if (n == 0) {
		sum->reasons = xrealloc(sum->reasons, sum->count + 1,
		    sizeof(*sum->reasons));
		sum->reasons[sum->count++] = (struct reason){
			arena_keep(sum->keep, why),
			arena_keep(sum->keep, advice), 0
		};
		n = sum->count;
		map_put(sum->numbers, why, (void *)(uintptr_t)n);
	}
	sum->reasons[n - 1].count += rules;
}

static int
by_count(const void *a, const void *b)
{
	const struct reason *x = a, *y = b;

	return x->count > y->count ? -1 : x->count < y->count ? 1 :
	    slice_cmp(x->why, y->why);
}

static void
sum_begin(struct sum *sum)
{
	*sum = (struct sum){ .keep = arena_new(0), .numbers = map_new() };
}

static void
sum_free(struct sum *sum)
{
	free(sum->reasons);
	map_free(sum->numbers);
	arena_free(sum->keep);
}

static void
sort(struct sum *sum)
{
	if (sum->count > 0)
		qsort(sum->reasons, sum->count, sizeof(*sum->reasons),
		    by_count);
}

static void
print_reasons(const struct screen *s, const struct sum *sum)
{
	static const struct column columns[] = {
		{ .title = "RULES", .right = true },
		{ .title = "WHY NOT", .stretch = true },
		{ .title = "WHAT TO DO" },
	};
	struct table *t = table_new(s, columns, COUNT(columns));
	size_t rest = 0;

	for (size_t i = 0; i < sum->count; i++) {
		struct buf n = { 0 };

		if (i >= REASONS_SHOWN) {
			rest += sum->reasons[i].count;
			continue;
		}
		number_grouped(&n, sum->reasons[i].count);
		table_cell(t, PAINT_NONE, buf_slice(&n));
		table_cell(t, PAINT_NONE, sum->reasons[i].why);
		table_cell(t, PAINT_DIM, sum->reasons[i].advice);
		buf_free(&n);
	}
	fputc('\n', s->out);
	table_print(t, true);
	table_free(t);
	if (rest > 0)
		fprintf(s->out, "and %zu for %zu more reasons; --all has "
		    "each rule\n", rest, sum->count - REASONS_SHOWN);
}

/* One line for all products of which nothing comes. */
static void
fold_foreign(struct sum *sum, struct sum *foreign)
{
	struct buf why = { 0 };
	size_t rules = 0;

	sort(foreign);
	buf_str(&why, foreign->count == 1 ? "nothing gives product " :
	    "nothing gives products ");
	for (size_t i = 0; i < foreign->count; i++) {
		rules += foreign->reasons[i].count;
		if (i >= PRODUCTS_SHOWN)
			continue;
		buf_str(&why, i > 0 ? ", " : "");
		buf_add(&why, foreign->reasons[i].why);
	}
	if (foreign->count > PRODUCTS_SHOWN)
		buf_fmt(&why, " and %zu more",
		    foreign->count - PRODUCTS_SHOWN);
	if (foreign->count > 0)
		count_reason(sum, buf_slice(&why), S(REACH_FOREIGN), rules);
	buf_free(&why);
}

static void
explain_rest(const struct reaching *r)
{
	struct buf why = { 0 }, advice = { 0 };
	struct sum sum, foreign;

	sum_begin(&sum);
	sum_begin(&foreign);
	for (size_t i = 0; i < r->count; i++) {
		const struct reached *one = &r->rules[i];

		if (one->fires != REACH_NO)
			continue;
		buf_clear(&why);
		buf_clear(&advice);
		reach_group_text(r, one, &why);
		reach_do_text(r, one, &advice);
		if (reach_is_foreign(r, one))
			count_reason(&foreign, schema_word_text(
			    r->detector->schema, one->rule.source.product),
			    S(""), 1);
		else
			count_reason(&sum, buf_slice(&why),
			    buf_slice(&advice), 1);
	}
	fold_foreign(&sum, &foreign);
	sort(&sum);
	if (sum.count > 0)
		print_reasons(r->screen, &sum);
	buf_free(&why);
	buf_free(&advice);
	sum_free(&sum);
	sum_free(&foreign);
}

static bool
hangs_on(const struct reached *one, const char *only)
{
	return one->fires == REACH_IF && strcmp(one->view.only, only) == 0;
}

/* A kind of "if", and what to read so that it is none for the first of them. */
static void
print_if(const struct reaching *r, const struct reach_if *kind)
{
	const struct reached *first = NULL;
	struct buf advice = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < r->count; i++) {
		const struct reached *one = &r->rules[i];

		if (!hangs_on(one, kind->only))
			continue;
		n++;
		if (first == NULL && one->view.place.len > 0 &&
		    one->view.place_only == NULL)
			first = one;
	}
	if (n == 0)
		return;
	if (first != NULL) {
		buf_str(&advice, "; or ");
		reach_do_text(r, first, &advice);
	}
	number(r->screen, "", n, " more ");
	fputs(kind->what, r->screen->out);
	screen_line(r->screen, buf_slice(&advice));
	buf_free(&advice);
}

void
reach_sum(const struct reaching *r)
{
	size_t fire = 0, silent = 0, always = 0;

	for (size_t i = 0; i < r->count; i++) {
		bool can = r->rules[i].fires == REACH_YES;

		fire += can;
		silent += can && r->rules[i].view.silent;
		always += r->rules[i].always;
	}
	number(r->screen, "", fire, " of ");
	number(r->screen, "", r->count, " rules can fire here");
	if (silent > 0)
		number(r->screen, ", ", silent, " of them for correlations "
		    "alone");
	fputc('\n', r->screen->out);
	if (always > 0)
		number(r->screen, "", always, " of them will always alert: "
		    "what they expect can't come\n");
	for (size_t i = 0; reach_ifs[i].only != NULL; i++)
		print_if(r, &reach_ifs[i]);
	explain_rest(r);
}
