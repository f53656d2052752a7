#include "check.h"

#include <limits.h>
#include <stdlib.h>

#include "rfc5424.h"

enum { SCRATCH = 4 << 20 };

#define HEAD "<84>1 2026-11-23T16:10:00.123456Z "
#define DATA "[vedette@32473 alert_id=\"30313233343536373839616263646566\" " \
	"seq=\"7\" severity=\"medium\""

static const struct rfc5424 text = { 10, "vedette", 77, "32473", false, false,
	8192 };
static const struct rfc5424 json = { 10, "vedette", 77, "32473", true, false,
	8192 };

static struct slice
write_one(struct buf *out, const struct rfc5424 *options, struct slice body)
{
	struct arena *scratch = arena_new(SCRATCH);
	struct parcel p = {
		.seq = 7,
		.kind = KIND_ALERT,
		.level = LEVEL_MEDIUM,
		.time = INT64_C(1795450200123456),
		.id = S("0123456789abcdef"),
		.body = body,
	};

	buf_clear(out);
	rfc5424_write(out, options, &p, scratch);
	arena_free(scratch);
	return buf_slice(out);
}

static void
a_record_becomes_header_data_and_message(void)
{
	static const struct {
		const char *body, *message;
	} rows[] = {
		{ "{\"host\":{\"name\":\"web01\"},\"message\":\"m\","
		    "\"rule\":{\"id\":\"5c1e\",\"name\":\"Brute force\"},"
		    "\"source\":{\"ip\":\"::1\"},\"user\":{\"name\":\"root\"}}",
		    HEAD "web01 vedette 77 ALERT " DATA " rule_id=\"5c1e\" "
		    "rule=\"Brute force\" user=\"root\" src=\"::1\"] "
		    "Brute force: m" },
		{ "{\"event\":{\"original\":\"the line\"}}",
		    HEAD "- vedette 77 ALERT " DATA "] the line" },
		{ "{\"rule\":{\"name\":\"R\"}}",
		    HEAD "- vedette 77 ALERT " DATA " rule=\"R\"] R" },
		{ "{}", HEAD "- vedette 77 ALERT " DATA "] {}" },
		{ "", HEAD "- vedette 77 ALERT " DATA "] " },
		{ "no json\n", HEAD "- vedette 77 ALERT " DATA
		    "] no json\\x0a" },
	};
	struct buf b = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++)
		CHECK_TEXT_ROW(write_one(&b, &text, slice_of(rows[i].body)),
		    rows[i].message, i);
	buf_free(&b);
}

static void
levels_become_severities(void)
{
	static const char *const starts[] = {
		[LEVEL_INFORMATIONAL] = "<134>1 ", [LEVEL_LOW] = "<133>1 ",
		[LEVEL_MEDIUM] = "<132>1 ", [LEVEL_HIGH] = "<131>1 ",
		[LEVEL_CRITICAL] = "<130>1 ",
	};
	struct rfc5424 local0 = text;
	struct arena *scratch = arena_new(SCRATCH);
	struct buf b = { 0 };

	local0.facility = 16;
	for (size_t i = 0; i < COUNT(starts); i++) {
		struct parcel p = { .level = (enum level)i, .body = S("{}") };

		buf_clear(&b);
		rfc5424_write(&b, &local0, &p, scratch);
		CHECK_ROW(slice_starts(buf_slice(&b), slice_of(starts[i])), i);
	}
	buf_free(&b);
	arena_free(scratch);
}

/* A name that a client chose must not end the value, the data or the line. */
static void
hostile_text_stays_in_its_place(void)
{
	static const struct {
		const char *body, *end;
	} rows[] = {
		{ "{\"message\":\"m\",\"user\":{\"name\":\"a\\\"] b\\\\\"}}",
		    " user=\"a\\\"\\] b\\\\\"] m" },
		{ "{\"message\":\"m\",\"user\":{\"name\":\"a\\n<1>1 -\"}}",
		    " user=\"a\\\\x0a<1>1 -\"] m" },
		{ "{\"message\":\"a\\nb\\r\\u0000\\u001b[31m\\u007f\"}",
		    "] a\\x0ab\\x0d\\x00\\x1b[31m\\x7f" },
		{ "{\"message\":\"\xff\xfe\"}", "] \\xff\\xfe" },
		{ "{\"host\":{\"name\":\"a b\\nc\"},\"message\":\"m\"}",
		    "] m" },
	};
	struct buf b = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice s = write_one(&b, &text, slice_of(rows[i].body));

		CHECK_ROW(slice_ends(s, slice_of(rows[i].end)), i);
		CHECK_ROW(slice_find_byte(s, '\n') == SIZE_MAX, i);
	}
	CHECK(slice_starts(buf_slice(&b), S(HEAD "a?b?c vedette ")));
	buf_free(&b);
}

