/*
 * What is rare or hostile in the life of a log file, each with a world of its
 * own. The numbers T.. are those of the catalogue of scenarios.
 */
#include "tailworld.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "base/file.h"

static void
expect_at(struct world *w, const char *texts, int line)
{
	struct buf got = world_texts(w);

	check_text(buf_slice(&got), texts, SIZE_MAX, "texts", __FILE__, line);
	check_that(w->lies == 0, "no frame was a lie", __FILE__, line);
	check_that(w->forged == 0, "no id with two texts", __FILE__, line);
	buf_free(&got);
}

#define EXPECT(w, texts) expect_at(w, texts, __LINE__)

static int
open_log(struct world *w, const char *name, int flags)
{
	char *path = world_path(w, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0640);

	CHECK(fd != -1);
	free(path);
	return fd;
}

static void
write_bytes(struct world *w, const char *name, struct slice bytes)
{
	int fd = open_log(w, name, O_APPEND);

	CHECK(write_all(fd, bytes) == 0);
	close(fd);
}

/* T05 */
static void
a_writer_that_keeps_the_renamed_file_is_heard(void)
{
	struct world w;
	int fd;

	world_open(&w);
	world_start(&w);
	fd = open_log(&w, "a.log", O_APPEND);
	CHECK(write_all(fd, S("1\n")) == 0);
	world_settle(&w);
	world_rename(&w, "a.log", "a.log.1");
	world_write(&w, "a.log", "2\n");
	world_settle(&w);
	CHECK(write_all(fd, S("3\n")) == 0);
	world_run(&w, 100);
	CHECK(write_all(fd, S("4\n")) == 0);
	world_run(&w, 100);
	EXPECT(&w, "1|2|3|4|");
	close(fd);
	world_close(&w);
}

/* T05, T18: also a file without a name, and then nobody holds it. */
static void
a_deleted_file_is_read_to_its_end_and_let_go(void)
{
	struct world w;
	struct stat st;
	int fd;

	world_open(&w);
	world_start(&w);
	fd = open_log(&w, "a.log", O_APPEND);
	CHECK(write_all(fd, S("1\n")) == 0);
	world_settle(&w);
	world_remove(&w, "a.log");
	world_settle(&w);
	CHECK(write_all(fd, S("2\nrest")) == 0);
	world_run(&w, 1000);
	EXPECT(&w, "1|2|rest|");
	CHECK(w.tail->count == 0);
	CHECK(fstat(fd, &st) == 0 && st.st_nlink == 0);
	close(fd);
	world_close(&w);
}

