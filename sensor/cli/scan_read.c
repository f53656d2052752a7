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
scan_line(struct scan *s, const struct line *line)
{
	s->line++;
	s->record.bytes = line->text;
	s->record.offset = line->start;
	s->record.flags = line->flags;
	s->record.form = lines_form(line->text);
	detector_run(&s->det, &s->record, scan_matched, s);
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

static void
cant_read(struct scan *s, const char *why)
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
	detector_end(&s->det, scan_matched, s);
	s->tally.lines += s->line;
	tell_bare(s, decoders_counts(s->det.decoders).bare - before);
	if (found == LINES_BROKEN)
		cant_read(s, feed_error(s->feed));
	else if (feed_unfinished(s->feed) != NULL)
		cant_read(s, feed_unfinished(s->feed));
}

static const char *
is_other(struct scan *s)
{
	struct slice first = lines_look(s->lines, LOOK);

	for (size_t i = 0; i < COUNT(others); i++)
		if (slice_starts(first, others[i].magic))
			return others[i].why;
	return NULL;
}

/*
 * A stamp without a year is at or before the file's last change; of a pipe,
 * before now.
 */
static void
scan_fd(struct scan *s, int fd)
{
	struct slice name = slice_of(s->name);
	const char *other;
	struct stat sb;

	if (fstat(fd, &sb) == -1 || S_ISDIR(sb.st_mode)) {
		cant_read(s, S_ISDIR(sb.st_mode) ? "is a directory" :
		    strerror(errno));
		return;
	}
	s->line = 0;
	s->record = (struct record){ .source = name, .received = when_now(),
	    .stream = stream_make(S(""), name, 0) };
	decoders_latest(s->det.decoders, S_ISREG(sb.st_mode) ?
	    (int64_t)sb.st_mtim.tv_sec * SECOND +
	    sb.st_mtim.tv_nsec / 1000 : s->record.received);
	s->feed = feed_new(fd, FEED_ENDED);
	if (s->lines == NULL)
		s->lines = lines_new(s->feed);
	else
		lines_take(s->lines, s->feed, LINES_TEXT);
	other = S_ISREG(sb.st_mode) ? is_other(s) : NULL;
	if (other != NULL)
		cant_read(s, other);
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
		cant_read(s, strerror(errno));
		return;
	}
	scan_fd(s, fd);
	close(fd);
}
