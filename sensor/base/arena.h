/*
 * Memory that is freed all at once. Two uses: of the program's lifetime
 * (cap 0: unbounded, running out ends the program) and per event (with a cap:
 * a full arena gives NULL, and the event is cut and counted).
 */
#ifndef VEDETTE_ARENA_H
#define VEDETTE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;

struct arena *arena_new(size_t cap);
void arena_free(struct arena *a);
/* Forgets everything in it; keeps one block, so a loop allocates nothing. */
void arena_reset(struct arena *a);
/* Zeroed and aligned for any type. NULL only when there is a cap. */
void *arena_alloc(struct arena *a, size_t size);
/* Copies s and a NUL behind it; false, with *out empty, when full. */
bool arena_copy(struct arena *a, struct slice s, struct slice *out);
/* The same for unbounded arenas. */
struct slice arena_keep(struct arena *a, struct slice s);
/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *a);

#endif
