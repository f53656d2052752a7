/*
 * Many literals at once, against memmem for each.
 */
#include "check.h"

#include <stdlib.h>

#include "engine/automaton.h"

enum { LITERALS_MAX = 3000, TEXT_MAX = 400 };

/* Which literal was found where; a place in the text is a bit row. */
struct finds {
	size_t text_len, count;
	unsigned char *seen;	/* count rows of text_len + 1 */
	bool wild;		/* a callback with what can't be */
};

static unsigned
next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(*seed >> 33);
}

static void
note(void *arg, uint32_t literal, size_t end)
{
	struct finds *f = arg;

	if (literal >= f->count || end > f->text_len)
		f->wild = true;
	else
		f->seen[literal * (f->text_len + 1) + end] = 1;
}

static int
by_text(const void *a, const void *b)
{
	return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

/* Sorts, and leaves out doubles and empty ones; how many are left. */
static size_t
tidy(struct slice *literals, size_t count)
{
	size_t kept = 0;

	qsort(literals, count, sizeof(*literals), by_text);
	for (size_t i = 0; i < count; i++)
		if (literals[i].len > 0 && (kept == 0 ||
		    !slice_eq(literals[i], literals[kept - 1])))
			literals[kept++] = literals[i];
	return kept;
}

static bool
stands(struct slice text, struct slice literal, size_t end)
{
	return end >= literal.len && memcmp(text.p + end - literal.len,
	    literal.p, literal.len) == 0;
}

/* Whether the automaton and plain comparing say the same of a text. */
static bool
agree(const struct automaton *a, const struct slice *literals, size_t count,
    struct slice text)
{
	struct finds f = { .text_len = text.len, .count = count };
	bool same = true;

	f.seen = calloc(count, text.len + 1);
	automaton_scan(a, text, note, &f);
	for (size_t i = 0; i < count; i++)
		for (size_t end = 0; end <= text.len; end++)
			same &= f.seen[i * (text.len + 1) + end] ==
			    stands(text, literals[i], end);
	free(f.seen);
	return same && !f.wild;
}

static void
each_place_of_each_literal_is_found(void)
{
	static const struct {
		const char *literals[6], *text;
	} rows[] = {
		{ { "a" }, "" },
		{ { "a" }, "a" },
		{ { "a" }, "b" },
		{ { "ab" }, "a" },
		{ { "he", "hers", "his", "she" }, "ushers hishe" },
		{ { "a", "aa", "aaa", "aaaa" }, "aaaaaaa" },
		{ { "abcd", "bcx" }, "abcxabcd" },
		{ { "abcdefg", "cdx", "d" }, "abcdxabcdefgd" },
		{ { "x", "yz" }, "wwwwwwwwyzx" },
		{ { "abc", "bc" }, "zzbc" },
		{ { " -i ", "-i", "i " }, "sed -i s/a/b/ x -i" },
		/* The first one is seen last, when much is walked over. */
		{ { "aaaaaaaabcdef!!!!!!zzzz", "bcdef", "bcdef!!!!!!zzzzz" },
		    "aaaaaaaabcdef!!!!!!zzzzy" },
		{ { "\xff", "\xff\x01\xfe" }, "\xff\xff\x01\xfe\xff" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice literals[6];
		struct automaton *a;
		size_t n = 0;

		while (n < 6 && rows[i].literals[n] != NULL) {
			literals[n] = slice_of(rows[i].literals[n]);
			n++;
		}
		n = tidy(literals, n);
		a = automaton_new(literals, n, AUTOMATON_ANYWHERE);
		CHECK_ROW(agree(a, literals, n, slice_of(rows[i].text)), i);
		automaton_free(a);
	}
}

static struct slice
backwards(struct slice s, unsigned char *out)
{
	for (size_t i = 0; i < s.len; i++)
		out[i] = s.p[s.len - 1 - i];
	return slice_bytes(out, s.len);
}

/* At one end of a text only, and each that stands there. */
static void
beginnings_and_ends_are_found_at_their_place_only(void)
{
	static const struct {
		const char *text;
		bool found[4];
	} rows[] = {
		{ "", { 0 } },
		{ "x", { 0 } },
		{ "ab", { true, true } },
		{ "abab", { true, true } },
		{ "bab", { false, false, true, false } },
		{ "aba", { true, true, false, false } },
		{ "ba", { false, false, true, false } },
		{ "bca", { false, false, true, true } },
	};
	struct slice literals[] = { S("a"), S("ab"), S("b"), S("bca") };
	struct automaton *begin = automaton_new(literals, 4,
	    AUTOMATON_BEGIN);
	struct automaton *end = automaton_new(literals, 4, AUTOMATON_END);

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice text = slice_of(rows[i].text);
		unsigned char turned[8], seen[2][4 * 9] = { { 0 } };
		struct finds f = { .text_len = text.len, .count = 4 };

		f.seen = seen[0];
		automaton_scan(begin, text, note, &f);
		f.seen = seen[1];
		automaton_scan(end, backwards(text, turned), note, &f);
		for (size_t k = 0; k < 4; k++) {
			size_t row = k * (text.len + 1);

			CHECK_ROW(rows[i].found[k] == (literals[k].len <=
			    text.len && seen[0][row + literals[k].len] != 0),
			    i);
			CHECK_ROW(rows[i].found[k] ==
			    (seen[1][row + text.len] != 0), i);
		}
		CHECK_ROW(!f.wild, i);
	}
	automaton_free(begin);
	automaton_free(end);
}

static void
a_nul_is_a_byte_like_others(void)
{
	struct slice literals[] = { S("\0"), S("\0\0\0b"), S("a\0b") };
	struct automaton *a = automaton_new(literals, 3, AUTOMATON_ANYWHERE);

	CHECK(agree(a, literals, 3, S("a\0b\0\0\0ba\0\0")));
	automaton_free(a);
}

/* Small alphabets, so that beginnings and ends overlap all the time. */
static void
it_says_what_comparing_says(void)
{
	static const struct {
		unsigned letters, literals, longest, rounds;
	} rows[] = {
		{ 1, 10, 12, 20 }, { 2, 5, 3, 300 }, { 2, 40, 8, 200 },
		{ 3, 200, 6, 50 }, { 4, 3, 20, 200 }, { 8, 600, 9, 10 },
		{ 26, 100, 4, 50 }, { 256, 20, 2, 100 },
		{ 256, 2000, 4, 5 }, { 60, 2500, 10, 5 },
		{ 2, 30, 24, 300 }, { 3, 400, 24, 50 },
	};
	static unsigned char bytes[LITERALS_MAX][24], text[TEXT_MAX];
	static struct slice literals[LITERALS_MAX];
	uint64_t seed = 7;

	for (size_t i = 0; i < COUNT(rows) * 300; i++) {
		size_t row = i / 300, n = 0, len = next(&seed) % TEXT_MAX;
		struct automaton *a;

		if (i % 300 >= rows[row].rounds)
			continue;
		for (; n < rows[row].literals; n++) {
			size_t longest = 1 + next(&seed) % rows[row].longest;

			for (size_t k = 0; k < longest; k++)
				bytes[n][k] = (unsigned char)('a' +
				    next(&seed) % rows[row].letters);
			literals[n] = slice_bytes(bytes[n], longest);
		}
		for (size_t k = 0; k < len; k++)
			text[k] = (unsigned char)('a' +
			    next(&seed) % rows[row].letters);
		n = tidy(literals, n);
		a = automaton_new(literals, n, AUTOMATON_ANYWHERE);
		CHECK_ROW(agree(a, literals, n, slice_bytes(text, len)), row);
		automaton_free(a);
	}
}

/* Words put together from parts, as commands and paths are. */
static size_t
make_words(struct buf *all, struct slice *out, size_t count, uint64_t *seed)
{
	static const char *const parts[] = {
		"/usr", "/bin", "/etc", "curl", "wget", "python", " -c ",
		"http", "://", "base64", "chmod", " +x", "/tmp/", "sh", "nc",
		"-e ", "passwd", "shadow", "cron", ".ssh", "key", "lib", "so",
		"perl", "socket", "exec", "0.0.0.0", "::", "kill", "rm -rf",
	};
	size_t *ends = calloc(count, sizeof(*ends)), from = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned n = 2 + next(seed) % 3;

		for (unsigned k = 0; k < n; k++)
			buf_str(all, parts[next(seed) % COUNT(parts)]);
		buf_fmt(all, "%x", next(seed) % 64);
		ends[i] = all->len;
	}
	for (size_t i = 0; i < count; i++) {
		out[i] = slice_bytes(buf_slice(all).p + from, ends[i] - from);
		from = ends[i];
	}
	free(ends);
	return tidy(out, count);
}

