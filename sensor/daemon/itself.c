/*
 * What the sensor writes into the journal about itself.
 */
#include "base/digest.h"
#include "base/when.h"
#include "daemon/judge.h"
#include "event/ecs.h"

static void
begin(struct judge *j, struct ecs *ecs, struct entry *e, const char *kind)
{
	int64_t now = when_now();

	random_bytes(e->id.b, ID_LEN);
	e->time = e->received = now;
	ecs_begin(ecs);
	ecs_frame(ecs, store_host(j->store), e->id, now, now, kind);
	ecs_str(ecs, S("vedette.level"), slice_of(level_name(e->level)));
	ecs_str(ecs, S("vedette.version"), S(PACKAGE_VERSION));
	ecs_str(ecs, S("vedette.ruleset"), slice_of(j->ruleset));
}

static void
end(struct judge *j, struct ecs *ecs, struct entry *e)
{
	buf_clear(&j->body);
	ecs_end(ecs, &j->body);
	e->body = buf_slice(&j->body);
	judge_add(j, e);
}

void
judge_say(struct judge *j, enum kind kind, const char *rule, const char *text)
{
	struct entry e = { .kind = kind, .class = CLASS_EVIDENCE,
		.level = LEVEL_INFORMATIONAL, .rule = slice_of(rule),
		.title = slice_of(text) };
	struct ecs ecs;

	begin(j, &ecs, &e, "event");
	ecs_str(&ecs, S("event.action"), slice_of(rule));
	ecs_str(&ecs, S("message"), slice_of(text));
	ecs_str(&ecs, S("vedette.sandbox"), buf_slice(&j->sandbox));
	end(j, &ecs, &e);
}

void
judge_alarm(struct judge *j, enum level level, const char *rule,
    const char *text)
{
	judge_alarm_why(j, level, rule, text, S(""));
}

void
judge_alarm_why(struct judge *j, enum level level, const char *rule,
    const char *text, struct slice why)
{
	static const struct slice tags[] = {
		SLICE("soc2.cc4.1"), SLICE("soc2.cc7.2"),
		SLICE("vedette.sensor"),
	};
	struct entry e = { .kind = KIND_ALERT, .class = CLASS_BULK,
		.level = level, .rule = slice_of(rule),
		.title = slice_of(text) };
	struct ecs ecs;

	begin(j, &ecs, &e, "alert");
	ecs_str(&ecs, S("rule.id"), e.rule);
	ecs_str(&ecs, S("rule.name"), e.title);
	ecs_str(&ecs, S("event.action"), e.rule);
	if (why.len > 0)
		ecs_str(&ecs, S("event.reason"), why);
	ecs_tags(&ecs, tags, COUNT(tags));
	end(j, &ecs, &e);
}

/* The head is what an output carries away, so that it can be held against. */
static void
add_heads(struct ecs *ecs, const struct store_numbers *n, struct buf *text)
{
	static const struct slice paths[] = {
		[CLASS_BULK] = SLICE("vedette.head.alerts"),
		[CLASS_EVIDENCE] = SLICE("vedette.head.evidence"),
	};
	size_t from[CLASS_COUNT + 1] = { 0 };

	for (size_t i = 0; i < CLASS_COUNT; i++) {
		buf_u64(text, n->head_seq[i]);
		buf_byte(text, ':');
		buf_hex(text, digest_slice(&n->head[i]));
		from[i + 1] = text->len;
	}
	for (size_t i = 0; i < CLASS_COUNT; i++)
		ecs_str(ecs, paths[i], slice_head(slice_from(buf_slice(text),
		    from[i]), from[i + 1] - from[i]));
}

void
judge_heartbeat(struct judge *j)
{
	struct entry e = { .kind = KIND_HEARTBEAT, .class = CLASS_BULK,
		.level = LEVEL_INFORMATIONAL, .rule = S("heartbeat"),
		.title = S("heartbeat") };
	struct decode_counts counts = decoders_counts(j->det.decoders);
	struct store_numbers numbers;
	struct buf heads = { 0 };
	struct err err;
	struct ecs ecs;

	begin(j, &ecs, &e, "metric");
	ecs_str(&ecs, S("event.action"), S("heartbeat"));
	ecs_int(&ecs, S("vedette.records"), (int64_t)counts.records);
	ecs_int(&ecs, S("vedette.understood"), (int64_t)counts.understood);
	ecs_int(&ecs, S("vedette.aborted"), (int64_t)counts.aborted);
	if (store_count(j->store, &numbers, &err) == 0)
		add_heads(&ecs, &numbers, &heads);
	end(j, &ecs, &e);
	buf_free(&heads);
}
