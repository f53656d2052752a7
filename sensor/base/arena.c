#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>

#include "base/buf.h"

enum { BLOCK = 16384 };

struct block {
	struct block *next;
	size_t size, used;
	alignas(max_align_t) unsigned char bytes[];
};

struct arena {
	struct block *blocks;	/* the one in use first */
	size_t cap, used;
};

struct arena *
arena_new(size_t cap)
{
	struct arena *a = xcalloc(1, sizeof(*a));

	a->cap = cap;
	return a;
}

static void
free_blocks(struct block *b)
{
	while (b != NULL) {
		struct block *next = b->next;

		free(b);
		b = next;
	}
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	free_blocks(a->blocks);
	free(a);
}

void
arena_reset(struct arena *a)
{
	a->used = 0;
	if (a->blocks == NULL)
		return;
	free_blocks(a->blocks->next);
	a->blocks->next = NULL;
	a->blocks->used = 0;
}

static struct block *
add_block(struct arena *a, size_t size)
{
	struct block *b;

	size = size > BLOCK ? size : BLOCK;
	b = xmalloc(sizeof(*b) + size);
	b->next = a->blocks;
	b->size = size;
	b->used = 0;
	a->blocks = b;
	return b;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	const size_t unit = alignof(max_align_t);
	struct block *b = a->blocks;
	unsigned char *p;

	assert(size < SIZE_MAX / 2);
	size = (size + unit - 1) / unit * unit;
	if (a->cap != 0 && a->used + size > a->cap)
		return NULL;
	if (b == NULL || b->size - b->used < size)
		b = add_block(a, size);
	p = b->bytes + b->used;
	b->used += size;
	a->used += size;
	memset(p, 0, size);
	return p;
}

bool
arena_copy(struct arena *a, struct slice s, struct slice *out)
{
	unsigned char *p = arena_alloc(a, s.len + 1);

	*out = (struct slice){ p, 0 };
	if (p == NULL)
		return false;
	if (s.len > 0)
		memcpy(p, s.p, s.len);
	out->len = s.len;
	return true;
}

struct slice
arena_keep(struct arena *a, struct slice s)
{
	struct slice out;
	bool kept = arena_copy(a, s, &out);

	assert(kept);
	return out;
}

size_t
arena_used(const struct arena *a)
{
	return a->used;
}
