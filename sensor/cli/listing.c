#include "cli/listing.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/pack.h"
#include "base/when.h"
#include "cli/table.h"

enum { ROW_ARENA = 32 << 20 };

/* How rows are given away. */
struct form {
	void (*row)(struct listing *l, const struct found *f);
	void (*end)(struct listing *l);
};

/* --- JSON and CSV --- */

static void
put_text(struct listing *l)
{
	buf_byte(&l->text, '\n');
	if (!l->reversed) {
		fwrite(l->text.p, 1, l->text.len, stdout);
	} else {
		l->lines.items = xrealloc(l->lines.items, l->lines.count + 1,
		    sizeof(*l->lines.items));
		l->lines.items[l->lines.count++] =
		    xslicedup(buf_slice(&l->text));
	}
	buf_clear(&l->text);
}

static void
free_lines(struct listing *l)
{
	for (size_t i = 0; i < l->lines.count; i++)
		free((void *)(uintptr_t)l->lines.items[i]);
	free(l->lines.items);
	l->lines = (struct strlist){ 0 };
}

/* What is about the answer is not in the way of a program that reads it. */
static void
end_text(struct listing *l)
{
	struct screen aside = { .out = stderr };

	for (size_t i = l->lines.count; i-- > 0;)
		fputs(l->lines.items[i], stdout);
	free_lines(l);
	l->reversed = false;
	if (l->header.len > 0)
		screen_line(&aside, buf_slice(&l->header));
	if (l->observed.len > 0)
		screen_line(&aside, buf_slice(&l->observed));
}

static void
row_json(struct listing *l, const struct found *f)
{
	found_json(f, &l->text);
	put_text(l);
}

static void
csv_heading(struct listing *l)
{
	if (!l->headed)
		puts("id,time,level,state,user,source,rule,title");
	l->headed = true;
}

static void
row_csv(struct listing *l, const struct found *f)
{
	static const struct slice fields[] = {
		SLICE("level"), SLICE("state"), SLICE("user"),
		SLICE("source"), SLICE("rule"), SLICE("title"),
	};
	struct buf value = { 0 };

	if (!l->reversed)
		csv_heading(l);
	buf_fmt(&l->text, "%.12s,", f->digits);
	when_utc(&l->text, f->time);
	for (size_t i = 0; i < COUNT(fields); i++) {
		buf_clear(&value);
		found_field(f, fields[i], &value);
		buf_byte(&l->text, ',');
		csv_add(&l->text, buf_slice(&value));
	}
	buf_free(&value);
	put_text(l);
}

static void
end_csv(struct listing *l)
{
	csv_heading(l);
	end_text(l);
}

/* --- the table --- */

static void
row_table(struct listing *l, const struct found *f)
{
	struct buf key = { 0 }, who = { 0 };

	found_who(f, &who);
	pack_slice(&key, f->state);
	pack_slice(&key, buf_slice(&who));
	pack_slice(&key, f->title);
	pack_slice(&key, f->rule);
	fold_add(&l->fold, buf_slice(&key), f);
	buf_free(&key);
	buf_free(&who);
}

static const struct column columns[] = {
	{ .title = "ID" },
	{ .title = "TIME" },
	{ .title = "LEVEL" },
	{ .title = "WHO", .most = 40 },
	{ .title = "WHAT", .stretch = true, .most = 200 },
	{ .title = "×", .right = true },
};

/* Rows that come one by one stand below each other all the same. */
static const struct column growing_columns[] = {
	{ .title = "ID", .least = 6 },
	{ .title = "TIME", .least = 8 },
	{ .title = "LEVEL", .least = 8 },
	{ .title = "WHO", .least = 18, .most = 40 },
	{ .title = "WHAT", .stretch = true, .most = 200 },
};
static_assert(COUNT(growing_columns) + 1 == COUNT(columns),
    "all but the count");

static void
add_line(struct listing *l, struct table *t, const struct group *g,
    int digits)
{
	struct unpack u = { .rest = g->key };
	struct slice state = unpack_slice(&u), who = unpack_slice(&u);
	bool done = slice_eq(state, S("acked")) || slice_eq(state, S("closed"));
	enum paint paint = done ? PAINT_DIM : PAINT_NONE;
	struct buf text = { 0 };

	table_cell(t, done ? PAINT_DIM : PAINT_BOLD,
	    slice_bytes(g->digits, (size_t)digits));
	time_short(&text, g->time, l->screen.now);
	table_cell(t, paint, buf_slice(&text));
	table_cell(t, done ? PAINT_DIM : paint_level(g->level),
	    slice_of(level_name(g->level)));
	table_cell(t, paint, who);
	buf_clear(&text);
	buf_add(&text, unpack_slice(&u));
	if (done)
		buf_fmt(&text, " (%.*s)", (int)state.len,
		    (const char *)state.p);
	table_cell(t, paint, buf_slice(&text));
	buf_clear(&text);
	buf_u64(&text, g->count);
	if (!l->following)
		table_cell(t, paint, buf_slice(&text));
	buf_free(&text);
}

