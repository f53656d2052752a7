/*
 * Appends records to a file, one JSON object a line. Made for logrotate and
 * whatever tails the file: the name is looked at before each batch, and when
 * it is no longer our file it is opened (or made) anew.
 *
 * A line stands in the file whole or not at all, as far as the file system
 * lets us: what a full disk cut is taken back, and a torn last line, left by a
 * crash, is ended before anything follows it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "output.h"

struct file {
	const char *path;
	bool sync;
};

static const struct opt file_opts[] = {
	{ "path", OPT_PATH, AT(file, path), NULL,
	    "file that alerts are appended to", NULL, true },
	{ "sync", OPT_BOOL, AT(file, sync), "false",
	    "wait for the disk after each batch", NULL, false },
	{ 0 }
};

struct lines {
	const struct file *options;
	struct courier_room room;
	int fd;			/* -1: not open */
	bool torn;		/* the last line may have no end */
	struct buf out;
};

enum { OUT_KEEP = 1 << 20 };

static bool
is_torn(int fd, off_t size)
{
	char last;

	return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

/* Takes the descriptor unless it is not a plain file. */
static int
adopt(struct lines *l, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	if (l->fd != -1)
		close(l->fd);
	l->fd = fd;
	l->torn = is_torn(fd, st.st_size);
	return 0;
}

/* O_NONBLOCK: a FIFO under that name must not stop us. */
static int
open_path(struct lines *l)
{
	int fd = open(l->options->path, O_RDWR | O_APPEND | O_CREAT |
	    O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0640);

	return fd == -1 ? -1 : adopt(l, fd);
}

static bool
is_still_ours(const struct lines *l)
{
	struct stat mine, named;

	if (l->fd == -1 || fstat(l->fd, &mine) == -1)
		return false;
	/* Where we may not look, we have to believe. */
	if (lstat(l->options->path, &named) == -1)
		return errno == EACCES;
	return mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

static void
compose(struct lines *l, const struct parcel *parcels, size_t count)
{
	buf_clear(&l->out);
	if (l->torn)
		buf_byte(&l->out, '\n');
	for (size_t i = 0; i < count; i++) {
		if (parcels[i].body.len == 0)
			continue;	/* erased since */
		buf_add(&l->out, parcels[i].body);
		buf_byte(&l->out, '\n');
	}
}

static int
append(struct lines *l)
{
	struct stat before;
	int saved;

	if (fstat(l->fd, &before) == -1)
		return -1;
	if (write_all(l->fd, buf_slice(&l->out)) == 0) {
		l->torn = false;
		return l->options->sync ? fdatasync(l->fd) : 0;
	}
	saved = errno;
	if (ftruncate(l->fd, before.st_size) == -1)
		l->torn = true;
	errno = saved;
	return -1;
}

static void
file_send(void *state, const struct parcel *parcels, size_t count)
{
	struct lines *l = state;
	char reason[200];

	if (!is_still_ours(l) && open_path(l) == -1) {
		snprintf(reason, sizeof(reason), "cannot open %s: %s",
		    l->options->path, strerror(errno));
		l->room.done(l->room.owner, 0, RETRY, 0, reason);
		return;
	}
	compose(l, parcels, count);
	if (append(l) == -1) {
		snprintf(reason, sizeof(reason), "cannot write %s: %s",
		    l->options->path, strerror(errno));
		l->room.done(l->room.owner, 0, RETRY, 0, reason);
		return;
	}
	if (l->out.cap > OUT_KEEP)
		buf_free(&l->out);
	l->room.done(l->room.owner, count, DELIVERED, 0, "");
}

/* A file that cannot be opened now is tried again with each batch. */
static void *
file_start(const void *options, const int *fds, size_t fd_count,
    const struct courier_room *room, struct err *err)
{
	struct lines *l = xcalloc(1, sizeof(*l));

	l->options = options;
	l->room = *room;
	l->fd = -1;
	if (fd_count > 0 && fds[0] != -1 && adopt(l, fds[0]) == -1) {
		err_set(err, "%s is not a plain file", l->options->path);
		free(l);
		return NULL;
	}
	return l;
}

static void
file_stop(void *state)
{
	struct lines *l = state;

	if (l->fd != -1)
		close(l->fd);
	buf_free(&l->out);
	free(l);
}

static void
file_needs(const void *options, void (*need)(void *arg, const char *path,
    bool append), void *arg)
{
	const struct file *o = options;

	need(arg, o->path, true);
}

const struct output out_file = {
	.name = "file",
	.options = file_opts,
	.options_size = sizeof(struct file),
	.batch = OUTPUT_BATCH_MAX,
	.needs = file_needs,
	.start = file_start,
	.send = file_send,
	.stop = file_stop,
};
