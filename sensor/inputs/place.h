/*
 * Opening what others may have put there. Every step goes by descriptor and
 * follows no link, but for one that nobody except root can have placed.
 */
#ifndef VEDETTE_PLACE_H
#define VEDETTE_PLACE_H

#include <stdbool.h>
#include <sys/stat.h>

/*
 * Opens a directory below another for looking up names (O_PATH). A link is
 * followed when it and every directory on its way are root's alone. -1 with
 * errno; EPERM: a link that is not to be trusted.
 */
int place_open_dir(int root, int dir, const char *name);

/*
 * Opens a regular file for reading, never blocking and without touching
 * anything else. -1 with *why for the operator, or with *why NULL and errno
 * when it is not there, may not be read, or descriptors are short.
 */
int place_open_file(int root, int dir, const char *name, struct stat *st,
    const char **why);

#endif
