#include "store/inside.h"

#include <stdio.h>

enum {
	LIMIT_DEFAULT = 1000000,
	BOUNDS_ROWS = 20000,	/* of a span of time, see time_bounds */
	DIGITS_MIN = 6,
	EPOCHS_MAX = 1 << 20,	/* four thousand million records */
};

static const char by_seq[] = "SELECT " RECORD_COLUMNS
    " FROM record WHERE seq = ?1";

/* Parameters of all statements that are made here. */
enum { P_AFTER = 1, P_BEFORE, P_SINCE, P_UNTIL, P_RULE, P_USER, P_SOURCE,
	P_SESSION, P_ABOUT, P_EPOCH };

/*
 * What a query may ask for exactly, the most selective first: the first that
 * is asked for is looked up in its index, the others are compared.
 */
enum exact { BY_ABOUT, BY_SESSION, BY_SOURCE, BY_USER, BY_RULE, EXACTS };

static const struct {
	const char *index, *term;
	bool by_epoch;
} exacts[EXACTS] = {
	[BY_ABOUT] = { "record_about", " AND about = ?9", false },
	[BY_SESSION] = { "record_session", " AND session = ?8", true },
	[BY_SOURCE] = { "record_source", " AND source = ?7", true },
	[BY_USER] = { "record_user", " AND user = ?6", true },
	[BY_RULE] = { "record_rule", " AND rule = ?5", true },
};

struct plan {
	const struct query *q;
	bool exact[EXACTS];
	uint64_t after, before;	/* both exclusive */
	bool by_epoch;
	struct buf sql;
	struct slice rule, user, source, session;
	struct buf keep[4];
};

static void
plan_free(struct plan *p)
{
	buf_free(&p->sql);
	for (size_t i = 0; i < COUNT(p->keep); i++)
		buf_free(&p->keep[i]);
}

/* Epochs are walked one after the other, newest first unless asked. */
struct list {
	sqlite3_stmt *q;
	bool by_epoch, oldest_first;
	uint64_t epoch, end;	/* the present one, and the last to be seen */
};

/* The next sequence number: 1, 0 at the end, -1. */
static int
list_next(struct store *st, struct list *l, uint64_t *seq, struct err *err)
{
	int ret;

	while ((ret = step_read(st, l->q, "read records", err)) == 0) {
		if (!l->by_epoch || l->epoch == l->end)
			return 0;
		l->epoch += l->oldest_first ? 1 : UINT64_MAX;
		sqlite3_reset(l->q);
		bind_number(l->q, P_EPOCH, l->epoch);
	}
	if (ret == 1)
		*seq = column_number(l->q, 0);
	return ret;
}

/*
 * Between two sequence numbers, both exclusive: 1, or 0 when there can't be
 * any. A journal from elsewhere may claim numbers that nobody ever reaches.
 */
static int
list_span(struct store *st, struct list *l, uint64_t after, uint64_t before,
    struct err *err)
{
	int64_t first, last;

	if (read_number(st, "SELECT min(seq) FROM record", &first,
	    err) == -1 || read_number(st, "SELECT max(seq) FROM record",
	    &last, err) == -1)
		return -1;
	if (first < 0 || last >> EPOCH_BITS > EPOCHS_MAX)
		return err_set(err, "%s: sequence numbers that can't be",
		    st->dir);
	if (after >= (uint64_t)last || before == 0)
		return 0;
	if (after >= (uint64_t)first)
		first = (int64_t)after + 1;
	if (before <= (uint64_t)last)
		last = (int64_t)before - 1;
	if (first > last)
		return 0;
	l->epoch = (uint64_t)(l->oldest_first ? first : last) >> EPOCH_BITS;
	l->end = (uint64_t)(l->oldest_first ? last : first) >> EPOCH_BITS;
	bind_number(l->q, P_EPOCH, l->epoch);
	return 1;
}

/* Whether there is a record of a rule of exactly this id. */
static int
is_rule(struct store *st, struct slice rule, bool *out, struct err *err)
{
	struct list l = { .by_epoch = true };
	uint64_t seq;
	int ret;

	*out = false;
	if (prepare(st, "SELECT seq FROM record INDEXED BY record_rule"
	    " WHERE " EPOCH " = ?10 AND rule = ?5 LIMIT 1", &l.q, err) == -1)
		return -1;
	bind_text(l.q, P_RULE, rule);
	ret = list_span(st, &l, 0, INT64_MAX, err);
	if (ret == 1)
		ret = list_next(st, &l, &seq, err);
	*out = ret == 1;
	sqlite3_finalize(l.q);
	return ret == -1 ? -1 : 0;
}

