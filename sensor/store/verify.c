/*
 * Is it intact? Everything is computed again from what stands there: the
 * chains, the columns, what the bodies say, the state, the indexes.
 */
#include "store/verify.h"

#include "base/json.h"

enum { LINES_MAX = 50, BODY_ARENA = 16 << 20 };

/* What SQLite says may quote what stands in the file: it is shown escaped. */
void
wrong(struct check *c, uint64_t seq, const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list ap;

	c->out->bad++;
	if (seq > 0 && (c->out->first_bad == 0 || seq < c->out->first_bad))
		c->out->first_bad = seq;
	if (c->out->bad > LINES_MAX)
		return;
	if (seq > 0)
		buf_fmt(&c->lines, "record %llu: ", (unsigned long long)seq);
	va_start(ap, fmt);
	buf_vfmt(&text, fmt, ap);
	va_end(ap);
	text_escape(&c->lines, buf_slice(&text));
	buf_str(&c->lines, "\n");
	buf_free(&text);
}

static bool
read_digest(struct slice s, struct digest *out)
{
	if (s.len != DIGEST_LEN)
		return false;
	memcpy(out->b, s.p, DIGEST_LEN);
	return true;
}

/*
 * Numbers have no holes above what retention has dropped. The record behind
 * a missing one can't be checked against its predecessor, and is not blamed.
 */
static void
check_holes(struct check *c, uint64_t seq)
{
	uint64_t from = c->last > c->floor ? c->last : c->floor;

	if (seq > from + 1)
		wrong(c, from + 1, seq == from + 2 ? "it is missing" :
		    "it is missing, and all up to %llu",
		    (unsigned long long)seq - 1);
}

/* What an erased record left behind is a digest, and a decision to erase. */
static bool
is_erasure(struct check *c, const struct row *row)
{
	struct store *st = c->st;
	sqlite3_stmt *decided;
	bool found;

	if (prepare(st,
	    "SELECT 1 FROM record INDEXED BY record_about"
	    " WHERE about = ?1 AND kind = ?2 AND rule = 'erase'", &decided,
	    NULL) == -1)
		return false;
	bind_blob(decided, 1, slice_bytes(row->id.b, ID_LEN));
	bind_number(decided, 2, KIND_DECISION);
	found = step_read(st, decided, "look for a decision", NULL) == 1;
	sqlite3_finalize(decided);
	return found;
}

static bool
record_digest(struct check *c, const struct row *row, sqlite3_stmt *q,
    struct digest *out)
{
	if (sqlite3_column_type(q, COL_BODY) == SQLITE_NULL) {
		if (is_erasure(c, row) &&
		    read_digest(column_slice(q, COL_DIGEST), out))
			return true;
		wrong(c, row->seq, "its body is gone, and nobody decided so");
		return false;
	}
	*out = chain_digest(column_slice(q, COL_SALT), row->body);
	return true;
}

static void
check_link(struct check *c, const struct row *row, sqlite3_stmt *q)
{
	struct link *at = &c->at[row->class];
	struct digest record, hash, stored = { { 0 } };
	bool whole = sqlite3_column_type(q, COL_BODY) != SQLITE_NULL;

	if (!read_digest(column_slice(q, COL_HASH), &stored))
		wrong(c, row->seq, "its hash is none");
	else if (record_digest(c, row, q, &record)) {
		hash = chain_hash(&at->hash, row->seq, row->kind, &record);
		if (memcmp(&hash, &stored, sizeof(hash)) != 0)
			wrong(c, row->seq, "it is not what was written behind "
			    "record %llu", (unsigned long long)at->seq);
		else if (whole && !salt_fits(column_slice(q, COL_SALT), row))
			wrong(c, row->seq, "its columns are not what was "
			    "written");
	}
	*at = (struct link){ row->seq, stored };
	if (c->expecting && row->seq == c->expected.seq &&
	    memcmp(&stored, &c->expected.hash, sizeof(stored)) == 0)
		c->met = true;
}

/* The next of its chain is then only blamed for itself. */
static void
pass_over(struct check *c, sqlite3_stmt *q)
{
	uint64_t class = column_number(q, COL_CLASS);

	if (class < CLASS_COUNT && read_digest(column_slice(q, COL_HASH),
	    &c->at[class].hash))
		c->at[class].seq = column_number(q, COL_SEQ);
}

static void
check_row(struct check *c, sqlite3_stmt *q)
{
	uint64_t bad = c->out->bad;
	bool fits = types_fit(q);	/* before anything is converted */
	struct row row;

	fits &= row_read(q, &row);
	check_holes(c, row.seq);
	c->last = row.seq;
	if (!fits) {
		wrong(c, row.seq, "it is no record any more");
		pass_over(c, q);
		return;
	}
	c->count[row.class]++;
	check_link(c, &row, q);
	if (row.seq > c->st->now.chains[row.class].head.seq)
		wrong(c, row.seq, "it is behind the head of %s",
		    class_name(row.class).p);
	if (column_number(q, COL_SHORT) != short_of(row.id))
		wrong(c, row.seq, "its short id is not that of its id");
	if (!is_whole_or_erased(q))
		wrong(c, row.seq, "it is half erased");
	check_body(c, &row);
	c->bad[row.class] += c->out->bad > bad;
}

