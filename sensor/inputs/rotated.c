#include "inputs/rotated.h"

static const struct {
	struct slice suffix;
	enum packing packing;
} packings[] = {
	{ SLICE(".gz"), PACKED_GZIP },
	{ SLICE(".xz"), PACKED_ELSE },
	{ SLICE(".zst"), PACKED_ELSE },
	{ SLICE(".bz2"), PACKED_ELSE },
	{ SLICE(".lz4"), PACKED_ELSE },
};

enum packing
rotated_packing(struct slice name)
{
	for (size_t i = 0; i < COUNT(packings); i++)
		if (slice_ends(name, packings[i].suffix))
			return packings[i].packing;
	return PACKED_NOT;
}

static struct slice
unpacked(struct slice name)
{
	for (size_t i = 0; i < COUNT(packings); i++)
		if (slice_ends(name, packings[i].suffix))
			return slice_head(name,
			    name.len - packings[i].suffix.len);
	return name;
}

/*
 * Length of a rotation mark at the end of s, with its separator: ".3",
 * "-20261123", "-20261123-1763900000", ".2026-11-23", "-2026-11-23_04".
 * Digits of two or three without a date only count behind a dot.
 */
static size_t
mark_length(struct slice s)
{
	size_t at = s.len, digits = 0;

	while (at > 0 && (byte_is_digit(s.p[at - 1]) ||
	    ((s.p[at - 1] == '-' || s.p[at - 1] == '_') && at < s.len &&
	    byte_is_digit(s.p[at])))) {
		at--;
		if (byte_is_digit(s.p[at]))
			digits++;
	}
	if (digits == 0)
		return 0;
	if (at > 0 && s.p[at - 1] == '.' && byte_is_digit(s.p[at]))
		at--;
	else if (byte_is_digit(s.p[at]) || digits < 6)
		return 0;
	return at == 0 ? 0 : s.len - at;
}

/* app.1.log, app-20261123.log: the mark stands before the extension. */
static bool
inner_stem(struct slice name, struct buf *stem)
{
	struct slice left, right;
	size_t mark;

	if (!slice_split_last(name, S("."), &left, &right))
		return false;
	if (right.len == 0 || right.len > 8 || byte_is_digit(right.p[0]))
		return false;
	mark = mark_length(left);
	if (mark == 0)
		return false;
	buf_add(stem, slice_head(left, left.len - mark));
	buf_byte(stem, '.');
	buf_add(stem, right);
	return true;
}

bool
rotated_stem(struct slice path, struct buf *stem)
{
	size_t base = path.len, start = stem->len;
	struct slice name, bare;
	size_t mark;

	while (base > 0 && path.p[base - 1] != '/')
		base--;
	name = slice_from(path, base);
	bare = unpacked(name);
	buf_add(stem, slice_head(path, base));
	mark = mark_length(bare);
	if (mark > 0 || (bare.len > 0 && bare.len < name.len &&
	    !inner_stem(bare, stem))) {
		buf_add(stem, slice_head(bare, bare.len - mark));
		return true;
	}
	if (stem->len > start + base || inner_stem(bare, stem))
		return true;
	stem->len = start;
	return false;
}
