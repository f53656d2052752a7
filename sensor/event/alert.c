#include "event/alert.h"

#include <assert.h>
#include <math.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/when.h"
#include "event/ecs.h"
#include "event/form.h"

const char *const level_words[] = {
	[LEVEL_INFORMATIONAL] = "informational",
	[LEVEL_LOW] = "low",
	[LEVEL_MEDIUM] = "medium",
	[LEVEL_HIGH] = "high",
	[LEVEL_CRITICAL] = "critical",
	NULL
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

int
level_parse(struct slice s, enum level *out)
{
	for (size_t i = 0; level_words[i] != NULL; i++)
		if (slice_eq(slice_of(level_words[i]), s)) {
			*out = (enum level)i;
			return 0;
		}
	return -1;
}

const char *
level_name(enum level l)
{
	return level_words[l];
}

int
kind_parse(struct slice s, enum kind *out)
{
	for (size_t i = 0; i < COUNT(kind_names); i++)
		if (slice_eq(kind_names[i], s)) {
			*out = (enum kind)i;
			return 0;
		}
	return -1;
}

const char *
kind_name(enum kind k)
{
	return (const char *)kind_names[k].p;
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

/* "user.name=backup, source.ip=192.0.2.7" */
static void
add_fields(struct buf *out, const struct slice *fields,
    const struct slice *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buf_str(out, i > 0 ? ", " : "");
		buf_add(out, fields[i]);
		buf_byte(out, '=');
		buf_add(out, values[i]);
	}
}

static void
add_measure(struct buf *out, double n)
{
	buf_fmt(out, fabs(n) < 1e15 && (double)(int64_t)n == n ?
	    "%.0f" : "%.6g", n);
}

void
correlated_text(struct buf *out, const struct correlated *c)
{
	add_measure(out, c->measure);
	buf_str(out, " in ");
	when_span(out, c->until - c->from);
	buf_str(out, c->group_count > 0 ? ", " : "");
	add_fields(out, c->fields, c->values, c->group_count);
}

/* What the texts of a correlation's members stand in. */
struct correlated_texts {
	struct buf message, group, measure;
};

static void
add_correlated(struct ecs *e, const struct correlated *c,
    struct correlated_texts *t)
{
	correlated_text(&t->message, c);
	add_fields(&t->group, c->fields, c->values, c->group_count);
	add_measure(&t->measure, c->measure);
	ecs_str(e, S("message"), buf_slice(&t->message));
	ecs_time(e, S("event.start"), c->from);
	ecs_time(e, S("event.end"), c->until);
	ecs_str(e, S("vedette.correlation.type"), slice_of(c->type));
	if (c->group_count > 0)
		ecs_str(e, S("vedette.correlation.group"),
		    buf_slice(&t->group));
	ecs_number(e, S("vedette.correlation.measure"),
	    buf_slice(&t->measure));
	ecs_list(e, S("vedette.correlation.rules"), c->rules, c->rule_count);
}

void
alert_write(struct buf *out, const struct match *m, const struct host *host,
    struct id id)
{
	struct correlated_texts texts = { 0 };
	const struct event *ev = m->ev;
	struct ecs e;

	ecs_begin(&e);
	ecs_frame(&e, host, id, ev->time, ev->received, "alert");
	add_rule(&e, m->rule);
	if (m->correlated != NULL)
		add_correlated(&e, m->correlated, &texts);
	if (m->expected != NULL)
		add_expected(&e, m->expected);
	add_origin(&e, ev);
	ecs_event(&e, ev);
	ecs_end(&e, out);
	buf_free(&texts.message);
	buf_free(&texts.group);
	buf_free(&texts.measure);
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

/* Names that a key must not put another value under. */
static bool
is_ours(struct slice path)
{
	static const struct slice roots[] = {
		SLICE("event."), SLICE("rule."), SLICE("host."),
		SLICE("vedette."),
	};

	for (size_t i = 0; i < COUNT(roots); i++)
		if (slice_starts(path, roots[i]))
			return true;
	return false;
}

/* Each of the key's fields where an alert has it; the first of a place. */
static void
add_key_fields(struct ecs *e, const struct held *h)
{
	for (size_t i = 0; i < h->field_count; i++) {
		const struct field_form form = field_form(h->fields[i]);
		bool taken = form.foreign || is_ours(form.path);

		for (size_t k = 0; k < i && !taken; k++)
			taken = slice_eq(field_form(h->fields[k]).path,
			    form.path);
		if (!taken)
			ecs_str(e, form.path, h->values[i]);
	}
}

void
held_write(struct buf *out, const struct match *m, const struct host *host,
    struct id id, int64_t now)
{
	struct buf key = { 0 };
	struct ecs e;

	add_fields(&key, m->held->fields, m->held->values,
	    m->held->field_count);
	ecs_begin(&e);
	ecs_frame(&e, host, id, m->held->last, now, "event");
	ecs_str(&e, S("event.action"), S("excepted"));
	add_rule(&e, m->rule);
	add_held(&e, m->held, buf_slice(&key));
	add_key_fields(&e, m->held);
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
