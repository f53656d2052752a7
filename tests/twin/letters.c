#include "letters.h"

#include "base/casefold.h"
#include "base/utf8.h"

struct letters
letters_of(struct arena *a, struct slice text)
{
	struct letters l = { arena_alloc(a, (text.len + 1) * sizeof(*l.at)),
	    0 };

	while (text.len > 0) {
		uint32_t letter;
		size_t n = utf8_one(text, &letter);

		l.at[l.count++] = n > 0 ? letter :
		    LETTER_BYTE + (uint32_t)text.p[0];
		text = slice_from(text, n > 0 ? n : 1);
	}
	return l;
}

/*
 * SIGMA.md 1.3: "\*" and "\?" are literal, "\\" is one backslash anywhere, a
 * backslash before any other character and at the end is literal.
 */
struct letters
letters_sigma(struct arena *a, struct slice text)
{
	struct letters in = letters_of(a, text), out = { in.at, 0 };

	for (size_t i = 0; i < in.count; i++) {
		uint32_t c = in.at[i];
		uint32_t next = i + 1 < in.count ? in.at[i + 1] : 0;

		if (c == '\\' && (next == '*' || next == '?' || next == '\\')) {
			out.at[out.count++] = next;
			i++;
		} else if (c == '*') {
			out.at[out.count++] = LETTER_RUN;
		} else if (c == '?') {
			out.at[out.count++] = LETTER_ONE;
		} else {
			out.at[out.count++] = c;
		}
	}
	return out;
}

struct letters
letters_join(struct arena *a, struct letters left, struct letters right)
{
	struct letters l = { arena_alloc(a, (left.count + right.count + 1) *
	    sizeof(*l.at)), 0 };

	for (size_t i = 0; i < left.count; i++)
		l.at[l.count++] = left.at[i];
	for (size_t i = 0; i < right.count; i++)
		l.at[l.count++] = right.at[i];
	return l;
}

struct letters
letters_part(struct letters l, size_t from, size_t until)
{
	return (struct letters){ l.at + from, until - from };
}

struct slice
letters_bytes(struct arena *a, struct letters l)
{
	unsigned char *p = arena_alloc(a, 4 * l.count + 1);
	size_t n = 0;

	for (size_t i = 0; i < l.count; i++)
		if (l.at[i] >= LETTER_BYTE)
			p[n++] = (unsigned char)(l.at[i] - LETTER_BYTE);
		else
			n += utf8_put(p + n, l.at[i]);
	return slice_bytes(p, n);
}

bool
letters_plain(struct letters l)
{
	for (size_t i = 0; i < l.count; i++)
		if (l.at[i] == LETTER_RUN || l.at[i] == LETTER_ONE)
			return false;
	return true;
}

/* SIGMA.md 1.3: Unicode's simple folding. */
uint32_t
letter_fold(uint32_t letter)
{
	unsigned char bytes[8], folded[FOLD_ROOM(8)];
	size_t n;

	if (letter < 0x80)
		return byte_lower((unsigned char)letter);
	if (letter >= LETTER_BYTE)
		return letter;
	n = fold_to(folded, slice_bytes(bytes, utf8_put(bytes, letter)));
	utf8_one(slice_bytes(folded, n), &letter);
	return letter;
}

static bool
is_same(uint32_t want, uint32_t have, bool cased)
{
	if (want == LETTER_ONE || want == have)
		return true;
	return !cased && letter_fold(want) == letter_fold(have);
}

/*
 * Where the row does not fit, the last run takes one letter more and all
 * behind it is tried again; what stands before that run need not be.
 */
bool
letters_match(struct letters pattern, struct letters text, bool cased)
{
	size_t p = 0, t = 0, run = SIZE_MAX, taken = 0;

	while (t < text.count) {
		if (p < pattern.count && pattern.at[p] == LETTER_RUN) {
			run = p++;
			taken = t;
		} else if (p < pattern.count &&
		    is_same(pattern.at[p], text.at[t], cased)) {
			p++;
			t++;
		} else if (run != SIZE_MAX) {
			p = run + 1;
			t = ++taken;
		} else {
			return false;
		}
	}
	while (p < pattern.count && pattern.at[p] == LETTER_RUN)
		p++;
	return p == pattern.count;
}
