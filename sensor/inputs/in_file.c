/*
 * Log files. The watch side finds and opens them, the judge side reads them.
 */
#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "inputs/filewatch.h"
#include "inputs/heard.h"
#include "inputs/tail.h"

struct file_options {
	struct strlist *paths;
	struct strlist *exclude;
	int from;
	bool poll;
};

enum { FROM_END, FROM_BEGINNING };
static const char *const from_words[] = { "end", "beginning", NULL };

static const struct opt file_opts[] = {
	{ .name = "paths", .type = OPT_LIST, .at = AT(file_options, paths),
	    .what = "the files, with wildcards", .required = true },
	{ .name = "exclude", .type = OPT_LIST,
	    .at = AT(file_options, exclude),
	    .what = "names or whole paths that are not opened" },
	{ .name = "from", .type = OPT_WORD, .at = AT(file_options, from),
	    .preset = "end", .words = from_words,
	    .what = "where to begin in a file that is there at first start" },
	{ .name = "poll", .type = OPT_BOOL, .at = AT(file_options, poll),
	    .preset = "false",
	    .what = "look once a second, for file systems without inotify" },
	{ .name = NULL },
};

static int
file_check(const void *options, const struct node *at, struct diag *d)
{
	const struct file_options *o = options;
	int ret = 0;

	for (size_t i = 0; o->paths != NULL && i < o->paths->count; i++) {
		struct glob g;
		struct err err;

		if (glob_parse(&g, o->paths->items[i], &err) == 0)
			glob_free(&g);
		else
			ret = node_error(d, at, "%s", err.text);
	}
	return ret;
}

static size_t
survey_path(const struct glob *g, const char *pattern, struct buf *out)
{
	glob_t found = { 0 };
	size_t files = 0, shut = 0;

	glob(pattern, 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];

		if (glob_excludes(g, path, strrchr(path, '/') + 1))
			continue;
		files++;
		shut += access(path, R_OK) == -1;
	}
	globfree(&found);
	text_escape(out, slice_of(pattern));
	buf_fmt(out, ": %zu file%s", files, files == 1 ? "" : "s");
	if (shut > 0)
		buf_fmt(out, ", %zu of them not readable by this user", shut);
	buf_byte(out, '\n');
	return files - shut;
}

/* A pattern without files is often a mistake. */
static size_t
file_survey(const void *options, struct buf *out)
{
	const struct file_options *o = options;
	size_t found = 0;

	for (size_t i = 0; o->paths != NULL && i < o->paths->count; i++) {
		struct glob g = { .exclude = o->exclude };

		found += survey_path(&g, o->paths->items[i], out);
	}
	return found;
}

static void
file_places(const void *options,
    void (*each)(void *arg, const struct input_place *place), void *arg)
{
	const struct file_options *o = options;

	for (size_t i = 0; o->paths != NULL && i < o->paths->count; i++)
		each(arg, &(struct input_place){ FORM_TEXT,
		    o->paths->items[i], false });
}

/*
 * What will be read: the directory of the first wildcard, or where it will be
 * made. The files lie in it, and so do their older siblings.
 */
static void
allow(struct watch_room *room, const struct glob *g)
{
	struct buf path = { 0 };

	for (unsigned i = 0; i + 1 < g->count && !glob_is_wild(g, i); i++) {
		size_t len = path.len;

		buf_fmt(&path, "/%s", g->parts[i]);
		if (access(buf_cstr(&path), F_OK) == 0)
			continue;
		path.len = len;
		break;
	}
	if (path.len == 0)
		buf_byte(&path, '/');
	room->allow(room->owner, buf_cstr(&path));
	buf_free(&path);
}

static void *
file_prepare(const void *const *options, size_t count,
    struct watch_room *room, struct err *err)
{
	struct glob *globs;
	size_t most = 0, n = 0;

	for (size_t i = 0; i < count; i++)
		most += ((const struct file_options *)options[i])->paths->count;
	globs = xcalloc(most + 1, sizeof(*globs));
	for (size_t i = 0; i < count; i++) {
		const struct file_options *o = options[i];

		for (size_t k = 0; k < o->paths->count; k++) {
			struct glob *g = &globs[n];

			if (glob_parse(g, o->paths->items[k], err) == -1)
				goto fail;
			g->exclude = o->exclude;
			g->from_end = o->from == FROM_END;
			g->poll = o->poll;
			allow(room, g);
			n++;
		}
	}
	return filewatch_new(room, globs, n, err);
fail:
	while (n > 0)
		glob_free(&globs[--n]);
	free(globs);
	return NULL;
}

static int
file_begin(void *state, struct err *err)
{
	return filewatch_begin(state, err);
}

static void
file_told(void *state, enum input_frame type, struct slice body)
{
	filewatch_told(state, type, body);
}

static void
file_stop(void *state)
{
	filewatch_free(state);
}

static void *
file_open(const struct judge_room *room)
{
	return tail_new(room, &tail_spans);
}

static int
file_heard(void *state, enum input_frame type, struct slice body, int fd)
{
	struct tail *tl = state;

	if (type == INPUT_NOTICE || type == INPUT_LOST) {
		if (fd != -1)
			close(fd);
		return fd != -1 ? -1 : heard_aside(tl->room, type, body);
	}
	return tail_heard(tl, type, body, fd);
}

static bool
file_work(void *state)
{
	return tail_work(state);
}

/* What was read again after a crash has the ids that it had before. */
static void
file_committed(void *state)
{
	(void)state;
}

static void
file_close(void *state)
{
	tail_free(state);
}

const struct input in_file = {
	.name = "file",
	.role = "files",
	.options = file_opts,
	.options_size = sizeof(struct file_options),
	.check = file_check,
	.survey = file_survey,
	.places = file_places,
	.prepare = file_prepare,
	.begin = file_begin,
	.told = file_told,
	.stop = file_stop,
	.open = file_open,
	.heard = file_heard,
	.work = file_work,
	.committed = file_committed,
	.close = file_close,
};
