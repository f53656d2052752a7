/* What the judge believes of a courier, which may have been taken over. */
#include "check.h"

#include "base/pack.h"
#include "daemon/judge.h"
#include "journal_make.h"
#include "output.h"

static const struct output type = { .name = "fake", .batch = 8 };

static struct config_output output = {
	.name = "soc", .type = &type, .kinds = 1u << KIND_ALERT,
};

struct desk {
	struct made made;
	struct role_start start;
	struct judge_output out;
	struct judge judge;
};

static void
ignore(void *arg)
{
	(void)arg;
}

static int
hear_nothing(void *arg, unsigned kind, struct slice body, int fd)
{
	(void)arg, (void)kind, (void)body, (void)fd;
	return 0;
}

static void
hear_no_end(void *arg, bool lied, const char *why)
{
	(void)arg, (void)lied, (void)why;
}

/* A journal with 20 records behind the output's cursor; 8 of them are out. */
static void
desk_open(struct desk *d)
{
	const struct ipc_use use = { frames_from_courier, JUDGE_COUNT,
		hear_nothing, hear_no_end, NULL, d };
	struct judge *j = &d->judge;
	int pair[2];

	*d = (struct desk){ .start = { .config = { .outputs = &output,
	    .output_count = 1 } }, .out = { .config = &output } };
	made_begin(&d->made);
	j->start = &d->start;
	j->outputs = &d->out;
	j->output_count = 1;
	j->batch = batch_new();
	j->loop = loop_new();
	j->second = loop_timer(j->loop, ignore, j);
	j->commit = loop_timer(j->loop, ignore, j);
	CHECK(store_open(d->made.dir, &no_limits, NULL, &j->store, NULL) == 0);
	CHECK(ipc_pair(pair) == 0);
	j->courier = ipc_new(j->loop, pair[0], &use);
	judge_outputs_open(j);
	made_append(j->store, &d->made, 0, 20);
	made_commit(j->store);
	judge_outputs_reset(j);
	judge_dispatch(j);
	close(pair[1]);
}

static void
desk_close(struct desk *d)
{
	struct judge *j = &d->judge;

	ipc_free(j->courier);
	store_close(j->store);
	batch_free(j->batch);
	loop_free(j->loop);
	buf_free(&j->body);
	made_end(&d->made);
}

static int
say(struct desk *d, unsigned kind, uint32_t which, uint64_t seq)
{
	struct buf body = { 0 };
	int ret;

	pack_u32(&body, which);
	if (kind == JUDGE_STATE)
		pack_u8(&body, (uint8_t)seq);
	else
		pack_u64(&body, seq);
	if (kind != JUDGE_ACKED)
		pack_slice(&body, S("because"));
	ret = judge_courier_frame(&d->judge, kind, buf_slice(&body), -1);
	buf_free(&body);
	return ret;
}

static void
only_what_was_given_can_be_acknowledged_or_refused(void)
{
	static const struct {
		unsigned kind;
		uint32_t which;
		int past;	/* the last that is out */
	} lies[] = {
		{ JUDGE_ACKED, 0, 1 },
		{ JUDGE_ACKED, 1, 0 },
		{ JUDGE_ACKED, UINT32_MAX, 0 },
		{ JUDGE_DEAD, 0, 1 },
		{ JUDGE_DEAD, 0, 1000 },
		{ JUDGE_DEAD, 1, 0 },
		{ JUDGE_STATE, 0, 1000 },
		{ JUDGE_STATE, 1, -1000 },
	};

	for (size_t i = 0; i < COUNT(lies); i++) {
		struct desk d;
		uint64_t seq, cursor;

		desk_open(&d);
		CHECK_ROW(d.out.sent != 0, i);
		cursor = d.out.cursor;
		seq = (uint64_t)((int64_t)d.out.sent + lies[i].past);
		CHECK_ROW(say(&d, lies[i].kind, lies[i].which, seq) == -1, i);
		CHECK_ROW(d.out.cursor == cursor && d.out.up, i);
		CHECK_ROW(batch_is_empty(d.judge.batch), i);
		desk_close(&d);
	}
}

/* Else a liar fills the journal with dead letters. */
static void
a_record_is_refused_once_and_in_order(void)
{
	struct desk d;

	desk_open(&d);
	CHECK(say(&d, JUDGE_DEAD, 0, d.out.sent - 2) == 0);
	CHECK(say(&d, JUDGE_DEAD, 0, d.out.sent - 2) == -1);
	CHECK(say(&d, JUDGE_DEAD, 0, d.out.sent - 3) == -1);
	CHECK(say(&d, JUDGE_DEAD, 0, d.out.sent) == 0);
	CHECK(say(&d, JUDGE_ACKED, 0, d.out.sent) == 0);
	desk_close(&d);
}

static void
being_held_again_and_again_is_one_alarm(void)
{
	struct desk d;
	size_t alarms;

	desk_open(&d);
	CHECK(say(&d, JUDGE_STATE, 0, HELD) == 0);
	alarms = batch_entries(d.judge.batch);
	CHECK(alarms == 1);
	for (int i = 0; i < 100; i++) {
		CHECK(say(&d, JUDGE_STATE, 0, RETRY) == 0);
		CHECK(say(&d, JUDGE_STATE, 0, HELD) == 0);
	}
	CHECK(batch_entries(d.judge.batch) == alarms);
	desk_close(&d);
}

static void
a_new_courier_is_well_until_it_says_otherwise(void)
{
	struct desk d;

	desk_open(&d);
	judge_courier_closed(&d.judge, false, "is gone");
	CHECK(!d.out.up && d.judge.courier == NULL && d.out.sent == 0);
	judge_outputs_reset(&d.judge);
	CHECK(d.out.up);
	desk_close(&d);
}

/* A state came before the journal is open; nothing else may. */
static void
frames_of_any_shape_do_no_harm(void)
{
	struct desk d;
	unsigned seed = 1;

	desk_open(&d);
	for (int i = 0; i < 200000; i++) {
		unsigned char body[40];
		size_t len = (seed >> 8) % sizeof(body);

		for (size_t k = 0; k < len; k++) {
			seed = seed * 1103515245 + 12345;
			body[k] = (seed >> 16 & 3) == 0 ?
			    (unsigned char)(seed >> 20) : 0;
		}
		seed = seed * 1103515245 + 12345;
		judge_courier_frame(&d.judge, (seed >> 16) % 5,
		    slice_bytes(body, len), -1);
	}
	desk_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_what_was_given_can_be_acknowledged_or_refused),
		TEST(a_record_is_refused_once_and_in_order),
		TEST(being_held_again_and_again_is_one_alarm),
		TEST(a_new_courier_is_well_until_it_says_otherwise),
		TEST(frames_of_any_shape_do_no_harm),
	};

	log_init("test", LOG_LEVEL_ERROR, false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
