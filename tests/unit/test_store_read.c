/*
 * Reading a journal that one may not write: the same rows, whether its sensor
 * was stopped, was killed or runs, on a copied directory and a read-only
 * mount, and by whoever may read the files.
 */
#include "check.h"

#include <dirent.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>

#include "journal_make.h"

enum { RECORDS = 3000 };

/* A writer in a process of its own, as it is in life. */
struct writer {
	pid_t pid;
	int go, done;
};

static void
tell(int fd)
{
	if (write(fd, ".", 1) != 1)
		_exit(1);
}

static void
wait_for(int fd)
{
	char c;

	if (read(fd, &c, 1) != 1)
		_exit(0);
}

/*
 * Appends, says so, and goes on appending each time it is told; closes the
 * journal when the other end of the pipe is gone.
 */
static void
write_on(struct made *m, int go, int done)
{
	struct store *st = made_open(m->dir);
	char c;

	made_append(st, m, 0, RECORDS);
	made_commit(st);
	tell(done);
	for (uint64_t n = RECORDS; read(go, &c, 1) == 1; n += 100) {
		made_append(st, m, n, 100);
		made_commit(st);
		tell(done);
	}
	store_close(st);
	_exit(0);
}

static struct writer
writer_start(struct made *m)
{
	struct writer w;
	int go[2], done[2];

	CHECK(pipe(go) == 0 && pipe(done) == 0);
	w.pid = fork();
	CHECK(w.pid != -1);
	if (w.pid == 0) {
		close(go[1]);
		close(done[0]);
		write_on(m, go[0], done[1]);
	}
	close(go[0]);
	close(done[1]);
	w.go = go[1];
	w.done = done[0];
	wait_for(w.done);
	return w;
}

