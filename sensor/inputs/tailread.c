#include <errno.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/log.h"
#include "base/when.h"
#include "inputs/tail.h"

/* A file's turn. One window holds it and the longest line behind. */
enum { PIECE = 256 * 1024 - 2 * RECORD_MAX };

static const int64_t OLD = MINUTE;

void
tailed_stir(struct tailed *f)
{
	f->stirred = when_steady();
}

/*
 * Arrival is asked for behind each line: events can't be later than it, and a
 * line that was written while its piece was being read would seem to be.
 */
static void
hand_on(struct tail *tl, const struct tailed *f, const struct line *line)
{
	struct record r = {
		.form = lines_form(line->text),
		.flags = line->flags,
		.bytes = line->text,
		.source = f->lineage->path,
		.stream = f->track->stream,
		.offset = line->start,
		.received = when_now(),
	};

	tl->room->record(tl->room->owner, &r);
}

static void
note_hole(struct tailed *f, const struct lines *l)
{
	if (lines_zeros(l) == 0 || f->hole_told)
		return;
	f->hole_told = true;
	log_info("%.*s: zeros passed over, left by a writer that did not "
	    "notice the truncation", (int)f->path.len,
	    (const char *)f->path.p);
}

static bool
enough(const struct tail *tl)
{
	return tl->room->enough != NULL && tl->room->enough(tl->room->owner);
}

/* Reads lines up to about a piece; what it ended with. */
static enum lines_found
read_lines(struct tail *tl, struct tailed *f, struct lines *l)
{
	uint64_t until = f->track->offset + PIECE;
	enum lines_found found = LINES_FOUND;
	struct line line;

	while (lines_offset(l) < until && !enough(tl) &&
	    (found = lines_next(l, &line)) == LINES_FOUND)
		hand_on(tl, f, &line);
	note_hole(f, l);
	return found;
}

/*
 * Moves the track behind what was given. The bytes before the new offset are
 * mostly still in the window.
 */
static void
advance(struct tail *tl, struct tailed *f, struct lines *l)
{
	struct track *t = f->track;
	unsigned char bytes[IDENTITY_TAIL];
	struct slice before = lines_behind(l, IDENTITY_TAIL);
	size_t want = IDENTITY_TAIL;
	ssize_t n;

	if (lines_offset(l) == t->offset && lines_mode(l) == t->mode)
		return;
	t->offset = lines_offset(l);
	t->mode = lines_mode(l);
	if (want > t->offset)
		want = (size_t)t->offset;
	if (before.len < want && f->feed == NULL) {
		n = pread_full(f->fd, bytes, want,
		    (off_t)(t->offset - want));
		before = slice_bytes(bytes, n < 0 ? 0 : (size_t)n);
	}
	t->id.tail = mark_of(before);
	t->mtime = f->mtime;
	track_store(tl->tracker, t);
}

/* The last, unfinished line of a file that nobody writes to any more. */
static void
give_rest(struct tail *tl, struct tailed *f, struct lines *l)
{
	struct line line;

	if (!lines_rest(l, &line))
		return;
	hand_on(tl, f, &line);
	advance(tl, f, l);
}

enum taken { TAKEN, CHANGED, UNREADABLE };

/* Learns the head while it grows. */
static enum taken
check_head(struct tailed *f)
{
	unsigned char bytes[IDENTITY_HEAD];
	struct identity *id = &f->track->id;
	ssize_t n = pread_full(f->fd, bytes, sizeof(bytes), 0);
	struct slice now = slice_bytes(bytes, n < 0 ? 0 : (size_t)n);

	if (n < 0)
		return UNREADABLE;
	if (!mark_fits(&id->head, now))
		return CHANGED;
	identity_learn(id, now);
	return TAKEN;
}

int
tailed_look(struct tailed *f)
{
	struct stat st;
	uint64_t size = f->size;

	if (fstat(f->fd, &st) == -1)
		return -1;
	f->size = (uint64_t)st.st_size;
	if (f->size != size)
		tailed_stir(f);
	if (f->size > size)
		f->grown = f->stirred;
	if (f->size > f->most)
		f->most = f->size;
	f->mtime = st.st_mtim.tv_sec * INT64_C(1000000000) +
	    st.st_mtim.tv_nsec;
	return 0;
}

/*
 * Fills the window from just before the offset, and sees in the same read
 * whether what stands there is what stood there.
 */
