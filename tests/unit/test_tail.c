#include "tailworld.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static void
expect_at(struct world *w, const char *texts, size_t row, int line)
{
	struct buf got = world_texts(w);

	check_text(buf_slice(&got), texts, row, "texts", __FILE__, line);
	check_that(w->lies == 0, "no frame was a lie", __FILE__, line);
	check_that(w->forged == 0, "no id with two texts", __FILE__, line);
	buf_free(&got);
}

#define EXPECT(w, texts) expect_at(w, texts, SIZE_MAX, __LINE__)
#define EXPECT_ROW(w, texts, i) expect_at(w, texts, i, __LINE__)

/*
 * Scenarios: one step after the other, with the sensor running or not.
 * "write log text", "rename a b", "copytruncate a b", "truncate a", "gzip a",
 * "remove a", "mkdir a", "settle", "wait ms", "commit", "crash" (what was not
 * committed is lost, and it is stopped), "stop" (commit, then that), "start".
 * In texts, '~' is a newline and '_' a blank.
 */
struct scenario {
	const char *name, *steps[24], *out;
};

static void
do_write(struct world *w, char *a, char *b)
{
	for (char *p = b; *p != '\0'; p++)
		*p = *p == '~' ? '\n' : *p == '_' ? ' ' : *p;
	world_write(w, a, b);
}

static void
do_rename(struct world *w, char *a, char *b)
{
	world_rename(w, a, b);
}

static void
do_copytruncate(struct world *w, char *a, char *b)
{
	world_copy(w, a, b);
	world_truncate(w, a);
}

static void
do_copy(struct world *w, char *a, char *b)
{
	world_copy(w, a, b);
}

static void
do_truncate(struct world *w, char *a, char *b)
{
	(void)b;
	world_truncate(w, a);
}

static void
do_gzip(struct world *w, char *a, char *b)
{
	(void)b;
	world_gzip(w, a);
}

static void
do_remove(struct world *w, char *a, char *b)
{
	(void)b;
	world_remove(w, a);
}

static void
do_mkdir(struct world *w, char *a, char *b)
{
	(void)b;
	world_mkdir(w, a);
}

static void
do_settle(struct world *w, char *a, char *b)
{
	(void)a;
	(void)b;
	world_settle(w);
}

static void
do_wait(struct world *w, char *a, char *b)
{
	(void)b;
	world_run(w, (unsigned)strtoul(a, NULL, 10));
}

static void
do_commit(struct world *w, char *a, char *b)
{
	(void)a;
	(void)b;
	world_commit(w);
}

static void
do_crash(struct world *w, char *a, char *b)
{
	(void)a;
	(void)b;
	world_crash(w);
}

static void
do_stop(struct world *w, char *a, char *b)
{
	world_commit(w);
	do_crash(w, a, b);
}

static void
do_start(struct world *w, char *a, char *b)
{
	(void)a;
	(void)b;
	world_start(w);
}

static const struct {
	const char *word;
	void (*run)(struct world *w, char *a, char *b);
} verbs[] = {
	{ "write", do_write }, { "rename", do_rename },
	{ "copytruncate", do_copytruncate }, { "copy", do_copy },
	{ "truncate", do_truncate }, { "gzip", do_gzip },
	{ "remove", do_remove }, { "mkdir", do_mkdir },
	{ "settle", do_settle }, { "wait", do_wait },
	{ "commit", do_commit }, { "crash", do_crash }, { "stop", do_stop },
	{ "start", do_start },
};

static void
do_step(struct world *w, const char *step)
{
	char line[512], *a, *b;

	snprintf(line, sizeof(line), "%s", step);
	a = line + strcspn(line, " ");
	a += *a != '\0' ? (*a = '\0', 1) : 0;
	b = a + strcspn(a, " ");
	b += *b != '\0' ? (*b = '\0', 1) : 0;
	for (size_t i = 0; i < COUNT(verbs); i++) {
		if (strcmp(line, verbs[i].word) != 0)
			continue;
		verbs[i].run(w, a, b);
		return;
	}
	print_error("no such step: %s\n", step);
	_fail(__FILE__, __LINE__);
}

