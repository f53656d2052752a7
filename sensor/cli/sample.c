#include "cli/sample.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/found.h"
#include "event/record.h"

enum { FILE_MAX = 64 << 20, FOUND_MAX = 2 };

static int
line_of(struct slice bytes, uint64_t number, struct slice *line)
{
	for (uint64_t n = 0; n < number; ) {
		if (bytes.len == 0)
			return -1;
		if (!slice_cut(&bytes, '\n', line)) {
			*line = bytes;
			bytes = S("");
		}
		n += number > 1 || slice_trim(*line).len > 0;
	}
	*line = slice_trim(*line);
	return line->len > 0 ? 0 : -1;
}

static int
from_bytes(const char *name, struct slice bytes, uint64_t number,
    struct arena *a, struct slice *line, struct err *err)
{
	if (line_of(bytes, number, line) == -1)
		return err_set(err, "%s: there is no such line", name);
	if (line->len > RECORD_MAX)
		return err_set(err, "%s: the line is longer than %d bytes",
		    name, RECORD_MAX);
	*line = arena_keep(a, *line);
	return 0;
}

static int
from_file(const char *path, uint64_t number, struct arena *a,
    struct slice *line, struct err *err)
{
	struct buf bytes = { 0 };
	int ret;

	if (strcmp(path, "-") == 0)
		ret = read_fd(STDIN_FILENO, &bytes, FILE_MAX) == 0 ? 0 :
		    err_sys(err, "standard input");
	else
		ret = read_file(path, &bytes, FILE_MAX, err);
	if (ret == 0)
		ret = from_bytes(path, buf_slice(&bytes), number, a, line,
		    err);
	buf_free(&bytes);
	return ret;
}

/* --- from the journal ------------------------------------------------------- */

struct finding {
	struct arena *arena;
	struct found found[FOUND_MAX];
	size_t count;
};

static void
each_row(void *arg, enum ask_frame type, struct slice json)
{
	struct finding *f = arg;

	if (type == ASK_ROW && f->count < FOUND_MAX &&
	    found_read(f->arena, arena_keep(f->arena, json),
	    &f->found[f->count]) == 0)
		f->count++;
}

static int
ask(struct inquiry *q, const char *id, struct finding *f, struct err *err)
{
	struct buf request = { 0 };
	struct jsonw w = { .out = &request };
	int status;

	jsonw_object(&w);
	jsonw_pair(&w, "command", S("find"));
	jsonw_pair(&w, "id", slice_of(id));
	jsonw_object_end(&w);
	status = inquiry_ask(q, buf_slice(&request), each_row, f, err);
	buf_free(&request);
	return status;
}

static int
from_journal(const char *id, const struct registry *reg,
    const struct args_place *place, struct arena *a, struct slice *line,
    struct err *err)
{
	struct inquiry q = INQUIRY;
	struct finding f = { .arena = a };
	int ret = -1;

	if (inquiry_open(&q, reg, place, err) == 0) {
		ret = ask(&q, id, &f, err);
		if (ret == EXIT_FINE && f.count != 1)
			ret = err_set(err, "%s is %s", id, f.count == 0 ?
			    "no file and no id in the journal" :
			    "the beginning of several ids");
	}
	inquiry_close(&q);
	if (ret != EXIT_FINE)
		return -1;
	*line = json_text(f.found[0].body, "event.original");
	if (line->len == 0)
		return err_set(err, "%s has no original text", id);
	return 0;
}

/* "FILE:LINE"; the file may have colons of its own. */
static bool
has_number(const char *what, struct buf *path, uint64_t *number)
{
	struct slice left, right;

	if (!slice_split_last(slice_of(what), S(":"), &left, &right) ||
	    slice_to_u64(right, number) == -1 || *number == 0)
		return false;
	buf_add(path, left);
	return access(buf_cstr(path), F_OK) == 0;
}

int
sample_read(const char *what, const struct registry *reg,
    const struct args_place *place, struct arena *a, struct slice *line,
    struct err *err)
{
	struct buf path = { 0 };
	uint64_t number;
	int ret;

	if (strcmp(what, "-") == 0 || access(what, F_OK) == 0)
		ret = from_file(what, 1, a, line, err);
	else if (has_number(what, &path, &number))
		ret = from_file(buf_cstr(&path), number, a, line, err);
	else
		ret = from_journal(what, reg, place, a, line, err);
	buf_free(&path);
	return ret;
}
