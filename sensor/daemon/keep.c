/*
 * From a record to what the journal keeps of it.
 */
#include "daemon/judge.h"

#include "base/digest.h"
#include "base/when.h"
#include "event/ecs.h"

enum {
	BATCH_ENTRIES = 2000,
	BATCH_BYTES = 4 << 20,
	BATCH_SPAN = 5000,	/* microseconds from the first entry */
	FULL_ALARM_SECONDS = 600,
};

void
judge_add(struct judge *j, const struct entry *e)
{
	if (batch_entries(j->batch) == 0) {
		j->first = when_steady();
		loop_timer_set(j->commit, BATCH_SPAN);
	}
	batch_entry(j->batch, e);
}

static struct slice
source_of(const struct event *ev)
{
	struct slice ip = event_text(ev, F_SOURCE_IP);

	return ip.len > 0 ? ip : event_text(ev, F_SOURCE_ADDRESS);
}

static struct entry
entry_of(const struct event *ev, struct id id)
{
	return (struct entry){
		.id = id,
		.time = ev->time,
		.received = ev->received,
		.user = event_text(ev, F_USER_NAME),
		.source = source_of(ev),
		.session = event_text(ev, F_SESSION),
	};
}

void
judge_add_gap(struct judge *j, const struct gap *g)
{
	int64_t now = when_now();
	struct slice hash[] = {
		g->source, S("\n"), g->reason, S("\n"), g->detail,
		slice_bytes(&g->from, sizeof(g->from)),
		slice_bytes(&g->until, sizeof(g->until)),
	};
	struct digest d = digest_of(hash, COUNT(hash));
	struct entry e = {
		.kind = KIND_GAP, .class = CLASS_EVIDENCE,
		.time = g->until, .received = now,
		.level = LEVEL_INFORMATIONAL, .rule = S("gap"),
		.title = g->reason,
	};

	memcpy(e.id.b, d.b, ID_LEN);
	buf_clear(&j->body);
	gap_write(&j->body, g, store_host(j->store), e.id, now);
	e.body = buf_slice(&j->body);
	judge_add(j, &e);
}

void
judge_unobserved(struct judge *j, struct slice source, struct slice reason,
    int64_t since)
{
	const struct gap gap = { .source = source, .reason = reason,
		.from = since, .until = when_now(), .count = GAP_UNKNOWN };

	ruleset_unobserved(j->det.rules, S(""), gap.from, gap.until);
	judge_add_gap(j, &gap);
}

/* What nobody can tell about, because it was not observed, is no alert. */
static void
keep_unknown(struct judge *j, const struct match *m)
{
	const struct expected *x = m->expected;
	const struct gap gap = {
		.source = m->rule->title, .reason = S("not observed"),
		.detail = x->text, .from = x->since, .until = x->until,
		.count = GAP_UNKNOWN,
	};

	judge_add_gap(j, &gap);
}

void
judge_matched(void *arg, const struct match *m)
{
	struct judge *j = arg;
	const struct rule_info *rule = m->rule;
	struct id id = match_id(m);
	struct entry e = entry_of(m->ev, id);

	/* What is held back counts one by one, and is kept all together. */
	if (m->held != NULL && m->held->count == 0)
		return;
	if (m->expected != NULL && !m->expected->observed) {
		keep_unknown(j, m);
		return;
	}
	buf_clear(&j->body);
	if (m->held != NULL) {
		e.received = when_now();
		held_write(&j->body, m, store_host(j->store), id,
		    e.received);
	} else {
		alert_write(&j->body, m, store_host(j->store), id);
	}
	e.kind = m->held != NULL ? KIND_EXCEPTED : KIND_ALERT;
	e.class = CLASS_BULK;
	e.level = rule->level;
	e.rule = rule->id;
	e.title = rule->title;
	e.body = buf_slice(&j->body);
	judge_add(j, &e);
}

static void
keep_event(struct judge *j)
{
	const struct event *ev = j->det.ev;
	struct id id = record_id(ev->record, ev->kept, S(""));
	struct entry e = entry_of(ev, id);

	buf_clear(&j->body);
	event_write(&j->body, ev, store_host(j->store), id);
	e.kind = KIND_EVENT;
	e.class = CLASS_EVIDENCE;
	e.level = LEVEL_INFORMATIONAL;
	e.rule = ev->kept;
	e.title = event_text(ev, F_ACTION);
	e.body = buf_slice(&j->body);
	judge_add(j, &e);
}

/* Its bytes are kept for whoever wants to know what they do, not read. */
static void
quarantine(struct judge *j, const struct record *r)
{
	struct id id = record_id(r, S("quarantine"), S(""));
	struct entry e = {
		.kind = KIND_QUARANTINE, .class = CLASS_EVIDENCE, .id = id,
		.time = r->received, .received = r->received,
		.level = LEVEL_HIGH, .rule = S("quarantine"),
		.title = S("record not decoded: the judge died on it"),
	};
	struct ecs ecs;

	ecs_begin(&ecs);
	ecs_frame(&ecs, store_host(j->store), id, r->received, r->received,
	    "pipeline_error");
	ecs_str(&ecs, S("vedette.level"), S("high"));
	ecs_str(&ecs, S("event.action"), S("quarantine"));
	ecs_str(&ecs, S("event.provider"), r->source);
	ecs_int(&ecs, S("log.offset"), (int64_t)r->offset);
	ecs_original(&ecs, r->bytes);
	buf_clear(&j->body);
	ecs_end(&ecs, &j->body);
	e.body = buf_slice(&j->body);
	judge_add(j, &e);
	j->quarantined++;
	judge_alarm(j, LEVEL_HIGH, "record-quarantined",
	    "a record on which the judge died three times was passed over");
}

