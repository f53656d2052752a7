#include <stdio.h>

#include "base/when.h"
#include "daemon/answer.h"
#include "daemon/control.h"
#include "event/ecs.h"

enum {
	TITLE_MAX = 200,
	MUTE_REASON_MAX = 1024,
	MUTE_KEY_MAX = 1024,
	TICKET_MAX = 128,
};

static const int64_t mute_longest = 7 * DAY;

/* What a person may write into a decision. */
static const struct word {
	const char *key;
	struct slice path;
	size_t max;
} words[] = {
	{ "verdict", SLICE("vedette.decision.verdict"), 16 },
	{ "reason", SLICE("vedette.decision.reason"), 4096 },
	{ "ticket", SLICE("vedette.decision.ticket"), 128 },
	{ "to", SLICE("vedette.decision.to"), 128 },
	{ "text", SLICE("vedette.decision.text"), 32768 },
};

static const struct verb {
	struct slice name;
	bool alerts_only;
	const char *needs[3];
} verbs[] = {
	{ SLICE("ack"), true, { NULL } },
	{ SLICE("note"), false, { "text", NULL } },
	{ SLICE("close"), true, { "verdict", "reason", NULL } },
};

static const struct verb *
find_verb(struct slice name)
{
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (slice_eq(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static bool
is_verdict(struct slice s)
{
	return slice_eq(s, S("true")) || slice_eq(s, S("benign")) ||
	    slice_eq(s, S("false"));
}

static int
check(const struct verb *verb, const struct json *request, struct err *err)
{
	struct slice verdict = json_text(request, "verdict");

	for (size_t i = 0; verb->needs[i] != NULL; i++)
		if (slice_trim(json_text(request, verb->needs[i])).len == 0)
			return err_set(err, "%s needs a %s",
			    (const char *)verb->name.p, verb->needs[i]);
	for (size_t i = 0; i < COUNT(words); i++)
		if (json_text(request, words[i].key).len > words[i].max)
			return err_set(err, "%s: more than %zu bytes",
			    words[i].key, words[i].max);
	if (verdict.len > 0 && !is_verdict(verdict))
		return err_set(err, "verdict: true, benign or false");
	return 0;
}

/* A record that a caller caused: what all of them say. */
static void
begin(struct ecs *ecs, struct entry *e, const struct control_room *room,
    const struct caller *who, char uid[16])
{
	int64_t now = when_now();

	*e = (struct entry){ .class = CLASS_EVIDENCE, .time = now,
	    .received = now, .level = LEVEL_INFORMATIONAL };
	random_bytes(e->id.b, ID_LEN);
	snprintf(uid, 16, "%u", (unsigned)who->uid);
	ecs_begin(ecs);
	ecs_frame(ecs, store_host(room->store), e->id, now, now, "event");
	ecs_str(ecs, S("user.id"), slice_of(uid));
	ecs_int(ecs, S("process.pid"), who->pid);
	ecs_str(ecs, S("vedette.level"), S("informational"));
	if (who->login != (uint32_t)-1)
		ecs_int(ecs, S("vedette.login_uid"), who->login);
}

static int
keep(struct ecs *ecs, struct entry *e, const struct control_room *room,
    struct err *err)
{
	struct buf body = { 0 };
	int ret;

	ecs_end(ecs, &body);
	e->body = buf_slice(&body);
	ret = room->keep(room->owner, e, err);
	buf_free(&body);
	return ret;
}

/* What a list shows: "close: it was the backup". */
static struct slice
title_of(const struct json *request, const struct verb *verb,
    struct buf *title)
{
	struct slice said = json_text(request, "reason");

	if (said.len == 0)
		said = json_text(request, "text");
	buf_add(title, verb->name);
	if (said.len > 0)
		buf_str(title, ": ");
	buf_add(title, slice_head(said, TITLE_MAX));
	return buf_slice(title);
}

int
decide(const struct control_room *room, const struct caller *who,
    const struct json *request, struct err *err)
{
	const struct verb *verb = find_verb(json_text(request, "decision"));
	struct buf about = { 0 }, title = { 0 };
	struct entry e;
	struct ecs ecs;
	struct id id;
	enum kind kind;
	char uid[16];
	int ret;

	if (verb == NULL)
		return err_set(err, "no such decision");
	if (check(verb, request, err) == -1 || answer_resolve(room->store,
	    json_text(request, "id"), &id, &kind, err) == -1)
		return -1;
	if (verb->alerts_only && kind != KIND_ALERT)
		return err_set(err, "this is no alert, but a record of kind "
		    "%s; a note can be added", kind_name(kind));

	begin(&ecs, &e, room, who, uid);
	e.kind = KIND_DECISION;
	e.about = id;
	e.has_about = true;
	e.rule = verb->name;
	e.title = title_of(request, verb, &title);
	id_add(&about, id);
	ecs_str(&ecs, S("event.action"), verb->name);
	ecs_str(&ecs, S("vedette.decision.about"), buf_slice(&about));
	for (size_t i = 0; i < COUNT(words); i++)
		if (json_text(request, words[i].key).len > 0)
			ecs_str(&ecs, words[i].path,
			    json_text(request, words[i].key));
	ret = keep(&ecs, &e, room, err);
	buf_free(&about);
	buf_free(&title);
	return ret;
}

/* --- mutes ------------------------------------------------------------------ */

/* "alice", or "uid 1004"; whoever logged in, not whom he became. */
static void
add_name(const struct control_room *room, const struct caller *who,
    struct buf *out)
{
	uid_t uid = who->login != (uint32_t)-1 ? who->login : who->uid;
	struct slice name = room->user(room->owner, uid);

	if (name.len > 0)
		buf_add(out, name);
	else
		buf_fmt(out, "uid %u", (unsigned)uid);
}

static int
check_mute(const struct json *request, int64_t now, struct mute *m,
    struct err *err)
{
	m->since = now;
	m->until = json_int(request, "until", 0);
	m->key = slice_trim(json_text(request, "key"));
	m->reason = slice_trim(json_text(request, "reason"));
	m->ticket = json_text(request, "ticket");
	if (m->reason.len == 0)
		return err_set(err, "mute needs a reason");
	if (m->reason.len > MUTE_REASON_MAX || m->ticket.len > TICKET_MAX)
		return err_set(err, "a reason has at most %d bytes, a ticket "
		    "%d", MUTE_REASON_MAX, TICKET_MAX);
	if (m->key.len > MUTE_KEY_MAX)
		return err_set(err, "a key has at most %d bytes",
		    MUTE_KEY_MAX);
	if (m->until > now + mute_longest)
		return err_set(err, "a mute lasts at most 7 days; an "
		    "exception or an override may last longer");
	return 0;
}

/* "muted until 14:05 for 203.0.113.7: SSH guessing" */
static void
say_mute(const struct mute *m, const struct rule_info *rule,
    struct buf *out)
{
	if (m->until > m->since) {
		buf_str(out, "muted until ");
		when_local(out, m->until, m->until - m->since < DAY ? "%T" :
		    "%F %T");
	} else {
		buf_str(out, "no longer muted");
	}
	if (m->key.len > 0) {
		buf_str(out, " for ");
		buf_add(out, m->key);
	}
	buf_str(out, ": ");
	buf_add(out, slice_head(rule->title, TITLE_MAX));
}

static int
keep_mute(const struct control_room *room, const struct caller *who,
    const struct rule_info *rule, const struct mute *m, struct slice title,
    struct err *err)
{
	struct entry e;
	struct ecs ecs;
	char uid[16];

	begin(&ecs, &e, room, who, uid);
	e.kind = KIND_DECISION;
	e.rule = S("mute");
	e.title = title;
	ecs_str(&ecs, S("event.action"), S("mute"));
	ecs_str(&ecs, S("rule.id"), rule->id);
	ecs_str(&ecs, S("rule.name"), rule->title);
	ecs_str(&ecs, S("vedette.decision.by"), m->by);
	ecs_str(&ecs, S("vedette.decision.reason"), m->reason);
	if (m->key.len > 0)
		ecs_str(&ecs, S("vedette.decision.key"), m->key);
	ecs_time(&ecs, S("vedette.decision.until"), m->until);
	if (m->ticket.len > 0)
		ecs_str(&ecs, S("vedette.decision.ticket"), m->ticket);
	return keep(&ecs, &e, room, err);
}

int
decide_mute(const struct control_room *room, const struct caller *who,
    const struct json *request, struct buf *reply, struct err *err)
{
	int64_t now = when_now();
	struct buf name = { 0 };
	struct rule_info rule;
	struct mute m = { 0 };
	int ret;

	if (check_mute(request, now, &m, err) == -1 ||
	    room->rule(room->owner, json_text(request, "rule"), &rule,
	    err) == -1)
		return -1;
	if (m.until < now)
		m.until = now;
	add_name(room, who, &name);
	m.by = buf_slice(&name);
	say_mute(&m, &rule, reply);
	ret = keep_mute(room, who, &rule, &m, buf_slice(reply), err);
	if (ret == 0)
		room->mute(room->owner, rule.id, &m);
	buf_free(&name);
	return ret;
}

int
decide_refused(const struct control_room *room, const struct caller *who,
    const char *command, const char *reason, uint64_t unrecorded)
{
	char uid[16], title[64];
	struct entry e;
	struct ecs ecs;

	begin(&ecs, &e, room, who, uid);
	snprintf(title, sizeof(title), "request refused: %s", command);
	e.kind = KIND_REFUSED;
	e.rule = slice_of(command);
	e.title = slice_of(title);
	ecs_str(&ecs, S("event.action"), S("request-refused"));
	ecs_str(&ecs, S("event.outcome"), S("failure"));
	ecs_str(&ecs, S("event.reason"), slice_of(reason));
	ecs_str(&ecs, S("vedette.refused.command"), slice_of(command));
	if (unrecorded > 0)
		ecs_int(&ecs, S("vedette.refused.unrecorded"),
		    (int64_t)unrecorded);
	return keep(&ecs, &e, room, NULL);
}
