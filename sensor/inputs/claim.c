#include <stdlib.h>

#include "base/file.h"
#include "base/when.h"
#include "inputs/rotated.h"
#include "inputs/tail.h"

/* Header and trailer of the emptiest gzip. */
enum { GZIP_LEAST = 18 };

/* What a file's bytes say about a track that lay elsewhere. */
enum likeness {
	DIFFERS,
	MAY_BECOME,	/* the same so far, but shorter than what was read */
	AGREES,		/* of a gzip: its head; claim_seek proves the rest */
};

/* A file's first bytes, decompressed. */
struct head {
	unsigned char bytes[IDENTITY_HEAD];
	struct slice text;
	bool gzip;
	bool unfinished;	/* a gzip that has no end yet */
	bool too_short;		/* to be one, by its name */
};

static void
read_head(const struct tailed *f, struct head *h)
{
	bool packed = rotated_packing(f->path) == PACKED_GZIP;
	struct feed *feed = feed_new(f->fd, packed ? FEED_ANY : FEED_PLAIN);
	size_t have = 0;
	ssize_t n;

	while (have < sizeof(h->bytes) && (n = feed_read(feed,
	    h->bytes + have, sizeof(h->bytes) - have)) > 0)
		have += (size_t)n;
	h->text = slice_bytes(h->bytes, have);
	h->gzip = feed_is_packed(feed);
	h->too_short = packed && f->size < GZIP_LEAST;
	h->unfinished = feed_unfinished(feed) != NULL || h->too_short;
	feed_free(feed);
}

static void
move_lineage(struct tailed *f, struct lineage *lin)
{
	if (f->lineage == lin)
		return;
	TAILQ_REMOVE(&f->lineage->files, f, link);
	f->lineage = lin;
	if (tailed_is_over(f))
		TAILQ_INSERT_HEAD(&lin->files, f, link);
	else
		TAILQ_INSERT_TAIL(&lin->files, f, link);
}

/* Those of the lineage that wait for what just became clear. */
static void
call_held(struct tail *tl, struct lineage *lin)
{
	struct tailed *f;

	TAILQ_FOREACH(f, &lin->files, link)
		if (f->state == TAILED_HELD)
			tail_queue(tl, f);
}

/* From here on the file is read as this track. */
static void
attach(struct tail *tl, struct tailed *f, struct track *t, bool gzip)
{
	f->track = t;
	t->file = f;
	t->seen = true;
	move_lineage(f, t->lineage);
	f->most = t->offset;
	f->eof = false;
	if (f->state == TAILED_HELD)
		call_held(tl, f->lineage);
	f->state = TAILED_READING;
	if (gzip) {
		f->feed = feed_new(f->fd, FEED_ANY);
		f->lines = lines_new(f->feed);
		f->state = t->offset > 0 ? TAILED_SEEKING : TAILED_READING;
	}
	if (tailed_is_over(f))
		tail_tend(tl, f);
	tail_queue(tl, f);
}

static void
detach(struct tailed *f)
{
	f->track->file = NULL;
	f->track = NULL;
	lines_free(f->lines);
	feed_free(f->feed);
	f->lines = NULL;
	f->feed = NULL;
}

static void
refute(struct tail *tl, struct tailed *f)
{
	struct track *t = f->track;
	struct identity id;
	struct stat st;

	if (identity_place(f->fd, &id, &st) == 0 &&
	    identity_compare(&t->id, &id) != PLACE_OTHER)
		track_evict(tl->tracker, t);
	detach(f);
	f->refuted++;
	f->state = TAILED_HELD;
	tail_tend(tl, f);
	tail_queue(tl, f);
}

/* --- a file that lies where one lay that we know ------------------------- */

static bool
tail_fits(const struct tailed *f, const struct track *t)
{
	unsigned char bytes[IDENTITY_TAIL];
	size_t len = t->id.tail.len;
	ssize_t n = pread_full(f->fd, bytes, len, (off_t)(t->offset - len));

	return n == (ssize_t)len && mark_fits(&t->id.tail,
	    slice_bytes(bytes, len));
}

/*
 * The same place with other bytes in it: what was read ended, and a stream
 * begins whose offsets can't be mistaken for the old one's.
 */
