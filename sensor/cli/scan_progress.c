#include "cli/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/when.h"
#include "cli/screen.h"

#define FIRST SECOND
#define EVERY (SECOND / 5)

static bool
has_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term != NULL &&
	    strcmp(term, "dumb") != 0;
}

/* Bytes of all files, when each of them tells how many it has. */
static uint64_t
bytes_of(char **paths)
{
	uint64_t total = 0;
	struct stat sb;

	for (; *paths != NULL; paths++) {
		bool in = strcmp(*paths, "-") == 0;

		if ((in ? fstat(STDIN_FILENO, &sb) : stat(*paths, &sb)) == -1)
			continue;
		if (!S_ISREG(sb.st_mode))
			return 0;
		total += (uint64_t)sb.st_size;
	}
	return total;
}

void
progress_begin(struct scan *s, char **paths)
{
	struct progress *p = &s->progress;

	p->began = when_steady();
	p->next = p->began + FIRST;
	p->wanted = !s->quiet && has_terminal();
	p->shared = isatty(STDOUT_FILENO);
	p->total = bytes_of(paths);
}

static void
add_counted(struct buf *b, uint64_t n, const char *what)
{
	number_grouped(b, n);
	buf_fmt(b, " %s%s", what, n == 1 ? "" : "s");
}

static uint64_t
alerts(const struct tally *t)
{
	uint64_t n = 0;

	for (int i = 0; i <= LEVEL_CRITICAL; i++)
		n += t->alerts[i];
	return n;
}

/* 42 %  1 GiB of 3 GiB  180 MiB/s  12 alerts  02:11:40 left */
static void
describe(const struct scan *s, int64_t now, struct buf *b)
{
	const struct progress *p = &s->progress;
	uint64_t done = p->done +
	    (s->feed != NULL ? feed_consumed(s->feed) : 0);
	double seconds = (double)(now - p->began) / (double)SECOND;
	double rate = (double)done / seconds;

	if (p->total > 0) {
		buf_fmt(b, "%3u %%  ", (unsigned)(100.0 * (double)done /
		    (double)(done > p->total ? done : p->total)));
		size_short(b, done);
		buf_str(b, " of ");
		size_short(b, p->total);
	} else
		size_short(b, done);
	buf_str(b, "  ");
	size_short(b, (uint64_t)rate);
	buf_str(b, "/s  ");
	add_counted(b, alerts(&s->tally), "alert");
	if (p->total <= done || rate < 1.0)
		return;
	buf_str(b, "  ");
	when_span(b, (int64_t)((double)(p->total - done) / rate *
	    (double)SECOND));
	buf_str(b, " left");
}

void
progress_tell(struct scan *s)
{
	struct progress *p = &s->progress;
	struct buf line = { 0 };
	int64_t now;

	if (!p->wanted || (now = when_steady()) < p->next)
		return;
	p->next = now + EVERY;
	p->shown = true;
	describe(s, now, &line);
	fprintf(stderr, "\r%s\033[K", buf_cstr(&line));
	fflush(stderr);
	buf_free(&line);
}

void
progress_erase(struct scan *s)
{
	if (!s->progress.shown)
		return;
	s->progress.shown = false;
	fputs("\r\033[K", stderr);
	fflush(stderr);
}

/* " (1 critical, 2 high)": what ought to be looked at. */
static void
add_serious(struct buf *b, const struct tally *t)
{
	const char *before = " (";

	for (int i = LEVEL_CRITICAL; i >= LEVEL_HIGH; i--) {
		if (t->alerts[i] == 0)
			continue;
		buf_str(b, before);
		number_grouped(b, t->alerts[i]);
		buf_fmt(b, " %s", level_name((enum level)i));
		before = ", ";
	}
	if (before[0] == ',')
		buf_byte(b, ')');
}

void
scan_close(struct scan *s)
{
	const struct tally *t = &s->tally;
	struct buf b = { 0 };

	progress_erase(s);
	if (s->quiet)
		return;
	add_counted(&b, t->lines, "line");
	buf_str(&b, ", ");
	add_counted(&b, alerts(t), "alert");
	add_serious(&b, t);
	if (t->held > 0) {
		buf_str(&b, ", ");
		number_grouped(&b, t->held);
		buf_str(&b, " excepted");
	}
	if (t->bare > 0) {
		buf_str(&b, ", ");
		add_counted(&b, t->bare, "line");
		buf_str(&b, " not understood");
	}
	if (t->unread > 0) {
		buf_str(&b, ", ");
		add_counted(&b, t->unread, "file");
		buf_str(&b, " not read to the end");
	}
	buf_str(&b, ", ");
	when_span(&b, when_steady() - s->progress.began);
	fprintf(stderr, "%s\n", buf_cstr(&b));
	buf_free(&b);
}
