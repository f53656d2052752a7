/*
 * Looking up names without stopping the loop. glibc does it in a thread of its
 * own, so the sandbox must let threads be made (see transport.h for the system
 * calls and files).
 */
#ifndef VEDETTE_RESOLVER_H
#define VEDETTE_RESOLVER_H

#include <netdb.h>

#include "base/loop.h"

struct lookup;

/*
 * Loads what glibc would load at the first look-up; to be called before
 * sealing. Asks no name server, so it does not wait for a dead one.
 */
void resolver_warm(void);

/*
 * Looks up where datagrams for host and port (a number) go. Calls back once,
 * from the loop, with either addresses or the reason why there are none; both
 * end with lookup_free, which the callback may call. NULL, with errno, when
 * there is no memory for it.
 */
struct lookup *lookup_new(struct loop *loop, const char *host,
    const char *port, void (*found)(void *arg, const struct addrinfo *first,
    const char *error), void *arg);
/* Gives up when it is still under way. NULL is allowed. */
void lookup_free(struct lookup *l);

#endif
