/*
 * Matches that are held back and still being counted. They are no records
 * yet, but what rules remember, and stand in the journal with the positions:
 * so they are exact, and a dead sensor's can be told too.
 */
#include "daemon/answer_folds.h"

#include "base/digest.h"
#include "engine/engine.h"

struct asking {
	struct store *store;
	struct folds_page *page;
	int (*each)(void *arg, const struct row *row);
	void *arg;
	size_t seen;
	bool full;
	struct buf body;
};

static struct slice
field_of(const struct fold_view *v, struct slice name)
{
	for (size_t i = 0; i < v->held.field_count; i++)
		if (slice_eq(v->fields[i], name))
			return v->values[i];
	return S("");
}

static struct slice
source_of(const struct fold_view *v)
{
	struct slice ip = field_of(v, S("source.ip"));

	return ip.len > 0 ? ip : field_of(v, S("source.address"));
}

static bool
is_or_any(struct slice asked, struct slice text)
{
	return asked.len == 0 || slice_eq(asked, text);
}

/* The same as store_query does with records; a fold is a span of time. */
static bool
is_asked(const struct query *q, const struct fold_view *v)
{
	return v->held.count > 0 && v->rule.level >= q->level &&
	    (q->since == 0 || v->held.last >= q->since) &&
	    (q->until == 0 || v->held.first <= q->until) &&
	    is_or_any(q->user, field_of(v, S("user.name"))) &&
	    is_or_any(q->source, source_of(v)) && q->session.len == 0 &&
	    (is_or_any(q->rule, v->rule.id) ||
	    slice_find(v->rule.title, q->rule) != SIZE_MAX);
}

static void
each_item(void *arg, struct slice key, struct slice value)
{
	struct asking *a = arg;
	const struct digest id = digest_one(key);
	struct fold_view v;
	struct row row = { .kind = KIND_EXCEPTED, .class = CLASS_BULK };
	struct match m = { .rule = &v.rule, .held = &v.held };

	if (a->full || !ruleset_fold(key, value, &v) ||
	    !is_asked(a->page->query, &v) || a->seen++ < a->page->from)
		return;
	memcpy(row.id.b, id.b, ID_LEN);
	v.held.fields = v.fields;
	v.held.values = v.values;
	v.held.open = true;
	buf_clear(&a->body);
	held_write(&a->body, &m, store_host(a->store), row.id, a->page->now);
	row.time = v.held.last;
	row.received = a->page->now;
	row.level = v.rule.level;
	row.rule = v.rule.id;
	row.title = v.rule.title;
	row.user = field_of(&v, S("user.name"));
	row.source = source_of(&v);
	row.body = buf_slice(&a->body);
	a->full = a->each(a->arg, &row) == -1;
	a->page->from = a->seen;
}

int
answer_folds(struct store *st, struct folds_page *page,
    int (*each)(void *arg, const struct row *row), void *arg,
    struct err *err)
{
	struct asking a = { st, page, each, arg, 0, false, { 0 } };
	int ret = store_item_each(st, ITEMS_REMEMBERED, each_item, &a, err);

	buf_free(&a.body);
	return ret == -1 ? -1 : a.full;
}
