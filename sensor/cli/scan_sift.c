#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/scan_jobs.h"

enum { STEPS_MAX = 65536 };

static void
put(struct scan *s, int fd, const struct step *step, struct slice bytes)
{
	buf_add(&s->out, slice_bytes(step, sizeof(*step)));
	buf_add(&s->out, bytes);
	if (s->out.len < STEPS_MAX && step->kind != STEP_END)
		return;
	/* A parent that is gone needs nothing more. */
	if (write_all(fd, buf_slice(&s->out)) == -1)
		_exit(1);
	buf_clear(&s->out);
}

static void
sift_line(struct scan *s, const struct line *line, int fd)
{
	const struct step step = { .kind = STEP_RECORD, .flags = line->flags,
		.line = ++s->line, .offset = line->start,
		.len = line->text.len };

	s->record.bytes = line->text;
	s->record.offset = line->start;
	s->record.flags = line->flags;
	s->record.form = lines_form(line->text);
	if (detector_sift(&s->det, &s->record))
		put(s, fd, &step, line->text);
}

static const char *
sift_lines(struct scan *s, struct feed *f, const struct piece *piece, int fd)
{
	struct lines *lines = lines_new(f);
	enum lines_found found;
	struct line line;

	while ((found = lines_next(lines, &line)) == LINES_FOUND &&
	    line.start < piece->until)
		sift_line(s, &line, fd);
	if (found == LINES_END && lines_rest(lines, &line) &&
	    line.start < piece->until)
		sift_line(s, &line, fd);
	lines_free(lines);
	return found == LINES_BROKEN ? feed_error(f) : feed_unfinished(f);
}

void
scan_sift(struct scan *s, const struct piece *piece, int fd)
{
	uint64_t before = decoders_counts(s->det.decoders).bare;
	struct feed *f = feed_new(piece->fd, FEED_ENDED);
	struct step end = { .kind = STEP_END };
	struct slice wrong;

	buf_clear(&s->out);
	scan_begin(s, piece->path, piece->latest);
	feed_seek(f, piece->from, SIZE_MAX);
	wrong = slice_of(sift_lines(s, f, piece, fd));
	end.line = s->line;
	end.offset = decoders_counts(s->det.decoders).bare - before;
	end.len = wrong.len;
	put(s, fd, &end, wrong);
	feed_free(f);
}
