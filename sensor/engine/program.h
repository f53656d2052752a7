/*
 * An expression made ready to run: a row of instructions over one bit, which
 * jump on as soon as the answer is known.
 */
#ifndef VEDETTE_PROGRAM_H
#define VEDETTE_PROGRAM_H

#include "base/buf.h"
#include "engine/condition.h"
#include "engine/predicate.h"

enum { PROGRAM_MAX = 1 << 20 };

/*
 * The instructions for an expression, in the arena; their number in *len.
 * NULL when there would be more than PROGRAM_MAX.
 */
uint32_t *program_new(struct arena *a, const struct expr *e, size_t *len);
/* For the event that the predicates are turned to. */
bool program_run(const uint32_t *code, size_t len, struct predicates *ps,
    bool *aborted);
/*
 * What a program may come to when each test may come to what `can` says, for
 * itself: a set of PROGRAM_FALSE and PROGRAM_TRUE.
 */
enum { PROGRAM_FALSE = 1, PROGRAM_TRUE = 2, PROGRAM_EITHER = 3 };
unsigned program_can(const uint32_t *code, size_t len,
    unsigned (*can)(void *arg, uint32_t predicate), void *arg);
/* Calls back for the predicate of each test in it, also more than once. */
void program_tests(const uint32_t *code, size_t len,
    void (*each)(void *arg, uint32_t predicate), void *arg);

/*
 * Appends what it comes to as a condition, brackets where they are needed;
 * number appends a test's name.
 */
void program_write(const uint32_t *code, size_t len,
    void (*number)(void *arg, uint32_t predicate, struct buf *out),
    void *arg, struct buf *out);

#endif
