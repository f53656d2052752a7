/*
 * The time that rules are told: windows close and what is expected is missed
 * when nothing more of the time before can come. That is the wall clock's
 * time, but only once everything that is there was read: a line that waits in
 * a file, or that a journal still holds after a start, may be what a window
 * waits for.
 *
 * The wall clock may be set. What was told by it before is moved along, so
 * that what is due comes neither earlier nor later than it would have, as
 * measured by the clock that can't be set.
 */
#include "base/log.h"
#include "base/when.h"
#include "daemon/judge.h"

enum { RETRY_SPAN = 100000 };	/* microseconds */

/* An input that says nothing for so long has nothing more to say. */
static const int64_t quiet = 10 * SECOND;
/* Larger differences are a clock that was set, smaller ones are slewed. */
static const int64_t step_least = SECOND;
/*
 * Heartbeats come each minute and a restart takes seconds. Whoever was away
 * for longer did not observe: what ran meanwhile may be missing for the same
 * reason, a host that was off.
 */
static const int64_t away_least = 3 * MINUTE;

static bool
is_behind(const struct judge_input *in)
{
	return in->state != NULL && (in->lost || (!in->listed &&
	    when_steady() - in->heard < quiet));
}

static bool
is_caught_up(const struct judge *j)
{
	if (j->more || j->full || j->stopping || j->store == NULL)
		return false;
	for (size_t i = 0; i < j->input_count; i++)
		if (is_behind(&j->inputs[i]))
			return false;
	return true;
}

void
judge_clock(struct judge *j)
{
	int64_t now = when_now(), ahead = now - when_steady();
	int64_t step = ahead - j->ahead;

	if (j->ahead != 0 && (step > step_least || step < -step_least)) {
		log_info("the clock was set by %lld s",
		    (long long)(step / SECOND));
		ruleset_clock(j->det.rules, now, step);
	}
	j->ahead = ahead;
}

void
judge_tick(void *arg)
{
	struct judge *j = arg;
	int64_t now, next;

	judge_clock(j);
	if (!is_caught_up(j)) {
		if (!j->stopping)
			loop_timer_set(j->ticking, RETRY_SPAN);
		return;
	}
	now = when_now();
	next = ruleset_time(j->det.rules, now, judge_matched, j);
	if (next == INT64_MAX)
		loop_timer_stop(j->ticking);
	else
		loop_timer_set(j->ticking, next > now + RETRY_SPAN ?
		    next - now : RETRY_SPAN);
}

static int
take_received(void *arg, const struct row *r)
{
	*(int64_t *)arg = r->received;
	return -1;
}

/* By how much is not known; nothing that was counted is of the future. */
static void
clock_was_set(struct judge *j)
{
	const struct query newest = { .limit = 1 };
	int64_t now = when_now(), last = 0;

	store_query(j->store, &newest, take_received, &last, NULL);
	if (last - now <= step_least)
		return;
	log_info("the clock was set back by %lld s or more",
	    (long long)((last - now) / SECOND));
	ruleset_clock(j->det.rules, now, now - last);
}

void
judge_was_away(struct judge *j)
{
	int64_t now = when_now();
	struct store_numbers n;

	clock_was_set(j);
	if (!j->taking_over && store_count(j->store, &n, NULL) == 0 &&
	    n.records > 0 && now - n.last > away_least)
		ruleset_unobserved(j->det.rules, S(""), n.last, now);
}