static void
fill(struct buf *body, const char *key, const char *unit, size_t count)
{
	buf_clear(body);
	buf_fmt(body, "{\"%s\":\"", key);
	for (size_t i = 0; i < count; i++)
		buf_str(body, unit);
	buf_str(body, "\",\"user\":{\"name\":\"root\"}}");
}

static void
what_is_too_long_is_cut_between_characters_and_marked(void)
{
	static const struct {
		const char *unit;
		size_t count, max;
	} rows[] = {
		{ "x", 9000, 8192 }, { "x", 70000, 1024 },
		{ "\xc3\xa4", 9000, 8192 }, { "\xe2\x82\xac", 9000, 8192 },
		{ "\xf0\x9f\x98\x80", 9000, 8192 },
		{ "x\xf0\x9f\x98\x80", 9000, 8192 },
		{ "\\n", 9000, 8192 }, { "\xff", 9000, 8192 },
		{ "\\\"", 9000, 8192 },
	};
	struct buf b = { 0 }, body = { 0 };

	for (size_t i = 0; i < 2 * COUNT(rows); i++) {
		size_t row = i / 2;
		struct rfc5424 o = i % 2 == 0 ? text : json;
		struct slice s;

		o.max_size = rows[row].max;
		fill(&body, "message", rows[row].unit, rows[row].count);
		s = write_one(&b, &o, buf_slice(&body));
		CHECK_ROW(s.len <= o.max_size, i);
		CHECK_ROW(o.json || s.len > o.max_size - 16, i);
		CHECK_ROW(utf8_valid(s), i);
		CHECK_ROW(slice_find(s, S(" truncated=\"1\"] ")) < 300, i);
	}
	buf_free(&b);
	buf_free(&body);
}

static void
cut_json_is_json(void)
{
	struct arena *a = arena_new(0);
	struct buf b = { 0 }, body = { 0 };
	struct json *tree;
	struct slice s;

	fill(&body, "message", "\xe2\x82\xac\\n\\u0000", 9000);
	s = write_one(&b, &json, buf_slice(&body));
	s = slice_from(s, slice_find(s, S("] ")) + 2);
	CHECK(json_parse(a, s, &tree, NULL) == 0);
	CHECK_TEXT(json_text(tree, "user.name"), "root");
	CHECK(json_text(tree, "message").len > 1000);

	/* So many members that cutting strings does not help. */
	buf_clear(&body);
	buf_str(&body, "{\"a\":[");
	for (size_t i = 0; i < 9000; i++)
		buf_str(&body, "12345,");
	buf_str(&body, "1]}");
	s = write_one(&b, &json, buf_slice(&body));
	CHECK(slice_ends(s, S("truncated=\"1\"] {\"event\":"
	    "{\"id\":\"30313233343536373839616263646566\"}}")));
	buf_free(&b);
	buf_free(&body);
	arena_free(a);
}

static void
the_longest_header_leaves_room_in_the_smallest_message(void)
{
	struct rfc5424 o = { 23, "an-application-name-that-is-longer-than-48-"
		"characters", INT_MAX, "1234567890123456", false, true, 1024 };
	struct buf b = { 0 }, body = { 0 };
	struct slice s;

	buf_str(&body, "{\"host\":{\"name\":\"");
	for (int i = 0; i < 300; i++)
		buf_byte(&body, 'h');
	buf_str(&body, "\"},\"message\":\"m\"");
	for (int i = 0; i < 3; i++) {
		static const char *const keys[] = { "user", "rule", "event" };

		buf_fmt(&body, ",\"%s\":{\"id\":\"%s\",\"name\":\"%s\","
		    "\"action\":\"%s\"}", keys[i],
		    "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
		    "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
		    "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
	}
	buf_byte(&body, '}');
	s = write_one(&b, &o, buf_slice(&body));
	CHECK(s.len <= 1024);
	CHECK(slice_find(s, S("] \xef\xbb\xbf")) != SIZE_MAX);
	buf_free(&b);
	buf_free(&body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_record_becomes_header_data_and_message),
		TEST(levels_become_severities),
		TEST(hostile_text_stays_in_its_place),
		TEST(what_is_too_long_is_cut_between_characters_and_marked),
		TEST(cut_json_is_json),
		TEST(the_longest_header_leaves_room_in_the_smallest_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
