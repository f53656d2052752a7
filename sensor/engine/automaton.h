/*
 * Many literals looked for at once in one text (Aho-Corasick): the time that a
 * text takes grows with its length, whatever stands in it and however many
 * literals there are.
 */
#ifndef VEDETTE_AUTOMATON_H
#define VEDETTE_AUTOMATON_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct automaton;

/*
 * For literals in the order of slice_cmp, each there once and none empty; they
 * are not kept. Owner: caller.
 */
struct automaton *automaton_new(const struct slice *literals, size_t count);
void automaton_free(struct automaton *a);
/*
 * Calls back wherever a literal ends in the text, with its place in the list
 * and the offset behind it; may say the same twice. Case is not its business.
 */
void automaton_scan(const struct automaton *a, struct slice text,
    void (*found)(void *arg, uint32_t literal, size_t end), void *arg);
/* What its tables take in memory. */
size_t automaton_bytes(const struct automaton *a);

#endif
