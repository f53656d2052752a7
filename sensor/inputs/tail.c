#include "inputs/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/pack.h"
#include "base/when.h"
#include "inputs/rotated.h"

enum {
	/* A file's turn. One window holds it and the longest line behind. */
	PIECE = 256 * 1024 - 2 * RECORD_MAX,
	/* Descriptors that the judge needs for itself. */
	SPARE = 64,
};

const struct tail_spans tail_spans = {
	.linger = 5 * SECOND,
	.settle = 2 * SECOND,
	.copy = 10 * SECOND,
	.tick = SECOND / 2,
};

static const int64_t OLD = MINUTE;

static struct slice
tag_key(const uint64_t *tag)
{
	return slice_bytes(tag, sizeof(*tag));
}

static void
send_drop(struct tail *tl, uint64_t tag)
{
	struct buf b = { 0 };

	pack_u64(&b, tag);
	tl->room->send(tl->room->owner, INPUT_DROP, buf_slice(&b));
	buf_free(&b);
}

void
tail_queue(struct tail *tl, struct tailed *f)
{
	if (!f->is_queued)
		TAILQ_INSERT_TAIL(&tl->queue, f, queued);
	f->is_queued = true;
	tl->room->wake(tl->room->owner);
}

static void
unqueue(struct tail *tl, struct tailed *f)
{
	if (f->is_queued)
		TAILQ_REMOVE(&tl->queue, f, queued);
	f->is_queued = false;
}

void
tail_tend(struct tail *tl, struct tailed *f)
{
	if (!f->is_tended)
		TAILQ_INSERT_TAIL(&tl->tended, f, tended);
	f->is_tended = true;
	if (!loop_timer_pending(tl->tick))
		loop_timer_set(tl->tick, tl->spans.tick);
}

static void
untend(struct tail *tl, struct tailed *f)
{
	if (f->is_tended)
		TAILQ_REMOVE(&tl->tended, f, tended);
	f->is_tended = false;
}

static void
stir(struct tailed *f)
{
	f->stirred = when_steady();
}

bool
tailed_is_over(const struct tailed *f)
{
	return f->gone || (f->flags & FILE_ROTATED) != 0;
}

void
tail_gap(struct tail *tl, struct lineage *lin, struct slice reason,
    int64_t from, const char *fmt, ...)
{
	struct buf detail = { 0 };
	struct gap gap = {
		.source = lin->path,
		.reason = reason,
		.from = from,
		.until = when_now(),
		.count = GAP_UNKNOWN,
	};
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(&detail, fmt, ap);
	va_end(ap);
	gap.detail = buf_slice(&detail);
	tl->room->gap(tl->room->owner, &gap);
	buf_free(&detail);
}

/* --- reading ----------------------------------------------------------- */

