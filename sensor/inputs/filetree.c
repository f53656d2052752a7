#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/when.h"
#include "inputs/filewatch.h"
#include "inputs/place.h"

enum {
	EVENTS_SIZE = 65536,
	/* Reads in a row, so that a storm of events can't hold up the rest. */
	READS_MAX = 16,
	TREE_MASK = IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE,
	LEAF_MASK = TREE_MASK | IN_MODIFY | IN_ATTRIB,
};

/*
 * While events come, we listen once in CALM, so that a busy log costs a few
 * wake-ups and not one per line. What inotify can't tell (memory maps, network
 * file systems, mounts) is found by going round everything once in ROUND.
 */
static const int64_t CALM = 5000;
static const int64_t POLL = SECOND;
static const int64_t ROUND = MINUTE;

static void scan(struct filewatch *w, struct watched_dir *d);

static bool
is_leaf(const struct watched_dir *d)
{
	for (size_t i = 0; i < d->step_count; i++)
		if (d->steps[i].depth + 1 == d->steps[i].glob->count)
			return true;
	return false;
}

static struct slice
wd_key(const int *wd)
{
	return slice_bytes(wd, sizeof(*wd));
}

void
filetree_poll(struct filewatch *w, struct watched_dir *d)
{
	d->poll = true;
	if (!loop_timer_pending(w->poll))
		loop_timer_set(w->poll, POLL);
}

static void
unlisten(struct filewatch *w, struct watched_dir *d)
{
	if (d->wd == -1)
		return;
	map_remove(w->by_wd, wd_key(&d->wd));
	inotify_rm_watch(w->inotify, d->wd);
	d->wd = -1;
}

/*
 * The path is only where to listen: who swaps a directory on it makes us hear
 * of names that we then look up by descriptor and don't find.
 */
static void
listen_to(struct filewatch *w, struct watched_dir *d)
{
	const char *path = *d->path == '\0' ? "/" : d->path;
	struct watched_dir *other;
	int wd;

	if (w->inotify == -1 || d->poll) {
		filetree_poll(w, d);
		return;
	}
	wd = inotify_add_watch(w->inotify, path, IN_ONLYDIR |
	    (is_leaf(d) ? LEAF_MASK : TREE_MASK));
	if (wd == -1) {
		filetree_poll(w, d);
		filewatch_notice(w, errno == ENOSPC ? "inotify" : path, NULL,
		    errno == ENOSPC ? "the limit of watches is reached (see "
		    "fs.inotify.max_user_watches); polling instead" :
		    "can't be watched; polling instead");
		return;
	}
	other = map_get(w->by_wd, wd_key(&wd));
	if (other != NULL && other != d) {
		/* The same directory by another path. */
		inotify_add_watch(w->inotify, path, IN_ONLYDIR | LEAF_MASK);
		filetree_poll(w, d);
		return;
	}
	d->wd = wd;
	map_put(w->by_wd, wd_key(&wd), d);
}

static void
lose_dir(struct filewatch *w, struct watched_dir *d)
{
	struct watched_dir *child;

	for (;;) {
		TAILQ_FOREACH(child, &w->dirs, link)
			if (child->parent == d)
				break;
		if (child == NULL)
			break;
		lose_dir(w, child);
	}
	filewatch_lost_dir(w, d);
	unlisten(w, d);
	map_remove(w->by_path, slice_of(d->path));
	TAILQ_REMOVE(&w->dirs, d, link);
	w->dir_count--;
	close(d->fd);
	free(d->steps);
	free(d->name);
	free(d->path);
	free(d);
}

static struct watched_dir *
dir_new(struct filewatch *w, struct watched_dir *parent, const char *name,
    const char *path, int fd)
{
	struct watched_dir *d;
	struct stat st;

	if (fstat(fd, &st) == -1 || w->dir_count == FILEWATCH_DIRS_MAX) {
		filewatch_notice(w, path, NULL, "too many directories; not "
		    "read");
		close(fd);
		return NULL;
	}
	d = xcalloc(1, sizeof(*d));
	d->parent = parent;
	d->name = xstrdup(name);
	d->path = xstrdup(path);
	d->fd = fd;
	d->dev = st.st_dev;
	d->ino = st.st_ino;
	d->wd = -1;
	map_put(w->by_path, slice_of(d->path), d);
	TAILQ_INSERT_TAIL(&w->dirs, d, link);
	w->dir_count++;
	return d;
}

