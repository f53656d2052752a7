#include "delivery.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

extern const struct output out_file;

static const char *const one[] = { "{\"n\":1}" };
static const char *const three[] = { "{\"n\":1}", "{\"n\":2}", "{\"n\":3}" };

struct place {
	char dir[64], path[96], other[96], options[160];
};

static void
make_place(struct place *p)
{
	snprintf(p->dir, sizeof(p->dir), "/tmp/vedette-file-XXXXXX");
	CHECK(mkdtemp(p->dir) != NULL);
	snprintf(p->path, sizeof(p->path), "%s/out", p->dir);
	snprintf(p->other, sizeof(p->other), "%s/out.1", p->dir);
	snprintf(p->options, sizeof(p->options), "path: %s", p->path);
}

static void
remove_place(const struct place *p)
{
	unlink(p->path);
	unlink(p->other);
	CHECK(rmdir(p->dir) == 0);
}

static void
check_file(const char *path, const char *want)
{
	struct buf b = { 0 };
	struct err err;

	CHECK(read_file(path, &b, 1 << 20, &err) == 0);
	CHECK_TEXT(buf_slice(&b), want);
	buf_free(&b);
}

static void
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd != -1 && write_all(fd, slice_of(text)) == 0);
	close(fd);
}

static void
each_record_is_one_line(void)
{
	struct delivery_test t;
	struct place p;
	struct stat st;

	make_place(&p);
	CHECK(delivery_begin(&t, &out_file, p.options));
	delivery_send(&t, three, 3);
	CHECK_TEXT(delivery_wait(&t), "+3 ");
	check_file(p.path, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
	CHECK(stat(p.path, &st) == 0 && (st.st_mode & 0137) == 0);
	delivery_end(&t);
	remove_place(&p);
}

static void
a_file_that_was_moved_or_removed_is_made_anew(void)
{
	struct delivery_test t;
	struct place p;

	make_place(&p);
	CHECK(delivery_begin(&t, &out_file, p.options));
	delivery_send(&t, one, 1);
	CHECK(rename(p.path, p.other) == 0);
	delivery_send(&t, three, 3);
	check_file(p.other, "{\"n\":1}\n");
	check_file(p.path, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
	unlink(p.path);
	delivery_send(&t, one, 1);
	check_file(p.path, "{\"n\":1}\n");
	/* Copied and truncated. */
	CHECK(truncate(p.path, 0) == 0);
	delivery_send(&t, one, 1);
	check_file(p.path, "{\"n\":1}\n");
	delivery_end(&t);
	remove_place(&p);
}

static void
a_torn_last_line_is_ended_first(void)
{
	struct delivery_test t;
	struct place p;

	make_place(&p);
	write_file(p.path, "{\"n\":0}\n{\"half");
	CHECK(delivery_begin(&t, &out_file, p.options));
	delivery_send(&t, one, 1);
	delivery_send(&t, one, 1);
	check_file(p.path, "{\"n\":0}\n{\"half\n{\"n\":1}\n{\"n\":1}\n");
	delivery_end(&t);
	remove_place(&p);
}

/* RLIMIT_FSIZE stands for the full disk: a write that stops half way. */
static void
what_a_full_disk_cut_is_taken_back_and_comes_again(void)
{
	struct rlimit before, small;
	struct delivery_test t;
	struct place p;

	make_place(&p);
	CHECK(delivery_begin(&t, &out_file, p.options));
	delivery_send(&t, one, 1);
	CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
	small = before;
	small.rlim_cur = 20;
	signal(SIGXFSZ, SIG_IGN);
	CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
	delivery_send(&t, three, 3);
	CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
	CHECK_TEXT(delivery_wait(&t), "retry ");
	CHECK(slice_starts(slice_of(t.reason), S("cannot write /tmp/")));
	check_file(p.path, "{\"n\":1}\n");
	delivery_send(&t, three, 3);
	check_file(p.path, "{\"n\":1}\n{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
	delivery_end(&t);
	remove_place(&p);
}

static void
only_a_plain_file_is_written_to(void)
{
	struct delivery_test t;
	struct place p;

	make_place(&p);
	CHECK(delivery_begin(&t, &out_file, p.options));
	CHECK(mkfifo(p.path, 0600) == 0);
	delivery_send(&t, one, 1);
	CHECK_TEXT(delivery_wait(&t), "retry ");
	unlink(p.path);
	CHECK(symlink("/etc/passwd", p.path) == 0);
	delivery_send(&t, one, 1);
	CHECK_TEXT(delivery_wait(&t), "retry ");
	unlink(p.path);
	delivery_send(&t, one, 1);
	CHECK_TEXT(delivery_wait(&t), "+1 ");
	delivery_end(&t);
	remove_place(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_record_is_one_line),
		TEST(a_file_that_was_moved_or_removed_is_made_anew),
		TEST(a_torn_last_line_is_ended_first),
		TEST(what_a_full_disk_cut_is_taken_back_and_comes_again),
		TEST(only_a_plain_file_is_written_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
