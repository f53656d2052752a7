#include "store/inside.h"

#include <stdio.h>

#include "base/json.h"
#include "base/utf8.h"
#include "base/when.h"

static bool
read_id(struct slice s, struct id *out)
{
	if (s.len != ID_LEN)
		return false;
	memcpy(out->b, s.p, ID_LEN);
	return true;
}

/* Ours, unlike the time of an event: from 1970 to the year 9999. */
static bool
is_arrival(int64_t when)
{
	return when >= 0 && when < INT64_C(253402300800) * SECOND;
}

/*
 * A journal may come from anywhere, and its numbers be whatever somebody put
 * there: what would lead out of a table, or overflow when an age is reckoned
 * from it, is no record.
 */
bool
row_read(sqlite3_stmt *q, struct row *out)
{
	uint64_t kind = column_number(q, COL_KIND);
	uint64_t class = column_number(q, COL_CLASS);
	uint64_t level = column_number(q, COL_LEVEL);

	*out = (struct row){
		.seq = column_number(q, COL_SEQ),
		.time = sqlite3_column_int64(q, COL_TIME),
		.received = sqlite3_column_int64(q, COL_RECEIVED),
		.rule = column_slice(q, COL_RULE),
		.title = column_slice(q, COL_TITLE),
		.user = column_slice(q, COL_USER),
		.source = column_slice(q, COL_SOURCE),
		.session = column_slice(q, COL_SESSION),
		.body = column_slice(q, COL_BODY),
	};
	out->has_about = read_id(column_slice(q, COL_ABOUT), &out->about);
	if (kind >= KIND_COUNT || class >= CLASS_COUNT ||
	    level > LEVEL_CRITICAL || !is_arrival(out->received))
		return false;
	out->kind = (enum kind)kind;
	out->class = (enum class)class;
	out->level = (enum level)level;
	return read_id(column_slice(q, COL_ID), &out->id);
}

uint64_t
short_of(struct id id)
{
	struct digest d = digest_one(slice_bytes(id.b, ID_LEN));
	uint64_t n = 0;

	for (int i = 0; i < SHORT_BITS / 8; i++)
		n = n << 8 | d.b[i];
	return n;
}

void
id_short(struct id id, char out[65])
{
	struct digest d = digest_one(slice_bytes(id.b, ID_LEN));

	for (size_t i = 0; i < DIGEST_LEN; i++)
		snprintf(out + 2 * i, 3, "%02x", d.b[i]);
}

static void
repair_utf8(struct slice s, struct buf *out)
{
	while (s.len > 0) {
		uint32_t code;
		size_t n = utf8_one(s, &code);

		if (n == 0)
			buf_str(out, "\xef\xbf\xbd");
		else
			buf_add(out, slice_head(s, n));
		s = slice_from(s, n > 0 ? n : 1);
	}
}

/* At most COLUMN_MAX bytes of valid UTF-8, not ending in half a character. */
static struct slice
cut_utf8(struct slice s)
{
	size_t n = COLUMN_MAX;

	if (s.len <= n)
		return s;
	while (n > 0 && (s.p[n] & 0xc0) == 0x80)
		n--;
	return slice_head(s, n);
}

struct slice
column_text(struct slice s, struct buf *keep)
{
	/* Repairing makes it longer, never shorter. */
	s = slice_head(s, COLUMN_MAX + 4);
	if (utf8_valid(s))
		return cut_utf8(s);
	buf_clear(keep);
	repair_utf8(s, keep);
	return cut_utf8(buf_slice(keep));
}

int
state_of_alert(struct store *st, struct id id, enum row_state *out,
    struct err *err)
{
	sqlite3_stmt *q = statement(st, SQL_STATE_OF, err);
	int ret;

	*out = ROW_OPEN;
	if (q == NULL)
		return -1;
	bind_blob(q, 1, slice_bytes(id.b, ID_LEN));
	bind_number(q, 2, KIND_DECISION);
	ret = step_read(st, q, "read decisions", err);
	if (ret == 1)
		*out = slice_eq(column_slice(q, 0), S("close")) ? ROW_CLOSED :
		    ROW_ACKED;
	sqlite3_reset(q);
	return ret == -1 ? -1 : 0;
}
