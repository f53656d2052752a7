#include "cli/specimen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/when.h"
#include "cli/found.h"
#include "cli/inquiry.h"
#include "inputs/lines.h"

enum { SPECIMEN_MAX = 1 << 20, ARENA_MAX = 8 << 20, ID_LEAST = 6 };

void
specimen_free(struct specimen *sp)
{
	buf_free(&sp->line);
}

struct record
specimen_record(const struct specimen *sp)
{
	return (struct record){
		.form = sp->form, .bytes = buf_slice(&sp->line),
		.source = S("test"), .received = when_now(),
	};
}

/* What a line of a log would have been: journald keeps its parts. */
static void
write_line(struct buf *out, const struct json *alert, struct slice message)
{
	struct slice host = json_text(alert, "host.name");
	struct slice program = json_text(alert, "process.name");
	int64_t pid = json_int(alert, "process.pid", 0);

	buf_add(out, json_text(alert, "@timestamp"));
	buf_byte(out, ' ');
	buf_add(out, host.len > 0 ? host : S("host"));
	buf_byte(out, ' ');
	buf_add(out, program);
	if (pid > 0)
		buf_fmt(out, "[%lld]", (long long)pid);
	buf_str(out, ": ");
	buf_add(out, message);
}

/* The line that an alert or an event of record is about. */
static void
take_original(struct specimen *sp, const struct json *alert)
{
	struct slice text = json_text(alert, "event.original");
	struct buf line = { 0 };

	if (slice_eq(json_text(alert, "event.provider"), S("journal")) &&
	    json_text(alert, "process.name").len > 0)
		write_line(&line, alert, text);
	else
		buf_add(&line, text);
	buf_free(&sp->line);
	sp->line = line;
}

static bool
is_ours(const struct json *j)
{
	return j->type == JSON_OBJECT && json_get(j, "vedette") != NULL &&
	    json_text(j, "event.original").len > 0;
}

static int
read_first(struct specimen *sp, FILE *f, uint64_t number, struct err *err)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n = 0;

	for (uint64_t i = 0; i < number && n != -1; i++)
		n = getline(&line, &room, f);
	if (n > 0 && n <= SPECIMEN_MAX)
		buf_add(&sp->line, slice_bytes(line, (size_t)n));
	free(line);
	if (n == -1)
		return err_set(err, "there is no line %llu",
		    (unsigned long long)number);
	if (n > SPECIMEN_MAX)
		return err_set(err, "the line is longer than %d bytes",
		    SPECIMEN_MAX);
	return 0;
}

/* An object may be laid out over several lines. */
static void
read_rest(struct specimen *sp, FILE *f)
{
	struct arena *a = arena_new(ARENA_MAX);
	struct json *j;
	size_t first = sp->line.len, n;

	if (json_parse(a, buf_slice(&sp->line), &j, NULL) == -1) {
		n = fread(buf_room(&sp->line, SPECIMEN_MAX), 1,
		    SPECIMEN_MAX, f);
		sp->line.len += n;
		arena_reset(a);
		if (json_parse(a, buf_slice(&sp->line), &j, NULL) == -1)
			sp->line.len = first;
	}
	arena_free(a);
}

static void
finish(struct specimen *sp)
{
	struct arena *a = arena_new(ARENA_MAX);
	struct json *j;

	while (sp->line.len > 0 &&
	    byte_is_space(sp->line.p[sp->line.len - 1]))
		sp->line.len--;
	sp->form = lines_form(buf_slice(&sp->line));
	if (sp->form == FORM_JSON &&
	    json_parse(a, buf_slice(&sp->line), &j, NULL) == 0 &&
	    is_ours(j)) {
		take_original(sp, j);
		sp->form = lines_form(buf_slice(&sp->line));
	}
	arena_free(a);
}

static int
read_stream(struct specimen *sp, FILE *f, uint64_t number, struct err *err)
{
	if (read_first(sp, f, number, err) == -1)
		return -1;
	if (lines_form(buf_slice(&sp->line)) == FORM_JSON)
		read_rest(sp, f);
	finish(sp);
	if (sp->line.len == 0)
		return err_set(err, "the line is empty");
	return 0;
}

/* Opens FILE or FILE:LINE; NULL with errno. */
static FILE *
open_place(const char *from, uint64_t *number)
{
	FILE *f = fopen(from, "re");
	struct slice path, line;
	struct buf name = { 0 };

	*number = 1;
	if (f != NULL || errno != ENOENT ||
	    !slice_split_last(slice_of(from), S(":"), &path, &line) ||
	    slice_to_u64(line, number) == -1 || *number == 0)
		return f;
	buf_add(&name, path);
	f = fopen(buf_cstr(&name), "re");
	buf_free(&name);
	return f;
}

/* --- the journal --- */

struct lookup {
	struct specimen *sp;
	size_t count;
};

static void
each_row(void *arg, enum ask_frame type, struct slice text)
{
	struct lookup *l = arg;
	struct arena *a = arena_new(ARENA_MAX);
	struct found f;

	if (type == ASK_ROW && found_read(a, text, &f) == 0) {
		l->count++;
		if (f.body != NULL)
			take_original(l->sp, f.body);
	}
	arena_free(a);
}

static int
read_journal(struct specimen *sp, const struct registry *reg,
    const struct args_place *place, const char *id, struct err *err)
{
	struct lookup l = { sp, 0 };
	struct inquiry q = INQUIRY;
	struct buf request = { 0 };
	int ret = -1;

	buf_fmt(&request, "{\"command\":\"find\",\"id\":\"%s\"}", id);
	if (inquiry_open(&q, reg, place, err) == 0 && inquiry_ask(&q,
	    buf_slice(&request), each_row, &l, err) == EXIT_FINE) {
		ret = l.count == 1 && sp->line.len > 0 ? 0 :
		    err_set(err, l.count > 1 ? "several records begin so" :
		    "no record with a line has this id");
		finish(sp);
	}
	inquiry_close(&q);
	buf_free(&request);
	return ret;
}

static bool
is_id(const char *s)
{
	size_t n = strspn(s, "0123456789abcdefABCDEF");

	return n >= ID_LEAST && n <= 64 && s[n] == '\0';
}

int
specimen_read(struct specimen *sp, const struct registry *reg,
    const struct args_place *place, const char *from, struct err *err)
{
	uint64_t number;
	FILE *f;
	int ret;

	*sp = (struct specimen){ 0 };
	if (strcmp(from, "-") == 0)
		return read_stream(sp, stdin, 1, err);
	f = open_place(from, &number);
	if (f == NULL && is_id(from))
		return read_journal(sp, reg, place, from, err);
	if (f == NULL)
		return err_sys(err, "%s", from);
	ret = read_stream(sp, f, number, err);
	fclose(f);
	return ret;
}
