#include "base/map.h"

#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"

struct slot {
	uint64_t hash;
	char *key;	/* NULL: never used */
	size_t len;
	void *value;	/* NULL: removed */
};

struct map {
	struct slot *slots;
	size_t size;	/* a power of two */
	size_t used;	/* with removed ones */
	size_t count;
};

struct map *
map_new(void)
{
	struct map *m = xcalloc(1, sizeof(*m));

	m->size = 16;
	m->slots = xcalloc(m->size, sizeof(*m->slots));
	return m;
}

void
map_free(struct map *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->size; i++)
		free(m->slots[i].key);
	free(m->slots);
	free(m);
}

static struct slot *
find(const struct map *m, struct slice key, uint64_t hash)
{
	size_t i = hash & (m->size - 1);

	for (;; i = (i + 1) & (m->size - 1)) {
		struct slot *s = &m->slots[i];

		if (s->key == NULL)
			return s;
		if (s->hash == hash &&
		    slice_eq(slice_bytes(s->key, s->len), key))
			return s;
	}
}

void *
map_get(const struct map *m, struct slice key)
{
	return find(m, key, slice_hash(key))->value;
}

static void
rebuild(struct map *m)
{
	struct slot *old = m->slots;
	size_t size = m->size;

	m->size = m->count * 4 > size ? size * 2 : size;
	m->slots = xcalloc(m->size, sizeof(*m->slots));
	m->used = 0;
	for (size_t i = 0; i < size; i++) {
		struct slot *s = &old[i];

		if (s->key == NULL)
			continue;
		if (s->value == NULL) {
			free(s->key);
			continue;
		}
		*find(m, slice_bytes(s->key, s->len), s->hash) = *s;
		m->used++;
	}
	free(old);
}

void *
map_put(struct map *m, struct slice key, void *value)
{
	uint64_t hash = slice_hash(key);
	struct slot *s;
	void *old;

	assert(value != NULL);
	if (m->used * 2 >= m->size)
		rebuild(m);
	s = find(m, key, hash);
	if (s->key == NULL) {
		*s = (struct slot){ hash, xslicedup(key), key.len, NULL };
		m->used++;
	}
	old = s->value;
	s->value = value;
	m->count += old == NULL;
	return old;
}

void *
map_remove(struct map *m, struct slice key)
{
	struct slot *s = find(m, key, slice_hash(key));
	void *old = s->value;

	s->value = NULL;
	m->count -= old != NULL;
	return old;
}

size_t
map_count(const struct map *m)
{
	return m->count;
}

bool
map_next(const struct map *m, size_t *at, struct slice *key, void **value)
{
	for (; *at < m->size; (*at)++) {
		const struct slot *s = &m->slots[*at];

		if (s->value == NULL)
			continue;
		*key = slice_bytes(s->key, s->len);
		*value = s->value;
		(*at)++;
		return true;
	}
	return false;
}