static void
begin_anew(struct tail *tl, struct tailed *f, bool unread)
{
	struct track *old = f->track, *t;
	struct identity id = old->id;

	losses_cut(tl, f, unread);
	track_evict(tl->tracker, old);
	track_store(tl->tracker, old);
	old->file = NULL;
	id.head = id.line = id.tail = (struct mark){ 0 };
	t = track_new(tl->tracker, f->lineage, &id, old->truncations + 1);
	t->mtime = f->mtime;
	track_store(tl->tracker, t);
	call_held(tl, f->lineage);
	attach(tl, f, t, false);
	lineage_trim(tl->tracker, f->lineage);
}

void
claim_truncated(struct tail *tl, struct tailed *f)
{
	begin_anew(tl, f, f->most > f->track->offset);
}

static void
take_place(struct tail *tl, struct tailed *f, struct track *t,
    const struct head *h)
{
	if (t->gzip && t->finished && t->mtime == f->mtime) {
		t->seen = true;
		tail_close(tl, f);
		return;
	}
	attach(tl, f, t, t->gzip);
	if (t->gzip || (f->size >= t->offset && mark_fits(&t->id.head,
	    h->text) && tail_fits(f, t)))
		return;
	f->grown = 0;
	begin_anew(tl, f, true);
}

static bool
claim_by_place(struct tail *tl, struct tailed *f, const struct identity *id,
    const struct head *h)
{
	struct track *t = tracker_there(tl->tracker, id);

	while (t != NULL && (identity_compare(&t->id, id) == PLACE_OTHER ||
	    t->gzip != h->gzip))
		t = t->next_there;
	if (t == NULL)
		return false;
	if (t->file != NULL && t->file->state == TAILED_SEEKING)
		refute(tl, t->file);
	if (t->file == NULL)
		take_place(tl, f, t, h);
	else
		tail_close(tl, f);
	return true;
}

/* --- a copy of one that we know -------------------------------------------- */

/* Bytes of a plain file that is open, against some that were read. */
static bool
open_file_has(const struct track *t, struct slice bytes, uint64_t offset)
{
	unsigned char there[IDENTITY_HEAD];
	ssize_t n;

	if (t->file == NULL || t->file->feed != NULL)
		return true;
	n = pread_full(t->file->fd, there, bytes.len, (off_t)offset);
	return n == (ssize_t)bytes.len &&
	    memcmp(there, bytes.p, bytes.len) == 0;
}

static enum likeness
compare(const struct tailed *f, const struct head *h, const struct track *t)
{
	if (t->id.head.len == 0)
		return DIFFERS;
	if (!identity_may_begin(&t->id, h->text))
		return DIFFERS;
	if (h->text.len < t->id.head.len)
		return open_file_has(t, h->text, 0) ? MAY_BECOME : DIFFERS;
	if (!mark_fits(&t->id.head, h->text))
		return DIFFERS;
	if (h->gzip)
		return AGREES;
	if (f->size < t->offset)
		return MAY_BECOME;
	return tail_fits(f, t) ? AGREES : DIFFERS;
}

/* The bytes before the offset are there and right: it is the track's. */
static void
prove(struct tail *tl, struct tailed *f)
{
	struct track *t = f->track;
	struct identity id;
	struct stat st;

	if (identity_place(f->fd, &id, &st) == -1) {
		refute(tl, f);
		return;
	}
	t->gzip = true;
	track_move(tl->tracker, t, &id);
	losses_copied(tl, t->stream);
	track_store(tl->tracker, t);
	f->state = TAILED_READING;
	f->eof = false;
}

static void
adopt(struct tail *tl, struct tailed *f, struct track *t,
    const struct identity *id, const struct head *h)
{
	if (!h->gzip) {
		t->gzip = false;
		track_move(tl->tracker, t, id);
		losses_copied(tl, t->stream);
		track_store(tl->tracker, t);
	}
	attach(tl, f, t, h->gzip);
	if (h->gzip && t->offset == 0)
		prove(tl, f);
}

/*
 * Before the offset. It may still be written; else, if only its end is
 * missing, it is ours and damaged.
 */