/* T06 */
static void
a_truncation_is_told_unless_a_copy_was_read(void)
{
	static const struct {
		const char *unread;
		bool copied, quiet;
		const char *texts, *gaps;
	} rows[] = {
		{ "", false, true, "1|3|", "truncated\n" },
		{ "", true, true, "1|3|", "" },
		{ "2\n", true, false, "1|2|3|", "truncated\n" },
		{ "half", false, true, "1|3|", "truncated\n" },
		{ "half", true, true, "1|3|half|", "" },
		{ "", false, false, "1|3|", "truncated\n" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf got;
		struct world w;

		world_open(&w);
		world_start(&w);
		world_write(&w, "a.log", "1\n");
		if (i != 2)
			world_write(&w, "a.log", rows[i].unread);
		world_settle(&w);
		if (rows[i].quiet)
			world_run(&w, 600);
		if (i == 2)
			world_write(&w, "a.log", rows[i].unread);
		if (rows[i].copied)
			world_copy(&w, "a.log", "a.log.1");
		world_truncate(&w, "a.log");
		world_write(&w, "a.log", "3\n");
		world_run(&w, 600);
		got = world_texts(&w);
		CHECK_TEXT_ROW(buf_slice(&got), rows[i].texts, i);
		CHECK_TEXT_ROW(buf_slice(&w.gaps), rows[i].gaps, i);
		buf_free(&got);
		world_close(&w);
	}
}

/* T07 */
static void
many_truncations_of_one_file_are_read_in_order(void)
{
	struct buf want = { 0 };
	struct world w;
	char line[32];

	world_open(&w);
	world_start(&w);
	for (int i = 0; i < 51; i++) {
		snprintf(line, sizeof(line), "line %d\n", i % 7 * 1000 + i);
		close(open_log(&w, "a.log", O_TRUNC));
		world_write(&w, "a.log", line);
		buf_fmt(&want, "line %d|", i % 7 * 1000 + i);
		world_settle(&w);
	}
	EXPECT(&w, buf_cstr(&want));
	buf_free(&want);
	world_close(&w);
}

/* T08 */
static void
a_stale_writer_leaves_a_hole_and_nothing_is_lost(void)
{
	struct world w;
	struct buf before = { 0 };
	int fd;

	for (int i = 0; i < 500; i++)
		buf_fmt(&before, "line number %d\n", i);
	world_open(&w);
	world_start(&w);
	fd = open_log(&w, "a.log", 0);
	CHECK(write_all(fd, buf_slice(&before)) == 0);
	world_settle(&w);
	CHECK(world_count(&w) == 500);
	world_truncate(&w, "a.log");
	CHECK(write_all(fd, S("first after\nsecond after\n")) == 0);
	world_settle(&w);
	CHECK(write_all(fd, S("third after\n")) == 0);
	world_settle(&w);
	CHECK(world_count(&w) == 503);
	CHECK(w.forged == 0);
	close(fd);
	buf_free(&before);
	world_close(&w);
}

/* T13 */
static void
files_that_begin_alike_are_two(void)
{
	struct buf head = { 0 };
	struct world w;

	while (head.len < 4096)
		buf_str(&head, "the same line in both\n");
	world_open(&w);
	write_bytes(&w, "a.log", buf_slice(&head));
	write_bytes(&w, "b.log", buf_slice(&head));
	world_start(&w);
	world_write(&w, "a.log", "a\n");
	world_write(&w, "b.log", "b\n");
	world_settle(&w);
	CHECK(world_count(&w) == 2 * (head.len / 22) + 2);
	world_restart(&w);
	CHECK(world_count(&w) == 2 * (head.len / 22) + 2);
	/* And of one name, one after the other. */
	world_rename(&w, "a.log", "a.log.1");
	write_bytes(&w, "a.log", buf_slice(&head));
	world_settle(&w);
	CHECK(world_count(&w) == 3 * (head.len / 22) + 2);
	CHECK(w.forged == 0);
	buf_free(&head);
	world_close(&w);
}

static void
write_gzip(struct world *w, const char *name, const char *text, int cut)
{
	char *path = world_path(w, name);
	gzFile z = gzopen(path, "ab");
	struct stat st;

	CHECK(z != NULL);
	CHECK(gzputs(z, text) >= 0);
	CHECK(gzclose(z) == Z_OK);
	CHECK(stat(path, &st) == 0);
	CHECK(truncate(path, st.st_size - cut) == 0);
	free(path);
}

/* T16 */
static void
packed_logs_are_read_once_and_damage_is_told(void)
{
	struct world w;

	world_open(&w);
	w.globs[0] = "*.gz";
	write_gzip(&w, "one.gz", "1\n2\n", 0);
	write_gzip(&w, "two.gz", "3\n", 0);
	write_gzip(&w, "two.gz", "4\n", 0);
	write_gzip(&w, "torn.gz", "5\n6\n", 6);
	world_start(&w);
	world_run(&w, 1500);
	CHECK(world_count(&w) == 6);
	CHECK(w.gap_count == 1);
	CHECK_TEXT(buf_slice(&w.gaps), "damaged\n");
	world_restart(&w);
	world_restart(&w);
	CHECK(world_count(&w) == 6);
	CHECK(w.again == 0);
	CHECK(w.gap_count == 1);
	world_close(&w);
}

/* T24 */
static void
a_very_long_line_is_cut_and_its_neighbours_kept(void)
{
	static const size_t sizes[] = { 65537, 1 << 20, 16 << 20 };

	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct buf line = { 0 };
		struct world_record *k;
		struct world w;
		size_t cut = 0;

		memset(buf_room(&line, sizes[i]), 'x', sizes[i]);
		line.len = sizes[i];
		world_open(&w);
		world_write(&w, "a.log", "before\n");
		write_bytes(&w, "a.log", slice_head(buf_slice(&line),
		    sizes[i] / 2));
		world_start(&w);
		world_restart(&w);
		write_bytes(&w, "a.log", slice_from(buf_slice(&line),
		    sizes[i] / 2));
		world_settle(&w);
		world_restart(&w);
		world_write(&w, "a.log", "\nbehind\n");
		world_settle(&w);
		world_restart(&w);
		CHECK_ROW(world_count(&w) == 3, i);
		TAILQ_FOREACH(k, &w.kept, link)
			if (k->flags & RECORD_CUT)
				cut = k->text.len;
		CHECK_ROW(cut == RECORD_MAX, i);
		CHECK_ROW(w.again == 0, i);
		buf_free(&line);
		world_close(&w);
	}
}

