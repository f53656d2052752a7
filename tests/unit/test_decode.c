/*
 * From records to fields: JSON, journal entries, and decoders in YAML.
 */
#include "check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/when.h"
#include "decode/decode.h"

extern const struct decoder dec_journal, dec_json, dec_syslog;

static const struct decoder *const formats[] = {
	&dec_journal, &dec_json, &dec_syslog, NULL
};

/* 2026-11-23 16:10:00 UTC */
#define NOW (INT64_C(1795450200) * SECOND)

/* Fields that a rule has named. */
static const char *const named[] = {
	"a", "a.b", "a.b.c", "b", "f", "_UID", "SYSLOG_IDENTIFIER", "X"
};

struct room {
	struct schema *schema;
	struct decoders *decoders;
	struct diag diag;
	struct event *ev;
	struct record record;
};

static void
load_text(struct room *r, const char *yaml)
{
	char path[] = "/tmp/test_decode.XXXXXX.yaml";
	int fd = mkstemps(path, 5);

	CHECK(fd != -1 && write_all(fd, slice_of(yaml)) == 0);
	close(fd);
	decoders_load(r->decoders, path, &r->diag);
	unlink(path);
}

/* yaml NULL: no pattern decoders. */
static struct room
room_new(const char *yaml)
{
	struct room r = { .schema = schema_new() };

	for (size_t i = 0; i < COUNT(named); i++)
		schema_field(r.schema, slice_of(named[i]));
	r.decoders = decoders_new(r.schema, formats);
	if (yaml != NULL)
		load_text(&r, yaml);
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
run(struct room *r, enum record_form form, struct slice bytes)
{
	r->record = (struct record){ .form = form, .bytes = bytes,
	    .source = S("x"), .received = NOW };
	event_reset(r->ev, &r->record);
	decoders_run(r->decoders, r->ev);
}

/* The values of a field, each behind a blank and a letter for its type. */
static void
field_text(const struct room *r, const char *name, struct buf *out)
{
	int field = schema_find(r->schema, slice_of(name));
	const struct value *v = field < 0 ? NULL : event_get(r->ev, field);

	for (; v != NULL; v = v->more) {
		buf_str(out, out->len > 0 ? " " : "");
		buf_byte(out, (unsigned char)"-0snb"[v->type]);
		buf_byte(out, ':');
		buf_add(out, v->type == VALUE_NULL ? S("") : v->text);
	}
}

#define CHECK_FIELD_ROW(r, name, want, i) \
	do { \
		struct buf got_ = { 0 }; \
\
		field_text((r), (name), &got_); \
		CHECK_TEXT_ROW(buf_slice(&got_), (want), (i)); \
		buf_free(&got_); \
	} while (0)
#define CHECK_FIELD(r, name, want) CHECK_FIELD_ROW(r, name, want, SIZE_MAX)

static void
members_are_fields_with_their_types(void)
{
	static const struct {
		const char *json, *field, *want;
	} rows[] = {
		{ "{\"a\": \"x\"}", "a", "s:x" },
		{ "{\"a\": 12}", "a", "n:12" },
		{ "{\"a\": -1.5e3}", "a", "n:-1.5e3" },
		{ "{\"a\": true}", "a", "b:true" },
		{ "{\"a\": null}", "a", "0:" },
		{ "{\"a\": \"\"}", "a", "s:" },
		{ "{\"b\": 1}", "a", "" },
		{ "{\"a\": [1, \"x\", null]}", "a", "n:1 0: s:x" },
		{ "{\"a\": []}", "a", "0:" },
		{ "{\"a\": {}}", "a", "0:" },
		{ "{\"a\": {\"b\": 1}}", "a.b", "n:1" },
		{ "{\"a\": {\"b\": 1}}", "a", "0:" },
		{ "{\"a\": {\"b\": {\"c\": 1}}}", "a.b.c", "n:1" },
		{ "{\"a\": {\"b.c\": 1}}", "a.b.c", "n:1" },
		{ "{\"a\": [{\"b\": 1}, {\"b\": 2}]}", "a.b", "n:1 n:2" },
		/* a literal name counts more than a path */
		{ "{\"a\": {\"b\": 1}, \"a.b\": 2}", "a.b", "n:2" },
		{ "{\"a.b\": 2, \"a\": {\"b\": 1}}", "a.b", "n:2" },
		{ "{\"a\": 1, \"a\": 2}", "a", "n:1 n:2" },
		{ "{\"\": {\"a\": 1}}", "a", "" },
		{ "{\"A\": 1}", "a", "" },
		{ "{\"a\": \"\\u00e9\\n\"}", "a", "s:\xc3\xa9\n" },
	};
	struct room r = room_new(NULL);

	for (size_t i = 0; i < COUNT(rows); i++) {
		run(&r, FORM_JSON, slice_of(rows[i].json));
		CHECK_FIELD_ROW(&r, rows[i].field, rows[i].want, i);
		CHECK_ROW(r.ev->raw.len == 0, i);
	}
	room_free(&r);
}

static void
members_that_no_rule_names_are_for_keywords(void)
{
	struct room r = room_new(NULL);

	run(&r, FORM_JSON, S("{\"z\": {\"y\": \"so evil\"}, \"w\": null}"));
	CHECK(r.ev->others != NULL && r.ev->others->more == NULL);
	CHECK_TEXT(r.ev->others->text, "so evil");
	room_free(&r);
}

/* A path that is too long is no path; its end is none, either. */
static void
a_long_path_does_not_begin_again(void)
{
	struct room r = room_new(NULL);
	struct buf json = { 0 };

	buf_str(&json, "{\"");
	for (size_t i = 0; i < 600; i++)
		buf_byte(&json, 'k');
	buf_str(&json, "\": {\"a\": {\"b\": 1}}}");
	run(&r, FORM_JSON, buf_slice(&json));
	CHECK_FIELD(&r, "a", "");
	CHECK_FIELD(&r, "a.b", "");
	buf_free(&json);
	room_free(&r);
}

static void
json_has_its_own_time_clamped_to_arrival(void)
{
	static const struct {
		const char *json;
		int64_t time;
	} rows[] = {
		{ "{\"@timestamp\": \"2026-11-23T16:09:00Z\"}", NOW - MINUTE },
		{ "{\"@timestamp\": \"2026-11-23T17:09:00+01:00\"}",
		  NOW - MINUTE },
		{ "{\"timestamp\": \"2026-11-23 16:09:00\"}", NOW - MINUTE },
		{ "{\"time\": \"2026-11-23T16:09:00Z\"}", NOW - MINUTE },
		{ "{\"time\": \"noon\"}", NOW },
		{ "{\"message\": \"2026-11-23T16:09:00Z h p: x\"}",
		  NOW - MINUTE },
		{ "{\"message\": \"2026-11-23T16:08:00Z h p: x\", "
		  "\"time\": \"2026-11-23T16:09:00Z\"}", NOW - MINUTE },
		{ "{\"time\": 12}", NOW },
		{ "{\"@timestamp\": \"2036-11-23T16:09:00Z\"}", NOW },
		{ "{\"__REALTIME_TIMESTAMP\": \"1795450140000000\"}",
		  NOW - MINUTE },
		{ "{}", NOW },
	};
	struct room r = room_new(NULL);

	for (size_t i = 0; i < COUNT(rows); i++) {
		run(&r, FORM_JSON, slice_of(rows[i].json));
		CHECK_ROW(r.ev->time == rows[i].time, i);
	}
	room_free(&r);
}

static void
what_is_no_object_is_a_bare_line(void)
{
	static const char *const rows[] = {
		"{", "{\"a\": }", "{\"a\": 1} x", "[1]", "1", "{a: 1}", ""
	};
	struct room r = room_new(NULL);

	for (size_t i = 0; i < COUNT(rows); i++) {
		run(&r, FORM_JSON, slice_of(rows[i]));
		CHECK_TEXT_ROW(r.ev->raw, rows[i], i);
		CHECK_TEXT_ROW(event_text(r.ev, F_MESSAGE), rows[i], i);
		CHECK_ROW(r.ev->source_count == 1, i);
	}
	room_free(&r);
}

static const char demo[] =
    "decoder: demo\n"
    "programs: [demo, 'demo/*']\n"
    "services: [demo, auth]\n"
    "fields: { event.category: authentication, event.outcome: failure }\n"
    "patterns:\n"
    "  - name: login\n"
    "    match: '^login (?<user>.*?)(?: as (?<other>\\S+))? from (?<ip>\\S+) port (?<port>\\d+)$'\n"
    "    record: login\n"
    "    fields: { user.name: $user, user.effective.name: $other, source.ip: $ip,\n"
    "              source.port: $port, event.outcome: success, event.severity: 3 }\n"
    "    tests:\n"
    "      - line: 'login bob from 192.0.2.1 port 22'\n"
    "        gives: { user.name: bob, source.ip: 192.0.2.1, user.effective.name: null }\n"
    "      - line: 'Nov 23 16:10:00 h demo/x[2]: login bob from 192.0.2.1 port 22'\n"
    "        gives: { process.pid: 2 }\n"
    "    not: ['login', 'xlogin bob from 192.0.2.1 port 22']\n"
    "  - name: rest\n"
    "    match: 'login (?<user>.*)'\n"
    "    fields: { user.name: $$user }\n"
    "---\n"
    "decoder: everybody\n"
    "programs: '*'\n"
    "services: shell\n"
    "patterns:\n"
    "  - { name: cut, match: '^message (?:was|is) cut', fields: { event.action: cut } }\n";

static void
a_pattern_turns_groups_and_constants_into_fields(void)
{
	struct room r = room_new(demo);

	CHECK_TEXT(buf_slice(&r.diag.text), "");
	run(&r, FORM_TEXT, S("Nov 23 16:10:00 h demo[7]: "
	    "login bob from 10.0.0.9 port 1 from 192.0.2.1 port 022"));
	CHECK_TEXT(r.ev->decoder, "demo/login");
	CHECK_TEXT(r.ev->kept, "login");
	CHECK_FIELD(&r, "user.name", "s:bob from 10.0.0.9 port 1");
	CHECK_FIELD(&r, "source.ip", "s:192.0.2.1");
	CHECK_FIELD(&r, "source.port", "s:022");
	CHECK_FIELD(&r, "user.effective.name", "");
	CHECK_FIELD(&r, "event.category", "s:authentication");
	CHECK_FIELD(&r, "event.outcome", "s:success");
	CHECK_FIELD(&r, "event.severity", "n:3");
	CHECK_FIELD(&r, "process.pid", "n:7");
	run(&r, FORM_TEXT, S("Nov 23 16:10:00 h demo[7]: "
	    "login a as b from 192.0.2.1 port 22"));
	CHECK_FIELD(&r, "user.effective.name", "s:b");
	CHECK_FIELD(&r, "source.port", "n:22");
	run(&r, FORM_TEXT, S("Nov 23 16:10:00 h demo[7]: first login"));
	CHECK_TEXT(r.ev->decoder, "");
	run(&r, FORM_TEXT, S("Nov 23 16:10:00 h demo[7]: first login x"));
	CHECK_TEXT(r.ev->decoder, "demo/rest");
	CHECK_TEXT(r.ev->kept, "");
	CHECK_FIELD(&r, "user.name", "s:$user");
	room_free(&r);
}

static void
the_program_decides_who_looks_at_a_message(void)
{
	static const struct {
		const char *line, *decoder;
		size_t sources;
	} rows[] = {
		{ "Nov 23 16:10:00 h demo[1]: login x", "demo/rest", 3 },
		{ "Nov 23 16:10:00 h demo[1]: something", "", 3 },
		{ "Nov 23 16:10:00 h demo/sub[1]: login x", "demo/rest", 3 },
		{ "Nov 23 16:10:00 h demolition[1]: login x", "", 1 },
		{ "Nov 23 16:10:00 h demo[1]: message was cut",
		  "everybody/cut", 4 },
		{ "Nov 23 16:10:00 h demo/a[1]: message was cut",
		  "everybody/cut", 4 },
		{ "Nov 23 16:10:00 h x[1]: message is cut",
		  "everybody/cut", 2 },
		{ "message was cut", "everybody/cut", 2 },
		{ "login x", "", 1 },
		{ "{\"program\": \"demo\", \"message\": \"login x\"}",
		  "demo/rest", 4 },
		{ "{\"process\": {\"name\": \"demo\"}, "
		  "\"message\": \"login x\"}", "demo/rest", 4 },
		{ "{\"SYSLOG_IDENTIFIER\": \"demo\", \"MESSAGE\": \"login x\"}",
		  "demo/rest", 4 },
		{ "{\"message\": \"login x\"}", "", 1 },
		{ "{\"message\": \"message was cut\"}",
		  "everybody/cut", 2 },
		{ "{\"message\": \"Nov 23 16:10:00 h demo[1]: login x\"}",
		  "demo/rest", 4 },
	};
	struct room r = room_new(demo);

	for (size_t i = 0; i < COUNT(rows); i++) {
		run(&r, rows[i].line[0] == '{' ? FORM_JSON : FORM_TEXT,
		    slice_of(rows[i].line));
		CHECK_TEXT_ROW(r.ev->decoder, rows[i].decoder, i);
		CHECK_ROW(r.ev->source_count == rows[i].sources, i);
	}
	room_free(&r);
}

static void
tests_in_decoders_are_run(void)
{
	static const struct {
		const char *test, *complaint;
	} rows[] = {
		{ "tests: [{ line: 'x 1' }]", "" },
		{ "tests: [{ line: 'x 1', gives: { a: '1' } }]", "" },
		{ "tests: [{ line: 'x 1', gives: { a: 2 } }]",
		  "8:40: a: expected \"2\", is \"1\"\n" },
		{ "tests: [{ line: 'x 1', gives: { f: 2 } }]",
		  "8:40: f: expected \"2\", not set\n" },
		{ "tests: [{ line: 'x 1', gives: { a: null } }]",
		  "8:40: a: \"1\" was not expected\n" },
		{ "tests: [{ line: 'y' }]",
		  "8:21: no pattern takes this line\n" },
		{ "tests: [{ line: 'first' }]",
		  "8:21: t/first takes this line\n" },
		{ "not: ['x', 'y']", "" },
		{ "not: 'x 1'", "8:10: t/second must not take this line\n" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf yaml = { 0 };
		struct room r;
		struct slice text;

		buf_fmt(&yaml, "decoder: t\nprograms: t\npatterns:\n"
		    "  - { name: first, match: '^first' }\n"
		    "  - name: second\n    match: 'x (?<n>.)'\n"
		    "    fields: { a: $n }\n    %s\n", rows[i].test);
		r = room_new(buf_cstr(&yaml));
		CHECK_TEXT_ROW(buf_slice(&r.diag.text), "", i);
		CHECK_ROW(decoders_test(r.decoders, &r.diag) ==
		    (rows[i].complaint[0] == '\0' ? 0 : -1), i);
		text = buf_slice(&r.diag.text);
		if (text.len > 0)
			text = slice_from(text,
			    slice_find(text, S(".yaml:")) + 6);
		CHECK_TEXT_ROW(text, rows[i].complaint, i);
		room_free(&r);
		buf_free(&yaml);
	}
}

static void
the_tests_of_the_demo_pass(void)
{
	struct room r = room_new(demo);

	decoders_test(r.decoders, &r.diag);
	CHECK_TEXT(buf_slice(&r.diag.text), "");
	room_free(&r);
}

static void
mistakes_are_told_at_their_place(void)
{
	static const struct {
		const char *yaml, *complaint;
	} rows[] = {
		{ "[]", "1:1: expected a decoder: a map\n" },
		{ "programs: x\n", "1:1: \"decoder\" is missing\n" },
		{ "decoder: d\npatterns: [{name: a, match: b}]\n",
		  "1:1: \"programs\" is missing\n" },
		{ "decoder: d\nprograms: []\npatterns: [{name: a, match: b}]\n",
		  "2:11: \"programs\" is empty\n" },
		{ "decoder: d\nprograms: x\n",
		  "1:1: \"patterns\" is missing\n" },
		{ "decoder: d\nprograms: x\npatterns: []\n",
		  "3:11: \"patterns\" is empty\n" },
		{ "decoder: d\nprograms: x\npatterns: x\n",
		  "3:11: \"patterns\" has to be a list\n" },
		{ "decoder: d\nprograms: x\npatterns: [{name: a}]\n",
		  "3:12: \"match\" is missing\n" },
		{ "decoder: d\nprograms: x\npatterns: [{match: a}]\n",
		  "3:12: \"name\" is missing\n" },
		{ "decoder: d\nprograms: x\npatterns:\n"
		  "  - { name: a, match: 'x(' }\n",
		  "4:26: missing closing parenthesis\n" },
		{ "decoder: d\nprograms: x\npatterns:\n"
		  "  - { name: a, match: '(?<user>x)', fields: "
		  "{ user.name: $usr } }\n",
		  "4:58: \"match\" has no group \"usr\"; "
		  "did you mean \"$user\"?\n" },
		{ "decoder: d\nprograms: x\npatterns:\n"
		  "  - { name: a, match: 'x', fields: { user.name: $u } }\n",
		  "4:49: \"match\" has no group \"u\"\n" },
		{ "decoder: d\nprograms: x\npatterns:\n"
		  "  - { name: a, match: x, record: logins }\n",
		  "4:34: no kind of record \"logins\"; "
		  "did you mean \"login\"?\n" },
		{ "decoder: d\nprograms: x\npatterns:\n"
		  "  - { name: a, match: x }\n  - { name: a, match: y }\n",
		  "5:13: a second pattern \"a\"\n" },
		{ "decoder: d\nprograms: x\npatterns: [{name: a, match: b}]\n"
		  "---\n"
		  "decoder: d\nprograms: x\npatterns: [{name: a, match: b}]\n",
		  "5:10: a second decoder \"d\"\n" },
		{ "decoder: d\nprograms: x\npatterns:\n"
		  "  - { name: a, match: x, tests: [{ gives: {} }] }\n",
		  "4:34: \"line\" is missing\n" },
		{ "decoder: d\nprograms: x\npatterns:\n"
		  "  - { name: a, match: x, fields: { a: [1] } }\n",
		  "4:39: expected a value or $group\n" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct room r = room_new(rows[i].yaml);
		struct slice text = buf_slice(&r.diag.text);

		CHECK_ROW(r.diag.errors >= 1, i);
		text = slice_from(text, slice_find(text, S(".yaml:")) + 6);
		CHECK_TEXT_ROW(text, rows[i].complaint, i);
		room_free(&r);
	}
}

static void
a_key_that_nobody_knows_is_told_with_what_was_meant(void)
{
	struct room r = room_new("decoder: d\nprogramms: x\nprograms: x\n"
	    "patterns: [{name: a, match: b}]\n");

	CHECK(r.diag.errors == 1);
	CHECK(slice_find(buf_slice(&r.diag.text), S(":2:1:")) != SIZE_MAX);
	CHECK(slice_find(buf_slice(&r.diag.text), S("\"programs\"")) !=
	    SIZE_MAX);
	room_free(&r);
}

static void
a_match_that_takes_too_long_is_counted(void)
{
	struct room r = room_new("decoder: d\nprograms: d\npatterns:\n"
	    "  - { name: slow, match: '^(?:a|aa)+$' }\n"
	    "  - { name: fast, match: '^a' }\n");
	struct buf line = { 0 };

	CHECK_TEXT(buf_slice(&r.diag.text), "");
	buf_str(&line, "Nov 23 16:10:00 h d[1]: ");
	for (size_t i = 0; i < 60; i++)
		buf_byte(&line, 'a');
	buf_byte(&line, 'b');
	run(&r, FORM_TEXT, buf_slice(&line));
	CHECK(decoders_counts(r.decoders).aborted == 1);
	CHECK_TEXT(r.ev->decoder, "d/fast");
	buf_free(&line);
	room_free(&r);
}

static void
journal_field(struct buf *b, const char *text)
{
	struct slice s = slice_of(text);
	uint32_t len = (uint32_t)s.len;

	buf_add(b, slice_bytes(&len, sizeof(len)));
	buf_add(b, s);
}

static void
a_journal_entry_keeps_who_really_sent_it(void)
{
	static const char *const entry[] = {
		"__CURSOR=s=1", "__REALTIME_TIMESTAMP=1795450199000000",
		"_SOURCE_REALTIME_TIMESTAMP=1795450198000000",
		"SYSLOG_IDENTIFIER=demo", "_COMM=logger", "_PID=12",
		"SYSLOG_PID=99", "_UID=1000", "_EXE=/usr/bin/logger",
		"_CMDLINE=logger -t demo", "_SYSTEMD_UNIT=session-1.scope",
		"_HOSTNAME=web1", "_TRANSPORT=syslog", "PRIORITY=evil",
		"PRIORITY=5",
		"SYSLOG_FACILITY=10", "MESSAGE=  login x", "X=1", "X=2",
		"Y=evil", "MESSAGE=another",
	};
	static const struct {
		const char *field, *want;
	} rows[] = {
		{ "process.name", "s:demo" }, { "process.pid", "n:12" },
		{ "process.executable", "s:/usr/bin/logger" },
		{ "process.command_line", "s:logger -t demo" },
		{ "journald.uid", "s:1000" },
		{ "journald.process.name", "s:logger" },
		{ "journald.transport", "s:syslog" }, { "_UID", "s:1000" },
		{ "systemd.unit", "s:session-1.scope" },
		{ "host.hostname", "s:web1" },
		{ "log.syslog.severity.code", "n:5" },
		{ "log.syslog.facility.code", "n:10" },
		{ "message", "s:login x s:another" }, { "X", "s:1 s:2" },
		{ "SYSLOG_IDENTIFIER", "s:demo" },
	};
	struct room r = room_new(demo);
	struct buf bytes = { 0 };

	for (size_t i = 0; i < COUNT(entry); i++)
		journal_field(&bytes, entry[i]);
	run(&r, FORM_JOURNAL, buf_slice(&bytes));
	for (size_t i = 0; i < COUNT(rows); i++)
		if (strcmp(rows[i].field, "message") != 0)
			CHECK_FIELD_ROW(&r, rows[i].field, rows[i].want, i);
	CHECK_TEXT(event_text(r.ev, F_MESSAGE), "login x");
	CHECK_TEXT(r.ev->raw, "  login x");
	CHECK_TEXT(r.ev->decoder, "demo/rest");
	CHECK(r.ev->time == NOW - 2 * SECOND);
	CHECK(r.ev->source_count == 3);
	buf_free(&bytes);
	room_free(&r);
}

/* Only a frame's program counts; what a message or JSON says does not. */
static void
what_an_output_wrote_is_marked_as_echo(void)
{
	static const struct {
		enum record_form form;
		const char *bytes;
		bool echo;
	} rows[] = {
		{ FORM_TEXT, "Nov 23 16:10:00 h vedette[1] R: x", true },
		{ FORM_TEXT, "<86>1 2026-11-23T16:10:00Z h vedette 1 A - x",
		    true },
		{ FORM_TEXT, "2026-11-23T16:10:00Z h 1 2026-11-23T16:10:00Z h "
		    "vedette 1 ALERT [v@1 a=\"\"] x", true },
		{ FORM_TEXT, "Nov 23 16:10:00 h sshd[1]: vedette[1]: x",
		    false },
		{ FORM_TEXT, "Nov 23 16:10:00 h sshd[1]: 1 "
		    "2026-11-23T16:10:00Z h vedette 1 ALERT - x", false },
		{ FORM_TEXT, "vedette", false },
		{ FORM_JSON, "{\"program\":\"vedette\",\"message\":\"x\"}",
		    false },
	};
	struct room r = room_new(NULL);

	decoders_echo(r.decoders, "vedette");
	for (size_t i = 0; i < COUNT(rows); i++) {
		run(&r, rows[i].form, slice_of(rows[i].bytes));
		CHECK_ROW(r.ev->echo == rows[i].echo, i);
	}
	room_free(&r);
}

static void
a_broken_journal_entry_gives_what_is_whole(void)
{
	struct room r = room_new(NULL);
	struct buf bytes = { 0 };

	journal_field(&bytes, "_COMM=x");
	journal_field(&bytes, "no equals sign");
	journal_field(&bytes, "MESSAGE=never seen");
	for (size_t len = 0; len <= bytes.len; len++) {
		run(&r, FORM_JOURNAL, slice_head(buf_slice(&bytes), len));
		CHECK_FIELD_ROW(&r, "process.name", len < 11 ? "" : "s:x",
		    len);
	}
	CHECK_FIELD(&r, "message", "");
	buf_free(&bytes);
	room_free(&r);
}

static void
a_log_source_that_was_told_counts_for_all(void)
{
	struct room r = room_new(demo);
	struct logsource told = { 70, 71, 72 };

	decoders_source(r.decoders, told);
	run(&r, FORM_JSON, S("{\"a\": 1}"));
	CHECK(r.ev->source_count == 1);
	CHECK(memcmp(&r.ev->sources[0], &told, sizeof(told)) == 0);
	run(&r, FORM_TEXT, S("bare"));
	CHECK(r.ev->source_count == 1);
	run(&r, FORM_TEXT, S("Nov 23 16:10:00 h x[1]: y"));
	CHECK(r.ev->source_count == 2);
	room_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(members_are_fields_with_their_types),
		TEST(members_that_no_rule_names_are_for_keywords),
		TEST(a_long_path_does_not_begin_again),
		TEST(json_has_its_own_time_clamped_to_arrival),
		TEST(what_is_no_object_is_a_bare_line),
		TEST(a_pattern_turns_groups_and_constants_into_fields),
		TEST(the_program_decides_who_looks_at_a_message),
		TEST(tests_in_decoders_are_run),
		TEST(the_tests_of_the_demo_pass),
		TEST(mistakes_are_told_at_their_place),
		TEST(a_key_that_nobody_knows_is_told_with_what_was_meant),
		TEST(a_match_that_takes_too_long_is_counted),
		TEST(a_journal_entry_keeps_who_really_sent_it),
		TEST(what_an_output_wrote_is_marked_as_echo),
		TEST(a_broken_journal_entry_gives_what_is_whole),
		TEST(a_log_source_that_was_told_counts_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
