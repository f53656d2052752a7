#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "inputs/filewatch.h"
#include "inputs/rotated.h"

/* A larger directory is not gone through for each rotation in it. */
enum { SIBLINGS_WITHIN = 2000 };

/* A name of a directory on its way to be looked at. */
struct entry {
	char *name;
	struct name_match how;
	int64_t mtime;
	char *stem;		/* of a sibling */
};

static const struct glob *
watching(const struct watched_dir *d, const char *name)
{
	char path[8192];

	snprintf(path, sizeof(path), "%s/%s", d->path, name);
	for (size_t i = 0; i < d->step_count; i++) {
		struct glob_step s = d->steps[i];

		if (s.depth + 1 == s.glob->count &&
		    glob_matches(s.glob, s.depth, name) &&
		    !glob_excludes(s.glob, path, name))
			return s.glob;
	}
	return NULL;
}

/* stem is filled for a sibling; false when nobody asked for the name. */
static bool
match(const struct watched_dir *d, const char *name, struct name_match *how,
    struct buf *stem)
{
	const struct glob *g = watching(d, name);

	buf_clear(stem);
	if (g == NULL && rotated_packing(slice_of(name)) != PACKED_ELSE &&
	    rotated_stem(slice_of(name), stem)) {
		g = watching(d, buf_cstr(stem));
		how->rotated = g != NULL;
	}
	how->watched = g != NULL && !how->rotated;
	how->from_end = g != NULL && g->from_end;
	return g != NULL;
}

void
filelist_look(struct filewatch *w, struct watched_dir *d, const char *name)
{
	struct name_match how = { 0 };
	struct buf stem = { 0 };

	if (match(d, name, &how, &stem))
		filewatch_look(w, d, name, how);
	buf_free(&stem);
}

/*
 * Siblings by stem, the newest first; then the watched names. Of the same
 * age, a.log.1 is newer than a.log.2.
 */
static int
by_stem_and_age(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order;

	if (x->how.rotated != y->how.rotated)
		return x->how.rotated ? -1 : 1;
	order = x->how.rotated ? strcmp(x->stem, y->stem) : 0;
	if (order != 0)
		return order;
	return x->mtime == y->mtime ? strverscmp(x->name, y->name) :
	    x->mtime > y->mtime ? -1 : 1;
}

static void
take_entry(const struct watched_dir *d, const char *name, struct entry **list,
    size_t *count)
{
	struct entry e = { 0 };
	struct buf stem = { 0 };
	struct stat st;

	if (*count >= FILEWATCH_FILES_MAX || !match(d, name, &e.how, &stem))
		goto out;
	if (e.how.rotated)
		e.stem = xstrdup(buf_cstr(&stem));
	if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		e.mtime = st.st_mtim.tv_sec * INT64_C(1000000000) +
		    st.st_mtim.tv_nsec;
	e.name = xstrdup(name);
	if (*count % 64 == 0)
		*list = xrealloc(*list, *count + 64, sizeof(**list));
	(*list)[(*count)++] = e;
out:
	buf_free(&stem);
}

static DIR *
open_for_reading(struct filewatch *w, struct watched_dir *d)
{
	int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);

	if (dir != NULL)
		return dir;
	if (fd != -1)
		close(fd);
	if (errno != ENOENT)
		filewatch_notice(w, d->path, NULL, "the directory can't be "
		    "read");
	return NULL;
}

/* How many entries of the same stem stand before this one. */
static size_t
rank(const struct entry *list, size_t i)
{
	size_t n = 0;

	while (n < i && n < FILEWATCH_SIBLINGS_MAX &&
	    strcmp(list[i - n - 1].stem, list[i].stem) == 0)
		n++;
	return n;
}

/* Older siblings come first, because they are read first. */
static void
look_entries(struct filewatch *w, struct watched_dir *d, struct entry *list,
    size_t count)
{
	size_t siblings = 0;

	if (count > 0)
		qsort(list, count, sizeof(*list), by_stem_and_age);
	while (siblings < count && list[siblings].how.rotated)
		siblings++;
	for (size_t i = siblings; i-- > 0;)
		if (rank(list, i) < FILEWATCH_SIBLINGS_MAX)
			filewatch_look(w, d, list[i].name, list[i].how);
	for (size_t i = siblings; i < count; i++)
		filewatch_look(w, d, list[i].name, list[i].how);
	for (size_t i = 0; i < count; i++) {
		free(list[i].name);
		free(list[i].stem);
	}
}

void
filelist_scan(struct filewatch *w, struct watched_dir *d)
{
	struct entry *list = NULL;
	size_t count = 0;
	struct dirent *e;
	DIR *dir = open_for_reading(w, d);

	if (dir == NULL)
		return;
	d->entries = 0;
	while ((e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		d->entries++;
		take_entry(d, e->d_name, &list, &count);
		if (e->d_type != DT_REG)
			filetree_look(w, d, e->d_name);
	}
	closedir(dir);
	look_entries(w, d, list, count);
	free(list);
}

/* Names that we know and that are no more. */
void
filelist_lost(struct filewatch *w, struct watched_dir *d)
{
	struct watched_file *f, *next;

	for (f = TAILQ_FIRST(&w->files); f != NULL; f = next) {
		next = TAILQ_NEXT(f, link);
		if (f->dir == d && faccessat(d->fd, f->name, F_OK,
		    AT_SYMLINK_NOFOLLOW) == -1)
			filelist_look(w, d, f->name);
	}
}

void
filelist_siblings(struct filewatch *w, struct watched_dir *d,
    const char *name)
{
	struct name_match how;
	struct buf stem = { 0 };
	struct dirent *e;
	DIR *dir;

	if (d->entries > SIBLINGS_WITHIN)
		return;
	dir = open_for_reading(w, d);
	while (dir != NULL && (e = readdir(dir)) != NULL) {
		buf_clear(&stem);
		if (!rotated_stem(slice_of(e->d_name), &stem) ||
		    !slice_eq(buf_slice(&stem), slice_of(name)))
			continue;
		how = (struct name_match){ 0 };
		if (match(d, e->d_name, &how, &stem) && how.rotated)
			filewatch_look(w, d, e->d_name, how);
	}
	if (dir != NULL)
		closedir(dir);
	buf_free(&stem);
}
