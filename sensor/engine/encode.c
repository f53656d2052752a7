/*
 * What modifiers make of a value's pattern, one step each.
 */
#include "base/digest.h"
#include "base/utf8.h"
#include "engine/item.h"

int
step_contains(struct item *item, const struct node *value,
    struct patterns *p)
{
	step_startswith(item, value, p);
	return step_endswith(item, value, p);
}

int
step_startswith(struct item *item, const struct node *value,
    struct patterns *p)
{
	(void)value;
	for (size_t i = 0; i < p->count; i++)
		p->items[i] = pattern_open_end(item->load->build,
		    p->items[i]);
	return 0;
}

int
step_endswith(struct item *item, const struct node *value,
    struct patterns *p)
{
	(void)value;
	for (size_t i = 0; i < p->count; i++)
		p->items[i] = pattern_open_front(item->load->build,
		    p->items[i]);
	return 0;
}

static struct pattern
text_pattern(struct item *item, struct buf *text)
{
	struct arena *a = item->load->build;
	struct pattern p = pattern_text(a, arena_keep(a, buf_slice(text)));

	buf_clear(text);
	return p;
}

static int
want_plain(struct item *item, const struct node *value,
    const struct patterns *p)
{
	struct slice text;

	for (size_t i = 0; i < p->count; i++)
		if (!pattern_plain(p->items[i], &text))
			return node_error(item->load->diag, value,
			    "a text with wildcards has no base64");
	return 0;
}

int
step_base64(struct item *item, const struct node *value, struct patterns *p)
{
	struct buf out = { 0 };
	struct slice text;

	if (want_plain(item, value, p) == -1)
		return -1;
	for (size_t i = 0; i < p->count; i++) {
		pattern_plain(p->items[i], &text);
		base64_add(&out, text);
		p->items[i] = text_pattern(item, &out);
	}
	buf_free(&out);
	return 0;
}

/*
 * The text as it looks when it begins at byte 0, 1 or 2 of a group of three:
 * characters that also hold bits of a neighbour are cut off.
 */
static void
add_offset(struct buf *out, struct slice text, size_t offset)
{
	static const size_t front[3] = { 0, 2, 3 }, end[3] = { 0, 3, 2 };
	struct buf in = { 0 }, full = { 0 };
	size_t cut = end[(text.len + offset) % 3];

	buf_add(&in, slice_head(S("  "), offset));
	buf_add(&in, text);
	base64_add(&full, buf_slice(&in));
	if (full.len > front[offset] + cut)
		buf_add(out, slice_head(slice_from(buf_slice(&full),
		    front[offset]), full.len - front[offset] - cut));
	buf_free(&in);
	buf_free(&full);
}

int
step_base64offset(struct item *item, const struct node *value,
    struct patterns *p)
{
	struct patterns all = {
		arena_alloc(item->load->build,
		    3 * p->count * sizeof(*all.items)), 0,
	};
	struct buf out = { 0 };
	struct slice text;

	if (want_plain(item, value, p) == -1)
		return -1;
	for (size_t i = 0; i < p->count; i++) {
		pattern_plain(p->items[i], &text);
		for (size_t offset = 0; offset < 3; offset++) {
			add_offset(&out, text, offset);
			all.items[all.count++] = text_pattern(item, &out);
		}
	}
	buf_free(&out);
	*p = all;
	return 0;
}

enum order { LITTLE, BIG };

static void
add_unit(struct buf *out, uint32_t unit, enum order order)
{
	unsigned char low = (unsigned char)unit;
	unsigned char high = (unsigned char)(unit >> 8);

	buf_byte(out, order == LITTLE ? low : high);
	buf_byte(out, order == LITTLE ? high : low);
}

static void
add_utf16(struct buf *out, struct slice s, enum order order)
{
	uint32_t code;
	size_t n;

	/* YAML text is UTF-8, so there is a character until the end. */
	for (; (n = utf8_one(s, &code)) > 0; s = slice_from(s, n)) {
		if (code < 0x10000) {
			add_unit(out, code, order);
			continue;
		}
		code -= 0x10000;
		add_unit(out, 0xd800 | code >> 10, order);
		add_unit(out, 0xdc00 | (code & 0x3ff), order);
	}
}

static int
encode_utf16(struct item *item, struct patterns *p, enum order order,
    struct slice mark)
{
	struct arena *a = item->load->build;
	struct buf out = { 0 };

	for (size_t i = 0; i < p->count; i++) {
		const struct pattern from = p->items[i];
		struct pattern to = pattern_text(a, mark);

		for (size_t k = 0; k < from.count; k++) {
			struct pattern part = { &from.parts[k], 1 };

			if (from.parts[k].type == PART_TEXT) {
				add_utf16(&out, from.parts[k].text, order);
				part = text_pattern(item, &out);
			}
			to = pattern_join(a, to, part);
		}
		p->items[i] = to;
	}
	buf_free(&out);
	return 0;
}

int
step_utf16le(struct item *item, const struct node *value, struct patterns *p)
{
	(void)value;
	return encode_utf16(item, p, LITTLE, S(""));
}

int
step_utf16be(struct item *item, const struct node *value, struct patterns *p)
{
	(void)value;
	return encode_utf16(item, p, BIG, S(""));
}

int
step_utf16(struct item *item, const struct node *value, struct patterns *p)
{
	(void)value;
	return encode_utf16(item, p, LITTLE, S("\xff\xfe"));
}
