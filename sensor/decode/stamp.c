#include "decode/stamp.h"

#include "decode/cursor.h"

struct civil {
	int year;	/* 0: the stamp has none */
	int month, day, hour, minute, second;
	int64_t fraction;
	bool zoned;	/* offset counts; else local time */
	int offset;	/* seconds east of UTC */
};

/* Exactly width digits. */
static bool
take_digits(struct slice *s, size_t width, int *out)
{
	int n = 0;

	if (s->len < width)
		return false;
	for (size_t i = 0; i < width; i++) {
		if (!byte_is_digit(s->p[i]))
			return false;
		n = n * 10 + (s->p[i] - '0');
	}
	cursor_skip(s, width);
	*out = n;
	return true;
}

static bool
day_exists(int year, int month, int day)
{
	return month >= 1 && month <= 12 && day >= 1 &&
	    day <= when_month_days(year, month);
}

static void
take_fraction(struct slice *s, struct civil *c)
{
	int64_t unit = SECOND / 10;

	if (s->len < 2 || (s->p[0] != '.' && s->p[0] != ',') ||
	    !byte_is_digit(s->p[1]))
		return;
	cursor_skip(s, 1);
	for (; s->len > 0 && byte_is_digit(s->p[0]); cursor_skip(s, 1)) {
		c->fraction += unit * (s->p[0] - '0');
		unit /= 10;
	}
}

/*
 * 16:10:00[.123456], or " 6:10:00"; a leap second reads as the second behind
 * it.
 */
static bool
take_clock(struct slice *s, struct civil *c)
{
	size_t width = cursor_take(s, ' ') ? 1 : 2;

	if (!take_digits(s, width, &c->hour) || !cursor_take(s, ':') ||
	    !take_digits(s, 2, &c->minute) || !cursor_take(s, ':') ||
	    !take_digits(s, 2, &c->second))
		return false;
	take_fraction(s, c);
	return c->hour < 24 && c->minute < 60 && c->second <= 60;
}

static bool
take_month(struct slice *s, int *out)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	if (s->len < 3)
		return false;
	for (int i = 0; i < 12; i++) {
		if (memcmp(s->p, names + i * 3, 3) != 0)
			continue;
		cursor_skip(s, 3);
		*out = i + 1;
		return true;
	}
	return false;
}

/* " 3", "3" or "23". */
static bool
take_day(struct slice *s, int *out)
{
	cursor_take(s, ' ');
	return take_digits(s, 2, out) || take_digits(s, 1, out);
}

static bool
take_bsd(struct slice *s, struct civil *c)
{
	struct slice year;

	if (take_digits(s, 4, &c->year) && !cursor_take(s, ' '))
		return false;
	if (!take_month(s, &c->month) || !cursor_take(s, ' ') ||
	    !take_day(s, &c->day) || !cursor_take(s, ' '))
		return false;
	year = *s;
	if (c->year == 0 && take_digits(&year, 4, &c->year) &&
	    cursor_take(&year, ' '))
		*s = year;
	/* The year 2000 is leap, as one without a year may be. */
	return day_exists(c->year == 0 ? 2000 : c->year, c->month, c->day) &&
	    take_clock(s, c);
}

/* Z, +01:00, +0100, +01. */
static bool
take_offset(struct slice *s, struct civil *c)
{
	int sign, hours, minutes = 0;

	c->zoned = true;
	if (cursor_take(s, 'Z'))
		return true;
	sign = cursor_at(s, '-') ? -1 : 1;
	cursor_skip(s, 1);
	if (!take_digits(s, 2, &hours))
		return false;
	if (cursor_take(s, ':')) {
		if (!take_digits(s, 2, &minutes))
			return false;
	} else
		take_digits(s, 2, &minutes);
	c->offset = sign * (hours * 3600 + minutes * 60);
	return hours < 24 && minutes < 60;
}

static bool
take_iso(struct slice *s, struct civil *c)
{
	if (!take_digits(s, 4, &c->year) || !cursor_take(s, '-') ||
	    !take_digits(s, 2, &c->month) || !cursor_take(s, '-') ||
	    !take_digits(s, 2, &c->day))
		return false;
	if (!cursor_take(s, 'T') && !cursor_take(s, ' '))
		return false;
	if (!take_clock(s, c) || !day_exists(c->year, c->month, c->day))
		return false;
	if (cursor_at(s, 'Z') || cursor_at(s, '+') || cursor_at(s, '-'))
		return take_offset(s, c);
	return true;
}

