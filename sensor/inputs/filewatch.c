#include "inputs/filewatch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/pack.h"
#include "base/when.h"
#include "inputs/place.h"

enum {
	/*
	 * Descriptors on their way count against both sides' limits, so few
	 * are under way at a time: a frame is about a hundred bytes.
	 */
	PACE = 16384,
	NOTICES_MAX = 1024,
};

/* A GREW that was under way when the judge closed the file is said again. */
static const int64_t REPEAT = 2 * SECOND;
/* The judge had no room; it has read some files to their end until then. */
static const int64_t AGAIN = SECOND / 20;

static struct slice
name_key(struct filewatch *w, const struct watched_dir *d, const char *name)
{
	buf_clear(&w->key);
	pack_u64(&w->key, (uintptr_t)d);
	buf_str(&w->key, name);
	return buf_slice(&w->key);
}

static struct slice
inode_key(struct filewatch *w, dev_t dev, ino_t ino)
{
	buf_clear(&w->key);
	pack_u64(&w->key, dev);
	pack_u64(&w->key, ino);
	return buf_slice(&w->key);
}

static struct slice
tag_key(const uint64_t *tag)
{
	return slice_bytes(tag, sizeof(*tag));
}

void
filewatch_notice(struct filewatch *w, const char *path, const char *name,
    const char *what)
{
	struct buf text = { 0 };

	buf_fmt(&text, "%s%s%s: %s", path, name == NULL ? "" : "/",
	    name == NULL ? "" : name, what);
	if (map_get(w->noticed, buf_slice(&text)) == NULL &&
	    map_count(w->noticed) < NOTICES_MAX) {
		map_put(w->noticed, buf_slice(&text), w);
		buf_clear(&w->frame);
		pack_slice(&w->frame, buf_slice(&text));
		w->room->send(w->room->owner, INPUT_NOTICE,
		    buf_slice(&w->frame), -1);
	}
	buf_free(&text);
}

static void
send_tag(struct filewatch *w, enum input_frame type, uint64_t tag)
{
	buf_clear(&w->frame);
	pack_u64(&w->frame, tag);
	w->room->send(w->room->owner, type, buf_slice(&w->frame), -1);
}

static void
unqueue(struct filewatch *w, struct watched_file *f)
{
	if (f->wanted)
		TAILQ_REMOVE(&w->wanted, f, queued);
	if (f->grew)
		TAILQ_REMOVE(&w->grown, f, queued);
	f->wanted = f->grew = false;
}

/* Whether a is to be handed over before b. */
static bool
is_older(const struct watched_file *a, const struct watched_file *b)
{
	bool rotated = (a->flags & FILE_ROTATED) != 0;

	if (rotated != ((b->flags & FILE_ROTATED) != 0))
		return rotated;
	if (a->mtime.tv_sec != b->mtime.tv_sec)
		return a->mtime.tv_sec < b->mtime.tv_sec;
	if (a->mtime.tv_nsec != b->mtime.tv_nsec)
		return a->mtime.tv_nsec < b->mtime.tv_nsec;
	return strverscmp(a->name, b->name) > 0;
}

/*
 * To be handed over: the judge has no descriptor of it. The first walk finds
 * them in order; later they come as the events do, which is the new file of a
 * name before what it was renamed to.
 */
static void
want(struct filewatch *w, struct watched_file *f)
{
	struct watched_file *at = NULL;

	if (f->wanted || f->tag != 0)
		return;
	unqueue(w, f);
	f->wanted = true;
	if (w->listed)
		TAILQ_FOREACH(at, &w->wanted, queued)
			if (is_older(f, at))
				break;
	if (at != NULL)
		TAILQ_INSERT_BEFORE(at, f, queued);
	else
		TAILQ_INSERT_TAIL(&w->wanted, f, queued);
}

static void
grow(struct filewatch *w, struct watched_file *f)
{
	if (f->tag == 0) {
		want(w, f);
	} else if (!f->grew) {
		f->grew = true;
		TAILQ_INSERT_TAIL(&w->grown, f, queued);
	}
}

