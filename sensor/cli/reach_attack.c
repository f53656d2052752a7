/*
 * ATT&CK's tactics and techniques as rules are tagged with them, and for how
 * many of their rules something can come. A rule counts in each pair of its
 * tactics and techniques.
 */
#include <stdlib.h>

#include "base/map.h"
#include "cli/reach_print.h"
#include "cli/table.h"

enum { TAGS_MAX = 64 };

struct technique {
	struct slice tactic, id;	/* id empty: tags without one */
	size_t rules, fire, ifs;
};

struct attack {
	struct arena *keep;
	struct map *numbers;	/* by tactic and technique, + 1 */
	struct technique *items;
	size_t count;
};

/* What tags say of a rule: views of them. */
struct tagged {
	struct slice tactics[TAGS_MAX], techniques[TAGS_MAX];
	size_t tactic_count, technique_count;
};

/* T1110.001 of t1110.001; as the tag has it where that is another kind. */
static bool
is_technique(struct slice s)
{
	return s.len > 1 && s.p[0] == 't' && byte_is_digit(s.p[1]);
}

static bool
is_number(struct slice s)
{
	return s.len > 1 && byte_is_digit(s.p[1]);
}

static void
read_tags(const struct rule_info *info, struct tagged *out)
{
	*out = (struct tagged){ 0 };
	for (size_t i = 0; i < info->tag_count; i++) {
		struct slice s = info->tags[i];

		if (!slice_skip(&s, S("attack.")))
			continue;
		if (is_technique(s) && out->technique_count < TAGS_MAX)
			out->techniques[out->technique_count++] = s;
		else if (!is_number(s) && out->tactic_count < TAGS_MAX)
			out->tactics[out->tactic_count++] = s;
	}
}

/* initial_access is initial-access, t1110 is T1110. */
static void
put(struct buf *out, struct slice s, bool technique)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = s.p[i] == '_' ? '-' : s.p[i];

		buf_byte(out, technique && c == 't' ? 'T' : c);
	}
}

static struct technique *
technique_of(struct attack *a, struct slice tactic, struct slice id)
{
	struct buf key = { 0 };
	size_t n, split;

	put(&key, tactic, false);
	split = key.len;
	buf_byte(&key, '\n');
	put(&key, id, true);
	n = (size_t)(uintptr_t)map_get(a->numbers, buf_slice(&key));
	if (n == 0) {
		struct slice kept = arena_keep(a->keep, buf_slice(&key));

		a->items = xrealloc(a->items, a->count + 1,
		    sizeof(*a->items));
		a->items[a->count++] = (struct technique){
			.tactic = slice_head(kept, split),
			.id = slice_from(kept, split + 1),
		};
		n = a->count;
		map_put(a->numbers, kept, (void *)(uintptr_t)n);
	}
	buf_free(&key);
	return &a->items[n - 1];
}

static void
count_rule(struct attack *a, const struct reached *one)
{
	struct tagged tags;

	read_tags(&one->rule.info, &tags);
	if (tags.tactic_count + tags.technique_count == 0)
		return;
	if (tags.tactic_count == 0)
		tags.tactics[tags.tactic_count++] = S("");
	if (tags.technique_count == 0)
		tags.techniques[tags.technique_count++] = S("");
	for (size_t i = 0; i < tags.tactic_count; i++)
		for (size_t k = 0; k < tags.technique_count; k++) {
			struct technique *t = technique_of(a,
			    tags.tactics[i], tags.techniques[k]);

			t->rules++;
			t->fire += one->fires == REACH_YES;
			t->ifs += one->fires == REACH_IF;
		}
}

static int
by_name(const void *a, const void *b)
{
	const struct technique *x = a, *y = b;
	int order = slice_cmp(x->tactic, y->tactic);

	return order != 0 ? order : slice_cmp(x->id, y->id);
}

static void
add_number(struct table *t, enum paint p, size_t n)
{
	struct buf text = { 0 };

	number_grouped(&text, n);
	table_cell(t, p, buf_slice(&text));
	buf_free(&text);
}

static void
print_table(const struct reaching *r, const struct attack *a)
{
	static const struct column columns[] = {
		{ .title = "TACTIC" }, { .title = "TECHNIQUE" },
		{ .title = "CAN FIRE", .right = true },
		{ .title = "IF", .right = true },
		{ .title = "RULES", .right = true },
	};
	struct table *t = table_new(r->screen, columns, COUNT(columns));

	for (size_t i = 0; i < a->count; i++) {
		const struct technique *one = &a->items[i];
		bool same = i > 0 && slice_eq(one->tactic,
		    a->items[i - 1].tactic) && r->screen->width > 0;

		table_cell(t, PAINT_BOLD, same ? S("") : one->tactic.len > 0 ?
		    one->tactic : S("-"));
		table_cell(t, PAINT_NONE, one->id.len > 0 ? one->id : S("-"));
		add_number(t, one->fire > 0 ? PAINT_GREEN : PAINT_DIM,
		    one->fire);
		add_number(t, one->ifs > 0 ? PAINT_YELLOW : PAINT_DIM,
		    one->ifs);
		add_number(t, PAINT_NONE, one->rules);
	}
	table_print(t, true);
	table_free(t);
}

/* A technique that stands below several tactics is one. */
static void
print_total(const struct reaching *r, const struct attack *a)
{
	struct map *all = map_new(), *fire = map_new();

	for (size_t i = 0; i < a->count; i++) {
		const struct technique *one = &a->items[i];

		if (one->id.len == 0)
			continue;
		map_put(all, one->id, all);
		if (one->fire > 0)
			map_put(fire, one->id, fire);
	}
	fprintf(r->screen->out, "\n%zu of %zu techniques have a rule that can "
	    "fire here\n", map_count(fire), map_count(all));
	map_free(all);
	map_free(fire);
}

static void
print_json(const struct reaching *r, const struct technique *one)
{
	struct buf text = { 0 };
	struct jsonw w = { .out = &text };

	jsonw_object(&w);
	jsonw_pair(&w, "tactic", one->tactic);
	jsonw_pair(&w, "technique", one->id);
	jsonw_pair_int(&w, "can_fire", (int64_t)one->fire);
	jsonw_pair_int(&w, "if", (int64_t)one->ifs);
	jsonw_pair_int(&w, "rules", (int64_t)one->rules);
	jsonw_object_end(&w);
	buf_byte(&text, '\n');
	fwrite(text.p, 1, text.len, r->screen->out);
	buf_free(&text);
}

void
reach_attack(const struct reaching *r)
{
	struct attack a = { .keep = arena_new(0), .numbers = map_new() };

	for (size_t i = 0; i < r->count; i++)
		count_rule(&a, &r->rules[i]);
	if (a.count > 0)
		qsort(a.items, a.count, sizeof(*a.items), by_name);
	for (size_t i = 0; r->json && i < a.count; i++)
		print_json(r, &a.items[i]);
	if (!r->json) {
		print_table(r, &a);
		print_total(r, &a);
	}
	free(a.items);
	map_free(a.numbers);
	arena_free(a.keep);
}
