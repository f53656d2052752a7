/*
 * The syslog frame, by its leaf alone.
 */
#include "check.h"

#include <stdlib.h>

#include "base/when.h"
#include "decode/decode.h"

extern const struct decoder dec_syslog;

/* 2026-11-23 16:10:00 UTC */
#define NOON_ISH (INT64_C(1795450200) * SECOND)

struct reader {
	struct schema *schema;
	struct decode_frame frame;
	struct event *ev;
	struct record record;
	struct decoded out;
	bool framed;
};

static struct reader
reader_new(const char *zone)
{
	struct reader r = { .schema = schema_new() };

	setenv("TZ", zone, 1);
	tzset();
	r.frame.schema = r.schema;
	r.frame.syslog.product = (uint16_t)schema_word(r.schema, S("linux"));
	r.frame.syslog.service = (uint16_t)schema_word(r.schema, S("syslog"));
	r.frame.other.product = r.frame.syslog.product;
	schema_freeze(r.schema);
	r.ev = event_new(r.schema);
	return r;
}

static void
reader_free(struct reader *r)
{
	event_free(r->ev);
	schema_free(r->schema);
}

static void
read_slice(struct reader *r, struct slice line)
{
	r->record = (struct record){ .form = FORM_TEXT, .bytes = line,
	    .source = S("/var/log/x"), .received = NOON_ISH + DAY };
	r->out = (struct decoded){ 0 };
	event_reset(r->ev, &r->record);
	r->framed = dec_syslog.decode(&r->frame, r->ev, &r->out);
}

static void
read_line(struct reader *r, const char *line)
{
	read_slice(r, slice_of(line));
}

