/*
 * What may change, unlike records: by space ("position", "cursor", ...) and
 * name. Each row has a check sum, and the row "sum" holds all of them
 * together (exclusive or), so that verify sees a row that was changed, lost
 * or put in by hand. A row whose sum is wrong counts as absent: a position is
 * then read again from the start, and the ids tell what is known already.
 */
#include "store/inside.h"

static const char sum_space[] = "sum";

uint64_t
state_sum(const char *space, struct slice key, struct slice value)
{
	unsigned char lengths[2] = { (unsigned char)key.len,
	    (unsigned char)(key.len >> 8) };
	struct slice parts[] = { slice_of(space), S("\0"),
	    slice_bytes(lengths, sizeof(lengths)), key, value };
	struct digest d = digest_of(parts, COUNT(parts));
	uint64_t sum;

	memcpy(&sum, d.b, sizeof(sum));
	return sum;
}

static sqlite3_stmt *
named(struct store *st, enum statement which, const char *space,
    struct slice key, struct err *err)
{
	sqlite3_stmt *q = statement(st, which, err);

	if (q == NULL)
		return NULL;
	bind_text(q, 1, slice_of(space));
	/* Never NULL: an empty name is a name. */
	sqlite3_bind_blob64(q, 2, key.len > 0 ? (const void *)key.p : "",
	    key.len, SQLITE_STATIC);
	return q;
}

/* Appends the value if there is one with the right sum; *sum as stored. */
static int
get(struct store *st, const char *space, struct slice key, struct buf *value,
    uint64_t *sum, struct err *err)
{
	sqlite3_stmt *q = named(st, SQL_STATE_GET, space, key, err);
	int ret;

	*sum = 0;
	if (q == NULL)
		return -1;
	ret = step_read(st, q, "read the state", err);
	if (ret == 1) {
		struct slice found = column_slice(q, 0);

		*sum = column_number(q, 1);
		if (*sum != state_sum(space, key, found))
			ret = 0;
		else if (value != NULL)
			buf_add(value, found);
	}
	sqlite3_reset(q);
	return ret;
}

int
state_get(struct store *st, const char *space, struct slice key,
    struct buf *value, struct err *err)
{
	uint64_t sum;

	return get(st, space, key, value, &sum, err);
}

int
state_put(struct store *st, const char *space, struct slice key,
    struct slice value, struct err *err)
{
	uint64_t before, sum = state_sum(space, key, value);
	sqlite3_stmt *q;

	if (store_begin(st, err) == -1)
		return -1;
	if (get(st, space, key, NULL, &before, err) == -1)
		return fail_write(st, "read the state", err);
	q = named(st, SQL_STATE_PUT, space, key, err);
	if (q != NULL) {
		bind_blob(q, 3, value);
		bind_number(q, 4, sum);
	}
	if (step_write(st, q, "write the state", err) == -1)
		return -1;
	st->now.state ^= before ^ sum;
	return 0;
}

int
state_drop(struct store *st, const char *space, struct slice key,
    struct err *err)
{
	uint64_t before;

	if (store_begin(st, err) == -1)
		return -1;
	if (get(st, space, key, NULL, &before, err) == -1)
		return fail_write(st, "read the state", err);
	if (step_write(st, named(st, SQL_STATE_DROP, space, key, err),
	    "write the state", err) == -1)
		return -1;
	st->now.state ^= before;
	return 0;
}

int
state_each(struct store *st, const char *space,
    void (*each)(void *arg, struct slice key, struct slice value), void *arg,
    struct err *err)
{
	sqlite3_stmt *q = statement(st, SQL_STATE_EACH, err);
	int ret;

	if (q == NULL)
		return -1;
	bind_text(q, 1, slice_of(space));
	while ((ret = step_read(st, q, "read the state", err)) == 1) {
		struct slice key = column_slice(q, 0);
		struct slice value = column_slice(q, 1);

		if (column_number(q, 2) == state_sum(space, key, value))
			each(arg, key, value);
	}
	sqlite3_reset(q);
	return ret;
}

int
state_load(struct store *st, struct err *err)
{
	sqlite3_stmt *q = named(st, SQL_STATE_GET, sum_space, S(""), err);
	int ret;

	st->now.state = 0;
	if (q == NULL)
		return -1;
	ret = step_read(st, q, "read the state", err);
	if (ret == 1)
		st->now.state = column_number(q, 1);
	sqlite3_reset(q);
	return ret == -1 ? -1 : 0;
}

int
state_save(struct store *st, struct err *err)
{
	sqlite3_stmt *q = named(st, SQL_STATE_PUT, sum_space, S(""), err);

	if (q != NULL)
		bind_number(q, 4, st->now.state);
	return step_write(st, q, "write the state", err);
}
