/*
 * A slice is a view into bytes that somebody else owns. It is never
 * NUL-terminated and never written through. Everything that comes from
 * outside travels as a slice.
 */
#ifndef VEDETTE_SLICE_H
#define VEDETTE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const unsigned char *p;
	size_t len;
};

/* Slice of a string literal; usable in a static table. */
#define SLICE(lit) \
	{ (const unsigned char *)("" lit), sizeof(lit) - 1 }
/* The same as an expression. */
#define S(lit) ((struct slice)SLICE(lit))

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* View of a NUL-terminated string; NULL gives the empty slice. */
struct slice slice_of(const char *s);
/* View of n bytes. */
struct slice slice_bytes(const void *p, size_t n);

static inline bool
slice_eq(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* Equality that ignores the case of ASCII letters. */
bool slice_eq_nocase(struct slice a, struct slice b);
/* Bytewise order as of memcmp, shorter first. */
int slice_cmp(struct slice a, struct slice b);
bool slice_ends(struct slice s, struct slice suffix);
/* Offset of the first needle, or SIZE_MAX. An empty needle is at 0. */
size_t slice_find(struct slice s, struct slice needle);

static inline bool
slice_starts(struct slice s, struct slice prefix)
{
	return s.len >= prefix.len &&
	    (prefix.len == 0 || memcmp(s.p, prefix.p, prefix.len) == 0);
}

/* Offset of the first byte, or SIZE_MAX. */
static inline size_t
slice_find_byte(struct slice s, unsigned char c)
{
	const unsigned char *at = s.len == 0 ? NULL :
	    (const unsigned char *)memchr(s.p, c, s.len);

	return at == NULL ? SIZE_MAX : (size_t)(at - s.p);
}

/* The part from offset on; empty when offset lies past the end. */
static inline struct slice
slice_from(struct slice s, size_t offset)
{
	if (offset >= s.len)
		return (struct slice){ s.p, 0 };
	return (struct slice){ s.p + offset, s.len - offset };
}

/* At most the first n bytes. */
static inline struct slice
slice_head(struct slice s, size_t n)
{
	if (s.len > n)
		s.len = n;
	return s;
}

/* Without blanks, tabs, CR and LF at both ends. */
struct slice slice_trim(struct slice s);

/* Takes prefix off the front of *s; false, and *s as it was, without it. */
static inline bool
slice_skip(struct slice *s, struct slice prefix)
{
	if (!slice_starts(*s, prefix))
		return false;
	*s = slice_from(*s, prefix.len);
	return true;
}

/*
 * Takes what stands before the first sep off *s, together with sep; false,
 * and both as they were, when there is no sep.
 */
bool slice_cut(struct slice *s, unsigned char sep, struct slice *head);
/* Splits at the last sep into left and right, both without it. */
bool slice_split_last(struct slice s, struct slice sep, struct slice *left,
    struct slice *right);

/*
 * Decimal number that fills the whole slice; no sign for u64, an optional
 * minus for i64. -1 when it is something else or does not fit.
 */
int slice_to_u64(struct slice s, uint64_t *out);
int slice_to_i64(struct slice s, int64_t *out);

/* ASCII folding of one byte. */
static inline unsigned char
byte_lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

static inline bool
byte_is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
byte_is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Bounded copy into a C string; cuts, always terminates, NULs become '?'. */
void slice_to_cstr(struct slice s, char *out, size_t size);

/* A 64-bit hash for tables in memory (not stable between releases). */
uint64_t slice_hash(struct slice s);
/*
 * The same under a random key (SipHash-1-3), for tables whose keys an attacker
 * chooses: without the key nobody finds texts that fall into one place.
 */
uint64_t slice_hash_keyed(struct slice s, const uint64_t key[2]);

#endif