/*
 * Local time to UTC. The offset of the line before is nearly always right,
 * so that one look into the zone's cache is enough.
 */
static int64_t
local_to_utc(struct zone *z, int64_t local)
{
	int32_t before = z->offset, offset;
	int64_t when = local - before * SECOND;

	offset = zone_offset(z, when);
	if (offset == before)
		return when;
	when = local - offset * SECOND;
	return local - zone_offset(z, when) * SECOND;
}

/* The year of a time, by its eras of 400 years (146097 days). */
static int
year_of(int64_t when)
{
	int64_t days = when / DAY + 719468, era = days / 146097;
	int64_t day = days % 146097;
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int64_t rest = day - (365 * year + year / 4 - year / 100);

	/* These years begin in March. */
	return (int)(era * 400 + year + (rest >= 306));
}

static int64_t
civil_in(const struct civil *c, int year)
{
	return when_civil(year, c->month, c->day, c->hour, c->minute,
	    c->second) + c->fraction;
}

/* The last year that does not put the stamp behind latest. */
static int64_t
without_year(struct zone *z, const struct civil *c, int64_t latest)
{
	const int64_t widest = 15 * HOUR;	/* of all zones */
	int year = year_of(latest + widest);

	for (int tries = 0; tries < 10; tries++, year--) {
		int64_t local = civil_in(c, year), when;

		if (!day_exists(year, c->month, c->day) ||
		    local - widest > latest)
			continue;
		when = local_to_utc(z, local);
		if (when <= latest)
			return when;
	}
	return latest;
}

bool
stamp_iso(struct slice *s, struct zone *z, int64_t *when)
{
	struct civil c = { 0 };

	if (!take_iso(s, &c))
		return false;
	if (c.zoned)
		*when = civil_in(&c, c.year) - c.offset * SECOND;
	else
		*when = local_to_utc(z, civil_in(&c, c.year));
	return true;
}

bool
stamp_bsd(struct slice *s, struct zone *z, int64_t latest, int64_t *when)
{
	struct civil c = { 0 };

	if (!take_bsd(s, &c))
		return false;
	if (c.year == 0)
		*when = without_year(z, &c, latest);
	else
		*when = local_to_utc(z, civil_in(&c, c.year));
	return true;
}

/* A year behind the clock. */
static void
take_late_year(struct slice *s, struct civil *c)
{
	struct slice in = *s;

	if (c->year == 0 && cursor_take(&in, ' ') &&
	    take_digits(&in, 4, &c->year))
		*s = in;
}

/* Mon Nov 23 16:10:00 2026 */
static bool
take_weekday(struct slice *s, struct civil *c)
{
	static const char names[] = "MonTueWedThuFriSatSun";
	bool known = false;

	for (size_t i = 0; s->len > 3 && i < sizeof(names) - 1; i += 3)
		known |= memcmp(s->p, names + i, 3) == 0;
	if (known && s->p[3] == ' ')
		cursor_skip(s, 4);
	if (!take_bsd(s, c))
		return false;
	take_late_year(s, c);
	return day_exists(c->year == 0 ? 2000 : c->year, c->month, c->day);
}

/* 23 Nov 2026 16:10:00.123; 23/Nov/2026:16:10:00 +0100 */
static bool
take_day_first(struct slice *s, struct civil *c)
{
	unsigned char between;

	if (!take_day(s, &c->day) || s->len == 0)
		return false;
	between = s->p[0] == '/' ? '/' : ' ';
	if (!cursor_take(s, between) || !take_month(s, &c->month) ||
	    !cursor_take(s, between) || !take_digits(s, 4, &c->year) ||
	    !cursor_take(s, between == '/' ? ':' : ' ') ||
	    !take_clock(s, c) || !day_exists(c->year, c->month, c->day))
		return false;
	if (between == '/' && s->len > 5 && s->p[0] == ' ' &&
	    (s->p[1] == '+' || s->p[1] == '-')) {
		cursor_skip(s, 1);
		return take_offset(s, c);
	}
	return true;
}

