#include "store/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
	PAGE = 4096,
	SLICE_ROWS = 500,		/* deleted in one transaction */
	ROUNDS = 200,			/* of that in one call of store_tidy */
	RESERVE = 8 << 20,
	RESERVE_MARGIN = 32 << 20,	/* free beside a new reserve */
	SPARE_PAGES = 2048,		/* free, and not given back */
	SHRINK_PAGES = 2048,		/* given back in one call */
};

static const char reserve_name[] = "reserve";

/*
 * Space that is ours when the disk is full: deleting writes to the WAL first.
 * Without room for it there is none, and the next call tries again.
 */
void
reserve_make(struct store *st)
{
	struct statvfs fs;
	off_t size;
	int fd;

	if (st->full || fstatvfs(st->dirfd, &fs) == -1)
		return;
	st->half = fs.f_blocks * fs.f_frsize / 2 / PAGE;
	fd = openat(st->dirfd, reserve_name, O_WRONLY | O_CREAT | O_CLOEXEC |
	    O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd == -1)
		return;
	size = lseek(fd, 0, SEEK_END);
	st->tight = size < RESERVE && fs.f_bavail <=
	    (RESERVE + RESERVE_MARGIN) / fs.f_frsize;
	if (size < RESERVE && !st->tight) {
		/* Where fallocate is unknown, there is no reserve. */
		size = fallocate(fd, 0, 0, RESERVE) == 0 ? RESERVE : 0;
		st->tight = size == 0 && (errno == ENOSPC || errno == EDQUOT);
	}
	close(fd);
	if (size < RESERVE)
		unlinkat(st->dirfd, reserve_name, 0);
}

static void
reserve_release(struct store *st)
{
	unlinkat(st->dirfd, reserve_name, 0);
	st->tight = true;
}

static uint64_t
pages(struct store *st, enum statement which)
{
	sqlite3_stmt *q = statement(st, which, NULL);
	uint64_t n = 0;

	if (q == NULL)
		return 0;
	if (step_read(st, q, "count pages", NULL) == 1)
		n = column_number(q, 0);
	sqlite3_reset(q);
	return n;
}

/* Pages that hold something. */
static uint64_t
used_pages(struct store *st)
{
	return pages(st, SQL_PAGES) - pages(st, SQL_FREE_PAGES);
}

/*
 * The last of up to SLICE_ROWS oldest records of a class that were received
 * before a time; its seq is that of the anchor when there is none. Counts
 * them by kind.
 */
static int
find_end(struct store *st, enum class class, int64_t before,
    struct link *end, uint64_t kinds[KIND_COUNT], struct err *err)
{
	sqlite3_stmt *q = statement(st, SQL_OLDEST, err);
	uint64_t kind;
	int ret;

	if (q == NULL)
		return -1;
	bind_number(q, 1, class);
	bind_number(q, 2, end->seq);
	bind_number(q, 3, SLICE_ROWS);
	while ((ret = step_read(st, q, "look for what is old", err)) == 1) {
		struct slice hash = column_slice(q, 2);

		if (sqlite3_column_int64(q, 1) >= before ||
		    hash.len != DIGEST_LEN)
			break;
		end->seq = column_number(q, 0);
		memcpy(end->hash.b, hash.p, DIGEST_LEN);
		kind = column_number(q, 3);
		if (kind < KIND_COUNT)
			kinds[kind]++;
	}
	sqlite3_reset(q);
	return ret == -1 ? -1 : 0;
}

/* Drops a slice of a chain's oldest; 1 there was something, 0 not. */
static int
drop(struct store *st, enum class class, int64_t before, struct err *err)
{
	struct link *anchor = &st->now.chains[class].anchor;
	uint64_t kinds[KIND_COUNT] = { 0 };
	struct link end = *anchor;
	sqlite3_stmt *q;

	if (find_end(st, class, before, &end, kinds, err) == -1)
		return fail_write(st, "look for what is old", err);
	if (end.seq == anchor->seq)
		return 0;
	if (store_begin(st, err) == -1)
		return -1;
	q = statement(st, SQL_DELETE, err);
	if (q != NULL) {
		bind_number(q, 1, class);
		bind_number(q, 2, anchor->seq);
		bind_number(q, 3, end.seq);
	}
	if (step_write(st, q, "drop what is old", err) == -1)
		return -1;
	*anchor = end;
	for (enum kind k = 0; k < KIND_COUNT; k++)
		st->now.kinds[k] -= kinds[k];
	return 1;
}

/* The oldest of bulk; when there is none left, of evidence. */
static int
drop_any(struct store *st, struct err *err)
{
	int ret = drop(st, CLASS_BULK, INT64_MAX, err);

	return ret == 0 ? drop(st, CLASS_EVIDENCE, INT64_MAX, err) : ret;
}

/* A small file system is not to be filled by us, whatever the limit says. */
static uint64_t
limit_pages(const struct store *st)
{
	uint64_t size = st->limits.size, limit = UINT64_MAX;

	if (size != 0)
		limit = size > RESERVE + PAGE ? (size - RESERVE) / PAGE : 1;
	return st->half != 0 && st->half < limit ? st->half : limit;
}

/*
 * Called by store_commit, with nothing open. Twice what a commit of some
 * hundred records adds goes at a time, so that the cap holds whatever comes.
 */
void
tidy_size(struct store *st)
{
	uint64_t limit = limit_pages(st);

	if (st->dropping)
		return;
	st->dropping = true;
	while (used_pages(st) > limit && drop_any(st, NULL) == 1 &&
	    store_commit(st, NULL) == 0)
		continue;
	st->dropping = false;
}

static int
tidy_age(struct store *st, int64_t now, struct err *err)
{
	const int64_t ages[CLASS_COUNT] = {
		[CLASS_BULK] = st->limits.bulk,
		[CLASS_EVIDENCE] = st->limits.evidence,
	};

	for (enum class class = 0; class < CLASS_COUNT; class++)
		for (int i = 0; ages[class] > 0 && i < ROUNDS; i++) {
			int ret = drop(st, class, now - ages[class], err);

			if (ret == -1 || store_commit(st, err) == -1)
				return -1;
			if (ret == 0)
				break;
		}
	return 0;
}

/*
 * Gives free pages at the file's end back to the host, a bounded number at a
 * time: when the limit is lower than it was, or age has dropped a lot.
 */
static int
shrink(struct store *st, struct err *err)
{
	uint64_t all = pages(st, SQL_PAGES);
	uint64_t spare = pages(st, SQL_FREE_PAGES);
	char sql[64];

	if (all <= limit_pages(st) && spare <= all / 4 + SPARE_PAGES)
		return 0;
	if (spare == 0)
		return 0;
	snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%d)",
	    SHRINK_PAGES);
	return run_sql(st, sql, err);
}

/*
 * The disk is full. What the limits let go goes, with the reserve's help, and
 * the rest of the reserve is for what comes; then sources wait. Nothing else
 * is given up: whoever can fill the disk is not to choose what we forget.
 */
static int
make_room(struct store *st, int64_t now, struct err *err)
{
	reserve_release(st);
	if (tidy_age(st, now, err) == -1)
		return -1;
	tidy_size(st);
	return 0;
}

int
store_tidy(struct store *st, int64_t now, struct err *err)
{
	if (store_commit(st, err) == -1)
		return -1;
	if (st->full) {
		if (make_room(st, now, err) == -1)
			return -1;
		st->full = false;
		return 0;
	}
	if (tidy_age(st, now, err) == -1 || shrink(st, err) == -1)
		return -1;
	tidy_size(st);
	reserve_make(st);
	return 0;
}
