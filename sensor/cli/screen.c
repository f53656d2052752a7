#include "cli/screen.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/when.h"

static bool
is_set(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0';
}

static unsigned
columns_of(int fd)
{
	const char *value = getenv("COLUMNS");
	struct winsize size;
	uint64_t n;

	if (!isatty(fd))
		return 0;
	if (value != NULL && slice_to_u64(slice_of(value), &n) == 0 &&
	    n >= 40 && n <= 10000)
		return (unsigned)n;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
		return size.ws_col;
	return 80;
}

void
screen_init(struct screen *s, FILE *out)
{
	const char *term = getenv("TERM");

	s->out = out;
	s->width = columns_of(fileno(out));
	s->colour = s->width > 0 && !is_set("NO_COLOR") && term != NULL &&
	    strcmp(term, "dumb") != 0;
	s->now = when_now();
}

enum paint
paint_level(enum level l)
{
	static const enum paint paints[] = {
		[LEVEL_INFORMATIONAL] = PAINT_DIM,
		[LEVEL_LOW] = PAINT_NONE,
		[LEVEL_MEDIUM] = PAINT_YELLOW,
		[LEVEL_HIGH] = PAINT_RED,
		[LEVEL_CRITICAL] = PAINT_ALARM,
	};

	return paints[l];
}

void
screen_paint(const struct screen *s, enum paint p, struct slice clean)
{
	static const char *const codes[] = {
		[PAINT_NONE] = "",
		[PAINT_BOLD] = "\033[1m",
		[PAINT_DIM] = "\033[2m",
		[PAINT_RED] = "\033[31m",
		[PAINT_ALARM] = "\033[1;31m",
		[PAINT_YELLOW] = "\033[33m",
		[PAINT_GREEN] = "\033[32m",
	};
	bool paint = s->colour && p != PAINT_NONE;

	if (paint)
		fputs(codes[p], s->out);
	fwrite(clean.p, 1, clean.len, s->out);
	if (paint)
		fputs("\033[0m", s->out);
}

void
screen_line(const struct screen *s, struct slice text)
{
	struct buf clean = { 0 };

	text_escape(&clean, text);
	buf_byte(&clean, '\n');
	screen_paint(s, PAINT_NONE, buf_slice(&clean));
	buf_free(&clean);
}

void
screen_lines(const struct screen *s, struct slice text)
{
	struct slice line;

	while (slice_cut(&text, '\n', &line))
		screen_line(s, line);
	if (text.len > 0)
		screen_line(s, text);
}

void
screen_pair(const struct screen *s, const char *key, struct slice what)
{
	char name[16];

	snprintf(name, sizeof(name), "%-9s ", key);
	screen_paint(s, PAINT_DIM, slice_of(name));
	screen_line(s, what);
}

/* Both on one local day. */
static bool
same_day(int64_t a, int64_t b)
{
	struct buf left = { 0 }, right = { 0 };
	bool same;

	when_local(&left, a, "%F");
	when_local(&right, b, "%F");
	same = slice_eq(buf_slice(&left), buf_slice(&right));
	buf_free(&left);
	buf_free(&right);
	return same;
}

void
time_short(struct buf *b, int64_t when, int64_t now)
{
	when_local(b, when, same_day(when, now) ? "%T" : "%F %T");
}

void
time_long(struct buf *b, int64_t when)
{
	struct buf zone = { 0 };
	int64_t part = when % SECOND;

	if (part < 0)
		part += SECOND;
	when_local(b, when, "%F %T");
	buf_fmt(b, ".%03d ", (int)(part / 1000));
	when_local(&zone, when, "%z");
	if (zone.len == 5)
		buf_fmt(b, "%.3s:%.2s", buf_cstr(&zone), buf_cstr(&zone) + 3);
	buf_free(&zone);
}

void
number_grouped(struct buf *b, uint64_t n)
{
	if (n >= 1000) {
		number_grouped(b, n / 1000);
		buf_fmt(b, ",%03u", (unsigned)(n % 1000));
		return;
	}
	buf_u64(b, n);
}

void
size_short(struct buf *b, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t u = 0;
	double n = (double)bytes;

	for (; n >= 1024 && u + 1 < COUNT(units); u++)
		n /= 1024;
	buf_fmt(b, n < 10 && u > 0 ? "%.1f %s" : "%.0f %s", n, units[u]);
}

/* Length of the UTF-8 sequence at the front of clean text, and its point. */
static size_t
point_at(struct slice s, uint32_t *point)
{
	unsigned char c = s.p[0];
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	if (n > s.len)
		n = s.len;
	*point = n == 1 ? c : c & (0xffU >> (n + 1));
	for (size_t i = 1; i < n; i++)
		*point = *point << 6 | (s.p[i] & 0x3f);
	return n;
}

/* Without the locale's help, which may be C: the broad ranges. */
static size_t
point_width(uint32_t p)
{
	static const struct {
		uint32_t from, to;
		size_t width;
	} rows[] = {
		{ 0x0300, 0x036f, 0 }, { 0x0483, 0x0489, 0 },
		{ 0x0591, 0x05bd, 0 }, { 0x064b, 0x065f, 0 },
		{ 0x1100, 0x115f, 2 }, { 0x1ab0, 0x1aff, 0 },
		{ 0x1dc0, 0x1dff, 0 }, { 0x20d0, 0x20f0, 0 },
		{ 0x2e80, 0x303e, 2 }, { 0x3041, 0xa4cf, 2 },
		{ 0xac00, 0xd7a3, 2 }, { 0xf900, 0xfaff, 2 },
		{ 0xfe00, 0xfe0f, 0 }, { 0xfe20, 0xfe2f, 0 },
		{ 0xfe30, 0xfe6f, 2 }, { 0xff00, 0xff60, 2 },
		{ 0xffe0, 0xffe6, 2 }, { 0x1f300, 0x1faff, 2 },
		{ 0x20000, 0x3fffd, 2 }, { 0xe0100, 0xe01ef, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (p >= rows[i].from && p <= rows[i].to)
			return rows[i].width;
	return 1;
}

size_t
text_width(struct slice clean)
{
	size_t width = 0;
	uint32_t point;

	while (clean.len > 0) {
		clean = slice_from(clean, point_at(clean, &point));
		width += point_width(point);
	}
	return width;
}

struct slice
text_fit(struct slice clean, size_t columns)
{
	size_t at = 0, width = 0;
	uint32_t point;

	while (at < clean.len) {
		size_t n = point_at(slice_from(clean, at), &point);

		width += point_width(point);
		if (width > columns)
			break;
		at += n;
	}
	return slice_head(clean, at);
}
