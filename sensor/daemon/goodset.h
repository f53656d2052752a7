/*
 * The last good set: a copy of the files of rules, decoders, log sources and
 * tuning that were in force, and of the placeholders' values, in one file of
 * the state directory. A sensor that starts and
 * finds its rules broken goes on with it, rather than not at all.
 */
#ifndef VEDETTE_GOODSET_H
#define VEDETTE_GOODSET_H

#include "daemon/config.h"

/*
 * Appends a copy of what config names, before the seal. It stays empty when
 * that is more than 32 MiB or can't be read.
 */
void goodset_gather(struct buf *out, const struct config *c);
/* Puts it into the place of the one before. -1 after filling err. */
int goodset_keep(struct slice copy, const char *state, struct err *err);
/*
 * Unpacks it below the state directory and turns config's lists to there; to
 * be loaded at once, and then removed again. -1 after filling err: there is
 * none, or it is damaged.
 */
int goodset_use(struct config *c, struct err *err);
void goodset_remove(const struct config *c);

#endif
