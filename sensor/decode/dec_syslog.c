/*
 * The syslog frame, as daemons write it to files and devices to the network:
 *
 *	[<PRI>] STAMP HOST PROGRAM[PID]: MESSAGE	(RFC 3164 and its kin)
 *	[<PRI>]1 STAMP HOST PROGRAM PID ID DATA MESSAGE	(RFC 5424)
 *
 * Host and program are what the sender says. Nothing here looks for them in
 * the message, which may be an attacker's.
 */
#include "base/when.h"
#include "decode/decode.h"

enum { PRIORITY_MAX = 191, FRACTION_DIGITS = 6, PID_LEN_MAX = 64 };

struct civil {
	int year;	/* 0: the stamp has none */
	int month, day, hour, minute, second;
	int64_t fraction;
	bool zoned;	/* offset counts; else local time */
	int offset;	/* seconds east of UTC */
};

struct frame {
	struct slice rest;	/* what is not understood yet */
	int priority;		/* -1: none */
	int64_t time;		/* 0: none */
	struct slice host, program, pid;
	bool plain;		/* a stamp, but no syslog behind it */
};

static void
skip(struct slice *s, size_t n)
{
	s->p += n;
	s->len -= n;
}

static bool
next_is(const struct slice *s, unsigned char c)
{
	return s->len > 0 && s->p[0] == c;
}

static bool
skip_byte(struct slice *s, unsigned char c)
{
	if (!next_is(s, c))
		return false;
	skip(s, 1);
	return true;
}

static void
skip_blanks(struct slice *s)
{
	while (next_is(s, ' '))
		skip(s, 1);
}

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
	skip(s, width);
	*out = n;
	return true;
}

static bool
day_exists(int year, int month, int day)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month >= 1 && month <= 12 && day >= 1 &&
	    day <= days[month - 1] + (month == 2 && leap);
}

static void
take_fraction(struct slice *s, struct civil *c)
{
	int64_t unit = SECOND / 10;

	if (s->len < 2 || (s->p[0] != '.' && s->p[0] != ',') ||
	    !byte_is_digit(s->p[1]))
		return;
	skip(s, 1);
	for (; s->len > 0 && byte_is_digit(s->p[0]); skip(s, 1)) {
		c->fraction += unit * (s->p[0] - '0');
		unit /= 10;
	}
}

/* 16:10:00[.123456]; a leap second reads as the second behind it. */
static bool
take_clock(struct slice *s, struct civil *c)
{
	if (!take_digits(s, 2, &c->hour) || !skip_byte(s, ':') ||
	    !take_digits(s, 2, &c->minute) || !skip_byte(s, ':') ||
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
		skip(s, 3);
		*out = i + 1;
		return true;
	}
	return false;
}

/* " 3", "3" or "23". */
static bool
take_day(struct slice *s, int *out)
{
	skip_byte(s, ' ');
	return take_digits(s, 2, out) || take_digits(s, 1, out);
}

/* Nov 23 16:10:00, and with a year before the month or behind the day. */
static bool
take_bsd_stamp(struct slice *s, struct civil *c)
{
	struct slice year;

	if (take_digits(s, 4, &c->year) && !skip_byte(s, ' '))
		return false;
	if (!take_month(s, &c->month) || !skip_byte(s, ' ') ||
	    !take_day(s, &c->day) || !skip_byte(s, ' '))
		return false;
	year = *s;
	if (c->year == 0 && take_digits(&year, 4, &c->year) &&
	    skip_byte(&year, ' '))
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
	if (skip_byte(s, 'Z'))
		return true;
	sign = next_is(s, '-') ? -1 : 1;
	skip(s, 1);
	if (!take_digits(s, 2, &hours))
		return false;
	if (skip_byte(s, ':')) {
		if (!take_digits(s, 2, &minutes))
			return false;
	} else
		take_digits(s, 2, &minutes);
	c->offset = sign * (hours * 3600 + minutes * 60);
	return hours < 24 && minutes < 60;
}

