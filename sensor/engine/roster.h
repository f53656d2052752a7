/*
 * Which rules an event is held against: those of its log sources, and of
 * these only the ones that its values could make true.
 */
#ifndef VEDETTE_ROSTER_H
#define VEDETTE_ROSTER_H

#include "engine/rule.h"

struct roster;

/* Owner: caller. Rules have their programs; their expressions go after it. */
struct roster *roster_new(struct rule *rules, size_t count,
    struct predicates *ps);
void roster_free(struct roster *d);
void roster_event(struct roster *d, const struct event *ev,
    void (*matched)(void *arg, const struct match *m), void *arg);
/* From here on what each rule takes is counted: "woken" and "spent". */
void roster_measure(struct roster *d);
/* Calls back for the predicates of which one wakes a rule. */
void roster_wakes(const struct roster *d, uint32_t rule,
    void (*each)(void *arg, uint32_t predicate), void *arg);
/* Takes a rule that was stopped since it was taken last; false: none. */
bool roster_offender(struct roster *d, uint32_t *rule);
/* Nothing was earned, owed or stopped, as after roster_new. */
void roster_forget(struct roster *d);
/* What its tables take in memory. */
size_t roster_bytes(const struct roster *d);

#endif
