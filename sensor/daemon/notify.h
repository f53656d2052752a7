/*
 * What systemd wants to hear (sd_notify(3)): one datagram to $NOTIFY_SOCKET.
 */
#ifndef VEDETTE_NOTIFY_H
#define VEDETTE_NOTIFY_H

#include <stdint.h>

/* "READY=1", "STATUS=..."; nothing happens where nobody listens. */
void notify_send(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* RELOADING=1 with the monotonic time that goes with it. */
void notify_reloading(void);
/* Microseconds of WatchdogSec=, 0 for none. */
int64_t notify_watchdog(void);

#endif
