#include "check.h"

#include "base/json.h"

static struct json *
parse(struct arena *a, struct slice in)
{
	struct json *v;
	struct err err;

	return json_parse(a, in, &v, &err) == 0 ? v : NULL;
}

static void
what_is_parsed_is_written_back(void)
{
	static const struct {
		struct slice in;
		const char *out;
	} rows[] = {
		{ SLICE("{}"), "{}" },
		{ SLICE(" [ ] \r\n"), "[]" },
		{ SLICE("null"), "null" },
		{ SLICE("[true,false,null]"), "[true,false,null]" },
		{ SLICE("{\"a\" : [1, {\"b\":\"c\"}] , \"d\":-0.5e+3}"),
		    "{\"a\":[1,{\"b\":\"c\"}],\"d\":-0.5e+3}" },
		{ SLICE("[0,-0,1E9,184467440737095516150]"),
		    "[0,-0,1E9,184467440737095516150]" },
		{ SLICE("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
		    "\"\\\"\\\\/\\b\\f\\n\\r\\t\"" },
		{ SLICE("\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\""),
		    "\"A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ SLICE("\"\\u0000x\""), "\"\\u0000x\"" },
		/* Half a pair of surrogates, at the end and before others. */
		{ SLICE("\"\\ud800\""), "\"\xef\xbf\xbd\"" },
		{ SLICE("\"\\udc00\\ud800\\u0041\""),
		    "\"\xef\xbf\xbd\xef\xbf\xbd" "A\"" },
		/* No UTF-8: over-long, surrogate, too high, cut, alone. */
		{ SLICE("\"\xc0\xaf\xed\xa0\x80\""), "\"\xef\xbf\xbd"
		    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ SLICE("\"\xf4\x90\x80\x80|\xe2\x82\""), "\"\xef\xbf\xbd"
		    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd"
		    "\xef\xbf\xbd\"" },
		/* A raw control byte does not hide a line. */
		{ SLICE("{\"a\tb\":\"\x01\x1b[31m\x7f\"}"),
		    "{\"a\\tb\":\"\\u0001\\u001b[31m\\u007f\"}" },
		/* C1, right-to-left override, tag: valid, but they deceive. */
		{ SLICE("\"\xc2\x9b\xe2\x80\xae\xf3\xa0\x80\x81\""),
		    "\"\\u009b\\u202e\\udb40\\udc01\"" },
		{ SLICE("{\"a\":1,\"a\":2}"), "{\"a\":1,\"a\":2}" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena *a = arena_new(0);
		struct json *v = parse(a, rows[i].in);
		struct buf b = { 0 };
		struct jsonw w = { .out = &b };

		CHECK_ROW(v != NULL, i);
		jsonw_value(&w, v);
		CHECK_TEXT_ROW(buf_slice(&b), rows[i].out, i);
		buf_free(&b);
		arena_free(a);
	}
}

static void
what_is_not_json_is_refused(void)
{
	static const struct slice rows[] = {
		SLICE(""), SLICE(" "), SLICE("{"), SLICE("["), SLICE("\""),
		SLICE("[1,]"), SLICE("[,1]"), SLICE("[1 2]"), SLICE("[1"),
		SLICE("{\"a\"}"), SLICE("{\"a\":}"), SLICE("{a:1}"),
		SLICE("{\"a\":1,}"), SLICE("{1:1}"), SLICE("{\"a\":1"),
		SLICE("01"), SLICE("-"), SLICE("+1"), SLICE("1."),
		SLICE(".5"), SLICE("1e"), SLICE("1e+"), SLICE("0x1"),
		SLICE("tru"), SLICE("nul"), SLICE("True"), SLICE("NaN"),
		SLICE("\"\\x41\""), SLICE("\"\\u12g4\""), SLICE("\"\\u12\""),
		SLICE("\"\\"), SLICE("\"a\\\""), SLICE("{} {}"),
		SLICE("1,2"), SLICE("]"), SLICE("[}"), SLICE("\0"),
		SLICE("'a'"), SLICE("\xef\xbb\xbf{}"), SLICE("//\n1"),
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena *a = arena_new(0);
		struct json *v;
		struct err err = { "" };

		CHECK_ROW(json_parse(a, rows[i], &v, &err) == -1, i);
		CHECK_ROW(v == NULL && err.text[0] != '\0', i);
		arena_free(a);
	}
}

static void
nesting_is_bounded_for_reader_and_writer(void)
{
	struct arena *a = arena_new(0);
	struct buf in = { 0 }, out = { 0 };
	struct jsonw w = { .out = &out };
	struct json *v;

	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buf_byte(&in, '[');
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buf_byte(&in, ']');
	v = parse(a, buf_slice(&in));
	CHECK(v != NULL);
	jsonw_value(&w, v);
	CHECK(slice_eq(buf_slice(&in), buf_slice(&out)));

	/* One level around it: what is too deep then becomes null. */
	buf_clear(&out);
	jsonw_array(&w);
	jsonw_value(&w, v);
	jsonw_array_end(&w);
	CHECK(slice_find(buf_slice(&out), S("[null]")) == 63);

	buf_clear(&in);
	for (int i = 0; i < 100000; i++)
		buf_byte(&in, '[');
	CHECK(parse(a, buf_slice(&in)) == NULL);
	buf_free(&in);
	buf_free(&out);
	arena_free(a);
}

static void
plain_strings_are_views_and_escaped_ones_copies(void)
{
	struct slice in = S("{\"key\":\"plain\",\"e\":\"a\\nb\"}");
	struct arena *a = arena_new(0);
	struct json *v = parse(a, in);
	struct slice s = json_text(v, "key");

	CHECK(s.p >= in.p && s.p < in.p + in.len);
	s = json_text(v, "e");
	CHECK(s.p < in.p || s.p >= in.p + in.len);
	CHECK_TEXT(s, "a\nb");
	arena_free(a);
}

static void
a_full_arena_is_an_error(void)
{
	struct arena *a = arena_new(256);

	CHECK(parse(a, S("[1,2,3,4,5,6,7,8,9]")) == NULL);
	arena_reset(a);
	CHECK(parse(a, S("[1]")) != NULL);
	arena_free(a);
}

static void
members_are_found_by_path(void)
{
	struct arena *a = arena_new(0);
	struct json *v = parse(a, S("{\"a\":{\"b\":{\"c\":\"x\"},\"n\":-5,"
	    "\"f\":1.5,\"big\":9223372036854775808,\"s\":\"7\"},\"a\":1,"
	    "\"\":{\"\":\"empty\"}}"));

	CHECK_TEXT(json_text(v, "a.b.c"), "x");
	CHECK_TEXT(json_text(v, "."), "empty");
	CHECK_TEXT(json_text(v, "a.b"), "");
	CHECK_TEXT(json_text(v, "a.b.c.d"), "");
	CHECK_TEXT(json_text(NULL, "a"), "");
	CHECK(json_get(NULL, "a") == NULL);
	CHECK(json_get(v, "a.b") == NULL);
	CHECK(json_path(v, "a.x") == NULL);
	CHECK(json_int(v, "a.n", 9) == -5);
	CHECK(json_int(v, "a.f", 9) == 9);
	CHECK(json_int(v, "a.big", 9) == 9);
	CHECK(json_int(v, "a.s", 9) == 9);
	CHECK(json_int(v, "nothing", 9) == 9);
	arena_free(a);
}

static void
the_writer_sets_commas_and_colons(void)
{
	struct buf b = { 0 };
	struct jsonw w = { .out = &b };

	jsonw_object(&w);
	jsonw_pair(&w, "a", S("x"));
	jsonw_key(&w, S("list"));
	jsonw_array(&w);
	jsonw_int(&w, INT64_MIN);
	jsonw_bool(&w, true);
	jsonw_null(&w);
	jsonw_object(&w);
	jsonw_object_end(&w);
	jsonw_raw(&w, S("[0]"));
	jsonw_array_end(&w);
	jsonw_pair_int(&w, "n", 7);
	jsonw_key(&w, S("t"));
	jsonw_time(&w, 1);
	jsonw_object_end(&w);
	jsonw_int(&w, 1);
	CHECK_TEXT(buf_slice(&b), "{\"a\":\"x\",\"list\":"
	    "[-9223372036854775808,true,null,{},[0]],\"n\":7,"
	    "\"t\":\"1970-01-01T00:00:00.000001Z\"}1");
	buf_free(&b);
}

/* Specials at each offset of an eight byte step, and behind it. */
static void
quoting_sees_a_special_byte_at_any_offset(void)
{
	static const struct {
		char byte;
		const char *out;
	} rows[] = {
		{ '"', "\\\"" }, { '\\', "\\\\" }, { '\n', "\\n" },
		{ '\x1f', "\\u001f" }, { '\x7f', "\\u007f" },
		{ '\xff', "\xef\xbf\xbd" },
	};

	for (size_t at = 0; at < 20 * COUNT(rows); at++) {
		char in[21] = "aaaaaaaaaaaaaaaaaaaa";
		struct buf got = { 0 }, want = { 0 };
		size_t row = at / 20, n = at % 20;

		in[n] = rows[row].byte;
		json_quote(&got, slice_bytes(in, 20));
		buf_fmt(&want, "\"%.*s%s%s\"", (int)n, in, rows[row].out,
		    in + n + 1);
		CHECK_TEXT_ROW(buf_slice(&got), buf_cstr(&want), at);
		buf_free(&got);
		buf_free(&want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_parsed_is_written_back),
		TEST(what_is_not_json_is_refused),
		TEST(nesting_is_bounded_for_reader_and_writer),
		TEST(plain_strings_are_views_and_escaped_ones_copies),
		TEST(a_full_arena_is_an_error),
		TEST(members_are_found_by_path),
		TEST(the_writer_sets_commas_and_colons),
		TEST(quoting_sees_a_special_byte_at_any_offset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
