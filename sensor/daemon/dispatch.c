/*
 * Batches of journal records to the courier. The journal is the queue: an
 * output is given what stands behind its cursor, one batch at a time.
 */
#include "daemon/judge.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/pack.h"
#include "base/when.h"
#include "daemon/courier.h"

enum { FRAME_FILL = 160 * 1024 };
/* An alarm goes to the outputs too, where it may be refused in its turn. */
enum { REFUSED_ALARM_SECONDS = 3600, HELD_ALARM_SECONDS = 600 };

struct packing {
	struct buf parcels;
	uint32_t count;
	uint64_t last;
};

static void
alarm_held(struct judge *j, struct judge_output *o)
{
	char text[512];

	if (!log_may(&o->kept, HELD_ALARM_SECONDS))
		return;
	snprintf(text, sizeof(text), "output %s is held until somebody "
	    "mends it: %s", o->config->name, o->reason);
	judge_alarm(j, LEVEL_HIGH, "output-held", text);
}

/* An output that could not start has said so before the journal was open. */
void
judge_outputs_open(struct judge *j)
{
	struct err err;

	for (size_t i = 0; i < j->output_count; i++) {
		struct judge_output *o = &j->outputs[i];

		o->batch_max = courier_batch_max(&j->start->config, i);
		o->up = !o->held;
		o->since = when_now();
		if (o->held)
			alarm_held(j, o);
		if (store_cursor(j->store, o->config->name, &o->cursor,
		    &err) == -1)
			log_error("output %s: %s", o->config->name, err.text);
	}
}

/* The courier is new: it has nothing in hand, and no trouble yet. */
void
judge_outputs_reset(struct judge *j)
{
	for (size_t i = 0; i < j->output_count; i++) {
		struct judge_output *o = &j->outputs[i];

		o->sent = o->dead = 0;
		o->up = true;
		o->held = false;
		o->since = when_now();
	}
}

/* The first record always fits; the next only while there is room. */
static int
pack_row(void *arg, const struct row *row)
{
	struct packing *p = arg;

	if (p->count > 0 && p->parcels.len + row->body.len > FRAME_FILL)
		return -1;
	pack_u64(&p->parcels, row->seq);
	pack_u32(&p->parcels, row->kind);
	pack_u32(&p->parcels, row->level);
	pack_u64(&p->parcels, (uint64_t)row->time);
	pack_slice(&p->parcels, slice_bytes(row->id.b, ID_LEN));
	pack_slice(&p->parcels, row->body);
	p->count++;
	p->last = row->seq;
	return 0;
}

static void
send_packed(struct judge *j, size_t output, const struct packing *p)
{
	struct buf body = { 0 };

	pack_u32(&body, (uint32_t)output);
	pack_u32(&body, p->count);
	buf_add(&body, buf_slice(&p->parcels));
	if (body.len <= FRAME_MAX)
		ipc_send(j->courier, COURIER_BATCH, buf_slice(&body), -1);
	buf_free(&body);
}

static int
note_seq(void *arg, const struct row *row)
{
	*(uint64_t *)arg = row->seq;
	return -1;
}

/*
 * Nothing for this output up to the journal's end: the cursor goes there, so
 * that what is not for it is looked at once.
 */
static void
skip_to_end(struct judge *j, struct judge_output *o, uint64_t end)
{
	if (end <= o->cursor)
		return;
	o->cursor = end;
	batch_cursor(j->batch, o->config->name, end);
	if (!loop_timer_pending(j->second))
		loop_timer_set(j->second, SECOND);
}

static void
dispatch_one(struct judge *j, size_t i)
{
	struct judge_output *o = &j->outputs[i];
	const struct query last = { .limit = 1 };
	const struct query behind = {
		.kinds = o->config->kinds, .level = (enum level)o->config->level,
		.after = o->cursor, .limit = o->batch_max,
		.oldest_first = true,
	};
	struct packing p = { 0 };
	uint64_t end = 0;
	struct err err;

	if (store_query(j->store, &last, note_seq, &end, &err) == -1 ||
	    end <= o->cursor)
		return;
	if (store_query(j->store, &behind, pack_row, &p, &err) == -1)
		log_error("output %s: %s", o->config->name, err.text);
	else if (p.count == 0)
		skip_to_end(j, o, end);
	else {
		o->sent = p.last;
		send_packed(j, i, &p);
	}
	buf_free(&p.parcels);
}

