/*
 * A disk that is full or broken. The test stands in for the C library's
 * writing and syncing, so each call of SQLite's can be made to fail.
 */
#include "check.h"

#include <sys/syscall.h>

#include "journal_make.h"

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at);

/* Which call fails, from now on: 0 none; and with what. */
static struct {
	long after;		/* so many go well */
	bool once;
	bool database;		/* only where it is not the WAL */
	int writes, syncs;	/* errno, or 0 */
} fault;

static bool
is_database(int fd)
{
	char link[32], path[256];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path));
	return n > 0 && slice_ends(slice_bytes(path, (size_t)n),
	    S("journal.db"));
}

static bool
fails(int fd, int code)
{
	if (code == 0 || (fault.database && !is_database(fd)) ||
	    fault.after-- > 0)
		return false;
	if (fault.once)
		fault.writes = fault.syncs = 0;
	errno = code;
	return true;
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	if (fails(fd, fault.writes))
		return -1;
	return syscall(SYS_pwrite64, fd, p, n, at);
}

int
fdatasync(int fd)
{
	return fails(fd, fault.syncs) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int
fsync(int fd)
{
	return fails(fd, fault.syncs) ? -1 : (int)syscall(SYS_fsync, fd);
}

static void
heal(void)
{
	fault.writes = fault.syncs = 0;
	fault.after = 0;
	fault.once = fault.database = false;
}

static int
try_append(struct store *st, struct made *m, uint64_t from, uint64_t count,
    struct err *err)
{
	for (uint64_t n = from; n < from + count; n++) {
		struct entry e = made_entry(m, n);

		if (store_append(st, &e, err) == -1)
			return -1;
	}
	return store_commit(st, err);
}

static const struct {
	int writes, syncs;
	bool full;
} faults[] = {
	{ ENOSPC, 0, true },
	{ EDQUOT, 0, true },
	{ EIO, 0, true },
	{ EFBIG, 0, true },
	{ 0, EIO, true },
	{ 0, ENOSPC, true },
};

static void
a_failed_write_keeps_nothing_and_a_later_try_works(void)
{
	for (size_t i = 0; i < COUNT(faults) * 8; i++) {
		size_t f = i / 8;
		struct err err = { "" };
		struct made m;
		struct store *st;

		made_begin(&m);
		st = made_open(m.dir);
		made_append(st, &m, 0, 10);
		made_commit(st);
		fault.writes = faults[f].writes;
		fault.syncs = faults[f].syncs;
		fault.after = faults[f].writes != 0 ? (long)(i % 8 * 3) : 0;
		/* More than the page cache, so that it is written midway. */
		CHECK_ROW(try_append(st, &m, 10, 3000, &err) == -1, i);
		heal();
		CHECK_ROW(store_is_full(st) == faults[f].full, i);
		CHECK_ROW(strstr(err.text, "journal.db") != NULL, i);
		CHECK_ROW(store_pending(st) == 0, i);
		CHECK_ROW(made_count(st) == 10, i);
		CHECK_ROW(store_tidy(st, MADE_TIME, NULL) == 0, i);
		CHECK_ROW(try_append(st, &m, made_count(st), 50, &err) == 0,
		    i);
		CHECK_ROW(!store_is_full(st), i);
		CHECK_ROW(made_intact(st), i);
		store_close(st);
		made_end(&m);
	}
}

/* What commit said is true after a kill, whatever was denied in between. */
static void
what_was_said_to_be_kept_is_kept(void)
{
	struct made m;
	struct store *st;
	uint64_t kept = 0;

	made_begin(&m);
	st = made_open(m.dir);
	for (int i = 0; i < 300; i++) {
		uint64_t from = (uint64_t)i * 20;

		fault.once = true;
		fault.after = i * 7 % 23;
		fault.writes = i % 3 == 0 ? EIO : 0;
		fault.syncs = i % 3 == 1 ? EIO : 0;
		if (try_append(st, &m, from, 20, NULL) == 0)
			kept += 20;
		else
			CHECK_ROW(store_pending(st) == 0, i);
		heal();
		CHECK_ROW(made_count(st) == kept, i);
		if (i % 50 == 49) {
			CHECK(made_intact(st));
			store_close(st);
			st = made_open(m.dir);
		}
	}
	CHECK(kept < 300 * 20 && kept > 100 * 20);
	store_close(st);
	made_end(&m);
}

/* The WAL holds it, so a database that can't be written to is no loss. */
static void
a_failed_checkpoint_is_no_failed_commit(void)
{
	struct made m;
	struct store *st;
	uint64_t n = 0;
	bool failed = false;

	made_begin(&m);
	st = made_open(m.dir);
	for (int i = 0; i < 400; i++, n += 20) {
		struct err err = { "" };

		fault.database = true;
		fault.writes = i < 200 ? ENOSPC : 0;
		fault.syncs = EIO;
		CHECK_ROW(try_append(st, &m, n, 20, &err) == 0, i);
		failed |= fault.after < 0;
		heal();
	}
	CHECK(failed);
	CHECK(made_count(st) == n);
	CHECK(made_intact(st));
	store_close(st);
	st = made_open(m.dir);
	CHECK(made_count(st) == n);
	store_close(st);
	made_end(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_failed_write_keeps_nothing_and_a_later_try_works),
		TEST(what_was_said_to_be_kept_is_kept),
		TEST(a_failed_checkpoint_is_no_failed_commit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
