/*
 * Lines of programs' own logs, which have no frame of syslog.
 */
#include "check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/when.h"
#include "decode/decode.h"
#include "decode/stamp.h"

extern const struct decoder dec_json, dec_syslog;

static const struct decoder *const formats[] = {
	&dec_json, &dec_syslog, NULL
};

/* 2026-11-23 16:10:00 UTC */
#define NOW (INT64_C(1795450200) * SECOND)

static const char yaml[] =
    "decoder: db\n"
    "programs: [dbd, dbd-safe]\n"
    "services: [db]\n"
    "lines:\n"
    "  - match: '^(?<time>\\d{6} [ \\d]\\d:\\d\\d:\\d\\d) "
    "(?<message>\\[\\w+\\] .*)$'\n"
    "  - match: '^(?<time>\\d{4}-\\S+ \\S+) \\[(?<pid>\\d+)\\] "
    "(?<who>\\S+)@(?<host>\\S+) (?<message>[A-Z]+:  .*)$'\n"
    "    fields: { user.name: $who }\n"
    "  - match: '^\\{\"t\":\"(?<time>[^\"]*)\",(?<message>\"c\":.*)$'\n"
    "patterns:\n"
    "  - { name: any, match: '^(?:\\[|FATAL|\"c\")', "
    "fields: { event.action: known } }\n";

struct room {
	struct schema *schema;
	struct decoders *decoders;
	struct diag diag;
	struct event *ev;
	struct record record;
};

static struct room
room_new(const char *text)
{
	char path[] = "/tmp/test_ownlines.XXXXXX.yaml";
	int fd = mkstemps(path, 5);
	struct room r = { .schema = schema_new() };

	CHECK(fd != -1 && write_all(fd, slice_of(text)) == 0);
	close(fd);
	schema_field(r.schema, S("user.name"));
	r.decoders = decoders_new(r.schema, formats);
	decoders_load(r.decoders, path, &r.diag);
	unlink(path);
	schema_freeze(r.schema);
	r.ev = event_new(r.schema);
	return r;
}

static void
room_free(struct room *r)
{
	event_free(r->ev);
	decoders_free(r->decoders);
	schema_free(r->schema);
	diag_free(&r->diag);
}

static void
run(struct room *r, enum record_form form, const char *line)
{
	r->record = (struct record){ .form = form, .bytes = slice_of(line),
	    .source = S("x"), .received = NOW };
	event_reset(r->ev, &r->record);
	decoders_run(r->decoders, r->ev);
}

static void
a_line_is_known_by_its_look(void)
{
	static const struct {
		const char *line, *program, *pid, *host, *user, *message;
		int64_t before;
	} rows[] = {
		{ "261123 16:09:00 [Note] x", "dbd", "", "", "", "[Note] x",
		    MINUTE },
		{ "261123  9:10:00 [Note] x\r", "dbd", "", "", "", "[Note] x",
		    7 * HOUR },
		/* syslog would make a host and a program of it */
		{ "2026-11-23 16:09:00 [7] a@b FATAL:  x", "dbd", "7", "b",
		    "a", "FATAL:  x", MINUTE },
		/* syslog is syslog */
		{ "2026-11-23T16:10:00Z h other[7]: [Note] x", "other", "7",
		    "h", "", "[Note] x", 0 },
		/* one frame in the other: the outer is the time */
		{ "Nov 23 16:10:00 h dbd[7]: 261123 16:09:00 [Note] x", "dbd",
		    "7", "h", "", "261123 16:09:00 [Note] x", 0 },
		/* nobody's */
		{ "261123 16:09:00 Note x", "", "", "", "",
		    "261123 16:09:00 Note x", 0 },
		{ "", "", "", "", "", "", 0 },
	};
	struct room r = room_new(yaml);

	CHECK(r.diag.errors == 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		run(&r, FORM_TEXT, rows[i].line);
		CHECK_TEXT_ROW(event_text(r.ev, F_PROCESS_NAME),
		    rows[i].program, i);
		CHECK_TEXT_ROW(event_text(r.ev, F_PROCESS_PID), rows[i].pid,
		    i);
		CHECK_TEXT_ROW(event_text(r.ev, F_HOST_HOSTNAME),
		    rows[i].host, i);
		CHECK_TEXT_ROW(event_text(r.ev, schema_find(r.schema,
		    S("user.name"))), rows[i].user, i);
		CHECK_TEXT_ROW(event_text(r.ev, F_MESSAGE), rows[i].message,
		    i);
		CHECK_ROW(r.ev->time == NOW - rows[i].before, i);
		CHECK_ROW((r.ev->decoder.len > 0) ==
		    slice_starts(slice_of(rows[i].program), S("dbd")), i);
	}
	room_free(&r);
}

