/*
 * What is to become one transaction: entries and positions, held in memory
 * until the journal has them for good. So a journal that can't be written now
 * (disk full) loses nothing: the batch stays, and nothing more is read.
 */
#ifndef VEDETTE_BATCH_H
#define VEDETTE_BATCH_H

#include "store/store.h"

struct batch;

struct batch *batch_new(void);
void batch_free(struct batch *b);
/* Both copy everything that is pointed to. */
void batch_entry(struct batch *b, const struct entry *e);
void batch_position(struct batch *b, const struct position *p);
void batch_forget(struct batch *b, struct stream s);
/* An output's cursor; the last one counts. */
void batch_cursor(struct batch *b, const char *output, uint64_t seq);
void batch_dead_letter(struct batch *b, const char *output, uint64_t seq,
    const char *reason);
size_t batch_entries(const struct batch *b);
size_t batch_bytes(const struct batch *b);
bool batch_is_empty(const struct batch *b);
/* Forgets what is in it. */
void batch_clear(struct batch *b);
/*
 * Writes and commits, and calls `also` for what else belongs into the same
 * transaction: 0 durable, and the batch is empty; -1 after filling err, and
 * it is as it was. also is called again then, the next time.
 */
int batch_flush(struct batch *b, struct store *st,
    int (*also)(void *arg, struct err *err), void *arg,
    struct err *err);

#endif
