/*
 * Audit records to fields, and the records of a program's start to one event.
 */
#include "check.h"

#include <stdio.h>

#include "base/when.h"
#include "decode/decode.h"

extern const struct decoder dec_audit, dec_syslog;

static const struct decoder *const formats[] = {
	&dec_audit, &dec_syslog, NULL
};

/* 2026-11-23 16:10:00 UTC */
#define NOW (INT64_C(1795450200) * SECOND)

/* Fields that a rule has named. */
static const char *const named[] = {
	"a0", "a1", "a2", "a3", "name", "nametype", "exe", "key", "uid",
	"euid", "syscall", "res", "unit", "proctitle", "cmd", "acct", "op",
};

struct room {
	struct schema *schema;
	struct decoders *decoders;
	struct event *ev, *merged;
	struct record record;
};

static struct room
room_new(void)
{
	struct room r = { .schema = schema_new() };

	for (size_t i = 0; i < COUNT(named); i++)
		schema_field(r.schema, slice_of(named[i]));
	r.decoders = decoders_new(r.schema, formats);
	schema_freeze(r.schema);
	r.ev = event_new(r.schema);
	r.merged = event_new(r.schema);
	return r;
}

static void
room_free(struct room *r)
{
	event_free(r->ev);
	event_free(r->merged);
	decoders_free(r->decoders);
	schema_free(r->schema);
}

static void
say(struct room *r, struct slice bytes)
{
	r->record.bytes = bytes;
	r->record.source = S("/var/log/audit/audit.log");
	r->record.received = NOW;
	event_reset(r->ev, &r->record);
	decoders_run(r->decoders, r->ev);
	r->record.offset += bytes.len + 1;
}

/* All values of a field, a '|' between; "-" when it is absent. */
static struct slice
field(const struct event *ev, const char *name)
{
	static char text[65536];
	struct buf b = { 0 };
	int n = schema_find(ev->schema, slice_of(name));
	const struct value *v = n == -1 ? NULL : event_get(ev, n);

	if (v == NULL)
		buf_byte(&b, '-');
	for (; v != NULL; v = v->more) {
		buf_add(&b, v->text);
		if (v->more != NULL)
			buf_byte(&b, '|');
	}
	slice_to_cstr(buf_slice(&b), text, sizeof(text));
	buf_free(&b);
	return slice_of(text);
}

static bool
has_source(const struct event *ev, const char *category, const char *service)
{
	struct logsource want = {
		(uint16_t)schema_word_find(ev->schema, S("linux")),
		(uint16_t)schema_word_find(ev->schema, slice_of(category)),
		(uint16_t)schema_word_find(ev->schema, slice_of(service)),
	};

	for (size_t i = 0; i < ev->source_count; i++)
		if (memcmp(&ev->sources[i], &want, sizeof(want)) == 0)
			return true;
	return false;
}

#define HEAD "msg=audit(1700000000.123:456): "
#define CALL "type=SYSCALL " HEAD "arch=c000003e syscall="

