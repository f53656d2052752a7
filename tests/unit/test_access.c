/*
 * Lines of access logs, and what of a request stands behind its encodings.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/when.h"
#include "decode/accessline.h"
#include "decode/decode.h"
#include "decode/percent.h"
#include "decode/stamp.h"

extern const struct decoder dec_access, dec_stamped, dec_syslog;

/* 2026-11-23 16:10:00 UTC */
#define NOON_ISH (INT64_C(1795450200) * SECOND)

#define AT " [23/Nov/2026:16:10:00 +0000] "
#define TAIL " HTTP/1.1\" 404 5 \"-\" \"curl/7\""

static void
lines_of_each_server_are_split(void)
{
	static const struct {
		const char *line, *host, *client, *user, *target, *path,
		    *status, *agent;
	} rows[] = {
		{ "192.0.2.9 - -" AT "\"GET /a?b=1" TAIL,
		  "", "192.0.2.9", "", "/a?b=1", "/a", "404", "curl/7" },
		{ "192.0.2.9 - alice" AT "\"GET /a HTTP/1.0\" 200 -",
		  "", "192.0.2.9", "alice", "/a", "/a", "200", "" },
		{ "2001:db8::9 - -" AT "\"GET /a" TAIL,
		  "", "2001:db8::9", "", "/a", "/a", "404", "curl/7" },
		{ "::ffff:192.0.2.9 - -" AT "\"GET /a" TAIL,
		  "", "192.0.2.9", "", "/a", "/a", "404", "curl/7" },
		/* vhost_combined */
		{ "www.example:80 192.0.2.9 - bob" AT "\"GET /a" TAIL,
		  "www.example", "192.0.2.9", "bob", "/a", "/a", "404",
		  "curl/7" },
		/* lighttpd */
		{ "192.0.2.9 www.example -" AT "\"GET /a" TAIL,
		  "www.example", "192.0.2.9", "", "/a", "/a", "404",
		  "curl/7" },
		/* a name instead of the client's address */
		{ "c9.example - -" AT "\"GET /a" TAIL,
		  "", "c9.example", "", "/a", "/a", "404", "curl/7" },
		/* a time behind the bytes, no version, absolute target */
		{ "192.0.2.9 - -" AT "\"GET /a\" 200 5 0.03 \"-\" \"u\" \"x\"",
		  "", "192.0.2.9", "", "/a", "/a", "200", "u" },
		{ "192.0.2.9 - -" AT "\"GET http://x.example/b?c" TAIL,
		  "", "192.0.2.9", "", "http://x.example/b?c", "/b", "404",
		  "curl/7" },
		/* quotes are escaped, or not at all */
		{ "192.0.2.9 - -" AT "\"GET /?q=\\\"a\\\" 200 1" TAIL,
		  "", "192.0.2.9", "", "/?q=\\\"a\\\" 200 1", "/", "404",
		  "curl/7" },
		{ "192.0.2.9 - -" AT "\"GET /?q=\"a\"" TAIL,
		  "", "192.0.2.9", "", "/?q=\"a\"", "/", "404", "curl/7" },
		/* what is no request */
		{ "192.0.2.9 - -" AT "\"\\x16\\x03\" 400 5 \"-\" \"-\"",
		  "", "192.0.2.9", "", "\\x16\\x03", "", "400", "" },
		{ "192.0.2.9 - -" AT "\"-\" 408 0 \"-\" \"-\"",
		  "", "192.0.2.9", "", "", "", "408", "" },
		{ "192.0.2.9 - -" AT "\"\" 400 0 \"-\" \"-\"",
		  "", "192.0.2.9", "", "", "", "400", "" },
		/* cut in the middle */
		{ "192.0.2.9 - -" AT "\"GET /a HTTP/1.1\" 403 1 \"-\" \"Mo",
		  "", "192.0.2.9", "", "/a", "/a", "403", "Mo" },
	};
	struct zone z = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct access_line a;

		CHECK_ROW(access_parse(slice_of(rows[i].line), &z, &a), i);
		CHECK_TEXT_ROW(a.host, rows[i].host, i);
		CHECK_TEXT_ROW(a.client, rows[i].client, i);
		CHECK_TEXT_ROW(a.user, rows[i].user, i);
		CHECK_TEXT_ROW(a.target, rows[i].target, i);
		CHECK_TEXT_ROW(a.path, rows[i].path, i);
		CHECK_TEXT_ROW(a.status, rows[i].status, i);
		CHECK_TEXT_ROW(a.agent, rows[i].agent, i);
		CHECK_ROW(a.time == NOON_ISH, i);
	}
}

