/*
 * A journal that can't go on stays beside the new one, for whoever wants to
 * know: that of another host, and one whose pages are damaged. Of the latter
 * the host id, positions and what rules remember are brought over as far as
 * they can be read, so that nothing is read twice or passed over. Cursors of
 * outputs are not: they count records that the new journal doesn't have.
 */
#include "store/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/when.h"

enum { DAMAGED_MAX = 9 };

static const char db_name[] = "journal.db", wal_name[] = "journal.db-wal";
static const char condemned_name[] = "journal.condemned";

static const char *const brought[] = {
	"host", "position", "memory", "loaded rule", "load", NULL
};

/* No errors: it is damaged already if this can't be written. */
void
store_condemn(struct store *st)
{
	int fd = openat(st->dirfd, condemned_name, O_WRONLY | O_CREAT |
	    O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd == -1)
		return;
	fsync(st->dirfd);
	close(fd);
}

bool
aside_is_condemned(const struct store *st)
{
	return faccessat(st->dirfd, condemned_name, F_OK,
	    AT_SYMLINK_NOFOLLOW) == 0;
}

/* Its WAL goes with it: SQLite finds it by name. */
static int
move(struct store *st, const char *name, struct err *err)
{
	struct buf wal = { 0 };
	int ret;

	buf_fmt(&wal, "%s-wal", name);
	ret = renameat(st->dirfd, wal_name, st->dirfd, buf_cstr(&wal));
	buf_free(&wal);
	if ((ret == -1 && errno != ENOENT) ||
	    renameat(st->dirfd, db_name, st->dirfd, name) == -1 ||
	    fsync(st->dirfd) == -1)
		return err_sys(err, "%s/%s", st->dir, db_name);
	return 0;
}

int
aside_copy(struct store *st, struct err *err)
{
	struct buf name = { 0 };
	int ret;

	buf_fmt(&name, "journal-%s.db", st->host_before);
	ret = move(st, buf_cstr(&name), err);
	buf_free(&name);
	return ret;
}

/* By the newer of both files; there may be but one. */
static int64_t
last_written(const struct store *st)
{
	const char *const names[] = { db_name, wal_name };
	struct stat sb;
	int64_t last = 0;

	for (size_t i = 0; i < COUNT(names); i++)
		if (fstatat(st->dirfd, names[i], &sb,
		    AT_SYMLINK_NOFOLLOW) == 0 && sb.st_mtim.tv_sec > last)
			last = sb.st_mtim.tv_sec;
	return last * SECOND;
}

/* A disk that damages one after the other is not to be filled by that. */
int
aside_damaged(struct store *st, struct err *err)
{
	struct stat sb;

	st->damaged_since = last_written(st);
	for (int i = 1; i <= DAMAGED_MAX; i++) {
		snprintf(st->damaged, sizeof(st->damaged),
		    "journal-damaged-%d.db", i);
		if (fstatat(st->dirfd, st->damaged, &sb,
		    AT_SYMLINK_NOFOLLOW) == -1)
			break;
	}
	if (move(st, st->damaged, err) == -1)
		return -1;
	if (unlinkat(st->dirfd, condemned_name, 0) == -1 && errno != ENOENT)
		return err_sys(err, "%s/%s", st->dir, condemned_name);
	return 0;
}

/* --- what can still be read ----------------------------------------------- */

static int
connect_old(struct store *old, const struct store *st, struct err *err)
{
	struct buf path = { 0 };
	int rc;

	old->dir = xstrdup(st->dir);
	buf_fmt(&path, "%s/%s", st->dir, st->damaged);
	rc = sqlite3_open_v2(buf_cstr(&path), &old->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW |
	    SQLITE_OPEN_NOMUTEX, NULL);
	buf_free(&path);
	if (rc != SQLITE_OK)
		return fail_read(old, "open", err);
	store_harden(old);
	/* It stays as it was found. */
	sqlite3_db_config(old->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return run_sql(old, "PRAGMA locking_mode = EXCLUSIVE;"
	    "PRAGMA mmap_size = 0; PRAGMA trusted_schema = OFF;"
	    "PRAGMA cell_size_check = ON;", err);
}

static int
bring_row(struct store *st, sqlite3_stmt *q, uint64_t *sum, struct err *err)
{
	struct slice space = column_slice(q, 0), key = column_slice(q, 1);
	struct slice value = column_slice(q, 2);
	uint64_t kept = column_number(q, 3);

	for (size_t i = 0; brought[i] != NULL; i++)
		if (slice_eq(space, slice_of(brought[i]))) {
			if (kept != state_sum(brought[i], key, value))
				return 0;
			*sum ^= kept;
			return state_put(st, brought[i], key, value, err);
		}
	if (!slice_eq(space, S("sum")))
		*sum ^= kept;
	return 0;
}

/* 1 it is all of it, by the sum over all rows; 0 not; -1 st fails. */
static int
bring(struct store *st, struct store *old, struct err *err)
{
	uint64_t sum = 0;
	sqlite3_stmt *q;
	int ret;

	if (prepare(old, "SELECT space, name, value, sum FROM state", &q,
	    NULL) == -1)
		return 0;
	while ((ret = step_read(old, q, "read the state", NULL)) == 1)
		if (bring_row(st, q, &sum, err) == -1) {
			sqlite3_finalize(q);
			return -1;
		}
	sqlite3_finalize(q);
	if (ret == -1 || state_load(old, NULL) == -1)
		return 0;
	return sum == old->now.state;
}

int
aside_bring(struct store *st, struct err *err)
{
	struct store *old = store_new();
	int ret = 0;

	if (connect_old(old, st, NULL) == 0)
		ret = bring(st, old, err);
	store_close(old);
	st->brought = ret == 1;
	return ret == -1 ? -1 : 0;
}
