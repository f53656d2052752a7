/*
 * The judge's sides of the inputs, and the links to their watch sides.
 */
#include "daemon/judge.h"

#include <unistd.h>

#include "base/pack.h"
#include "base/when.h"

static void
input_send(void *owner, enum input_frame type, struct slice body)
{
	struct judge_input *in = owner;
	struct ipc *watch = in->judge->watch[in->role];

	in->started |= type == INPUT_START;
	if (watch != NULL)
		ipc_send(watch, type, body, -1);
}

static void
input_wake(void *owner)
{
	struct judge_input *in = owner;

	/* Until judge_work has looked, nobody knows how much. */
	in->judge->more = true;
	loop_wake(in->judge->loop);
}

static void
input_positions(void *owner, const char *input,
    void (*each)(void *arg, const struct position *p), void *arg)
{
	struct judge_input *in = owner;
	struct err err;

	if (store_positions(in->judge->store, input, each, arg, &err) == -1)
		log_error("journal: positions of %s: %s", input, err.text);
}

static void
open_input(struct judge *j, struct judge_input *in)
{
	struct buf none = { 0 };

	in->room = (struct judge_room){
		.loop = j->loop, .owner = in,
		.host_id = slice_of(store_host(j->store)->id),
		.record = judge_record, .position = judge_position,
		.forget = judge_forget, .gap = judge_gap,
		.positions = input_positions, .send = input_send,
		.wake = input_wake, .hurry = judge_hurry,
		.enough = judge_enough,
	};
	in->heard = when_steady();
	in->state = in->type->open(&in->room);
	pack_slice(&none, S(""));
	if (!in->started)
		input_send(in, INPUT_START, buf_slice(&none));
	buf_free(&none);
}

/* One judge side per type of input, whatever number of them there is. */
void
judge_inputs_list(struct judge *j)
{
	const struct config *c = &j->start->config;

	for (size_t i = 0; i < c->input_count; i++) {
		const struct input *type = c->inputs[i].type;
		bool known = false;

		for (size_t k = 0; k < j->input_count; k++)
			known |= j->inputs[k].type == type;
		if (known || j->input_count == ROLE_KINDS)
			continue;
		j->inputs[j->input_count++] = (struct judge_input){
			.judge = j, .type = type,
			.role = (enum role)role_of_input(type),
		};
	}
}

/* What is not read is not observed, and that is a record. */
static void
notice(struct judge_input *in, struct slice body)
{
	struct unpack u = { body, false };
	struct slice text = unpack_slice(&u);
	int64_t now = when_now();

	const struct gap unread = {
		.source = slice_of(in->type->name), .reason = S("unread"),
		.detail = text, .from = now, .until = now,
		.count = GAP_UNKNOWN,
	};

	slice_to_cstr(text, in->notice, sizeof(in->notice));
	log_warn("%s: %s", in->type->name, in->notice);
	judge_gap(in, &unread);
	/* Which of its files it is stands in a text for people. */
	ruleset_unobserved(in->judge->det.rules, S(""), now, now);
}

static struct judge_input *
input_of(struct judge *j, enum role r)
{
	for (size_t i = 0; i < j->input_count; i++)
		if (j->inputs[i].role == r)
			return &j->inputs[i];
	return NULL;
}

/* The last ones are for who asks and for the journal. */
static int
spare(const struct judge *j, int fd)
{
	if (fd == -1 || fd < j->files_max)
		return fd;
	close(fd);
	return -1;
}

static int
watch_frame(void *arg, unsigned type, struct slice body, int fd)
{
	struct judge_input *in = arg;
	int ret;

	fd = spare(in->judge, fd);

	if (in->state == NULL) {
		if (fd != -1)
			close(fd);
		return in->judge->stopping ? 0 : -1;
	}
	if (type == INPUT_NOTICE) {
		notice(in, body);
		return 0;
	}
	judge_clock(in->judge);
	in->heard = in->listed ? 0 : when_steady();
	in->listed |= type == INPUT_LISTED;
	ret = in->type->heard(in->state, (enum input_frame)type, body, fd);
	if (!in->judge->full && judge_enough(in))
		judge_flush(in->judge);
	input_wake(in);
	return ret;
}

/* Without the link it ends, and the sensor with it: all begins anew. */
static void
watch_closed(void *arg, bool lied, const char *why)
{
	struct judge_input *in = arg;
	struct judge *j = in->judge;

	(void)lied;
	in->lost = true;
	log_error("watch %s %s", role_name(in->role), why);
	ipc_free(j->watch[in->role]);
	j->watch[in->role] = NULL;
}

void
judge_inputs_open(struct judge *j)
{
	for (size_t i = 0; i < j->input_count; i++)
		open_input(j, &j->inputs[i]);
}

void
judge_inputs_settle(struct judge *j)
{
	for (size_t i = 0; i < j->input_count; i++) {
		struct judge_input *in = &j->inputs[i];

		if (in->state != NULL && in->type->settle != NULL)
			in->type->settle(in->state);
	}
}

void
judge_inputs_close(struct judge *j)
{
	for (size_t i = 0; i < j->input_count; i++) {
		struct judge_input *in = &j->inputs[i];

		if (in->state != NULL)
			in->type->close(in->state);
		in->state = NULL;
	}
}

void
judge_inputs_link(struct judge *j, enum role r, int fd)
{
	const struct ipc_use use = { .rules = frames_from_watch,
		.rule_count = INPUT_FRAMES, .frame = watch_frame,
		.closed = watch_closed,
		.arg = r < ROLE_KINDS ? input_of(j, r) : NULL };

	if (use.arg == NULL)
		close(fd);
	else
		j->watch[r] = ipc_new(j->loop, fd, &use);
}
