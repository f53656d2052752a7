/*
 * One thread, one loop (epoll). A descriptor, a timer or a signal calls back;
 * nothing wakes up when there is nothing to do.
 */
#ifndef VEDETTE_LOOP_H
#define VEDETTE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_fd;
struct loop_timer;

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 };

/* NULL, with errno, when epoll is not to be had. */
struct loop *loop_new(void);
void loop_free(struct loop *l);

/*
 * Calls back with the events that are ready (level-triggered; LOOP_HANGUP
 * comes unasked). The descriptor stays the caller's. NULL, with errno, when
 * epoll refuses it (a regular file: EPERM).
 */
struct loop_fd *loop_add(struct loop *l, int fd, unsigned events,
    void (*ready)(void *arg, unsigned events), void *arg);
void loop_want(struct loop_fd *f, unsigned events);
/* May be called from any callback. NULL is allowed. */
void loop_remove(struct loop_fd *f);

/*
 * A timer that calls back once, span microseconds (steady clock) after being
 * set; setting it again moves it. A new one is unset.
 */
struct loop_timer *loop_timer(struct loop *l, void (*expired)(void *arg),
    void *arg);
void loop_timer_set(struct loop_timer *t, int64_t span);
void loop_timer_stop(struct loop_timer *t);
bool loop_timer_pending(const struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);

/* Signals come through a signalfd; each is blocked from here on. */
int loop_signal(struct loop *l, int signo,
    void (*caught)(void *arg, int signo), void *arg);

/*
 * Work for when nothing is ready: called between rounds while it returns true
 * (there is more), without the loop sleeping meanwhile. loop_wake asks for it
 * again.
 */
void loop_idle(struct loop *l, bool (*work)(void *arg), void *arg);
void loop_wake(struct loop *l);

/* Runs until loop_stop; 0, or -1 with errno when epoll itself fails. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l);

#endif