static void
frames_give_host_program_pid_and_message(void)
{
	static const struct {
		const char *line, *host, *program, *pid, *message;
	} rows[] = {
		{ "Nov 23 16:10:00 web1 sshd[12]: Server listening",
		  "web1", "sshd", "12", "Server listening" },
		/* FreeBSD's syslogd -vv */
		{ "Nov 23 16:10:00 <mail.notice> mx1 sm-mta[9]: x",
		  "mx1", "sm-mta", "9", "x" },
		{ "Nov 23 16:10:00 web1 sshd[12]: <mail.notice> mx1 x[9]: y",
		  "web1", "sshd", "12", "<mail.notice> mx1 x[9]: y" },
		/* RFC 5424 on rsyslog's local socket */
		{ "2026-11-23T16:10:00Z web1 1 2026-11-23T16:10:00Z web2 "
		  "vedette 12 ALERT [v@1 a=\"]\"] x",
		  "web2", "vedette", "12", "x" },
		{ "Nov  3 16:10:00 web1 sshd-session[12]: x",
		  "web1", "sshd-session", "12", "x" },
		{ "Nov 23 2026 16:10:00 web1 sshd[12]: x",
		  "web1", "sshd", "12", "x" },
		{ "2026 Nov 23 16:10:00 web1 sshd[12]: x",
		  "web1", "sshd", "12", "x" },
		{ "2026-11-23T16:10:00.123456+01:00 web1 sshd[12]: x",
		  "web1", "sshd", "12", "x" },
		{ "2026-11-23T16:10:00Z web1 sshd[12]: x",
		  "web1", "sshd", "12", "x" },
		{ "2026-11-23T16:10:00+0100 web1 sshd[12]: x",
		  "web1", "sshd", "12", "x" },
		{ "2026-11-23 16:10:00 web1 sshd[12]: x",
		  "web1", "sshd", "12", "x" },
		{ "<38>Nov 23 16:10:00 web1 sshd[12]: x",
		  "web1", "sshd", "12", "x" },
		{ "<38>Nov 23 16:10:00 sshd[12]: x", "", "sshd", "12", "x" },
		{ "<38>sshd[12]: x", "", "sshd", "12", "x" },
		{ "<38>1 2026-11-23T16:10:00.1Z web1 sshd 12 ID47 - x",
		  "web1", "sshd", "12", "x" },
		{ "1 2026-11-23T16:10:00.1Z web1 sshd 12 ID47 - x",
		  "web1", "sshd", "12", "x" },
		{ "<38>1 - - - - - -", "", "", "", "" },
		{ "<38>1 - web1 su - - [a@1 b=\"]\\\"\" c=\"d\"][e] \xef\xbb\xbfx",
		  "web1", "su", "", "x" },
		{ "Nov 23 16:10:00 web1 (systemd)[1]: x",
		  "web1", "(systemd)", "1", "x" },
		{ "Nov 23 16:10:00 web1 CRON[99]: (root) CMD (true)",
		  "web1", "CRON", "99", "(root) CMD (true)" },
		{ "Nov 23 16:10:00 web1 /usr/sbin/cron[99]: x",
		  "web1", "cron", "99", "x" },
		{ "Nov 23 16:10:00 web1 postfix/smtpd[9]: x",
		  "web1", "postfix/smtpd", "9", "x" },
		{ "Nov 23 16:10:00 web1 kernel: [   12.345678] usb 1-1: new",
		  "web1", "kernel", "", "usb 1-1: new" },
		{ "Nov 23 16:10:00 web1 kernel: [   12.345678][  T123] usb",
		  "web1", "kernel", "", "usb" },
		{ "[   12.345678] usb 1-1: new",
		  "", "kernel", "", "usb 1-1: new" },
		{ "Nov 23 16:10:00 web1 kernel: [1.5] [UFW BLOCK] IN=eth0",
		  "web1", "kernel", "", "[UFW BLOCK] IN=eth0" },
		{ "Nov 23 16:10:00 web1 kernel: [drm] ready",
		  "web1", "kernel", "", "[drm] ready" },
		{ "Nov 23 16:10:00 web1 sudo:     root : TTY=pts/0",
		  "web1", "sudo", "", "root : TTY=pts/0" },
		{ "Nov 23 16:10:00 web1 last message repeated 2 times",
		  "web1", "", "", "last message repeated 2 times" },
		{ "Nov 23 16:10:00 web1 su[4]: message repeated 2 times: [ x]",
		  "web1", "su", "4", "x" },
		{ "Nov 23 16:10:00 web1 su[4]: message repeated 2 times: [ x",
		  "web1", "su", "4", "message repeated 2 times: [ x" },
		{ "Nov 23 16:10:00 web1 su[4]: message repeated 2 times: [",
		  "web1", "su", "4", "message repeated 2 times: [" },
		{ "Nov 23 16:10:00 web1 su[4] no colon",
		  "web1", "su", "4", "no colon" },
		{ "Nov 23 2026 16:10:00 asa1 : %ASA-4-106023: Deny",
		  "asa1", "", "", "%ASA-4-106023: Deny" },
		{ "*Nov 23 16:10:00.123: %SYS-5-CONFIG_I: x",
		  "", "%SYS-5-CONFIG_I", "", "x" },
		{ "Nov 23 16:10:00 web1 a b[1]: x", "web1", "", "", "a b[1]: x" },
		{ "Nov 23 16:10:00 web1 sshd[12]: x\r",
		  "web1", "sshd", "12", "x" },
		{ "Nov 23 16:10:00 web1", "", "", "", "web1" },
		{ "Nov 23 16:10:00", "", "", "", "" },
		{ "2026-11-23T16:10:00Z 344 [Note] Access denied for user 'a'",
		  "", "", "", "344 [Note] Access denied for user 'a'" },
		{ "2026-11-23 16:10:00 install libc6:amd64 <none> 2.36",
		  "", "", "", "install libc6:amd64 <none> 2.36" },
	};
	struct reader r = reader_new("UTC");

	for (size_t i = 0; i < COUNT(rows); i++) {
		read_line(&r, rows[i].line);
		CHECK_ROW(r.framed, i);
		CHECK_TEXT_ROW(event_text(r.ev, F_HOST_HOSTNAME),
		    rows[i].host, i);
		CHECK_TEXT_ROW(event_text(r.ev, F_PROCESS_NAME),
		    rows[i].program, i);
		CHECK_TEXT_ROW(r.out.program, rows[i].program, i);
		CHECK_TEXT_ROW(event_text(r.ev, F_PROCESS_PID), rows[i].pid,
		    i);
		CHECK_TEXT_ROW(event_text(r.ev, F_MESSAGE), rows[i].message,
		    i);
		CHECK_TEXT_ROW(r.out.message, rows[i].message, i);
		CHECK_TEXT_ROW(r.ev->raw, rows[i].line, i);
	}
	reader_free(&r);
}

