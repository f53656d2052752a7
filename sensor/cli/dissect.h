/*
 * A rule taken apart: each part of its condition, each selection and each
 * item becomes a small rule of its own, so that the engine itself can be
 * asked about each, by the same way as about the whole.
 */
#ifndef VEDETTE_DISSECT_H
#define VEDETTE_DISSECT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/yaml.h"

enum { PARTS_MAX = 2000 };

struct part {
	unsigned depth;
	struct slice text;	/* as its author wrote it, long lists cut */
	struct slice field;	/* of an item; empty: none, or keywords */
	unsigned line;		/* where it stands; 0: made from others */
};

struct dissected {
	struct arena *arena;
	struct part *parts;
	size_t count;
	bool cut;		/* there would be more than PARTS_MAX */
};

/*
 * Takes a rule's document apart. Appends the parts as YAML documents, whose
 * titles are the parts' numbers. Everything lives in the arena and in doc.
 */
void dissect(struct arena *a, const struct node *doc, struct dissected *out,
    struct buf *yaml);

#endif
