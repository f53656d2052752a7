#include "tailworld.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "base/file.h"
#include "base/pack.h"
#include "base/when.h"

enum { BEAT = 2000, QUIET_BEATS = 7 };

/* --- the rooms ---------------------------------------------------------- */

static void
frame_send(void *owner, enum input_frame type, struct slice body, int fd)
{
	struct world *w = owner;
	struct world_frame *f = xcalloc(1, sizeof(*f));

	f->type = type;
	f->fd = fd;
	buf_add(&f->body, body);
	TAILQ_INSERT_TAIL(&w->frames, f, link);
	w->files += type == INPUT_FILE;
	w->grews += type == INPUT_GREW;
	loop_wake(w->loop);
}

static size_t
frames_waiting(void *owner)
{
	struct world *w = owner;
	struct world_frame *f;
	size_t n = 0;

	TAILQ_FOREACH(f, &w->frames, link)
		n += f->body.len + 8;
	return n;
}

static void
nothing_to_allow(void *owner, const char *path)
{
	(void)owner;
	(void)path;
}

static void
judge_send(void *owner, enum input_frame type, struct slice body)
{
	struct world *w = owner;

	filewatch_told(w->watch, type, body);
}

static void
id_of(const struct stream *s, uint64_t offset, unsigned char id[14])
{
	memcpy(id, s->b, 6);
	memcpy(id + 6, &offset, 8);
}

/* The first write of an id wins; a second with another text is a loss. */
static void
keep(void *owner, const struct record *r)
{
	struct world *w = owner;
	unsigned char id[14];
	struct world_record *k;

	id_of(&r->stream, r->offset, id);
	k = map_get(w->ids, slice_bytes(id, sizeof(id)));
	if (k != NULL) {
		w->again++;
		w->forged += !slice_eq(buf_slice(&k->text), r->bytes);
		return;
	}
	k = xcalloc(1, sizeof(*k));
	k->stream = r->stream;
	k->offset = r->offset;
	k->flags = r->flags;
	k->source = xslicedup(r->source);
	buf_add(&k->text, r->bytes);
	TAILQ_INSERT_TAIL(&w->open, k, link);
	map_put(w->ids, slice_bytes(id, sizeof(id)), k);
}

static struct world_position *
find_position(struct world_positions *list, struct stream s)
{
	struct world_position *p;

	TAILQ_FOREACH(p, list, link)
		if (memcmp(p->stream.b, s.b, sizeof(s.b)) == 0)
			return p;
	return NULL;
}

static void
free_position(struct world_positions *list, struct world_position *p)
{
	TAILQ_REMOVE(list, p, link);
	free(p->source);
	buf_free(&p->state);
	free(p);
}

/* A position without a source is a stream that was forgotten. */
static void
change(struct world *w, struct stream s, struct slice source,
    uint64_t offset, struct slice state)
{
	struct world_position *p = find_position(&w->changed, s);

	if (p != NULL)
		free_position(&w->changed, p);
	p = xcalloc(1, sizeof(*p));
	p->stream = s;
	p->source = source.len == 0 ? NULL : xslicedup(source);
	p->offset = offset;
	buf_add(&p->state, state);
	TAILQ_INSERT_TAIL(&w->changed, p, link);
}

static void
position(void *owner, const struct position *p)
{
	change(owner, p->stream, p->source, p->offset, p->state);
}

static void
forget(void *owner, struct stream s)
{
	change(owner, s, S(""), 0, S(""));
}

static void
gap(void *owner, const struct gap *g)
{
	struct world *w = owner;

	buf_add(&w->gaps, g->reason);
	buf_byte(&w->gaps, '\n');
	w->gap_count++;
}

static void
positions(void *owner, const char *input,
    void (*each)(void *arg, const struct position *p), void *arg)
{
	struct world *w = owner;
	struct world_position *p;

	CHECK(strcmp(input, "file") == 0);
	TAILQ_FOREACH(p, &w->positions, link)
		each(arg, &(struct position){ p->stream, S("file"),
		    slice_of(p->source), p->offset, buf_slice(&p->state) });
}

static void
wake(void *owner)
{
	struct world *w = owner;

	loop_wake(w->loop);
}

/* --- the loop ----------------------------------------------------------- */

static void
hear_notice(struct world *w, struct slice body)
{
	struct unpack u = { .rest = body };

	buf_add(&w->notices, unpack_slice(&u));
	buf_byte(&w->notices, '\n');
	w->notice_count++;
	CHECK(unpack_done(&u));
}

