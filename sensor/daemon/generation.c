#include "daemon/generation.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/pack.h"

struct member {
	struct generation *generation;
	enum role role;
	pid_t pid;		/* 0: not running */
	struct ipc *ipc;
	bool ready;
};

struct generation {
	struct loop *loop;
	const struct leaves *leaves;
	const struct run_options *opts;
	void (*heard)(void *arg, struct generation *g,
	    enum to_supervisor what, struct slice body);
	void *arg;
	struct plan plan;
	bool planned;
	struct member members[ROLE_KINDS];
};

struct generation *
generation_new(struct loop *l, const struct leaves *leaves,
    const struct run_options *opts,
    void (*heard)(void *arg, struct generation *g, enum to_supervisor what,
    struct slice body), void *arg)
{
	struct generation *g = xcalloc(1, sizeof(*g));

	g->loop = l;
	g->leaves = leaves;
	g->opts = opts;
	g->heard = heard;
	g->arg = arg;
	for (size_t i = 0; i < ROLE_KINDS; i++) {
		g->members[i].generation = g;
		g->members[i].role = (enum role)i;
	}
	return g;
}

static void
member_end(struct member *m)
{
	ipc_free(m->ipc);
	m->ipc = NULL;
	if (m->pid > 0)
		kill(m->pid, SIGKILL);
	m->pid = 0;
	m->ready = false;
}

void
generation_free(struct generation *g)
{
	if (g == NULL)
		return;
	for (size_t i = 0; i < ROLE_KINDS; i++)
		member_end(&g->members[i]);
	plan_free(&g->plan);
	free(g);
}

/*
 * A plan comes once and from the judge alone; READY is noted here, because
 * the generation knows its members.
 */
static int
member_frame(void *arg, unsigned type, struct slice body, int fd)
{
	struct member *m = arg;
	struct generation *g = m->generation;

	(void)fd;
	if (m->role != ROLE_JUDGE && type != SUP_READY && type != SUP_FAILED)
		return -1;
	if (type == SUP_PLAN) {
		if (g->planned || plan_unpack(&g->plan, body) == -1)
			return -1;
		g->planned = true;
	}
	if (type == SUP_READY)
		m->ready = true;
	g->heard(g->arg, g, (enum to_supervisor)type, body);
	return 0;
}

/* The death of one is heard of by SIGCHLD; a liar is helped along. */
static void
member_closed(void *arg, bool lied, const char *why)
{
	struct member *m = arg;

	log_debug("%s %s", role_name(m->role), why);
	if (lied && m->pid > 0)
		kill(m->pid, SIGKILL);
}

/* In the child. Does not return. */
static void
become(const struct generation *g, enum role r, int fd)
{
	const char *argv[10] = { "vedette", "run", "--role", role_name(r) };
	size_t n = 4;
	sigset_t none;

	if (g->opts->verbose)
		argv[n++] = "--verbose";
	if (g->opts->config != NULL) {
		argv[n++] = "-c";
		argv[n++] = g->opts->config;
	}
	if (g->opts->last_good)
		argv[n++] = "--last-good";
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (fd == ROLE_FD)
		fcntl(fd, F_SETFD, 0);
	else
		dup2(fd, ROLE_FD);
	execv("/proc/self/exe", (char *const *)argv);
	_exit(127);
}

static int
spawn(struct generation *g, enum role r, struct err *err)
{
	struct member *m = &g->members[r];
	const struct ipc_use use = { frames_to_supervisor, SUP_COUNT,
		member_frame, member_closed, NULL, m };
	int pair[2];

	if (ipc_pair(pair) == -1)
		return err_sys(err, "socketpair");
	m->pid = fork();
	if (m->pid == -1) {
		m->pid = 0;
		err_sys(err, "fork");
		close(pair[0]);
		close(pair[1]);
		return -1;
	}
	if (m->pid == 0)
		become(g, r, pair[1]);
	close(pair[1]);
	m->ready = false;
	m->ipc = ipc_new(g->loop, pair[0], &use);
	if (m->ipc == NULL) {
		close(pair[0]);
		return err_sys(err, "epoll");
	}
	return 0;
}