static void
file_free(struct filewatch *w, struct watched_file *f)
{
	unqueue(w, f);
	if (map_get(w->by_inode, inode_key(w, f->dev, f->ino)) == f)
		map_remove(w->by_inode, inode_key(w, f->dev, f->ino));
	if (f->dir != NULL)
		map_remove(w->by_name, name_key(w, f->dir, f->name));
	if (f->tag != 0)
		map_remove(w->by_tag, tag_key(&f->tag));
	TAILQ_REMOVE(&w->files, f, link);
	w->file_count--;
	free(f->name);
	free(f);
}

static void
give_name(struct filewatch *w, struct watched_file *f, struct watched_dir *d,
    const char *name)
{
	f->dir = d;
	f->name = xstrdup(name);
	map_put(w->by_name, name_key(w, d, name), f);
}

static void
take_name(struct filewatch *w, struct watched_file *f)
{
	map_remove(w->by_name, name_key(w, f->dir, f->name));
	free(f->name);
	f->name = NULL;
	f->dir = NULL;
}

/* The name is another file's now, or nobody's. */
static void
lose_name(struct filewatch *w, struct watched_file *f)
{
	take_name(w, f);
	if (f->tag == 0) {
		file_free(w, f);
		return;
	}
	grow(w, f);
	send_tag(w, INPUT_GONE, f->tag);
}

void
filewatch_lost_dir(struct filewatch *w, struct watched_dir *d)
{
	struct watched_file *f, *next;

	for (f = TAILQ_FIRST(&w->files); f != NULL; f = next) {
		next = TAILQ_NEXT(f, link);
		if (f->dir == d)
			lose_name(w, f);
	}
}

static void
set_inode(struct filewatch *w, struct watched_file *f, const struct stat *st)
{
	if (map_get(w->by_inode, inode_key(w, f->dev, f->ino)) == f)
		map_remove(w->by_inode, inode_key(w, f->dev, f->ino));
	f->dev = st->st_dev;
	f->ino = st->st_ino;
	map_put(w->by_inode, inode_key(w, f->dev, f->ino), f);
}

static void
set_size(struct watched_file *f, const struct stat *st)
{
	f->size = st->st_size;
	f->mtime = st->st_mtim;
}

static bool
is_changed(const struct watched_file *f, const struct stat *st)
{
	return f->size != st->st_size ||
	    f->mtime.tv_sec != st->st_mtim.tv_sec ||
	    f->mtime.tv_nsec != st->st_mtim.tv_nsec;
}

static bool
is_same(const struct watched_file *f, const struct stat *st)
{
	return f->dev == st->st_dev && f->ino == st->st_ino;
}

/*
 * Of a link, what it leads to; only looked at, so nothing is trusted yet. What
 * is written there is heard in another directory, so this one is polled.
 */
static bool
look_at(struct filewatch *w, struct watched_dir *d, const char *name,
    struct stat *st)
{
	if (fstatat(d->fd, name, st, AT_SYMLINK_NOFOLLOW) == -1)
		return false;
	if (!S_ISLNK(st->st_mode))
		return true;
	filetree_poll(w, d);
	return fstatat(d->fd, name, st, 0) == 0;
}

static bool
still_there(struct filewatch *w, const struct watched_file *f)
{
	struct stat st;

	return f->dir != NULL && look_at(w, f->dir, f->name, &st) &&
	    is_same(f, &st);
}

static struct watched_file *
file_new(struct filewatch *w, struct watched_dir *d, const char *name,
    const struct stat *st)
{
	struct watched_file *f;

	if (w->file_count == FILEWATCH_FILES_MAX) {
		filewatch_notice(w, d->path, NULL, "more than 65536 files in "
		    "all; the rest is not read");
		return NULL;
	}
	f = xcalloc(1, sizeof(*f));
	give_name(w, f, d, name);
	set_inode(w, f, st);
	TAILQ_INSERT_TAIL(&w->files, f, link);
	w->file_count++;
	if (!w->listed)
		f->flags = FILE_LISTED;
	return f;
}

/* A file under a name that we did not know it by: renamed, new, or a link. */
static void
look_new(struct filewatch *w, struct watched_dir *d, const char *name,
    struct name_match how, const struct stat *st)
{
	struct watched_file *f;