static void
print_groups(struct listing *l)
{
	struct table *t = l->following ?
	    table_new(&l->screen, growing_columns, COUNT(growing_columns)) :
	    table_new(&l->screen, columns, COUNT(columns));
	int digits = fold_digits(&l->fold);

	fold_by_time(&l->fold);
	for (size_t i = 0; i < l->fold.count; i++)
		add_line(l, t, l->fold.groups[i], digits);
	table_print(t, !l->following);
	table_free(t);
}

/* What to look at first: open, the highest level, the oldest of these. */
static const struct group *
worst(const struct fold *f)
{
	const struct group *best = NULL;

	for (size_t i = 0; i < f->count; i++) {
		const struct group *g = f->groups[i];
		struct unpack u = { .rest = g->key };

		if (!slice_eq(unpack_slice(&u), S("open")))
			continue;
		if (best == NULL || g->level > best->level)
			best = g;
	}
	return best;
}

static void
print_counts(const struct listing *l, const char *lines)
{
	bool alerts = strcmp(l->noun, "alert") == 0;

	if (l->records == 0) {
		printf("no %ss", l->noun);
		return;
	}
	printf("%llu %s%s", (unsigned long long)l->records, l->noun,
	    l->records == 1 ? "" : "s");
	if (l->fold.count < l->records)
		printf(" in %zu %s%s", l->fold.count, lines,
		    l->fold.count == 1 ? "" : "s");
	if (alerts)
		printf(", %llu open", (unsigned long long)l->open);
}

static void
end_table(struct listing *l)
{
	const struct group *next;

	if (l->header.len > 0)
		screen_line(&l->screen, buf_slice(&l->header));
	if (l->fold.count > 0)
		print_groups(l);
	print_counts(l, "line");
	if (l->excepted > 0)
		printf(" · %llu excepted (--excepted)",
		    (unsigned long long)l->excepted);
	next = worst(&l->fold);
	if (next != NULL)
		printf(" · next: vedette show %.*s", fold_digits(&l->fold),
		    next->digits);
	putchar('\n');
	screen_line(&l->screen, buf_slice(&l->observed));
}

/* --- --by --- */

static void
row_by(struct listing *l, const struct found *f)
{
	struct buf key = { 0 }, value = { 0 };

	for (size_t i = 0; i < l->field_count; i++) {
		buf_clear(&value);
		found_field(f, l->fields[i], &value);
		pack_slice(&key, buf_slice(&value));
	}
	fold_add(&l->fold, buf_slice(&key), f);
	buf_free(&key);
	buf_free(&value);
}

/* Sorts, and says how many groups are to be shown. */
static size_t
sorted(struct listing *l)
{
	uint64_t limit = l->options->limit;

	fold_by_count(&l->fold);
	return limit > 0 && limit < l->fold.count ? (size_t)limit :
	    l->fold.count;
}

static void
add_group(const struct listing *l, struct table *t, const struct group *g)
{
	struct unpack u = { .rest = g->key };
	struct buf text = { 0 };

	buf_u64(&text, g->count);
	table_cell(t, PAINT_BOLD, buf_slice(&text));
	buf_clear(&text);
	buf_fmt(&text, "%.1f %%", 100 * (double)g->count /
	    (double)l->fold.records);
	table_cell(t, PAINT_NONE, buf_slice(&text));
	for (size_t i = 0; i < l->field_count; i++)
		table_cell(t, PAINT_NONE, unpack_slice(&u));
	buf_free(&text);
}

static void
end_by_table(struct listing *l)
{
	struct column by[LISTING_FIELDS_MAX + 2] = {
		{ .title = "COUNT", .right = true },
		{ .title = "SHARE", .right = true },
	};
	char titles[LISTING_FIELDS_MAX][64];
	size_t count = sorted(l);
	struct table *t;

	for (size_t i = 0; i < l->field_count; i++) {
		slice_to_cstr(l->fields[i], titles[i], sizeof(titles[i]));
		by[i + 2] = (struct column){ .title = titles[i], .most = 200,
		    .stretch = i + 1 == l->field_count };
	}
	t = table_new(&l->screen, by, l->field_count + 2);
	for (size_t i = 0; i < count; i++)
		add_group(l, t, l->fold.groups[i]);
	if (l->header.len > 0)
		screen_line(&l->screen, buf_slice(&l->header));
	if (count > 0)
		table_print(t, true);
	table_free(t);
	print_counts(l, "group");
	putchar('\n');
	screen_line(&l->screen, buf_slice(&l->observed));
}

