/*
 * Files of several documents: "action: global" lays itself over the rules
 * behind it, "repeat" over the one before, "reset" ends both.
 */
#ifndef VEDETTE_COLLECTION_H
#define VEDETTE_COLLECTION_H

#include "base/yaml.h"

/* One file's state; zero but for the arena is a valid start. */
struct collection {
	struct arena *arena;
	const struct node *global, *previous;
	size_t merged;		/* nodes of all documents that were merged */
};

/*
 * The rule that a document stands for, or NULL: it is an action, or wrong
 * (then after diag_error).
 */
const struct node *collection_next(struct collection *c,
    const struct node *doc, struct diag *d);

#endif
