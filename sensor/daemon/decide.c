#include <stdio.h>

#include "base/when.h"
#include "daemon/answer.h"
#include "daemon/control.h"
#include "event/ecs.h"

enum { TITLE_MAX = 200 };

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
