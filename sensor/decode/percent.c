#include "decode/percent.h"

#include "decode/accessline.h"
#include "decode/cursor.h"

static int
hex_digit(unsigned char c)
{
	c = byte_lower(c);
	if (byte_is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Two hexadecimal digits as a byte, or -1. */
static int
hex_byte(const unsigned char *p)
{
	int high = hex_digit(p[0]), low = hex_digit(p[1]);

	return high == -1 || low == -1 ? -1 : high * 16 + low;
}

/* One decoded byte at the front of a text, and how long its code is. */
struct code {
	int byte;	/* -1: none */
	size_t len;
};

static struct code
percent_code(struct slice s)
{
	if (s.len >= 3 && s.p[1] != 'u')
		return (struct code){ hex_byte(s.p + 1), 3 };
	/* %u002f, which only some servers know. */
	if (s.len >= 6 && hex_byte(s.p + 2) == 0)
		return (struct code){ hex_byte(s.p + 4), 6 };
	return (struct code){ -1, 0 };
}

/* \x2f of nginx and Apache, \" and \\ of Apache, #2f of HAProxy. */
static struct code
escape_code(struct slice s)
{
	if (s.p[0] == '#')
		return (struct code){ s.len >= 3 ? hex_byte(s.p + 1) : -1, 3 };
	if (s.len >= 4 && s.p[1] == 'x')
		return (struct code){ hex_byte(s.p + 2), 4 };
	if (s.len >= 2 && (s.p[1] == '"' || s.p[1] == '\\'))
		return (struct code){ s.p[1], 2 };
	return (struct code){ -1, 0 };
}

static struct code
code_at(struct slice s, bool query, bool log_escapes)
{
	if (s.p[0] == '%')
		return percent_code(s);
	if ((s.p[0] == '\\' || s.p[0] == '#') && log_escapes)
		return escape_code(s);
	if (s.p[0] == '+' && query)
		return (struct code){ ' ', 1 };
	return (struct code){ -1, 0 };
}

/* Where the first code may be: most requests have none. */
static bool
may_have_code(struct slice s, bool log_escapes)
{
	size_t query;

	if (slice_find_byte(s, '%') != SIZE_MAX ||
	    (log_escapes && (slice_find_byte(s, '\\') != SIZE_MAX ||
	    slice_find_byte(s, '#') != SIZE_MAX)))
		return true;
	query = slice_find_byte(s, '?');
	return query != SIZE_MAX &&
	    slice_find_byte(slice_from(s, query), '+') != SIZE_MAX;
}

bool
percent_decode(struct arena *a, struct slice text, bool log_escapes,
    struct slice *out, bool *full)
{
	unsigned char *to;
	size_t n = 0;
	bool query = false, changed = false;

	if (!may_have_code(text, log_escapes))
		return false;
	to = arena_alloc(a, text.len);
	if (to == NULL) {
		*full = true;
		return false;
	}
	while (text.len > 0) {
		struct code c = code_at(text, query, log_escapes);

		query |= text.p[0] == '?';
		changed |= c.byte != -1;
		to[n++] = c.byte == -1 ? text.p[0] : (unsigned char)c.byte;
		cursor_skip(&text, c.byte == -1 ? 1 : c.len);
	}
	if (changed)
		*out = slice_bytes(to, n);
	return changed;
}

static void
add_copies(struct event *ev, int field)
{
	struct slice text = event_text(ev, field);

	for (int level = 0; level < PERCENT_LEVELS; level++) {
		if (!percent_decode(ev->arena, text, level == 0, &text,
		    &ev->truncated))
			return;
		event_add_decoded(ev, field, text);
	}
}

void
percent_run(struct event *ev)
{
	static const int fields[] = { F_CS_URI_QUERY, F_CS_URI_STEM,
		F_CS_REFERER, F_CS_USER_AGENT, F_C_URI };

	if (event_get(ev, F_CS_URI_QUERY) != NULL &&
	    event_get(ev, F_CS_URI_STEM) == NULL)
		event_set(ev, F_CS_URI_STEM,
		    access_path(event_text(ev, F_CS_URI_QUERY)));
	for (size_t i = 0; i < COUNT(fields); i++)
		if (event_get(ev, fields[i]) != NULL)
			add_copies(ev, fields[i]);
}
