#include "daemon/courier.h"

#include <assert.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/when.h"

#define BACKOFF_FIRST SECOND
#define BACKOFF_LAST (60 * SECOND)
#define HELD_WAIT (5 * MINUTE)
#define ACK_EVERY SECOND
/* Most files that one output needs. */
enum { FDS_MAX = 8 };

/* One output and its batch. */
struct queue {
	struct courier *courier;
	const struct config_output *output;
	size_t index;
	void *state;		/* NULL: could not start */
	struct loop_timer *timer;
	struct log_limit limit;

	struct buf bytes;	/* what the parcels' slices point to */
	struct parcel *parcels;
	size_t room;		/* for so many parcels */
	size_t count, at;	/* at: the first not accounted for */
	size_t acked;		/* how much of count the owner knows of */
	int64_t acked_at;

	int64_t backoff;	/* of the next RETRY; 0: first */
	struct courier_state now;
	char reason[256];
};

struct courier {
	struct loop *loop;
	struct courier_hooks hooks;
	struct queue *queues;
	size_t count;
};

size_t
courier_batch_max(const struct config *config, size_t output)
{
	size_t n = config->outputs[output].type->batch;

	return n < OUTPUT_BATCH_MAX ? n : OUTPUT_BATCH_MAX;
}

void
courier_needs(const struct config *config, void (*need)(void *arg,
    const char *path, bool append), void *arg)
{
	for (size_t i = 0; i < config->output_count; i++) {
		const struct config_output *o = &config->outputs[i];

		if (o->type->needs != NULL)
			o->type->needs(o->options, need, arg);
	}
}

/* --- what an output answers ----------------------------------------------- */

/* So that a hundred hosts don't come back in the same second. */
static int64_t
jitter(int64_t span)
{
	uint32_t random;

	random_bytes(&random, sizeof(random));
	return span + span / 4 * (int64_t)(random >> 16) / 65536;
}

static void
tell_state(struct queue *q)
{
	struct courier_hooks *h = &q->courier->hooks;

	q->now.reason = q->reason;
	h->state(h->owner, q->index, &q->now);
}

static void
tell_ack(struct queue *q)
{
	struct courier_hooks *h = &q->courier->hooks;

	if (q->at == q->acked)
		return;
	q->acked = q->at;
	q->acked_at = when_steady();
	h->acked(h->owner, q->index, q->parcels[q->at - 1].seq);
}

static void
change(struct queue *q, enum delivery now, const char *reason)
{
	if (q->now.now != now || q->now.since == 0)
		q->now.since = when_now();
	q->now.now = now;
	if (reason != NULL)
		slice_to_cstr(slice_of(reason), q->reason, sizeof(q->reason));
}

static void
came_back(struct queue *q)
{
	q->backoff = 0;
	if (q->now.now == DELIVERED)
		return;
	log_info("output %s: delivers again", q->output->name);
	change(q, DELIVERED, NULL);
	q->now.retry_in = 0;
	tell_state(q);
}

static void
log_failure(struct queue *q, bool first)
{
	struct buf b = { 0 };

	if (!first && !log_may(&q->limit, 60))
		return;
	when_span(&b, q->now.retry_in);
	log_warn("output %s: %s, %s in %s (%zu waiting here)",
	    q->output->name, q->reason,
	    q->now.now == HELD ? "held, again" : "retry", buf_cstr(&b),
	    q->count - q->at);
	buf_free(&b);
}

static void
fail(struct queue *q, enum delivery what, int64_t wait, const char *reason)
{
	bool first = q->now.now != what;
	int64_t span = HELD_WAIT;

	if (what == RETRY) {
		span = q->backoff > 0 ? q->backoff : BACKOFF_FIRST;
		q->backoff = span * 2 < BACKOFF_LAST ? span * 2 : BACKOFF_LAST;
		if (span < wait)
			span = wait;
	}
	change(q, what, reason);
	q->now.retries++;
	q->now.retry_in = jitter(span);
	tell_ack(q);
	loop_timer_set(q->timer, q->now.retry_in);
	log_failure(q, first);
	tell_state(q);
}

static void
bury(struct queue *q, size_t count, const char *reason)
{
	struct courier_hooks *h = &q->courier->hooks;

	for (size_t i = 0; i < count; i++)
		h->dead(h->owner, q->index, q->parcels[q->at + i].seq, reason);
	q->now.refused += count;
	if (count > 0 && log_may(&q->limit, 60))
		log_warn("output %s: %s, kept as dead letter",
		    q->output->name, reason);
}

