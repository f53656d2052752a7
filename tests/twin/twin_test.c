/*
 * One test against one event. SIGMA.md 1.2 for values, 1.4 for modifiers.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <time.h>

#include "twin_inside.h"

/* A field's values: those of the literal key if there is one, else all. */
struct look {
	const struct twin_event *ev;
	struct slice field;
	bool literal, valued;
	size_t at;
};

static bool
is_of(const struct look *l, const struct twin_value *v)
{
	return slice_eq(v->path, l->field) && (!l->literal || v->literal);
}

static struct look
look_at(const struct twin_event *ev, struct slice field)
{
	struct look l = { ev, field, false, false, 0 };

	for (size_t i = 0; i < ev->count; i++)
		l.literal |= ev->values[i].literal &&
		    slice_eq(ev->values[i].path, field);
	for (size_t i = 0; i < ev->count; i++)
		l.valued |= is_of(&l, &ev->values[i]) &&
		    ev->values[i].type != TWIN_EMPTY;
	return l;
}

/* What is there, null or not; a list or map only if there is nothing else. */
static const struct twin_value *
next_there(struct look *l)
{
	while (l->at < l->ev->count) {
		const struct twin_value *v = &l->ev->values[l->at++];

		if (is_of(l, v) && (!l->valued || v->type != TWIN_EMPTY))
			return v;
	}
	return NULL;
}

static bool
has_text(const struct twin_value *v)
{
	return v->type != TWIN_NOTHING && v->type != TWIN_EMPTY;
}

static const struct twin_value *
next_value(struct look *l)
{
	const struct twin_value *v;

	while ((v = next_there(l)) != NULL)
		if (has_text(v))
			return v;
	return NULL;
}

static size_t
count_digits(struct slice s)
{
	size_t n = 0;

	while (n < s.len && byte_is_digit(s.p[n]))
		n++;
	return n;
}

/* [+-]digits[.digits][e[+-]digits], and at least one digit of the first two */
static bool
is_decimal(struct slice s)
{
	size_t whole, fraction = 0;

	if (!slice_skip(&s, S("-")))
		slice_skip(&s, S("+"));
	whole = count_digits(s);
	s = slice_from(s, whole);
	if (slice_skip(&s, S("."))) {
		fraction = count_digits(s);
		s = slice_from(s, fraction);
	}
	if (whole + fraction == 0)
		return false;
	if (!slice_skip(&s, S("e")) && !slice_skip(&s, S("E")))
		return s.len == 0;
	if (!slice_skip(&s, S("-")))
		slice_skip(&s, S("+"));
	return s.len > 0 && count_digits(s) == s.len;
}

/*
 * Whole numbers of 64 bits are exact, all others what a double holds of them;
 * 64 bytes and more are no number.
 */
bool
twin_number(struct slice s, struct twin_number *out)
{
	char text[64];

	if (!is_decimal(s))
		return false;
	/* A sign and zeros in front of an integer change nothing. */
	if (s.len > 1 && byte_is_digit(s.p[1]))
		slice_skip(&s, S("+"));
	out->whole = slice_to_i64(s, &out->integer) == 0;
	out->real = (double)out->integer;
	if (out->whole)
		return true;
	if (s.len >= sizeof(text))
		return false;
	slice_to_cstr(s, text, sizeof(text));
	out->real = strtod(text, NULL);
	return true;
}

/* -1, 0 or 1 */
static int
order(const struct twin_number *a, const struct twin_number *b)
{
	if (a->whole && b->whole)
		return (a->integer > b->integer) - (a->integer < b->integer);
	return (a->real > b->real) - (a->real < b->real);
}

static bool
holds(enum twin_compare compare, int order)
{
	return (compare == TWIN_EQ && order == 0) ||
	    (compare == TWIN_LT && order < 0) ||
	    (compare == TWIN_LTE && order <= 0) ||
	    (compare == TWIN_GT && order > 0) ||
	    (compare == TWIN_GTE && order >= 0);
}

/*
 * "numeric if the event value is a number, else text equality with the
 * decimal form"
 */
static bool
test_number(const struct twin_test *t, const struct twin_value *v)
{
	struct twin_number have;

	if (slice_eq(v->text, t->text))
		return true;
	return v->type == TWIN_NUMERIC && twin_number(v->text, &have) &&
	    order(&have, &t->number) == 0;
}

