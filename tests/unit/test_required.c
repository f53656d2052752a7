/*
 * What a regular expression needs, against what it matches.
 */
#include "check.h"

#include <stdlib.h>

#include "base/casefold.h"
#include "base/regex.h"
#include "engine/required.h"

static int
by_text(const void *a, const void *b)
{
	return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

static void
the_longest_texts_that_must_stand_are_found(void)
{
	static const struct {
		const char *pattern, *texts;	/* "a|b", sorted */
	} rows[] = {
		{ "", "" },
		{ "a", "" },
		{ "ab", "ab" },
		{ "[^!]*[^!]*[!]", "!" },
		{ "foo|;", ";|foo" },
		{ "[:]", "" },
		{ "AbC", "abc" },
		{ "(?i)AbC", "abc" },
		{ "^/bin/sh$", "/bin/sh" },
		{ "a.*bcd.*ef", "bcd" },
		{ "abc?", "ab|abc" },
		{ "abc*", "ab" },
		{ "ab+cd", "bcd" },
		{ "a{3}b", "aaab" },
		{ "xa{2,}y", "xa" },
		{ "x{0}abc", "abc" },
		{ "a{0,1}bc", "abc|bc" },
		{ "(foo|bar)baz", "barbaz|foobaz" },
		{ "(?:foo|.*bar)", "bar|foo" },
		{ "foo|b", "" },
		{ "foo|.*", "" },
		{ "(foo)?", "" },
		{ "(foo)+x", "foox" },
		{ "\\d+\\.tar\\.gz", ".tar.gz" },
		{ "-[FTd]\\s", "-d|-f|-t" },
		{ "a[b-d]ef", "ef" },
		{ "a[^b]cd", "cd" },
		{ "[]a]x", "]x|ax" },
		{ "[a\\]]x", "]x|ax" },
		{ "\\x41\\x{42}c", "abc" },
		{ "\\x{e9}bc", "bc" },
		{ "\\tab", "\tab" },
		{ "\\bfoo\\b", "foo" },
		{ "(?=xyz)ab", "ab" },
		{ "(?!xyz)ab", "ab" },
		{ "(?<=xyz)ab", "ab" },
		{ "(?<name>abc)d", "abcd" },
		{ "(?P<name>abc)d", "abcd" },
		{ "(?'name'abc)d", "abcd" },
		{ "(?>abc)d", "abcd" },
		{ "ab{x}", "ab{x}" },
		{ "abcdefg.{2}hij", "abcdefg" },
		{ "\\p{L}ab\\PLcd", "ab" },
		{ "\xc3\xa9?ab", "ab" },
		/* Not understood, or better left alone. */
		{ "\\Qab\\E", "" },
		{ "(?x)ab c", "" },
		{ "(a)\\1bc", "" },
		{ "(*UTF)abc", "" },
		{ "(?#ab)cd", "" },
		{ "(?(?=a)bc|de)", "" },
		{ "ab(*ACCEPT)cd", "" },
		{ "a(?R)?bc", "" },
		{ "ab{2}{3}", "" },
		{ "ab{,3}", "" },
		{ "[[:alpha:]]bc", "" },
		{ "\\cAbc", "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena *a = arena_new(0);
		struct slice sorted[REQUIRED_MAX];
		const struct slice *texts;
		struct buf all = { 0 };
		size_t n = required_texts(a, slice_of(rows[i].pattern),
		    &texts);

		for (size_t k = 0; k < n; k++)
			sorted[k] = texts[k];
		if (n > 0)
			qsort(sorted, n, sizeof(*sorted), by_text);
		for (size_t k = 0; k < n; k++) {
			buf_str(&all, k > 0 ? "|" : "");
			buf_add(&all, sorted[k]);
		}
		CHECK_TEXT_ROW(buf_slice(&all), rows[i].texts, i);
		buf_free(&all);
		arena_free(a);
	}
}

static unsigned
next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(*seed >> 33);
}

static struct slice
make(struct buf *b, const char *const *parts, size_t count, size_t most,
    uint64_t *seed)
{
	buf_clear(b);
	for (size_t n = 1 + next(seed) % most; n > 0; n--)
		buf_str(b, parts[next(seed) % count]);
	return buf_slice(b);
}

static bool
has_one(struct slice text, const struct slice *texts, size_t count)
{
	struct arena *a = arena_new(0);
	struct slice folded = fold_keep(a, text);
	bool found = count == 0;

	for (size_t i = 0; i < count; i++)
		found |= slice_find(folded, texts[i]) != SIZE_MAX;
	arena_free(a);
	return found;
}

/* Patterns and texts put together at random from the same few letters. */
static void
what_matches_has_one_of_the_texts(void)
{
	static const char *const parts[] = {
		"a", "b", "c", "A", "k", "ab", "(", ")", "(?:", "|", "?", "*",
		"+", "{2}", "{1,2}", "{0,1}", "{2,}", "[ab]", "[^a]", "[a-c]",
		".", "\\b", "\\w", "^", "$", "(?i)", "(?=", "(?!", "(?<=b)",
		"\\x61", "??", "+?", "*+", "\\.", "[Kk]", "s", "\xc3\xa9",
	};
	static const char *const letters[] = {
		"a", "b", "c", "A", "B", "k", "K", "ab", "abc", ".", "s", "S",
		"\xe2\x84\xaa", "\xc5\xbf", "\xc3\xa9", "\xc3\x89", " ", "\xff",
	};
	struct regex_state *st = regex_state_new();
	struct buf pattern = { 0 }, text = { 0 };
	unsigned matched = 0, told = 0;
	uint64_t seed = 23;

	for (unsigned i = 0; i < 60000; i++) {
		struct slice p = make(&pattern, parts, COUNT(parts), 8, &seed);
		struct arena *a = arena_new(0);
		const struct slice *texts;
		struct err err;
		size_t at, n;
		struct regex *re = regex_new(p, next(&seed) % 16, &at, &err);

		n = re != NULL ? required_texts(a, p, &texts) : 0;
		for (unsigned k = 0; n > 0 && k < 20; k++) {
			struct slice t = make(&text, letters, COUNT(letters),
			    6, &seed);

			if (regex_match(re, st, t) != REGEX_YES)
				continue;
			matched++;
			CHECK_ROW(has_one(t, texts, n), i);
		}
		told += n > 0;
		regex_free(re);
		arena_free(a);
	}
	CHECK(told > 3000 && matched > 1000);
	buf_free(&pattern);
	buf_free(&text);
	regex_state_free(st);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_longest_texts_that_must_stand_are_found),
		TEST(what_matches_has_one_of_the_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
