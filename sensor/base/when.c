#include "base/when.h"

#include <stdio.h>

int64_t
when_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * SECOND + ts.tv_nsec / 1000;
}

int64_t
when_steady(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * SECOND + ts.tv_nsec / 1000;
}

/* Days since 1970-01-01 of a civil date, by era (400 years) arithmetic. */
static int64_t
civil_days(int64_t year, int month, int day)
{
	int64_t era, of_era, day_of_year;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	of_era = year - era * 400;
	day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	    day_of_year - 719468;
}

int64_t
when_civil(int year, int month, int day, int hour, int minute, int second)
{
	int64_t days = civil_days(year, month, day);

	return (((days * 24 + hour) * 60 + minute) * 60 + second) * SECOND;
}

struct civil {
	int64_t year;
	int month, day;
};

/* The inverse of civil_days. */
static struct civil
days_civil(int64_t days)
{
	struct civil c;
	int64_t era, of_era, year_of_era, day_of_year, shifted;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	of_era = days - era * 146097;
	year_of_era = (of_era - of_era / 1460 + of_era / 36524 -
	    of_era / 146096) / 365;
	day_of_year = of_era - (365 * year_of_era + year_of_era / 4 -
	    year_of_era / 100);
	shifted = (5 * day_of_year + 2) / 153;
	c.day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
	c.month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
	c.year = year_of_era + era * 400 + (c.month <= 2);
	return c;
}

static void
add_digits(struct buf *b, int64_t n, unsigned width)
{
	unsigned char *to = buf_room(b, width);

	for (unsigned i = width; i-- > 0; n /= 10)
		to[i] = (unsigned char)('0' + n % 10);
	b->len += width;
}

void
when_utc(struct buf *b, int64_t when)
{
	int64_t days = when / DAY, rest = when % DAY;
	struct civil c;

	if (rest < 0) {
		rest += DAY;
		days--;
	}
	c = days_civil(days);
	if (c.year < 0 || c.year > 9999)
		c = (struct civil){ c.year < 0 ? 0 : 9999, 1, 1 };
	add_digits(b, c.year, 4);
	buf_byte(b, '-');
	add_digits(b, c.month, 2);
	buf_byte(b, '-');
	add_digits(b, c.day, 2);
	buf_byte(b, 'T');
	add_digits(b, rest / HOUR, 2);
	buf_byte(b, ':');
	add_digits(b, rest / MINUTE % 60, 2);
	buf_byte(b, ':');
	add_digits(b, rest / SECOND % 60, 2);
	buf_byte(b, '.');
	add_digits(b, rest % SECOND, 6);
	buf_byte(b, 'Z');
}

void
when_local(struct buf *b, int64_t when, const char *format)
{
	time_t t = (time_t)(when / SECOND - (when % SECOND < 0));
	struct tm tm;
	size_t n;

	if (localtime_r(&t, &tm) == NULL)
		return;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	n = strftime((char *)buf_room(b, 128), 128, format, &tm);
#pragma GCC diagnostic pop
	b->len += n;
}

void
when_span(struct buf *b, int64_t span)
{
	if (span < 0)
		span = 0;
	if (span < 10 * SECOND)
		buf_fmt(b, "%.1f s", (double)span / (double)SECOND);
	else if (span < 2 * DAY)
		buf_fmt(b, "%02d:%02d:%02d", (int)(span / HOUR),
		    (int)(span / MINUTE % 60), (int)(span / SECOND % 60));
	else
		buf_fmt(b, "%d d", (int)(span / DAY));
}

/* Takes exactly width digits off the front. */
static bool
take_digits(struct slice *s, unsigned width, int *out)
{
	int n = 0;

	if (s->len < width)
		return false;
	for (unsigned i = 0; i < width; i++) {
		if (!byte_is_digit(s->p[i]))
			return false;
		n = n * 10 + (s->p[i] - '0');
	}
	*s = slice_from(*s, width);
	*out = n;
	return true;
}

struct stamp {
	int year, month, day, hour, minute, second;
	int64_t fraction;
};

