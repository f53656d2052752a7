/*
 * Matches that raise no alert, folded: one item of memory for each rule, key
 * and reason, with an exact count. When its time is over it is told of and
 * forgotten.
 *
 * Bounded: FOLDS_MAX open ones of held matches, above which the keys of a
 * rule and reason are one fold together; as many windows of "suppress", above
 * which a match of a new key is not suppressed but an alert.
 */
#ifndef VEDETTE_FOLDS_H
#define VEDETTE_FOLDS_H

#include "base/when.h"
#include "engine/memory.h"
#include "engine/rule.h"

enum { FOLDS_MAX = 10000, FOLD_TEXT_MAX = 256, FOLD_TAG = 'F' };

#define FOLD_SPAN HOUR

struct folds;

/* Owner: caller, before the memory goes. */
struct folds *folds_new(struct memory *m, const struct schema *s);
void folds_free(struct folds *f);
/*
 * Counts a match that is held back, as the key's of the rule, in its fields;
 * the held becomes one of this match alone, count 0.
 */
void folds_count(struct folds *f, const struct rule *r,
    const struct event *ev, struct held *held);
/* Whether a field that makes matches of the rule the same has the value. */
bool folds_keyed(const struct rule *r, const struct event *ev,
    struct slice value);
/*
 * Whether a match is one more within the time of the rule's "suppress", and
 * is counted; else it begins such a time. One that is over by the event's own
 * time is told of.
 */
bool folds_suppress(struct folds *f, const struct rule *r,
    const struct event *ev, const struct listener *to);

#endif
