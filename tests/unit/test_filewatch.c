/*
 * Which files are found, and which are refused. Runs as root where it can,
 * because what is refused depends on who may write where.
 */
#include "tailworld.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "inputs/identity.h"
#include "inputs/rotated.h"

enum { NOBODY = 65534 };

static void
expect_at(struct world *w, const char *texts, size_t row, int line)
{
	struct buf got = world_texts(w);

	check_text(buf_slice(&got), texts, row, "texts", __FILE__, line);
	check_that(w->lies == 0, "no frame was a lie", __FILE__, line);
	buf_free(&got);
}

#define EXPECT(w, texts) expect_at(w, texts, SIZE_MAX, __LINE__)

static void
link_to(struct world *w, const char *target, const char *name)
{
	char *path = world_path(w, name);

	CHECK(symlink(target, path) == 0);
	free(path);
}

static void
set_mode(struct world *w, const char *name, mode_t mode)
{
	char *path = world_path(w, name);

	CHECK(chmod(path, mode) == 0);
	free(path);
}

static bool
is_root(void)
{
	if (geteuid() == 0)
		return true;
	print_message("# not root: skipped\n");
	return false;
}

static void
names_of_older_siblings_are_known(void)
{
	static const struct {
		const char *name, *stem;
	} rows[] = {
		{ "auth.log.1", "auth.log" },
		{ "auth.log.2.gz", "auth.log" },
		{ "auth.log.10.xz", "auth.log" },
		{ "auth.log.gz", "auth.log" },
		{ "auth.log-20261123", "auth.log" },
		{ "auth.log-20261123.gz", "auth.log" },
		{ "auth.log-20261123-1763900000.gz", "auth.log" },
		{ "auth.log.2026-11-23", "auth.log" },
		{ "auth.log-2026-11-23_04", "auth.log" },
		{ "messages-20261123", "messages" },
		{ "app.1.log", "app.log" },
		{ "app-20261123.log", "app.log" },
		{ "app-20261123.log.gz", "app.log" },
		{ "/var/log/a.b/x.log.1", "/var/log/a.b/x.log" },
		{ "auth.log", NULL },
		{ "x", NULL },
		{ "", NULL },
		{ ".1", NULL },
		{ ".gz", NULL },
		{ "php8.2-fpm", NULL },
		{ "host-12", NULL },
		{ "app-2.log", NULL },
		{ "/var/log.1/x", NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf stem = { 0 };
		bool found = rotated_stem(slice_of(rows[i].name), &stem);

		CHECK_ROW(found == (rows[i].stem != NULL), i);
		CHECK_TEXT_ROW(buf_slice(&stem),
		    found ? rows[i].stem : "", i);
		buf_free(&stem);
	}
}

static void
paths_must_be_whole_and_plain(void)
{
	static const struct {
		const char *path;
		int ret;
	} rows[] = {
		{ "/var/log/*.log", 0 }, { "/x", 0 }, { "/*/*/[ab]?", 0 },
		{ "var/log", -1 }, { "", -1 }, { "/", -1 }, { "/a//b", -1 },
		{ "/a/../b", -1 }, { "/a/./b", -1 }, { "/a/", -1 },
	};
	struct err err;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct glob g;

		CHECK_ROW(glob_parse(&g, rows[i].path, &err) == rows[i].ret,
		    i);
		if (rows[i].ret == 0)
			glob_free(&g);
	}
}

static void
an_identity_survives_being_written(void)
{
	struct identity a, b = { 0 };
	struct buf text = { 0 };
	struct slice rest, part, key;
	struct stat st;
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC), again;

	CHECK(identity_place(fd, &a, &st) == 0);
	again = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	CHECK(identity_place(again, &b, &st) == 0);
	CHECK(identity_compare(&a, &b) == PLACE_OTHER);
	CHECK(identity_compare(&a, &a) != PLACE_OTHER);
	identity_learn(&a, S("first line\nsecond"));
	a.tail = mark_of(S("tail"));
	identity_write(&text, &a);
	buf_byte(&text, ' ');
	b = (struct identity){ 0 };
	for (rest = buf_slice(&text); slice_cut(&rest, ' ', &part);) {
		CHECK(slice_cut(&part, '=', &key));
		CHECK(identity_take(&b, key, part) == 1);
	}
	CHECK(memcmp(&a, &b, sizeof(a)) == 0);
	CHECK(identity_may_begin(&a, S("first line\nother")));
	CHECK(identity_may_begin(&a, S("fir")));
	CHECK(!identity_may_begin(&a, S("fir\n")));
	CHECK(!identity_may_begin(&a, S("second line\n")));
	buf_free(&text);
	close(fd);
	close(again);
}

