#include "event/alert.h"

#include <assert.h>

#include "base/digest.h"
#include "base/json.h"
#include "event/ecs.h"

static const struct slice level_names[] = {
	[LEVEL_INFORMATIONAL] = SLICE("informational"),
	[LEVEL_LOW] = SLICE("low"),
	[LEVEL_MEDIUM] = SLICE("medium"),
	[LEVEL_HIGH] = SLICE("high"),
	[LEVEL_CRITICAL] = SLICE("critical"),
};

static const struct slice kind_names[] = {
	[KIND_ALERT] = SLICE("alert"),
	[KIND_EVENT] = SLICE("event"),
	[KIND_GAP] = SLICE("gap"),
	[KIND_CHANGE] = SLICE("change"),
	[KIND_DECISION] = SLICE("decision"),
	[KIND_LOAD] = SLICE("load"),
	[KIND_HEARTBEAT] = SLICE("heartbeat"),
	[KIND_CANARY] = SLICE("canary"),
	[KIND_REFUSED] = SLICE("refused"),
	[KIND_QUARANTINE] = SLICE("quarantine"),
	[KIND_SELF] = SLICE("self"),
	[KIND_EXCEPTED] = SLICE("excepted"),
};
static_assert(COUNT(kind_names) == KIND_COUNT, "one name per kind");

static const struct slice hold_names[] = {
	[HOLD_EXCEPTION] = SLICE("exception"),
	[HOLD_MUTE] = SLICE("mute"),
	[HOLD_SUPPRESS] = SLICE("suppress"),
	[HOLD_DISABLED] = SLICE("disabled"),
	[HOLD_EXPECT] = SLICE("expect"),
};
static_assert(COUNT(hold_names) == HOLD_COUNT, "one name per reason");

static int
find(const struct slice *names, size_t count, struct slice s)
{
	for (size_t i = 0; i < count; i++)
		if (slice_eq(names[i], s))
			return (int)i;
	return -1;
}

int
level_parse(struct slice s, enum level *out)
{
	int at = find(level_names, COUNT(level_names), s);

	if (at == -1)
		return -1;
	*out = (enum level)at;
	return 0;
}

const char *
level_name(enum level l)
{
	return (const char *)level_names[l].p;
}

int
kind_parse(struct slice s, enum kind *out)
{
	int at = find(kind_names, COUNT(kind_names), s);

	if (at == -1)
		return -1;
	*out = (enum kind)at;
	return 0;
}

const char *
kind_name(enum kind k)
{
	return (const char *)kind_names[k].p;
}

int
hold_parse(struct slice s, enum hold *out)
{
	int at = find(hold_names, COUNT(hold_names), s);

	if (at == -1)
		return -1;
	*out = (enum hold)at;
	return 0;
}

const char *
hold_name(enum hold h)
{
	return (const char *)hold_names[h].p;
}

void
id_add(struct buf *out, struct id id)
{
	buf_hex(out, slice_bytes(id.b, ID_LEN));
}

int
id_parse(struct slice hex, struct id *out)
{
	return hex_decode(hex, out->b, ID_LEN);
}

static void
add_rule(struct ecs *e, const struct rule_info *rule)
{
	static const int64_t severity[] = { 1, 21, 47, 73, 99 };

	ecs_str(e, S("rule.id"), rule->id);
	ecs_str(e, S("rule.name"), rule->title);
	ecs_int(e, S("event.severity"), severity[rule->level]);
	ecs_str(e, S("vedette.level"), slice_of(level_name(rule->level)));
	if (rule->runbook.len > 0)
		ecs_str(e, S("vedette.runbook"), rule->runbook);
	ecs_tags(e, rule->tags, rule->tag_count);
}

/* Where the record stood, and its bytes. */
static void
add_origin(struct ecs *e, const struct event *ev)
{
	const struct record *r = ev->record;

	if (slice_starts(r->source, S("/"))) {
		ecs_str(e, S("log.file.path"), r->source);
		ecs_int(e, S("log.offset"), (int64_t)r->offset);
	}
	ecs_str(e, S("event.provider"), r->source);
	ecs_original(e, ev->raw.len > 0 ? ev->raw : r->bytes);
	if (ev->decoder.len > 0)
		ecs_str(e, S("vedette.decoder"), ev->decoder);
	if (r->flags & RECORD_CUT)
		ecs_bool(e, S("vedette.cut"), true);
	if (r->flags & RECORD_PARTIAL)
		ecs_bool(e, S("vedette.partial"), true);
	if (ev->truncated)
		ecs_bool(e, S("vedette.truncated"), true);
}

