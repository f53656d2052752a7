/*
 * Reading a journal that belongs to somebody else, or to nobody any more.
 * Nothing is ever written below its directory, so it may be on a read-only
 * mount and of a user whose files one may only read.
 *
 * Without a WAL the database says it all, and is opened immutable. With one,
 * SQLite would have to write (the index of the WAL, its locks), so both files
 * are copied to a private directory. The database first, the WAL after it:
 * whatever is moved into the database meanwhile stands in the WAL too, unless
 * that is begun anew, which changes its salts.
 */
#include "store/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/fs.h>

#include "base/file.h"

enum { WAL_HEADER = 32, TRIES = 50, PART = 1 << 20 };

static const char db_name[] = "journal.db", wal_name[] = "journal.db-wal";

static int
open_file(const struct store *st, const char *name, struct err *err)
{
	int fd = openat(st->dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
	    O_NOCTTY);
	struct stat sb;

	if (fd == -1 && errno == ENOENT)
		return err_set(err, "%s: no journal there (no %s)", st->dir,
		    name);
	if (fd == -1)
		return err_sys(err, "%s/%s", st->dir, name);
	if (fstat(fd, &sb) == -1 || !S_ISREG(sb.st_mode)) {
		close(fd);
		return err_set(err, "%s/%s: not a regular file", st->dir,
		    name);
	}
	return fd;
}

static off_t
wal_size(const struct store *st)
{
	struct stat sb;

	return fstatat(st->dirfd, wal_name, &sb, 0) == 0 ? sb.st_size : 0;
}

/* Shares the blocks where the file system can, else copies. */
static int
copy_bytes(int from, int to)
{
	struct buf part = { 0 };
	ssize_t n;
	int ret = 0;

	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	do
		n = copy_file_range(from, NULL, to, NULL, PART, 0);
	while (n > 0);
	if (n == 0)
		return 0;
	while (ret == 0 && (n = read(from, buf_room(&part, PART), PART)) > 0)
		ret = write_all(to, slice_bytes(part.p, (size_t)n));
	buf_free(&part);
	return n == -1 ? -1 : ret;
}

static int
copy_file(const struct store *st, const char *name, int to_dir,
    struct err *err)
{
	int from = open_file(st, name, err), to, ret = 0;

	if (from == -1)
		return -1;
	to = openat(to_dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
	    O_NOFOLLOW, 0600);
	if (to == -1 || copy_bytes(from, to) == -1)
		ret = err_sys(err, "copy of %s/%s", st->dir, name);
	close(from);
	if (to != -1)
		close(to);
	return ret;
}

/* 1 there is a WAL, 0 not (then the header is zero). */
static int
wal_header(const struct store *st, unsigned char out[WAL_HEADER])
{
	int fd = openat(st->dirfd, wal_name, O_RDONLY | O_CLOEXEC |
	    O_NONBLOCK | O_NOCTTY);
	ssize_t n;

	memset(out, 0, WAL_HEADER);
	if (fd == -1)
		return 0;
	n = pread_full(fd, out, WAL_HEADER, 0);
	close(fd);
	return n == WAL_HEADER;
}

/* 1 both fit together, 0 the WAL was begun anew meanwhile. */
static int
copy_once(const struct store *st, int to_dir, struct err *err)
{
	unsigned char before[WAL_HEADER], after[WAL_HEADER];

	wal_header(st, before);
	if (copy_file(st, db_name, to_dir, err) == -1)
		return -1;
	unlinkat(to_dir, wal_name, 0);
	if (wal_header(st, after) == 1 &&
	    copy_file(st, wal_name, to_dir, err) == -1)
		return -1;
	wal_header(st, after);
	return memcmp(before, after, WAL_HEADER) == 0;
}

static int
copy_both(const struct store *st, int to_dir, struct err *err)
{
	int lock = lock_copying(st->dir), ret = 0;

	for (int i = 0; i < TRIES && ret == 0; i++)
		ret = copy_once(st, to_dir, err);
	if (lock != -1)
		close(lock);
	if (ret == 0)
		return err_set(err, "%s: it is written so fast that no copy "
		    "can be taken; ask the sensor instead", st->dir);
	return ret == 1 ? 0 : -1;
}