static void
tell_offender(void *arg, const struct rule_view *rule)
{
	struct buf text = { 0 };

	buf_fmt(&text, "rule %.*s (%s:%u) is switched off until the next "
	    "reload: its regular expressions take too much time",
	    (int)rule->info.id.len, (const char *)rule->info.id.p,
	    rule->file, rule->line);
	log_warn("%s", buf_cstr(&text));
	judge_alarm(arg, LEVEL_HIGH, "rule-switched-off", buf_cstr(&text));
	buf_free(&text);
}

void
judge_record(void *owner, const struct record *r)
{
	struct judge_input *in = owner;
	struct judge *j = in->judge;

	in->records++;
	if (!attempt_begin(j->attempt, r)) {
		quarantine(j, r);
		return;
	}
	detector_run(&j->det, r, judge_matched, j);
	ruleset_offenders(j->det.rules, tell_offender, j);
	if (j->det.ev->kept.len > 0)
		keep_event(j);
	attempt_end(j->attempt);
}

bool
judge_enough(void *owner)
{
	const struct judge_input *in = owner;

	return batch_bytes(in->judge->batch) > BATCH_BYTES;
}

void
judge_position(void *owner, const struct position *p)
{
	struct judge_input *in = owner;
	struct judge *j = in->judge;

	batch_position(j->batch, p);
	if (!loop_timer_pending(j->second))
		loop_timer_set(j->second, SECOND);
}

void
judge_forget(void *owner, struct stream s)
{
	struct judge_input *in = owner;

	batch_forget(in->judge->batch, s);
}

void
judge_gap(void *owner, const struct gap *g)
{
	struct judge_input *in = owner;

	in->gaps++;
	ruleset_unobserved(in->judge->det.rules, g->source, g->from,
	    g->until);
	judge_add_gap(in->judge, g);
}

void
judge_hurry(void *owner)
{
	struct judge_input *in = owner;

	if (!loop_timer_pending(in->judge->commit))
		loop_timer_set(in->judge->commit, BATCH_SPAN);
}

static void
tell_committed(struct judge *j)
{
	for (size_t i = 0; i < j->input_count; i++) {
		struct judge_input *in = &j->inputs[i];

		if (in->state != NULL && in->type->committed != NULL)
			in->type->committed(in->state);
	}
}

/* Its pages are damaged; the next start sets it aside and begins a new one. */
static void
give_up_journal(struct judge *j, const struct err *err)
{
	struct buf text = { 0 };

	store_condemn(j->store);
	buf_fmt(&text, "%s; the next start sets the journal aside and begins "
	    "a new one", err->text);
	judge_fail(j, buf_cstr(&text));
	buf_free(&text);
}

/* Room was made, or not: the batch waits, and nothing more is read. */
static void
refused(struct judge *j, const struct err *err)
{
	struct err tidy;

	if (store_is_corrupt(j->store)) {
		give_up_journal(j, err);
		return;
	}
	if (!j->full) {
		j->full = true;
		j->full_since = when_now();
	}
	if (log_may(&j->limit, 60))
		log_error("journal: %s; nothing is read until it can be "
		    "written (%zu entries wait)", err->text,
		    batch_entries(j->batch));
	if (store_is_full(j->store) &&
	    store_tidy(j->store, when_now(), &tidy) == -1 &&
	    log_may(&j->limit, 60))
		log_error("journal: %s", tidy.text);
	loop_timer_set(j->second, SECOND);
}

static void
written_again(struct judge *j)
{
	struct err err;

	log_info("journal: written again");
	if (log_may(&j->full_alarm, FULL_ALARM_SECONDS))
		judge_alarm(j, LEVEL_HIGH, "journal-full",
		    "the journal could not be written for a while; "
		    "what can be read again was read later");
	/* A new reserve, if there is room for one. */
	if (store_tidy(j->store, when_now(), &err) == -1)
		log_error("journal: %s", err.text);
	loop_wake(j->loop);
}

bool
judge_flush(struct judge *j)
{
	struct err err;
	bool was_full = j->full;

	loop_timer_stop(j->commit);
	judge_inputs_settle(j);
	judge_forgotten(j, j->stopping);
	if (batch_is_empty(j->batch))
		return true;
	if (batch_flush(j->batch, j->store, judge_remember, j, &err) == -1) {
		refused(j, &err);
		return false;
	}
	judge_remembered(j);
	j->full = false;
	tell_committed(j);
	judge_dispatch(j);
	if (was_full)
		written_again(j);
	return true;
}

static bool
is_due(const struct judge *j)
{
	size_t n = batch_entries(j->batch);

	return n >= BATCH_ENTRIES || batch_bytes(j->batch) > BATCH_BYTES ||
	    (n > 0 && when_steady() - j->first >= BATCH_SPAN);
}

bool
judge_work(void *arg)
{
	struct judge *j = arg;
	bool more = false;

	j->more = false;
	if (j->store == NULL || j->full || j->stopping)
		return false;
	judge_clock(j);
	for (size_t i = 0; i < j->input_count; i++) {
		struct judge_input *in = &j->inputs[i];

		if (in->state != NULL && in->type->work != NULL &&
		    in->type->work(in->state))
			more = true;
		if (is_due(j) && !judge_flush(j))
			return false;
	}
	j->more = more;
	return more;
}