static void
done(void *owner, size_t count, enum delivery what, int64_t wait,
    const char *reason)
{
	struct queue *q = owner;

	assert(count <= q->count - q->at);
	if (what == RETRY || what == HELD) {
		assert(count == 0);
		fail(q, what, wait, reason);
		return;
	}
	if (what == REFUSED)
		bury(q, count, reason);
	else
		q->now.delivered += count;
	q->at += count;
	came_back(q);
	if (q->at == q->count || when_steady() - q->acked_at >= ACK_EVERY)
		tell_ack(q);
}

/* --- batches -------------------------------------------------------------- */

static void
dispatch(void *arg)
{
	struct queue *q = arg;

	if (q->state == NULL || q->at == q->count)
		return;
	q->output->type->send(q->state, q->parcels + q->at,
	    q->count - q->at);
}

static void
keep(struct queue *q, const struct parcel *parcels, size_t count)
{
	buf_clear(&q->bytes);
	for (size_t i = 0; i < count; i++) {
		buf_add(&q->bytes, parcels[i].id);
		buf_add(&q->bytes, parcels[i].body);
	}
	/* Only now does the buffer stand still. */
	for (size_t i = 0, at = 0; i < count; i++) {
		struct parcel *p = &q->parcels[i];

		*p = parcels[i];
		p->id.p = q->bytes.p + at;
		p->body.p = p->id.p + p->id.len;
		at += p->id.len + p->body.len;
	}
	q->count = count;
	q->at = q->acked = 0;
	q->acked_at = when_steady();
}

/* Outputs index tables by these; the judge, who says them, may be broken. */
static bool
is_sound(const struct parcel *parcels, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct parcel *p = &parcels[i];

		if (p->kind >= KIND_COUNT || p->level > LEVEL_CRITICAL ||
		    p->id.len != ID_LEN ||
		    (i > 0 && p->seq <= parcels[i - 1].seq))
			return false;
	}
	return true;
}

int
courier_batch(struct courier *c, size_t output, const struct parcel *parcels,
    size_t count)
{
	struct queue *q;

	if (output >= c->count || count == 0)
		return -1;
	q = &c->queues[output];
	if (q->at != q->count || count > q->room || !is_sound(parcels, count))
		return -1;
	keep(q, parcels, count);
	dispatch(q);
	return 0;
}

/* --- start and end -------------------------------------------------------- */

static void
count_one(void *arg, const char *path, bool append)
{
	(void)path, (void)append;
	++*(size_t *)arg;
}

static size_t
needed(const struct config_output *o)
{
	size_t n = 0;

	if (o->type->needs != NULL)
		o->type->needs(o->options, count_one, &n);
	assert(n <= FDS_MAX);
	return n;
}

static void
start(struct queue *q, const int *fds, size_t fd_count)
{
	struct courier_room room = {
		.loop = q->courier->loop,
		.owner = q,
		.done = done,
	};
	struct err err = { 0 };

	q->state = q->output->type->start(q->output->options, fds, fd_count,
	    &room, &err);
	if (q->state != NULL)
		return;
	log_error("output %s: %s, held until the next reload",
	    q->output->name, err.text);
	change(q, HELD, err.text);
	tell_state(q);
}

struct courier *
courier_new(struct loop *loop, const struct config *config, const int *fds,
    size_t fd_count, const struct courier_hooks *hooks)
{
	struct courier *c = xcalloc(1, sizeof(*c));
	size_t taken = 0;

	c->loop = loop;
	c->hooks = *hooks;
	c->count = config->output_count;
	c->queues = xcalloc(c->count + 1, sizeof(*c->queues));
	for (size_t i = 0; i < c->count; i++) {
		struct queue *q = &c->queues[i];
		int mine[FDS_MAX];
		size_t n;

		q->courier = c;
		q->index = i;
		q->output = &config->outputs[i];
		q->timer = loop_timer(loop, dispatch, q);
		q->room = courier_batch_max(config, i);
		q->parcels = xcalloc(q->room, sizeof(*q->parcels));
		n = needed(q->output);
		for (size_t f = 0; f < n; f++, taken++)
			mine[f] = taken < fd_count ? fds[taken] : -1;
		start(q, mine, n);
	}
	return c;
}

void
courier_free(struct courier *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->count; i++) {
		struct queue *q = &c->queues[i];

		if (q->state != NULL)
			q->output->type->stop(q->state);
		loop_timer_free(q->timer);
		buf_free(&q->bytes);
		free(q->parcels);
	}
	free(c->queues);
	free(c);
}