static void
what_has_no_frame_is_left_alone(void)
{
	static const char *const rows[] = {
		"", " ", "x", "<", "<38", "<38>", "<192>Nov 23 16:10:00 h p: x",
		"<-1>p: x", "<38>hello there", "<0038>p: x",
		"Nov 23 16:10 web1 sshd[12]: x",
		"Nov 32 16:10:00 web1 sshd[12]: x",
		"Feb 30 16:10:00 web1 sshd[12]: x",
		"Nov 23 24:10:00 web1 sshd[12]: x",
		"Nov 23 16:60:00 web1 sshd[12]: x",
		"Nov 23 16:10:61 web1 sshd[12]: x",
		"Nov 23 16:10:00web1 sshd[12]: x",
		"nov 23 16:10:00 web1 sshd[12]: x",
		"2026-13-23T16:10:00 web1 sshd[12]: x",
		"2026-11-31T16:10:00 web1 sshd[12]: x",
		"2026-02-29T16:10:00 web1 sshd[12]: x",
		"2026-11-23T16:10:00+25:00 web1 sshd[12]: x",
		"2026-11-23T16:10:00+ web1 sshd[12]: x",
		"1 apple a day keeps the doctor away",
		"1 - - - - - -", "{\"a\": 1}", "*", ".", "*x",
		"[12] x", "[.] x", "[1.2.3] x", "[ ] x", "[", "[1.2",
		"-1-11-23T16:10:00 web1 sshd[12]: x",
	};
	struct reader r = reader_new("UTC");

	for (size_t i = 0; i < COUNT(rows); i++) {
		read_line(&r, rows[i]);
		CHECK_ROW(!r.framed, i);
	}
	reader_free(&r);
}

