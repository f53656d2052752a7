/*
 * Somebody looks at what becomes of the matches that a correlation counts;
 * see ruleset_watch in anatomy.h.
 */
#ifndef VEDETTE_WATCHING_H
#define VEDETTE_WATCHING_H

#include "engine/anatomy.h"
#include "engine/group.h"

struct watching {
	const struct correlation *correlation;	/* NULL: nobody looks */
	void (*each)(void *arg, const struct counting_view *v);
	void *arg;
};

/* A match of a rule, by its place among the counted, gets into no window. */
void watching_lost(const struct watching *w, const struct correlation *c,
    size_t rule, enum counting_result why, struct slice missing);
/* What the first n of a group's window come to. */
void watching_window(const struct watching *w, const struct group *g,
    size_t n, size_t rule, enum counting_result result);

#endif
