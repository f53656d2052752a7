/*
 * What was held back, for people: how often, from when until when, and by
 * whom. See alerts --excepted.
 */
#ifndef VEDETTE_EXCEPTED_H
#define VEDETTE_EXCEPTED_H

#include "base/arena.h"
#include "base/map.h"
#include "cli/screen.h"

struct excepted {
	struct arena *arena, *row;
	struct map *lines;	/* by what makes them the same */
	struct excepted_line **list;
	size_t count, room;
	uint64_t matches;
};

void excepted_init(struct excepted *e);
void excepted_free(struct excepted *e);
/* Takes the JSON of an ASK_ROW. */
void excepted_row(struct excepted *e, struct slice row);
/* Prints all, the one that ended last at the end. */
void excepted_print(const struct excepted *e, const struct screen *s);

#endif