void
generation_tell(struct generation *g, enum role r, enum to_role what,
    struct slice body, int fd)
{
	struct member *m = &g->members[r];

	if (m->ipc != NULL)
		ipc_send(m->ipc, what, body, fd);
	else if (fd != -1)
		close(fd);
}

static void
tell_number(struct generation *g, enum role r, enum to_role what,
    uint32_t number, int fd)
{
	struct buf body = { 0 };

	pack_u32(&body, number);
	generation_tell(g, r, what, buf_slice(&body), fd);
	buf_free(&body);
}

static int
connect_to_judge(struct generation *g, enum role r, struct err *err)
{
	int pair[2];

	if (ipc_pair(pair) == -1)
		return err_sys(err, "socketpair");
	tell_number(g, ROLE_JUDGE, ROLE_PEER, r, pair[0]);
	tell_number(g, r, ROLE_PEER, ROLE_JUDGE, pair[1]);
	return 0;
}

/*
 * The courier's secrets are root's files: it gets them open, and never learns
 * to open such a file itself.
 */
static int
hand_secrets(struct generation *g, struct err *err)
{
	for (size_t i = 0; i < g->plan.secret_count; i++) {
		int fd = open(g->plan.secrets[i],
		    O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

		if (fd == -1)
			return err_sys(err, "%s", g->plan.secrets[i]);
		tell_number(g, ROLE_COURIER, ROLE_SECRET, (uint32_t)i, fd);
	}
	return 0;
}

int
generation_begin(struct generation *g, struct err *err)
{
	return spawn(g, ROLE_JUDGE, err);
}

int
generation_restart(struct generation *g, enum role r, struct err *err)
{
	member_end(&g->members[r]);
	if (spawn(g, r, err) == 0 &&
	    (r != ROLE_COURIER || hand_secrets(g, err) == 0) &&
	    connect_to_judge(g, r, err) == 0)
		return 0;
	member_end(&g->members[r]);
	return -1;
}

int
generation_complete(struct generation *g, struct err *err)
{
	generation_tell(g, ROLE_JUDGE, ROLE_SEAL, S(""), -1);
	for (unsigned r = 0; r < ROLE_KINDS; r++)
		if ((g->plan.roles & 1u << r) != 0 && r != ROLE_JUDGE &&
		    generation_restart(g, (enum role)r, err) == -1)
			return -1;
	return 0;
}

bool
generation_ready(const struct generation *g)
{
	if (!g->planned || !g->members[ROLE_JUDGE].ready)
		return false;
	for (unsigned r = 0; r < ROLE_KINDS; r++)
		if ((g->plan.roles & 1u << r) != 0 && !g->members[r].ready)
			return false;
	return true;
}

const struct plan *
generation_plan(const struct generation *g)
{
	return &g->plan;
}

bool
generation_misses(const struct generation *g, enum role r)
{
	return (g->plan.roles & 1u << r) != 0 && g->members[r].pid == 0;
}

size_t
generation_waiting(const struct generation *g, enum role r)
{
	const struct ipc *c = g->members[r].ipc;

	return c == NULL ? 0 : ipc_waiting(c);
}

pid_t
generation_pid(const struct generation *g, enum role r)
{
	return g->members[r].pid;
}

void
generation_hear_out(struct generation *g, enum role r)
{
	if (g->members[r].ipc != NULL)
		ipc_hear_out(g->members[r].ipc);
}

bool
generation_reaped(struct generation *g, pid_t pid, enum role *r)
{
	for (unsigned i = 0; i < ROLE_KINDS; i++) {
		if (g->members[i].pid != pid)
			continue;
		g->members[i].pid = 0;
		*r = (enum role)i;
		return true;
	}
	return false;
}
