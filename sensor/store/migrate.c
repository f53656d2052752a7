#include "store/inside.h"

#include <assert.h>
#include <stdio.h>

static_assert(JOURNAL_APPLICATION == 1986356340, "as in the first step");

/*
 * Sequence numbers are global and without holes, and all lists are in their
 * order. Values that come in no order (short ids, texts) are indexed by epoch,
 * that is by some thousand records each: what an append touches stays small
 * and in memory however large the journal is, and what retention drops lies
 * together. To look for a value is to look into each epoch, some hundred.
 *
 * state holds what may change: positions, cursors, dead letters, heads.
 */
const char *const journal_steps[JOURNAL_VERSION] = {
	"PRAGMA application_id = 1986356340;"
	"CREATE TABLE record (seq INTEGER PRIMARY KEY,"
	" kind INTEGER NOT NULL, class INTEGER NOT NULL,"
	" level INTEGER NOT NULL, time INTEGER NOT NULL,"
	" received INTEGER NOT NULL, short INTEGER NOT NULL,"
	" id BLOB NOT NULL, rule TEXT, title TEXT, user TEXT, source TEXT,"
	" session TEXT, about BLOB, salt BLOB, hash BLOB NOT NULL,"
	" digest BLOB, reason TEXT, body TEXT);"
	"CREATE UNIQUE INDEX record_id ON record (id);"
	"CREATE INDEX record_kind ON record (kind, level);"
	"CREATE INDEX record_time ON record (time);"
	"CREATE INDEX record_short ON record (" EPOCH ", short);"
	"CREATE INDEX record_rule ON record (" EPOCH ", rule);"
	"CREATE INDEX record_user ON record (" EPOCH ", user)"
	" WHERE user IS NOT NULL;"
	"CREATE INDEX record_source ON record (" EPOCH ", source)"
	" WHERE source IS NOT NULL;"
	"CREATE INDEX record_session ON record (" EPOCH ", session)"
	" WHERE session IS NOT NULL;"
	"CREATE INDEX record_about ON record (about)"
	" WHERE about IS NOT NULL;"
	"CREATE TABLE state (space TEXT NOT NULL, name BLOB NOT NULL,"
	" value BLOB, sum INTEGER NOT NULL, PRIMARY KEY (space, name))"
	" WITHOUT ROWID;",
};

static int
refuse_newer(const struct store *st, int64_t version, int known,
    struct err *err)
{
	return err_set(err, "%s: the journal is of version %lld, this vedette "
	    "knows versions up to %d; use the vedette that wrote it, or a "
	    "newer one", st->dir, (long long)version, known);
}

/* Version and content change in one transaction: a cut one is as before. */
static int
step_up(struct store *st, const char *sql, int version, struct err *err)
{
	char mark[64];

	snprintf(mark, sizeof(mark), "PRAGMA user_version = %d; COMMIT",
	    version);
	if (run_sql(st, "BEGIN IMMEDIATE", err) == -1)
		return -1;
	if (run_sql(st, sql, err) == 0 && run_sql(st, mark, err) == 0)
		return 0;
	sqlite3_exec(st->db, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}

int
migrate(struct store *st, const char *const *steps, int count,
    struct err *err)
{
	int64_t version;

	if (read_number(st, "PRAGMA user_version", &version, err) == -1)
		return -1;
	if (version > count || version < 0)
		return refuse_newer(st, version, count, err);
	for (int i = (int)version; i < count; i++)
		if (step_up(st, steps[i], i + 1, err) == -1)
			return -1;
	return 0;
}

int
migrate_check(struct store *st, struct err *err)
{
	int64_t version, application;

	if (read_number(st, "PRAGMA application_id", &application, err) == -1
	    || read_number(st, "PRAGMA user_version", &version, err) == -1)
		return -1;
	if (application != JOURNAL_APPLICATION)
		return err_set(err, "%s/journal.db: not a journal of vedette",
		    st->dir);
	if (version > JOURNAL_VERSION)
		return refuse_newer(st, version, JOURNAL_VERSION, err);
	if (version < JOURNAL_VERSION)
		return err_set(err, "%s: the journal is of the older version "
		    "%lld; start the sensor on it once, so that it is brought "
		    "up to %d", st->dir, (long long)version, JOURNAL_VERSION);
	return 0;
}
