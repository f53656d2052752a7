#include "decode/auditline.h"

#include "base/when.h"
#include "decode/cursor.h"

enum { SEPARATOR = 0x1d };

/* What the kernel or user space may write in hex. */
static const struct slice hex_keys[] = {
	SLICE("name"), SLICE("exe"), SLICE("comm"), SLICE("cwd"),
	SLICE("proctitle"), SLICE("key"), SLICE("cmd"), SLICE("acct"),
	SLICE("data"), SLICE("path"), SLICE("ocomm"), SLICE("oldcomm"),
	SLICE("watch"), SLICE("dir"), SLICE("vm"), SLICE("root_dir"),
	SLICE("grp"), SLICE("new_group"), SLICE("profile"),
};

static bool
take_number(struct slice *s, unsigned char end, uint64_t *out)
{
	struct slice digits;

	return slice_cut(s, end, &digits) && digits.len <= 18 &&
	    slice_to_u64(digits, out) == 0;
}

/* A word of the frame: KEY=WORD and a blank. */
static bool
take_word(struct slice *s, struct slice key, struct slice *out)
{
	return slice_skip(s, key) && slice_cut(s, ' ', out);
}

bool
auditline_read(struct slice bytes, struct auditline *out)
{
	struct slice s = bytes;
	uint64_t seconds, millis;

	/* Each line of each log comes by here. */
	if (!slice_starts(s, S("type=")) && !slice_starts(s, S("node=")))
		return false;
	*out = (struct auditline){ 0 };
	if (slice_starts(s, S("node=")) &&
	    !take_word(&s, S("node="), &out->node))
		return false;
	if (!take_word(&s, S("type="), &out->type) ||
	    !slice_skip(&s, S("msg=audit(")) ||
	    !take_number(&s, '.', &seconds) || !take_number(&s, ':', &millis) ||
	    !take_number(&s, ')', &out->serial) || !cursor_take(&s, ':') ||
	    seconds > INT64_MAX / SECOND - 1 || millis > 999)
		return false;
	out->time = (int64_t)seconds * SECOND + (int64_t)millis * 1000;
	out->rest = s;
	return true;
}

struct auditwalk
auditwalk_begin(const struct auditline *line, struct arena *arena)
{
	/* No decoded value is longer than what it was. */
	return (struct auditwalk){
		.rest = line->rest,
		.args = slice_eq(line->type, S("EXECVE")),
		.room = arena_alloc(arena, line->rest.len + 1),
		.room_len = line->rest.len,
	};
}

bool
auditwalk_full(const struct auditwalk *w)
{
	return w->room == NULL;
}

static bool
is_gap(unsigned char c)
{
	return c == ' ' || c == SEPARATOR || c == ',' || c == '(';
}

static size_t
word_len(struct slice s)
{
	size_t n = 0;

	while (n < s.len && s.p[n] != ' ' && s.p[n] != SEPARATOR)
		n++;
	return n;
}

/*
 * The next "KEY=", passing over words without '='. A key is made of what
 * identifiers are made of, and of [ ] - .
 */
static bool
take_key(struct slice *s, struct slice *key)
{
	while (s->len > 0) {
		size_t n = 0;

		while (s->len > 0 && is_gap(s->p[0]))
			cursor_skip(s, 1);
		while (n < s->len && s->p[n] != '=' && !is_gap(s->p[n]))
			n++;
		*key = slice_head(*s, n);
		cursor_skip(s, n);
		if (cursor_take(s, '=') && n > 0)
			return true;
	}
	return false;
}

static void
take_value(struct slice *s, struct auditpair *out)
{
	struct slice inside = *s;

	if (cursor_take(&inside, '"') &&
	    slice_cut(&inside, '"', &out->value)) {
		out->quoted = true;
		*s = inside;
		return;
	}
	out->value = slice_head(*s, word_len(*s));
	cursor_skip(s, out->value.len);
	/* Old programs wrote (hostname=?, addr=?, res=success). */
	if (!slice_starts(out->value, S("(")))
		while (slice_ends(out->value, S(",")) ||
		    slice_ends(out->value, S(")")))
			out->value.len--;
}

/*
 * The part of user space ends at the last single quote: what is behind it was
 * written by auditd.
 */
static bool
enter_message(struct auditwalk *w)
{
	struct slice s = w->rest;
	struct slice inner, behind;

	if (w->entered || !cursor_take(&s, '\'') ||
	    !slice_split_last(s, S("'"), &inner, &behind))
		return false;
	w->rest = inner;
	w->behind = behind;
	w->entered = true;
	return true;
}

static int
hex_digit(unsigned char c)
{
	if (byte_is_digit(c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool
is_hex(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (hex_digit(s.p[i]) == -1)
			return false;
	return s.len > 0 && s.len % 2 == 0;
}

bool
auditline_arg(struct slice key, uint64_t *n)
{
	struct slice digits;

	if (!cursor_take(&key, 'a'))
		return false;
	if (!slice_cut(&key, '[', &digits))
		digits = key;
	return slice_to_u64(digits, n) == 0;
}

bool
auditline_piece(struct slice key, struct slice *whole, uint64_t *n)
{
	struct slice rest = key;

	return slice_ends(key, S("]")) && slice_cut(&rest, '[', whole) &&
	    auditline_arg(*whole, n);
}

static bool
may_be_hex(const struct auditwalk *w, struct slice key)
{
	uint64_t n;

	for (size_t i = 0; i < COUNT(hex_keys); i++)
		if (slice_eq(key, hex_keys[i]))
			return true;
	return w->args && auditline_arg(key, &n);
}

/*
 * Writes n bytes of a value behind those before it, so that the pieces of one
 * argument lie together.
 */
static void
put(struct auditwalk *w, struct auditpair *pair, size_t n, bool hex)
{
	bool title = slice_eq(pair->key, S("proctitle"));
	struct slice from = pair->value;

	if (w->room == NULL || n > w->room_len)
		return;
	for (size_t i = 0; i < n; i++) {
		int c = hex ? hex_digit(from.p[2 * i]) << 4 |
		    hex_digit(from.p[2 * i + 1]) : from.p[i];

		/* The title of a process has NULs between its words. */
		w->room[i] = (unsigned char)(title && c == 0 ? ' ' : c);
	}
	pair->value = slice_bytes(w->room, n);
	pair->decoded = true;
	w->room += n;
	w->room_len -= n;
}

bool
auditwalk_next(struct auditwalk *w, struct auditpair *out)
{
	struct slice whole;
	uint64_t n;

	*out = (struct auditpair){ 0 };
	for (;;) {
		if (take_key(&w->rest, &out->key)) {
			if (!slice_eq(out->key, S("msg")) || !enter_message(w))
				break;
		} else {
			if (w->behind.len == 0)
				return false;
			w->rest = w->behind;
			w->behind = S("");
		}
	}
	take_value(&w->rest, out);
	if (!out->quoted && is_hex(out->value) && may_be_hex(w, out->key))
		put(w, out, out->value.len / 2, true);
	else if (w->args && auditline_piece(out->key, &whole, &n))
		put(w, out, out->value.len, false);
	return true;
}