static void
ends_early(struct tail *tl, struct tailed *f)
{
	bool unfinished = feed_unfinished(f->feed) != NULL;

	if (!unfinished) {
		refute(tl, f);
	} else if (when_steady() - f->stirred < tl->spans.copy) {
		detach(f);
		f->state = TAILED_HELD;
		tail_tend(tl, f);
	} else {
		tail_gap(tl, f->lineage, S("damaged"), f->mtime / 1000,
		    "%.*s: the gzip data end early", (int)f->path.len,
		    (const char *)f->path.p);
		f->track->finished = true;
		track_store(tl->tracker, f->track);
		tail_close(tl, f);
	}
}

bool
claim_seek(struct tail *tl, struct tailed *f)
{
	struct track *t = f->track;
	uint64_t start = t->offset - t->id.tail.len;
	int ret = feed_seek(f->feed, start, 256 * 1024);

	if (ret == 1)
		return true;
	if (ret == -1) {
		ends_early(tl, f);
		return false;
	}
	lines_take(f->lines, f->feed, (enum lines_mode)t->mode);
	if (!mark_fits(&t->id.tail, lines_look(f->lines, t->id.tail.len))) {
		refute(tl, f);
		return false;
	}
	lines_pass(f->lines, t->id.tail.len);
	prove(tl, f);
	return f->state == TAILED_READING;
}

/* --- one that we don't know -------------------------------------------------- */

/* Where the last line that may still grow begins. */
static void
go_to_end(const struct tailed *f, struct track *t)
{
	unsigned char *bytes = xmalloc(RECORD_MAX);
	size_t want = f->size < RECORD_MAX ? (size_t)f->size : RECORD_MAX;
	ssize_t n = pread_full(f->fd, bytes, want, (off_t)(f->size - want));
	size_t len = n < 0 ? 0 : (size_t)n, at = len, tail;

	while (at > 0 && bytes[at - 1] != '\n')
		at--;
	/* No newline far and wide: the line has been too long already. */
	if (at == 0 && f->size > len) {
		t->mode = LINES_SKIPPING;
		at = len;
	}
	tail = at < IDENTITY_TAIL ? at : IDENTITY_TAIL;
	t->offset = f->size - want + at;
	t->id.tail = mark_of(slice_bytes(bytes + at - tail, tail));
	free(bytes);
}

static void
start_new(struct tail *tl, struct tailed *f, const struct identity *id,
    const struct head *h, bool from_end)
{
	struct track *t = track_new(tl->tracker, f->lineage, id, 0);

	t->id.head = t->id.line = t->id.tail = (struct mark){ 0 };
	identity_learn(&t->id, h->text);
	t->gzip = h->gzip;
	t->mtime = f->mtime;
	if (from_end && h->gzip)
		t->finished = true;
	else if (from_end)
		go_to_end(f, t);
	track_store(tl->tracker, t);
	attach(tl, f, t, h->gzip);
	if (t->finished)
		tail_close(tl, f);
}

static void
start_unknown(struct tail *tl, struct tailed *f, const struct identity *id,
    const struct head *h)
{
	bool from_end = f->lineage->fresh &&
	    (f->flags & FILE_LISTED) != 0 && (f->flags & FILE_FROM_END) != 0;

	if ((f->flags & FILE_ROTATED) == 0)
		start_new(tl, f, id, h, from_end);
	else if (!lineage_is_past(f->lineage, f->mtime, id->ino))
		start_new(tl, f, id, h, false);
	else
		tail_close(tl, f);
}

static void
hold(struct tail *tl, struct tailed *f, bool unclear)
{
	f->state = TAILED_HELD;
	f->unclear = unclear;
	tail_tend(tl, f);
}

/*
 * A new file waits a moment for an older one of which it is not clear yet
 * whether it is to be read before.
 */
static bool
must_wait(const struct tail *tl, const struct tailed *f)
{
	const struct tailed *at;

	if (when_steady() - f->arrived > tl->spans.settle)
		return false;
	TAILQ_FOREACH(at, &f->lineage->files, link)
		if (at->state == TAILED_HELD && at->unclear)
			return true;
	return false;
}

