#include "check.h"

#include <stdlib.h>

#include "base/when.h"
#include "daemon/courier.h"

enum { BATCH = 4, LOG_MAX = 4096 };

/* What a scripted output answers, one after the other; the last repeats. */
struct answer {
	size_t count;		/* parcels; 0 with RETRY and HELD */
	enum delivery what;
	int64_t wait;
};

struct script {
	const struct answer *answers;
	bool fails_to_start;
};

struct actor {
	const struct script *script;
	struct courier_room room;
	size_t at;
};

static void *
actor_start(const void *options, const int *fds, size_t fd_count,
    const struct courier_room *room, struct err *err)
{
	const struct script *script = options;
	struct actor *a;

	(void)fds, (void)fd_count;
	if (script->fails_to_start) {
		err_set(err, "no such library");
		return NULL;
	}
	a = xcalloc(1, sizeof(*a));
	a->script = script;
	a->room = *room;
	return a;
}

static void
actor_send(void *state, const struct parcel *parcels, size_t count)
{
	struct actor *a = state;
	size_t left = count;

	(void)parcels;
	while (left > 0) {
		const struct answer *now = &a->script->answers[a->at];
		size_t n = now->count < left ? now->count : left;

		if (now[1].count > 0 || now[1].what != DELIVERED)
			a->at++;
		a->room.done(a->room.owner, n, now->what, now->wait, "503");
		if (now->what == RETRY || now->what == HELD)
			return;
		left -= n;
	}
}

static const struct output actor = {
	.name = "actor",
	.batch = BATCH,
	.start = actor_start,
	.send = actor_send,
	.stop = free,
};

/* What the hooks heard: "a4" acked, "d2" dead, "!503" down, "+" well again. */
struct scene {
	struct loop *loop;
	struct config config;
	struct config_output outputs[2];
	struct courier *courier;
	struct buf heard[2];
	int64_t retry_in;
	uint64_t stop_at;	/* ends the loop when output 0 has acked it */
};

static void
acked(void *owner, size_t output, uint64_t seq)
{
	struct scene *s = owner;

	buf_fmt(&s->heard[output], "a%d ", (int)seq);
	if (output == 0 && seq == s->stop_at)
		loop_stop(s->loop);
}

static void
dead(void *owner, size_t output, uint64_t seq, const char *reason)
{
	struct scene *s = owner;

	(void)reason;
	buf_fmt(&s->heard[output], "d%d ", (int)seq);
}

static void
state(void *owner, size_t output, const struct courier_state *now)
{
	struct scene *s = owner;

	if (now->now == DELIVERED)
		buf_str(&s->heard[output], "+ ");
	else
		buf_fmt(&s->heard[output], "%c%s ",
		    now->now == HELD ? '#' : '!', now->reason);
	if (output == 0)
		s->retry_in = now->retry_in;
}

static void
begin(struct scene *s, const struct script *first,
    const struct script *second)
{
	struct courier_hooks hooks = { s, acked, dead, state };

	*s = (struct scene){ .loop = loop_new() };
	s->outputs[0] = (struct config_output){ .name = "first",
		.type = &actor, .options = (void *)(uintptr_t)first };
	s->outputs[1] = (struct config_output){ .name = "second",
		.type = &actor, .options = (void *)(uintptr_t)second };
	s->config.outputs = s->outputs;
	s->config.output_count = second != NULL ? 2 : 1;
	s->courier = courier_new(s->loop, &s->config, NULL, 0, &hooks);
}

static int
give(struct scene *s, size_t output, uint64_t from, size_t count)
{
	struct parcel parcels[BATCH + 1] = { 0 };

	for (size_t i = 0; i < count && i < COUNT(parcels); i++) {
		parcels[i].seq = from + i;
		parcels[i].id = S("0123456789abcdef");
		parcels[i].body = S("{}");
	}
	return courier_batch(s->courier, output, parcels, count);
}

static void
end(struct scene *s)
{
	courier_free(s->courier);
	buf_free(&s->heard[0]);
	buf_free(&s->heard[1]);
	loop_free(s->loop);
}

static const struct answer all[] = { { BATCH, DELIVERED, 0 }, { 0 } };
static const struct script good = { all, false };

static void
a_batch_is_acked_by_its_last_seq(void)
{
	struct scene s;

	begin(&s, &good, NULL);
	CHECK(give(&s, 0, 1, 4) == 0);
	CHECK(give(&s, 0, 5, 1) == 0);
	CHECK_TEXT(buf_slice(&s.heard[0]), "a4 a5 ");
	end(&s);
}

static void
a_refused_parcel_is_a_dead_letter_and_the_rest_goes_on(void)
{
	static const struct answer answers[] = {
		{ 1, DELIVERED, 0 }, { 1, REFUSED, 0 }, { 2, DELIVERED, 0 },
		{ 0 },
	};
	static const struct script script = { answers, false };
	struct scene s;

	begin(&s, &script, NULL);
	CHECK(give(&s, 0, 1, 4) == 0);
	CHECK_TEXT(buf_slice(&s.heard[0]), "d2 a4 ");
	end(&s);
}

