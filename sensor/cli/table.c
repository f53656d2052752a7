#include "cli/table.h"

#include <stdlib.h>

enum { COLUMNS_MAX = 16, GAP = 2, STRETCH_MIN = 12 };

struct cell {
	size_t at, len;		/* in text */
	size_t width;
	enum paint paint;
};

struct table {
	const struct screen *screen;
	const struct column *columns;
	size_t count;
	struct buf text;
	struct cell *cells;
	size_t filled, room;
	size_t widths[COLUMNS_MAX];
};

struct table *
table_new(const struct screen *s, const struct column *columns, size_t count)
{
	struct table *t = xcalloc(1, sizeof(*t));

	t->screen = s;
	t->columns = columns;
	t->count = count < COLUMNS_MAX ? count : COLUMNS_MAX;
	for (size_t i = 0; i < t->count; i++) {
		size_t width = text_width(slice_of(columns[i].title));

		t->widths[i] = width > columns[i].least ? width :
		    columns[i].least;
	}
	return t;
}

void
table_free(struct table *t)
{
	if (t == NULL)
		return;
	buf_free(&t->text);
	free(t->cells);
	free(t);
}

/* Cuts the text behind `at` to so many columns, with a mark at its end. */
static void
cut(struct buf *text, size_t at, size_t columns)
{
	struct slice all = slice_from(buf_slice(text), at);

	text->len = at + text_fit(all, columns - 1).len;
	buf_str(text, "…");
}

void
table_cell(struct table *t, enum paint p, struct slice text)
{
	size_t column = t->filled % t->count;
	unsigned most = t->columns[column].most;
	struct cell *c;

	if (t->filled == t->room) {
		t->room = t->room == 0 ? 256 : t->room * 2;
		t->cells = xrealloc(t->cells, t->room, sizeof(*t->cells));
	}
	c = &t->cells[t->filled++];
	*c = (struct cell){ .at = t->text.len, .paint = p };
	text_escape(&t->text, text);
	c->width = text_width(slice_from(buf_slice(&t->text), c->at));
	if (most > 0 && c->width > most) {
		cut(&t->text, c->at, most);
		c->width = most;
	}
	c->len = t->text.len - c->at;
	if (c->width > t->widths[column])
		t->widths[column] = c->width;
}

/* Columns that the stretching one may take; SIZE_MAX in a pipe. */
static size_t
stretch_room(const struct table *t)
{
	size_t used = 0;

	if (t->screen->width == 0)
		return SIZE_MAX;
	for (size_t i = 0; i < t->count; i++)
		used += GAP + (t->columns[i].stretch ? 0 : t->widths[i]);
	used -= GAP;
	if (used + STRETCH_MIN > t->screen->width)
		return STRETCH_MIN;
	return t->screen->width - used;
}

static void
blanks(FILE *out, size_t n)
{
	fprintf(out, "%*s", (int)n, "");
}

static void
print_cell(const struct table *t, size_t column, struct slice clean,
    size_t width, enum paint p, size_t room)
{
	const struct column *c = &t->columns[column];
	size_t to = t->widths[column];
	bool cuts = c->stretch && width > room;

	if (c->stretch && to > room)
		to = room;
	if (cuts) {
		clean = text_fit(clean, room - 1);
		width = text_width(clean) + 1;
	}
	if (c->right && width < to)
		blanks(t->screen->out, to - width);
	screen_paint(t->screen, p, clean);
	if (cuts)
		fputs("…", t->screen->out);
	if (column + 1 == t->count)
		putc('\n', t->screen->out);
	else
		blanks(t->screen->out, GAP +
		    (!c->right && width < to ? to - width : 0));
}

void
table_print(struct table *t, bool heading)
{
	size_t room = stretch_room(t);

	for (size_t i = 0; heading && i < t->count; i++) {
		struct slice title = slice_of(t->columns[i].title);

		print_cell(t, i, title, text_width(title), PAINT_DIM, room);
	}
	for (size_t i = 0; i < t->filled; i++) {
		const struct cell *c = &t->cells[i];

		print_cell(t, i % t->count, slice_bytes(t->text.p + c->at,
		    c->len), c->width, c->paint, room);
	}
	t->filled = 0;
	buf_clear(&t->text);
}
