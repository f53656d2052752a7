/*
 * Folds records that are the same in some values into one line with a count.
 */
#ifndef VEDETTE_FOLD_H
#define VEDETTE_FOLD_H

#include "base/map.h"
#include "cli/found.h"

enum { FOLD_DIGITS = 16, FOLD_DIGITS_MIN = 6 };

struct group {
	struct slice key;	/* owned by it; the values by pack_slice */
	uint64_t count;
	/* Of the newest record; level: the highest. */
	int64_t time;
	uint64_t seq;
	enum level level;
	char digits[FOLD_DIGITS + 1];
};

struct fold {
	struct map *map;
	struct group **groups;
	size_t count, room;
	uint64_t records;
};

void fold_init(struct fold *f);
void fold_free(struct fold *f);
/* Counts a record under the key, which is copied. */
void fold_add(struct fold *f, struct slice key, const struct found *found);
/* Oldest first, by each group's newest record. */
void fold_by_time(struct fold *f);
/* Most first. */
void fold_by_count(struct fold *f);
/* How many digits tell the groups' ids apart: at least six. */
int fold_digits(const struct fold *f);

#endif
