/*
 * A watch role: opens what the judge may not, and hands it over. It
 * understands nothing of what it hands over.
 */
#include <stdlib.h>

#include "base/log.h"
#include "base/pack.h"
#include "daemon/role.h"
#include "daemon/sandbox.h"

struct watch {
	struct role_start *start;
	struct loop *loop;
	struct ipc *supervisor, *judge;
	const struct input *type;
	const void **options;
	size_t count;
	struct watch_room room;
	struct sandbox box;
	void *state;
	bool begun;
};

static void
room_send(void *owner, enum input_frame type, struct slice body, int fd)
{
	struct watch *w = owner;

	ipc_send(w->judge, type, body, fd);
}

static size_t
room_waiting(void *owner)
{
	struct watch *w = owner;

	return ipc_waiting(w->judge);
}

static void
room_allow(void *owner, const char *path)
{
	struct watch *w = owner;

	sandbox_allow(&w->box, xstrdup(path), false);
}

static void
judge_drained(void *arg)
{
	struct watch *w = arg;

	if (w->begun && w->room.drained != NULL)
		w->room.drained(w->state);
}

static void
fail(struct watch *w, const char *why)
{
	ipc_send(w->supervisor, SUP_FAILED, slice_of(why), -1);
	loop_stop(w->loop);
}

static int
judge_frame(void *arg, unsigned type, struct slice body, int fd)
{
	struct watch *w = arg;
	struct err err;

	(void)fd;
	if (!w->begun && type != INPUT_START)
		return -1;
	if (!w->begun && w->type->begin(w->state, &err) == -1) {
		fail(w, err.text);
		return 0;
	}
	w->begun = true;
	w->type->told(w->state, (enum input_frame)type, body);
	return 0;
}

static void
peer_closed(void *arg, bool lied, const char *why)
{
	struct watch *w = arg;

	(void)lied;
	(void)why;
	loop_stop(w->loop);
}

static int
supervisor_frame(void *arg, unsigned type, struct slice body, int fd)
{
	struct watch *w = arg;
	const struct ipc_use use = { frames_to_watch, INPUT_FRAMES,
		judge_frame, peer_closed, judge_drained, w };

	(void)body;
	if (type == ROLE_PEER && w->judge == NULL)
		w->judge = ipc_new(w->loop, fd, &use);
	else if (type == ROLE_STOP)
		loop_stop(w->loop);
	else
		return -1;
	return 0;
}

/* The inputs of this role; all of one type, so far. */
static void
find_inputs(struct watch *w)
{
	const struct config *c = &w->start->config;

	w->options = xcalloc(c->input_count + 1, sizeof(*w->options));
	for (size_t i = 0; i < c->input_count; i++) {
		const struct input *type = c->inputs[i].type;

		if (role_of_input(type) != (int)w->start->role)
			continue;
		w->type = type;
		w->options[w->count++] = c->inputs[i].options;
	}
}

static int
prepare(struct watch *w, struct err *err)
{
	struct buf level = { 0 };
	int ret;

	w->state = w->type->prepare(w->options, w->count, &w->room, err);
	if (w->state == NULL)
		return -1;
	ret = sandbox_seal(&w->box, &level, err);
	buf_free(&level);
	return ret;
}

int
watch_main(struct role_start *start)
{
	struct watch w = { .start = start, .loop = start->loop };
	const struct ipc_use use = { frames_to_role, ROLE_COUNT,
		supervisor_frame, peer_closed, NULL, &w };
	struct err err;

	w.room = (struct watch_room){ .loop = start->loop, .owner = &w,
		.send = room_send, .waiting = room_waiting,
		.allow = room_allow };
	w.box.role = start->role;
	w.box.mode = start->config.sandbox;
	find_inputs(&w);
	if (w.type == NULL)
		return role_failed(S("nothing to watch"));
	if (prepare(&w, &err) == -1)
		return role_failed(slice_of(err.text));
	w.supervisor = ipc_new(w.loop, ROLE_FD, &use);
	ipc_send(w.supervisor, SUP_READY, S(""), -1);
	loop_run(w.loop);
	w.type->stop(w.state);
	ipc_free(w.judge);
	ipc_free(w.supervisor);
	free(w.options);
	return 0;
}