/* True when the step is new to the directory. */
static bool
add_step(struct watched_dir *d, const struct glob *g, unsigned depth)
{
	for (size_t i = 0; i < d->step_count; i++)
		if (d->steps[i].glob == g && d->steps[i].depth == depth)
			return false;
	d->steps = xrealloc(d->steps, d->step_count + 1, sizeof(*d->steps));
	d->steps[d->step_count++] = (struct glob_step){ g, depth };
	d->poll |= g->poll;
	return true;
}

static bool
is_still(const struct watched_dir *d)
{
	struct stat st;

	return fstatat(d->parent->fd, d->name, &st, 0) == 0 &&
	    st.st_dev == d->dev && st.st_ino == d->ino;
}

/*
 * The directory below d, as it is now; NULL when there is none. One that was
 * replaced is lost with all its files.
 */
static struct watched_dir *
child_of(struct filewatch *w, struct watched_dir *d, const char *name)
{
	struct watched_dir *child;
	struct buf path = { 0 };
	int fd;

	buf_fmt(&path, "%s/%s", d->path, name);
	child = map_get(w->by_path, buf_slice(&path));
	if (child != NULL && !is_still(child)) {
		lose_dir(w, child);
		child = NULL;
	}
	if (child == NULL) {
		fd = place_open_dir(w->root, d->fd, name);
		if (fd != -1)
			child = dir_new(w, d, name, buf_cstr(&path), fd);
		else if (errno == EPERM)
			filewatch_notice(w, d->path, name,
			    "is a link that not only root could have placed");
	}
	buf_free(&path);
	return child;
}

static void
enter(struct filewatch *w, struct watched_dir *d, struct glob_step step)
{
	if (!add_step(d, step.glob, step.depth))
		return;
	listen_to(w, d);
	scan(w, d);
}

/* A name in d, as it is now, for those steps that lead further down. */
void
filetree_look(struct filewatch *w, struct watched_dir *d, const char *name)
{
	for (size_t i = 0; i < d->step_count; i++) {
		struct glob_step s = d->steps[i];
		struct watched_dir *child;

		if (s.depth + 1 == s.glob->count ||
		    !glob_matches(s.glob, s.depth, name))
			continue;
		child = child_of(w, d, name);
		s.depth++;
		if (child != NULL)
			enter(w, child, s);
	}
}

/* Whether a step needs to know what names there are. */
static bool
needs_listing(const struct watched_dir *d)
{
	for (size_t i = 0; i < d->step_count; i++) {
		struct glob_step s = d->steps[i];

		if (s.depth + 1 == s.glob->count ||
		    glob_is_wild(s.glob, s.depth))
			return true;
	}
	return false;
}

static void
scan(struct filewatch *w, struct watched_dir *d)
{
	if (needs_listing(d))
		filelist_scan(w, d);
	for (size_t i = 0; i < d->step_count; i++) {
		struct glob_step s = d->steps[i];

		if (s.depth + 1 < s.glob->count &&
		    !glob_is_wild(s.glob, s.depth))
			filetree_look(w, d, s.glob->parts[s.depth]);
	}
}

static void
look_again(struct filewatch *w, bool polled_only)
{
	struct watched_dir *d, *next;

	for (d = TAILQ_FIRST(&w->dirs); d != NULL; d = next) {
		if (d->parent != NULL && !is_still(d)) {
			struct watched_dir *parent = d->parent;
			char *name = xstrdup(d->name);

			/* Loses d and what is below; so begin again. */
			filetree_look(w, parent, name);
			free(name);
			next = TAILQ_FIRST(&w->dirs);
			continue;
		}
		if (d->poll || !polled_only) {
			filelist_lost(w, d);
			scan(w, d);
		}
		next = TAILQ_NEXT(d, link);
	}
	filewatch_flush(w);
}

