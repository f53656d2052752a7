#include "store/inside.h"

#include "base/pack.h"

static const char space[] = "cursor";

int
store_cursor_set(struct store *st, const char *output, uint64_t seq,
    struct err *err)
{
	struct buf value = { 0 };
	int ret;

	pack_u64(&value, seq);
	ret = state_put(st, space, slice_of(output), buf_slice(&value), err);
	buf_free(&value);
	return ret;
}

int
store_cursor(struct store *st, const char *output, uint64_t *seq,
    struct err *err)
{
	struct buf value = { 0 };
	struct unpack u;
	int ret = state_get(st, space, slice_of(output), &value, err);

	u = (struct unpack){ .rest = buf_slice(&value) };
	*seq = ret == 1 ? unpack_u64(&u) : st->now.last;
	buf_free(&value);
	if (ret == 0 && st->writer)
		return store_cursor_set(st, output, *seq, err);
	return ret == -1 ? -1 : 0;
}

int
store_dead_letter(struct store *st, const char *output, uint64_t seq,
    const char *reason, struct err *err)
{
	struct buf key = { 0 };
	int ret;

	buf_fmt(&key, "%s %llu", output, (unsigned long long)seq);
	ret = state_put(st, "dead", buf_slice(&key), slice_of(reason), err);
	buf_free(&key);
	return ret;
}

static int
count_from(struct store *st, enum kind kind, enum level level, uint64_t after,
    uint64_t *count, struct err *err)
{
	sqlite3_stmt *q = statement(st, SQL_COUNT_FROM, err);
	int ret;

	if (q == NULL)
		return -1;
	bind_number(q, 1, kind);
	bind_number(q, 2, level);
	bind_number(q, 3, after);
	ret = step_read(st, q, "count", err);
	*count += ret == 1 ? column_number(q, 0) : 0;
	sqlite3_reset(q);
	return ret == -1 ? -1 : 0;
}

int
store_waiting(struct store *st, uint64_t after, enum level level,
    uint64_t *count, struct err *err)
{
	*count = 0;
	for (enum kind k = 0; k < KIND_COUNT; k++)
		for (enum level l = level; l <= LEVEL_CRITICAL; l++)
			if (count_from(st, k, l, after, count, err) == -1)
				return -1;
	return 0;
}