static void
writer_end(struct writer *w, int signo)
{
	int status;

	if (signo != 0)
		kill(w->pid, signo);
	close(w->go);
	CHECK(waitpid(w->pid, &status, 0) == w->pid);
	CHECK(signo != 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
	close(w->done);
}

static off_t
size_of(const char *dir, const char *name)
{
	char path[128];
	struct stat sb;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return stat(path, &sb) == 0 ? sb.st_size : -1;
}

static struct digest
read_digest(const char *dir)
{
	struct store *st = made_read(dir);
	struct digest d = made_digest(st);

	CHECK(made_count(st) == RECORDS);
	CHECK(made_intact(st));
	CHECK(strlen(store_host(st)->id) == 32);
	store_close(st);
	return d;
}

static bool
same(struct digest a, struct digest b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static void
copy_dir(const char *from, char *to)
{
	static const char *const names[] = { "journal.db", "journal.db-wal",
	    "lock" };

	CHECK(mkdtemp(to) != NULL);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct buf b = { 0 };
		char path[128];
		int fd;

		snprintf(path, sizeof(path), "%s/%s", from, names[i]);
		if (read_file(path, &b, SIZE_MAX / 2, NULL) == -1)
			continue;
		snprintf(path, sizeof(path), "%s/%s", to, names[i]);
		fd = open(path, O_WRONLY | O_CREAT, 0600);
		CHECK(write_all(fd, buf_slice(&b)) == 0);
		close(fd);
		buf_free(&b);
	}
}

static unsigned
count_entries(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	CHECK(d != NULL);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static void
stopped_killed_running_and_copied_give_the_same_rows(void)
{
	char copy[] = "/tmp/vedette-copy.XXXXXX";
	struct digest running, killed, copied, stopped;
	struct made m;
	struct writer w;

	made_begin(&m);
	w = writer_start(&m);
	CHECK(size_of(m.dir, "journal.db-wal") > 0);
	running = read_digest(m.dir);
	writer_end(&w, SIGKILL);
	CHECK(size_of(m.dir, "journal.db-wal") > 0);
	killed = read_digest(m.dir);
	copy_dir(m.dir, copy);
	copied = read_digest(copy);
	made_remove(copy);
	store_close(made_open(m.dir));
	CHECK(size_of(m.dir, "journal.db-wal") == -1);
	stopped = read_digest(m.dir);
	CHECK(same(running, killed));
	CHECK(same(running, copied));
	CHECK(same(running, stopped));
	made_end(&m);
}

static void
nothing_is_written_below_the_directory(void)
{
	char work[] = "/tmp/vedette-tmp.XXXXXX";
	struct made m;
	struct writer w;
	struct store *st;
	unsigned before;

	CHECK(mkdtemp(work) != NULL);
	CHECK(setenv("TMPDIR", work, 1) == 0);
	made_begin(&m);
	w = writer_start(&m);
	before = count_entries(m.dir);
	writer_end(&w, SIGKILL);
	st = made_read(m.dir);
	CHECK(count_entries(m.dir) == before);
	/* Of the copy not even the name is left while it is in use. */
	CHECK(count_entries(work) == 2);
	CHECK(made_count(st) == RECORDS);
	store_close(st);
	CHECK(unsetenv("TMPDIR") == 0);
	CHECK(rmdir(work) == 0);
	made_end(&m);
}

/* In a child: its mounts are its own and end with it. */
static int
read_only_mount(struct made *m)
{
	char at[] = "/tmp/vedette-ro.XXXXXX";
	struct digest before = read_digest(m->dir), after;

	if (mkdtemp(at) == NULL || unshare(CLONE_NEWNS) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount(m->dir, at, NULL, MS_BIND, NULL) == -1 ||
	    mount(NULL, at, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY,
	    NULL) == -1)
		return 77;
	after = read_digest(at);
	umount2(at, MNT_DETACH);
	rmdir(at);
	return same(before, after) ? 0 : 1;
}

/* Nobody, whom the owner lets read: neither locks nor indexes can be made. */
static int
other_user(struct made *m)
{
	struct digest before = read_digest(m->dir);
	static const char *const names[] = { "journal.db", "journal.db-wal",
	    "lock" };
	char path[128];

	if (chmod(m->dir, 0755) == -1)
		return 77;
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", m->dir, names[i]);
		if (chmod(path, 0444) == -1 && errno != ENOENT)
			return 77;
	}
	if (setgroups(0, NULL) == -1 || setgid(65534) == -1 ||
	    setuid(65534) == -1)
		return 77;
	return same(before, read_digest(m->dir)) ? 0 : 1;
}

static void
in_child(int (*run)(struct made *m), struct made *m)
{
	pid_t pid = fork();
	int status;

	CHECK(pid != -1);
	if (pid == 0)
		_exit(run(m));
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	CHECK(WEXITSTATUS(status) == 0);
}

/* With a WAL and without. */
static void
a_read_only_mount_is_read(void)
{
	struct made m;
	struct writer w;

	made_begin(&m);
	w = writer_start(&m);
	writer_end(&w, SIGKILL);
	in_child(read_only_mount, &m);
	store_close(made_open(m.dir));
	in_child(read_only_mount, &m);
	made_end(&m);
}

static void
whoever_may_read_the_files_reads_the_journal(void)
{
	struct made m;
	struct writer w;

	made_begin(&m);
	w = writer_start(&m);
	writer_end(&w, SIGKILL);
	in_child(other_user, &m);
	CHECK(chmod(m.dir, 0700) == 0);
	store_close(made_open(m.dir));
	in_child(other_user, &m);
	made_end(&m);
}

static void
a_copy_of_a_growing_journal_is_whole(void)
{
	struct made m;
	struct writer w;
	uint64_t before = RECORDS;

	made_begin(&m);
	w = writer_start(&m);
	for (int i = 0; i < 30; i++) {
		struct store *st;
		uint64_t count;

		tell(w.go);
		st = made_read(m.dir);
		count = made_count(st);
		CHECK_ROW(count >= before && count % 100 == 0, i);
		CHECK_ROW(made_intact(st), i);
		before = count;
		store_close(st);
	}
	for (int i = 0; i < 30; i++)
		wait_for(w.done);
	writer_end(&w, 0);
	made_end(&m);
}

static void
what_is_no_journal_is_named(void)
{
	static const struct {
		const char *content;	/* NULL: no file */
		const char *said;
	} rows[] = {
		{ NULL, "no journal there" },
		{ "", "not a journal" },
		{ "no database of any kind, however long one reads it, which "
		    "has to be for a hundred bytes at the very least......",
		    "not a database" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct made m;
		struct store *st = NULL;
		struct err err = { "" };
		char path[128];
		int fd;

		made_begin(&m);
		snprintf(path, sizeof(path), "%s/journal.db", m.dir);
		fd = rows[i].content != NULL ?
		    open(path, O_WRONLY | O_CREAT, 0600) : -1;
		CHECK(fd == -1 || write_all(fd,
		    slice_of(rows[i].content)) == 0);
		if (fd != -1)
			close(fd);
		CHECK_ROW(store_open_read(m.dir, &st, &err) == -1, i);
		CHECK_ROW(strstr(err.text, rows[i].said) != NULL, i);
		CHECK_ROW(st == NULL, i);
		made_end(&m);
	}
}

static void
a_name_with_odd_characters_is_opened(void)
{
	struct made m;
	char dir[256];

	made_begin(&m);
	snprintf(dir, sizeof(dir), "%s/a ?b#c%%d\xc3\xbc&mode=rw", m.dir);
	store_close(made_open(dir));
	store_close(made_read(dir));
	made_end(&m);
}

/*
 * A WAL may end anywhere: each length gives a prefix of what was written, and
 * all that was committed before the tail.
 */
static void
a_wal_cut_anywhere_gives_whole_transactions(void)
{
	char copy[] = "/tmp/vedette-cut.XXXXXX";
	char path[128];
	struct made m;
	struct writer w;
	off_t size;
	uint64_t before = UINT64_MAX;

	made_begin(&m);
	w = writer_start(&m);
	for (int i = 0; i < 5; i++) {
		tell(w.go);
		wait_for(w.done);
	}
	writer_end(&w, SIGKILL);
	copy_dir(m.dir, copy);
	snprintf(path, sizeof(path), "%s/journal.db-wal", copy);
	size = size_of(copy, "journal.db-wal");
	for (int i = 0; size > 65536 && i < 200; i++) {
		struct store *st;
		uint64_t count;

		CHECK(truncate(path, size - i * 331) == 0);
		st = made_read(copy);
		count = made_count(st);
		CHECK_ROW(count % 100 == 0 && count <= before, i);
		CHECK_ROW(i > 0 || count == RECORDS + 500, i);
		CHECK_ROW(i % 10 != 0 || made_intact(st), i);
		before = count;
		store_close(st);
	}
	/* And one that is written on. */
	store_close(made_open(copy));
	made_remove(copy);
	made_end(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(stopped_killed_running_and_copied_give_the_same_rows),
		TEST(nothing_is_written_below_the_directory),
		TEST(a_read_only_mount_is_read),
		TEST(whoever_may_read_the_files_reads_the_journal),
		TEST(a_copy_of_a_growing_journal_is_whole),
		TEST(what_is_no_journal_is_named),
		TEST(a_name_with_odd_characters_is_opened),
		TEST(a_wal_cut_anywhere_gives_whole_transactions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
