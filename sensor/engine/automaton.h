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

enum automaton_use {
	AUTOMATON_ANYWHERE,	/* literals that stand anywhere in the text */
	AUTOMATON_BEGIN,	/* that it begins with */
	AUTOMATON_END,		/* that it ends with; given backwards */
};

/*
 * For literals in the order of slice_cmp, each there once and none empty; they
 * are not kept. Owner: caller.
 */
struct automaton *automaton_new(const struct slice *literals, size_t count,
    enum automaton_use use);
void automaton_free(struct automaton *a);
/*
 * Calls back for what stands in the text, with its place in the list and the
 * offset behind it: at each place where it stands (it may say the same twice),
 * or only where it begins or ends the text. Case is not its business.
 */
void automaton_scan(const struct automaton *a, struct slice text,
    void (*found)(void *arg, uint32_t literal, size_t end), void *arg);
/* What its tables take in memory. */
size_t automaton_bytes(const struct automaton *a);

#endif