static void
stamps_are_utc_microseconds(void)
{
	static const struct {
		const char *zone, *line, *utc;
	} rows[] = {
		{ "UTC", "Nov 23 16:10:00 h p: x",
		  "2026-11-23T16:10:00.000000Z" },
		{ "UTC", "2025 Nov 23 16:10:00 h p: x",
		  "2025-11-23T16:10:00.000000Z" },
		{ "UTC", "2026-11-23T16:10:00.123456789Z h p: x",
		  "2026-11-23T16:10:00.123456Z" },
		{ "UTC", "2026-11-23T16:10:00,5Z h p: x",
		  "2026-11-23T16:10:00.500000Z" },
		{ "UTC", "2026-11-23T16:10:00.1+01:00 h p: x",
		  "2026-11-23T15:10:00.100000Z" },
		{ "UTC", "2026-11-23T16:10:00-0330 h p: x",
		  "2026-11-23T19:40:00.000000Z" },
		{ "Europe/Berlin", "2026-11-23T16:10:00 h p: x",
		  "2026-11-23T15:10:00.000000Z" },
		{ "Europe/Berlin", "Jul  1 16:10:00 h p: x",
		  "2026-07-01T14:10:00.000000Z" },
		{ "Pacific/Kiritimati", "Nov 23 16:10:00 h p: x",
		  "2026-11-23T02:10:00.000000Z" },
		{ "Pacific/Pago_Pago", "Nov 23 16:10:00 h p: x",
		  "2026-11-24T03:10:00.000000Z" },
		/* the hour that a change of clocks leaves out */
		{ "Europe/Berlin", "Mar 29 03:00:00 h p: x",
		  "2026-03-29T01:00:00.000000Z" },
		{ "Europe/Berlin", "Mar 29 01:59:59 h p: x",
		  "2026-03-29T00:59:59.000000Z" },
		/* a leap second */
		{ "UTC", "2016-12-31T23:59:60Z h p: x",
		  "2017-01-01T00:00:00.000000Z" },
		/* before 1970 and far ahead: ahead of arrival is arrival */
		{ "UTC", "1969-12-31T23:59:59Z h p: x",
		  "1969-12-31T23:59:59.000000Z" },
		{ "UTC", "9999-12-31T23:59:59Z h p: x",
		  "2026-11-24T16:10:00.000000Z" },
		{ "UTC", "Feb 29 12:00:00 h p: x",
		  "2024-02-29T12:00:00.000000Z" },
		/* no stamp: the time of arrival */
		{ "UTC", "<38>p: x", "2026-11-24T16:10:00.000000Z" },
		{ "UTC", "<38>1 - h p - - - x", "2026-11-24T16:10:00.000000Z" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reader r = reader_new(rows[i].zone);
		struct buf utc = { 0 };

		read_line(&r, rows[i].line);
		CHECK_ROW(r.framed, i);
		when_utc(&utc, r.ev->time);
		CHECK_TEXT_ROW(buf_slice(&utc), rows[i].utc, i);
		buf_free(&utc);
		reader_free(&r);
	}
}

static void
a_stamp_without_year_is_in_the_last_that_fits(void)
{
	static const struct {
		const char *latest, *line, *utc;
	} rows[] = {
		{ "2005-06-15T00:00:00Z", "Jun 14 15:16:01 h p: x",
		  "2005-06-14T15:16:01.000000Z" },
		{ "2005-06-15T00:00:00Z", "Jun 15 00:00:00 h p: x",
		  "2005-06-15T00:00:00.000000Z" },
		{ "2005-06-15T00:00:00Z", "Jun 15 00:00:01 h p: x",
		  "2004-06-15T00:00:01.000000Z" },
		{ "2005-01-01T00:10:00Z", "Dec 31 23:59:59 h p: x",
		  "2004-12-31T23:59:59.000000Z" },
		{ "2005-01-01T00:10:00Z", "Jan  1 00:00:00 h p: x",
		  "2005-01-01T00:00:00.000000Z" },
		{ "2003-01-01T00:10:00Z", "Feb 29 00:00:00 h p: x",
		  "2000-02-29T00:00:00.000000Z" },
	};
	struct reader r = reader_new("UTC");

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf utc = { 0 };

		when_parse_rfc3339(slice_of(rows[i].latest), &r.frame.latest);
		read_line(&r, rows[i].line);
		when_utc(&utc, r.ev->time);
		CHECK_TEXT_ROW(buf_slice(&utc), rows[i].utc, i);
		buf_free(&utc);
	}
	reader_free(&r);
}

/* Each hour of a year, there and back. */
static void
local_stamps_survive_a_change_of_clocks(void)
{
	struct reader r = reader_new("America/St_Johns");
	const int64_t start = when_civil(2025, 1, 1, 0, 0, 0);

	for (int64_t hour = 0; hour < 365 * 24; hour++) {
		int64_t when = start + hour * HOUR;
		struct buf line = { 0 };
		int64_t off;

		when_local(&line, when, "%Y-%m-%dT%H:%M:%S h p: x");
		read_slice(&r, buf_slice(&line));
		off = r.ev->time - when;
		/* In the hour that comes twice, either is right. */
		CHECK_ROW(off == 0 || off == HOUR || off == -HOUR, hour);
		CHECK_ROW(off == 0 || (hour > 7300 && hour < 7400), hour);
		buf_free(&line);
	}
	reader_free(&r);
}