static void
a_failure_is_told_waited_for_and_tried_again(void)
{
	static const struct answer answers[] = {
		{ 1, DELIVERED, 0 }, { 0, RETRY, 0 }, { 0, RETRY, 0 },
		{ 3, DELIVERED, 0 }, { 0 },
	};
	static const struct script script = { answers, false };
	int64_t began = when_steady();
	struct scene s;

	begin(&s, &script, NULL);
	s.stop_at = 4;
	CHECK(give(&s, 0, 1, 4) == 0);
	CHECK_TEXT(buf_slice(&s.heard[0]), "a1 !503 ");
	CHECK(s.retry_in >= SECOND && s.retry_in <= SECOND * 5 / 4);
	CHECK(loop_run(s.loop) == 0);
	CHECK_TEXT(buf_slice(&s.heard[0]), "a1 !503 !503 + a4 ");
	CHECK(when_steady() - began >= 3 * SECOND);	/* 1 s and 2 s */
	end(&s);
}

static void
a_receiver_may_ask_for_a_longer_wait(void)
{
	static const struct answer answers[] = { { 0, RETRY, MINUTE }, { 0 } };
	static const struct script script = { answers, false };
	struct scene s;

	begin(&s, &script, NULL);
	CHECK(give(&s, 0, 1, 1) == 0);
	CHECK(s.retry_in >= MINUTE && s.retry_in <= MINUTE * 5 / 4);
	end(&s);
}

static void
one_that_is_held_does_not_stop_another(void)
{
	static const struct answer answers[] = { { 0, HELD, 0 }, { 0 } };
	static const struct script bad = { answers, false };
	struct scene s;

	begin(&s, &bad, &good);
	CHECK(give(&s, 0, 1, 4) == 0);
	for (uint64_t i = 0; i < 100; i++)
		CHECK_ROW(give(&s, 1, 1 + 4 * i, 4) == 0, i);
	CHECK_TEXT(buf_slice(&s.heard[0]), "#503 ");
	CHECK(slice_ends(buf_slice(&s.heard[1]), S(" a400 ")));
	end(&s);
}

static void
one_that_cannot_start_is_held(void)
{
	static const struct script broken = { NULL, true };
	struct scene s;

	begin(&s, &broken, &good);
	CHECK_TEXT(buf_slice(&s.heard[0]), "#no such library ");
	CHECK(give(&s, 0, 1, 4) == 0);
	CHECK(give(&s, 1, 1, 4) == 0);
	CHECK_TEXT(buf_slice(&s.heard[1]), "a4 ");
	end(&s);
}

static void
batches_out_of_turn_are_refused(void)
{
	static const struct answer answers[] = { { 0, RETRY, 0 }, { 0 } };
	static const struct script script = { answers, false };
	struct scene s;

	begin(&s, &script, NULL);
	CHECK(give(&s, 1, 1, 1) == -1);
	CHECK(give(&s, SIZE_MAX, 1, 1) == -1);
	CHECK(give(&s, 0, 1, 0) == -1);
	CHECK(give(&s, 0, 1, BATCH + 1) == -1);
	CHECK(give(&s, 0, 1, 2) == 0);
	CHECK(give(&s, 0, 3, 2) == -1);	/* the first is not over */
	end(&s);
}

static void
parcels_that_there_are_not_are_refused(void)
{
	static const struct parcel rows[] = {
		{ .seq = 2, .kind = KIND_COUNT, .id = SLICE("0123456789abcdef") },
		{ .seq = 2, .level = LEVEL_CRITICAL + 1,
		    .id = SLICE("0123456789abcdef") },
		{ .seq = 2, .id = SLICE("0123456789abcde") },
		{ .seq = 1, .id = SLICE("0123456789abcdef") },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct parcel parcels[] = { { .seq = 1,
			.id = S("0123456789abcdef") }, rows[i] };
		struct scene s;

		begin(&s, &good, NULL);
		CHECK_ROW(courier_batch(s.courier, 0, parcels, 2) == -1, i);
		parcels[1] = parcels[0];
		parcels[1].seq = 2;
		CHECK_ROW(courier_batch(s.courier, 0, parcels, 2) == 0, i);
		end(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_batch_is_acked_by_its_last_seq),
		TEST(a_refused_parcel_is_a_dead_letter_and_the_rest_goes_on),
		TEST(a_failure_is_told_waited_for_and_tried_again),
		TEST(a_receiver_may_ask_for_a_longer_wait),
		TEST(one_that_is_held_does_not_stop_another),
		TEST(one_that_cannot_start_is_held),
		TEST(batches_out_of_turn_are_refused),
		TEST(parcels_that_there_are_not_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