/* T25 */
static void
any_byte_survives(void)
{
	static const struct slice lines[] = {
		SLICE("nul \0 inside"), SLICE("\0"), SLICE("invalid \xff\xfe"),
		SLICE("half \xe2\x80"), SLICE("\xef\xbb\xbf" "bom"),
		SLICE("lone \r return"), SLICE("\x1b[2J"),
		SLICE("separator \xe2\x80\xa8 here"),
	};
	struct world w;
	struct world_record *k;
	size_t i = 0;

	world_open(&w);
	for (i = 0; i < COUNT(lines); i++) {
		write_bytes(&w, "a.log", lines[i]);
		write_bytes(&w, "a.log", i % 2 ? S("\n") : S("\r\n"));
	}
	world_start(&w);
	i = 0;
	TAILQ_FOREACH(k, &w.open, link) {
		CHECK_ROW(i < COUNT(lines), i);
		CHECK_ROW(slice_eq(buf_slice(&k->text), lines[i]), i);
		i++;
	}
	CHECK(i == COUNT(lines));
	world_close(&w);
}

/* T01 */
static void
from_the_end_only_at_the_first_start(void)
{
	struct world w;

	world_open(&w);
	w.beginning = false;
	world_write(&w, "a.log", "old\nold too\n");
	world_write(&w, "part.log", "old\npart");
	world_start(&w);
	EXPECT(&w, "");
	world_write(&w, "a.log", "1\n");
	world_settle(&w);
	world_write(&w, "part.log", "ial\n");
	world_settle(&w);
	world_write(&w, "b.log", "2\n");
	world_settle(&w);
	EXPECT(&w, "1|partial|2|");
	world_commit(&w);
	world_crash(&w);
	world_write(&w, "a.log", "3\n");
	world_remove(&w, "b.log");
	world_write(&w, "b.log", "4\n");
	world_start(&w);
	EXPECT(&w, "1|partial|2|3|4|");
	world_close(&w);
}

static void
spoil(struct buf *state, unsigned how)
{
	switch (how % 5) {
	case 0:
		state->len = 0;
		break;
	case 1:
		state->len = state->len * how % state->len;
		break;
	case 2:
		for (size_t i = 0; i < state->len; i++)
			state->p[i] = (unsigned char)(i * how);
		break;
	case 3:
		state->p[how % state->len] ^= 1;
		break;
	default:
		buf_str(state, " cut=9223372036854775808");
		break;
	}
}

