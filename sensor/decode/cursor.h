/*
 * A slice that is read from the front.
 */
#ifndef VEDETTE_CURSOR_H
#define VEDETTE_CURSOR_H

#include "base/slice.h"

/* Passes over n bytes, which have to be there. */
static inline void
cursor_skip(struct slice *s, size_t n)
{
	s->p += n;
	s->len -= n;
}

static inline bool
cursor_at(const struct slice *s, unsigned char c)
{
	return s->len > 0 && s->p[0] == c;
}

static inline bool
cursor_take(struct slice *s, unsigned char c)
{
	if (!cursor_at(s, c))
		return false;
	cursor_skip(s, 1);
	return true;
}

static inline void
cursor_blanks(struct slice *s)
{
	while (cursor_at(s, ' '))
		cursor_skip(s, 1);
}

#endif
