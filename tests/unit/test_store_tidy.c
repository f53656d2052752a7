/* Limits by age and size, the reserve, and a disk that is really full. */
#include "check.h"

#include <sched.h>
#include <sys/mount.h>

#include "journal_make.h"

static struct store *
open_limited(const char *dir, const struct store_limits *limits)
{
	struct store *st = NULL;
	struct err err = { "" };

	if (store_open(dir, limits, NULL, &st, &err) == -1)
		print_error("%s\n", err.text);
	CHECK(st != NULL);
	return st;
}

static struct store_numbers
numbers(struct store *st)
{
	struct store_numbers n;

	CHECK(store_count(st, &n, NULL) == 0);
	return n;
}

static uint64_t
file_bytes(const char *dir, const char *name)
{
	char path[128];
	struct stat sb;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return stat(path, &sb) == 0 ? (uint64_t)sb.st_blocks * 512 : 0;
}

/* Record n is of second n; each tenth is evidence. */
static void
age_drops_the_front_of_each_chain(void)
{
	const struct store_limits limits = { .bulk = 600 * SECOND,
	    .evidence = 1500 * SECOND };
	struct store_numbers n;
	struct made m;
	struct store *st;
	struct buf head = { 0 };
	struct verdict v;

	made_begin(&m);
	st = open_limited(m.dir, &limits);
	made_append(st, &m, 0, 2000);
	made_commit(st);
	CHECK(store_tidy(st, MADE_TIME + 2000 * SECOND, NULL) == 0);
	n = numbers(st);
	CHECK(n.by_kind[KIND_ALERT] == 540);
	CHECK(n.by_kind[KIND_EVENT] == 150);
	CHECK(made_intact(st));
	made_append(st, &m, 2000, 10);
	made_commit(st);
	CHECK(made_intact(st));
	store_close(st);
	st = made_read(m.dir);
	CHECK(made_intact(st));
	/* The anchor itself is a head that somebody may have seen. */
	n = numbers(st);
	buf_fmt(&head, "%llu:",
	    (unsigned long long)n.head_seq[CLASS_EVIDENCE]);
	buf_hex(&head, digest_slice(&n.head[CLASS_EVIDENCE]));
	CHECK(store_verify(st, buf_slice(&head), &v, NULL) == 0);
	buf_free(&v.what);
	buf_free(&head);
	store_close(st);
	made_end(&m);
}

static void
all_may_go_and_the_chain_goes_on(void)
{
	const struct store_limits limits = { .bulk = 1, .evidence = 1 };
	struct made m;
	struct store *st;

	made_begin(&m);
	st = open_limited(m.dir, &limits);
	made_append(st, &m, 0, 1000);
	made_commit(st);
	CHECK(store_tidy(st, MADE_TIME + DAY, NULL) == 0);
	CHECK(made_count(st) == 0);
	CHECK(made_intact(st));
	store_close(st);
	st = open_limited(m.dir, &limits);
	made_append(st, &m, 1000, 10);
	made_commit(st);
	CHECK(numbers(st).head_seq[CLASS_BULK] == 1009);
	CHECK(made_intact(st));
	store_close(st);
	made_end(&m);
}

static void
the_size_is_kept_at_every_commit(void)
{
	const struct store_limits limits = { .size = 12 << 20 };
	struct made m;
	struct store *st;

	made_begin(&m);
	st = open_limited(m.dir, &limits);
	for (uint64_t n = 0; n < 20000; n += 500) {
		made_append(st, &m, n, 500);
		made_commit(st);
		CHECK_ROW(file_bytes(m.dir, "journal.db") <= 6 << 20, n);
		CHECK_ROW(file_bytes(m.dir, "journal.db-wal") <= 16 << 20,
		    n);
	}
	CHECK(made_count(st) < 15000);
	/* The oldest of bulk goes first: no event of record is missing. */
	CHECK(numbers(st).by_kind[KIND_EVENT] == 2000);
	CHECK(made_intact(st));
	store_close(st);
	made_end(&m);
}