/*
 * As many as the public rules for Linux hold, and six times as many as all
 * of them: in the tables 2 MiB and 32 MiB are allowed.
 */
static void
tables_are_small(void)
{
	static const struct {
		size_t literals, most;
	} rows[] = {
		{ 100, 128 << 10 }, { 2000, 1 << 20 }, { 60000, 20 << 20 },
	};
	uint64_t seed = 3;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice *words = calloc(rows[i].literals,
		    sizeof(*words));
		struct buf all = { 0 };
		size_t n = make_words(&all, words, rows[i].literals, &seed);
		struct automaton *a = automaton_new(words, n, AUTOMATON_ANYWHERE);

		CHECK_ROW(automaton_bytes(a) <= rows[i].most, i);
		CHECK_ROW(agree(a, words, n, slice_head(buf_slice(&all), 60)),
		    i);
		automaton_free(a);
		buf_free(&all);
		free(words);
	}
}

static void
count_call(void *arg, uint32_t literal, size_t end)
{
	(void)literal;
	(void)end;
	++*(size_t *)arg;
}

/* Told at most twice: walking back over a text would tell it many times. */
static void
nothing_is_looked_at_again_and_again(void)
{
	struct slice literals[2] = { S(""), S("b") };
	unsigned char text[20000];
	struct automaton *a;
	size_t calls = 0;

	memset(text, 'a', sizeof(text));
	literals[0] = slice_bytes(text, 1000);
	a = automaton_new(literals, 2, AUTOMATON_ANYWHERE);
	automaton_scan(a, slice_bytes(text, sizeof(text)), count_call, &calls);
	CHECK(calls >= sizeof(text) - 999 &&
	    calls <= 2 * (sizeof(text) - 999));
	automaton_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_place_of_each_literal_is_found),
		TEST(beginnings_and_ends_are_found_at_their_place_only),
		TEST(a_nul_is_a_byte_like_others),
		TEST(it_says_what_comparing_says),
		TEST(tables_are_small),
		TEST(nothing_is_looked_at_again_and_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