/* T02 */
static void
files_in_new_directories_are_found(void)
{
	struct world w;

	world_open(&w);
	w.globs[0] = "*.log";
	w.globs[1] = "*/*.log";
	w.globs[2] = "*/*/*/*/*/x.log";
	w.globs[3] = "sub/fixed/*";
	world_start(&w);
	world_mkdir(&w, "sub");
	world_write(&w, "sub/a.log", "1\n");
	world_settle(&w);
	world_mkdir(&w, "sub/2");
	world_mkdir(&w, "sub/2/3");
	world_mkdir(&w, "sub/2/3/4");
	world_mkdir(&w, "sub/2/3/4/5");
	world_write(&w, "sub/2/3/4/5/x.log", "2\n");
	world_write(&w, "sub/2/3/4/5/y.log", "no\n");
	world_settle(&w);
	world_mkdir(&w, "sub/fixed");
	world_write(&w, "sub/fixed/any", "3\n");
	world_settle(&w);
	EXPECT(&w, "1|2|3|");
	/* The whole tree goes, and another comes. */
	world_rename(&w, "sub", "gone");
	world_settle(&w);
	world_mkdir(&w, "sub");
	world_write(&w, "sub/a.log", "4\n");
	world_settle(&w);
	EXPECT(&w, "1|2|3|4|");
	world_close(&w);
}

/* T19 */
static void
a_link_of_root_is_followed_and_switched(void)
{
	struct world w;

	if (!is_root())
		return;
	world_open(&w);
	world_mkdir(&w, "real");
	world_write(&w, "real/one", "1\n");
	world_write(&w, "real/two", "2\n");
	link_to(&w, "real/one", "a.log");
	world_start(&w);
	world_settle(&w);
	EXPECT(&w, "1|");
	world_write(&w, "real/one", "3\n");
	world_run(&w, 1100);
	EXPECT(&w, "1|3|");
	link_to(&w, "real/two", "new");
	world_rename(&w, "new", "a.log");
	world_run(&w, 1100);
	EXPECT(&w, "1|3|2|");
	CHECK(w.notice_count == 0);
	world_close(&w);
}

static void
a_link_that_others_could_have_placed_is_refused(void)
{
	static const struct {
		const char *target;
		mode_t dir, real;
	} rows[] = {
		{ "real/one", 0777, 0755 },
		{ "real/one", 0775, 0755 },
		{ "real/one", 0755, 0777 },
		{ "/etc/shadow", 0777, 0755 },
		{ "../../etc/shadow", 0777, 0755 },
		/* By way of a directory that others can write: /tmp. */
		{ "../one", 0755, 0755 },
	};

	if (!is_root())
		return;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world w;

		world_open(&w);
		world_mkdir(&w, "real");
		world_write(&w, "real/one", "1\n");
		link_to(&w, rows[i].target, "a.log");
		set_mode(&w, "real", rows[i].real);
		set_mode(&w, ".", rows[i].dir);
		world_start(&w);
		world_run(&w, 100);
		expect_at(&w, "", i, __LINE__);
		CHECK_ROW(w.files == 0, i);
		if (i < 5)
			CHECK_ROW(w.notice_count == 1, i);
		world_close(&w);
	}
}

/* T17 */
static void
a_hard_link_is_one_stream_or_refused(void)
{
	struct world w;
	char *a, *b;

	if (!is_root())
		return;
	for (int open_dir = 0; open_dir < 2; open_dir++) {
		world_open(&w);
		a = world_path(&w, "a.log");
		b = world_path(&w, "b.log");
		world_write(&w, "a.log", "1\n");
		CHECK(link(a, b) == 0);
		if (open_dir)
			set_mode(&w, ".", 0777);
		world_start(&w);
		world_write(&w, "b.log", "2\n");
		world_run(&w, 1200);
		EXPECT(&w, open_dir ? "" : "1|2|");
		CHECK(w.notice_count == (open_dir ? 2 : 1));
		free(a);
		free(b);
		world_close(&w);
	}
}

static void
make_node(struct world *w, const char *name, mode_t mode, dev_t dev)
{
	char *path = world_path(w, name);

	unlink(path);
	CHECK(mknod(path, mode, dev) == 0);
	free(path);
}

static void
fifos_devices_and_directories_never_block(void)
{
	struct world w;

	if (!is_root())
		return;
	world_open(&w);
	make_node(&w, "fifo.log", S_IFIFO | 0644, 0);
	make_node(&w, "zero.log", S_IFCHR | 0644, makedev(1, 5));
	make_node(&w, "sock.log", S_IFSOCK | 0644, 0);
	world_mkdir(&w, "dir.log");
	world_write(&w, "a.log", "1\n");
	world_start(&w);
	world_run(&w, 100);
	EXPECT(&w, "1|");
	CHECK(w.files == 1);
	CHECK(w.notice_count == 3);
	world_close(&w);
}