bool
when_is_near(int64_t when)
{
	return when > -(INT64_C(1) << 60) && when < INT64_C(1) << 60;
}

int
when_month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static bool
take_date(struct slice *s, struct stamp *t)
{
	return take_digits(s, 4, &t->year) && slice_skip(s, S("-")) &&
	    take_digits(s, 2, &t->month) && slice_skip(s, S("-")) &&
	    take_digits(s, 2, &t->day) && t->month >= 1 && t->month <= 12 &&
	    t->day >= 1 && t->day <= when_month_days(t->year, t->month);
}

/* Fraction of a second behind a '.' or ','; digits past six are dropped. */
static void
take_fraction(struct slice *s, struct stamp *t)
{
	int64_t unit = SECOND / 10;

	if (s->len < 2 || (s->p[0] != '.' && s->p[0] != ',') ||
	    !byte_is_digit(s->p[1]))
		return;
	*s = slice_from(*s, 1);
	while (s->len > 0 && byte_is_digit(s->p[0])) {
		t->fraction += unit * (s->p[0] - '0');
		unit /= 10;
		*s = slice_from(*s, 1);
	}
}

static bool
take_clock(struct slice *s, struct stamp *t)
{
	if (!take_digits(s, 2, &t->hour) || !slice_skip(s, S(":")) ||
	    !take_digits(s, 2, &t->minute))
		return false;
	if (slice_skip(s, S(":"))) {
		if (!take_digits(s, 2, &t->second))
			return false;
		take_fraction(s, t);
	}
	/* A leap second reads as the second behind it. */
	return t->hour < 24 && t->minute < 60 && t->second <= 60;
}

/* Z, +hh:mm, +hhmm, +hh; seconds east of UTC. */
static bool
take_zone(struct slice *s, int *offset)
{
	int sign, hours, minutes = 0;

	*offset = 0;
	if (slice_skip(s, S("Z")) || slice_skip(s, S("z")))
		return true;
	if (s->len == 0 || (s->p[0] != '+' && s->p[0] != '-'))
		return false;
	sign = s->p[0] == '-' ? -1 : 1;
	*s = slice_from(*s, 1);
	if (!take_digits(s, 2, &hours))
		return false;
	slice_skip(s, S(":"));
	if (s->len >= 2 && !take_digits(s, 2, &minutes))
		return false;
	*offset = sign * (hours * 3600 + minutes * 60);
	return hours < 24 && minutes < 60;
}

static int64_t
stamp_when(const struct stamp *t)
{
	return when_civil(t->year, t->month, t->day, t->hour, t->minute,
	    t->second) + t->fraction;
}

int
when_parse_rfc3339(struct slice s, int64_t *out)
{
	struct stamp t = { 0 };
	int offset = 0;

	if (!take_date(&s, &t))
		return -1;
	if (!slice_skip(&s, S("T")) && !slice_skip(&s, S(" ")) &&
	    !slice_skip(&s, S("t")))
		return -1;
	if (!take_clock(&s, &t))
		return -1;
	if (s.len > 0 && !take_zone(&s, &offset))
		return -1;
	if (s.len > 0)
		return -1;
	*out = stamp_when(&t) - offset * SECOND;
	return 0;
}

