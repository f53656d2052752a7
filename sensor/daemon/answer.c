#include "daemon/answer.h"

#include <stdlib.h>

#include "base/when.h"
#include "daemon/answer_folds.h"

enum {
	PAGE_ROWS = 256,
	PAGE_BYTES = 64 << 10,
	CANDIDATES = 20,
	DIGITS_MIN = 6,
	DIGITS_MAX = 64,
	BODY_ARENA = 4 << 20,
};

struct answer {
	struct store *store;
	bool find;
	struct slice digits;
	struct query query;
	int64_t now;
	uint64_t left;		/* rows that may still come */
	bool observed;
	bool begun;
	bool following;
	bool listed;		/* the records are all told, not the folds */
	size_t folds;		/* how many of these are */
	struct arena *arena;	/* a row's body */
	struct buf row;
	/* Of the page that is being made. */
	answer_line *line;
	void *arg;
	size_t rows, bytes;
	uint64_t last;		/* seq */
};

/* --- reading the question --- */

static int
read_kinds(const struct json *list, unsigned *kinds, struct err *err)
{
	enum kind kind;

	if (list == NULL)
		return 0;
	for (const struct json *j = list->first; j != NULL; j = j->next) {
		if (kind_parse(j->text, &kind) == -1)
			return err_set(err, "no such kind of record");
		*kinds |= 1U << kind;
	}
	return 0;
}

static bool
is_true(const struct json *object, const char *key, bool fallback)
{
	const struct json *j = json_get(object, key);

	return j != NULL && j->type == JSON_BOOL ? j->truth : fallback;
}

static uint64_t
number(const struct json *object, const char *key)
{
	int64_t n = json_int(object, key, 0);

	return n < 0 ? 0 : (uint64_t)n;
}

static int
read_query(struct answer *a, const struct json *j, struct err *err)
{
	struct query *q = &a->query;
	struct slice level = json_text(j, "level");
	struct slice about = json_text(j, "about");

	q->since = (int64_t)number(j, "since");
	q->until = (int64_t)number(j, "until");
	q->rule = json_text(j, "rule");
	q->user = json_text(j, "user");
	q->source = json_text(j, "source");
	q->session = json_text(j, "session");
	q->open_only = is_true(j, "open", false);
	q->after = number(j, "after");
	a->following = q->after > 0;
	q->oldest_first = is_true(j, "oldest", false);
	a->left = number(j, "limit");
	if (a->left == 0)
		a->left = UINT64_MAX;
	a->observed = is_true(j, "observed", true);
	if (level.len > 0 && level_parse(level, &q->level) == -1)
		return err_set(err, "no such level");
	q->has_about = about.len > 0;
	if (q->has_about && id_parse(about, &q->about) == -1)
		return err_set(err, "about: not an id");
	if (read_kinds(json_get(j, "kinds"), &q->kinds, err) == -1)
		return -1;
	if (!q->open_only)
		return 0;
	if (q->kinds & ~(1U << KIND_ALERT))
		return err_set(err, "only alerts are open or not");
	q->kinds = 1U << KIND_ALERT;
	return 0;
}

/*
 * An event.id, as receivers see it, is found by the digits made from it; what
 * people type is made lower case.
 */
static int
read_digits(struct slice in, char out[DIGITS_MAX + 1], struct err *err)
{
	if (in.len < DIGITS_MIN || in.len > DIGITS_MAX)
		return err_set(err, "an id has %d hex digits or more",
		    DIGITS_MIN);
	slice_to_cstr(in, out, DIGITS_MAX + 1);
	for (size_t i = 0; i < in.len; i++)
		out[i] = (char)byte_lower((unsigned char)out[i]);
	if (strspn(out, "0123456789abcdef") != in.len)
		return err_set(err, "an id has hex digits only");
	return 0;
}

struct answer *
answer_new(struct store *st, const struct json *request, int64_t now,
    struct err *err)
{
	struct answer *a = xcalloc(1, sizeof(*a));
	int bad;