/* What an unprivileged user does with a directory that is his. */
static void
swap_for_ever(const char *path)
{
	char other[128];

	snprintf(other, sizeof(other), "%s.other", path);
	for (unsigned i = 0;; i++) {
		unlink(other);
		switch (i % 5) {
		case 0:
			if (symlink("/etc/shadow", other) == -1)
				_exit(1);
			break;
		case 1:
			if (mknod(other, S_IFIFO | 0666, 0) == -1)
				_exit(1);
			break;
		case 2:
			if (symlink("/dev/zero", other) == -1)
				_exit(1);
			break;
		case 3:
			if (link("/etc/passwd", other) == -1)
				_exit(1);
			break;
		default:
			close(open(other, O_WRONLY | O_CREAT | O_CLOEXEC,
			    0644));
			if (truncate(other, 0) == -1)
				_exit(1);
			break;
		}
		rename(other, path);
	}
}

/* T20 */
static void
no_byte_of_a_swapped_in_target_is_read(void)
{
	struct world w;
	char *path;
	pid_t child;

	if (!is_root())
		return;
	world_open(&w);
	path = world_path(&w, "a.log");
	set_mode(&w, ".", 0777);
	world_start(&w);
	child = fork();
	CHECK(child != -1);
	if (child == 0)
		swap_for_ever(path);
	world_run(&w, 1500);
	CHECK(kill(child, SIGKILL) == 0);
	CHECK(waitpid(child, NULL, 0) == child);
	EXPECT(&w, "");
	CHECK(w.notice_count >= 1 && w.notice_count <= 6);
	print_message("# %u files handed over, %u notices\n", w.files,
	    w.notice_count);
	free(path);
	world_close(&w);
}

/* T29 */
static void
odd_names_are_names(void)
{
	static const char *const names[] = {
		"new\nline.log", "tab\t.log", "quote\"'.log", "[a]*?.log",
		"comma,.log", "\xc3\xa4.log", "\xff\xfe.log", "-rf.log",
		"%s%n.log", "0123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789012345678901234567"
		"0123456789012345678901234567890123456789012345678901234567"
		"0123456789012345678901234567890123456789012345678901234567"
		"0123456789012345678901234567890123456.log",
	};
	struct world w;
	struct world_record *k;

	world_open(&w);
	for (size_t i = 0; i < COUNT(names); i++)
		world_write(&w, names[i], "x\n");
	world_start(&w);
	CHECK(world_count(&w) == COUNT(names));
	TAILQ_FOREACH(k, &w.open, link) {
		size_t i = 0;

		while (i < COUNT(names) && strcmp(k->source + strlen(w.dir) +
		    1, names[i]) != 0)
			i++;
		CHECK(i < COUNT(names));
	}
	world_restart(&w);
	CHECK(world_count(&w) == COUNT(names));
	world_close(&w);
}

/* T30 */
static void
a_file_that_may_be_read_later_is_read_then(void)
{
	struct world w;

	if (!is_root())
		return;
	world_open(&w);
	set_mode(&w, ".", 0755);
	world_write(&w, "a.log", "1\n");
	set_mode(&w, "a.log", 0600);
	setfsuid(NOBODY);
	world_start(&w);
	setfsuid(0);
	world_write(&w, "a.log", "2\n");
	setfsuid(NOBODY);
	world_settle(&w);
	CHECK(w.files == 0);
	CHECK(w.notice_count == 1);
	setfsuid(0);
	set_mode(&w, "a.log", 0644);
	setfsuid(NOBODY);
	world_settle(&w);
	setfsuid(0);
	EXPECT(&w, "1|2|");
	world_close(&w);
}

/* T34 */
static void
polling_finds_the_same(void)
{
	struct world w;

	world_open(&w);
	w.poll = true;
	w.globs[1] = "*/b.log";
	world_write(&w, "a.log", "1\n");
	world_start(&w);
	world_write(&w, "a.log", "2\n");
	world_mkdir(&w, "sub");
	world_write(&w, "sub/b.log", "3\n");
	world_run(&w, 1200);
	world_rename(&w, "a.log", "a.log.1");
	world_write(&w, "a.log.1", "4\n");
	world_write(&w, "a.log", "5\n");
	world_run(&w, 1200);
	CHECK(world_count(&w) == 5);
	world_remove(&w, "a.log");
	world_run(&w, 2500);
	CHECK(w.tail->count == 1);
	world_close(&w);
}

/* T36 */
static void
an_overflow_of_events_loses_no_line(void)
{
	struct world w;
	char *path;

	world_open(&w);
	world_start(&w);
	world_write(&w, "a.log", "1\n");
	world_settle(&w);
	path = world_path(&w, "noise");
	for (int i = 0; i < 20000; i++) {
		close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
		unlink(path);
	}
	world_write(&w, "a.log", "2\n");
	world_write(&w, "b.log", "3\n");
	world_rename(&w, "a.log", "a.log.1");
	world_write(&w, "a.log", "4\n");
	world_settle(&w);
	EXPECT(&w, "1|2|3|4|");
	CHECK(w.notice_count == 1);
	free(path);
	world_close(&w);
}

