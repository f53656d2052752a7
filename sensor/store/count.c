#include "store/inside.h"

#include <fcntl.h>
#include <sys/stat.h>

/*
 * Goes through an index once; from then on the writer counts along, so that
 * a heartbeat costs nothing however many records there are.
 */
static int
count_kinds(struct store *st, struct err *err)
{
	uint64_t kinds[KIND_COUNT] = { 0 };
	sqlite3_stmt *q;
	int ret;

	if (st->now.counted)
		return 0;
	if (prepare(st, "SELECT kind, count(*) FROM record"
	    " INDEXED BY record_kind GROUP BY kind", &q, err) == -1)
		return -1;
	while ((ret = step_read(st, q, "count", err)) == 1)
		if (column_number(q, 0) < KIND_COUNT)
			kinds[column_number(q, 0)] = column_number(q, 1);
	sqlite3_finalize(q);
	if (ret == -1)
		return -1;
	/* What is not committed yet may be taken back: count again then. */
	memcpy(st->now.kinds, kinds, sizeof(kinds));
	st->now.counted = !st->open;
	if (!st->open)
		st->kept = st->now;
	return 0;
}

/* 1 the alert is there, 0 not. */
static int
is_alert(struct store *st, struct slice id, struct err *err)
{
	sqlite3_stmt *q = statement(st, SQL_BY_ID, err);
	int ret;

	if (q == NULL)
		return -1;
	bind_blob(q, 1, id);
	ret = step_read(st, q, "look for the id", err);
	if (ret == 1)
		ret = column_number(q, 0) == KIND_ALERT;
	sqlite3_reset(q);
	return ret;
}

static int
is_closed(struct store *st, struct slice id, struct err *err)
{
	enum row_state state;
	struct id about;
	int ret = id.len == ID_LEN ? is_alert(st, id, err) : 0;

	if (ret != 1)
		return ret;
	memcpy(about.b, id.p, ID_LEN);
	if (state_of_alert(st, about, &state, err) == -1)
		return -1;
	return state == ROW_CLOSED;
}

/* By the decisions, of which there are fewer than of alerts. */
static int
count_closed(struct store *st, uint64_t *closed, struct err *err)
{
	sqlite3_stmt *q;
	int ret, one = 0;

	*closed = 0;
	if (prepare(st, "SELECT DISTINCT about FROM record"
	    " INDEXED BY record_about WHERE about IS NOT NULL", &q,
	    err) == -1)
		return -1;
	while ((ret = step_read(st, q, "count", err)) == 1) {
		one = is_closed(st, column_slice(q, 0), err);
		if (one == -1)
			break;
		*closed += (uint64_t)one;
	}
	sqlite3_finalize(q);
	return ret == -1 || one == -1 ? -1 : 0;
}

static int
each_oldest(void *arg, const struct row *row)
{
	*(int64_t *)arg = row->time;
	return -1;
}

/* Found out again when a decision has come, or an alert has gone. */
static int
find_open(struct store *st, struct err *err)
{
	const struct query open = { .kinds = 1u << KIND_ALERT,
	    .open_only = true, .oldest_first = true, .limit = 1 };
	struct open_alerts *a = &st->alerts, was = *a;

	*a = (struct open_alerts){
	    .decisions = st->now.kinds[KIND_DECISION] };
	for (enum class c = 0; c < CLASS_COUNT; c++)
		a->anchors[c] = st->now.chains[c].anchor.seq;
	if (was.known && was.oldest != 0 && was.decisions == a->decisions &&
	    memcmp(was.anchors, a->anchors, sizeof(was.anchors)) == 0) {
		*a = was;
		return 0;
	}
	if (count_closed(st, &a->closed, err) == -1 ||
	    store_query(st, &open, each_oldest, &a->oldest, err) == -1)
		return -1;
	a->known = st->now.counted && !st->open;
	return 0;
}

static uint64_t
file_size(const struct store *st, const char *name)
{
	struct stat sb;

	if (st->dirfd == -1 || fstatat(st->dirfd, name, &sb,
	    AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	return (uint64_t)sb.st_blocks * 512;
}

int
store_count(struct store *st, struct store_numbers *out, struct err *err)
{
	static const char *const files[] = { "journal.db", "journal.db-wal",
	    "reserve" };

	*out = (struct store_numbers){ 0 };
	for (size_t i = 0; i < COUNT(files); i++)
		out->bytes += file_size(st, files[i]);
	for (enum class c = 0; c < CLASS_COUNT; c++) {
		out->head[c] = st->now.chains[c].head.hash;
		out->head_seq[c] = st->now.chains[c].head.seq;
	}
	if (count_kinds(st, err) == -1 || find_open(st, err) == -1)
		return -1;
	for (enum kind k = 0; k < KIND_COUNT; k++) {
		out->by_kind[k] = st->now.kinds[k];
		out->records += st->now.kinds[k];
	}
	out->open_alerts = out->by_kind[KIND_ALERT] - st->alerts.closed;
	out->oldest_open = st->alerts.oldest;
	if (read_number(st, "SELECT min(time) FROM record", &out->first,
	    err) == -1)
		return -1;
	return read_number(st, "SELECT max(time) FROM record", &out->last,
	    err);
}