	f = map_get(w->by_inode, inode_key(w, st->st_dev, st->st_ino));
	if (f != NULL && still_there(w, f)) {
		/* What is written by this name is not heard by the other. */
		filetree_poll(w, f->dir);
		filewatch_notice(w, d->path, name,
		    "is another name of a file that is read already");
		return;
	}
	if (f == NULL)
		f = file_new(w, d, name, st);
	else if (f->dir != NULL && f->tag != 0)
		send_tag(w, INPUT_GONE, f->tag);
	if (f == NULL)
		return;
	if (f->dir != d || strcmp(f->name, name) != 0) {
		if (f->dir != NULL)
			take_name(w, f);
		give_name(w, f, d, name);
	}
	set_size(f, st);
	f->flags &= FILE_LISTED;
	f->flags |= (how.watched ? 0u : FILE_ROTATED) |
	    (how.from_end ? FILE_FROM_END : 0u);
	grow(w, f);
}

void
filewatch_look(struct filewatch *w, struct watched_dir *d, const char *name,
    struct name_match how)
{
	struct watched_file *f = map_get(w->by_name, name_key(w, d, name));
	struct stat st;
	bool there = look_at(w, d, name, &st);

	if (f != NULL && (!there || !is_same(f, &st))) {
		lose_name(w, f);
		f = NULL;
		/* What lay between the two is to be read between them. */
		if (there && how.watched && w->listed)
			filelist_siblings(w, d, name);
	}
	if (!there || S_ISDIR(st.st_mode))
		return;
	if (f == NULL) {
		look_new(w, d, name, how, &st);
	} else if (f->refused || is_changed(f, &st)) {
		set_size(f, &st);
		grow(w, f);
	}
}

void
filewatch_modified(struct filewatch *w, struct watched_dir *d,
    const char *name)
{
	struct watched_file *f = map_get(w->by_name, name_key(w, d, name));

	if (f != NULL)
		grow(w, f);
}

void
filewatch_all_grew(struct filewatch *w)
{
	struct watched_file *f;

	TAILQ_FOREACH(f, &w->files, link)
		if (f->tag != 0)
			grow(w, f);
}

static void
refused(struct filewatch *w, struct watched_file *f, const char *why)
{
	if (why != NULL)
		filewatch_notice(w, f->dir->path, f->name, why);
	else if (errno != ENOENT)
		filewatch_notice(w, f->dir->path, f->name,
		    errno == EACCES ? "may not be read" : "can't be opened");
}

/* Short of descriptors: everything waits, for the judge will close some. */
static bool
is_short(struct filewatch *w, const char *why)
{
	if (why != NULL || (errno != EMFILE && errno != ENFILE &&
	    errno != ENOMEM))
		return false;
	filewatch_notice(w, "files", NULL, "too few descriptors (see "
	    "LimitNOFILE); the rest is read when some become free");
	loop_timer_set(w->retry, SECOND);
	return true;
}

static void
send_file(struct filewatch *w, struct watched_file *f, int fd)
{
	struct buf path = { 0 };

	f->tag = ++w->last_tag;
	map_put(w->by_tag, tag_key(&f->tag), f);
	buf_fmt(&path, "%s/%s", f->dir->path, f->name);
	buf_clear(&w->frame);
	pack_u64(&w->frame, f->tag);
	pack_u32(&w->frame, f->flags);
	pack_slice(&w->frame, buf_slice(&path));
	w->room->send(w->room->owner, INPUT_FILE, buf_slice(&w->frame), fd);
	buf_free(&path);
	f->flags &= ~(unsigned)FILE_LISTED;
}

/* False when no more can be opened now. */
static bool
hand_over(struct filewatch *w, struct watched_file *f)
{
	struct stat st;
	const char *why = "has too long a path";
	int fd = -1;

	if (strlen(f->dir->path) + 1 + strlen(f->name) < PATH_MAX)
		fd = place_open_file(w->root, f->dir->fd, f->name, &st, &why);
	if (fd == -1 && is_short(w, why))
		return false;
	unqueue(w, f);
	f->refused = fd == -1;
	if (fd == -1) {
		refused(w, f, why);
		return true;
	}
	set_size(f, &st);
	if (!is_same(f, &st))
		set_inode(w, f, &st);
	send_file(w, f, fd);
	return true;
}