int
when_parse_span(struct slice s, int64_t *out)
{
	static const struct {
		struct slice name;
		int64_t unit;
	} units[] = {
		{ SLICE(""), SECOND }, { SLICE("ms"), SECOND / 1000 },
		{ SLICE("s"), SECOND }, { SLICE("sec"), SECOND },
		{ SLICE("second"), SECOND }, { SLICE("seconds"), SECOND },
		{ SLICE("m"), MINUTE }, { SLICE("min"), MINUTE },
		{ SLICE("minute"), MINUTE }, { SLICE("minutes"), MINUTE },
		{ SLICE("h"), HOUR }, { SLICE("hour"), HOUR },
		{ SLICE("hours"), HOUR }, { SLICE("d"), DAY },
		{ SLICE("day"), DAY }, { SLICE("days"), DAY },
		{ SLICE("w"), 7 * DAY }, { SLICE("week"), 7 * DAY },
		{ SLICE("weeks"), 7 * DAY },
	};
	/* Added to any year of today's, it leaves years of four digits. */
	const int64_t longest = 1000 * 366 * DAY;
	size_t digits = 0;
	uint64_t n;

	while (digits < s.len && byte_is_digit(s.p[digits]))
		digits++;
	if (slice_to_u64(slice_head(s, digits), &n) == -1)
		return -1;
	s = slice_trim(slice_from(s, digits));
	for (size_t i = 0; i < COUNT(units); i++) {
		if (!slice_eq(s, units[i].name))
			continue;
		if (n > (uint64_t)(longest / units[i].unit))
			return -1;
		*out = (int64_t)n * units[i].unit;
		return 0;
	}
	return -1;
}

/* Local midnight, `back` days before now's. */
static int64_t
local_midnight(int64_t now, int back)
{
	time_t t = (time_t)(now / SECOND);
	struct tm tm;

	localtime_r(&t, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_mday -= back;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm) * SECOND;
}

static int64_t
local_stamp(const struct stamp *t)
{
	struct tm tm = {
		.tm_year = t->year - 1900, .tm_mon = t->month - 1,
		.tm_mday = t->day, .tm_hour = t->hour, .tm_min = t->minute,
		.tm_sec = t->second, .tm_isdst = -1,
	};

	return (int64_t)mktime(&tm) * SECOND + t->fraction;
}

/* "2026-11-23" and "2026-11-23 14:05[:06]" in local time. */
static int
parse_local(struct slice s, int64_t *out)
{
	struct stamp t = { 0 };

	if (!take_date(&s, &t))
		return -1;
	if (s.len > 0 && ((!slice_skip(&s, S(" ")) &&
	    !slice_skip(&s, S("T"))) || !take_clock(&s, &t)))
		return -1;
	if (s.len > 0)
		return -1;
	*out = local_stamp(&t);
	return 0;
}

/* "today", "yesterday", "today 14:05", "14:05". */
static int
parse_day(struct slice s, int64_t now, int64_t *out)
{
	struct stamp t = { 0 };
	int64_t day = local_midnight(now, 0);

	if (slice_skip(&s, S("yesterday")))
		day = local_midnight(now, 1);
	else
		slice_skip(&s, S("today"));
	s = slice_trim(s);
	if (s.len > 0 && (!take_clock(&s, &t) || s.len > 0))
		return -1;
	*out = day + (t.hour * 3600 + t.minute * 60 + t.second) * SECOND;
	return 0;
}

int
when_parse(struct slice s, int64_t now, int64_t *out)
{
	struct slice rest = slice_trim(s);
	int64_t span;
	uint64_t epoch;

	s = rest;
	if (s.len == 0)
		return -1;
	if (slice_eq(s, S("now"))) {
		*out = now;
		return 0;
	}
	if (slice_skip(&rest, S("@"))) {
		if (slice_to_u64(rest, &epoch) == -1 || epoch > 1ULL << 40)
			return -1;
		*out = (int64_t)epoch * SECOND;
		return 0;
	}
	if (parse_local(s, out) == 0 || when_parse_rfc3339(s, out) == 0)
		return 0;
	slice_skip(&rest, S("-"));
	if (slice_ends(rest, S("ago")))
		rest = slice_trim(slice_head(rest, rest.len - 3));
	if (when_parse_span(rest, &span) == 0) {
		*out = now - span;
		return 0;
	}
	return parse_day(s, now, out);
}

int32_t
zone_offset(struct zone *z, int64_t when)
{
	int64_t hour = when / HOUR;
	time_t t = (time_t)(when / SECOND);
	struct tm tm;

	if (z->valid && z->hour == hour)
		return z->offset;
	if (localtime_r(&t, &tm) == NULL)
		return 0;
	z->hour = hour;
	z->offset = (int32_t)tm.tm_gmtoff;
	z->valid = 1;
	return z->offset;
}
