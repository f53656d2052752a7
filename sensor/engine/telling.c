/*
 * From an event, or from the time, to what is told of it: rules that match,
 * correlations that count them, what is held back of both.
 */
#include "engine/ruleset.h"

#include <assert.h>
#include <stddef.h>

#include "base/when.h"

/* Who is told of matches. */
struct telling {
	struct ruleset *rs;
	struct listener to;
	/* The rule's event may be another than the predicates are turned to. */
	bool turn;
	bool some;	/* a rule matched */
};

/* The rule of what goes into its alerts, which stands first in it. */
static struct rule *
rule_of(struct ruleset *rs, const struct rule_info *info)
{
	static_assert(offsetof(struct rule, info) == 0, "it leads there");
	return &rs->rules[(const struct rule *)(const void *)info -
	    rs->rules];
}

/*
 * What is awaited is seen, whatever a place holds back: exceptions and mutes
 * are for what is told, that it does not come. What an exception hides is not
 * counted by correlations either.
 */
static void
tell(void *arg, const struct match *m)
{
	static const struct held awaited = { .why = HOLD_EXPECT };
	struct telling *t = arg;
	struct rule *r = rule_of(t->rs, m->rule);
	struct match told = *m;

	/* A count is told with a rule of its own: ours may be gone. */
	if (m->held != NULL) {
		t->to.matched(t->to.arg, m);
		return;
	}
	t->some = true;
	if (r->expect != NULL && m->expected == NULL) {
		expectations_seen(t->rs->expectations, r, m->ev);
		told.held = &awaited;
	} else {
		if (t->turn)
			predicates_event(t->rs->predicates, m->ev);
		told.held = tuning_hold(t->rs->tuning, t->rs->predicates, r,
		    m->ev, &t->to);
	}
	if (!t->turn &&
	    (told.held == NULL || told.held->why != HOLD_EXCEPTION))
		correlator_note(t->rs->correlator, r);
	if (!r->silent || told.held != NULL)
		t->to.matched(t->to.arg, &told);
}

int64_t
ruleset_time(struct ruleset *rs, int64_t now,
    void (*matched)(void *arg, const struct match *m), void *arg)
{
	struct telling t = { .rs = rs, .to = { matched, arg }, .turn = true };

	expectations_begin(rs->expectations, now);
	correlator_time(rs->correlator, now);
	return memory_time(rs->memory, now, &(struct listener){ tell, &t });
}

static void
follow(struct ruleset *rs, int64_t now, const struct listener *to)
{
	if (rs->now != INT64_MIN && now < rs->now - HOUR) {
		ruleset_time(rs, INT64_MAX, to->matched, to->arg);
		rs->now = INT64_MIN;
	}
	if (now <= rs->now)
		return;
	rs->now = now;
	ruleset_time(rs, now, to->matched, to->arg);
}

void
ruleset_follow(struct ruleset *rs)
{
	correlator_follow(rs->correlator);
	rs->follow = true;
	rs->now = INT64_MIN;
}

void
ruleset_match(struct ruleset *rs, const struct event *ev,
    void (*matched)(void *arg, const struct match *m), void *arg)
{
	struct telling t = { .rs = rs, .to = { matched, arg } };

	assert(rs->roster != NULL);
	roster_event(rs->roster, ev, tell, &t);
	t.turn = true;
	if (rs->follow && t.some)
		follow(rs, ev->time, &t.to);
	correlator_count(rs->correlator, ev, &(struct listener){ tell, &t });
}

static void
note(void *arg, const struct match *m)
{
	bool *touched = arg;

	(void)m;
	*touched = true;
}

bool
ruleset_touched(struct ruleset *rs, const struct event *ev)
{
	bool touched = false;

	roster_event(rs->roster, ev, note, &touched);
	return touched;
}

void
ruleset_joined(const struct ruleset *rs, struct logsource told,
    void (*each)(void *arg, struct logsource source), void *arg)
{
	correlations_joined(rs->rules, rs->count, told, each, arg);
}

void
ruleset_unobserved(struct ruleset *rs, struct slice source, int64_t from,
    int64_t until)
{
	expectations_unobserved(rs->expectations, source, from, until);
}

void
ruleset_clock(struct ruleset *rs, int64_t now, int64_t by)
{
	correlator_clock(rs->correlator, by);
	memory_clock(rs->memory, now, by);
}