/* Its last bytes are the same as those of the file that is open. */
static bool
is_copy_so_far(const struct tailed *f, const struct track *t)
{
	unsigned char bytes[IDENTITY_TAIL];
	size_t want = f->size < sizeof(bytes) ? (size_t)f->size :
	    sizeof(bytes);
	ssize_t n;

	if (t->file == NULL || t->file->feed != NULL || want == 0)
		return false;
	n = pread_full(f->fd, bytes, want, (off_t)(f->size - want));
	return n == (ssize_t)want &&
	    open_file_has(t, slice_bytes(bytes, want), f->size - want);
}

/* What the tracks of the lineage say about a sibling. */
struct opinion {
	struct track *free;	/* agrees, and no other file is it */
	struct track *busy;	/* agrees, but its own file is open */
	struct track *likely;	/* may become it */
};

/*
 * Half a copy of what lies elsewhere untouched is not worth waiting for: only
 * of what is open or was just cut will there be one that is not packed.
 */
static bool
may_be_copied(const struct track *t, const struct head *h)
{
	return h->gzip || h->too_short || t->file != NULL || t->homeless;
}

static struct opinion
ask(const struct tailed *f, const struct head *h)
{
	struct opinion o = { 0 };
	unsigned refuted = f->refuted;
	struct track *t;

	TAILQ_FOREACH(t, &f->lineage->tracks, link) {
		enum likeness l = compare(f, h, t);

		if (l == AGREES && t->file != NULL)
			o.busy = t;
		else if (l == AGREES && refuted > 0)
			refuted--;
		else if (l == AGREES && o.free == NULL)
			o.free = t;
		else if (l == MAY_BECOME && may_be_copied(t, h))
			o.likely = t;
	}
	return o;
}

/*
 * A sibling where no file of ours lay. It may be the copy of one, whole or
 * half or packed, of one that is still read or cut already; or something that
 * was renamed before we saw it.
 */
static void
resolve_sibling(struct tail *tl, struct tailed *f, const struct identity *id,
    const struct head *h)
{
	int64_t quiet = when_steady() - f->stirred;
	struct opinion o = ask(f, h);

	if (o.free != NULL)
		adopt(tl, f, o.free, id, h);
	else if (o.busy != NULL && (tailed_is_over(o.busy->file) ||
	    quiet < tl->spans.copy))
		hold(tl, f, false);
	else if (o.busy != NULL)
		tail_close(tl, f);
	else if (o.likely != NULL && quiet < (h->unfinished ?
	    tl->spans.copy : tl->spans.settle))
		hold(tl, f, true);
	else if (o.likely != NULL && is_copy_so_far(f, o.likely))
		tail_close(tl, f);
	else
		start_unknown(tl, f, id, h);
}

/* A file system that was moved or restored has other inodes. */
static struct track *
moved(const struct tailed *f, const struct head *h)
{
	struct track *t;

	if ((f->flags & FILE_LISTED) == 0)
		return NULL;
	TAILQ_FOREACH(t, &f->lineage->tracks, link)
		if (!t->seen && !t->homeless && t->offset > 0 &&
		    compare(f, h, t) == AGREES)
			return t;
	return NULL;
}

static bool
is_sibling(const struct tailed *f)
{
	return (f->flags & FILE_ROTATED) != 0 ||
	    !slice_eq(f->path, f->lineage->path);
}

void
claim_resolve(struct tail *tl, struct tailed *f)
{
	struct identity id;
	struct head h;
	struct stat st;
	struct track *t;

	if (identity_place(f->fd, &id, &st) == -1) {
		tail_close(tl, f);
		return;
	}
	read_head(f, &h);
	if (f->refuted == 0 && claim_by_place(tl, f, &id, &h))
		return;
	/* Who is whose copy is only clear when all have claimed their place. */
	if (!tl->listed && !f->lineage->fresh)
		return;
	if (h.too_short && when_steady() - f->stirred < tl->spans.copy)
		hold(tl, f, true);
	else if (is_sibling(f))
		resolve_sibling(tl, f, &id, &h);
	else if (must_wait(tl, f))
		hold(tl, f, false);
	else if ((t = moved(f, &h)) != NULL)
		adopt(tl, f, t, &id, &h);
	else
		start_unknown(tl, f, &id, &h);
}