static void
play(const struct scenario *s, size_t row)
{
	struct world w;

	world_open(&w);
	for (size_t i = 0; i < COUNT(s->steps) && s->steps[i] != NULL; i++)
		do_step(&w, s->steps[i]);
	world_settle(&w);
	EXPECT_ROW(&w, s->out, row);
	world_close(&w);
}

static void
every_line_is_read_once_while_running(void)
{
	static const struct scenario rows[] = {
		{ "T01 lines that are there", { "write a.log 1~2~3~",
		    "start" }, "1|2|3|" },
		{ "lines that come", { "start", "write a.log 1~", "settle",
		    "write a.log 2~", "settle", "write a.log 3~" },
		    "1|2|3|" },
		{ "T03 rename and create", { "start", "write a.log 1~2~",
		    "settle", "rename a.log a.log.1", "write a.log 3~",
		    "settle" }, "1|2|3|" },
		{ "T03 unread lines in the renamed one", { "start",
		    "write a.log 1~", "settle", "write a.log 2~",
		    "rename a.log a.log.1", "write a.log 3~", "settle" },
		    "1|2|3|" },
		{ "T04 rotated three times before we look", { "start",
		    "write a.log 1~", "settle",
		    "write a.log 2~", "rename a.log a.log.1",
		    "write a.log 3~", "rename a.log.1 a.log.2",
		    "rename a.log a.log.1", "write a.log 4~",
		    "rename a.log.2 a.log.3", "rename a.log.1 a.log.2",
		    "rename a.log a.log.1", "write a.log 5~", "wait 400" },
		    "1|2|3|4|5|" },
		{ "T06 truncated and shorter", { "start",
		    "write a.log first~second~", "settle",
		    "copytruncate a.log a.log.1", "write a.log 3~",
		    "settle" }, "first|second|3|" },
		{ "T06 truncated and equal", { "start",
		    "write a.log first~", "settle",
		    "copytruncate a.log a.log.1", "write a.log third~",
		    "settle" }, "first|third|" },
		{ "T06 truncated and longer", { "start",
		    "write a.log first~", "settle",
		    "copytruncate a.log a.log.1",
		    "write a.log third~fourth~fifth~", "settle" },
		    "first|third|fourth|fifth|" },
		{ "T06 the rest is in the copy", { "start",
		    "write a.log 1~", "settle", "write a.log 2~",
		    "copytruncate a.log a.log.1", "write a.log 3~",
		    "wait 300" }, "1|2|3|" },
		{ "T10 deleted and made again", { "start",
		    "write a.log 1~", "settle", "remove a.log",
		    "write a.log 2~", "settle" }, "1|2|" },
		{ "T14 three bytes that grow", { "start", "write a.log abc",
		    "settle", "write a.log def~", "settle" }, "abcdef|" },
		{ "T21 a partial line", { "start", "write a.log 1~par",
		    "wait 500", "write a.log tial~", "settle" },
		    "1|partial|" },
		{ "T26 empty lines", { "start", "write a.log ~~x~~" },
		    "||x||" },
		{ "gzip'ed after rotation", { "start", "write a.log 1~",
		    "settle", "write a.log 2~", "rename a.log a.log.1",
		    "write a.log 3~", "gzip a.log.1", "wait 1500" },
		    "1|2|3|" },
		{ "a rotated file that grows late", { "start",
		    "write a.log 1~", "settle", "rename a.log a.log.1",
		    "write a.log 2~", "wait 800", "write a.log.1 late~",
		    "settle" }, "1|2|late|" },
		{ "the last line of a rotated file has no end", { "start",
		    "write a.log 1~rest", "settle", "rename a.log a.log.1",
		    "write a.log 2~", "wait 800" }, "1|2|rest|" },
		/* A closed track of 256 bytes is no reason to wait. */
		{ "rotated before it was seen, and short", { "start",
		    "write a.log 1_is_a_line_of_more_than_256_bytes_"
		    "01234567890123456789012345678901234567890123456789"
		    "01234567890123456789012345678901234567890123456789",
		    "write a.log 01234567890123456789012345678901234567890"
		    "01234567890123456789012345678901234567890123456789"
		    "01234567890123456789012345678901234567890123456789~",
		    "settle", "rename a.log a.log.9", "write a.log 2~",
		    "wait 2600", "rename a.log a.log.2", "write a.log 3~",
		    "rename a.log a.log.1", "write a.log 4~", "settle",
		    "stop", "remove a.log.1", "start" },
		    "1 is a line of more than 256 bytes "
		    "01234567890123456789012345678901234567890123456789"
		    "01234567890123456789012345678901234567890123456789"
		    "01234567890123456789012345678901234567890"
		    "01234567890123456789012345678901234567890123456789"
		    "01234567890123456789012345678901234567890123456789"
		    "|2|3|4|" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		play(&rows[i], i);
}

static void
every_line_is_read_once_over_a_stop(void)
{
	static const struct scenario rows[] = {
		{ "goes on", { "write a.log 1~", "start", "stop",
		    "write a.log 2~", "start" }, "1|2|" },
		{ "nothing new", { "write a.log 1~", "start", "stop",
		    "start", "stop", "start" }, "1|" },
		{ "not committed", { "write a.log 1~", "start", "crash",
		    "start" }, "1|" },
		{ "half committed", { "write a.log 1~", "start", "commit",
		    "write a.log 2~", "settle", "crash", "write a.log 3~",
		    "start" }, "1|2|3|" },
		{ "T15 renamed", { "write a.log 1~", "start", "stop",
		    "write a.log 2~", "rename a.log a.log.1",
		    "write a.log 3~", "start" }, "1|2|3|" },
		{ "T15 renamed twice", { "write a.log 1~", "start", "stop",
		    "write a.log 2~", "rename a.log a.log.1",
		    "write a.log 3~", "rename a.log.1 a.log.2",
		    "rename a.log a.log.1", "write a.log 4~", "start" },
		    "1|2|3|4|" },
		{ "T15 renamed twice and packed", { "write a.log 1~",
		    "start", "stop", "write a.log 2~",
		    "rename a.log a.log.1", "write a.log 3~",
		    "rename a.log.1 a.log.2", "gzip a.log.2",
		    "rename a.log a.log.1", "write a.log 4~", "start",
		    "settle" }, "1|2|3|4|" },
		{ "packed and never read again", { "write a.log 1~", "start",
		    "stop", "rename a.log a.log.1", "gzip a.log.1",
		    "write a.log 2~", "start", "stop", "start", "stop",
		    "rename a.log.1.gz a.log.2.gz", "start" }, "1|2|" },
		{ "copied and cut", { "write a.log 1~", "start", "stop",
		    "write a.log 2~", "copytruncate a.log a.log.1",
		    "write a.log 3~", "start", "wait 300" }, "1|2|3|" },
		{ "copied, cut, and longer than before", {
		    "write a.log 1~", "start", "stop", "write a.log 2~",
		    "copytruncate a.log a.log.1",
		    "write a.log 3~4~5~6~7~8~", "start", "wait 300" },
		    "1|2|3|4|5|6|7|8|" },
		{ "T11 deleted and made again", { "write a.log first~",
		    "start", "stop", "remove a.log",
		    "write a.log second~third~fourth~", "start" },
		    "first|second|third|fourth|" },
		{ "T12 deleted and made again, shorter", {
		    "write a.log first~", "start", "stop", "remove a.log",
		    "write a.log 2~", "start" }, "first|2|" },
		{ "T22 a partial line", { "write a.log 1~par", "start",
		    "crash", "write a.log tial~", "start" },
		    "1|partial|" },
		{ "T22 a partial line, committed", { "write a.log 1~par",
		    "start", "stop", "write a.log tial~", "start" },
		    "1|partial|" },
		{ "older siblings at first start are not ours", {
		    "write a.log.2 x~", "write a.log.1 y~", "wait 60",
		    "start", "write a.log 1~", "settle", "stop", "start",
		    "rename a.log.2 a.log.3", "rename a.log.1 a.log.2",
		    "rename a.log a.log.1", "write a.log 2~", "wait 400" },
		    "1|2|" },
		{ "while stopped a new name came", { "write a.log 1~",
		    "start", "stop", "write b.log 2~", "start" },
		    "1|2|" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		play(&rows[i], i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_line_is_read_once_while_running),
		TEST(every_line_is_read_once_over_a_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
