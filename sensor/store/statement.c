#include "store/inside.h"

/* Kept for as long as the journal is open; each is prepared when first used. */
static const char *const texts[SQL_STATEMENTS] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_INSERT] = "INSERT OR IGNORE INTO record (" RECORD_COLUMNS ") VALUES (?1,"
	    " ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,"
	    " ?16, NULL, NULL, ?17)",
	[SQL_BY_ID] = "SELECT kind FROM record WHERE id = ?1",
	[SQL_STATE_OF] = "SELECT rule FROM record INDEXED BY record_about"
	    " WHERE about = ?1 AND kind = ?2 AND rule IN ('ack', 'close')"
	    " ORDER BY seq DESC LIMIT 1",
	[SQL_STATE_GET] = "SELECT value, sum FROM state"
	    " WHERE space = ?1 AND name = ?2",
	[SQL_STATE_PUT] = "INSERT OR REPLACE INTO state"
	    " (space, name, value, sum) VALUES (?1, ?2, ?3, ?4)",
	[SQL_STATE_DROP] = "DELETE FROM state WHERE space = ?1 AND name = ?2",
	[SQL_STATE_EACH] = "SELECT name, value, sum FROM state"
	    " WHERE space = ?1",
	[SQL_PAGES] = "PRAGMA page_count",
	[SQL_FREE_PAGES] = "PRAGMA freelist_count",
	[SQL_COUNT_FROM] = "SELECT count(*) FROM record"
	    " INDEXED BY record_kind"
	    " WHERE kind = ?1 AND level = ?2 AND seq > ?3",
	[SQL_OLDEST] = "SELECT seq, received, hash, kind FROM record"
	    " WHERE class = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
	[SQL_DELETE] = "DELETE FROM record"
	    " WHERE class = ?1 AND seq > ?2 AND seq <= ?3",
};

int
prepare(struct store *st, const char *sql, sqlite3_stmt **out,
    struct err *err)
{
	if (sqlite3_prepare_v2(st->db, sql, -1, out, NULL) != SQLITE_OK)
		return fail_read(st, "prepare", err);
	return 0;
}

sqlite3_stmt *
statement(struct store *st, enum statement which, struct err *err)
{
	sqlite3_stmt **q = &st->statements[which];

	if (*q == NULL && sqlite3_prepare_v3(st->db, texts[which], -1,
	    SQLITE_PREPARE_PERSISTENT, q, NULL) != SQLITE_OK) {
		fail_read(st, "prepare", err);
		return NULL;
	}
	sqlite3_reset(*q);
	sqlite3_clear_bindings(*q);
	return *q;
}

void
statements_reset(struct store *st)
{
	for (size_t i = 0; i < SQL_STATEMENTS; i++)
		sqlite3_reset(st->statements[i]);
}

void
statements_free(struct store *st)
{
	for (size_t i = 0; i < SQL_STATEMENTS; i++) {
		sqlite3_finalize(st->statements[i]);
		st->statements[i] = NULL;
	}
}

int
step_read(struct store *st, sqlite3_stmt *q, const char *doing,
    struct err *err)
{
	int rc = sqlite3_step(q);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE)
		return 0;
	return fail_read(st, doing, err);
}

int
step_write(struct store *st, sqlite3_stmt *q, const char *doing,
    struct err *err)
{
	if (q == NULL || sqlite3_step(q) != SQLITE_DONE)
		return fail_write(st, doing, err);
	sqlite3_reset(q);
	return 0;
}

int
read_number(struct store *st, const char *sql, int64_t *out, struct err *err)
{
	sqlite3_stmt *q;
	int ret;

	*out = 0;
	if (prepare(st, sql, &q, err) == -1)
		return -1;
	ret = step_read(st, q, "read", err);
	if (ret == 1)
		*out = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return ret == -1 ? -1 : 0;
}

int
run_sql(struct store *st, const char *sql, struct err *err)
{
	if (sqlite3_exec(st->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return fail_read(st, "set up", err);
	return 0;
}

void
bind_text(sqlite3_stmt *q, int at, struct slice s)
{
	if (s.len == 0)
		sqlite3_bind_null(q, at);
	else
		sqlite3_bind_text64(q, at, (const char *)s.p, s.len,
		    SQLITE_STATIC, SQLITE_UTF8);
}

void
bind_blob(sqlite3_stmt *q, int at, struct slice s)
{
	if (s.len == 0)
		sqlite3_bind_null(q, at);
	else
		sqlite3_bind_blob64(q, at, s.p, s.len, SQLITE_STATIC);
}

void
bind_number(sqlite3_stmt *q, int at, uint64_t n)
{
	sqlite3_bind_int64(q, at, (sqlite3_int64)n);
}

struct slice
column_slice(sqlite3_stmt *q, int at)
{
	const void *p = sqlite3_column_blob(q, at);
	int n = sqlite3_column_bytes(q, at);

	return slice_bytes(p, p == NULL ? 0 : (size_t)n);
}

uint64_t
column_number(sqlite3_stmt *q, int at)
{
	return (uint64_t)sqlite3_column_int64(q, at);
}
