#include "store/inside.h"

#include <assert.h>

static struct row
row_of(const struct entry *e, struct buf keep[5])
{
	return (struct row){
		.kind = e->kind,
		.class = e->class,
		.id = e->id,
		.time = e->time,
		.received = e->received,
		.level = e->level,
		.rule = column_text(e->rule, &keep[0]),
		.title = column_text(e->title, &keep[1]),
		.user = column_text(e->user, &keep[2]),
		.source = column_text(e->source, &keep[3]),
		.session = column_text(e->session, &keep[4]),
		.has_about = e->has_about,
		.about = e->about,
		.body = e->body,
	};
}

/* Parameters are numbered as the columns are, the body is the last. */
static void
bind_row(sqlite3_stmt *q, const struct row *row)
{
	bind_number(q, COL_SEQ + 1, row->seq);
	bind_number(q, COL_KIND + 1, row->kind);
	bind_number(q, COL_CLASS + 1, row->class);
	bind_number(q, COL_LEVEL + 1, row->level);
	bind_number(q, COL_TIME + 1, (uint64_t)row->time);
	bind_number(q, COL_RECEIVED + 1, (uint64_t)row->received);
	bind_number(q, COL_SHORT + 1, short_of(row->id));
	bind_blob(q, COL_ID + 1, slice_bytes(row->id.b, ID_LEN));
	bind_text(q, COL_RULE + 1, row->rule);
	bind_text(q, COL_TITLE + 1, row->title);
	bind_text(q, COL_USER + 1, row->user);
	bind_text(q, COL_SOURCE + 1, row->source);
	bind_text(q, COL_SESSION + 1, row->session);
	if (row->has_about)
		bind_blob(q, COL_ABOUT + 1,
		    slice_bytes(row->about.b, ID_LEN));
	sqlite3_bind_text64(q, COL_HASH + 2,
	    row->body.len > 0 ? (const char *)row->body.p : "", row->body.len,
	    SQLITE_STATIC, SQLITE_UTF8);
}

/* 0 it is kept, 1 its id was there. */
static int
insert(struct store *st, struct row *row, struct err *err)
{
	struct link *head = &st->now.chains[row->class].head;
	sqlite3_stmt *q = statement(st, SQL_INSERT, err);
	unsigned char salt[SALT_LEN];
	struct slice salted = slice_bytes(salt, SALT_LEN);
	struct digest record, hash;

	row->seq = st->now.last + 1;
	salt_make(st, row, salt);
	record = chain_digest(salted, row->body);
	hash = chain_hash(&head->hash, row->seq, row->kind, &record);
	if (q != NULL) {
		bind_row(q, row);
		bind_blob(q, COL_SALT + 1, salted);
		bind_blob(q, COL_HASH + 1, digest_slice(&hash));
	}
	if (step_write(st, q, "keep a record", err) == -1)
		return -1;
	if (sqlite3_changes(st->db) == 0)
		return 1;
	*head = (struct link){ row->seq, hash };
	st->now.last = row->seq;
	st->now.kinds[row->kind]++;
	st->pending++;
	return 0;
}

int
store_append(struct store *st, const struct entry *e, struct err *err)
{
	struct row row;

	assert(st->writer && e->kind < KIND_COUNT && e->class < CLASS_COUNT);
	if (store_begin(st, err) == -1)
		return -1;
	row = row_of(e, st->scratch);
	return insert(st, &row, err);
}
