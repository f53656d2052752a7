#include "cli/specimen.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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
	buf_free(&sp->group);
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

/* --- files --- */

/* Bytes of a feed, one after the other. */
struct bytes {
	struct feed *feed;
	unsigned char block[16384];
	size_t at, len;
};

/* The next byte, or -1 at the end or after filling err. */
static int
next_byte(struct bytes *b, struct err *err)
{
	ssize_t n;

	if (b->at < b->len)
		return b->block[b->at++];
	n = feed_read(b->feed, b->block, sizeof(b->block));
	if (n == -1)
		err_set(err, "%s", feed_error(b->feed));
	if (n <= 0)
		return -1;
	b->at = 1;
	b->len = (size_t)n;
	return b->block[0];
}

/*
 * Appends a line with its end, of a long one SPECIMEN_MAX bytes; its length, 0
 * at the end or after filling err.
 */
static uint64_t
take_line(struct bytes *b, struct buf *line, struct err *err)
{
	uint64_t n = 0;
	int c;

	while ((c = next_byte(b, err)) != -1) {
		if (n++ < SPECIMEN_MAX)
			buf_byte(line, (unsigned char)c);
		if (c == '\n' || n > SPECIMEN_MAX)
			break;
	}
	return n;
}

/* The same of a line that nobody wants, to its end. */
static uint64_t
pass_line(struct bytes *b, struct buf *line, struct err *err)
{
	uint64_t n = take_line(b, line, err);
	int c = n > SPECIMEN_MAX ? 0 : '\n';

	while (c != '\n' && c != -1)
		c = next_byte(b, err);
	return n;
}

/* "1700000000.007:7", by which the kernel tells its events apart. */
static struct slice
audit_id(struct slice line)
{
	const struct slice mark = S(" msg=audit(");
	size_t at = slice_find(line, mark);
	struct slice id;

	if (at == SIZE_MAX)
		return S("");
	line = slice_from(line, at + mark.len);
	return slice_cut(&line, ')', &id) ? id : S("");
}

static bool
is_one_event(struct slice a, struct slice b)
{
	struct slice id = audit_id(a);

	return id.len > 0 && slice_eq(id, audit_id(b));
}

/* Keeps a line in front of the one that is wanted while it may belong to it. */
static void
note_before(struct specimen *sp, struct slice line)
{
	if (sp->group.len > 0 &&
	    (!is_one_event(buf_slice(&sp->group), line) ||
	    sp->group.len > SPECIMEN_MAX))
		buf_clear(&sp->group);
	if (audit_id(line).len > 0)
		buf_add(&sp->group, line);
}

/* The records of the kernel's that stand around a line and tell of one event. */
static void
gather(struct specimen *sp, struct bytes *b)
{
	struct slice line = buf_slice(&sp->line);
	struct buf next = { 0 };
	struct err err;

	if (!is_one_event(buf_slice(&sp->group), line))
		buf_clear(&sp->group);
	if (audit_id(line).len == 0)
		return;
	buf_add(&sp->group, line);
	while (sp->group.len < SPECIMEN_MAX) {
		buf_clear(&next);
		if (take_line(b, &next, &err) == 0 ||
		    !is_one_event(line, buf_slice(&next)))
			break;
		buf_add(&sp->group, buf_slice(&next));
	}
	buf_free(&next);
}

static int
read_first(struct specimen *sp, struct bytes *b, uint64_t number,
    struct err *err)
{
	uint64_t i = 1, n = 1;

	err->text[0] = '\0';
	for (; i < number && n > 0; i++) {
		n = pass_line(b, &sp->line, err);
		note_before(sp, buf_slice(&sp->line));
		buf_clear(&sp->line);
	}
	n = n > 0 ? take_line(b, &sp->line, err) : 0;
	if (err->text[0] != '\0')
		return -1;
	if (n == 0)
		return err_set(err, number == 1 ? "there is nothing in it" :
		    "there is no such line");
	if (n > SPECIMEN_MAX)
		return err_set(err, "the line is longer than %d bytes",
		    SPECIMEN_MAX);
	return 0;
}

/* An object may be laid out over several lines. */
static void
read_rest(struct specimen *sp, struct bytes *b)
{
	struct arena *a = arena_new(ARENA_MAX);
	size_t first = sp->line.len;
	struct err err = { "" };
	struct json *j;

	if (json_parse(a, buf_slice(&sp->line), &j, NULL) == -1) {
		while (sp->line.len < SPECIMEN_MAX &&
		    take_line(b, &sp->line, &err) > 0)
			continue;
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
read_fd(struct specimen *sp, int fd, uint64_t number, const char *name,
    struct err *err)
{
	struct bytes b = { .feed = feed_new(fd, FEED_ENDED) };
	struct err why;
	int ret = read_first(sp, &b, number, &why);

	if (ret == 0 && lines_form(buf_slice(&sp->line)) == FORM_JSON)
		read_rest(sp, &b);
	else if (ret == 0)
		gather(sp, &b);
	feed_free(b.feed);
	if (ret == 0)
		finish(sp);
	if (ret == 0 && sp->line.len == 0)
		ret = err_set(&why, "the line is empty");
	return ret == 0 ? 0 : err_set(err, "%s: %s", name, why.text);
}

static int
open_file(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

/* Opens FILE or FILE:LINE; -1 with errno. */
static int
open_place(const char *from, uint64_t *number)
{
	int fd = open_file(from);
	struct slice path, line;
	struct buf name = { 0 };

	*number = 1;
	if (fd != -1 || errno != ENOENT ||
	    !slice_split_last(slice_of(from), S(":"), &path, &line) ||
	    slice_to_u64(line, number) == -1 || *number == 0)
		return fd;
	buf_add(&name, path);
	fd = open_file(buf_cstr(&name));
	buf_free(&name);
	return fd;
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
	int fd, ret;

	*sp = (struct specimen){ 0 };
	if (strcmp(from, "-") == 0)
		return read_fd(sp, STDIN_FILENO, 1, "standard input", err);
	fd = open_place(from, &number);
	if (fd == -1 && is_id(from))
		return read_journal(sp, reg, place, from, err);
	if (fd == -1)
		return err_sys(err, "%s", from);
	ret = read_fd(sp, fd, number, from, err);
	close(fd);
	return ret;
}
