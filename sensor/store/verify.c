/*
 * Is it intact? Everything is computed again from what stands there: the
 * chains, the columns, what the bodies say, the state, the indexes.
 */
#include "store/inside.h"

#include <stdio.h>

#include "base/json.h"
#include "base/when.h"

enum { LINES_MAX = 50, BODY_ARENA = 16 << 20 };

struct check {
	struct store *st;
	struct verdict *out;
	struct arena *arena;
	struct buf keep;
	struct buf lines;	/* what is wrong, one line each */
	uint64_t count[CLASS_COUNT], bad[CLASS_COUNT];
	struct link at[CLASS_COUNT];
	uint64_t floor;		/* up to here records may be missing */
	uint64_t last;
	struct link expected;	/* of expect_head */
	bool expecting, met;
};

/* One thing that is wrong; seq 0 when it is no record's. */
static void __attribute__((format(printf, 3, 4)))
wrong(struct check *c, uint64_t seq, const char *fmt, ...)
{
	va_list ap;

	c->out->bad++;
	if (seq > 0 && (c->out->first_bad == 0 || seq < c->out->first_bad))
		c->out->first_bad = seq;
	if (c->out->bad > LINES_MAX)
		return;
	if (seq > 0)
		buf_fmt(&c->lines, "record %llu: ", (unsigned long long)seq);
	va_start(ap, fmt);
	buf_vfmt(&c->lines, fmt, ap);
	va_end(ap);
	buf_str(&c->lines, "\n");
}

/* --- columns and bodies ---------------------------------------------------- */

/* A text's column, and where its body has it; the first that is there. */
static const struct text_place {
	unsigned kinds;		/* 0: all */
	const char *name;
	size_t at;
	const char *paths[2];
} text_places[] = {
	{ 1u << KIND_ALERT, "rule", offsetof(struct row, rule),
	    { "rule.id", NULL } },
	{ 1u << KIND_EVENT, "rule", offsetof(struct row, rule),
	    { "vedette.record", NULL } },
	{ 1u << KIND_DECISION, "rule", offsetof(struct row, rule),
	    { "event.action", NULL } },
	{ 1u << KIND_ALERT, "title", offsetof(struct row, title),
	    { "rule.name", NULL } },
	{ 1u << KIND_ALERT | 1u << KIND_EVENT, "user",
	    offsetof(struct row, user), { "user.name", NULL } },
	{ 1u << KIND_ALERT | 1u << KIND_EVENT, "source",
	    offsetof(struct row, source), { "source.ip", "source.address" } },
	{ 1u << KIND_ALERT | 1u << KIND_EVENT, "session",
	    offsetof(struct row, session), { "vedette.session", NULL } },
};

/* Of several values the first counts. */
static const struct json *
body_text(const struct json *body, const char *const paths[2])
{
	for (int i = 0; i < 2 && paths[i] != NULL; i++) {
		const struct json *v = json_path(body, paths[i]);

		if (v != NULL && v->type == JSON_ARRAY)
			v = v->first;
		if (v != NULL && (v->type == JSON_STRING ||
		    v->type == JSON_NUMBER))
			return v;
	}
	return NULL;
}

static void
check_texts(struct check *c, const struct row *row, const struct json *body)
{
	for (size_t i = 0; i < COUNT(text_places); i++) {
		const struct text_place *p = &text_places[i];
		const struct json *v = body_text(body, p->paths);
		struct slice column;

		if (v == NULL ||
		    (p->kinds != 0 && !(p->kinds & 1u << row->kind)))
			continue;
		memcpy(&column, (const char *)row + p->at, sizeof(column));
		if (!slice_eq(column, column_text(v->text, &c->keep)))
			wrong(c, row->seq, "its %s is not that of its body",
			    p->name);
	}
}