static void
poll_due(void *arg)
{
	struct filewatch *w = arg;
	struct watched_dir *d;

	look_again(w, true);
	TAILQ_FOREACH(d, &w->dirs, link)
		if (d->poll)
			break;
	if (d != NULL)
		loop_timer_set(w->poll, POLL);
}

static void
round_due(void *arg)
{
	struct filewatch *w = arg;

	look_again(w, false);
	loop_timer_set(w->round, ROUND);
}

static void
overflowed(struct filewatch *w)
{
	filewatch_notice(w, "inotify", NULL, "too many events at once; all "
	    "directories are looked through again");
	filewatch_all_grew(w);
	look_again(w, false);
}

static void
event(struct filewatch *w, const struct inotify_event *e)
{
	struct watched_dir *d = map_get(w->by_wd, wd_key(&e->wd));

	if (e->mask & IN_Q_OVERFLOW) {
		overflowed(w);
		return;
	}
	if (d == NULL)
		return;
	if (e->mask & IN_IGNORED) {
		map_remove(w->by_wd, wd_key(&d->wd));
		d->wd = -1;
		filetree_poll(w, d);
		return;
	}
	if (e->len == 0)
		return;
	if (e->mask & IN_MODIFY) {
		filewatch_modified(w, d, e->name);
		return;
	}
	filetree_look(w, d, e->name);
	filelist_look(w, d, e->name);
}

/* A callback may lose the directory of the next event, but not the event. */
static bool
take_events(struct filewatch *w)
{
	static const size_t head = sizeof(struct inotify_event);
	_Alignas(struct inotify_event) char bytes[EVENTS_SIZE];
	ssize_t n = read(w->inotify, bytes, sizeof(bytes));

	for (char *at = bytes; n > 0 && at < bytes + n;) {
		const struct inotify_event *e = (const void *)at;

		event(w, e);
		at += head + e->len;
	}
	return n > 0;
}

static void
calm_over(void *arg)
{
	struct filewatch *w = arg;

	loop_want(w->ready, LOOP_READ);
}

static void
events_ready(void *arg, unsigned events)
{
	struct filewatch *w = arg;

	(void)events;
	for (int i = 0; i < READS_MAX && take_events(w); i++)
		continue;
	filewatch_flush(w);
	loop_want(w->ready, 0);
	loop_timer_set(w->calm, CALM);
}

static int
start_inotify(struct filewatch *w, struct err *err)
{
	w->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->inotify == -1) {
		filewatch_notice(w, "inotify", NULL,
		    "is not to be had; polling instead");
		return 0;
	}
	w->ready = loop_add(w->room->loop, w->inotify, LOOP_READ, events_ready,
	    w);
	return w->ready == NULL ? err_sys(err, "inotify") : 0;
}

int
filetree_begin(struct filewatch *w, struct err *err)
{
	int fd = openat(w->root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct watched_dir *root;

	if (fd == -1)
		return err_sys(err, "/");
	root = dir_new(w, NULL, "", "", fd);
	w->calm = loop_timer(w->room->loop, calm_over, w);
	w->poll = loop_timer(w->room->loop, poll_due, w);
	w->round = loop_timer(w->room->loop, round_due, w);
	if (root == NULL || start_inotify(w, err) == -1)
		return -1;
	for (size_t i = 0; i < w->glob_count; i++)
		enter(w, root, (struct glob_step){ &w->globs[i], 0 });
	loop_timer_set(w->round, ROUND);
	return 0;
}

void
filetree_end(struct filewatch *w)
{
	struct watched_dir *root = TAILQ_FIRST(&w->dirs);

	loop_remove(w->ready);
	loop_timer_free(w->calm);
	loop_timer_free(w->poll);
	loop_timer_free(w->round);
	if (root != NULL)
		lose_dir(w, root);
	if (w->inotify != -1)
		close(w->inotify);
}