static int
make_dir(char path[PATH_MAX], struct err *err)
{
	const char *const places[] = { secure_getenv("TMPDIR"), "/tmp",
	    "/var/tmp", "/dev/shm" };

	for (size_t i = 0; i < COUNT(places); i++) {
		if (places[i] == NULL || places[i][0] != '/' ||
		    snprintf(path, PATH_MAX, "%s/vedette.XXXXXX",
		    places[i]) >= PATH_MAX)
			continue;
		if (mkdtemp(path) != NULL)
			return 0;
	}
	return err_sys(err, "no directory for a copy of the journal (set "
	    "TMPDIR)");
}

static int
connect_reader(struct store *st, const char *name, int flags,
    struct err *err)
{
	if (sqlite3_open_v2(name, &st->db, flags | SQLITE_OPEN_NOMUTEX,
	    NULL) != SQLITE_OK)
		return fail_read(st, "open", err);
	store_harden(st);
	sqlite3_extended_result_codes(st->db, 1);
	sqlite3_db_config(st->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (run_sql(st, "PRAGMA locking_mode = EXCLUSIVE;"
	    "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;"
	    "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
	    "PRAGMA cache_size = -4096;", err) == -1)
		return -1;
	if (migrate_check(st, err) == -1 || chain_load(st, err) == -1)
		return -1;
	return host_load(st, err);
}

static void
remove_copy(const char *path, int dir)
{
	unlinkat(dir, db_name, 0);
	unlinkat(dir, wal_name, 0);
	close(dir);
	rmdir(path);
}

/* As soon as SQLite has it open, the copy needs no name, whatever follows. */
static int
open_copy(struct store *st, struct err *err)
{
	char path[PATH_MAX];
	struct buf name = { 0 };
	int dir, ret;

	if (make_dir(path, err) == -1)
		return -1;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir == -1) {
		err_sys(err, "%s", path);
		rmdir(path);
		return -1;
	}
	buf_fmt(&name, "%s/%s", path, db_name);
	ret = copy_both(st, dir, err);
	if (ret == 0)
		ret = connect_reader(st, buf_cstr(&name),
		    SQLITE_OPEN_READWRITE, err);
	buf_free(&name);
	remove_copy(path, dir);
	return ret;
}

static int
open_immutable(struct store *st, struct err *err)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
	struct buf uri = { 0 };
	int ret;

	buf_str(&uri, "file:");
	for (const char *p = st->dir; *p != '\0'; p++)
		if (strchr(plain, *p) != NULL)
			buf_byte(&uri, (unsigned char)*p);
		else
			buf_fmt(&uri, "%%%02X", (unsigned)(unsigned char)*p);
	buf_fmt(&uri, "/%s?immutable=1", db_name);
	ret = connect_reader(st, buf_cstr(&uri), SQLITE_OPEN_READONLY |
	    SQLITE_OPEN_URI, err);
	buf_free(&uri);
	return ret;
}

static int
open_reader(struct store *st, const char *dir, struct err *err)
{
	int fd;

	st->dir = realpath(dir, NULL);
	if (st->dir == NULL)
		return err_sys(err, "%s", dir);
	st->dirfd = open(st->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (st->dirfd == -1)
		return err_sys(err, "%s", st->dir);
	fd = open_file(st, db_name, err);
	if (fd == -1)
		return -1;
	close(fd);
	st->running = lock_is_held(st->dir);
	if (wal_size(st) == 0 && !st->running)
		return open_immutable(st, err);
	return open_copy(st, err);
}

int
store_open_read(const char *dir, struct store **out, struct err *err)
{
	struct store *st = store_new();

	*out = NULL;
	if (open_reader(st, dir, err) == -1) {
		store_close(st);
		return -1;
	}
	*out = st;
	return 0;
}
