#include "daemon/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>

#include "base/log.h"
#include "base/pack.h"
#include "base/when.h"
#include "daemon/generation.h"
#include "daemon/notify.h"
#include "daemon/places.h"

enum {
	STOP_SECONDS = 8,
	START_SECONDS = 30,	/* for a reload, which blocks the next one */
};

struct supervisor {
	struct loop *loop;
	const struct leaves *leaves;
	const struct run_options *opts;
	struct run_options at_start;	/* of what begins without another */
	struct generation *active;	/* has been told to go */
	struct generation *next;	/* is being made */
	struct generation *old;		/* has been told to stop */
	struct loop_fd *listening;
	int control;			/* listening descriptor, or -1 */
	struct plan places;		/* of the first generation */
	struct loop_timer *deadline;	/* of stopping */
	struct loop_timer *watchdog;
	struct loop_timer *starting;	/* ends a next one that hangs */
	struct loop_timer *listen;	/* after descriptors ran out */
	struct loop_timer *again;	/* makes the next one asked for */
	struct loop_timer *courier;	/* restarts it */
	int64_t courier_wait, courier_since;
	bool stopping, asked_again;
	int status;
};

static void
finish(struct supervisor *s, int status)
{
	s->status = status;
	loop_stop(s->loop);
}

static void
accept_connection(void *arg, unsigned events)
{
	struct supervisor *s = arg;
	struct buf body = { 0 };
	int fd;

	(void)events;
	/* Heard of in the same round in which the last judge was stopped. */
	if (s->active == NULL)
		return;
	fd = accept4(s->control, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd == -1 && errno != EAGAIN && errno != ECONNABORTED) {
		loop_want(s->listening, 0);
		loop_timer_set(s->listen, SECOND);
	}
	if (fd == -1)
		return;
	/* A judge that takes nothing is not to cost us our descriptors. */
	if (generation_waiting(s->active, ROLE_JUDGE) > 0) {
		close(fd);
		return;
	}
	pack_u32(&body, places_login_uid(fd));
	generation_tell(s->active, ROLE_JUDGE, ROLE_CONNECTION,
	    buf_slice(&body), fd);
	buf_free(&body);
}

static void
listen_again(void *arg)
{
	struct supervisor *s = arg;

	if (s->active != NULL)
		loop_want(s->listening, LOOP_READ);
}

/*
 * Only when the journal is open: its lock tells that no other sensor is using
 * this socket, and there is somebody to answer.
 */
static void
open_control(struct supervisor *s)
{
	struct err err;

	if (s->control != -1) {
		loop_want(s->listening, LOOP_READ);
		return;
	}
	s->control = places_listen(s->places.run, &err);
	if (s->control == -1) {
		log_error("control socket: %s; commands can't ask the running "
		    "sensor", err.text);
		return;
	}
	s->listening = loop_add(s->loop, s->control, LOOP_READ,
	    accept_connection, s);
}

/* Later, because this is called while a generation is being heard. */
static void
begin_asked(struct supervisor *s)
{
	if (s->asked_again)
		loop_timer_set(s->again, 0);
	s->asked_again = false;
}

/* Mistakes come many at once, a line each. */
static void
log_lines(const char *text)
{
	struct slice rest = slice_of(text), line;

	while (slice_cut(&rest, '\n', &line))
		log_error("%.*s", (int)line.len, (const char *)line.p);
	log_error("%.*s", (int)rest.len, (const char *)rest.p);
}

/* The next generation can't be; what runs goes on. */
static void
give_up_next(struct supervisor *s, const char *why)
{
	generation_free(s->next);
	s->next = NULL;
	loop_timer_stop(s->starting);
	if (s->active == NULL) {
		log_lines(why);
		finish(s, 1);
		return;
	}
	log_warn("reload refused, the old configuration stays:");
	log_lines(why);
	generation_tell(s->active, ROLE_JUDGE, ROLE_RELOADED, slice_of(why),
	    -1);
	notify_send("READY=1");
	begin_asked(s);
}

static void
start_hangs(void *arg)
{
	struct supervisor *s = arg;

	if (s->next != NULL)
		give_up_next(s, "a role hung while it was starting");
}

static void
let_go(struct supervisor *s, struct slice takes_over)
{
	s->active = s->next;
	s->next = NULL;
	s->courier_wait = SECOND;
	s->courier_since = when_steady();
	/* It may have died again while the old judge was ending. */
	if (generation_misses(s->active, ROLE_COURIER))
		loop_timer_set(s->courier, s->courier_wait);
	generation_tell(s->active, ROLE_JUDGE, ROLE_GO, takes_over, -1);
}

