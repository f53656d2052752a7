/*
 * Rules out of nothing: each modifier, values of few letters so that those of
 * different rules overlap, conditions of the whole grammar.
 */
#ifndef VEDETTE_INVENT_H
#define VEDETTE_INVENT_H

#include "base/buf.h"
#include "dice.h"

/* Adds a rule as YAML text; number makes its id. */
void invent_rule(struct buf *out, struct dice *d, unsigned number);
/* Placeholders that the rules name, as YAML. */
extern const char invent_placeholders[];

#endif
