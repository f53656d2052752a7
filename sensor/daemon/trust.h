/*
 * Who else could change what a sensor that begins as root is told to do.
 */
#ifndef VEDETTE_TRUST_H
#define VEDETTE_TRUST_H

#include "daemon/config.h"

/*
 * Adds an error for each file of the configuration and of its rules, and for
 * each directory on the way to one, that is not root's or that others may
 * write (a sticky directory may be written by all, as /tmp is). -1 when there
 * was one. To be asked for by processes that are or were root.
 */
int trust_check(const struct config *c, struct diag *d);

#endif