static void
hand_on(struct tail *tl, const struct tailed *f, const struct line *line,
    int64_t now)
{
	struct record r = {
		.form = lines_form(line->text),
		.flags = line->flags,
		.bytes = line->text,
		.source = f->lineage->path,
		.stream = f->track->stream,
		.offset = line->start,
		.received = now,
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

/* Reads lines up to about a piece; what it ended with. */
static enum lines_found
read_lines(struct tail *tl, struct tailed *f, struct lines *l)
{
	uint64_t until = f->track->offset + PIECE;
	enum lines_found found = LINES_FOUND;
	int64_t now = when_now();
	struct line line;

	while (lines_offset(l) < until &&
	    (found = lines_next(l, &line)) == LINES_FOUND)
		hand_on(tl, f, &line, now);
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
	hand_on(tl, f, &line, when_now());
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

static int
look(struct tailed *f)
{
	struct stat st;
	uint64_t size = f->size;

	if (fstat(f->fd, &st) == -1)
		return -1;
	f->size = (uint64_t)st.st_size;
	if (f->size != size)
		stir(f);
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

	if (look(f) == -1)
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

static void
broken(struct tail *tl, struct tailed *f, const char *how)
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

	look(f);
	found = read_lines(tl, f, f->lines);
	f->eof = found != LINES_FOUND;
	advance(tl, f, f->lines);
	if (found == LINES_BROKEN)
		broken(tl, f, feed_error(f->feed));
	else if (found == LINES_END && !feed_unfinished(f->feed))
		finish(tl, f);
	else if (found == LINES_END)
		tail_tend(tl, f);
	return found == LINES_FOUND;
}

/* --- whose turn it is --------------------------------------------------- */

/* The old file is drained before the new one of the same name. */
static struct tailed *
first_in_line(struct tailed *f)
{
	struct tailed *at;

	TAILQ_FOREACH(at, &f->lineage->files, link) {
		if (at == f)
			break;
		if ((at->state == TAILED_READING && !at->eof) ||
		    at->state == TAILED_SEEKING)
			return at;
	}
	return f;
}

static void
turn(struct tail *tl, struct tailed *f)
{
	bool more;

	TAILQ_REMOVE(&tl->used, f, used);
	TAILQ_INSERT_TAIL(&tl->used, f, used);
	switch (f->state) {
	case TAILED_NEW:
	case TAILED_HELD:
		look(f);
		claim_resolve(tl, f);
		return;
	case TAILED_SEEKING:
		more = claim_seek(tl, f);
		break;
	default:
		/* An older one that must come before may still be listed. */
		if (!tl->listed && !f->lineage->fresh && !tailed_is_over(f))
			return;
		/* May close it, and then there is no more. */
		more = f->feed != NULL ? read_gzip(tl, f) : read_plain(tl, f);
		break;
	}
	if (more)
		tail_queue(tl, f);
}

bool
tail_work(struct tail *tl)
{
	struct tailed *f = TAILQ_FIRST(&tl->queue), *first;

	if (f == NULL)
		return false;
	first = first_in_line(f);
	unqueue(tl, f);
	if (first != f)
		tail_queue(tl, f);
	turn(tl, first);
	return !TAILQ_EMPTY(&tl->queue);
}

/* --- time ---------------------------------------------------------------- */

/* A file at its end whose name is another's: closed when it stays so. */
static void
tend_end(struct tail *tl, struct tailed *f, int64_t quiet)
{
	if (quiet < tl->spans.linger)
		return;
	if (f->feed != NULL)
		broken(tl, f, "the gzip data end early");
	else
		tail_close(tl, f);
}

static void
tend(struct tail *tl, struct tailed *f, int64_t now)
{
	uint64_t size = f->size;

	look(f);
	if (f->state == TAILED_HELD) {
		claim_resolve(tl, f);
	} else if (f->state == TAILED_READING && f->size != size) {
		f->eof = false;
		tail_queue(tl, f);
	} else if (f->state == TAILED_READING && f->eof) {
		if (tailed_is_over(f) || f->feed != NULL)
			tend_end(tl, f, now - f->stirred);
		else
			untend(tl, f);
	}
}

static void
tick(void *arg)
{
	struct tail *tl = arg;
	struct tailed *f, *next;
	int64_t now = when_steady();

	for (f = TAILQ_FIRST(&tl->tended); f != NULL; f = next) {
		next = TAILQ_NEXT(f, tended);
		tend(tl, f, now);
	}
	claim_review_cuts(tl);
	if (tl->listed && !tl->reviewed &&
	    now - tl->began > 2 * tl->spans.copy) {
		tl->reviewed = true;
		claim_review_missing(tl);
	}
	if (!TAILQ_EMPTY(&tl->tended) || !TAILQ_EMPTY(&tl->cuts) ||
	    !tl->reviewed)
		loop_timer_set(tl->tick, tl->spans.tick);
}

/* --- opening and closing -------------------------------------------------- */

/* What is left of a plain file's last line, when nobody will end it. */
static void
close_rest(struct tail *tl, struct tailed *f)
{
	struct feed *feed;
	struct line line;

	if (f->state != TAILED_READING || f->feed != NULL || !tailed_is_over(f))
		return;
	feed = feed_new(f->fd, FEED_PLAIN);
	if (take_up(tl, f, feed) == TAKEN) {
		while (lines_next(tl->lines, &line) == LINES_FOUND)
			hand_on(tl, f, &line, when_now());
		advance(tl, f, tl->lines);
		give_rest(tl, f, tl->lines);
	}
	lines_take(tl->lines, NULL, LINES_TEXT);
	feed_free(feed);
}

static bool
is_deleted(const struct tailed *f)
{
	struct stat st;

	return fstat(f->fd, &st) == 0 && st.st_nlink == 0;
}

static void
forget_file(struct tail *tl, struct tailed *f)
{
	unqueue(tl, f);
	untend(tl, f);
	TAILQ_REMOVE(&tl->used, f, used);
	TAILQ_REMOVE(&f->lineage->files, f, link);
	map_remove(tl->by_tag, tag_key(&f->tag));
	tl->count--;
	if (f->track != NULL)
		f->track->file = NULL;
	lines_free(f->lines);
	feed_free(f->feed);
	close(f->fd);
	free((void *)(uintptr_t)f->path.p);
	free(f);
}

void
tail_close(struct tail *tl, struct tailed *f)
{
	struct lineage *lin = f->lineage;

	close_rest(tl, f);
	if (f->track != NULL && f->state == TAILED_READING && is_deleted(f) &&
	    !f->track->finished) {
		f->track->finished = true;
		track_store(tl->tracker, f->track);
	}
	send_drop(tl, f->tag);
	forget_file(tl, f);
	lineage_trim(tl->tracker, lin);
}

/* The lineage whose copies such names hold, if we know one. */
static struct lineage *
lineage_of(struct tail *tl, struct slice path, unsigned flags)
{
	struct lineage *lin = NULL;
	struct buf stem = { 0 };

	if (rotated_stem(path, &stem))
		lin = (flags & FILE_ROTATED) != 0 ?
		    tracker_lineage(tl->tracker, buf_slice(&stem)) :
		    tracker_find(tl->tracker, buf_slice(&stem));
	buf_free(&stem);
	return lin != NULL ? lin : tracker_lineage(tl->tracker, path);
}

/* Siblings stand before the watched names, each after those before it. */
static void
line_up(struct tailed *f)
{
	struct tailed *at;

	TAILQ_FOREACH_REVERSE(at, &f->lineage->files, tailed_list, link)
		if (!tailed_is_over(f) || (tailed_is_over(at) && at->mtime <= f->mtime))
			break;
	if (at == NULL)
		TAILQ_INSERT_HEAD(&f->lineage->files, f, link);
	else
		TAILQ_INSERT_AFTER(&f->lineage->files, at, f, link);
}

static void
make_room(struct tail *tl)
{
	struct tailed *f;

	if (tl->count < tl->limit)
		return;
	TAILQ_FOREACH(f, &tl->used, used)
		if (f->state == TAILED_READING && f->eof && !tailed_is_over(f))
			break;
	if (f != NULL)
		tail_close(tl, f);
}

static void
take_file(struct tail *tl, uint64_t tag, unsigned flags, struct slice path,
    int fd)
{
	struct tailed *f = xcalloc(1, sizeof(*f));

	make_room(tl);
	f->tag = tag;
	f->flags = flags;
	f->fd = fd;
	f->path = slice_of(xslicedup(path));
	f->path.len = path.len;
	f->lineage = lineage_of(tl, path, flags);
	look(f);
	stir(f);
	f->arrived = f->stirred;
	f->grown = 0;
	line_up(f);
	TAILQ_INSERT_TAIL(&tl->used, f, used);
	map_put(tl->by_tag, tag_key(&f->tag), f);
	tl->count++;
	tail_queue(tl, f);
}

static bool
is_readable_file(int fd)
{
	struct stat st;
	int mode = fcntl(fd, F_GETFL);

	return mode != -1 && (mode & O_ACCMODE) == O_RDONLY &&
	    (mode & O_PATH) == 0 && fstat(fd, &st) == 0 &&
	    S_ISREG(st.st_mode);
}

/* --- what the watch says --------------------------------------------------- */

static int
heard_file(struct tail *tl, struct unpack *u, int fd)
{
	uint64_t tag = unpack_u64(u);
	uint32_t flags = unpack_u32(u);
	struct slice path = unpack_slice(u);

	if (!unpack_done(u) || path.len == 0 || path.len > PATH_MAX ||
	    path.p[0] != '/' || map_get(tl->by_tag, tag_key(&tag)) != NULL)
		goto lie;
	if (fd == -1 || tl->count == TAIL_FILES_MAX) {
		/* Descriptors were short: said by closing what isn't here. */
		if (fd != -1)
			close(fd);
		send_drop(tl, tag);
		return 0;
	}
	if (!is_readable_file(fd))
		goto lie;
	take_file(tl, tag, flags, path, fd);
	return 0;
lie:
	if (fd != -1)
		close(fd);
	return -1;
}

static void
heard_grew(struct tail *tl, struct tailed *f)
{
	f->eof = false;
	tail_queue(tl, f);
}

static void
heard_gone(struct tail *tl, struct tailed *f)
{
	f->gone = true;
	stir(f);
	TAILQ_REMOVE(&f->lineage->files, f, link);
	line_up(f);
	tail_tend(tl, f);
	heard_grew(tl, f);
}

static int
heard_tag(struct tail *tl, struct unpack *u,
    void (*then)(struct tail *tl, struct tailed *f))
{
	uint64_t tag = unpack_u64(u);
	struct tailed *f = map_get(tl->by_tag, tag_key(&tag));

	if (!unpack_done(u))
		return -1;
	if (f != NULL)
		then(tl, f);
	return 0;
}

static int
heard_listed(struct tail *tl, struct unpack *u)
{
	struct tailed *f;

	if (!unpack_done(u))
		return -1;
	tl->listed = true;
	/* Copies claim what is theirs before anything newer is read. */
	TAILQ_FOREACH(f, &tl->used, used) {
		unqueue(tl, f);
		if (f->state == TAILED_NEW)
			tail_queue(tl, f);
	}
	TAILQ_FOREACH(f, &tl->used, used)
		tail_queue(tl, f);
	tl->began = when_steady();
	loop_timer_set(tl->tick, tl->spans.tick);
	tl->room->wake(tl->room->owner);
	return 0;
}

int
tail_heard(struct tail *tl, enum input_frame type, struct slice body, int fd)
{
	struct unpack u = { .rest = body };

	if (type == INPUT_FILE)
		return heard_file(tl, &u, fd);
	if (fd != -1) {
		close(fd);
		return -1;
	}
	switch (type) {
	case INPUT_GREW:
		return heard_tag(tl, &u, heard_grew);
	case INPUT_GONE:
		return heard_tag(tl, &u, heard_gone);
	case INPUT_LISTED:
		return heard_listed(tl, &u);
	default:
		return -1;
	}
}

/* --- life -------------------------------------------------------------------- */

static size_t
file_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1 || r.rlim_cur <= 2 * SPARE)
		return SPARE;
	if (r.rlim_cur - SPARE > TAIL_FILES_MAX)
		return TAIL_FILES_MAX;
	return (size_t)(r.rlim_cur - SPARE);
}

struct tail *
tail_new(const struct judge_room *room, const struct tail_spans *spans)
{
	struct tail *tl = xcalloc(1, sizeof(*tl));

	tl->room = room;
	tl->spans = *spans;
	tl->tracker = tracker_new(room);
	tl->by_tag = map_new();
	tl->lines = lines_new(NULL);
	tl->tick = loop_timer(room->loop, tick, tl);
	tl->limit = file_limit();
	TAILQ_INIT(&tl->queue);
	TAILQ_INIT(&tl->tended);
	TAILQ_INIT(&tl->used);
	TAILQ_INIT(&tl->cuts);
	return tl;
}

void
tail_free(struct tail *tl)
{
	struct tailed *f;
	struct cut *c;

	if (tl == NULL)
		return;
	while ((f = TAILQ_FIRST(&tl->used)) != NULL)
		forget_file(tl, f);
	while ((c = TAILQ_FIRST(&tl->cuts)) != NULL) {
		TAILQ_REMOVE(&tl->cuts, c, link);
		free(c);
	}
	loop_timer_free(tl->tick);
	lines_free(tl->lines);
	map_free(tl->by_tag);
	tracker_free(tl->tracker);
	free(tl);
}