	a->store = st;
	a->now = now;
	a->find = !slice_eq(json_text(request, "command"), S("list"));
	a->digits = json_text(request, "id");
	bad = a->find ? 0 : read_query(a, json_get(request, "query"), err);
	if (bad == -1) {
		answer_free(a);
		return NULL;
	}
	a->arena = arena_new(BODY_ARENA);
	return a;
}

void
answer_free(struct answer *a)
{
	if (a == NULL)
		return;
	if (a->arena != NULL)
		arena_free(a->arena);
	buf_free(&a->row);
	free(a);
}

/* --- writing a row --- */

static void
pair(struct jsonw *w, const char *key, struct slice s)
{
	if (s.len > 0)
		jsonw_pair(w, key, s);
}

static void
pair_id(struct jsonw *w, const char *key, struct id id)
{
	struct buf hex = { 0 };

	id_add(&hex, id);
	jsonw_pair(w, key, buf_slice(&hex));
	buf_free(&hex);
}

/*
 * The body is our own JSON, unless somebody was at the database: what is not
 * an object does not get out, so that it can't pretend to be other members.
 */
static void
write_body(struct answer *a, struct jsonw *w, struct slice body)
{
	struct json *j;

	jsonw_key(w, S("body"));
	arena_reset(a->arena);
	if (body.len > 0 && json_parse(a->arena, body, &j, NULL) == 0 &&
	    j->type == JSON_OBJECT)
		jsonw_raw(w, body);
	else
		jsonw_null(w);
}

static void
write_row(struct answer *a, const struct row *r)
{
	static const char *const states[] = {
		[ROW_OPEN] = "open",
		[ROW_ACKED] = "acked",
		[ROW_CLOSED] = "closed",
	};
	struct jsonw w = { .out = &a->row };

	buf_clear(&a->row);
	jsonw_object(&w);
	jsonw_pair_int(&w, "seq", (int64_t)r->seq);
	jsonw_pair(&w, "kind", slice_of(kind_name(r->kind)));
	jsonw_pair(&w, "class", r->class == CLASS_EVIDENCE ? S("evidence") :
	    S("bulk"));
	pair_id(&w, "id", r->id);
	jsonw_pair_int(&w, "time", r->time);
	jsonw_pair_int(&w, "received", r->received);
	jsonw_pair(&w, "level", slice_of(level_name(r->level)));
	if (r->kind == KIND_ALERT)
		jsonw_pair(&w, "state", slice_of(states[r->state]));
	pair(&w, "rule", r->rule);
	pair(&w, "title", r->title);
	pair(&w, "user", r->user);
	pair(&w, "source", r->source);
	pair(&w, "session", r->session);
	if (r->has_about)
		pair_id(&w, "about", r->about);
	write_body(a, &w, r->body);
	jsonw_object_end(&w);
}

/* --- pages --- */

static int
each_row(void *arg, const struct row *r)
{
	struct answer *a = arg;

	write_row(a, r);
	a->line(a->arg, ASK_ROW, buf_slice(&a->row));
	a->rows++;
	a->bytes += a->row.len;
	a->last = r->seq;
	return a->bytes < PAGE_BYTES ? 0 : -1;
}

struct newest {
	uint64_t seq;
	int64_t received;
};

static int
each_newest(void *arg, const struct row *r)
{
	*(struct newest *)arg = (struct newest){ r->seq, r->received };
	return -1;
}

static void
head(struct answer *a)
{
	const struct host *host = store_host(a->store);
	struct jsonw w = { .out = &a->row };
	struct query q = { .limit = 1 };
	struct newest last = { 0 };

	store_query(a->store, &q, each_newest, &last, NULL);
	buf_clear(&a->row);
	jsonw_object(&w);
	jsonw_pair(&w, "host", slice_of(host->name));
	jsonw_pair(&w, "host_id", slice_of(host->id));
	jsonw_pair_int(&w, "seq", (int64_t)last.seq);
	jsonw_pair_int(&w, "last", last.received);
	jsonw_object_end(&w);
	if (a->now == 0)
		a->now = last.received;
	a->begun = true;
	a->line(a->arg, ASK_HEAD, buf_slice(&a->row));
}

