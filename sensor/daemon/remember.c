/*
 * What rules remember from event to event (counts, windows, what was seen
 * last) lives as long as the positions of what was read: both are written in
 * one transaction. A position in the journal is therefore always that of
 * exactly the records that the items beside it have counted, and whatever
 * ends the judge, the next one counts each record once.
 *
 * For that a commit must never come between a record and its position.
 * Records are judged within calls of an input, and none of what those calls
 * reach commits: judge_flush is for the loop's callbacks and for judge_work,
 * between two calls, and it asks each input for its positions first. Marks by
 * stream and offset of what was counted would do too, but not for a journal,
 * whose places are in no order.
 */
#include "base/log.h"
#include "base/pack.h"
#include "daemon/judge.h"

struct recalled {
	struct judge *judge;
	struct buf refused;	/* keys */
};

static void
recall(void *arg, struct slice key, struct slice value)
{
	struct recalled *r = arg;

	if (!ruleset_recall(r->judge->det.rules, key, value))
		pack_slice(&r->refused, key);
}

/* Deleting what no rule knows can wait for the next start. */
void
judge_recall(struct judge *j)
{
	struct recalled r = { .judge = j };
	struct unpack u = { 0 };
	struct err err;
	int ret;

	ret = store_item_each(j->store, ITEMS_REMEMBERED, recall, &r, &err);
	u.rest = buf_slice(&r.refused);
	while (ret == 0 && u.rest.len > 0)
		ret = store_item_delete(j->store, ITEMS_REMEMBERED,
		    unpack_slice(&u), &err);
	if (ret == -1)
		log_error("journal: what rules remember: %s", err.text);
	buf_free(&r.refused);
}

struct written {
	struct store *store;
	struct err *err;
	int ret;
};

static void
write_item(void *arg, struct slice key, struct slice value)
{
	struct written *w = arg;

	if (w->ret == -1)
		return;
	if (value.len == 0)
		w->ret = store_item_delete(w->store, ITEMS_REMEMBERED, key,
		    w->err);
	else
		w->ret = store_item_put(w->store, ITEMS_REMEMBERED, key,
		    value, w->err);
}

int
judge_remember(void *arg, struct err *err)
{
	struct judge *j = arg;
	struct written w = { j->store, err, 0 };

	ruleset_changed(j->det.rules, write_item, &w);
	return w.ret == -1 ? -1 : judge_load_keep(j, err);
}

void
judge_remembered(struct judge *j)
{
	ruleset_settled(j->det.rules);
	judge_load_kept(j);
}
