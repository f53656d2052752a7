#include "base/pack.h"

static void
pack_bytes(struct buf *b, const void *p, size_t n)
{
	buf_add(b, slice_bytes(p, n));
}

void
pack_u8(struct buf *b, uint8_t n)
{
	buf_byte(b, n);
}

void
pack_u32(struct buf *b, uint32_t n)
{
	pack_bytes(b, &n, sizeof(n));
}

void
pack_u64(struct buf *b, uint64_t n)
{
	pack_bytes(b, &n, sizeof(n));
}

void
pack_varint(struct buf *b, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		buf_byte(b, (unsigned char)(n | 0x80));
	buf_byte(b, (unsigned char)n);
}

void
pack_signed(struct buf *b, int64_t n)
{
	pack_varint(b, (uint64_t)n << 1 ^ (n < 0 ? UINT64_MAX : 0));
}

void
pack_slice(struct buf *b, struct slice s)
{
	pack_u32(b, (uint32_t)s.len);
	buf_add(b, s);
}

static void
take(struct unpack *u, void *out, size_t n)
{
	memset(out, 0, n);
	if (u->bad || u->rest.len < n) {
		u->bad = true;
		return;
	}
	memcpy(out, u->rest.p, n);
	u->rest = slice_from(u->rest, n);
}

uint8_t
unpack_u8(struct unpack *u)
{
	uint8_t n;

	take(u, &n, sizeof(n));
	return n;
}

uint32_t
unpack_u32(struct unpack *u)
{
	uint32_t n;

	take(u, &n, sizeof(n));
	return n;
}

uint64_t
unpack_u64(struct unpack *u)
{
	uint64_t n;

	take(u, &n, sizeof(n));
	return n;
}

/* One way to write each number alone: no zeros at the end, no 65th bit. */
uint64_t
unpack_varint(struct unpack *u)
{
	uint64_t n = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = unpack_u8(u);

		n |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80 && !(byte == 0 && shift > 0) &&
		    !(shift == 63 && byte > 1))
			return u->bad ? 0 : n;
		if (byte < 0x80)
			break;
	}
	u->bad = true;
	return 0;
}

int64_t
unpack_signed(struct unpack *u)
{
	uint64_t n = unpack_varint(u);

	return (int64_t)(n >> 1 ^ (n & 1 ? UINT64_MAX : 0));
}

struct slice
unpack_slice(struct unpack *u)
{
	uint32_t n = unpack_u32(u);
	struct slice s;

	if (u->bad || u->rest.len < n) {
		u->bad = true;
		return S("");
	}
	s = slice_head(u->rest, n);
	u->rest = slice_from(u->rest, n);
	return s;
}

bool
unpack_done(const struct unpack *u)
{
	return !u->bad && u->rest.len == 0;
}
