#include "store/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	CHECKPOINT_FRAMES = 2048,	/* pages in the WAL, 8 MiB */
	CHECKPOINT_LATE = 16384,	/* while a reader copies */
	CHECKPOINT_RETRY = 256,
	LENGTH_MAX = 16 << 20,		/* of one text; bodies are far below */
};

/*
 * Exclusive: nobody else ever opens these files (readers copy them), so the
 * WAL's index is in memory and no stuck reader can make the WAL grow.
 */
static const char settings[] =
	"PRAGMA locking_mode = EXCLUSIVE;"
	"PRAGMA page_size = 4096;"
	"PRAGMA temp_store = MEMORY;"
	"PRAGMA mmap_size = 0;"
	"PRAGMA trusted_schema = OFF;"
	"PRAGMA cache_size = -4096;"
	"PRAGMA synchronous = FULL;"
	"PRAGMA secure_delete = FAST;"
	"PRAGMA journal_size_limit = 8388608;";

static void
rollback(struct store *st)
{
	statements_reset(st);
	if (st->db != NULL && !sqlite3_get_autocommit(st->db))
		sqlite3_exec(st->db, "ROLLBACK", NULL, NULL, NULL);
	st->now = st->kept;
	st->open = false;
	st->pending = 0;
}

int
fail_read(struct store *st, const char *doing, struct err *err)
{
	int rc = sqlite3_errcode(st->db), os = sqlite3_system_errno(st->db);
	bool tells = (rc & 0xff) == SQLITE_IOERR ||
	    (rc & 0xff) == SQLITE_CANTOPEN;

	if ((rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB)
		st->corrupt = true;
	return err_set(err, "%s/journal.db: can't %s: %s%s%s", st->dir, doing,
	    sqlite3_errmsg(st->db), tells && os != 0 ? ": " : "",
	    tells && os != 0 ? strerror(os) : "");
}

int
fail_write(struct store *st, const char *doing, struct err *err)
{
	int rc = sqlite3_errcode(st->db) & 0xff;
	int os = sqlite3_system_errno(st->db);

	fail_read(st, doing, err);
	st->full = rc == SQLITE_FULL || rc == SQLITE_IOERR ||
	    (rc == SQLITE_CANTOPEN && (os == ENOSPC || os == EDQUOT));
	rollback(st);
	return -1;
}

int
store_begin(struct store *st, struct err *err)
{
	if (st->open)
		return 0;
	if (step_write(st, statement(st, SQL_BEGIN, err),
	    "open a transaction", err) == -1)
		return -1;
	st->open = true;
	return 0;
}

static int
frames_written(void *arg, sqlite3 *db, const char *name, int frames)
{
	struct store *st = arg;

	(void)db;
	(void)name;
	st->frames = (size_t)frames;
	return SQLITE_OK;
}

/*
 * Moves pages from the WAL into the database. What failed is tried again some
 * commits later: the WAL holds everything, durably.
 */
static void
checkpoint(struct store *st)
{
	bool locked;
	int rc;

	if (st->frames < st->checkpoint_at)
		return;
	locked = lock_checkpoint(st);
	st->checkpoint_at = st->frames + CHECKPOINT_RETRY;
	if (!locked && st->frames < CHECKPOINT_LATE)
		return;
	rc = sqlite3_wal_checkpoint_v2(st->db, NULL, SQLITE_CHECKPOINT_PASSIVE,
	    NULL, NULL);
	if (rc == SQLITE_OK)
		st->checkpoint_at = CHECKPOINT_FRAMES;
	else if ((rc & 0xff) == SQLITE_FULL)
		st->full = true;
	if (locked)
		unlock_checkpoint(st);
}

int
store_commit(struct store *st, struct err *err)
{
	if (!st->open)
		return 0;
	if (chain_save(st, err) == -1)
		return -1;
	if (step_write(st, statement(st, SQL_COMMIT, err), "commit",
	    err) == -1)
		return -1;
	st->open = false;
	st->pending = 0;
	st->kept = st->now;
	st->full = false;
	checkpoint(st);
	tidy_size(st);
	return 0;
}

void
store_rollback(struct store *st)
{
	rollback(st);
}

size_t
store_pending(const struct store *st)
{
	return st->pending;
}

bool
store_is_full(const struct store *st)
{
	return st->full;
}

bool
store_is_tight(const struct store *st)
{
	return st->tight;
}

bool
store_is_corrupt(const struct store *st)
{
	return st->corrupt;
}

bool
store_replaced(const struct store *st, struct store_damage *out)
{
	*out = (struct store_damage){ st->damaged, st->damaged_since,
	    st->brought };
	return st->damaged[0] != '\0';
}

const struct host *
store_host(const struct store *st)
{
	return &st->host;
}

bool
store_host_is_new(const struct store *st)
{
	return st->host_new;
}

const char *
store_host_before(const struct store *st)
{
	return st->host_before;
}

/* --- opening --------------------------------------------------------------- */

static int
check_dir(const struct store *st, struct err *err)
{
	struct stat sb;

	if (fstat(st->dirfd, &sb) == -1)
		return err_sys(err, "%s", st->dir);
	if (sb.st_uid != geteuid())
		return err_set(err, "%s: belongs to uid %u, but the sensor "
		    "runs as uid %u; chown it, or set another state directory",
		    st->dir, (unsigned)sb.st_uid, (unsigned)geteuid());
	if (sb.st_mode & 077)
		return err_set(err, "%s: mode %04o lets others in; it must be "
		    "0700", st->dir, (unsigned)(sb.st_mode & 07777));
	return 0;
}

static int
open_dir(struct store *st, const char *dir, struct err *err)
{
	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		return err_sys(err, "%s", dir);
	st->dir = realpath(dir, NULL);
	if (st->dir == NULL)
		return err_sys(err, "%s", dir);
	st->dirfd = open(st->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
	    O_NOFOLLOW);
	if (st->dirfd == -1)
		return err_sys(err, "%s", st->dir);
	return check_dir(st, err);
}

/* Ours before SQLite sees it: its WAL takes over the mode. */
static int
touch_file(const struct store *st, struct err *err)
{
	int fd = openat(st->dirfd, "journal.db", O_RDWR | O_CREAT | O_CLOEXEC |
	    O_NOFOLLOW | O_NONBLOCK, 0600);

	if (fd == -1)
		return err_sys(err, "%s/journal.db", st->dir);
	if (fchmod(fd, 0600) == -1 || fsync(st->dirfd) == -1)
		err_sys(err, "%s/journal.db", st->dir);
	close(fd);
	return 0;
}

void
store_harden(struct store *st)
{
	sqlite3_db_config(st->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(st->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(st->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_limit(st->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(st->db, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
}

static int
set_wal(struct store *st, struct err *err)
{
	sqlite3_stmt *q;
	int ret;

	if (prepare(st, "PRAGMA journal_mode = WAL", &q, err) == -1)
		return -1;
	ret = step_read(st, q, "set the journal mode", err);
	if (ret == 1 && !slice_eq(column_slice(q, 0), S("wal")))
		ret = err_set(err, "%s: this file system has no use for a "
		    "write-ahead log", st->dir);
	sqlite3_finalize(q);
	return ret == -1 ? -1 : 0;
}

/*
 * To set it writes, even what is set already; and a journal can be opened on
 * a full disk.
 */
static int
set_vacuum(struct store *st, struct err *err)
{
	enum { INCREMENTAL = 2 };
	int64_t now;

	if (read_number(st, "PRAGMA auto_vacuum", &now, err) == -1)
		return -1;
	return now == INCREMENTAL ? 0 :
	    run_sql(st, "PRAGMA auto_vacuum = INCREMENTAL", err);
}

static int
check_kind(struct store *st, struct err *err)
{
	int64_t application, version;

	if (read_number(st, "PRAGMA application_id", &application, err) == -1
	    || read_number(st, "PRAGMA user_version", &version, err) == -1)
		return -1;
	if (application == JOURNAL_APPLICATION ||
	    (application == 0 && version == 0))
		return 0;
	return err_set(err, "%s/journal.db: not a journal of vedette",
	    st->dir);
}

static int
connect_db(struct store *st, struct err *err)
{
	struct buf path = { 0 };
	int rc;

	if (touch_file(st, err) == -1)
		return -1;
	buf_fmt(&path, "%s/journal.db", st->dir);
	rc = sqlite3_open_v2(buf_cstr(&path), &st->db, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX, NULL);
	buf_free(&path);
	if (rc != SQLITE_OK)
		return fail_read(st, "open", err);
	store_harden(st);
	sqlite3_extended_result_codes(st->db, 1);
	/* Takes the place of SQLite's own checkpoints. */
	sqlite3_wal_hook(st->db, frames_written, st);
	if (run_sql(st, settings, err) == -1 || set_vacuum(st, err) == -1 ||
	    set_wal(st, err) == -1)
		return -1;
	if (check_kind(st, err) == -1 ||
	    migrate(st, journal_steps, JOURNAL_VERSION, err) == -1)
		return -1;
	return chain_load(st, err);
}

static void
disconnect(struct store *st)
{
	statements_free(st);
	sqlite3_close(st->db);
	st->db = NULL;
}

/* 1 it is in use, 0 it is another host's. */
static int
use(struct store *st, const struct host_marks *marks, struct err *err)
{
	int fits;

	if (st->db == NULL && connect_db(st, err) == -1)
		return -1;
	fits = host_check(st, marks, err);
	if (fits == 1 && store_commit(st, err) == -1)
		return -1;
	return fits;
}

/* A new one takes the place of the damaged, with what can be brought over. */
static int
replace_damaged(struct store *st, struct err *err)
{
	if (st->db != NULL)
		sqlite3_db_config(st->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
		    NULL);
	disconnect(st);
	st->corrupt = false;
	if (aside_damaged(st, err) == -1 || connect_db(st, err) == -1)
		return -1;
	return aside_bring(st, err);
}

/* What is damaged may be another host's, too. */
static int
use_or_replace(struct store *st, const struct host_marks *marks,
    struct err *err)
{
	int ret = -1;

	st->corrupt = aside_is_condemned(st);
	if (!st->corrupt)
		ret = use(st, marks, err);
	if (ret == -1 && st->corrupt && replace_damaged(st, err) == 0)
		ret = use(st, marks, err);
	if (ret == 0) {
		disconnect(st);
		ret = aside_copy(st, err) == -1 ? -1 : use(st, marks, err);
	}
	return ret == 1 ? 0 : -1;
}

static int
open_writer(struct store *st, const char *dir,
    const struct host_marks *marks, struct err *err)
{
	if (open_dir(st, dir, err) == -1 || lock_writer(st, err) == -1 ||
	    use_or_replace(st, marks, err) == -1)
		return -1;
	/*
	 * After a crash or a failed fsync the kernel may hold pages of the
	 * WAL that are on no disk, and call them clean. Everything is
	 * written once more, elsewhere, before anything is built on it.
	 */
	sqlite3_wal_checkpoint_v2(st->db, NULL, SQLITE_CHECKPOINT_TRUNCATE,
	    NULL, NULL);
	reserve_make(st);
	return 0;
}

struct store *
store_new(void)
{
	struct store *st = xcalloc(1, sizeof(*st));

	st->dirfd = -1;
	st->lock = -1;
	st->checkpoint_at = CHECKPOINT_FRAMES;
	return st;
}

int
store_open(const char *dir, const struct store_limits *limits,
    const struct host_marks *marks, struct store **out, struct err *err)
{
	struct host_marks here;
	struct store *st = store_new();

	if (marks == NULL)
		host_marks_read(&here);
	st->writer = true;
	st->limits = *limits;
	*out = NULL;
	if (open_writer(st, dir, marks != NULL ? marks : &here, err) == -1) {
		store_close(st);
		return -1;
	}
	*out = st;
	return 0;
}

/* Closing would move the WAL's pages, which may hurt a reader that copies. */
static void
close_writer(struct store *st)
{
	store_commit(st, NULL);
	rollback(st);
	if (!lock_checkpoint(st))
		sqlite3_db_config(st->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
		    NULL);
}

void
store_close(struct store *st)
{
	int saved = errno;

	if (st == NULL)
		return;
	if (st->writer && st->db != NULL)
		close_writer(st);
	disconnect(st);
	if (st->lock != -1)
		close(st->lock);
	if (st->dirfd != -1)
		close(st->dirfd);
	for (size_t i = 0; i < COUNT(st->scratch); i++)
		buf_free(&st->scratch[i]);
	free(st->dir);
	free(st);
	errno = saved;
}
