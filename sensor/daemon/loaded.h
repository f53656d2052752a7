/*
 * What a load of rules changed against the one before: the set that was
 * loaded last is kept in the journal, by rule.
 */
#ifndef VEDETTE_LOADED_H
#define VEDETTE_LOADED_H

#include "engine/engine.h"
#include "event/ecs.h"
#include "store/store.h"

struct loaded;

/* Compares what is loaded with what the journal says was. Owner: caller. */
struct loaded *loaded_compare(struct store *st, const struct ruleset *rs);
void loaded_free(struct loaded *ld);
/* "4 rules: 1 added, 2 changed, 0 removed" */
void loaded_line(const struct loaded *ld, struct buf *out);
/* Members of vedette.load: counts, and the first rules of each kind. */
void loaded_ecs(const struct loaded *ld, struct ecs *ecs);
/*
 * Puts what is loaded in the place of what was, in the open transaction. -1
 * after filling err.
 */
int loaded_keep(const struct loaded *ld, struct store *st, struct err *err);

#endif
