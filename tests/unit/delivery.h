/*
 * An output on its own, in a real loop: gives it parcels and notes what it
 * says became of them ("+3 " delivered, "-1 " refused, "retry ", "held ").
 */
#ifndef VEDETTE_DELIVERY_H
#define VEDETTE_DELIVERY_H

#include "check.h"

#include "base/opt.h"
#include "base/when.h"
#include "output.h"

struct delivery_test {
	const struct output *type;
	struct loop *loop;
	struct arena *arena;
	struct loop_timer *limit;
	void *options, *state;
	struct buf said;
	char reason[256];
	size_t left;
};

static inline void
delivery_done(void *owner, size_t count, enum delivery what, int64_t wait,
    const char *reason)
{
	static const char *const marks[] = {
		[DELIVERED] = "+", [REFUSED] = "-", [RETRY] = "retry",
		[HELD] = "held",
	};
	struct delivery_test *t = owner;

	(void)wait;
	CHECK(count <= t->left);
	t->left -= count;
	slice_to_cstr(slice_of(reason), t->reason, sizeof(t->reason));
	buf_str(&t->said, marks[what]);
	if (count > 0)
		buf_u64(&t->said, count);
	buf_byte(&t->said, ' ');
	if (t->left == 0 || what == RETRY || what == HELD)
		loop_stop(t->loop);
}

static inline void
delivery_late(void *arg)
{
	struct delivery_test *t = arg;

	buf_str(&t->said, "late ");
	loop_stop(t->loop);
}

/* Options as YAML; false, with the reason, when they or start are refused. */
static inline bool
delivery_begin(struct delivery_test *t, const struct output *type,
    const char *options)
{
	struct courier_room room = { .owner = t, .done = delivery_done };
	struct node *at = NULL;
	struct diag diag = { 0 };
	struct err err = { 0 };
	bool fine;

	*t = (struct delivery_test){ .type = type, .loop = loop_new(),
		.arena = arena_new(0) };
	t->limit = loop_timer(t->loop, delivery_late, t);
	t->options = arena_alloc(t->arena, type->options_size);
	room.loop = t->loop;
	yaml_parse(t->arena, "options", slice_of(options), &at, &diag);
	opt_read(type->options, t->options, at, NULL, type->name, t->arena,
	    &diag);
	if (diag.errors == 0 && type->check != NULL)
		type->check(t->options, at, &diag);
	fine = diag.errors == 0;
	slice_to_cstr(slice_trim(buf_slice(&diag.text)), t->reason,
	    sizeof(t->reason));
	diag_free(&diag);
	if (fine)
		t->state = type->start(t->options, NULL, 0, &room, &err);
	return t->state != NULL;
}

static inline void
delivery_end(struct delivery_test *t)
{
	if (t->state != NULL)
		t->type->stop(t->state);
	buf_free(&t->said);
	arena_free(t->arena);
	loop_free(t->loop);
}

/* The bodies must stand still until the batch is over. */
static inline void
delivery_send(struct delivery_test *t, const char *const *bodies,
    size_t count)
{
	static struct parcel parcels[OUTPUT_BATCH_MAX];

	for (size_t i = 0; i < count; i++)
		parcels[i] = (struct parcel){ .seq = i + 1, .kind = KIND_ALERT,
			.level = LEVEL_HIGH, .id = S("0123456789abcdef"),
			.body = slice_of(bodies[i]) };
	t->left = count;
	buf_clear(&t->said);
	t->type->send(t->state, parcels, count);
}

/* Runs the loop until the batch is over or the time is. */
static inline struct slice
delivery_wait(struct delivery_test *t)
{
	if (t->left > 0 && t->said.len == 0) {
		loop_timer_set(t->limit, 10 * SECOND);
		CHECK(loop_run(t->loop) == 0);
		loop_timer_stop(t->limit);
	}
	return buf_slice(&t->said);
}

#endif
