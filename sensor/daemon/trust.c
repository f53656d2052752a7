#include "daemon/trust.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/map.h"

struct trust {
	struct diag *diag;
	struct map *seen;	/* paths that were looked at */
};

static void
complain(struct trust *t, const char *path, const struct stat *sb)
{
	if (sb->st_uid != 0)
		diag_error(t->diag, path, 0, 0, "belongs to uid %u, who "
		    "could change what the sensor does; it runs as root, so "
		    "this must be root's", (unsigned)sb->st_uid);
	else
		diag_error(t->diag, path, 0, 0, "mode %04o: others than root "
		    "could change what the sensor does",
		    (unsigned)sb->st_mode & 07777);
}

/* Root's group is as good as root. */
static bool
others_write(const struct stat *sb)
{
	return (sb->st_mode & S_IWOTH) != 0 ||
	    ((sb->st_mode & S_IWGRP) != 0 && sb->st_gid != 0);
}

/* In a sticky directory nobody replaces what is root's. */
static bool
is_trusted(const struct stat *sb)
{
	if (S_ISLNK(sb->st_mode))
		return sb->st_uid == 0;
	if (S_ISDIR(sb->st_mode) && (sb->st_mode & S_ISVTX) != 0)
		return sb->st_uid == 0;
	return sb->st_uid == 0 && !others_write(sb);
}

static void
look_at(struct trust *t, const char *path)
{
	struct stat sb;

	if (map_get(t->seen, slice_of(path)) != NULL)
		return;
	map_put(t->seen, slice_of(path), t);
	if (lstat(path, &sb) == -1) {
		if (errno != ENOENT)
			diag_error(t->diag, path, 0, 0, "%s", strerror(errno));
	} else if (!is_trusted(&sb)) {
		complain(t, path, &sb);
	}
}

/* A path that begins with a slash, and all directories above it. */
static void
look_up(struct trust *t, const char *path)
{
	char part[PATH_MAX];
	char *end;

	if (strlen(path) >= sizeof(part))
		return;
	memcpy(part, path, strlen(path) + 1);
	look_at(t, part);
	while ((end = strrchr(part, '/')) != NULL && end != part) {
		*end = '\0';
		look_at(t, part);
	}
	look_at(t, "/");
}

/* As it is named and, where that goes over links, as it is. */
static void
look_both(struct trust *t, const char *path)
{
	char real[PATH_MAX];
	struct buf full = { 0 };

	if (path[0] != '/' && realpath(".", real) != NULL)
		buf_fmt(&full, "%s/", real);
	buf_str(&full, path);
	look_up(t, buf_cstr(&full));
	if (realpath(path, real) != NULL)
		look_up(t, real);
	buf_free(&full);
}

/* Also what is empty today: a file that is put there is read tomorrow. */
static void
look_below(struct trust *t, const char *path)
{
	char *const roots[] = { (char *)(uintptr_t)path, NULL };
	FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
	FTSENT *e;

	while (tree != NULL && (e = fts_read(tree)) != NULL)
		if (e->fts_info != FTS_DP)
			look_both(t, e->fts_path);
	if (tree != NULL)
		fts_close(tree);
	look_both(t, path);
}

/* What is not there can't be changed, and its parent is looked at. */
static void
look_if_there(struct trust *t, const char *path)
{
	struct stat sb;

	if (stat(path, &sb) == 0)
		look_below(t, path);
}

static void
look_beside(struct trust *t, const char *path, const char *name)
{
	struct slice dir = S("."), file;
	struct buf beside = { 0 };

	slice_split_last(slice_of(path), S("/"), &dir, &file);
	buf_add(&beside, dir);
	buf_str(&beside, name);
	look_if_there(t, buf_cstr(&beside));
	buf_free(&beside);
}

int
trust_check(const struct config *c, struct diag *d)
{
	const struct strlist *const tuning[] = {
		c->exceptions, c->overrides,
	};
	struct trust t = { d, map_new() };
	unsigned before = d->errors;

	look_both(&t, c->path);
	look_beside(&t, c->path, "/conf.d");
	for (size_t i = 0; i < c->rules->count; i++)
		look_below(&t, c->rules->items[i]);
	for (size_t i = 0; i < COUNT(tuning); i++)
		for (size_t k = 0; k < tuning[i]->count; k++)
			look_if_there(&t, tuning[i]->items[k]);
	map_free(t.seen);
	return d->errors > before ? -1 : 0;
}