static void
an_object_may_be_such_a_line_or_hold_one(void)
{
	static const char *const lines[] = {
		"{\"t\":\"2026-11-23T16:09:00Z\",\"c\":1}",
		"{\"log\":\"261123 16:09:00 [Note] x\",\"stream\":\"stderr\"}",
	};
	struct room r = room_new(yaml);

	for (size_t i = 0; i < COUNT(lines); i++) {
		run(&r, FORM_JSON, lines[i]);
		CHECK_TEXT_ROW(r.ev->decoder, "db/any", i);
		CHECK_TEXT_ROW(event_text(r.ev, F_PROCESS_NAME), "dbd", i);
		CHECK_ROW(r.ev->time == NOW - MINUTE, i);
	}
	run(&r, FORM_JSON, "{\"SYSLOG_IDENTIFIER\":\"su\","
	    "\"MESSAGE\":\"261123 16:09:00 [Note] x\"}");
	CHECK_TEXT(event_text(r.ev, F_PROCESS_NAME), "su");
	CHECK(r.ev->decoder.len == 0);
	room_free(&r);
}

static void
a_program_is_needed_for_them(void)
{
	struct room r = room_new("decoder: a\nprograms: ['x*', y]\n"
	    "lines: [{ match: '^x' }]\n"
	    "patterns: [{ name: b, match: '^x' }]\n");

	CHECK(r.diag.errors == 1);
	room_free(&r);
}

static void
other_logs_have_other_stamps(void)
{
	static const struct {
		const char *text;
		int64_t before;
		const char *rest;
	} rows[] = {
		{ "2026-11-23 16:09:00.5 UTC", MINUTE - SECOND / 2, " UTC" },
		{ "2026-11-23T17:10:00+01:00", 0, "" },
		{ "Mon Nov 23 16:09:00 2026 [pid 3]", MINUTE, " [pid 3]" },
		{ "Nov 23 16:09:00 host", MINUTE, " host" },
		{ "23 Nov 2026 16:09:00.250 *", MINUTE - SECOND / 4, " *" },
		{ "23/Nov/2026:17:10:00 +0100", 0, "" },
		{ "261123  9:10:00 [", 7 * HOUR, " [" },
		{ "261123 16:10:00", 0, "" },
		{ "2026-11-23  9:10:00 0 [", 7 * HOUR, " 0 [" },
		{ "2026-11-23 19:10 0", -1, "" },
		{ "Tue Feb 30 16:10:00 2026", -1, "" },
		{ "29 Feb 2026 16:10:00", -1, "" },
		{ "23/Nov/2026", -1, "" },
		{ "23", -1, "" },
		{ "261323 16:10:00", -1, "" },
		{ "261123  9:61:00", -1, "" },
		{ "Mon ", -1, "" },
		{ "", -1, "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice s = slice_of(rows[i].text);
		struct zone z = { 0 };
		int64_t when;
		bool taken = stamp_any(&s, &z, NOW + DAY, &when);

		CHECK_ROW(taken == (rows[i].before != -1), i);
		if (!taken)
			continue;
		CHECK_ROW(when == NOW - rows[i].before, i);
		CHECK_TEXT_ROW(s, rows[i].rest, i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line_is_known_by_its_look),
		TEST(an_object_may_be_such_a_line_or_hold_one),
		TEST(a_program_is_needed_for_them),
		TEST(other_logs_have_other_stamps),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
