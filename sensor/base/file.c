#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int
write_all(int fd, struct slice s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.p, s.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		s = slice_from(s, (size_t)n);
	}
	return 0;
}

ssize_t
pread_full(int fd, void *p, size_t n, off_t offset)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got = pread(fd, (char *)p + have, n - have,
		    offset + (off_t)have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

int
read_fd(int fd, struct buf *b, size_t max)
{
	size_t start = b->len;

	for (;;) {
		ssize_t n = read(fd, buf_room(b, 65536), 65536);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			return 0;
		b->len += (size_t)n;
		if (b->len - start > max) {
			errno = EFBIG;
			return -1;
		}
	}
}

int
read_file(const char *path, struct buf *b, size_t max, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int ret = 0;

	if (fd == -1)
		return err_sys(err, "%s", path);
	if (read_fd(fd, b, max) == -1)
		ret = err_sys(err, "%s", path);
	close(fd);
	return ret;
}

static bool
has_suffix(const char *name, const char *const *suffixes)
{
	for (; *suffixes != NULL; suffixes++)
		if (slice_ends(slice_of(name), slice_of(*suffixes)))
			return true;
	return false;
}

struct names {
	char **items;
	size_t count;
};

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
names_free(struct names *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->items[i]);
	free(n->items);
}

static int
names_read(const char *path, struct names *out, struct err *err)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	if (dir == NULL)
		return err_sys(err, "%s", path);
	while ((e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		out->items = xrealloc(out->items, out->count + 1,
		    sizeof(*out->items));
		out->items[out->count++] = xstrdup(e->d_name);
	}
	closedir(dir);
	if (out->count > 0)
		qsort(out->items, out->count, sizeof(*out->items), by_bytes);
	return 0;
}

struct walking {
	const char *const *suffixes;
	int (*each)(void *arg, const char *path);
	void *arg;
};

/* A directory that is being walked, and those above it. */
struct level {
	const struct level *above;
	dev_t dev;
	ino_t ino;
};

static bool
is_above(const struct level *l, const struct stat *sb)
{
	for (; l != NULL; l = l->above)
		if (l->dev == sb->st_dev && l->ino == sb->st_ino)
			return true;
	return false;
}

static int walk_directory(const struct walking *w, const char *path,
    const struct stat *sb, const struct level *above, struct err *err);

/* What else is named like a file, as a FIFO, could be waited for for ever. */
static int
walk_entry(const struct walking *w, const char *path, const struct level *in,
    struct err *err)
{
	bool named = has_suffix(path, w->suffixes);
	struct stat sb;

	if (stat(path, &sb) == -1)
		return named ? err_sys(err, "%s", path) : 0;
	if (S_ISDIR(sb.st_mode))
		return walk_directory(w, path, &sb, in, err);
	if (named && !S_ISREG(sb.st_mode))
		return err_set(err, "%s: not a regular file", path);
	return named ? w->each(w->arg, path) : 0;
}

static int
walk_directory(const struct walking *w, const char *path,
    const struct stat *sb, const struct level *above, struct err *err)
{
	const struct level here = { above, sb->st_dev, sb->st_ino };
	struct names names = { 0 };
	int ret = 0;

	if (is_above(above, sb))
		return err_set(err, "%s: a link that leads back to a directory "
		    "above it", path);
	if (names_read(path, &names, err) == -1)
		return -1;
	for (size_t i = 0; i < names.count && ret == 0; i++) {
		struct buf child = { 0 };

		buf_fmt(&child, "%s/%s", path, names.items[i]);
		ret = walk_entry(w, buf_cstr(&child), &here, err);
		buf_free(&child);
	}
	names_free(&names);
	return ret;
}

int
walk_files(const char *path, const char *const *suffixes,
    int (*each)(void *arg, const char *path), void *arg, struct err *err)
{
	const struct walking w = { suffixes, each, arg };
	struct stat sb;

	if (stat(path, &sb) == -1)
		return err_sys(err, "%s", path);
	if (!S_ISDIR(sb.st_mode))
		return each(arg, path);
	return walk_directory(&w, path, &sb, NULL, err);
}

void
fill_standard_fds(void)
{
	int fd;

	/* The lowest free one is taken, until that is none of the three. */
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd != -1)
		close(fd);
}

int
make_dirs(const char *path, mode_t mode, struct err *err)
{
	char part[PATH_MAX];
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof(part))
		return err_set(err, "%s: path too long", path);
	for (size_t i = 1; i <= n; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, mode) == -1 && errno != EEXIST)
			return err_sys(err, "%s", part);
	}
	return 0;
}
