#include "inputs/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINKS_MAX = 8 };

enum {
	OPEN_DIR = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
	OPEN_FILE = O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY,
};

/* Nobody but root can add or replace names in this directory. */
static bool
is_roots(int dir)
{
	struct stat st;

	return fstat(dir, &st) == 0 && st.st_uid == 0 &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool
is_link(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode);
}

static int walk(int root, int start, const char *path, int flags,
    unsigned links);

/* Opens the last part of a way; a link there begins a new way. */
static int
open_last(int root, int dir, const char *name, int flags, unsigned links)
{
	char target[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (!is_link(dir, name)) {
		/* Only a regular file may be opened: a device could act. */
		if ((flags & O_PATH) == 0 && (fstatat(dir, name, &st,
		    AT_SYMLINK_NOFOLLOW) == -1 || !S_ISREG(st.st_mode))) {
			errno = EINVAL;
			return -1;
		}
		return openat(dir, name, flags);
	}
	n = readlinkat(dir, name, target, sizeof(target) - 1);
	if (n == -1)
		return -1;
	target[n] = '\0';
	if (links == LINKS_MAX || !is_roots(dir)) {
		errno = EPERM;
		return -1;
	}
	return walk(root, dir, target, flags, links + 1);
}

/* Takes the next part off *path; false at the last. */
static bool
next_part(const char **path, char *part, size_t size)
{
	size_t n = strcspn(*path, "/");

	snprintf(part, size, "%.*s", (int)n, *path);
	*path += n + strspn(*path + n, "/");
	return **path != '\0';
}

/*
 * One directory further. Each that a link leads through must be root's alone,
 * or its owner could lead us elsewhere.
 */
static int
step(int root, int dir, const char *part, unsigned links)
{
	int next;

	if (strcmp(part, ".") == 0 || *part == '\0')
		next = openat(dir, ".", OPEN_DIR);
	else if (strcmp(part, "..") == 0)
		next = openat(dir, "..", OPEN_DIR);
	else
		next = open_last(root, dir, part, OPEN_DIR, links);
	if (next != -1 && !is_roots(next)) {
		close(next);
		next = -1;
		errno = EPERM;
	}
	return next;
}

static int
walk(int root, int start, const char *path, int flags, unsigned links)
{
	int dir = openat(*path == '/' ? root : start, ".", OPEN_DIR);
	char part[NAME_MAX + 1];
	int next;

	path += strspn(path, "/");
	while (dir != -1 && next_part(&path, part, sizeof(part))) {
		next = step(root, dir, part, links);
		close(dir);
		dir = next;
	}
	if (dir == -1)
		return -1;
	if (strcmp(part, ".") == 0 || strcmp(part, "..") == 0 || *part == '\0')
		next = step(root, dir, part, links);
	else
		next = open_last(root, dir, part, flags, links);
	close(dir);
	return next;
}

int
place_open_dir(int root, int dir, const char *name)
{
	return open_last(root, dir, name, OPEN_DIR, 0);
}

static const char hard_link[] =
    "has further hard links, in a directory that others can write";

/*
 * Who can write the directory can put a hard link of another's file there and
 * take it away again. While it is there the file has two links, and here it
 * is looked at by its name; so if it had one then, and the same file was
 * opened, it never was another's.
 */
static bool
is_linked(int dir, const char *name, struct stat *before)
{
	return !is_roots(dir) && fstatat(dir, name, before,
	    AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(before->st_mode) &&
	    before->st_nlink > 1;
}

/* The same, now that it is open. */
static const char *
refusal(int dir, const struct stat *before, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is not a regular file";
	if (is_roots(dir))
		return NULL;
	if (st->st_nlink > 1)
		return hard_link;
	if (before->st_dev != st->st_dev || before->st_ino != st->st_ino)
		return "was exchanged while it was opened";
	return NULL;
}

int
place_open_file(int root, int dir, const char *name, struct stat *st,
    const char **why)
{
	struct stat before = { 0 };
	int fd, saved;

	*why = hard_link;
	if (is_linked(dir, name, &before))
		return -1;
	*why = NULL;
	fd = open_last(root, dir, name, OPEN_FILE, 0);
	if (fd == -1) {
		saved = errno;
		if (saved == EPERM || saved == ELOOP)
			*why = "is a link that not only root could have placed";
		else if (saved == EINVAL && fstatat(dir, name, st,
		    AT_SYMLINK_NOFOLLOW) == 0)
			*why = "is not a regular file";
		errno = saved;
		return -1;
	}
	if (fstat(fd, st) == -1)
		*why = "can't be looked at";
	else
		*why = refusal(dir, &before, st);
	if (*why == NULL)
		return fd;
	close(fd);
	return -1;
}
