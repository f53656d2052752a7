#include "cli/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/when.h"
#include "cli/screen.h"

enum { LOOK = 16, LINES_A_LOOK = 1024 };

/* What people give to scan and what is no log; how to make one of it. */
static const struct {
	struct slice magic;
	const char *why;
} others[] = {
	{ SLICE("LPKSHHRH"), "is a journal: journalctl -o json --file "
	    "FILE | vedette scan -" },
	{ SLICE("BZh"), "is bzip2 data: bzcat FILE | vedette scan -" },
	{ SLICE("PK\3\4"), "is a zip archive: unzip -p FILE | "
	    "vedette scan -" },
	{ SLICE("\x04\x22\x4d\x18"), "is lz4 data: lz4cat FILE | "
	    "vedette scan -" },
	{ SLICE("\xd4\xc3\xb2\xa1"), "is a packet capture" },
	{ SLICE("\x0a\x0d\x0d\x0a"), "is a packet capture" },
	{ SLICE("\x7f" "ELF"), "is a program" },
	{ SLICE("SQLite format 3"), "is a database" },
};

static void
tell_offender(void *arg, const struct rule_view *rule)
{
	struct buf place = { 0 };

	buf_fmt(&place, "%s:%u", rule->file, rule->line);
	scan_complain(arg, buf_cstr(&place), "the rule is switched off from "
	    "here on: its regular expressions take too much time");
	buf_free(&place);
}

void
scan_hold(struct scan *s, const struct line *line)
{
	s->record.bytes = line->text;
	s->record.offset = line->start;
	s->record.flags = line->flags;
	s->record.form = lines_form(line->text);
	detector_run(&s->det, &s->record, scan_matched, s);
	ruleset_offenders(s->det.rules, tell_offender, s);
}

static void
scan_line(struct scan *s, const struct line *line)
{
	s->line++;
	scan_hold(s, line);
	if (s->line % LINES_A_LOOK == 0)
		progress_tell(s);
}

/* Alerts are out before a read that may wait. */
static enum lines_found
next_line(struct scan *s, struct line *line)
{
	enum lines_found found = lines_next_here(s->lines, line);

	if (found != LINES_END)
		return found;
	scan_flush(s);
	return lines_next(s->lines, line);
}

void
scan_cant(struct scan *s, const char *why)
{
	scan_complain(s, s->name, why);
	s->tally.unread++;
}

/* Most of it is in no format: somebody ought to know that. */
static void
tell_bare(struct scan *s, uint64_t bare)
{
	struct buf why = { 0 };

	s->tally.bare += bare;
	if (s->quiet || bare <= s->line / 2)
		return;
	number_grouped(&why, bare);
	buf_str(&why, " of ");
	number_grouped(&why, s->line);
	buf_str(&why, " lines are in no format that is known (syslog, JSON, "
	    "audit): only keywords look at them");
	scan_complain(s, s->name, buf_cstr(&why));
	buf_free(&why);
}

void
scan_begin(struct scan *s, const char *name, int64_t latest)
{
	s->name = name;
	s->line = 0;
	s->record = (struct record){ .source = slice_of(name),
	    .received = when_now(),
	    .stream = stream_make(S(""), slice_of(name), 0) };
	decoders_latest(s->det.decoders, latest != 0 ? latest :
	    s->record.received);
}

void
scan_end(struct scan *s, uint64_t bare)
{
	detector_end(&s->det, scan_matched, s);
	s->tally.lines += s->line;
	tell_bare(s, bare);
}

static void
scan_lines(struct scan *s)
{
	uint64_t before = decoders_counts(s->det.decoders).bare;
	enum lines_found found;
	struct line line;

	while ((found = next_line(s, &line)) == LINES_FOUND)
		scan_line(s, &line);
	if (lines_rest(s->lines, &line))
		scan_line(s, &line);
	scan_end(s, decoders_counts(s->det.decoders).bare - before);
	if (found == LINES_BROKEN)
		scan_cant(s, feed_error(s->feed));
	else if (feed_unfinished(s->feed) != NULL)
		scan_cant(s, feed_unfinished(s->feed));
}

static void
take(struct scan *s, struct feed *f)
{
	if (s->lines == NULL)
		s->lines = lines_new(f);
	else
		lines_take(s->lines, f, LINES_TEXT);
}

static const char *
other(struct slice first)
{
	for (size_t i = 0; i < COUNT(others); i++)
		if (slice_starts(first, others[i].magic))
			return others[i].why;
	return NULL;
}

struct scan_look
scan_look(struct scan *s, int fd)
{
	struct feed *f = feed_new(fd, FEED_ENDED);
	struct scan_look look;

	take(s, f);
	look.first = lines_look(s->lines, LOOK);
	look.packed = feed_is_packed(f);
	look.other = other(look.first);
	feed_free(f);
	return look;
}

/*
 * A stamp without a year is at or before the file's last change; of a pipe,
 * before now.
 */
static void
scan_fd(struct scan *s, int fd)
{
	struct stat sb;
	const char *why = NULL;

	if (fstat(fd, &sb) == -1 || S_ISDIR(sb.st_mode)) {
		scan_cant(s, S_ISDIR(sb.st_mode) ? "is a directory" :
		    strerror(errno));
		return;
	}
	scan_begin(s, s->name, S_ISREG(sb.st_mode) ?
	    (int64_t)sb.st_mtim.tv_sec * SECOND +
	    sb.st_mtim.tv_nsec / 1000 : 0);
	s->feed = feed_new(fd, FEED_ENDED);
	take(s, s->feed);
	if (S_ISREG(sb.st_mode))
		why = other(lines_look(s->lines, LOOK));
	if (why != NULL)
		scan_cant(s, why);
	else
		scan_lines(s);
	s->progress.done += feed_consumed(s->feed);
	feed_free(s->feed);
	s->feed = NULL;
}

void
scan_file(struct scan *s, const char *path)
{
	int fd;

	s->name = path;
	if (strcmp(path, "-") == 0) {
		scan_fd(s, STDIN_FILENO);
		return;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd == -1) {
		scan_cant(s, strerror(errno));
		return;
	}
	scan_fd(s, fd);
	close(fd);
}
