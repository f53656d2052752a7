#include "base/loop.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/when.h"

enum { READY_MAX = 64, SIGNALS_MAX = 16 };

struct loop_fd {
	struct loop *loop;
	struct loop_fd *next;
	int fd;			/* -1: removed, to be freed */
	void (*ready)(void *arg, unsigned events);
	void *arg;
};

struct loop_timer {
	struct loop *loop;
	struct loop_timer *next;
	int64_t due;		/* 0: not set */
	void (*expired)(void *arg);
	void *arg;
};

struct caught {
	int signo;
	void (*caught)(void *arg, int signo);
	void *arg;
};

struct loop {
	int epoll, signals;
	bool stopped, wake;
	sigset_t mask;
	struct loop_fd *fds;
	struct loop_timer *timers;
	struct caught handlers[SIGNALS_MAX];
	size_t handler_count;
	bool (*work)(void *arg);
	void *work_arg;
};

struct loop *
loop_new(void)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);
	struct loop *l;

	if (fd == -1)
		return NULL;
	l = xcalloc(1, sizeof(*l));
	l->epoll = fd;
	l->signals = -1;
	sigemptyset(&l->mask);
	return l;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	while (l->fds != NULL) {
		struct loop_fd *next = l->fds->next;

		free(l->fds);
		l->fds = next;
	}
	while (l->timers != NULL)
		loop_timer_free(l->timers);
	if (l->signals != -1)
		close(l->signals);
	close(l->epoll);
	free(l);
}

static uint32_t
to_epoll(unsigned events)
{
	return ((events & LOOP_READ) ? EPOLLIN | EPOLLRDHUP : 0u) |
	    ((events & LOOP_WRITE) ? EPOLLOUT : 0u);
}

static unsigned
from_epoll(uint32_t events)
{
	return ((events & EPOLLIN) ? LOOP_READ : 0u) |
	    ((events & EPOLLOUT) ? LOOP_WRITE : 0u) |
	    ((events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) ? LOOP_HANGUP : 0u);
}

struct loop_fd *
loop_add(struct loop *l, int fd, unsigned events,
    void (*ready)(void *arg, unsigned events), void *arg)
{
	struct loop_fd *f = xcalloc(1, sizeof(*f));
	struct epoll_event e = { .events = to_epoll(events), .data.ptr = f };

	*f = (struct loop_fd){ l, l->fds, fd, ready, arg };
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e) == -1) {
		free(f);
		return NULL;
	}
	l->fds = f;
	return f;
}

void
loop_want(struct loop_fd *f, unsigned events)
{
	struct epoll_event e = { .events = to_epoll(events), .data.ptr = f };

	epoll_ctl(f->loop->epoll, EPOLL_CTL_MOD, f->fd, &e);
}

void
loop_remove(struct loop_fd *f)
{
	if (f == NULL || f->fd == -1)
		return;
	epoll_ctl(f->loop->epoll, EPOLL_CTL_DEL, f->fd, NULL);
	f->fd = -1;
}

/* Frees what was removed; not during a round, which may still point there. */
static void
sweep(struct loop *l)
{
	struct loop_fd **at = &l->fds;

	while (*at != NULL) {
		struct loop_fd *f = *at;

		if (f->fd != -1) {
			at = &f->next;
			continue;
		}
		*at = f->next;
		free(f);
	}
}

struct loop_timer *
loop_timer(struct loop *l, void (*expired)(void *arg), void *arg)
{
	struct loop_timer *t = xcalloc(1, sizeof(*t));

	*t = (struct loop_timer){ l, l->timers, 0, expired, arg };
	l->timers = t;
	return t;
}

void
loop_timer_set(struct loop_timer *t, int64_t span)
{
	t->due = when_steady() + (span > 0 ? span : 0);
}

void
loop_timer_stop(struct loop_timer *t)
{
	t->due = 0;
}

bool
loop_timer_pending(const struct loop_timer *t)
{
	return t->due != 0;
}

void
loop_timer_free(struct loop_timer *t)
{
	if (t == NULL)
		return;
	for (struct loop_timer **at = &t->loop->timers; *at != NULL;
	    at = &(*at)->next) {
		if (*at != t)
			continue;
		*at = t->next;
		break;
	}
	free(t);
}

static void
signals_ready(void *arg, unsigned events)
{
	struct loop *l = arg;
	struct signalfd_siginfo info;

	(void)events;
	while (read(l->signals, &info, sizeof(info)) == sizeof(info))
		for (size_t i = 0; i < l->handler_count; i++)
			if (l->handlers[i].signo == (int)info.ssi_signo)
				l->handlers[i].caught(l->handlers[i].arg,
				    (int)info.ssi_signo);
}

int
loop_signal(struct loop *l, int signo, void (*caught)(void *arg, int signo),
    void *arg)
{
	bool first = l->signals == -1;

	if (l->handler_count == SIGNALS_MAX) {
		errno = ENOSPC;
		return -1;
	}
	sigaddset(&l->mask, signo);
	if (sigprocmask(SIG_BLOCK, &l->mask, NULL) == -1)
		return -1;
	l->signals = signalfd(l->signals, &l->mask, SFD_NONBLOCK |
	    SFD_CLOEXEC);
	if (l->signals == -1)
		return -1;
	l->handlers[l->handler_count++] = (struct caught){ signo, caught, arg };
	if (first && loop_add(l, l->signals, LOOP_READ, signals_ready, l) ==
	    NULL)
		return -1;
	return 0;
}

void
loop_idle(struct loop *l, bool (*work)(void *arg), void *arg)
{
	l->work = work;
	l->work_arg = arg;
	l->wake = work != NULL;
}

void
loop_wake(struct loop *l)
{
	l->wake = true;
}

/* Milliseconds until the next timer, -1 for none, rounded up. */
static int
until_next(const struct loop *l)
{
	int64_t next = INT64_MAX, now, wait;

	for (const struct loop_timer *t = l->timers; t != NULL; t = t->next)
		if (t->due != 0 && t->due < next)
			next = t->due;
	if (next == INT64_MAX)
		return -1;
	now = when_steady();
	if (next <= now)
		return 0;
	wait = (next - now + 999) / 1000;
	return wait > INT_MAX ? INT_MAX : (int)wait;
}

/*
 * One expired timer at a time, from the start of the list again: a callback
 * may free any timer. A timer that is set anew to now waits for its turn.
 */
static void
run_timers(struct loop *l)
{
	int64_t now = when_steady();

	for (struct loop_timer *t = l->timers; t != NULL;) {
		if (t->due == 0 || t->due > now) {
			t = t->next;
			continue;
		}
		t->due = 0;
		t->expired(t->arg);
		t = l->timers;
	}
}

static int
run_once(struct loop *l)
{
	struct epoll_event ready[READY_MAX];
	int n;

	n = epoll_wait(l->epoll, ready, READY_MAX, l->wake ? 0 :
	    until_next(l));
	if (n == -1 && errno != EINTR)
		return -1;
	for (int i = 0; i < n; i++) {
		struct loop_fd *f = ready[i].data.ptr;

		if (f->fd != -1)
			f->ready(f->arg, from_epoll(ready[i].events));
	}
	run_timers(l);
	if (l->wake && !l->stopped) {
		l->wake = false;
		if (l->work != NULL && l->work(l->work_arg))
			l->wake = true;
	}
	sweep(l);
	return 0;
}

int
loop_run(struct loop *l)
{
	l->stopped = false;
	while (!l->stopped)
		if (run_once(l) == -1)
			return -1;
	return 0;
}

void
loop_stop(struct loop *l)
{
	l->stopped = true;
}