/* Servers escape the quotes in a user's name, as Apache does here. */
static void
a_user_forges_neither_client_nor_time_nor_request(void)
{
	static const char line[] =
	    "192.0.2.9 - x [01/Jan/2020:00:00:00 +0000] \\\"GET /forged "
	    "HTTP/1.1\\\" 200 1 \\\"-\\\"" AT "\"GET /real" TAIL;
	struct zone z = { 0 };
	struct access_line a;

	CHECK(access_parse(slice_of(line), &z, &a));
	CHECK_TEXT(a.client, "192.0.2.9");
	CHECK_TEXT(a.target, "/real");
	CHECK(a.time == NOON_ISH);
}

static void
other_lines_are_none(void)
{
	static const char *const rows[] = {
		"", "[", " [", "192.0.2.9 - - [",
		"192.0.2.9 - -" AT,
		"192.0.2.9 - -" AT "\"GET / HTTP/1.1\"",
		"192.0.2.9 - -" AT "\"GET / HTTP/1.1\" ab",
		"192.0.2.9 - -" AT "\"GET / HTTP/1.1 404 5",
		"192.0.2.9 - - [30/Feb/2026:16:10:00 +0000] \"GET /\" 404 5",
		"192.0.2.9" AT "\"GET /" TAIL,
		"what? - -" AT "\"GET /" TAIL,
		"[23/Nov/2026:16:10:00 +0000] \"GET /" TAIL,
	};
	struct zone z = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct access_line a;

		CHECK_ROW(!access_parse(slice_of(rows[i]), &z, &a), i);
	}
}

static struct event *
decoded(const char *line, struct decoders **d, struct schema **s)
{
	static const struct decoder *const formats[] = {
		&dec_syslog, &dec_access, &dec_stamped, NULL
	};
	static struct record r;
	struct event *ev;

	setenv("TZ", "UTC", 1);
	tzset();
	*s = schema_new();
	*d = decoders_new(*s, formats);
	schema_freeze(*s);
	ev = event_new(*s);
	r = (struct record){ .bytes = slice_of(line), .source = S("/x"),
	    .received = NOON_ISH + DAY };
	event_reset(ev, &r);
	decoders_run(*d, ev);
	return ev;
}