/* "event coerced numerically; non-numeric false" */
static bool
test_compare(const struct twin_test *t, const struct twin_value *v)
{
	struct twin_number have;

	return twin_number(v->text, &have) &&
	    holds(t->compare, order(&have, &t->number));
}

static bool
test_regex(const struct twin_test *t, const struct twin_value *v)
{
	struct regex_state *st = regex_state_new();
	bool yes = regex_match(t->regex, st, v->text) == REGEX_YES;

	regex_state_free(st);
	return yes;
}

/* 128 bits of an address; IPv4 is ::ffff:a.b.c.d. */
struct address {
	unsigned char b[16];
	bool v4;
};

static bool
read_address(struct slice s, struct address *out)
{
	static const unsigned char mapped[12] = { [10] = 255, [11] = 255 };
	char text[INET6_ADDRSTRLEN];

	if (s.len >= sizeof(text) || slice_find_byte(s, 0) != SIZE_MAX)
		return false;
	slice_to_cstr(s, text, sizeof(text));
	memcpy(out->b, mapped, sizeof(mapped));
	if (inet_pton(AF_INET, text, out->b + 12) != 1 &&
	    inet_pton(AF_INET6, text, out->b) != 1)
		return false;
	out->v4 = memcmp(out->b, mapped, sizeof(mapped)) == 0;
	return true;
}

static bool
bit(const struct address *a, unsigned i)
{
	return (a->b[i / 8] >> (7 - i % 8) & 1) != 0;
}

/* The address and how many of the 128 bits count. */
static bool
read_network(struct slice s, struct address *net, unsigned *bits)
{
	struct slice prefix = s, base = s;
	bool given = slice_cut(&prefix, '/', &base), written_v4;
	uint64_t n;

	if (!read_address(base, net))
		return false;
	written_v4 = slice_find_byte(base, ':') == SIZE_MAX;
	n = written_v4 ? 32 : 128;
	if (given && (slice_to_u64(prefix, &n) == -1 ||
	    n > (written_v4 ? 32 : 128)))
		return false;
	*bits = (unsigned)n + (written_v4 ? 96 : 0);
	/* All of ::ffff:0:0/96 is IPv4, a larger network is IPv6. */
	net->v4 = net->v4 && *bits >= 96;
	return true;
}

/* "host bits set → error" */
bool
twin_network_fine(struct slice s)
{
	struct address net;
	unsigned bits;

	if (!read_network(s, &net, &bits))
		return false;
	for (unsigned i = bits; i < 128; i++)
		if (bit(&net, i))
			return false;
	return true;
}

/* "v4+v6; CHOICE: unmap ::ffff:a.b.c.d" */
static bool
test_cidr(const struct twin_test *t, const struct twin_value *v)
{
	struct address net, have;
	unsigned bits;

	if (!read_network(t->text, &net, &bits) ||
	    !read_address(v->text, &have) || have.v4 != net.v4)
		return false;
	for (unsigned i = 0; i < bits; i++)
		if (bit(&net, i) != bit(&have, i))
			return false;
	return true;
}

static struct slice
folded(struct arena *a, struct letters l, bool cased)
{
	struct letters out = letters_join(a, l, letters_part(l, 0, 0));

	for (size_t i = 0; i < out.count && !cased; i++)
		out.at[i] = letter_fold(out.at[i]);
	return letters_bytes(a, out);
}

/*
 * By bytes: a value that was cut inside of a character is still what another
 * begins with.
 */
static bool
refers(const struct twin_test *t, struct slice have, struct slice other)
{
	if (t->open_front && t->open_end)
		return slice_find(have, other) != SIZE_MAX;
	if (t->open_front)
		return slice_ends(have, other);
	return t->open_end ? slice_starts(have, other) : slice_eq(have, other);
}

/* "other field's value; CHOICE case-insensitive; either missing → false" */
static bool
test_fieldref(const struct twin_test *t, const struct twin_value *v,
    const struct twin_event *ev)
{
	struct look others = look_at(ev, t->text);
	const struct twin_value *other;
	struct arena *a = arena_new(0);
	bool yes = false;

	while (!yes && (other = next_value(&others)) != NULL)
		yes = refers(t, folded(a, v->letters, t->cased),
		    folded(a, other->letters, t->cased));
	arena_free(a);
	return yes;
}

static int
digits_at(struct slice s, size_t from, size_t n)
{
	int value = 0;

	for (size_t i = from; i < from + n; i++)
		value = value * 10 + (s.p[i] - '0');
	return value;
}

