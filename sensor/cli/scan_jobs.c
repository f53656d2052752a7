#include "cli/scan_jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	READ_SIZE = 256 * 1024,
	/* What a worker may be ahead before it has to wait. */
	AHEAD_MAX = 16 * 1024 * 1024,
	LOOK_MS = 200,
};

struct worker {
	struct piece piece;
	pid_t pid;
	int from;		/* its steps; -1: it has closed them */
	struct buf steps;
};

/*
 * Those at work, and those that wait for their turn, the oldest first: a ring
 * of twice as many as there are processes.
 */
struct jobs {
	struct scan *scan;
	struct pieces pieces;
	struct worker *workers;
	size_t max, first, count;
	size_t jobs;
	/* Of the pieces of the present file that are done. */
	uint64_t lines, bare;
};

static struct worker *
nth(struct jobs *j, size_t n)
{
	return &j->workers[(j->first + n) % j->max];
}

/*
 * Ends when the parent has: by a signal, by looking whether that came too late,
 * and because then nobody has the other end of its pipe.
 */
static _Noreturn void
work(struct jobs *j, const struct worker *w, pid_t parent, int to)
{
	for (size_t i = 0; i < j->count; i++)
		if (nth(j, i)->from != -1)
			close(nth(j, i)->from);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	scan_sift(j->scan, &w->piece, to);
	_exit(0);
}

/* What can't be begun is seen at its turn, as steps that end too early. */
static void
begin(struct jobs *j, struct worker *w)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1)
		return;
	w->from = ends[0];
	w->pid = fork();
	if (w->pid == 0)
		work(j, w, parent, ends[1]);
	close(ends[1]);
}

static size_t
at_work(struct jobs *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->count; i++)
		n += nth(j, i)->from != -1;
	return n;
}

static void
begin_more(struct jobs *j)
{
	while (j->count < j->max && at_work(j) < j->jobs) {
		struct worker *w = nth(j, j->count);

		if (!pieces_next(&j->pieces, &w->piece))
			return;
		j->count++;
		w->from = w->pid = -1;
		if (w->piece.fd == -1)
			continue;
		begin(j, w);
		close(w->piece.fd);
	}
}

/* Bytes of steps that were read and not taken. */
static void
receive(struct worker *w)
{
	ssize_t n = read(w->from, buf_room(&w->steps, READ_SIZE), READ_SIZE);

	if (n > 0)
		w->steps.len += (size_t)n;
	else if (n == 0 || errno != EINTR) {
		close(w->from);
		w->from = -1;
	}
}

/* Reads what there is of all, of the others than the first within limits. */
static void
wait_for_steps(struct jobs *j)
{
	struct pollfd fds[2 * SCAN_JOBS_MAX];

	for (size_t i = 0; i < j->count; i++) {
		const struct worker *w = nth(j, i);
		bool deaf = i > 0 && w->steps.len > AHEAD_MAX;

		fds[i] = (struct pollfd){ .fd = deaf ? -1 : w->from,
		    .events = POLLIN };
	}
	if (poll(fds, j->count, LOOK_MS) <= 0)
		return;
	for (size_t i = 0; i < j->count; i++)
		if (fds[i].revents != 0)
			receive(nth(j, i));
}

static void
run_record(struct jobs *j, const struct step *step, struct slice bytes)
{
	const struct line line = { bytes, step->offset, step->flags };

	j->scan->line = j->lines + step->line;
	scan_hold(j->scan, &line);
}

static void
end_piece(struct jobs *j, const struct worker *w, const struct step *step,
    struct slice wrong)
{
	struct scan *s = j->scan;

	j->lines += step->line;
	j->bare += step->offset;
	if (w->piece.last) {
		s->line = j->lines;
		scan_end(s, j->bare);
	}
	if (wrong.len > 0) {
		char why[256];

		slice_to_cstr(wrong, why, sizeof(why));
		scan_cant(s, why);
	}
}

/* Runs what has come in whole; true when the piece has ended. */
static bool
take_steps(struct jobs *j, struct worker *w)
{
	struct slice rest = buf_slice(&w->steps), bytes;
	bool ended = false;
	struct step step;

	while (!ended && rest.len >= sizeof(step)) {
		memcpy(&step, rest.p, sizeof(step));
		if (rest.len - sizeof(step) < step.len)
			break;
		bytes = slice_head(slice_from(rest, sizeof(step)), step.len);
		rest = slice_from(rest, sizeof(step) + step.len);
		ended = step.kind == STEP_END;
		if (ended)
			end_piece(j, w, &step, bytes);
		else
			run_record(j, &step, bytes);
	}
	buf_drop(&w->steps, w->steps.len - rest.len);
	return ended;
}

static void
reap(struct worker *w)
{
	if (w->from != -1)
		close(w->from);
	w->from = -1;
	while (w->pid != -1 && waitpid(w->pid, NULL, 0) == -1 &&
	    errno == EINTR)
		continue;
	buf_clear(&w->steps);
}

/* The first one's piece, to its end. */
static void
finish_first(struct jobs *j)
{
	struct worker *w = nth(j, 0);
	struct scan *s = j->scan;

	if (w->piece.fd == -1) {
		scan_file(s, w->piece.path);
		return;
	}
	if (w->piece.first) {
		scan_begin(s, w->piece.path, w->piece.latest);
		j->lines = j->bare = 0;
	}
	while (!take_steps(j, w)) {
		if (w->from == -1) {
			scan_cant(s, "the process that read it has died");
			break;
		}
		scan_flush(s);
		progress_tell(s);
		wait_for_steps(j);
		begin_more(j);
	}
	s->progress.done += w->piece.bytes;
	reap(w);
}

void
scan_parallel(struct scan *s, char **paths, unsigned jobs)
{
	struct jobs j = { .scan = s, .max = 2 * jobs, .jobs = jobs,
		.pieces = { .scan = s, .paths = paths, .next.fd = -1 } };

	j.workers = xcalloc(j.max, sizeof(*j.workers));
	for (begin_more(&j); j.count > 0; begin_more(&j)) {
		finish_first(&j);
		j.first = (j.first + 1) % j.max;
		j.count--;
	}
	for (size_t i = 0; i < j.max; i++)
		buf_free(&j.workers[i].steps);
	free(j.workers);
}
