#include "check.h"

#include "engine/pattern.h"

/* Parts as text: "abc" <*> <?>. */
static void
show(struct buf *out, struct pattern p)
{
	static const char *const marks[] = { "", "<*>", "<?>" };

	buf_clear(out);
	for (size_t i = 0; i < p.count; i++) {
		buf_str(out, marks[p.parts[i].type]);
		buf_add(out, p.parts[i].text);
	}
}

static void
strings_become_parts_once(void)
{
	static const struct {
		const char *in, *parts;
		size_t count;
	} rows[] = {
		{ "", "", 0 },
		{ "abc", "abc", 1 },
		{ "*", "<*>", 1 },
		{ "***", "<*>", 1 },
		{ "*?*", "<*><?><*>", 3 },
		{ "??", "<?><?>", 2 },
		{ "a*b?c", "a<*>b<?>c", 5 },
		{ "a\\*b", "a*b", 1 },
		{ "a\\\\*b", "a\\<*>b", 3 },
		{ "a\\\\\\*b", "a\\*b", 1 },
		{ "a\\b\\", "a\\b\\", 1 },
		{ "\\\\\\\\", "\\\\", 1 },
		{ "\\?*\\", "?<*>\\", 3 },
	};
	struct arena *a = arena_new(0);
	struct buf text = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pattern p = pattern_parse(a, slice_of(rows[i].in));

		show(&text, p);
		CHECK_TEXT_ROW(buf_slice(&text), rows[i].parts, i);
		CHECK_ROW(p.count == rows[i].count, i);
	}
	buf_free(&text);
	arena_free(a);
}

static void
joining_keeps_texts_and_runs_apart(void)
{
	static const struct {
		const char *left, *right, *parts;
		size_t count;
	} rows[] = {
		{ "", "", "", 0 },
		{ "a", "b", "ab", 1 },
		{ "a*", "*b", "a<*>b", 3 },
		{ "a?", "?b", "a<?><?>b", 4 },
		{ "*", "*", "<*>", 1 },
		{ "x*y", "z", "x<*>yz", 3 },
		{ "a\\", "*", "a\\<*>", 2 },
	};
	struct arena *a = arena_new(0);
	struct buf text = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pattern p = pattern_join(a,
		    pattern_parse(a, slice_of(rows[i].left)),
		    pattern_parse(a, slice_of(rows[i].right)));

		show(&text, p);
		CHECK_TEXT_ROW(buf_slice(&text), rows[i].parts, i);
		CHECK_ROW(p.count == rows[i].count, i);
	}
	buf_free(&text);
	arena_free(a);
}

static void
the_cheapest_test_is_taken(void)
{
	static const struct {
		const char *in;
		enum match_type type;
	} rows[] = {
		{ "", MATCH_EQUAL }, { "abc", MATCH_EQUAL },
		{ "abc*", MATCH_PREFIX }, { "*abc", MATCH_SUFFIX },
		{ "*abc*", MATCH_CONTAINS }, { "*", MATCH_ANY },
		{ "a*c", MATCH_GLOB }, { "?", MATCH_GLOB },
		{ "*?*", MATCH_GLOB }, { "*a*b*", MATCH_GLOB },
	};
	struct arena *a = arena_new(0);

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct matcher m = pattern_compile(a,
		    pattern_parse(a, slice_of(rows[i].in)), false);

		CHECK_ROW(m.type == rows[i].type, i);
	}
	arena_free(a);
}

/* Says it the slow way: each wildcard tries everything. */
static bool
slow_match(const char *p, const char *s)
{
	if (*p == '\0')
		return *s == '\0';
	if (*p == '*')
		return slow_match(p + 1, s) ||
		    (*s != '\0' && slow_match(p, s + 1));
	return *s != '\0' && (*p == '?' || *p == *s) &&
	    slow_match(p + 1, s + 1);
}

/* Word number n over an alphabet, or false when it is longer than most. */
static bool
nth_word(unsigned n, const char *alphabet, char *out, size_t most)
{
	size_t letters = strlen(alphabet), len = 0;

	for (; n > 0 && len < most; n = (unsigned)((n - 1) / letters))
		out[len++] = alphabet[(n - 1) % letters];
	out[len] = '\0';
	return n == 0;
}

static void
globs_match_as_the_slow_way_does(void)
{
	char pattern[8], text[8];

	for (unsigned i = 0; nth_word(i, "ab*?", pattern, 5); i++) {
		struct arena *a = arena_new(0);
		struct matcher m = pattern_compile(a,
		    pattern_parse(a, slice_of(pattern)), true);

		for (unsigned k = 0; nth_word(k, "ab", text, 6); k++)
			CHECK_ROW(matcher_match(&m, slice_of(text)) ==
			    slow_match(pattern, text), i * 1000 + k);
		arena_free(a);
	}
}

/* Patterns that make a backtracking matcher try for years. */
static void
hostile_text_is_matched_in_no_time(void)
{
	struct arena *a = arena_new(0);
	struct matcher m = pattern_compile(a,
	    pattern_parse(a, S("*a?a*a?a*a?a*a?a*a?a*a?a*b")), false);
	struct buf text = { 0 };

	memset(buf_room(&text, 65536), 'a', 65536);
	text.len = 65536;
	CHECK(!matcher_match(&m, buf_slice(&text)));
	buf_free(&text);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(strings_become_parts_once),
		TEST(joining_keeps_texts_and_runs_apart),
		TEST(the_cheapest_test_is_taken),
		TEST(globs_match_as_the_slow_way_does),
		TEST(hostile_text_is_matched_in_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
