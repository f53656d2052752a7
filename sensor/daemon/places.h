/*
 * What the supervisor does with paths: makes the directories, listens on the
 * control socket, opens secrets.
 */
#ifndef VEDETTE_PLACES_H
#define VEDETTE_PLACES_H

#include <sys/types.h>

#include "daemon/plan.h"

/*
 * Makes the state directory (0700, the judge's) and the run directory (0755).
 * An existing state directory of somebody else is refused.
 */
int places_make(const struct plan *p, struct err *err);
/*
 * Listens on run/control.sock: 0660, group vedette where there is one. The
 * descriptor, or -1 after filling err.
 */
int places_listen(const char *run, struct err *err);
void places_unlisten(const char *run, int fd);
/* Login uid (proc(5), loginuid) of a connection's peer, or UINT32_MAX. */
uint32_t places_login_uid(int connection);

#endif
