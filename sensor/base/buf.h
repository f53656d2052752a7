/*
 * Bytes that grow. A buf owns its memory; all zero is a valid empty one and
 * buf_free ends it. Running out of memory ends the program, so what goes into
 * a buf must be bounded by its caller.
 */
#ifndef VEDETTE_BUF_H
#define VEDETTE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct buf {
	unsigned char *p;
	size_t len;
	size_t cap;
};

void buf_free(struct buf *b);
/* Empties, keeps the memory for the next use. */
void buf_clear(struct buf *b);
/* Room for n more bytes; the place to write them to. */
unsigned char *buf_room(struct buf *b, size_t n);
void buf_add(struct buf *b, struct slice s);
static inline void
buf_byte(struct buf *b, unsigned char c)
{
	if (b->len == b->cap)
		buf_room(b, 1);
	b->p[b->len++] = c;
}

void buf_str(struct buf *b, const char *s);
void buf_fmt(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void buf_vfmt(struct buf *b, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
void buf_hex(struct buf *b, struct slice s);
void buf_u64(struct buf *b, uint64_t n);
/* Drops n bytes from the front. */
void buf_drop(struct buf *b, size_t n);
/* View, valid until the buf changes. */
struct slice buf_slice(const struct buf *b);
/* The same as a C string, terminated behind the last byte. */
const char *buf_cstr(struct buf *b);

/* malloc, realloc and strdup that end the program when memory is out. */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xslicedup(struct slice s);

#endif