static bool
deliver(struct world *w)
{
	struct world_frame *f = TAILQ_FIRST(&w->frames);

	if (f == NULL)
		return false;
	TAILQ_REMOVE(&w->frames, f, link);
	if (f->type == INPUT_NOTICE)
		hear_notice(w, buf_slice(&f->body));
	else if (tail_heard(w->tail, f->type, buf_slice(&f->body),
	    f->fd) == -1)
		w->lies++;
	buf_free(&f->body);
	free(f);
	if (TAILQ_EMPTY(&w->frames) && w->watch_room.drained != NULL)
		w->watch_room.drained(w->watch);
	return true;
}

static bool
work(void *arg)
{
	struct world *w = arg;
	bool more;

	if (w->tail == NULL || w->stalled)
		return false;
	more = deliver(w);
	more |= tail_work(w->tail);
	w->busy |= more;
	return more;
}

static void
beat(void *arg)
{
	struct world *w = arg;

	w->idle_beats = w->busy ? 0 : w->idle_beats + 1;
	w->busy = false;
	if (w->idle_beats >= w->beats_wanted)
		loop_stop(w->loop);
	else
		loop_timer_set(w->beat, BEAT);
}

void
world_settle(struct world *w)
{
	w->idle_beats = 0;
	w->beats_wanted = QUIET_BEATS;
	w->busy = false;
	loop_timer_set(w->beat, BEAT);
	CHECK(loop_run(w->loop) == 0);
}

void
world_run(struct world *w, unsigned ms)
{
	int64_t until = when_steady() + ms * INT64_C(1000);

	while (when_steady() < until)
		world_settle(w);
}

/* --- life ----------------------------------------------------------------- */

void
world_open(struct world *w)
{
	*w = (struct world){ .globs = { "*.log" }, .beginning = true };
	snprintf(w->dir, sizeof(w->dir), "/tmp/vedette-tail-XXXXXX");
	CHECK(mkdtemp(w->dir) != NULL);
	w->loop = loop_new();
	CHECK(w->loop != NULL);
	w->beat = loop_timer(w->loop, beat, w);
	w->ids = map_new();
	w->spans = (struct tail_spans){ .linger = 300000, .settle = 150000,
	    .copy = 400000, .active = 500000, .tick = 20000 };
	TAILQ_INIT(&w->frames);
	TAILQ_INIT(&w->kept);
	TAILQ_INIT(&w->open);
	TAILQ_INIT(&w->positions);
	TAILQ_INIT(&w->changed);
	loop_idle(w->loop, work, w);
	w->watch_room = (struct watch_room){ .loop = w->loop, .owner = w,
	    .send = frame_send, .waiting = frames_waiting,
	    .allow = nothing_to_allow };
	w->judge_room = (struct judge_room){ .loop = w->loop, .owner = w,
	    .host_id = SLICE("0123456789abcdef0123456789abcdef"),
	    .record = keep, .position = position, .forget = forget,
	    .gap = gap, .positions = positions, .send = judge_send,
	    .wake = wake };
}

void
world_start(struct world *w)
{
	struct glob *globs = xcalloc(4, sizeof(*globs));
	struct err err;
	size_t n = 0;

	for (; n < 4 && w->globs[n] != NULL; n++) {
		char *path = world_path(w, w->globs[n]);

		CHECK(glob_parse(&globs[n], path, &err) == 0);
		globs[n].from_end = !w->beginning;
		globs[n].poll = w->poll;
		globs[n].exclude = w->exclude;
		free(path);
	}
	w->tail = tail_new(&w->judge_room, &w->spans);
	if (w->limit > 0)
		w->tail->limit = w->limit;
	w->watch = filewatch_new(&w->watch_room, globs, n, &err);
	CHECK(w->watch != NULL);
	CHECK(filewatch_begin(w->watch, &err) == 0);
	world_settle(w);
}

void
world_commit(struct world *w)
{
	struct world_position *p, *old;

	TAILQ_CONCAT(&w->kept, &w->open, link);
	while ((p = TAILQ_FIRST(&w->changed)) != NULL) {
		TAILQ_REMOVE(&w->changed, p, link);
		old = find_position(&w->positions, p->stream);
		if (old != NULL)
			free_position(&w->positions, old);
		TAILQ_INSERT_TAIL(&w->positions, p, link);
		if (p->source == NULL)
			free_position(&w->positions, p);
	}
}

static void
free_records(struct world *w, struct world_records *list)
{
	struct world_record *k;
	unsigned char id[14];

	while ((k = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, k, link);
		id_of(&k->stream, k->offset, id);
		map_remove(w->ids, slice_bytes(id, sizeof(id)));
		free(k->source);
		buf_free(&k->text);
		free(k);
	}
}

