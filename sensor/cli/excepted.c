#include "cli/excepted.h"

#include <stdlib.h>

#include "base/pack.h"
#include "base/when.h"
#include "cli/found.h"
#include "cli/table.h"

enum { ROW_ARENA = 32 << 20 };

/* Folds of the same who, rule and reason. */
struct excepted_line {
	struct slice who, title, by;
	enum level level;
	uint64_t count;
	int64_t first, last;
	bool open;		/* some are still being counted */
};

void
excepted_init(struct excepted *e)
{
	*e = (struct excepted){ .arena = arena_new(0),
		.row = arena_new(ROW_ARENA), .lines = map_new() };
}

void
excepted_free(struct excepted *e)
{
	if (e->arena == NULL)
		return;
	arena_free(e->arena);
	arena_free(e->row);
	map_free(e->lines);
	free(e->list);
	*e = (struct excepted){ 0 };
}

/* "exceptions.d/x.yaml:1, alice, until 2026-12-31 23:59" */
static void
add_by(const struct json *held, struct buf *out)
{
	const struct {
		struct slice why;
		const char *text;
	} words[] = {
		{ S("mute"), "muted by " },
		{ S("suppress"), "suppressed by the rule itself" },
	};
	struct slice why = json_text(held, "why"), by = json_text(held, "by");
	int64_t expires;

	for (size_t i = 0; i < COUNT(words); i++)
		if (slice_eq(why, words[i].why))
			buf_str(out, words[i].text);
	buf_add(out, by);
	buf_str(out, by.len > 0 ? ", " : "");
	buf_add(out, json_text(held, "owner"));
	if (when_parse_rfc3339(json_text(held, "expires"), &expires) == 0) {
		buf_str(out, ", until ");
		when_local(out, expires, "%F %H:%M");
	}
}

/* Who did it; what the rule took for its key, where that is nobody. */
static void
add_who(const struct found *f, const struct json *held, struct buf *out)
{
	const struct json *others = json_get(held, "others");
	size_t from = out->len;

	if (others != NULL) {
		buf_str(out, "(others)");
		return;
	}
	found_who(f, out);
	if (slice_eq(slice_from(buf_slice(out), from), S("-"))) {
		out->len = from;
		buf_add(out, json_text(held, "key"));
	}
}

static struct excepted_line *
line_of(struct excepted *e, const struct found *f, struct slice who,
    struct slice by)
{
	struct excepted_line *line;
	struct buf key = { 0 };

	pack_slice(&key, who);
	pack_slice(&key, by);
	pack_slice(&key, f->rule);
	line = map_get(e->lines, buf_slice(&key));
	if (line == NULL) {
		line = arena_alloc(e->arena, sizeof(*line));
		*line = (struct excepted_line){ .first = INT64_MAX,
			.last = INT64_MIN, .who = arena_keep(e->arena, who),
			.by = arena_keep(e->arena, by),
			.title = arena_keep(e->arena, f->title) };
		map_put(e->lines, buf_slice(&key), line);
		if (e->count == e->room) {
			e->room = e->room * 2 + 16;
			e->list = xrealloc(e->list, e->room,
			    sizeof(struct excepted_line *));
		}
		e->list[e->count++] = line;
	}
	buf_free(&key);
	return line;
}

static void
add_fold(struct excepted_line *line, const struct found *f,
    const struct json *held)
{
	int64_t first = f->time, last = f->time;
	const struct json *event = json_get(f->body, "event");

	when_parse_rfc3339(json_text(event, "start"), &first);
	when_parse_rfc3339(json_text(event, "end"), &last);
	line->first = first < line->first ? first : line->first;
	line->last = last > line->last ? last : line->last;
	line->level = f->level;
	line->count += (uint64_t)json_int(held, "count", 0);
	line->open |= json_get(held, "open") != NULL;
}

void
excepted_row(struct excepted *e, struct slice row)
{
	struct buf who = { 0 }, by = { 0 };
	const struct json *held;
	struct found f;

	arena_reset(e->row);
	if (found_read(e->row, row, &f) == -1)
		return;
	held = json_path(f.body, "vedette.excepted");
	add_who(&f, held, &who);
	add_by(held, &by);
	add_fold(line_of(e, &f, buf_slice(&who), buf_slice(&by)), &f, held);
	e->matches += (uint64_t)json_int(held, "count", 0);
	buf_free(&who);
	buf_free(&by);
}

static int
compare_last(const void *a, const void *b)
{
	const struct excepted_line *const *x = a, *const *y = b;

	return ((*x)->last > (*y)->last) - ((*x)->last < (*y)->last);
}

static void
print_line(struct table *t, const struct excepted_line *line, int64_t now)
{
	struct buf text = { 0 };

	time_short(&text, line->last, now);
	table_cell(t, PAINT_NONE, buf_slice(&text));
	table_cell(t, paint_level(line->level),
	    slice_of(level_name(line->level)));
	table_cell(t, PAINT_NONE, line->who);
	table_cell(t, PAINT_NONE, line->title);
	buf_clear(&text);
	buf_u64(&text, line->count);
	table_cell(t, PAINT_BOLD, buf_slice(&text));
	buf_clear(&text);
	time_short(&text, line->first, now);
	table_cell(t, PAINT_NONE, buf_slice(&text));
	table_cell(t, PAINT_DIM, line->by);
	buf_free(&text);
}

void
excepted_print(const struct excepted *e, const struct screen *s)
{
	static const struct column columns[] = {
		{ .title = "LAST" },
		{ .title = "LEVEL" },
		{ .title = "WHO", .most = 40 },
		{ .title = "WHAT", .stretch = true, .most = 200 },
		{ .title = "×", .right = true },
		{ .title = "FIRST" },
		{ .title = "HELD BACK BY", .most = 200 },
	};
	struct table *t = table_new(s, columns, COUNT(columns));
	struct buf total = { 0 };

	if (e->count > 0)
		qsort(e->list, e->count, sizeof(struct excepted_line *),
		    compare_last);
	for (size_t i = 0; i < e->count; i++)
		print_line(t, e->list[i], s->now);
	if (e->count > 0)
		table_print(t, true);
	table_free(t);
	number_grouped(&total, e->matches);
	if (e->count == 0)
		fputs("nothing was held back\n", s->out);
	else
		fprintf(s->out, "%s match%s held back in %zu line%s\n",
		    buf_cstr(&total), e->matches == 1 ? "" : "es", e->count,
		    e->count == 1 ? "" : "s");
	buf_free(&total);
}
