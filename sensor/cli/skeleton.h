/*
 * A rule that is begun: from an event to YAML with what it selects on, where
 * it comes from, and a test.
 */
#ifndef VEDETTE_SKELETON_H
#define VEDETTE_SKELETON_H

#include "base/buf.h"
#include "event/event.h"

/* Appends the rule; line is how the event stands in its test. */
void skeleton_write(const struct event *ev, struct slice line,
    struct buf *out);

#endif
