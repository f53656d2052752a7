#include "inputs/tail.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/pack.h"
#include "base/when.h"
#include "inputs/rotated.h"

/* Descriptors that the judge needs for itself. */
enum { SPARE = 64 };

const struct tail_spans tail_spans = {
	.linger = 5 * SECOND,
	.settle = 2 * SECOND,
	.copy = 10 * SECOND,
	.active = SECOND,
	.tick = SECOND / 2,
};

static struct slice
tag_key(const uint64_t *tag)
{
	return slice_bytes(tag, sizeof(*tag));
}

static void
send_drop(struct tail *tl, uint64_t tag, bool again)
{
	struct buf b = { 0 };

	pack_u64(&b, tag);
	pack_u8(&b, again);
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
		tailed_look(f);
		claim_resolve(tl, f);
		return;
	case TAILED_SEEKING:
		more = claim_seek(tl, f);
		break;
	default:
		/* May close it, and then there is no more. */
		more = tailed_read(tl, f);
		break;
	}
	if (more)
		tail_queue(tl, f);
}

/* An older one that must come before may still be listed. */
static bool
awaits_listing(const struct tail *tl, const struct tailed *f)
{
	return f->state == TAILED_READING && !tl->listed &&
	    !f->lineage->fresh && !tailed_is_over(f);
}

bool
tail_work(struct tail *tl)
{
	struct tailed *f = TAILQ_FIRST(&tl->queue), *first;

	if (f == NULL)
		return false;
	unqueue(tl, f);
	if (awaits_listing(tl, f))
		return !TAILQ_EMPTY(&tl->queue);
	first = first_in_line(f);
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
		tailed_broken(tl, f, "the gzip data end early");
	else
		tail_close(tl, f);
}

static void
tend(struct tail *tl, struct tailed *f, int64_t now)
{
	uint64_t size = f->size;

	tailed_look(f);
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
	losses_review(tl);
	if (tl->listed && !tl->reviewed &&
	    now - tl->began > 2 * tl->spans.copy) {
		tl->reviewed = true;
		losses_missing(tl);
	}
	if (!TAILQ_EMPTY(&tl->tended) || !TAILQ_EMPTY(&tl->cuts) ||
	    !tl->reviewed)
		loop_timer_set(tl->tick, tl->spans.tick);
}

/* --- opening and closing -------------------------------------------------- */

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

	tailed_end(tl, f);
	if (f->track != NULL && f->state == TAILED_READING && is_deleted(f) &&
	    !f->track->finished) {
		f->track->finished = true;
		track_store(tl->tracker, f->track);
	}
	send_drop(tl, f->tag, false);
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

/* Closes what was idle the longest; it comes again when it has grown. */
static bool
make_room(struct tail *tl)
{
	struct tailed *f;

	if (tl->count < tl->limit)
		return true;
	TAILQ_FOREACH(f, &tl->used, used)
		if (f->state == TAILED_READING && f->eof && !tailed_is_over(f))
			break;
	if (f != NULL)
		tail_close(tl, f);
	else if (log_may(&tl->short_told, 600))
		log_warn("too few descriptors for all log files at once (see "
		    "LimitNOFILE); they are read in turns");
	return f != NULL;
}

static void
take_file(struct tail *tl, uint64_t tag, unsigned flags, struct slice path,
    int fd)
{
	struct tailed *f = xcalloc(1, sizeof(*f));

	f->tag = tag;
	f->flags = flags;
	f->fd = fd;
	f->path = slice_of(xslicedup(path));
	f->path.len = path.len;
	f->lineage = lineage_of(tl, path, flags);
	tailed_look(f);
	tailed_stir(f);
	f->arrived = f->stirred;
	f->grown = (flags & FILE_LISTED) != 0 ? 0 : f->stirred;
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
	if (fd == -1 || !make_room(tl)) {
		if (fd != -1)
			close(fd);
		send_drop(tl, tag, true);
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
	tailed_stir(f);
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