void
world_crash(struct world *w)
{
	struct world_frame *f;
	struct world_position *p;

	filewatch_free(w->watch);
	tail_free(w->tail);
	w->watch = NULL;
	w->tail = NULL;
	while ((f = TAILQ_FIRST(&w->frames)) != NULL) {
		TAILQ_REMOVE(&w->frames, f, link);
		if (f->fd != -1)
			close(f->fd);
		buf_free(&f->body);
		free(f);
	}
	free_records(w, &w->open);
	while ((p = TAILQ_FIRST(&w->changed)) != NULL)
		free_position(&w->changed, p);
}

void
world_restart(struct world *w)
{
	world_commit(w);
	world_crash(w);
	world_start(w);
}

static int
remove_one(const char *path, const struct stat *st, int type,
    struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

void
world_close(struct world *w)
{
	struct world_position *p;

	if (w->tail != NULL)
		world_crash(w);
	free_records(w, &w->kept);
	while ((p = TAILQ_FIRST(&w->positions)) != NULL)
		free_position(&w->positions, p);
	map_free(w->ids);
	loop_timer_free(w->beat);
	loop_free(w->loop);
	buf_free(&w->gaps);
	buf_free(&w->notices);
	nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
add_texts(struct world_records *list, struct buf *out)
{
	struct world_record *k;

	TAILQ_FOREACH(k, list, link) {
		buf_add(out, buf_slice(&k->text));
		buf_byte(out, '|');
	}
}

struct buf
world_texts(struct world *w)
{
	struct buf out = { 0 };

	add_texts(&w->kept, &out);
	add_texts(&w->open, &out);
	return out;
}

size_t
world_count(struct world *w)
{
	return map_count(w->ids);
}

/* --- files ------------------------------------------------------------------ */

char *
world_path(struct world *w, const char *name)
{
	struct buf b = { 0 };
	char *path;

	buf_fmt(&b, "%s/%s", w->dir, name);
	path = xslicedup(buf_slice(&b));
	buf_free(&b);
	return path;
}

void
world_write(struct world *w, const char *name, const char *text)
{
	char *path = world_path(w, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);

	CHECK(fd != -1);
	CHECK(write_all(fd, slice_of(text)) == 0);
	close(fd);
	free(path);
}

void
world_rename(struct world *w, const char *from, const char *to)
{
	char *a = world_path(w, from), *b = world_path(w, to);

	CHECK(rename(a, b) == 0);
	free(a);
	free(b);
}

static void
read_named(struct world *w, const char *name, struct buf *b, struct stat *st)
{
	char *path = world_path(w, name);

	CHECK(read_file(path, b, 1 << 30, NULL) == 0);
	CHECK(stat(path, st) == 0);
	free(path);
}

void
world_copy(struct world *w, const char *from, const char *to)
{
	struct buf b = { 0 };
	struct stat st;

	read_named(w, from, &b, &st);
	world_remove(w, to);
	world_write(w, to, "");
	if (b.len > 0)
		world_write(w, to, buf_cstr(&b));
	buf_free(&b);
}

void
world_truncate(struct world *w, const char *name)
{
	char *path = world_path(w, name);

	CHECK(truncate(path, 0) == 0);
	free(path);
}

/* As gzip(1): a new file with the old times, then the old name goes. */
void
world_gzip(struct world *w, const char *name)
{
	struct buf b = { 0 }, packed = { 0 };
	char *path;
	struct stat st;
	gzFile z;

	read_named(w, name, &b, &st);
	buf_fmt(&packed, "%s/%s.gz", w->dir, name);
	z = gzopen(buf_cstr(&packed), "wb");
	CHECK(z != NULL);
	CHECK(b.len == 0 || gzwrite(z, b.p, (unsigned)b.len) == (int)b.len);
	CHECK(gzclose(z) == Z_OK);
	path = world_path(w, name);
	utimensat(AT_FDCWD, buf_cstr(&packed), (struct timespec[]){
	    st.st_atim, st.st_mtim }, 0);
	CHECK(unlink(path) == 0);
	free(path);
	buf_free(&b);
	buf_free(&packed);
}

void
world_remove(struct world *w, const char *name)
{
	char *path = world_path(w, name);

	unlink(path);
	free(path);
}

void
world_mkdir(struct world *w, const char *name)
{
	char *path = world_path(w, name);

	CHECK(mkdir(path, 0755) == 0);
	free(path);
}
