/*
 * Process events as a busy Linux server has them: ordinary commands with
 * names, numbers and paths that differ, one JSON line each.
 */
#ifndef VEDETTE_PROCESS_EVENTS_H
#define VEDETTE_PROCESS_EVENTS_H

#include "base/buf.h"

/* A number below n from a seed that goes on. */
unsigned random_below(uint64_t *seed, unsigned n);
/* Appends one event, without a newline. */
void process_event(struct buf *out, uint64_t *seed);

#endif