/* All of next is sealed: the old judge commits and ends, then next goes. */
static void
take_over(struct supervisor *s)
{
	loop_timer_stop(s->starting);
	if (s->active == NULL) {
		let_go(s, S("\0"));
		return;
	}
	s->old = s->active;
	s->active = NULL;
	/* Who asks now waits until the new judge can answer. */
	if (s->listening != NULL)
		loop_want(s->listening, 0);
	generation_tell(s->old, ROLE_JUDGE, ROLE_RELOADED, S(""), -1);
	generation_tell(s->old, ROLE_JUDGE, ROLE_STOP, S(""), -1);
	loop_timer_set(s->deadline, STOP_SECONDS * SECOND);
}

static void
started(struct supervisor *s)
{
	open_control(s);
	log_info("started, judge is pid %d",
	    (int)generation_pid(s->active, ROLE_JUDGE));
	notify_send("READY=1\nSTATUS=running");
	begin_asked(s);
}

static void
planned(struct supervisor *s, struct generation *g)
{
	struct err err;

	if (s->active == NULL)
		s->places = *generation_plan(g);
	if (strcmp(s->places.state, generation_plan(g)->state) != 0 ||
	    strcmp(s->places.run, generation_plan(g)->run) != 0)
		give_up_next(s, "state: and run: can't change while running");
	else if (places_make(generation_plan(g), &err) == -1)
		give_up_next(s, err.text);
	else if (generation_complete(g, &err) == -1)
		give_up_next(s, err.text);
}

static void
heard(void *arg, struct generation *g, enum to_supervisor what,
    struct slice body)
{
	struct supervisor *s = arg;
	char *text;

	switch (what) {
	case SUP_PLAN:
		planned(s, g);
		break;
	case SUP_READY:
		if (g == s->next && s->old == NULL && generation_ready(g))
			take_over(s);
		break;
	case SUP_STARTED:
		if (g == s->active)
			started(s);
		break;
	case SUP_FAILED:
		text = xslicedup(body);
		if (g == s->next)
			give_up_next(s, text);
		else
			log_error("%s", text);
		free(text);
		break;
	case SUP_RELOAD:
		s->asked_again = true;
		if (s->next == NULL && s->old == NULL)
			begin_asked(s);
		break;
	case SUP_PONG:
		if (g == s->active && notify_watchdog() > 0)
			notify_send("WATCHDOG=1");
		break;
	case SUP_COUNT:
		break;
	}
}

/* One reload at a time; what comes meanwhile is one more behind it. */
static void
begin_next(struct supervisor *s)
{
	struct err err;

	if (s->stopping)
		return;
	if (s->next != NULL || s->old != NULL) {
		s->asked_again = true;
		return;
	}
	if (s->active != NULL) {
		notify_reloading();
		loop_timer_set(s->starting, START_SECONDS * SECOND);
	}
	s->next = generation_new(s->loop, s->leaves,
	    s->active == NULL ? &s->at_start : s->opts, heard, s);
	if (generation_begin(s->next, &err) == -1)
		give_up_next(s, err.text);
}

static void
begin_again(void *arg)
{
	begin_next(arg);
}

static void
stop(void *arg, int signo)
{
	struct supervisor *s = arg;

	(void)signo;
	if (s->stopping)
		return;
	s->stopping = true;
	notify_send("STOPPING=1");
	generation_free(s->next);
	s->next = NULL;
	if (s->active == NULL && s->old == NULL) {
		finish(s, 0);
		return;
	}
	if (s->active != NULL)
		generation_tell(s->active, ROLE_JUDGE, ROLE_STOP, S(""), -1);
	loop_timer_set(s->deadline, STOP_SECONDS * SECOND);
}

static void
too_slow(void *arg)
{
	struct supervisor *s = arg;
	struct generation *g = s->old != NULL ? s->old : s->active;

	if (g == NULL)
		return;
	log_error("judge did not stop in %d s, killing it", STOP_SECONDS);
	kill(generation_pid(g, ROLE_JUDGE), SIGKILL);
}

/* Each time it waits longer, until one has lived for the longest wait. */
static void
await_courier(struct supervisor *s, const char *why)
{
	const int64_t longest = MINUTE;

	if (when_steady() - s->courier_since > longest)
		s->courier_wait = SECOND;
	log_warn("courier %s, starting it again in %d s", why,
	    (int)(s->courier_wait / SECOND));
	loop_timer_set(s->courier, s->courier_wait);
	s->courier_wait = s->courier_wait * 2 > longest ? longest :
	    s->courier_wait * 2;
}