static void
write_proc(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd == -1 || write_all(fd, slice_of(text)) == -1)
		_exit(77);
	close(fd);
}

/* In a child: a limit of a user namespace that dies with it. */
static void
without_watches(void)
{
	struct world w;

	if (unshare(CLONE_NEWUSER) == -1)
		_exit(77);
	write_proc("/proc/sys/user/max_inotify_watches", "1");
	world_open(&w);
	world_write(&w, "a.log", "1\n");
	world_start(&w);
	world_write(&w, "a.log", "2\n");
	world_run(&w, 1200);
	_exit(world_count(&w) == 2 && w.notice_count == 1 ? 0 : 1);
}

/* T37 */
static void
without_watches_it_polls_and_says_so(void)
{
	pid_t child = fork();
	int status;

	CHECK(child != -1);
	if (child == 0)
		without_watches();
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		print_message("# no user namespace: skipped\n");
	else
		CHECK(WEXITSTATUS(status) == 0);
}

/* T38 */
static void
excluded_files_are_not_opened(void)
{
	static const char *patterns[] = { "noisy*", "/tmp/*/sub/x.log" };
	struct strlist exclude = { patterns, 2 };
	struct world w;

	world_open(&w);
	w.globs[1] = "sub/*.log";
	w.exclude = &exclude;
	world_mkdir(&w, "sub");
	world_write(&w, "noisy.log", "no\n");
	world_write(&w, "noisy.log.1", "no\n");
	world_write(&w, "sub/x.log", "no\n");
	world_write(&w, "sub/y.log", "1\n");
	world_start(&w);
	EXPECT(&w, "1|");
	CHECK(w.files == 1);
	world_close(&w);
}

static void
hidden_files_are_not_meant_by_a_star(void)
{
	struct world w;

	world_open(&w);
	world_write(&w, ".hidden.log", "no\n");
	world_write(&w, "a.log", "1\n");
	world_start(&w);
	EXPECT(&w, "1|");
	world_close(&w);
}

/* T32, smaller */
static void
thousands_of_files_cost_few_frames(void)
{
	struct world w;
	char name[32];

	world_open(&w);
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "%d.log", i);
		world_write(&w, name, "1\n");
	}
	world_start(&w);
	world_run(&w, 50);
	CHECK(world_count(&w) == 3000);
	CHECK(w.files == 3000);
	w.grews = 0;
	for (int round = 0; round < 20; round++)
		for (int i = 0; i < 100; i++) {
			snprintf(name, sizeof(name), "%d.log", i * 30);
			world_write(&w, name, "2\n");
		}
	world_settle(&w);
	CHECK(world_count(&w) == 5000);
	print_message("# 2000 writes to 100 of 3000 files: %u frames\n",
	    w.grews);
	CHECK(w.grews <= 400);
	w.grews = 0;
	world_run(&w, 300);
	CHECK(w.grews == 0);
	world_close(&w);
}

/* At most 20 of a name are handed over at the start, the newest. */
static void
of_many_older_siblings_the_newest_are_shown(void)
{
	struct world w;
	char name[32];

	world_open(&w);
	world_write(&w, "a.log", "1\n");
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "a.log.%d", i);
		world_write(&w, name, "old\n");
	}
	world_write(&w, "a.log.99.xz", "no\n");
	/* Older than the first start by more than a tick of the kernel. */
	world_run(&w, 60);
	world_start(&w);
	CHECK(w.files == 1 + FILEWATCH_SIBLINGS_MAX);
	EXPECT(&w, "1|");
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_of_older_siblings_are_known),
		TEST(paths_must_be_whole_and_plain),
		TEST(an_identity_survives_being_written),
		TEST(files_in_new_directories_are_found),
		TEST(a_link_of_root_is_followed_and_switched),
		TEST(a_link_that_others_could_have_placed_is_refused),
		TEST(a_hard_link_is_one_stream_or_refused),
		TEST(fifos_devices_and_directories_never_block),
		TEST(no_byte_of_a_swapped_in_target_is_read),
		TEST(odd_names_are_names),
		TEST(a_file_that_may_be_read_later_is_read_then),
		TEST(polling_finds_the_same),
		TEST(an_overflow_of_events_loses_no_line),
		TEST(without_watches_it_polls_and_says_so),
		TEST(excluded_files_are_not_opened),
		TEST(hidden_files_are_not_meant_by_a_star),
		TEST(thousands_of_files_cost_few_frames),
		TEST(of_many_older_siblings_the_newest_are_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
