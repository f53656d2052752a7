#include "base/slice.h"

#include <limits.h>

struct slice
slice_of(const char *s)
{
	if (s == NULL)
		return (struct slice){ NULL, 0 };
	return (struct slice){ (const unsigned char *)s, strlen(s) };
}

struct slice
slice_bytes(const void *p, size_t n)
{
	return (struct slice){ p, n };
}

bool
slice_eq_nocase(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (byte_lower(a.p[i]) != byte_lower(b.p[i]))
			return false;
	return true;
}

int
slice_cmp(struct slice a, struct slice b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int r = n == 0 ? 0 : memcmp(a.p, b.p, n);

	if (r != 0)
		return r;
	return a.len < b.len ? -1 : a.len > b.len;
}

bool
slice_ends(struct slice s, struct slice suffix)
{
	return s.len >= suffix.len &&
	    slice_eq(slice_from(s, s.len - suffix.len), suffix);
}

size_t
slice_find(struct slice s, struct slice needle)
{
	const unsigned char *at;

	if (needle.len == 0)
		return 0;
	if (needle.len > s.len)
		return SIZE_MAX;
	at = memmem(s.p, s.len, needle.p, needle.len);
	return at == NULL ? SIZE_MAX : (size_t)(at - s.p);
}

struct slice
slice_trim(struct slice s)
{
	while (s.len > 0 && byte_is_space(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && byte_is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

bool
slice_cut(struct slice *s, unsigned char sep, struct slice *head)
{
	size_t at = slice_find_byte(*s, sep);

	if (at == SIZE_MAX)
		return false;
	*head = slice_head(*s, at);
	*s = slice_from(*s, at + 1);
	return true;
}

bool
slice_split_last(struct slice s, struct slice sep, struct slice *left,
    struct slice *right)
{
	if (sep.len == 0 || s.len < sep.len)
		return false;
	for (size_t at = s.len - sep.len + 1; at-- > 0;) {
		if (memcmp(s.p + at, sep.p, sep.len) != 0)
			continue;
		*left = slice_head(s, at);
		*right = slice_from(s, at + sep.len);
		return true;
	}
	return false;
}

int
slice_to_u64(struct slice s, uint64_t *out)
{
	uint64_t n = 0;

	if (s.len == 0)
		return -1;
	for (size_t i = 0; i < s.len; i++) {
		if (!byte_is_digit(s.p[i]))
			return -1;
		if (__builtin_mul_overflow(n, (uint64_t)10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(s.p[i] - '0'), &n))
			return -1;
	}
	*out = n;
	return 0;
}

int
slice_to_i64(struct slice s, int64_t *out)
{
	bool minus = slice_skip(&s, S("-"));
	uint64_t n;

	if (slice_to_u64(s, &n) == -1)
		return -1;
	if (n > (uint64_t)INT64_MAX + (minus ? 1 : 0))
		return -1;
	*out = minus ? (int64_t)(0 - n) : (int64_t)n;
	return 0;
}

void
slice_to_cstr(struct slice s, char *out, size_t size)
{
	s = slice_head(s, size - 1);
	for (size_t i = 0; i < s.len; i++)
		out[i] = s.p[i] == '\0' ? '?' : (char)s.p[i];
	out[s.len] = '\0';
}

static uint32_t
four_bytes(const unsigned char *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

uint64_t
slice_hash(struct slice s)
{
	const uint64_t k = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t h = s.len * k, word;
	size_t at = 0;

	for (; s.len - at > 8; at += 8) {
		memcpy(&word, s.p + at, 8);
		h = (h ^ word) * k;
		h ^= h >> 29;
	}
	/* What is left; of long ones, together with bytes seen already. */
	word = 0;
	if (s.len >= 8)
		memcpy(&word, s.p + s.len - 8, 8);
	else if (s.len >= 4)
		word = (uint64_t)four_bytes(s.p) << 32 |
		    four_bytes(s.p + s.len - 4);
	else
		for (size_t i = 0; i < s.len; i++)
			word = word << 8 | s.p[i];
	h = (h ^ word) * k;
	return h ^ h >> 32;
}

static uint64_t
rotate(uint64_t n, unsigned by)
{
	return n << by | n >> (64 - by);
}

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static void
sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

uint64_t
slice_hash_keyed(struct slice s, const uint64_t key[2])
{
	uint64_t v[4] = {
		key[0] ^ UINT64_C(0x736f6d6570736575),
		key[1] ^ UINT64_C(0x646f72616e646f6d),
		key[0] ^ UINT64_C(0x6c7967656e657261),
		key[1] ^ UINT64_C(0x7465646279746573),
	};
	uint64_t word, last = (uint64_t)s.len << 56;

	for (; s.len >= 8; s = slice_from(s, 8)) {
		memcpy(&word, s.p, 8);
		sip_word(v, word);
	}
	for (size_t i = 0; i < s.len; i++)
		last |= (uint64_t)s.p[i] << 8 * i;
	sip_word(v, last);
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