/*
 * The sequence numbers between which the records of the plan's span of time
 * are: 1 found, 0 not, because there are more than `most` of them.
 */
static int
time_ends(struct store *st, struct plan *p, uint64_t most, struct err *err)
{
	static const char sql[] = "SELECT min(seq), max(seq), count(*) FROM"
	    " (SELECT seq FROM record INDEXED BY record_time"
	    " WHERE time >= ?3 AND time < ?4 LIMIT ?5)";
	sqlite3_stmt *q;
	int ret;

	if (prepare(st, sql, &q, err) == -1)
		return -1;
	bind_number(q, P_SINCE, (uint64_t)p->q->since);
	bind_number(q, P_UNTIL,
	    (uint64_t)(p->q->until > 0 ? p->q->until : INT64_MAX));
	bind_number(q, P_UNTIL + 1, most);
	ret = step_read(st, q, "look for the time", err);
	if (ret == 1 && column_number(q, 2) < most) {
		uint64_t first = column_number(q, 0);
		uint64_t last = column_number(q, 1);

		/* None at all: first and last are 0. */
		if (p->after + 1 < first)
			p->after = first - 1;
		if (p->before > last + 1)
			p->before = last + 1;
	} else if (ret == 1)
		ret = 0;
	sqlite3_finalize(q);
	return ret;
}

/* 1 the record that would be looked at first is of the span, 0 not. */
static int
starts_within(struct store *st, const struct plan *p, struct err *err)
{
	sqlite3_stmt *q;
	int64_t time;
	int ret;

	if (prepare(st, p->q->oldest_first ?
	    "SELECT time FROM record WHERE seq > ?1 ORDER BY seq LIMIT 1" :
	    "SELECT time FROM record WHERE seq < ?2 ORDER BY seq DESC LIMIT 1",
	    &q, err) == -1)
		return -1;
	bind_number(q, P_AFTER, p->after);
	bind_number(q, P_BEFORE, p->before);
	ret = step_read(st, q, "look for the time", err);
	if (ret == 1) {
		time = sqlite3_column_int64(q, 0);
		ret = time >= p->q->since &&
		    (p->q->until == 0 || time < p->q->until);
	}
	sqlite3_finalize(q);
	return ret;
}

/*
 * Time and sequence go together but for clocks that jump and old files that
 * are read late. A short span of time is therefore looked up in its index,
 * for the sequence numbers at its ends. A long one only if one does not stand
 * in it already, as each page of an answer but the first does.
 */
static int
time_bounds(struct store *st, struct plan *p, struct err *err)
{
	int ret;

	if (p->q->since == 0 && p->q->until == 0)
		return 0;
	ret = time_ends(st, p, BOUNDS_ROWS, err);
	if (ret == 0)
		ret = starts_within(st, p, err);
	if (ret == 0)
		ret = time_ends(st, p, INT64_MAX, err);
	return ret == -1 ? -1 : 0;
}

static void
add_terms(struct plan *p)
{
	const struct query *q = p->q;

	buf_str(&p->sql, " AND seq > ?1 AND seq < ?2");
	if (q->since > 0)
		buf_str(&p->sql, " AND time >= ?3");
	if (q->until > 0)
		buf_str(&p->sql, " AND time < ?4");
	for (enum exact e = 0; e < EXACTS; e++)
		if (p->exact[e])
			buf_str(&p->sql, exacts[e].term);
	if (p->rule.len > 0 && !p->exact[BY_RULE])
		buf_str(&p->sql,
		    " AND (instr(lower(title), lower(?5)) > 0 OR"
		    " (length(?5) >= 6 AND instr(lower(rule), lower(?5)) = 1))");
}

/* One part of a query: what it reads, in which order it comes. */
static void
add_part(struct plan *p, const char *index, const char *kinds)
{
	if (p->sql.len > 0)
		buf_str(&p->sql, " UNION ALL ");
	buf_fmt(&p->sql, "SELECT seq FROM record %s%s WHERE %s",
	    index != NULL ? "INDEXED BY " : "NOT INDEXED",
	    index != NULL ? index : "", kinds);
	add_terms(p);
}

static bool
wants_kind(const struct query *q, enum kind k)
{
	return q->kinds == 0 || q->kinds & 1u << k;
}

