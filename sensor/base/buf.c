#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

static void
out_of_memory(void)
{
	static const char text[] = "vedette: out of memory\n";

	fputs(text, stderr);
	abort();
}

void *
xmalloc(size_t n)
{
	void *p = malloc(n > 0 ? n : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *
xrealloc(void *p, size_t n, size_t size)
{
	p = reallocarray(p, n > 0 ? n : 1, size > 0 ? size : 1);
	if (p == NULL)
		out_of_memory();
	return p;
}

char *
xslicedup(struct slice s)
{
	char *p = xmalloc(s.len + 1);

	if (s.len > 0)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return p;
}

char *
xstrdup(const char *s)
{
	return xslicedup(slice_of(s));
}

void
buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
}

unsigned char *
buf_room(struct buf *b, size_t n)
{
	size_t want = b->len + n;

	if (want < n)
		out_of_memory();
	if (want > b->cap) {
		size_t cap = b->cap < 64 ? 64 : b->cap;

		while (cap < want)
			cap += cap / 2;
		b->p = xrealloc(b->p, cap, 1);
		b->cap = cap;
	}
	return b->p + b->len;
}

void
buf_add(struct buf *b, struct slice s)
{
	if (s.len == 0)
		return;
	memcpy(buf_room(b, s.len), s.p, s.len);
	b->len += s.len;
}

void
buf_str(struct buf *b, const char *s)
{
	buf_add(b, slice_of(s));
}

void
buf_vfmt(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return;
	vsnprintf((char *)buf_room(b, (size_t)n + 1), (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
}

void
buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(b, fmt, ap);
	va_end(ap);
}

void
buf_hex(struct buf *b, struct slice s)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < s.len; i++) {
		buf_byte(b, (unsigned char)digits[s.p[i] >> 4]);
		buf_byte(b, (unsigned char)digits[s.p[i] & 15]);
	}
}

void
buf_u64(struct buf *b, uint64_t n)
{
	unsigned char text[20];
	size_t at = sizeof(text);

	do {
		text[--at] = (unsigned char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	buf_add(b, slice_bytes(text + at, sizeof(text) - at));
}

void
buf_drop(struct buf *b, size_t n)
{
	if (n >= b->len) {
		b->len = 0;
		return;
	}
	memmove(b->p, b->p + n, b->len - n);
	b->len -= n;
}

struct slice
buf_slice(const struct buf *b)
{
	return slice_bytes(b->p, b->len);
}

const char *
buf_cstr(struct buf *b)
{
	*buf_room(b, 1) = '\0';
	return (const char *)b->p;
}