/* "YYYY-MM-DD", for hours and minutes with "THH:MM" or " HH:MM" behind it. */
static bool
read_time(struct slice s, bool clock, struct tm *tm)
{
	static const char shape[] = "dddd-dd-ddTdd:dd";
	size_t length = clock ? 16 : 10;

	if (s.len < length)
		return false;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = s.p[i];
		char is = byte_is_digit(c) ? 'd' : (char)c;

		if (is != shape[i] && (i != 10 || (c != ' ' && c != 't')))
			return false;
	}
	*tm = (struct tm){
		.tm_year = digits_at(s, 0, 4), .tm_mon = digits_at(s, 5, 2),
		.tm_mday = digits_at(s, 8, 2),
		.tm_hour = clock ? digits_at(s, 11, 2) : 0,
		.tm_min = clock ? digits_at(s, 14, 2) : 0,
	};
	return tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_year > 0;
}

static bool
is_day(const struct tm *tm)
{
	struct tm copy = *tm;

	timegm(&copy);
	return copy.tm_mday == tm->tm_mday && copy.tm_mon == tm->tm_mon;
}

/* "part of an ISO time in the field equals the number, no zone conversion" */
static bool
test_time(const struct twin_test *t, const struct twin_value *v)
{
	bool clock = t->part == TWIN_MINUTE || t->part == TWIN_HOUR;
	struct twin_number part = { .whole = true };
	int parts[6];
	char week[8];
	struct tm tm;

	if (!read_time(v->text, clock, &tm))
		return false;
	parts[TWIN_MINUTE] = tm.tm_min;
	parts[TWIN_HOUR] = tm.tm_hour;
	parts[TWIN_DAY] = tm.tm_mday;
	parts[TWIN_MONTH] = tm.tm_mon;
	parts[TWIN_YEAR] = tm.tm_year;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	if (!is_day(&tm))
		return false;
	timegm(&tm);
	strftime(week, sizeof(week), "%V", &tm);
	parts[TWIN_WEEK] = (int)strtol(week, NULL, 10);
	part.integer = parts[t->part];
	part.real = parts[t->part];
	return holds(t->compare, order(&part, &t->number));
}

static bool
test_value(const struct twin_test *t, const struct twin_value *v,
    const struct twin_event *ev)
{
	switch (t->kind) {
	case TWIN_TEXT:
		return letters_match(t->pattern, v->letters, t->cased);
	case TWIN_NUMBER:
		return test_number(t, v);
	case TWIN_REGEX:
		return test_regex(t, v);
	case TWIN_CIDR:
		return test_cidr(t, v);
	case TWIN_FIELDREF:
		return test_fieldref(t, v, ev);
	case TWIN_COMPARE:
		return test_compare(t, v);
	case TWIN_TIME:
		return test_time(t, v);
	case TWIN_NULL:
	case TWIN_EXISTS:
		break;
	}
	return false;
}

/*
 * "pattern found anywhere in the raw message. Without a raw line: any field
 * value (CHOICE; not names)."
 */
static bool
test_keyword(const struct twin_test *t, const struct twin_event *ev)
{
	struct twin_value raw = { .type = TWIN_STRING, .text = ev->raw };
	struct arena *a;
	bool yes = false;

	if (ev->raw.len > 0) {
		a = arena_new(0);
		raw.letters = letters_of(a, ev->raw);
		yes = test_value(t, &raw, ev);
		arena_free(a);
		return yes;
	}
	for (size_t i = 0; i < ev->count && !yes; i++)
		yes = has_text(&ev->values[i]) &&
		    test_value(t, &ev->values[i], ev);
	return yes;
}

/* "`null`: field absent or null." */
static bool
test_null(struct look *l)
{
	const struct twin_value *v = next_there(l);

	if (v == NULL)
		return true;
	for (; v != NULL; v = next_there(l))
		if (!has_text(v))
			return true;
	return false;
}

/* "Missing field: item false (except null, `exists: false`)" */
bool
twin_test(const struct twin_test *t, const struct twin_event *ev)
{
	struct look l = look_at(ev, t->field);
	const struct twin_value *v;

	if (t->field.len == 0)
		return test_keyword(t, ev);
	if (t->kind == TWIN_EXISTS)
		return next_there(&l) != NULL;
	if (t->kind == TWIN_NULL)
		return test_null(&l);
	while ((v = next_value(&l)) != NULL)
		if (test_value(t, v, ev))
			return true;
	return false;
}
