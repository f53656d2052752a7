#include "cli/fold.h"

#include <stdlib.h>

void
fold_init(struct fold *f)
{
	*f = (struct fold){ .map = map_new() };
}

void
fold_free(struct fold *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free((void *)(uintptr_t)f->groups[i]->key.p);
		free(f->groups[i]);
	}
	free(f->groups);
	map_free(f->map);
	*f = (struct fold){ 0 };
}

static struct group *
new_group(struct fold *f, struct slice key)
{
	struct group *g = xcalloc(1, sizeof(*g));

	g->key = slice_of(xslicedup(key));
	g->key.len = key.len;
	map_put(f->map, key, g);
	if (f->count == f->room) {
		f->room = f->room == 0 ? 64 : f->room * 2;
		f->groups = xrealloc(f->groups, f->room, sizeof(*f->groups));
	}
	f->groups[f->count++] = g;
	return g;
}

void
fold_add(struct fold *f, struct slice key, const struct found *found)
{
	struct group *g = map_get(f->map, key);

	if (g == NULL)
		g = new_group(f, key);
	f->records++;
	g->count++;
	if (found->level > g->level)
		g->level = found->level;
	if (g->count > 1 && found->time < g->time)
		return;
	g->time = found->time;
	g->seq = found->seq;
	memcpy(g->digits, found->digits, FOLD_DIGITS);
}

static int
compare_time(const void *a, const void *b)
{
	const struct group *x = *(struct group *const *)a;
	const struct group *y = *(struct group *const *)b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static int
compare_count(const void *a, const void *b)
{
	const struct group *x = *(struct group *const *)a;
	const struct group *y = *(struct group *const *)b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return slice_cmp(x->key, y->key);
}

static int
compare_digits(const void *a, const void *b)
{
	const struct group *x = *(struct group *const *)a;
	const struct group *y = *(struct group *const *)b;

	return strcmp(x->digits, y->digits);
}

static void
sort(struct fold *f, int (*compare)(const void *, const void *))
{
	if (f->count > 1)
		qsort(f->groups, f->count, sizeof(f->groups[0]), compare);
}

void
fold_by_time(struct fold *f)
{
	sort(f, compare_time);
}

void
fold_by_count(struct fold *f)
{
	sort(f, compare_count);
}

static int
shared(const char *a, const char *b)
{
	int n = 0;

	while (n < FOLD_DIGITS && a[n] == b[n])
		n++;
	return n;
}

int
fold_digits(const struct fold *f)
{
	struct fold sorted = { .count = f->count };
	int most = FOLD_DIGITS_MIN;

	sorted.groups = xcalloc(f->count, sizeof(*sorted.groups));
	for (size_t i = 0; i < f->count; i++)
		sorted.groups[i] = f->groups[i];
	sort(&sorted, compare_digits);
	for (size_t i = 1; i < sorted.count; i++) {
		int n = shared(sorted.groups[i - 1]->digits,
		    sorted.groups[i]->digits) + 1;

		if (n > most && n <= FOLD_DIGITS)
			most = n;
	}
	free(sorted.groups);
	return most;
}