/* Kinds and levels as a condition on rows that another index has found. */
static void
add_exact(struct plan *p, const char *index)
{
	char kinds[160];
	int n = snprintf(kinds, sizeof(kinds), "level >= %d AND kind IN (-1",
	    (int)p->q->level);

	for (enum kind k = 0; k < KIND_COUNT; k++)
		if (wants_kind(p->q, k))
			n += snprintf(kinds + n, sizeof(kinds) - (size_t)n,
			    ", %d", (int)k);
	snprintf(kinds + n, sizeof(kinds) - (size_t)n, ")");
	if (p->by_epoch)
		snprintf(kinds + n, sizeof(kinds) - (size_t)n,
		    ") AND " EPOCH " = ?10");
	add_part(p, index, kinds);
}

/*
 * One part per kind and level, each in order; SQLite merges them without
 * sorting. So the newest critical alert is found at once among millions.
 */
static void
add_merged(struct plan *p)
{
	char kinds[64];

	for (enum kind k = 0; k < KIND_COUNT; k++)
		for (enum level l = p->q->level; l <= LEVEL_CRITICAL; l++) {
			if (!wants_kind(p->q, k))
				continue;
			snprintf(kinds, sizeof(kinds),
			    "kind = %d AND level = %d", (int)k, (int)l);
			add_part(p, "record_kind", kinds);
		}
}

static void
plan_write(struct plan *p)
{
	enum exact e = 0;

	while (e < EXACTS && !p->exact[e])
		e++;
	if (e < EXACTS) {
		p->by_epoch = exacts[e].by_epoch;
		add_exact(p, exacts[e].index);
	}
	else if (p->q->kinds == 0 && p->q->level == LEVEL_INFORMATIONAL)
		add_part(p, NULL, "1");
	else
		add_merged(p);
	buf_fmt(&p->sql, " ORDER BY 1 %s",
	    p->q->oldest_first ? "ASC" : "DESC");
}

static int
plan_make(struct store *st, const struct query *q, struct plan *p,
    struct err *err)
{
	*p = (struct plan){ .q = q, .after = q->after,
	    .before = q->before > 0 ? q->before : INT64_MAX };
	p->rule = column_text(q->rule, &p->keep[0]);
	p->user = column_text(q->user, &p->keep[1]);
	p->source = column_text(q->source, &p->keep[2]);
	p->session = column_text(q->session, &p->keep[3]);
	p->exact[BY_ABOUT] = q->has_about;
	p->exact[BY_SESSION] = p->session.len > 0;
	p->exact[BY_SOURCE] = p->source.len > 0;
	p->exact[BY_USER] = p->user.len > 0;
	if (p->rule.len > 0 &&
	    is_rule(st, p->rule, &p->exact[BY_RULE], err) == -1)
		return -1;
	if (time_bounds(st, p, err) == -1)
		return -1;
	plan_write(p);
	return 0;
}

/* 1 ready, 0 there can't be any. */
static int
plan_prepare(struct store *st, struct plan *p, struct list *l,
    struct err *err)
{
	l->by_epoch = p->by_epoch;
	l->oldest_first = p->q->oldest_first;
	if (prepare(st, buf_cstr(&p->sql), &l->q, err) == -1)
		return -1;
	bind_number(l->q, P_AFTER, p->after);
	bind_number(l->q, P_BEFORE, p->before);
	bind_number(l->q, P_SINCE, (uint64_t)p->q->since);
	bind_number(l->q, P_UNTIL, (uint64_t)p->q->until);
	bind_text(l->q, P_RULE, p->rule);
	bind_text(l->q, P_USER, p->user);
	bind_text(l->q, P_SOURCE, p->source);
	bind_text(l->q, P_SESSION, p->session);
	bind_blob(l->q, P_ABOUT, slice_bytes(p->q->about.b, ID_LEN));
	return list_span(st, l, p->after, p->before, err);
}

/*
 * Reads the row that fetch stands on. 1 it is one for the caller, 0 not (it
 * is closed, or no record at all: verify names that), -1.
 */
static int
complete(struct store *st, sqlite3_stmt *fetch, bool open_only,
    struct row *row, struct err *err)
{
	if (!row_read(fetch, row))
		return 0;
	if (row->kind == KIND_ALERT &&
	    state_of_alert(st, row->id, &row->state, err) == -1)
		return -1;
	return open_only && row->kind == KIND_ALERT &&
	    row->state != ROW_OPEN ? 0 : 1;
}