void
filewatch_flush(struct filewatch *w)
{
	struct watched_file *f;

	while ((f = TAILQ_FIRST(&w->wanted)) != NULL) {
		if (w->room->waiting(w->room->owner) > PACE)
			return;
		if (!hand_over(w, f))
			break;
	}
	while ((f = TAILQ_FIRST(&w->grown)) != NULL) {
		if (w->room->waiting(w->room->owner) > PACE)
			return;
		unqueue(w, f);
		f->grew_at = when_steady();
		send_tag(w, INPUT_GREW, f->tag);
	}
	if (w->walked && !w->listed && TAILQ_EMPTY(&w->wanted)) {
		w->listed = true;
		w->room->send(w->room->owner, INPUT_LISTED, S(""), -1);
	}
}

static void
drained(void *state)
{
	filewatch_flush(state);
}

static void
retry(void *arg)
{
	filewatch_flush(arg);
}

static void
dropped(struct filewatch *w, uint64_t tag, bool again)
{
	struct watched_file *f = map_get(w->by_tag, tag_key(&tag));
	struct stat st;

	if (f == NULL)
		return;
	map_remove(w->by_tag, tag_key(&tag));
	unqueue(w, f);
	f->tag = 0;
	if (f->dir == NULL) {
		file_free(w, f);
		return;
	}
	if (again) {
		want(w, f);
		loop_timer_set(w->retry, AGAIN);
		return;
	}
	if (when_steady() - f->grew_at < REPEAT)
		want(w, f);
	else if (look_at(w, f->dir, f->name, &st) && is_same(f, &st))
		set_size(f, &st);
	filewatch_flush(w);
}

void
filewatch_told(struct filewatch *w, enum input_frame type, struct slice body)
{
	struct unpack u = { .rest = body };
	uint64_t tag = unpack_u64(&u);
	uint8_t again = unpack_u8(&u);

	if (type == INPUT_DROP && unpack_done(&u))
		dropped(w, tag, again == 1);
}

struct filewatch *
filewatch_new(struct watch_room *room, struct glob *globs, size_t count,
    struct err *err)
{
	struct filewatch *w = xcalloc(1, sizeof(*w));

	w->room = room;
	w->globs = globs;
	w->glob_count = count;
	w->inotify = -1;
	w->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	TAILQ_INIT(&w->dirs);
	TAILQ_INIT(&w->files);
	TAILQ_INIT(&w->wanted);
	TAILQ_INIT(&w->grown);
	w->by_wd = map_new();
	w->by_path = map_new();
	w->by_name = map_new();
	w->by_inode = map_new();
	w->by_tag = map_new();
	w->noticed = map_new();
	w->retry = loop_timer(room->loop, retry, w);
	if (w->root == -1) {
		err_sys(err, "/");
		filewatch_free(w);
		return NULL;
	}
	return w;
}

int
filewatch_begin(struct filewatch *w, struct err *err)
{
	w->room->drained = drained;
	if (filetree_begin(w, err) == -1)
		return -1;
	w->walked = true;
	filewatch_flush(w);
	return 0;
}

void
filewatch_free(struct filewatch *w)
{
	struct watched_file *f;

	if (w == NULL)
		return;
	while ((f = TAILQ_FIRST(&w->files)) != NULL)
		file_free(w, f);
	filetree_end(w);
	loop_timer_free(w->retry);
	map_free(w->by_wd);
	map_free(w->by_path);
	map_free(w->by_name);
	map_free(w->by_inode);
	map_free(w->by_tag);
	map_free(w->noticed);
	for (size_t i = 0; i < w->glob_count; i++)
		glob_free(&w->globs[i]);
	free(w->globs);
	if (w->root != -1)
		close(w->root);
	buf_free(&w->frame);
	buf_free(&w->key);
	free(w);
}
