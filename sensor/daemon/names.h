/*
 * Names of users by number, from a copy of /etc/passwd made before a role is
 * sealed: behind the seal nobody can be asked. Users of a directory service
 * have none here.
 */
#ifndef VEDETTE_NAMES_H
#define VEDETTE_NAMES_H

#include "base/buf.h"

/* Reads the copy; an unreadable file is an empty one. Owner: caller. */
void names_read(struct buf *out);
/* A view into the copy, or empty. */
struct slice names_of(const struct buf *names, uint32_t uid);

#endif
