/*
 * The syslog frame, as daemons write it to files and devices to the network:
 *
 *	[<PRI>] STAMP HOST PROGRAM[PID]: MESSAGE	(RFC 3164 and its kin)
 *	[<PRI>]1 STAMP HOST PROGRAM PID ID DATA MESSAGE	(RFC 5424)
 *
 * Host and program are what the sender says. Nothing here looks for them in
 * the message, which may be an attacker's.
 */
#include "decode/cursor.h"
#include "decode/decode.h"
#include "decode/stamp.h"

enum { PRIORITY_MAX = 191, PID_LEN_MAX = 64, SELECTOR_LEN_MAX = 24 };

struct frame {
	struct slice rest;	/* what is not understood yet */
	int priority;		/* -1: none */
	int64_t time;		/* 0: none */
	struct slice host, program, pid;
	bool plain;		/* a stamp, but no syslog behind it */
	bool loose;		/* a stamp as other logs have it */
};

/*
 * A stamp of either kind and the blanks behind it; *rest stays when there is
 * none. Cisco puts a mark before it (the clock is not set) and a colon behind.
 */
static bool
take_stamp(struct decode_frame *frame, struct frame *f, int64_t received)
{
	struct slice s = f->rest;
	int64_t latest, when;
	bool taken;

	if (cursor_at(&s, '*') || (cursor_at(&s, '.') && s.len > 1))
		cursor_skip(&s, 1);
	f->plain = s.len > 4 && s.p[4] == '-';
	f->loose = f->plain && s.len > 10 && s.p[10] == ' ';
	latest = frame->latest != 0 ? frame->latest : received + DAY;
	taken = f->plain ? stamp_iso(&s, &frame->zone, &when) :
	    stamp_bsd(&s, &frame->zone, latest, &when);
	if (!taken)
		return false;
	cursor_take(&s, ':');
	if (s.len > 0 && s.p[0] != ' ')
		return false;
	cursor_blanks(&s);
	f->rest = s;
	f->time = when;
	return true;
}

/* "<mail.notice> ", where FreeBSD's syslogd writes it: behind the stamp. */
static void
skip_selector(struct slice *s)
{
	struct slice in = *s, word;

	if (!cursor_take(&in, '<') || !slice_cut(&in, '>', &word) ||
	    word.len > SELECTOR_LEN_MAX ||
	    slice_find_byte(word, '.') == SIZE_MAX ||
	    slice_find_byte(word, ' ') != SIZE_MAX)
		return;
	cursor_blanks(&in);
	*s = in;
}

static bool
take_priority(struct frame *f)
{
	struct slice s = f->rest, head, digits;
	uint64_t n;

	if (!cursor_take(&s, '<'))
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

	if (cursor_at(&program, '/') &&
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
	cursor_skip(&s, n);
	if (cursor_take(&s, '[')) {
		inside = slice_head(s, PID_LEN_MAX);
		if (!slice_cut(&inside, ']', &pid) ||
		    slice_find_byte(pid, ' ') != SIZE_MAX)
			return false;
		cursor_skip(&s, pid.len + 1);
		cursor_take(&s, ':');
	} else if (cursor_take(&s, ':') && s.len > 0 && s.p[0] != ' ')
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
	    word.p[word.len - 1] == ':' || word.p[0] == '(')
		return;
	f->host = word;
	f->rest = s;
	cursor_blanks(&f->rest);
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

	if (!cursor_take(&in, '[') || !slice_cut(&in, ']', &stamp))
		return false;
	cursor_blanks(&stamp);
	dot = slice_find_byte(stamp, '.');
	if (dot == 0 || dot == SIZE_MAX)
		return false;
	for (size_t i = 0; i < stamp.len; i++)
		if (!byte_is_digit(stamp.p[i]) && i != dot)
			return false;
	*s = in;
	if (cursor_take(&in, '[') && slice_cut(&in, ']', &caller) &&
	    (slice_skip(&caller, S(" ")) || cursor_at(&caller, 'T') ||
	    cursor_at(&caller, 'C')) && caller.len < 12)
		*s = in;
	cursor_blanks(s);
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
			cursor_skip(s, i + 1);
			return true;
		}
	}
	return false;
}

static bool
skip_data(struct slice *s)
{
	if (cursor_take(s, '-'))
		return true;
	if (!cursor_at(s, '['))
		return false;
	while (cursor_at(s, '['))
		if (!skip_element(s))
			return false;
	return true;
}

/* What stands behind "<PRI>1 ". */
static bool
rfc5424(struct decode_frame *frame, struct frame *f)
{
	struct frame try = *f;
	struct slice s = f->rest, stamp, id;

	if (!take_word(&s, &stamp) || (stamp.len == 0 && f->priority == -1))
		return false;
	if (stamp.len > 0 && (!stamp_iso(&stamp, &frame->zone, &try.time) ||
	    stamp.len > 0))
		return false;
	if (!take_word(&s, &try.host) || !take_word(&s, &try.program) ||
	    !take_word(&s, &try.pid) || !take_word(&s, &id) ||
	    !skip_data(&s) || (s.len > 0 && !cursor_take(&s, ' ')))
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
	skip_selector(&f->rest);
	take_host(f);
	/* What rsyslog makes of RFC 5424 on its local socket. */
	inner = f->rest;
	if (slice_skip(&f->rest, S("1 ")) && rfc5424(frame, f)) {
		f->plain = false;
		return true;
	}
	f->rest = inner;
	if (!take_tag(f))
		/* Cisco: "host : %FACILITY-4-NAME: text" */
		cursor_take(&f->rest, ':');
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
	if (slice_skip(&f->rest, S("1 ")) && rfc5424(frame, f))
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
	cursor_blanks(&f.rest);
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
	out->loose = f.loose;
	return true;
}

static bool
could(const struct decode_frame *frame, struct event *ev, unsigned n)
{
	static const int fields[] = {
		F_PROCESS_NAME, F_PROCESS_PID, F_HOST_HOSTNAME,
		F_SYSLOG_FACILITY, F_SYSLOG_SEVERITY, F_MESSAGE,
	};

	for (size_t i = 0; i < COUNT(fields); i++)
		event_set(ev, fields[i], value_any);
	event_source(ev, frame->syslog);
	return n == 0;
}

/* As syslog daemons are configured where they are packaged. */
static const char *const files[] = {
	"/var/log/syslog*", "/var/log/messages*", "/var/log/auth.log*",
	"/var/log/secure*", "/var/log/kern.log*", "/var/log/cron*",
	"/var/log/daemon.log*", "/var/log/user.log*", "/var/log/mail.log*",
	"/var/log/maillog*", "/var/log/debug*", NULL
};

const struct decoder dec_syslog = {
	.name = "syslog",
	.form = FORM_TEXT,
	.decode = decode,
	.could = could,
	.speaks = true,
	.files = files,
};