/* A reload meanwhile has brought one of its own, or needs none. */
static void
restart_courier(void *arg)
{
	struct supervisor *s = arg;
	struct err err;

	if (s->active == NULL || s->stopping ||
	    !generation_misses(s->active, ROLE_COURIER))
		return;
	s->courier_since = when_steady();
	if (generation_restart(s->active, ROLE_COURIER, &err) == -1)
		await_courier(s, err.text);
}

static void
handed_over(struct supervisor *s)
{
	loop_timer_stop(s->deadline);
	generation_free(s->old);
	s->old = NULL;
	if (s->stopping)
		finish(s, 0);
	else if (s->next != NULL)
		let_go(s, S("\1"));
}

/* A role of a generation has ended; its last words say why. */
static void
died(struct supervisor *s, struct generation *g, enum role r, int status)
{
	bool judge = r == ROLE_JUDGE;
	bool starting = g == s->next;

	generation_hear_out(g, r);
	if (starting && g != s->next)
		return;
	if (g == s->next) {
		/* let_go sees to a courier. */
		if (s->old == NULL || r != ROLE_COURIER)
			give_up_next(s, "a role ended while it was starting");
	} else if (g == s->old) {
		if (judge)
			handed_over(s);
	} else if (s->stopping) {
		if (judge)
			finish(s, status == 0 ? 0 : 1);
	} else if (r == ROLE_COURIER) {
		await_courier(s, "ended");
	} else {
		log_error("%s ended (%s %d), so the sensor ends", role_name(r),
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status) :
		    WEXITSTATUS(status));
		finish(s, 1);
	}
}

static void
reap(void *arg, int signo)
{
	struct supervisor *s = arg;
	struct generation *const all[] = { s->next, s->active, s->old };
	pid_t pid;
	int status;
	enum role r;

	(void)signo;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < COUNT(all); i++)
			if (all[i] != NULL &&
			    generation_reaped(all[i], pid, &r)) {
				died(s, all[i], r, status);
				return reap(s, 0);
			}
}

static void
reload(void *arg, int signo)
{
	(void)signo;
	begin_next(arg);
}

static void
ping(void *arg)
{
	struct supervisor *s = arg;

	if (s->active != NULL)
		generation_tell(s->active, ROLE_JUDGE, ROLE_PING, S(""), -1);
	loop_timer_set(s->watchdog, notify_watchdog() / 3);
}

/* The supervisor is root, but not all of it. */
static void
bound(void)
{
	const unsigned keep = 1u << CAP_CHOWN | 1u << CAP_FOWNER |
	    1u << CAP_KILL | 1u << CAP_SETUID | 1u << CAP_SETGID |
	    1u << CAP_SETPCAP | 1u << CAP_DAC_READ_SEARCH;

	umask(0022);
	signal(SIGPIPE, SIG_IGN);
	if (geteuid() != 0)
		return;
	role_bound_caps(keep);
	role_set_caps(keep);
}

static int
set_up(struct supervisor *s)
{
	s->loop = loop_new();
	if (s->loop == NULL || loop_signal(s->loop, SIGTERM, stop, s) == -1 ||
	    loop_signal(s->loop, SIGINT, stop, s) == -1 ||
	    loop_signal(s->loop, SIGHUP, reload, s) == -1 ||
	    loop_signal(s->loop, SIGCHLD, reap, s) == -1)
		return -1;
	s->deadline = loop_timer(s->loop, too_slow, s);
	s->courier = loop_timer(s->loop, restart_courier, s);
	s->watchdog = loop_timer(s->loop, ping, s);
	s->starting = loop_timer(s->loop, start_hangs, s);
	s->listen = loop_timer(s->loop, listen_again, s);
	s->again = loop_timer(s->loop, begin_again, s);
	if (notify_watchdog() > 0)
		loop_timer_set(s->watchdog, notify_watchdog() / 3);
	return 0;
}

int
supervise(const struct leaves *leaves, const struct run_options *opts)
{
	struct supervisor s = { .leaves = leaves, .opts = opts, .control = -1,
	    .courier_wait = SECOND, .at_start = *opts };

	s.at_start.last_good = true;
	if (access("/proc/self/exe", F_OK) == -1) {
		log_error("/proc is not mounted; roles can't be started");
		return 2;
	}
	log_init("vedette", opts->verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO,
	    getenv("JOURNAL_STREAM") != NULL);
	bound();
	if (set_up(&s) == -1) {
		log_error("can't start: %s", strerror(errno));
		return 2;
	}
	begin_next(&s);
	if (s.next != NULL || s.active != NULL)
		loop_run(s.loop);
	generation_free(s.next);
	generation_free(s.old);
	generation_free(s.active);
	loop_remove(s.listening);
	places_unlisten(s.places.run, s.control);
	loop_free(s.loop);
	return s.status;
}