static void
check_time(struct check *c, const struct row *row, const struct json *body,
    const char *path, int64_t column, const char *name)
{
	int64_t when;

	if (when_parse_rfc3339(json_text(body, path), &when) == 0 &&
	    when != column)
		wrong(c, row->seq, "its %s is not that of its body", name);
}

static void
check_id(struct check *c, const struct row *row, const struct json *body,
    const char *path, struct slice column, const char *name)
{
	struct id id;

	if (id_parse(json_text(body, path), &id) == 0 &&
	    !slice_eq(column, slice_bytes(id.b, ID_LEN)))
		wrong(c, row->seq, "its %s is not that of its body", name);
}

static void
check_body(struct check *c, const struct row *row)
{
	struct slice about = slice_bytes(row->about.b,
	    row->has_about ? ID_LEN : 0);
	struct json *body;
	enum level level;

	arena_reset(c->arena);
	if (json_parse(c->arena, row->body, &body, NULL) == -1)
		return;
	check_texts(c, row, body);
	check_time(c, row, body, "@timestamp", row->time, "time");
	check_time(c, row, body, "event.created", row->received,
	    "time of arrival");
	check_id(c, row, body, "event.id", slice_bytes(row->id.b, ID_LEN),
	    "id");
	check_id(c, row, body, "vedette.decision.about", about, "subject");
	if (level_parse(json_text(body, "vedette.level"), &level) == 0 &&
	    level != row->level)
		wrong(c, row->seq, "its level is not that of its body");
}

/* --- chains ---------------------------------------------------------------- */

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
is_erasure(struct check *c, const struct row *row, sqlite3_stmt *q)
{
	struct store *st = c->st;
	sqlite3_stmt *decided;
	bool found;

	if (column_slice(q, COL_REASON).len == 0 || prepare(st,
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
		if (is_erasure(c, row, q) &&
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

static bool
extra_columns_empty(sqlite3_stmt *q)
{
	return sqlite3_column_type(q, COL_BODY) == SQLITE_NULL ||
	    (sqlite3_column_type(q, COL_DIGEST) == SQLITE_NULL &&
	    sqlite3_column_type(q, COL_REASON) == SQLITE_NULL);
}

static void
check_row(struct check *c, sqlite3_stmt *q)
{
	uint64_t bad = c->out->bad;
	struct row row;

	if (!row_read(q, &row)) {
		wrong(c, row.seq, "it is no record any more");
		c->last = row.seq;
		return;
	}
	check_holes(c, row.seq);
	c->last = row.seq;
	c->count[row.class]++;
	check_link(c, &row, q);
	if (column_number(q, COL_SHORT) != short_of(row.id))
		wrong(c, row.seq, "its short id is not that of its id");
	if (!extra_columns_empty(q))
		wrong(c, row.seq, "it is erased and not erased");
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
check_heads(struct check *c)
{
	for (enum class class = 0; class < CLASS_COUNT; class++) {
		const struct link *head = &c->st->now.chains[class].head;
		const struct link *at = &c->at[class];

		if (at->seq > head->seq)
			wrong(c, 0, "%s: records up to %llu, but the chain "
			    "ended at %llu", class_name(class).p,
			    (unsigned long long)at->seq,
			    (unsigned long long)head->seq);
		else if (at->seq < head->seq)
			wrong(c, at->seq + 1, "from here on records of %s are "
			    "missing, up to %llu", class_name(class).p,
			    (unsigned long long)head->seq);
		else if (memcmp(&at->hash, &head->hash,
		    sizeof(at->hash)) != 0)
			wrong(c, head->seq, "it is not the head of %s that "
			    "was kept", class_name(class).p);
	}
}

/* --- what is beside the records -------------------------------------------- */

static int
check_state(struct check *c, struct err *err)
{
	struct store *st = c->st;
	sqlite3_stmt *q;
	uint64_t sum = 0;
	int ret;

	if (prepare(st, "SELECT space, name, value, sum FROM state"
	    " WHERE space <> 'sum'", &q, err) == -1)
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
static int
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

static int
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