void
judge_dispatch(struct judge *j)
{
	if (j->courier == NULL || j->store == NULL || j->stopping)
		return;
	for (size_t i = 0; i < j->output_count; i++)
		if (j->outputs[i].sent == 0)
			dispatch_one(j, i);
}

/*
 * An ack moves the cursor, never back and never past what was given. The
 * cursor is written with the next batch, at the latest in a second: a crash
 * before that sends again what has the same id.
 */
static int
acked(struct judge *j, size_t output, uint64_t seq)
{
	struct judge_output *o = &j->outputs[output];

	if (o->sent == 0 || seq > o->sent)
		return -1;
	if (seq > o->cursor) {
		o->cursor = seq;
		batch_cursor(j->batch, o->config->name, seq);
		if (!loop_timer_pending(j->second))
			loop_timer_set(j->second, SECOND);
	}
	if (seq == o->sent) {
		o->sent = 0;
		dispatch_one(j, output);
	}
	return 0;
}

/* Each once, in order, and of the batch that is out. */
static int
dead(struct judge *j, size_t output, uint64_t seq, struct slice reason)
{
	struct judge_output *o = &j->outputs[output];
	char text[256];

	if (seq > o->sent || seq <= o->cursor || seq <= o->dead)
		return -1;
	o->dead = seq;
	slice_to_cstr(reason, text, sizeof(text));
	log_warn("output %s: record %llu is refused for good: %s",
	    o->config->name, (unsigned long long)seq, text);
	batch_dead_letter(j->batch, o->config->name, seq, text);
	if (log_may(&o->refused, REFUSED_ALARM_SECONDS))
		judge_alarm(j, LEVEL_MEDIUM, "output-refused",
		    "an output refused records for good (dead letters)");
	return 0;
}

static void
state(struct judge *j, size_t output, enum delivery now, struct slice text)
{
	struct judge_output *o = &j->outputs[output];
	bool up = now == DELIVERED, was_held = o->held;

	if (o->up != up)
		o->since = when_now();
	o->up = up;
	o->held = now == HELD;
	slice_to_cstr(text, o->reason, sizeof(o->reason));
	if (o->held && !was_held && j->store != NULL)
		alarm_held(j, o);
}

int
judge_courier_frame(void *arg, unsigned type, struct slice body, int fd)
{
	struct judge *j = arg;
	struct unpack u = { body, false };
	size_t output = unpack_u32(&u);
	struct slice text;
	unsigned now;
	uint64_t seq;

	(void)fd;
	if (output >= j->output_count ||
	    (j->store == NULL && type != JUDGE_STATE))
		return -1;
	switch (type) {
	case JUDGE_ACKED:
		seq = unpack_u64(&u);
		return unpack_done(&u) ? acked(j, output, seq) : -1;
	case JUDGE_DEAD:
		seq = unpack_u64(&u);
		text = unpack_slice(&u);
		return unpack_done(&u) ? dead(j, output, seq, text) : -1;
	case JUDGE_STATE:
		now = unpack_u8(&u);
		text = unpack_slice(&u);
		if (!unpack_done(&u) || now > HELD)
			return -1;
		state(j, output, (enum delivery)now, text);
		return 0;
	}
	return -1;
}

/* The supervisor starts another one and says so by a new peer. */
void
judge_courier_closed(void *arg, bool lied, const char *why)
{
	struct judge *j = arg;

	(void)lied;
	log_warn("courier %s", why);
	/* A liar ends when its link does. */
	ipc_free(j->courier);
	j->courier = NULL;
	judge_outputs_reset(j);
	for (size_t i = 0; i < j->output_count; i++)
		state(j, i, RETRY, S("the courier is being started again"));
}