static void
add_expected(struct ecs *e, const struct expected *x)
{
	ecs_str(e, S("vedette.expected.what"), x->what);
	ecs_time(e, S("vedette.expected.since"), x->since);
	ecs_time(e, S("vedette.expected.until"), x->until);
	if (x->seen > 0)
		ecs_time(e, S("vedette.expected.seen"), x->seen);
	ecs_int(e, S("vedette.expected.missed"), (int64_t)x->missed);
}

struct id
match_id(const struct match *m)
{
	return record_id(m->ev->record, m->rule->id, m->key);
}

void
alert_write(struct buf *out, const struct match *m, const struct host *host,
    struct id id)
{
	const struct event *ev = m->ev;
	struct ecs e;

	ecs_begin(&e);
	ecs_frame(&e, host, id, ev->time, ev->received, "alert");
	add_rule(&e, m->rule);
	if (m->expected != NULL)
		add_expected(&e, m->expected);
	add_origin(&e, ev);
	ecs_event(&e, ev);
	ecs_end(&e, out);
}

/* "user.name=backup, source.ip=192.0.2.7" */
static void
add_key(const struct held *h, struct buf *out)
{
	for (size_t i = 0; i < h->field_count; i++) {
		buf_str(out, i > 0 ? ", " : "");
		buf_add(out, h->fields[i]);
		buf_byte(out, '=');
		buf_add(out, h->values[i]);
	}
}

static void
add_held(struct ecs *e, const struct held *h, struct slice key)
{
	const struct {
		struct slice path, text;
	} texts[] = {
		{ S("vedette.excepted.why"), slice_of(hold_name(h->why)) },
		{ S("vedette.excepted.by"), h->by },
		{ S("vedette.excepted.owner"), h->owner },
		{ S("vedette.excepted.reason"), h->reason },
		{ S("vedette.excepted.ticket"), h->ticket },
		{ S("vedette.excepted.key"), key },
	};

	for (size_t i = 0; i < COUNT(texts); i++)
		if (texts[i].text.len > 0)
			ecs_str(e, texts[i].path, texts[i].text);
	if (h->expires != 0)
		ecs_time(e, S("vedette.excepted.expires"), h->expires);
	if (h->others)
		ecs_bool(e, S("vedette.excepted.others"), true);
	if (h->open)
		ecs_bool(e, S("vedette.excepted.open"), true);
	ecs_int(e, S("vedette.excepted.count"), (int64_t)h->count);
	ecs_time(e, S("event.start"), h->first);
	ecs_time(e, S("event.end"), h->last);
}

void
held_write(struct buf *out, const struct match *m, const struct host *host,
    struct id id, int64_t now)
{
	struct buf key = { 0 };
	struct ecs e;

	add_key(m->held, &key);
	ecs_begin(&e);
	ecs_frame(&e, host, id, m->held->last, now, "event");
	ecs_str(&e, S("event.action"), S("excepted"));
	add_rule(&e, m->rule);
	add_held(&e, m->held, buf_slice(&key));
	if (m->ev != NULL)
		ecs_event(&e, m->ev);
	ecs_end(&e, out);
	buf_free(&key);
}

void
event_write(struct buf *out, const struct event *ev, const struct host *host,
    struct id id)
{
	struct ecs e;

	ecs_begin(&e);
	ecs_frame(&e, host, id, ev->time, ev->received, "event");
	ecs_str(&e, S("vedette.record"), ev->kept);
	ecs_str(&e, S("vedette.level"), S("informational"));
	add_origin(&e, ev);
	ecs_event(&e, ev);
	ecs_end(&e, out);
}

void
gap_write(struct buf *out, const struct gap *gap, const struct host *host,
    struct id id, int64_t now)
{
	struct ecs e;

	ecs_begin(&e);
	ecs_frame(&e, host, id, gap->until, now, "state");
	ecs_time(&e, S("event.start"), gap->from);
	ecs_time(&e, S("event.end"), gap->until);
	ecs_str(&e, S("event.action"), S("gap"));
	ecs_str(&e, S("vedette.level"), S("informational"));
	ecs_str(&e, S("vedette.gap.source"), gap->source);
	ecs_str(&e, S("vedette.gap.reason"), gap->reason);
	if (gap->detail.len > 0)
		ecs_str(&e, S("vedette.gap.detail"), gap->detail);
	if (gap->count != GAP_UNKNOWN)
		ecs_int(&e, S("vedette.gap.count"), (int64_t)gap->count);
	ecs_end(&e, out);
}
