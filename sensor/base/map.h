/*
 * Hash map from byte strings to pointers. Keys are copied in; values belong to
 * whoever put them there. Never used with keys of unbounded number that an
 * attacker chooses, unless the caller counts and evicts.
 */
#ifndef VEDETTE_MAP_H
#define VEDETTE_MAP_H

#include "base/slice.h"

struct map;

struct map *map_new(void);
/* Frees the map; values stay with their owners. */
void map_free(struct map *m);
/* The value, or NULL. */
void *map_get(const struct map *m, struct slice key);
/* Sets or replaces; returns the value that was there, or NULL. */
void *map_put(struct map *m, struct slice key, void *value);
/* Takes out; returns the value that was there, or NULL. */
void *map_remove(struct map *m, struct slice key);
size_t map_count(const struct map *m);
/*
 * Walks in no promised order: start with *at = 0; false at the end. The map
 * must not be added to meanwhile; removing the present entry is allowed.
 */
bool map_next(const struct map *m, size_t *at, struct slice *key,
    void **value);

#endif