static int
walk(struct check *c, struct err *err)
{
	struct store *st = c->st;
	sqlite3_stmt *q;
	int ret;

	if (prepare(st, "SELECT " RECORD_COLUMNS " FROM record NOT INDEXED"
	    " ORDER BY seq", &q, err) == -1)
		return -1;
	while ((ret = step_read(st, q, "read on", err)) == 1) {
		c->out->records++;
		check_row(c, q);
	}
	sqlite3_finalize(q);
	if (ret == -1)
		wrong(c, c->last + 1, "the file is damaged behind record "
		    "%llu: %s", (unsigned long long)c->last,
		    sqlite3_errmsg(st->db));
	return ret;
}

static void
check_head(struct check *c, enum class class)
{
	const struct link *head = &c->st->now.chains[class].head;
	const struct link *at = &c->at[class];

	if (at->seq < head->seq)
		wrong(c, head->seq, "it is missing, the head of %s",
		    class_name(class).p);
	else if (at->seq == head->seq &&
	    memcmp(&at->hash, &head->hash, sizeof(at->hash)) != 0)
		wrong(c, head->seq, "it is not the head of %s that was kept",
		    class_name(class).p);
}

static void
check_heads(struct check *c)
{
	uint64_t last = 0;

	for (enum class class = 0; class < CLASS_COUNT; class++)
		if (c->st->now.chains[class].head.seq > last)
			last = c->st->now.chains[class].head.seq;
	check_holes(c, last + 1);
	for (enum class class = 0; class < CLASS_COUNT; class++)
		check_head(c, class);
}

/* --- the verdict ----------------------------------------------------------- */

static int
read_expected(struct check *c, struct slice s, struct err *err)
{
	struct slice seq;

	if (s.len == 0)
		return 0;
	if (!slice_cut(&s, ':', &seq) ||
	    slice_to_u64(seq, &c->expected.seq) == -1 ||
	    hex_decode(s, c->expected.hash.b, DIGEST_LEN) == -1)
		return err_set(err, "a head is \"SEQ:HASH\", the hash in 64 "
		    "hex digits");
	c->expecting = true;
	return 0;
}

static void
begin(struct check *c)
{
	for (enum class class = 0; class < CLASS_COUNT; class++) {
		const struct link *anchor = &c->st->now.chains[class].anchor;

		c->at[class] = *anchor;
		if (anchor->seq > c->floor)
			c->floor = anchor->seq;
		if (c->expecting && anchor->seq == c->expected.seq &&
		    memcmp(&anchor->hash, &c->expected.hash,
		    sizeof(anchor->hash)) == 0)
			c->met = true;
	}
	c->last = 0;
}

static void
check_expected(struct check *c)
{
	if (!c->expecting || c->met)
		return;
	if (c->expected.seq <= c->floor)
		wrong(c, 0, "the expected head, record %llu, is no longer "
		    "kept, and can't be confirmed",
		    (unsigned long long)c->expected.seq);
	else
		wrong(c, c->expected.seq, "it is not the head that is "
		    "expected");
}

static void
write_verdict(struct check *c)
{
	for (enum class class = 0; class < CLASS_COUNT; class++) {
		const struct chain *chain = &c->st->now.chains[class];
		struct buf *b = &c->out->what;

		buf_fmt(b, "%s: %llu records", class_name(class).p,
		    (unsigned long long)c->count[class]);
		if (chain->anchor.seq > 0)
			buf_fmt(b, " after %llu",
			    (unsigned long long)chain->anchor.seq);
		buf_fmt(b, ", head %llu:",
		    (unsigned long long)chain->head.seq);
		buf_hex(b, digest_slice(&chain->head.hash));
		if (c->bad[class] == 0)
			buf_str(b, ", intact\n");
		else
			buf_fmt(b, ", %llu damaged\n",
			    (unsigned long long)c->bad[class]);
	}
	buf_add(&c->out->what, buf_slice(&c->lines));
	if (c->out->bad > LINES_MAX)
		buf_fmt(&c->out->what, "and %llu more\n",
		    (unsigned long long)c->out->bad - LINES_MAX);
}

/* Damage that keeps one part from being read does not end the others. */
static void
check_all(struct check *c)
{
	static int (*const parts[])(struct check *c, struct err *err) = {
		walk, check_state, check_schema, check_pages,
	};
	struct err err;

	for (size_t i = 0; i < COUNT(parts); i++)
		if (parts[i](c, &err) == -1 && parts[i] != walk)
			wrong(c, 0, "%s", err.text);
	check_heads(c);
	check_expected(c);
}

int
store_verify(struct store *st, struct slice expect_head,
    struct verdict *out, struct err *err)
{
	struct check c = { .st = st, .out = out };

	*out = (struct verdict){ 0 };
	if (read_expected(&c, expect_head, err) == -1)
		return -1;
	if (store_commit(st, err) == -1)
		return -1;
	c.arena = arena_new(BODY_ARENA);
	begin(&c);
	check_all(&c);
	write_verdict(&c);
	arena_free(c.arena);
	buf_free(&c.keep);
	buf_free(&c.lines);
	return out->bad > 0;
}