static void
pairs_become_fields(void)
{
	static const struct {
		struct slice line;
		const char *name, *value;
	} rows[] = {
		{ SLICE(CALL "59 success=yes a0=55d0 a1=10 uid=33 euid=0 "
		    "exe=\"/usr/bin/id\" key=(null)"), "SYSCALL", "execve" },
		{ SLICE(CALL "59 a0=55d0"), "syscall", "59" },
		{ SLICE(CALL "59 a0=55d0"), "ARCH", "x86_64" },
		{ SLICE(CALL "59 a0=41"), "a0", "41" },
		{ SLICE(CALL "59 euid=0"), "euid", "0" },
		{ SLICE(CALL "9999"), "SYSCALL", "-" },
		{ SLICE("type=SYSCALL " HEAD "arch=c00000b7 syscall=221 "),
		    "SYSCALL", "execve" },
		{ SLICE("type=SYSCALL " HEAD "arch=40000003 syscall=11 "),
		    "SYSCALL", "execve" },
		{ SLICE(CALL "59 key=(null)\x1d" "ARCH=x86_64 SYSCALL=execve "
		    "UID=\"www\""), "SYSCALL", "execve" },
		{ SLICE(CALL "59 key=6F6E650174776F"), "key", "one|two" },
		{ SLICE(CALL "59 exe=2F746D702F6120622822"), "exe",
		    "/tmp/a b(\"" },
		{ SLICE(CALL "59 exe=\"/tmp/x\"y\" uid=0"), "exe", "/tmp/x" },
		{ SLICE("type=EXECVE " HEAD "argc=2 a0=\"sh\" a1=2D6320"),
		    "a1", "-c " },
		{ SLICE("type=EXECVE " HEAD "argc=1 a0=\"41\""), "a0", "41" },
		{ SLICE("type=EXECVE " HEAD "argc=2 a0=\"x\" a1_len=5 "
		    "a1[0]=6162 a1[1]=63 a2[0]=64"), "a1", "abc" },
		{ SLICE("type=EXECVE " HEAD "a1[0]=\"ab\" a1[1]=\"cd\""),
		    "a1", "abcd" },
		{ SLICE("type=EXECVE " HEAD "a1[0]=6162 a1[1]=63 a2[0]=64"),
		    "a2", "d" },
		/* What only looks like a piece of an argument. */
		{ SLICE("type=EXECVE " HEAD "exe]=4142 a0]=4142 a0=\"x\""),
		    "a0", "x" },
		{ SLICE("type=EXECVE " HEAD "]=a [0]=b a[0]=c a1[=d "
		    "a1x[0]=e name[0]=f a1[0]=4142"), "a1", "AB" },
		{ SLICE("type=PATH " HEAD "item=0 name=\"/etc/shadow\" "
		    "nametype=NORMAL"), "nametype", "NORMAL" },
		{ SLICE("type=PROCTITLE " HEAD "proctitle=6C73002D6C"),
		    "proctitle", "ls -l" },
		{ SLICE("type=USER_CMD " HEAD "pid=7 uid=1000 msg='cwd=\"/\" "
		    "cmd=2F62696E2F6C73 exe=\"/usr/bin/sudo\" res=success'"
		    "\x1d" "UID=\"eve\""), "cmd", "/bin/ls" },
		{ SLICE("type=USER_LOGIN " HEAD "pid=7 msg='op=login "
		    "acct=\"it's\" res=failed'"), "res", "failed" },
		{ SLICE("type=USER_LOGIN " HEAD "pid=7 msg='op=login "
		    "acct=\"it's\" res=failed'"), "acct", "it's" },
		{ SLICE("type=SERVICE_STOP " HEAD "pid=1 msg='unit=auditd "
		    "comm=\"systemd\"'"), "unit", "auditd" },
		{ SLICE("type=USER_AUTH " HEAD "msg='op=x (hostname=?, "
		    "res=success)'"), "res", "success" },
		{ SLICE("node=web1 type=CWD " HEAD " cwd=\"/\""),
		    "host.hostname", "web1" },
		{ SLICE("type=USER_LOGIN " HEAD "pid=7 uid=0 msg='pid=9'"),
		    "process.pid", "7" },
		{ SLICE("type=CWD " HEAD), "type", "CWD" },
		{ SLICE("type=CWD " HEAD "= == a0= =x a1"), "a0", "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct room r = room_new();

		say(&r, rows[i].line);
		CHECK_TEXT_ROW(field(r.ev, rows[i].name), rows[i].value, i);
		CHECK_ROW(has_source(r.ev, "", "auditd"), i);
		CHECK_ROW(r.ev->time == INT64_C(1700000000123000), i);
		CHECK_ROW(slice_eq(r.ev->raw, rows[i].line), i);
		room_free(&r);
	}
}

static void
other_lines_are_left_to_others(void)
{
	static const struct slice rows[] = {
		SLICE(""), SLICE("type="), SLICE("type=CWD"),
		SLICE("type=CWD msg=audit(1.123:4)"),
		SLICE("type=CWD msg=audit(1:4): x"),
		SLICE("type=CWD msg=audit(-1.123:4): x"),
		SLICE("type=CWD msg=audit(99999999999999999.123:4): x"),
		SLICE("type=CWD msg=audit(1.1234:4): x"),
		SLICE(" type=CWD msg=audit(1.123:4): x"),
		SLICE("node=type=CWD msg=audit(1.123:4): x"),
		SLICE("Nov 23 16:00:00 web1 audit[1]: type=CWD " HEAD),
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct room r = room_new();

		say(&r, rows[i]);
		CHECK_ROW(!has_source(r.ev, "", "auditd"), i);
		room_free(&r);
	}
}

#define START(serial, ids) \
	"type=SYSCALL msg=audit(1700000000.500:" serial "): arch=c000003e " \
	"syscall=59 success=yes items=2 ppid=10 pid=11 " ids " comm=\"sh\" " \
	"exe=\"/usr/bin/dash\" key=(null)"
#define PART(type, serial, rest) \
	"type=" type " msg=audit(1700000000.500:" serial "): " rest

static void
the_start_of_a_program_is_an_event(void)
{
	static const struct slice lines[] = {
		SLICE(START("7", "uid=0")),
		SLICE(PART("EXECVE", "7", "argc=3 a0=\"sh\" a1=\"-c\" "
		    "a2_len=9 a2[0]=6C732022")),
		SLICE(PART("EXECVE", "7", "a2[1]=2F22")),
		SLICE(PART("CWD", "7", "cwd=\"/root\"")),
		SLICE(PART("PATH", "7", "item=0 name=\"/bin/sh\" x=1")),
		SLICE(PART("PATH", "7", "item=1 name=\"/lib64/ld.so\" x=1")),
		SLICE(PART("PROCTITLE", "7", "proctitle=7368")),
	};
	static const char *const want[][2] = {
		{ "Image", "/usr/bin/dash|/bin/sh" },
		{ "CommandLine", "sh -c ls \"/\"" },
		{ "CurrentDirectory", "/root" },
		{ "User", "root" }, { "LogonId", "0" },
		{ "ProcessId", "11" }, { "ParentProcessId", "10" },
	};
	struct room r = room_new();

	for (size_t i = 0; i < COUNT(lines); i++) {
		CHECK_ROW(!decoders_merged(r.decoders, r.merged, false), i);
		say(&r, lines[i]);
	}
	CHECK(decoders_merged(r.decoders, r.merged, false));
	for (size_t i = 0; i < COUNT(want); i++)
		CHECK_TEXT_ROW(field(r.merged, want[i][0]), want[i][1], i);
	CHECK(has_source(r.merged, "process_creation", ""));
	CHECK(!has_source(r.merged, "", "auditd"));
	CHECK(r.merged->time == INT64_C(1700000000500000));
	CHECK(r.merged->record->offset == 0);
	CHECK_TEXT(r.merged->record->source, "/var/log/audit/audit.log");
	CHECK(!decoders_merged(r.decoders, r.merged, true));
	room_free(&r);
}

/* Records of two events in any mixture; one has no end. */
static void
events_are_kept_apart(void)
{
	static const struct slice lines[] = {
		SLICE(START("7", "uid=33")),
		SLICE(START("8", "uid=34\x1dUID=\"eve\"")),
		SLICE(PART("EXECVE", "8", "argc=1 a0=\"eight\"")),
		SLICE(PART("EXECVE", "7", "argc=1 a0=\"seven\"")),
		SLICE(PART("CWD", "8", "cwd=\"/tmp\"")),
		SLICE(PART("PATH", "8", "item=0 name=\"./a\" x=1")),
		SLICE(PART("EOE", "8", "")),
	};
	struct room r = room_new();

	for (size_t i = 0; i < COUNT(lines); i++)
		say(&r, lines[i]);
	CHECK(decoders_merged(r.decoders, r.merged, false));
	CHECK_TEXT(field(r.merged, "CommandLine"), "eight");
	CHECK_TEXT(field(r.merged, "Image"), "/usr/bin/dash|/tmp/a");
	CHECK(!decoders_merged(r.decoders, r.merged, false));
	for (int i = 0; i < 40; i++)
		say(&r, S(PART("USER_END", "9", "pid=1")));
	CHECK(decoders_merged(r.decoders, r.merged, false));
	CHECK_TEXT(field(r.merged, "CommandLine"), "seven");
	CHECK_TEXT(field(r.merged, "User"), "33");
	CHECK(!decoders_merged(r.decoders, r.merged, true));
	room_free(&r);
}

static void
what_did_not_start_is_no_event(void)
{
	struct room r = room_new();

	say(&r, S(START("7", "uid=0")));
	say(&r, S(PART("CWD", "7", "cwd=\"/\"")));
	say(&r, S(PART("PROCTITLE", "7", "proctitle=7368")));
	/* Its first record was not seen. */
	say(&r, S(PART("EXECVE", "8", "argc=1 a0=\"x\"")));
	say(&r, S(PART("PROCTITLE", "8", "proctitle=7368")));
	CHECK(!decoders_merged(r.decoders, r.merged, false));
	CHECK(!decoders_merged(r.decoders, r.merged, true));
	room_free(&r);
}

/* 1,000 events that never end, and one that is 100 times too long. */
static void
what_is_kept_is_bounded(void)
{
	struct room r = room_new();
	struct buf line = { 0 };
	size_t found = 0;

	for (int i = 0; i < 1000; i++) {
		buf_clear(&line);
		buf_fmt(&line, "type=SYSCALL msg=audit(1700000000.500:%d): "
		    "arch=c000003e syscall=59 uid=0", i);
		say(&r, buf_slice(&line));
		buf_clear(&line);
		buf_fmt(&line, "type=EXECVE msg=audit(1700000000.500:%d): "
		    "argc=1 a0=\"x\"", i);
		say(&r, buf_slice(&line));
		while (decoders_merged(r.decoders, r.merged, false))
			found++;
	}
	while (decoders_merged(r.decoders, r.merged, true))
		found++;
	CHECK(found == 1000);
	say(&r, S(START("7", "uid=0")));
	buf_clear(&line);
	buf_str(&line, PART("EXECVE", "7", "a1[0]=\""));
	while (line.len < 60000)
		buf_byte(&line, 'x');
	buf_byte(&line, '"');
	for (int i = 0; i < 400; i++)
		say(&r, buf_slice(&line));
	CHECK(decoders_merged(r.decoders, r.merged, true));
	CHECK(r.merged->truncated);
	CHECK(event_text(r.merged, schema_find(r.schema,
	    S("CommandLine"))).len < 300000);
	buf_free(&line);
	room_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pairs_become_fields),
		TEST(other_lines_are_left_to_others),
		TEST(the_start_of_a_program_is_an_event),
		TEST(events_are_kept_apart),
		TEST(what_did_not_start_is_no_event),
		TEST(what_is_kept_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