/* 2026-11-23T16:10:00.123456+01:00; a blank for the T, no offset. */
static bool
take_iso_stamp(struct slice *s, struct civil *c)
{
	if (!take_digits(s, 4, &c->year) || !skip_byte(s, '-') ||
	    !take_digits(s, 2, &c->month) || !skip_byte(s, '-') ||
	    !take_digits(s, 2, &c->day))
		return false;
	if (!skip_byte(s, 'T') && !skip_byte(s, ' '))
		return false;
	if (!take_clock(s, c) || !day_exists(c->year, c->month, c->day))
		return false;
	if (next_is(s, 'Z') || next_is(s, '+') || next_is(s, '-'))
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

static int64_t
civil_when(struct decode_frame *frame, const struct civil *c,
    int64_t received)
{
	if (c->year == 0)
		return without_year(&frame->zone, c, frame->latest != 0 ?
		    frame->latest : received + DAY);
	if (c->zoned)
		return civil_in(c, c->year) - c->offset * SECOND;
	return local_to_utc(&frame->zone, civil_in(c, c->year));
}

/*
 * A stamp of either kind and the blanks behind it; *rest stays when there is
 * none. Cisco puts a mark before it (the clock is not set) and a colon behind.
 */
static bool
take_stamp(struct decode_frame *frame, struct frame *f, int64_t received)
{
	struct civil c = { 0 };
	struct slice s = f->rest;
	bool taken;

	if (next_is(&s, '*') || (next_is(&s, '.') && s.len > 1))
		skip(&s, 1);
	f->plain = s.len > 4 && s.p[4] == '-';
	taken = f->plain ? take_iso_stamp(&s, &c) : take_bsd_stamp(&s, &c);
	if (!taken)
		return false;
	skip_byte(&s, ':');
	if (s.len > 0 && s.p[0] != ' ')
		return false;
	skip_blanks(&s);
	f->rest = s;
	f->time = civil_when(frame, &c, received);
	return true;
}

static bool
take_priority(struct frame *f)
{
	struct slice s = f->rest, head, digits;
	uint64_t n;

	if (!skip_byte(&s, '<'))
		return false;
	head = slice_head(s, 4);
	if (!slice_cut(&head, '>', &digits) ||
	    slice_to_u64(digits, &n) == -1 || n > PRIORITY_MAX)
		return false;
	f->priority = (int)n;
	f->rest = slice_from(s, digits.len + 1);
	return true;
}

static struct slice
without_path(struct slice program)
{
	struct slice dir, name;

	if (next_is(&program, '/') &&
	    slice_split_last(program, S("/"), &dir, &name) && name.len > 0)
		return name;
	return program;
}

/* End of the program's name in a tag: the place of '[', ':' or a blank. */
static size_t
tag_end(struct slice s)
{
	size_t n = 0;

	while (n < s.len && s.p[n] != '[' && s.p[n] != ':' && s.p[n] != ' ')
		n++;
	return n;
}

/*
 * PROGRAM[PID]: or PROGRAM: at the front of *rest. Without one the rest is
 * the message, as of "last message repeated 2 times".
 */
static bool
take_tag(struct frame *f)
{
	struct slice s = f->rest, pid = S(""), inside;
	size_t n = tag_end(s);
	struct slice program = slice_head(s, n);

	if (n == 0 || n == s.len || s.p[n] == ' ')
		return false;
	skip(&s, n);
	if (skip_byte(&s, '[')) {
		inside = slice_head(s, PID_LEN_MAX);
		if (!slice_cut(&inside, ']', &pid) ||
		    slice_find_byte(pid, ' ') != SIZE_MAX)
			return false;
		skip(&s, pid.len + 1);
		skip_byte(&s, ':');
	} else if (skip_byte(&s, ':') && s.len > 0 && s.p[0] != ' ')
		return false;
	f->program = without_path(program);
	f->pid = pid;
	f->rest = s;
	return true;
}

/* A host, unless that word is the tag already, as on /dev/log. */
static void
take_host(struct frame *f)
{
	struct slice s = f->rest, word;

	if (!slice_cut(&s, ' ', &word) || word.len == 0 ||
	    word.p[word.len - 1] == ':')
		return;
	f->host = word;
	f->rest = s;
	skip_blanks(&f->rest);
}

/*
 * "[   12.345678] " of the kernel, and "[  T123] " behind it where it says
 * who called.
 */
static bool
skip_uptime(struct slice *s)
{
	struct slice in = *s, stamp, caller;
	size_t dot;

	if (!skip_byte(&in, '[') || !slice_cut(&in, ']', &stamp))
		return false;
	skip_blanks(&stamp);
	dot = slice_find_byte(stamp, '.');
	if (dot == 0 || dot == SIZE_MAX)
		return false;
	for (size_t i = 0; i < stamp.len; i++)
		if (!byte_is_digit(stamp.p[i]) && i != dot)
			return false;
	*s = in;
	if (skip_byte(&in, '[') && slice_cut(&in, ']', &caller) &&
	    (slice_skip(&caller, S(" ")) || next_is(&caller, 'T') ||
	    next_is(&caller, 'C')) && caller.len < 12)
		*s = in;
	skip_blanks(s);
	return true;
}

/* "-" stands for nothing. */
static bool
take_word(struct slice *s, struct slice *word)
{
	if (!slice_cut(s, ' ', word) || word->len == 0)
		return false;
	if (slice_eq(*word, S("-")))
		*word = S("");
	return true;
}

/* [id name="value" ...]; in a value \ takes the meaning off ", \ and ]. */
static bool
skip_element(struct slice *s)
{
	bool quoted = false;

	for (size_t i = 1; i < s->len; i++) {
		unsigned char c = s->p[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (c == ']' && !quoted) {
			skip(s, i + 1);
			return true;
		}
	}
	return false;
}

static bool
skip_data(struct slice *s)
{
	if (skip_byte(s, '-'))
		return true;
	if (!next_is(s, '['))
		return false;
	while (next_is(s, '['))
		if (!skip_element(s))
			return false;
	return true;
}

/* What stands behind "<PRI>1 ". */
static bool
rfc5424(struct decode_frame *frame, struct frame *f, int64_t received)
{
	struct frame try = *f;
	struct civil c = { 0 };
	struct slice s = f->rest, stamp, id;

	if (!take_word(&s, &stamp) || (stamp.len == 0 && f->priority == -1))
		return false;
	if (stamp.len > 0) {
		if (!take_iso_stamp(&stamp, &c) || stamp.len > 0)
			return false;
		try.time = civil_when(frame, &c, received);
	}
	if (!take_word(&s, &try.host) || !take_word(&s, &try.program) ||
	    !take_word(&s, &try.pid) || !take_word(&s, &id) ||
	    !skip_data(&s) || (s.len > 0 && !skip_byte(&s, ' ')))
		return false;
	slice_skip(&s, S("\xef\xbb\xbf"));
	try.program = without_path(try.program);
	try.rest = s;
	*f = try;
	return true;
}

static bool
bsd(struct decode_frame *frame, struct frame *f, int64_t received)
{
	struct slice start, inner;

	if (!take_stamp(frame, f, received)) {
		if (f->priority != -1)
			return take_tag(f);
		/* As dmesg(1) prints it. */
		f->program = S("kernel");
		return skip_uptime(&f->rest);
	}
	start = f->rest;
	take_host(f);
	/* What rsyslog makes of RFC 5424 on its local socket. */
	inner = f->rest;
	if (slice_skip(&f->rest, S("1 ")) && rfc5424(frame, f, received)) {
		f->plain = false;
		return true;
	}
	f->rest = inner;
	if (!take_tag(f))
		/* Cisco: "host : %FACILITY-4-NAME: text" */
		skip_byte(&f->rest, ':');
	/* Many logs begin with an ISO stamp; those of syslog have a tag. */
	f->plain = f->plain && f->priority == -1 &&
	    (f->program.len == 0 || f->host.len == 0);
	if (f->plain) {
		f->host = f->program = f->pid = S("");
		f->rest = start;
	}
	return true;
}

static bool
take_frame(struct decode_frame *frame, struct frame *f, int64_t received)
{
	struct slice start;

	take_priority(f);
	start = f->rest;
	if (slice_skip(&f->rest, S("1 ")) && rfc5424(frame, f, received))
		return true;
	f->rest = start;
	return bsd(frame, f, received);
}

/* rsyslog's "message repeated 4 times: [ TEXT]": the program said TEXT. */
static struct slice
said(struct slice message)
{
	struct slice s = message, count;

	if (!slice_skip(&s, S("message repeated ")) ||
	    !slice_cut(&s, ' ', &count) || !slice_skip(&s, S("times: [ ")) ||
	    s.len == 0 || s.p[s.len - 1] != ']')
		return message;
	return slice_head(s, s.len - 1);
}

static void
set_code(struct event *ev, int field, int code)
{
	static const struct slice text[] = {
		SLICE("0"), SLICE("1"), SLICE("2"), SLICE("3"), SLICE("4"),
		SLICE("5"), SLICE("6"), SLICE("7"), SLICE("8"), SLICE("9"),
		SLICE("10"), SLICE("11"), SLICE("12"), SLICE("13"),
		SLICE("14"), SLICE("15"), SLICE("16"), SLICE("17"),
		SLICE("18"), SLICE("19"), SLICE("20"), SLICE("21"),
		SLICE("22"), SLICE("23"),
	};

	event_set_typed(ev, field, VALUE_NUMBER, text[code]);
}

static void
set_fields(struct event *ev, const struct frame *f)
{
	if (f->program.len > 0)
		event_set(ev, F_PROCESS_NAME, f->program);
	if (f->pid.len > 0)
		event_set_typed(ev, F_PROCESS_PID, decode_number(f->pid),
		    f->pid);
	if (f->host.len > 0)
		event_set(ev, F_HOST_HOSTNAME, f->host);
	if (f->priority != -1) {
		set_code(ev, F_SYSLOG_FACILITY, f->priority / 8);
		set_code(ev, F_SYSLOG_SEVERITY, f->priority % 8);
	}
	event_set(ev, F_MESSAGE, f->rest);
}

static bool
decode(struct decode_frame *frame, struct event *ev, struct decoded *out)
{
	struct frame f = { .rest = ev->record->bytes, .priority = -1 };

	if (!take_frame(frame, &f, ev->received))
		return false;
	skip_blanks(&f.rest);
	if (slice_eq(f.program, S("kernel")))
		skip_uptime(&f.rest);
	if (f.rest.len > 0 && f.rest.p[f.rest.len - 1] == '\r')
		f.rest.len--;
	f.rest = said(f.rest);
	if (f.time != 0)
		ev->time = f.time < ev->received ? f.time : ev->received;
	ev->raw = ev->record->bytes;
	set_fields(ev, &f);
	event_source(ev, f.plain ? frame->other : frame->syslog);
	if (frame->told)
		event_source(ev, frame->other);
	out->program = f.program;
	out->message = f.rest;
	return true;
}

const struct decoder dec_syslog = {
	.name = "syslog",
	.form = FORM_TEXT,
	.decode = decode,
};