static void
priority_is_facility_and_severity(void)
{
	struct reader r = reader_new("UTC");

	read_line(&r, "<86>Nov 23 16:10:00 h p: x");
	CHECK_TEXT(event_text(r.ev, F_SYSLOG_FACILITY), "10");
	CHECK_TEXT(event_text(r.ev, F_SYSLOG_SEVERITY), "6");
	CHECK(event_get(r.ev, F_SYSLOG_SEVERITY)->type == VALUE_NUMBER);
	read_line(&r, "Nov 23 16:10:00 h p: x");
	CHECK(event_get(r.ev, F_SYSLOG_FACILITY) == NULL);
	reader_free(&r);
}

static void
only_a_frame_is_of_the_service_syslog(void)
{
	struct reader r = reader_new("UTC");

	read_line(&r, "Nov 23 16:10:00 h p: x");
	CHECK(r.ev->source_count == 1);
	CHECK(r.ev->sources[0].service == r.frame.syslog.service);
	read_line(&r, "2026-11-23 16:10:00 status installed x");
	CHECK(r.ev->source_count == 1);
	CHECK(r.ev->sources[0].service == 0);
	CHECK(r.ev->sources[0].product == r.frame.syslog.product);
	r.frame.told = true;
	r.frame.other.service = 77;
	read_line(&r, "Nov 23 16:10:00 h p: x");
	CHECK(r.ev->source_count == 2);
	reader_free(&r);
}

static void
hostile_bytes_stay_as_they_are(void)
{
	static const struct {
		struct slice line;
		const char *program;
		size_t message;
	} rows[] = {
		{ SLICE("Nov 23 16:10:00 h p[1]: a\0b"), "p", 3 },
		{ SLICE("Nov 23 16:10:00 h p[1]: \xff\xfe\x80"), "p", 3 },
		{ SLICE("Nov 23 16:10:00 h \0[1]: x"), NULL, 1 },
		{ SLICE("Nov 23 16:10:00 h p[\0]: x"), "p", 1 },
		{ SLICE("Nov 23 16:10:00 h p[a b]: x"), "", 9 },
		{ SLICE("Nov 23 16:10:00 h p[1: x"), "", 6 },
		{ SLICE("<38>1 - h p 1 i [a b=\"] x"), "", SIZE_MAX },
	};
	struct reader r = reader_new("UTC");

	for (size_t i = 0; i < COUNT(rows); i++) {
		read_slice(&r, rows[i].line);
		CHECK_ROW(r.framed == (rows[i].message != SIZE_MAX), i);
		if (!r.framed)
			continue;
		if (rows[i].program != NULL)
			CHECK_TEXT_ROW(r.out.program, rows[i].program, i);
		CHECK_ROW(r.out.message.len == rows[i].message, i);
	}
	reader_free(&r);
}

static void
a_line_of_64_kib_is_read(void)
{
	struct reader r = reader_new("UTC");
	struct buf line = { 0 };

	buf_str(&line, "Nov 23 16:10:00 h p[1]: ");
	while (line.len < RECORD_MAX)
		buf_byte(&line, '[');
	read_slice(&r, buf_slice(&line));
	CHECK(r.framed);
	CHECK(r.out.message.len == line.len - 24);
	/* All of it a name, all of it a host. */
	memset(line.p + 18, 'p', line.len - 18);
	read_slice(&r, buf_slice(&line));
	CHECK(r.framed);
	memset(line.p + 16, 'h', line.len - 16);
	read_slice(&r, buf_slice(&line));
	CHECK(r.framed);
	buf_free(&line);
	reader_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(frames_give_host_program_pid_and_message),
		TEST(what_has_no_frame_is_left_alone),
		TEST(stamps_are_utc_microseconds),
		TEST(a_stamp_without_year_is_in_the_last_that_fits),
		TEST(local_stamps_survive_a_change_of_clocks),
		TEST(priority_is_facility_and_severity),
		TEST(only_a_frame_is_of_the_service_syslog),
		TEST(hostile_bytes_stay_as_they_are),
		TEST(a_line_of_64_kib_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