static void
frames_are_seen_through(void)
{
	static const struct {
		const char *line, *program, *ip, *message;
	} rows[] = {
		{ "192.0.2.9 - -" AT "\"GET /a" TAIL, "", "192.0.2.9", NULL },
		{ "Nov 23 16:10:00 h nginx: 192.0.2.9 - -" AT "\"GET /" TAIL,
		  "nginx", "192.0.2.9", NULL },
		/* words of a program, and then a client's */
		{ "Nov 23 16:10:00 h sshd[1]: Invalid user 192.0.2.9 - -" AT
		  "\"GET /" TAIL, "sshd", "", NULL },
		{ "Nov 23 16:10:00 h sshd[1]: User 192.0.2.9 - -" AT
		  "\"GET /" TAIL, "sshd", "", NULL },
		{ "2026/11/23 16:10:00 [error] 1#1: x", "", "",
		  "[error] 1#1: x" },
		{ "[Mon Nov 23 16:10:00.000000 2026] [core:error] x", "", "",
		  "[core:error] x" },
		{ "[23-Nov-2026 16:10:00 UTC] PHP x", "", "", "PHP x" },
		{ "[23-Nov-2026 16:10:00 Europe/Berlin] x", "", "", "x" },
		{ "23-Nov-2026 16:10:00.000 INFO [main] x", "", "",
		  "INFO [main] x" },
		{ "1795450200.000    12 192.0.2.9 x", "", "",
		  "12 192.0.2.9 x" },
		{ "2026/11/23 16:10:00| x", "", "", "x" },
		{ "23-Nov-2026 x", "", "", "23-Nov-2026 x" },
		{ "[Mon Nov 23 16:10:00", "", "", "[Mon Nov 23 16:10:00" },
		{ "", "", "", "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct decoders *d;
		struct schema *s;
		struct event *ev = decoded(rows[i].line, &d, &s);

		CHECK_TEXT_ROW(event_text(ev, F_PROCESS_NAME),
		    rows[i].program, i);
		CHECK_TEXT_ROW(event_text(ev, F_SOURCE_IP), rows[i].ip, i);
		if (rows[i].message != NULL)
			CHECK_TEXT_ROW(event_text(ev, F_MESSAGE),
			    rows[i].message, i);
		event_free(ev);
		decoders_free(d);
		schema_free(s);
	}
}

static void
stamps_give_the_time(void)
{
	static const char *const rows[] = {
		"[Mon Nov 23 16:10:00.000000 2026] x",
		"[Mon Nov 23 16:10:00 2026] x", "2026/11/23 16:10:00 x",
		"[23-Nov-2026 16:10:00 UTC] x", "23-Nov-2026 16:10:00.000 x",
		"1795450200.000 x",
	};
	struct zone z = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice s = slice_of(rows[i]);
		int64_t when;

		CHECK_ROW(stamp_own(&s, &z, &when), i);
		CHECK_ROW(when == NOON_ISH, i);
		CHECK_TEXT_ROW(s, "x", i);
	}
}

static void
codes_are_taken_off_once(void)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "%2e%2E/", "../" }, { "%252e", "%2e" }, { "%u002e", "." },
		{ "\\x2e", "." }, { "\\\"", "\"" }, { "\\\\x2e", "\\x2e" },
		{ "#22", "\"" }, { "/?a+b", "/?a b" }, { "/a+b?%2b", "/a+b?+" },
		{ "%zz%41", "%zzA" }, { "%4", NULL }, { "%", NULL },
		{ "\\", NULL }, { "\\x", NULL }, { "#", NULL }, { "#2", NULL },
		{ "%u0", NULL }, { "%u0141", NULL }, { "/a+b", NULL },
		{ "", NULL },
	};
	struct arena *a = arena_new(0);
	bool full = false;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice out = S("");
		bool changed = percent_decode(a, slice_of(rows[i].in), true,
		    &out, &full);

		CHECK_ROW(changed == (rows[i].out != NULL), i);
		if (changed)
			CHECK_TEXT_ROW(out, rows[i].out, i);
	}
	CHECK(!full);
	arena_free(a);
}

static size_t
count_values(const struct value *v)
{
	size_t n = 0;

	for (; v != NULL; v = v->more)
		n++;
	return n;
}

static void
a_field_has_a_value_for_each_of_two_encodings(void)
{
	static const struct {
		const char *target;
		size_t values;
	} rows[] = {
		{ "/a", 1 }, { "/%61", 2 }, { "/%2561", 3 },
		{ "/%252561", 3 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char line[200];
		struct decoders *d;
		struct schema *s;
		struct event *ev;

		snprintf(line, sizeof(line), "192.0.2.9 - -" AT "\"GET %s"
		    TAIL, rows[i].target);
		ev = decoded(line, &d, &s);
		CHECK_TEXT_ROW(event_text(ev, F_CS_URI_QUERY),
		    rows[i].target, i);
		CHECK_ROW(count_values(event_get(ev, F_CS_URI_QUERY)) ==
		    rows[i].values, i);
		/* Of the target and of its path. */
		CHECK_ROW(count_values(ev->decoded) ==
		    2 * (rows[i].values - 1), i);
		event_free(ev);
		decoders_free(d);
		schema_free(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_of_each_server_are_split),
		TEST(a_user_forges_neither_client_nor_time_nor_request),
		TEST(other_lines_are_none),
		TEST(frames_are_seen_through),
		TEST(stamps_give_the_time),
		TEST(codes_are_taken_off_once),
		TEST(a_field_has_a_value_for_each_of_two_encodings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
