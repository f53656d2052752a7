/*
 * Tests that stand beside rules instead of in them, for rules that come from
 * elsewhere and are taken unchanged: NAME.tests.yml holds those of the rule
 * in NAME.yml, or of the one that it names.
 */
#ifndef VEDETTE_BESIDE_H
#define VEDETTE_BESIDE_H

#include "engine/rule.h"

/* One document of such a file; NULL is the empty list. */
struct beside;

/* Whether a file holds tests and no rules: its name ends .tests.y[a]ml. */
bool beside_is(const char *path);
/*
 * Appends the path of the tests of a file of rules, if there is such a file;
 * false when not.
 */
bool beside_path(const char *rules, struct buf *out);
/* Reads one document; adds it to the list, unless after diag_error. */
void beside_read(struct load *l, const struct node *doc,
    struct beside **list);
/* Gives the tests to their rules. -1 after diag_error: no such rule. */
int beside_join(const struct beside *list, struct rule *rules, size_t count,
    struct arena *keep, struct diag *d);

#endif
