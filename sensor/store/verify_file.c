#include "store/verify.h"

int
check_state(struct check *c, struct err *err)
{
	struct store *st = c->st;
	sqlite3_stmt *q;
	uint64_t sum = 0;
	int ret;

	if (prepare(st, "SELECT space, name, value, sum FROM state"
	    " WHERE NOT (space = 'sum' AND name = x'' AND value IS NULL)",
	    &q, err) == -1)
		return -1;
	while ((ret = step_read(st, q, "read the state", err)) == 1) {
		struct buf space = { 0 };

		buf_add(&space, column_slice(q, 0));
		sum ^= column_number(q, 3);
		if (column_number(q, 3) != state_sum(buf_cstr(&space),
		    column_slice(q, 1), column_slice(q, 2)))
			wrong(c, 0, "state: a %s was changed",
			    buf_cstr(&space));
		buf_free(&space);
	}
	sqlite3_finalize(q);
	if (ret == 0 && sum != st->now.state)
		wrong(c, 0, "state: something was changed, lost or put in");
	return ret;
}

/* Rows of two databases, side by side. */
static bool
same_rows(sqlite3_stmt *a, sqlite3_stmt *b)
{
	int x, y;

	do {
		x = sqlite3_step(a);
		y = sqlite3_step(b);
		for (int i = 0; x == SQLITE_ROW && y == SQLITE_ROW && i < 3;
		    i++)
			if (!slice_eq(column_slice(a, i), column_slice(b, i)))
				return false;
	} while (x == SQLITE_ROW && y == SQLITE_ROW);
	return x == y;
}

/* Nothing may be there that this program would not make. */
int
check_schema(struct check *c, struct err *err)
{
	static const char sql[] = "SELECT type, name, sql FROM sqlite_master"
	    " ORDER BY type, name";
	struct store *model = store_new();
	sqlite3_stmt *have = NULL, *want = NULL;
	int ret = -1;

	model->dir = xstrdup("model");
	if (sqlite3_open(":memory:", &model->db) == SQLITE_OK &&
	    migrate(model, journal_steps, JOURNAL_VERSION, err) == 0 &&
	    prepare(model, sql, &want, err) == 0 &&
	    prepare(c->st, sql, &have, err) == 0) {
		if (!same_rows(have, want))
			wrong(c, 0, "the tables are not those of a journal");
		ret = 0;
	}
	sqlite3_finalize(have);
	sqlite3_finalize(want);
	store_close(model);
	return ret;
}

/* "row 17 missing from index record_rule" names a record. */
static uint64_t
record_named(struct slice text)
{
	uint64_t seq = 0;
	struct slice digits;

	if (!slice_skip(&text, S("row ")) &&
	    !slice_skip(&text, S("rowid ")))
		return 0;
	if (!slice_cut(&text, ' ', &digits) ||
	    slice_to_u64(digits, &seq) == -1)
		return 0;
	return seq;
}

int
check_pages(struct check *c, struct err *err)
{
	sqlite3_stmt *q;
	int ret;

	if (prepare(c->st, "PRAGMA integrity_check(20)", &q, err) == -1)
		return -1;
	while ((ret = step_read(c->st, q, "check the pages", err)) == 1) {
		struct slice text = column_slice(q, 0);

		if (!slice_eq(text, S("ok")))
			wrong(c, record_named(text), "%.*s", (int)text.len,
			    (const char *)text.p);
	}
	sqlite3_finalize(q);
	return ret;
}
