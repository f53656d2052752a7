/*
 * Landlock by its system calls (landlock(7)): there is no library, and older
 * kernel headers lack the newer parts.
 */
#ifndef VEDETTE_LANDLOCK_H
#define VEDETTE_LANDLOCK_H

#include <stdbool.h>

struct landlock;

/* The kernel's ABI, 0 when there is none. */
int landlock_abi(void);
/* Everything is closed but what is added; NULL when the kernel has none. */
struct landlock *landlock_new(bool may_connect);
/* Opens a file, or a directory with all below it. An absent one is skipped. */
void landlock_path(struct landlock *l, const char *path, bool write);
/* Enters for good and frees; -1 with errno. */
int landlock_enter(struct landlock *l);

#endif
