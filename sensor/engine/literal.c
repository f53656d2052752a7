#include "engine/literal.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/when.h"

static size_t
digits(struct slice s)
{
	size_t n = 0;

	while (n < s.len && byte_is_digit(s.p[n]))
		n++;
	return n;
}

/* [-+]digits[.digits][e[-+]digits], or .digits; no hex, no nan, no inf. */
static bool
is_real(struct slice s)
{
	size_t whole, fraction = 0;

	if (s.len > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		s = slice_from(s, 1);
	whole = digits(s);
	s = slice_from(s, whole);
	if (slice_skip(&s, S("."))) {
		fraction = digits(s);
		s = slice_from(s, fraction);
	}
	if (whole + fraction == 0)
		return false;
	if (!slice_skip(&s, S("e")) && !slice_skip(&s, S("E")))
		return s.len == 0;
	if (!slice_skip(&s, S("-")))
		slice_skip(&s, S("+"));
	return s.len > 0 && digits(s) == s.len;
}

int
number_parse(struct slice s, struct number *out)
{
	char text[64];

	*out = (struct number){ 0 };
	if (s.len > 1 && s.p[0] == '+' && byte_is_digit(s.p[1]))
		s = slice_from(s, 1);
	if (slice_to_i64(s, &out->integer) == 0) {
		out->whole = true;
		out->real = (double)out->integer;
		return 0;
	}
	if (s.len >= sizeof(text) || !is_real(s))
		return -1;
	slice_to_cstr(s, text, sizeof(text));
	out->real = strtod(text, NULL);
	return 0;
}

int
number_cmp(const struct number *a, const struct number *b)
{
	if (a->whole && b->whole)
		return a->integer < b->integer ? -1 : a->integer > b->integer;
	return a->real < b->real ? -1 : a->real > b->real;
}

static const unsigned char mapped[12] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
};

/* The address's bytes, 4 or 16 of them; 0 when s is no address. */
static uint8_t
address(struct slice s, unsigned char out[16])
{
	char text[INET6_ADDRSTRLEN];

	if (s.len == 0 || s.len >= sizeof(text) ||
	    slice_find_byte(s, '\0') != SIZE_MAX)
		return 0;
	slice_to_cstr(s, text, sizeof(text));
	if (inet_pton(AF_INET, text, out) == 1)
		return 4;
	return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

static bool
is_mapped(const unsigned char *a, uint8_t bytes)
{
	return bytes == 16 && memcmp(a, mapped, sizeof(mapped)) == 0;
}

static bool
bits_behind(const struct cidr *c)
{
	for (unsigned bit = c->prefix; bit < c->bytes * 8u; bit++)
		if ((c->net[bit / 8] >> (7 - bit % 8) & 1) != 0)
			return true;
	return false;
}

int
cidr_parse(struct slice s, struct cidr *out, struct err *err)
{
	struct slice text = s, base = s;
	uint64_t prefix;
	bool given = slice_cut(&s, '/', &base);

	*out = (struct cidr){ 0 };
	out->bytes = address(base, out->net);
	if (out->bytes == 0)
		return err_set(err, "\"%.*s\" is no IP address",
		    (int)slice_head(base, 60).len, (const char *)base.p);
	prefix = out->bytes * 8u;
	if (given && (slice_to_u64(s, &prefix) == -1 ||
	    prefix > out->bytes * 8u))
		return err_set(err, "the prefix is not 0 to %u",
		    out->bytes * 8u);
	out->prefix = (uint8_t)prefix;
	if (bits_behind(out))
		return err_set(err, "%.*s has bits set behind its prefix",
		    (int)slice_head(text, 60).len, (const char *)text.p);
	if (is_mapped(out->net, out->bytes) && prefix >= 96) {
		memmove(out->net, out->net + 12, 4);
		out->bytes = 4;
		out->prefix = (uint8_t)(prefix - 96);
	}
	return 0;
}

unsigned
address_parse(struct slice s, unsigned char out[16])
{
	uint8_t bytes = address(s, out);

	if (!is_mapped(out, bytes))
		return bytes;
	memmove(out, out + 12, 4);
	return 4;
}

bool
cidr_holds(const struct cidr *c, struct slice s)
{
	unsigned char a[16], mask;
	unsigned bytes = address_parse(s, a), whole = c->prefix / 8;

	if (bytes != c->bytes || memcmp(a, c->net, whole) != 0)
		return false;
	mask = (unsigned char)(0xff << (8 - c->prefix % 8));
	return c->prefix % 8 == 0 ||
	    ((a[whole] ^ c->net[whole]) & mask) == 0;
}

/* Takes n digits; -1 without them. */
static int
take(struct slice *s, size_t n)
{
	int value = 0;

	if (digits(slice_head(*s, n)) != n)
		return -1;
	for (size_t i = 0; i < n; i++)
		value = value * 10 + (s->p[i] - '0');
	*s = slice_from(*s, n);
	return value;
}

static int
day_of_year(int year, int month, int day)
{
	for (int m = 1; m < month; m++)
		day += when_month_days(year, m);
	return day;
}

/* 1 for Monday to 7 (Sakamoto). */
static int
day_of_week(int year, int month, int day)
{
	static const int shift[] = { 0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4 };
	int y = month < 3 ? year - 1 : year;
	int w = (y + y / 4 - y / 100 + y / 400 + shift[month - 1] + day) % 7;

	return w == 0 ? 7 : w;
}

/* A year has 53 weeks when it begins or ends on a Thursday. */
static int
weeks_of(int year)
{
	return day_of_week(year, 1, 1) == 4 || day_of_week(year, 12, 31) == 4
	    ? 53 : 52;
}

static int
iso_week(int year, int month, int day)
{
	int week = (day_of_year(year, month, day) -
	    day_of_week(year, month, day) + 10) / 7;

	if (week < 1)
		return weeks_of(year - 1);
	return week > weeks_of(year) ? 1 : week;
}

static int
date_part(int year, int month, int day, enum time_part part)
{
	switch (part) {
	case TIME_DAY:
		return day;
	case TIME_WEEK:
		return iso_week(year, month, day);
	case TIME_MONTH:
		return month;
	default:
		return year;
	}
}

int
time_part(struct slice s, enum time_part part)
{
	int year = take(&s, 4), month, day, hour, minute;

	if (year < 1 || !slice_skip(&s, S("-")))
		return -1;
	month = take(&s, 2);
	if (month < 1 || month > 12 || !slice_skip(&s, S("-")))
		return -1;
	day = take(&s, 2);
	if (day < 1 || day > when_month_days(year, month))
		return -1;
	if (part != TIME_MINUTE && part != TIME_HOUR)
		return date_part(year, month, day, part);
	if (!slice_skip(&s, S("T")) && !slice_skip(&s, S(" ")) &&
	    !slice_skip(&s, S("t")))
		return -1;
	hour = take(&s, 2);
	if (hour < 0 || hour > 23 || !slice_skip(&s, S(":")))
		return -1;
	minute = take(&s, 2);
	if (minute < 0 || minute > 59)
		return -1;
	return part == TIME_HOUR ? hour : minute;
}