static int
run(struct store *st, const struct query *q, struct list *l,
    sqlite3_stmt *fetch, int (*each)(void *arg, const struct row *row),
    void *arg, struct err *err)
{
	uint64_t left = q->limit > 0 ? q->limit : LIMIT_DEFAULT, seq;
	struct row row;
	int ret;

	while (left > 0) {
		ret = list_next(st, l, &seq, err);
		if (ret != 1)
			return ret;
		sqlite3_reset(fetch);
		bind_number(fetch, 1, seq);
		ret = step_read(st, fetch, "read a record", err);
		if (ret == 1)
			ret = complete(st, fetch, q->open_only, &row, err);
		if (ret == -1)
			return -1;
		if (ret == 0)
			continue;
		if (each(arg, &row) == -1)
			return 0;
		left--;
	}
	return 0;
}

int
store_query(struct store *st, const struct query *q,
    int (*each)(void *arg, const struct row *row), void *arg,
    struct err *err)
{
	struct list list = { 0 };
	sqlite3_stmt *fetch = NULL;
	struct plan plan;
	int ret = plan_make(st, q, &plan, err);

	if (ret == 0)
		ret = plan_prepare(st, &plan, &list, err);
	/* No kept statements: a callback may ask for something itself. */
	if (ret == 1)
		ret = prepare(st, by_seq, &fetch, err);
	if (ret == 0 && fetch != NULL)
		ret = run(st, q, &list, fetch, each, arg, err);
	sqlite3_finalize(list.q);
	sqlite3_finalize(fetch);
	plan_free(&plan);
	return ret;
}

/* Lowest and highest value of the column short that digits may stand for. */
static int
digits_range(struct slice digits, uint64_t *low, uint64_t *high,
    struct err *err)
{
	unsigned char bytes[SHORT_BITS / 8];
	char text[SHORT_BITS / 4];
	size_t n = digits.len < sizeof(text) ? digits.len : sizeof(text);

	*low = *high = 0;
	if (digits.len >= DIGITS_MIN && digits.len <= 2 * DIGEST_LEN) {
		memset(text, '0', sizeof(text));
		memcpy(text, digits.p, n);
	}
	if (digits.len < DIGITS_MIN || digits.len > 2 * DIGEST_LEN ||
	    hex_decode(slice_bytes(text, sizeof(text)), bytes,
	    sizeof(bytes)) == -1)
		return err_set(err, "not an id: %d or more hex digits",
		    DIGITS_MIN);
	for (size_t i = 0; i < sizeof(bytes); i++)
		*low = *low << 8 | bytes[i];
	*high = *low | ((UINT64_C(1) << (SHORT_BITS - 4 * n)) - 1);
	return 0;
}

struct find {
	struct slice digits;
	int (*each)(void *arg, const struct row *row);
	void *arg;
};

static int
run_find(struct store *st, struct list *l, sqlite3_stmt *fetch,
    const struct find *f, struct err *err)
{
	char digits[65];
	struct row row;
	uint64_t seq;
	int ret;

	while ((ret = list_next(st, l, &seq, err)) == 1) {
		sqlite3_reset(fetch);
		bind_number(fetch, 1, seq);
		ret = step_read(st, fetch, "read a record", err);
		if (ret == 1)
			ret = complete(st, fetch, false, &row, err);
		if (ret == -1)
			return -1;
		if (ret == 0)
			continue;
		id_short(row.id, digits);
		if (!slice_eq_nocase(slice_head(slice_of(digits),
		    f->digits.len), f->digits))
			continue;
		if (f->each(f->arg, &row) == -1)
			return 0;
	}
	return ret;
}

int
store_find(struct store *st, struct slice digits,
    int (*each)(void *arg, const struct row *row), void *arg,
    struct err *err)
{
	const struct find f = { digits, each, arg };
	struct list list = { .by_epoch = true };
	sqlite3_stmt *fetch = NULL;
	uint64_t low, high;
	int ret;

	if (digits_range(digits, &low, &high, err) == -1)
		return -1;
	if (prepare(st, "SELECT seq FROM record INDEXED BY record_short"
	    " WHERE " EPOCH " = ?10 AND short BETWEEN ?1 AND ?2", &list.q,
	    err) == -1)
		return -1;
	bind_number(list.q, 1, low);
	bind_number(list.q, 2, high);
	ret = list_span(st, &list, 0, INT64_MAX, err);
	if (ret == 1)
		ret = prepare(st, by_seq, &fetch, err);
	if (ret == 0 && fetch != NULL)
		ret = run_find(st, &list, fetch, &f, err);
	sqlite3_finalize(list.q);
	sqlite3_finalize(fetch);
	return ret;
}