/* 261123 16:10:00, and 261123  6:10:00 */
static bool
take_short(struct slice *s, struct civil *c)
{
	if (!take_digits(s, 2, &c->year) || !take_digits(s, 2, &c->month) ||
	    !take_digits(s, 2, &c->day) || !cursor_take(s, ' '))
		return false;
	c->year += c->year < 70 ? 2000 : 1900;
	return take_clock(s, c) && day_exists(c->year, c->month, c->day);
}

static int64_t
civil_when(struct zone *z, const struct civil *c, int64_t latest)
{
	if (c->zoned)
		return civil_in(c, c->year) - c->offset * SECOND;
	if (c->year == 0)
		return without_year(z, c, latest);
	return local_to_utc(z, civil_in(c, c->year));
}

bool
stamp_any(struct slice *s, struct zone *z, int64_t latest, int64_t *when)
{
	static bool (*const shapes[])(struct slice *s, struct civil *c) = {
		take_iso, take_weekday, take_day_first, take_short
	};

	for (size_t i = 0; i < COUNT(shapes); i++) {
		struct civil c = { 0 };
		struct slice in = *s;

		if (!shapes[i](&in, &c))
			continue;
		*s = in;
		*when = civil_when(z, &c, latest);
		return true;
	}
	return false;
}

bool
stamp_clf(struct slice *s, struct zone *z, int64_t *when)
{
	struct civil c = { 0 };

	if (!take_day_first(s, &c))
		return false;
	*when = civil_when(z, &c, 0);
	return true;
}

/* 2015/01/21 10:56:10 */
static bool
take_slashes(struct slice *s, struct civil *c)
{
	return take_digits(s, 4, &c->year) && cursor_take(s, '/') &&
	    take_digits(s, 2, &c->month) && cursor_take(s, '/') &&
	    take_digits(s, 2, &c->day) && cursor_take(s, ' ') &&
	    take_clock(s, c) && day_exists(c->year, c->month, c->day);
}

/* 26-Jan-2015 10:56:10[.123] */
static bool
take_dashes(struct slice *s, struct civil *c)
{
	return take_digits(s, 2, &c->day) && cursor_take(s, '-') &&
	    take_month(s, &c->month) && cursor_take(s, '-') &&
	    take_digits(s, 4, &c->year) && cursor_take(s, ' ') &&
	    take_clock(s, c) && day_exists(c->year, c->month, c->day);
}

/* 1386543500.123, of years 2001 to 2286. */
static bool
take_epoch(struct slice *s, int64_t *when)
{
	int high, low, milliseconds;

	if (!take_digits(s, 5, &high) || !take_digits(s, 5, &low) ||
	    high < 10000 || !cursor_take(s, '.') ||
	    !take_digits(s, 3, &milliseconds))
		return false;
	*when = (high * INT64_C(100000) + low) * SECOND +
	    milliseconds * (SECOND / 1000);
	return true;
}

/*
 * The end of a stamp in brackets, where PHP names a zone. Of others than UTC
 * we take the local one, which is what PHP does unless it is told otherwise.
 */
static bool
take_bracket(struct slice *s, struct civil *c)
{
	enum { ZONE_MAX = 40 };
	struct slice zone;

	c->zoned = slice_starts(*s, S(" UTC]"));
	if (cursor_take(s, ']'))
		return true;
	return cursor_take(s, ' ') && slice_cut(s, ']', &zone) &&
	    zone.len < ZONE_MAX && slice_find_byte(zone, ' ') == SIZE_MAX;
}

static bool
take_end(struct slice *s)
{
	return s->len == 0 || cursor_take(s, ' ') || cursor_take(s, '|');
}

bool
stamp_own(struct slice *s, struct zone *z, int64_t *when)
{
	static bool (*const shapes[])(struct slice *s, struct civil *c) = {
		take_weekday, take_slashes, take_dashes,
	};
	bool open = cursor_take(s, '[');

	for (size_t i = 0; i < COUNT(shapes); i++) {
		struct civil c = { 0 };
		struct slice in = *s;

		/* Only Apache's stands nowhere without its brackets. */
		if ((i == 0 && !open) || !shapes[i](&in, &c) || c.year == 0)
			continue;
		if (open && !take_bracket(&in, &c))
			return false;
		*s = in;
		*when = civil_when(z, &c, 0);
		return take_end(s);
	}
	return !open && take_epoch(s, when) && cursor_take(s, ' ');
}