static void
end_by_json(struct listing *l)
{
	size_t count = sorted(l);

	for (size_t i = 0; i < count; i++) {
		struct unpack u = { .rest = l->fold.groups[i]->key };
		struct jsonw w = { .out = &l->text };

		jsonw_object(&w);
		jsonw_pair_int(&w, "count",
		    (int64_t)l->fold.groups[i]->count);
		for (size_t k = 0; k < l->field_count; k++) {
			jsonw_key(&w, l->fields[k]);
			jsonw_str(&w, unpack_slice(&u));
		}
		jsonw_object_end(&w);
		put_text(l);
	}
	end_text(l);
}

static void
end_by_csv(struct listing *l)
{
	size_t count = sorted(l);

	buf_str(&l->text, "count");
	for (size_t k = 0; k < l->field_count; k++) {
		buf_byte(&l->text, ',');
		csv_add(&l->text, l->fields[k]);
	}
	put_text(l);
	for (size_t i = 0; i < count; i++) {
		struct unpack u = { .rest = l->fold.groups[i]->key };

		buf_u64(&l->text, l->fold.groups[i]->count);
		for (size_t k = 0; k < l->field_count; k++) {
			buf_byte(&l->text, ',');
			csv_add(&l->text, unpack_slice(&u));
		}
		put_text(l);
	}
	end_text(l);
}

/* --- from outside --- */

static const struct form form_table = { row_table, end_table };
static const struct form form_json = { row_json, end_text };
static const struct form form_csv = { row_csv, end_csv };
static const struct form form_by_table = { row_by, end_by_table };
static const struct form form_by_json = { row_by, end_by_json };
static const struct form form_by_csv = { row_by, end_by_csv };

static const struct form *
choose(const struct args_list *o)
{
	if (o->by != NULL)
		return o->json ? &form_by_json : o->csv ? &form_by_csv :
		    &form_by_table;
	return o->json ? &form_json : o->csv ? &form_csv : &form_table;
}

static int
read_fields(struct listing *l, struct err *err)
{
	struct slice rest = slice_of(l->options->by), name;
	bool more = rest.len > 0;
	const char *instead;

	while (more) {
		more = slice_cut(&rest, ',', &name);
		if (!more)
			name = rest;
		if (name.len == 0)
			return err_set(err, "--by: a field has no name");
		instead = found_no_field(name);
		if (instead != NULL)
			return err_set(err, "--by: no record has a \"%.*s\"; "
			    "there are %s", (int)slice_head(name, 64).len,
			    (const char *)name.p, instead);
		if (l->field_count == LISTING_FIELDS_MAX)
			return err_set(err, "--by: more than %d fields",
			    LISTING_FIELDS_MAX);
		l->fields[l->field_count++] = name;
	}
	return 0;
}

int
listing_init(struct listing *l, const struct args_list *options,
    const char *noun, struct err *err)
{
	*l = (struct listing){ .options = options, .noun = noun };
	screen_init(&l->screen, stdout);
	fold_init(&l->fold);
	l->arena = arena_new(ROW_ARENA);
	l->form = choose(options);
	l->reversed = options->limit > 0 && options->by == NULL;
	if (options->json && options->csv)
		return err_set(err, "--json and --csv don't go together");
	if (options->by != NULL && *options->by == '\0')
		return err_set(err, "--by: which field?");
	return read_fields(l, err);
}

void
listing_free(struct listing *l)
{
	fold_free(&l->fold);
	free_lines(l);
	arena_free(l->arena);
	buf_free(&l->text);
	buf_free(&l->header);
	buf_free(&l->observed);
}

void
listing_row(struct listing *l, struct slice row)
{
	struct found f;

	arena_reset(l->arena);
	if (found_read(l->arena, row, &f) == -1)
		return;
	l->records++;
	l->open += slice_eq(f.state, S("open"));
	if (f.seq > l->seq)
		l->seq = f.seq;
	l->form->row(l, &f);
	if (l->following && l->form == &form_table) {
		print_groups(l);
		fold_free(&l->fold);
		fold_init(&l->fold);
	}
}

void
listing_observed(struct listing *l, struct slice observed)
{
	struct json *j;

	arena_reset(l->arena);
	buf_clear(&l->observed);
	if (json_parse(l->arena, observed, &j, NULL) == 0)
		buf_add(&l->observed, json_text(j, "line"));
}

void
listing_end(struct listing *l)
{
	l->form->end(l);
}

void
listing_follow(struct listing *l)
{
	l->following = true;
	fold_free(&l->fold);
	fold_init(&l->fold);
}