static void
a_lower_limit_gives_the_disk_back(void)
{
	const struct store_limits limits = { .size = 10 << 20 };
	struct made m;
	struct store *st;
	uint64_t before;

	made_begin(&m);
	st = made_open(m.dir);
	made_append(st, &m, 0, 15000);
	store_close(st);
	before = file_bytes(m.dir, "journal.db");
	st = open_limited(m.dir, &limits);
	for (int i = 0; i < 10; i++)
		CHECK(store_tidy(st, MADE_TIME, NULL) == 0);
	CHECK(made_intact(st));
	store_close(st);
	CHECK(before > 8 << 20);
	CHECK(file_bytes(m.dir, "journal.db") <= (2 << 20) + 65536);
	made_end(&m);
}

static void
there_is_a_reserve(void)
{
	struct made m;

	made_begin(&m);
	store_close(made_open(m.dir));
	CHECK(file_bytes(m.dir, "reserve") >= 8 << 20);
	made_end(&m);
}

/* Fills the small disk that dir is on, but for some bytes. */
static void
fill_disk(const char *dir, int *fd)
{
	static const char block[65536];
	char path[128];

	snprintf(path, sizeof(path), "%s/ballast", dir);
	*fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	for (size_t n = sizeof(block); *fd != -1 && n >= 512; n /= 2)
		while (write(*fd, block, n) == (ssize_t)n)
			continue;
}

static int
append_some(struct store *st, struct made *m, uint64_t from)
{
	for (uint64_t n = from; n < from + 100; n++) {
		struct entry e = made_entry(m, n);

		if (store_append(st, &e, NULL) == -1)
			return -1;
	}
	return store_commit(st, NULL);
}

/*
 * A disk that somebody else fills: appends go on from the reserve and then
 * fail, nothing is forgotten, and once there is room they go on.
 */
static int
on_a_full_disk(struct made *m)
{
	struct store *st;
	uint64_t n = 0, refused = 0;
	int fd;

	if (unshare(CLONE_NEWNS) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("none", m->dir, "tmpfs", 0, "size=96m,mode=0700") == -1)
		return 77;
	st = made_open(m->dir);
	for (; n < 5000; n += 100)
		CHECK(append_some(st, m, n) == 0);
	CHECK(!store_is_tight(st));
	fill_disk(m->dir, &fd);
	for (int i = 0; i < 1000; i++) {
		if (append_some(st, m, n) == 0) {
			n += 100;
			continue;
		}
		CHECK(store_is_full(st));
		/* Its own transactions may fail, too: that is no news. */
		store_tidy(st, MADE_TIME, NULL);
		CHECK(store_is_tight(st));
		CHECK(made_count(st) == n);
		refused++;
	}
	CHECK(refused > 500 && n > 5000);
	CHECK(made_intact(st));
	CHECK(ftruncate(fd, 0) == 0);
	for (int i = 0; i < 50; i++, n += 100)
		CHECK(append_some(st, m, n) == 0);
	CHECK(!store_is_full(st));
	CHECK(store_tidy(st, MADE_TIME, NULL) == 0);
	CHECK(file_bytes(m->dir, "reserve") == 8 << 20);
	CHECK(!store_is_tight(st));
	store_close(st);
	st = made_read(m->dir);
	CHECK(made_count(st) == n);
	CHECK(made_intact(st));
	store_close(st);
	return 0;
}

static void
a_full_disk_is_lived_with(void)
{
	struct made m;
	pid_t pid;
	int status;

	made_begin(&m);
	pid = fork();
	CHECK(pid != -1);
	if (pid == 0)
		_exit(on_a_full_disk(&m));
	CHECK(waitpid(pid, &status, 0) == pid);
	made_end(&m);
	CHECK(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	CHECK(WEXITSTATUS(status) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(age_drops_the_front_of_each_chain),
		TEST(all_may_go_and_the_chain_goes_on),
		TEST(the_size_is_kept_at_every_commit),
		TEST(a_lower_limit_gives_the_disk_back),
		TEST(there_is_a_reserve),
		TEST(a_full_disk_is_lived_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
