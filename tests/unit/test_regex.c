#include "check.h"

#include "base/regex.h"

static struct regex *
compile(struct slice pattern, unsigned flags)
{
	size_t at;
	struct err err;

	return regex_new(pattern, flags, &at, &err);
}

static void
the_prefix_is_what_every_match_begins_with(void)
{
	static const struct {
		struct slice pattern;
		unsigned flags;
		const char *prefix;
	} rows[] = {
		{ SLICE("^Failed password for "), 0, "Failed password for " },
		{ SLICE("^Failed (?<x>a|b)"), 0, "Failed " },
		{ SLICE("^ab*"), 0, "a" },
		{ SLICE("^ab?c"), 0, "a" },
		{ SLICE("^ab{0,1}"), 0, "a" },
		{ SLICE("^ab+"), 0, "ab" },
		{ SLICE("^a|b"), 0, "" },
		{ SLICE("abc"), 0, "" },
		{ SLICE("^abc"), REGEX_NOCASE, "" },
		{ SLICE("^abc"), REGEX_MULTILINE, "" },
		{ SLICE("^"), 0, "" },
		{ SLICE("^\\d+"), 0, "" },
		{ SLICE("^a\\.b"), 0, "a.b" },
		{ SLICE("^a\\.?b"), 0, "a" },
		{ SLICE("^(?i)abc"), 0, "" },
		{ SLICE("^a\\Qb|c\\E"), 0, "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct regex *re = compile(rows[i].pattern, rows[i].flags);

		CHECK_ROW(re != NULL, i);
		CHECK_TEXT_ROW(regex_prefix(re), rows[i].prefix, i);
		regex_free(re);
	}
}

/* "not" are bytes that need not be tried; PCRE2 decides how many it knows. */
static void
a_match_starts_with_one_of_the_first_bytes(void)
{
	static const struct {
		struct slice pattern;
		unsigned flags;
		const char *may, *not;
	} rows[] = {
		{ SLICE("^(?:Postponed|Accepted) x"), 0, "PA", "px" },
		{ SLICE("^[0-9]+ "), 0, "09", "a/:" },
		{ SLICE("^(?:a|)b"), 0, "ab", "" },
		{ SLICE("^(?=x)."), 0, "x", "" },
		{ SLICE("^(?<!y)a"), 0, "a", "" },
		{ SLICE("^x"), REGEX_NOCASE, "xX", "" },
		{ SLICE("^b"), REGEX_MULTILINE, "ab\n", "" },
		{ SLICE("b"), 0, "ab", "" },
		{ SLICE("^a|b"), 0, "abc", "" },
		{ SLICE(".*b"), REGEX_DOTALL, "ab\xff", "" },
		{ SLICE("^\\W"), 0, " \xff", "a" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct regex *re = compile(rows[i].pattern, rows[i].flags);

		CHECK_ROW(re != NULL, i);
		for (const char *c = rows[i].may; *c != '\0'; c++)
			CHECK_ROW(regex_starts(re, (unsigned char)*c), i);
		for (const char *c = rows[i].not; *c != '\0'; c++)
			CHECK_ROW(!regex_starts(re, (unsigned char)*c), i);
		regex_free(re);
	}
}

static void
groups_are_found_by_name(void)
{
	struct slice in = S("user root from 10.0.0.9"), out;
	struct regex *re = compile(S("user (?<user>\\S+)(?<opt> x)? from "
	    "(?<addr>\\S+)$"), 0);
	struct regex_state *st = regex_state_new();

	CHECK(regex_match(re, st, in) == REGEX_YES);
	CHECK(regex_group(st, in, (unsigned)regex_name(re, "user"), &out));
	CHECK_TEXT(out, "root");
	CHECK(regex_group(st, in, (unsigned)regex_name(re, "addr"), &out));
	CHECK_TEXT(out, "10.0.0.9");
	CHECK(!regex_group(st, in, (unsigned)regex_name(re, "opt"), &out));
	CHECK(!regex_group(st, in, 1000, &out));
	CHECK(regex_name(re, "nobody") == -1);
	CHECK(regex_match(re, st, S("user root")) == REGEX_NO);
	CHECK(regex_match(re, st, S("")) == REGEX_NO);
	CHECK(regex_match(re, st, slice_of(NULL)) == REGEX_NO);
	regex_state_free(st);
	regex_free(re);
}

/* 2,000 times the letter, and an end that does not fit. */
static void
a_catastrophic_pattern_is_aborted(void)
{
	static const struct {
		struct slice pattern;
		unsigned char letter;
	} rows[] = {
		{ SLICE("^(a+)+$"), 'a' },
		{ SLICE("^(x+x+)+[yz]$"), 'x' },
		{ SLICE("^(([a-z])+.)+[A-Z]$"), 'a' },
		{ SLICE("(.*)*(.*)*(.*)*[bc]$"), 'a' },
	};
	struct regex_state *st = regex_state_new();

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct regex *re = compile(rows[i].pattern, 0);
		unsigned char in[2000];

		memset(in, rows[i].letter, sizeof(in));
		in[sizeof(in) - 1] = '!';
		CHECK_ROW(re != NULL, i);
		CHECK_ROW(regex_match(re, st, slice_bytes(in, sizeof(in))) ==
		    REGEX_ABORTED, i);
		regex_free(re);
	}
	regex_state_free(st);
}

static void
patterns_that_are_none_tell_where(void)
{
	static const struct {
		struct slice pattern;
		size_t at;
	} rows[] = {
		{ SLICE("a(b"), 3 },
		{ SLICE("a[b"), 3 },
		{ SLICE("*a"), 0 },
		{ SLICE("(*UTF)a"), 6 },
		{ SLICE("a\\C"), 3 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t at = 99;
		struct err err = { "" };

		CHECK_ROW(regex_new(rows[i].pattern, 0, &at, &err) == NULL, i);
		CHECK_ROW(at == rows[i].at && err.text[0] != '\0', i);
	}
}

static void
bytes_that_are_no_text_are_matched(void)
{
	struct regex_state *st = regex_state_new();
	struct regex *re = compile(S("a.b"), REGEX_DOTALL);

	CHECK(regex_match(re, st, S("\xff" "a\xfe" "b")) == REGEX_YES);
	CHECK(regex_match(re, st, S("a\0b")) == REGEX_YES);
	CHECK(regex_match(re, st, S("a\nb")) == REGEX_YES);
	regex_free(re);
	regex_state_free(st);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_prefix_is_what_every_match_begins_with),
		TEST(a_match_starts_with_one_of_the_first_bytes),
		TEST(groups_are_found_by_name),
		TEST(a_catastrophic_pattern_is_aborted),
		TEST(patterns_that_are_none_tell_where),
		TEST(bytes_that_are_no_text_are_matched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