static int
observed(struct answer *a, struct err *err)
{
	struct buf line = { 0 };
	struct jsonw w = { .out = &a->row };
	int64_t until = a->query.until;
	int ret;

	if (until == 0 || until > a->now)
		until = a->now;
	buf_clear(&a->row);
	jsonw_object(&w);
	jsonw_key(&w, S("observed"));
	ret = store_observed(a->store, a->query.since, until, &line, &w, err);
	if (ret == 0) {
		jsonw_pair(&w, "line", buf_slice(&line));
		jsonw_object_end(&w);
		a->line(a->arg, ASK_OBSERVED, buf_slice(&a->row));
	}
	buf_free(&line);
	return ret;
}

/* Whoever follows is told of them when they are records. */
static int
page_folds(struct answer *a, struct err *err)
{
	struct folds_page page = { &a->query, a->now, a->folds };
	int more;

	if ((a->query.kinds & (1U << KIND_EXCEPTED)) == 0 ||
	    a->query.open_only || a->query.has_about || a->following)
		return 0;
	a->listed = true;
	more = answer_folds(a->store, &page, each_row, a, err);
	a->folds = page.from;
	return more;
}

static int
page_end(struct answer *a, struct err *err)
{
	int more = page_folds(a, err);

	if (more != 0)
		return more;
	return a->observed ? observed(a, err) : 0;
}

static int
page_list(struct answer *a, struct err *err)
{
	struct query *q = &a->query;

	if (a->listed)
		return page_end(a, err);

	q->limit = a->left < PAGE_ROWS ? a->left : PAGE_ROWS;
	if (q->limit > 0 &&
	    store_query(a->store, q, each_row, a, err) == -1)
		return -1;
	a->left -= a->rows;
	if (a->rows > 0 && a->left > 0 &&
	    (a->rows == q->limit || a->bytes >= PAGE_BYTES)) {
		*(q->oldest_first ? &q->after : &q->before) = a->last;
		return 1;
	}
	return page_end(a, err);
}

static int
each_candidate(void *arg, const struct row *r)
{
	struct answer *a = arg;

	each_row(a, r);
	return a->rows < CANDIDATES ? 0 : -1;
}

static int
find_digits(struct store *st, struct slice digits,
    int (*each)(void *arg, const struct row *row), void *arg, size_t *found,
    struct err *err)
{
	char typed[DIGITS_MAX + 1], made[65];
	struct id id;

	if (read_digits(digits, typed, err) == -1)
		return -1;
	if (id_parse(slice_of(typed), &id) == 0) {
		id_short(id, made);
		if (store_find(st, slice_of(made), each, arg, err) == -1)
			return -1;
	}
	if (*found > 0)
		return 0;
	return store_find(st, slice_of(typed), each, arg, err);
}

int
answer_page(struct answer *a, answer_line *line, void *arg, struct err *err)
{
	a->line = line;
	a->arg = arg;
	a->rows = 0;
	a->bytes = 0;
	if (!a->begun)
		head(a);
	if (a->find)
		return find_digits(a->store, a->digits, each_candidate, a,
		    &a->rows, err);
	return page_list(a, err);
}

/* --- one record --- */

struct resolved {
	size_t count;
	struct id id;
	enum kind kind;
	struct buf list;
};

static int
each_resolved(void *arg, const struct row *r)
{
	struct resolved *res = arg;
	char digits[65];

	if (res->count++ == 0) {
		res->id = r->id;
		res->kind = r->kind;
	}
	id_short(r->id, digits);
	buf_fmt(&res->list, " %.12s", digits);
	return res->count < CANDIDATES ? 0 : -1;
}

int
answer_resolve(struct store *st, struct slice digits, struct id *id,
    enum kind *kind, struct err *err)
{
	struct resolved res = { 0 };
	int ret = find_digits(st, digits, each_resolved, &res, &res.count,
	    err);

	if (ret == 0 && res.count == 0)
		ret = err_set(err, "no record has this id");
	else if (ret == 0 && res.count > 1)
		ret = err_set(err, "several records begin so:%s",
		    buf_cstr(&res.list));
	*id = res.id;
	*kind = res.kind;
	buf_free(&res.list);
	return ret;
}