static enum taken
take_up(struct tail *tl, struct tailed *f, struct feed *feed)
{
	struct track *t = f->track;
	size_t before = t->id.tail.len;
	struct slice bytes;
	enum taken head;

	if (tailed_look(f) == -1)
		return UNREADABLE;
	if (f->size < t->offset)
		return CHANGED;
	head = check_head(f);
	if (head != TAKEN)
		return head;
	feed_seek(feed, t->offset - before, 1);
	lines_take(tl->lines, feed, (enum lines_mode)t->mode);
	bytes = lines_look(tl->lines, before);
	if (feed_error(feed) != NULL)
		return UNREADABLE;
	if (!mark_fits(&t->id.tail, bytes))
		return CHANGED;
	lines_pass(tl->lines, before);
	return TAKEN;
}

/* Waits for the next change; an error of the disk may be over by then. */
static void
unreadable(struct tailed *f)
{
	f->eof = true;
	if (f->error_told)
		return;
	f->error_told = true;
	log_warn("%.*s: can't be read: %s; trying again when it changes",
	    (int)f->path.len, (const char *)f->path.p, strerror(errno));
}

/*
 * An older sibling that nobody has written to for a while needs no linger;
 * there may be very many when we begin.
 */
static bool
is_settled(const struct tailed *f)
{
	return f->state == TAILED_READING && f->eof && !f->gone &&
	    f->feed == NULL && tailed_is_over(f) &&
	    when_now() - f->mtime / 1000 > OLD;
}

static bool
read_plain(struct tail *tl, struct tailed *f)
{
	struct feed *feed = feed_new(f->fd, FEED_PLAIN);
	enum lines_found found = LINES_FOUND;

	switch (take_up(tl, f, feed)) {
	case TAKEN:
		found = read_lines(tl, f, tl->lines);
		f->eof = found != LINES_FOUND;
		advance(tl, f, tl->lines);
		break;
	case CHANGED:
		claim_truncated(tl, f);
		break;
	case UNREADABLE:
		found = LINES_BROKEN;
		break;
	}
	if (found == LINES_BROKEN)
		unreadable(f);
	lines_take(tl->lines, NULL, LINES_TEXT);
	feed_free(feed);
	if (is_settled(f)) {
		tail_close(tl, f);
		return false;
	}
	return !f->eof;
}

static void
finish(struct tail *tl, struct tailed *f)
{
	give_rest(tl, f, f->lines);
	f->track->finished = true;
	f->track->mtime = f->mtime;
	track_store(tl->tracker, f->track);
	tail_close(tl, f);
}

void
tailed_broken(struct tail *tl, struct tailed *f, const char *how)
{
	tail_gap(tl, f->lineage, S("damaged"), f->track->mtime / 1000,
	    "%.*s: %s; read up to byte %llu", (int)f->path.len,
	    (const char *)f->path.p, how,
	    (unsigned long long)f->track->offset);
	log_warn("%.*s: %s; the rest of it is lost", (int)f->path.len,
	    (const char *)f->path.p, how);
	finish(tl, f);
}

static bool
read_gzip(struct tail *tl, struct tailed *f)
{
	enum lines_found found;

	tailed_look(f);
	found = read_lines(tl, f, f->lines);
	f->eof = found != LINES_FOUND;
	advance(tl, f, f->lines);
	if (found == LINES_BROKEN)
		tailed_broken(tl, f, feed_error(f->feed));
	else if (found == LINES_END && feed_unfinished(f->feed) == NULL)
		finish(tl, f);
	else if (found == LINES_END)
		tail_tend(tl, f);
	return found == LINES_FOUND;
}

bool
tailed_read(struct tail *tl, struct tailed *f)
{
	return f->feed != NULL ? read_gzip(tl, f) : read_plain(tl, f);
}

/* What is left of a plain file's last line, when nobody will end it. */
void
tailed_end(struct tail *tl, struct tailed *f)
{
	struct feed *feed;
	struct line line;

	if (f->state != TAILED_READING || f->feed != NULL || !tailed_is_over(f))
		return;
	feed = feed_new(f->fd, FEED_PLAIN);
	if (take_up(tl, f, feed) == TAKEN) {
		while (lines_next(tl->lines, &line) == LINES_FOUND)
			hand_on(tl, f, &line);
		advance(tl, f, tl->lines);
		give_rest(tl, f, tl->lines);
	}
	lines_take(tl->lines, NULL, LINES_TEXT);
	feed_free(feed);
}