/* C07 */
static void
a_damaged_position_is_read_again_and_doubles_nothing(void)
{
	for (unsigned how = 0; how < 60; how++) {
		struct world w;
		struct world_position *p;

		world_open(&w);
		world_write(&w, "a.log", "1\n2\n3\n");
		world_start(&w);
		world_commit(&w);
		world_crash(&w);
		TAILQ_FOREACH(p, &w.positions, link)
			spoil(&p->state, how);
		world_write(&w, "a.log", "4\n");
		world_start(&w);
		world_restart(&w);
		CHECK_ROW(w.forged == 0, how);
		CHECK_ROW(w.lies == 0, how);
		/* A single changed bit may make it a file that we never saw. */
		CHECK_ROW(world_count(&w) == 4 ||
		    (how % 5 == 3 && world_count(&w) == 7), how);
		world_close(&w);
	}
}

static void
an_offset_behind_the_end_reads_from_the_start(void)
{
	struct world w;

	world_open(&w);
	world_write(&w, "a.log", "1\n2\n3\n");
	world_start(&w);
	world_commit(&w);
	world_crash(&w);
	TAILQ_FIRST(&w.positions)->offset = UINT64_MAX;
	world_start(&w);
	CHECK(w.forged == 0);
	CHECK(world_count(&w) == 6);
	world_close(&w);
}

static void
files_beyond_the_descriptors_are_read_in_turns(void)
{
	struct world w;
	char name[32];

	world_open(&w);
	world_start(&w);
	w.tail->limit = 4;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 30; i++) {
			snprintf(name, sizeof(name), "%d.log", i);
			world_write(&w, name, "line\n");
		}
		world_run(&w, 50);
		CHECK_ROW(world_count(&w) == 30 * (size_t)(round + 1), round);
		CHECK_ROW(w.tail->count <= 6, round);
	}
	CHECK(w.again == 0);
	world_close(&w);
}

static void
a_file_that_went_away_unread_is_told_once(void)
{
	struct world w;

	world_open(&w);
	world_write(&w, "a.log", "1\n");
	world_start(&w);
	world_commit(&w);
	world_crash(&w);
	world_write(&w, "a.log", "2\n");
	world_remove(&w, "a.log");
	world_write(&w, "a.log", "3\n");
	world_start(&w);
	EXPECT(&w, "1|3|");
	world_run(&w, 1000);
	CHECK_TEXT(buf_slice(&w.gaps), "missing\n");
	world_restart(&w);
	world_run(&w, 1000);
	CHECK(w.gap_count == 1);
	world_close(&w);
}

/* A tail that is busy with one file turns to the others all the same. */
static void
a_large_file_does_not_hold_up_the_others(void)
{
	struct buf large = { 0 };
	struct world_record *k;
	struct world w;
	size_t before = 0;

	for (int i = 0; i < 200000; i++)
		buf_fmt(&large, "a line of the large file %d\n", i);
	world_open(&w);
	write_bytes(&w, "a.log", buf_slice(&large));
	world_write(&w, "b.log", "small\n");
	world_start(&w);
	TAILQ_FOREACH(k, &w.open, link) {
		if (slice_eq(buf_slice(&k->text), S("small")))
			break;
		before++;
	}
	CHECK(k != NULL);
	CHECK(before < 12000);
	world_settle(&w);
	CHECK(world_count(&w) == 200001);
	buf_free(&large);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_writer_that_keeps_the_renamed_file_is_heard),
		TEST(a_deleted_file_is_read_to_its_end_and_let_go),
		TEST(a_truncation_is_told_unless_a_copy_was_read),
		TEST(many_truncations_of_one_file_are_read_in_order),
		TEST(a_stale_writer_leaves_a_hole_and_nothing_is_lost),
		TEST(files_that_begin_alike_are_two),
		TEST(packed_logs_are_read_once_and_damage_is_told),
		TEST(a_very_long_line_is_cut_and_its_neighbours_kept),
		TEST(any_byte_survives),
		TEST(from_the_end_only_at_the_first_start),
		TEST(a_damaged_position_is_read_again_and_doubles_nothing),
		TEST(an_offset_behind_the_end_reads_from_the_start),
		TEST(files_beyond_the_descriptors_are_read_in_turns),
		TEST(a_file_that_went_away_unread_is_told_once),
		TEST(a_large_file_does_not_hold_up_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
