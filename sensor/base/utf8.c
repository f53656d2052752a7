#include "base/utf8.h"

#include "base/swar.h"

#include <assert.h>

#include "base/json.h"

/* Smallest code point of each length: anything below it is over-long. */
static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };

static size_t
claimed_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead < 0xe0)
		return 2;
	if (lead >= 0xe0 && lead < 0xf0)
		return 3;
	return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

size_t
utf8_one(struct slice s, uint32_t *code)
{
	size_t len = s.len == 0 ? 0 : claimed_length(s.p[0]);
	uint32_t c;

	if (len == 0 || len > s.len)
		return 0;
	c = len == 1 ? s.p[0] : s.p[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s.p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s.p[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*code = c;
	return len;
}

size_t
utf8_put(unsigned char *to, uint32_t c)
{
	static const unsigned char mark[5] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t len = 1u + (c >= 0x80) + (c >= 0x800) + (c >= 0x10000);

	assert(c <= 0x10ffff);
	for (size_t i = len - 1; i > 0; i--) {
		to[i] = (unsigned char)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	to[0] = (unsigned char)(mark[len] | c);
	return len;
}

bool
utf8_valid(struct slice s)
{
	uint32_t code;

	while (s.len > 0) {
		size_t n;

		while (s.len >= 8 && (swar_load(s.p) & SWAR_HIGHS) == 0)
			s = slice_from(s, 8);
		n = s.len == 0 ? 0 : utf8_one(s, &code);
		if (n == 0)
			return s.len == 0;
		s = slice_from(s, n);
	}
	return true;
}

bool
utf8_deceives(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f },		/* C0, DEL, C1 */
		{ 0xad, 0xad },				/* soft hyphen */
		{ 0x34f, 0x34f }, { 0x61c, 0x61c },
		{ 0x115f, 0x1160 }, { 0x17b4, 0x17b5 },	/* fillers */
		{ 0x180b, 0x180e },
		{ 0x200b, 0x200f },			/* zero width, marks */
		{ 0x2028, 0x202e },			/* line ends, bidi */
		{ 0x2060, 0x206f },
		{ 0x3164, 0x3164 },
		{ 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 },
		{ 0xfff0, 0xfffb },
		{ 0xe0000, 0xe0fff },			/* tags */
	};

	for (size_t i = 0; i < COUNT(ranges) && c >= ranges[i].first; i++)
		if (c <= ranges[i].last)
			return true;
	return false;
}

static void
escape_byte(struct buf *b, struct slice s)
{
	buf_str(b, "\\x");
	buf_hex(b, slice_head(s, 1));
}

/* The letters, digits and marks of ASCII at the front. */
static struct slice
plain_head(struct slice s)
{
	size_t n = 0;

	while (n < s.len && s.p[n] >= 0x20 && s.p[n] < 0x7f)
		n++;
	return slice_head(s, n);
}

void
text_escape(struct buf *b, struct slice s)
{
	uint32_t code;

	for (;;) {
		struct slice plain = plain_head(s);
		size_t n;

		buf_add(b, plain);
		s = slice_from(s, plain.len);
		if (s.len == 0)
			return;
		n = utf8_one(s, &code);
		if (n == 0 || (n == 1 && utf8_deceives(code)))
			escape_byte(b, s);
		else if (utf8_deceives(code))
			buf_fmt(b, "\\u{%x}", code);
		else
			buf_add(b, slice_head(s, n));
		s = slice_from(s, n > 0 ? n : 1);
	}
}
