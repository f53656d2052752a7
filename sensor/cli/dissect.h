/*
 * A rule taken apart: each part of its condition, each selection and each
 * item becomes a detection of its own, so that the engine itself can be asked
 * about each, by the same way as about the whole.
 */
#ifndef VEDETTE_DISSECT_H
#define VEDETTE_DISSECT_H

#include "base/arena.h"
#include "base/yaml.h"

enum { PARTS_MAX = 2000 };

struct part {
	unsigned depth;
	struct slice text;	/* as its author wrote it, long lists cut */
	struct slice field;	/* of an item; empty: none, or keywords */
	const char *file;
	unsigned line;		/* where it stands */
	bool item;		/* a field and what is wanted of it, a keyword */
	bool negates;		/* it is so when what is below is not */
	const struct node *detection;	/* asks for this part alone */
};

struct dissected {
	struct arena *arena;
	struct part *parts;
	size_t count;
	bool cut;		/* there would be more than PARTS_MAX */
};

/*
 * Takes what stands under "detection" or "filter" apart and appends its
 * parts, the first of which is the whole. title, when not NULL, is the text of
 * that. Everything lives in the arena and in the map.
 */
void dissect(const struct node *detection, const char *title,
    struct dissected *out);

#endif
