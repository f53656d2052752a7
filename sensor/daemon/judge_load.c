/*
 * Records about loads: what was loaded, what that changed, and who asked for
 * it. Who asks, asks the judge that is about to end; it leaves his name in
 * the journal for the one that takes over.
 */
#include <stdio.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/pack.h"
#include "base/when.h"
#include "daemon/judge.h"
#include "event/ecs.h"

enum { REASON_MAX = 4096 };

/* Items in the space of loads. */
static const struct slice item_caller = SLICE("caller");
static const struct slice item_digest = SLICE("digest");

/* What the judge before left. */
struct before {
	bool asked;
	struct caller who;
	char digest[65];
};

static void
take_item(void *arg, struct slice key, struct slice value)
{
	struct before *b = arg;
	struct unpack u = { value, false };

	if (slice_eq(key, item_digest)) {
		slice_to_cstr(value, b->digest, sizeof(b->digest));
	} else if (slice_eq(key, item_caller)) {
		b->who.uid = unpack_u32(&u);
		b->who.login = unpack_u32(&u);
		b->who.pid = (pid_t)unpack_u32(&u);
		b->asked = unpack_done(&u);
	}
}

/* --- who ---------------------------------------------------------------- */

/* One person in a record; must live until ecs_end. */
struct person {
	char uid[16];
	struct slice name, login;
};

static void
add_person(const struct judge *j, struct ecs *ecs, struct person *p,
    const struct caller *who)
{
	snprintf(p->uid, sizeof(p->uid), "%u", (unsigned)who->uid);
	p->name = names_of(&j->names, who->uid);
	ecs_str(ecs, S("user.id"), slice_of(p->uid));
	ecs_int(ecs, S("process.pid"), who->pid);
	if (p->name.len > 0)
		ecs_str(ecs, S("user.name"), p->name);
	if (who->login == (uint32_t)-1)
		return;
	p->login = names_of(&j->names, who->login);
	ecs_int(ecs, S("vedette.login_uid"), who->login);
	if (p->login.len > 0)
		ecs_str(ecs, S("vedette.login_name"), p->login);
}

static void
name_user(const struct judge *j, struct buf *out, uint32_t uid)
{
	struct slice name = names_of(&j->names, uid);

	if (name.len > 0)
		buf_add(out, name);
	else
		buf_fmt(out, "uid %u", (unsigned)uid);
}

static void
say_who(const struct judge *j, struct buf *out, const struct caller *who)
{
	buf_str(out, ", reload by ");
	if (who == NULL) {
		buf_str(out, "a signal");
		return;
	}
	name_user(j, out, who->uid);
	if (who->login == (uint32_t)-1 || who->login == who->uid)
		return;
	buf_str(out, ", logged in as ");
	name_user(j, out, who->login);
}

/* --- records -------------------------------------------------------------- */

static void
keep(struct judge *j, struct ecs *ecs, const char *action, struct slice text)
{
	int64_t now = when_now();
	struct entry e = { .kind = KIND_LOAD, .class = CLASS_EVIDENCE,
		.level = LEVEL_INFORMATIONAL, .rule = slice_of(action),
		.title = text, .time = now, .received = now };

	random_bytes(e.id.b, ID_LEN);
	ecs_frame(ecs, store_host(j->store), e.id, now, now, "event");
	ecs_str(ecs, S("event.action"), e.rule);
	ecs_str(ecs, S("message"), text);
	ecs_str(ecs, S("vedette.level"), S("informational"));
	ecs_str(ecs, S("vedette.version"), S(PACKAGE_VERSION));
	ecs_str(ecs, S("vedette.ruleset"), slice_of(j->ruleset));
	buf_clear(&j->body);
	ecs_end(ecs, &j->body);
	e.body = buf_slice(&j->body);
	judge_add(j, &e);
}

/* What is loaded now is what a start with broken rules goes back to. */
static void
keep_good(struct judge *j)
{
	struct err err;

	if (j->good.len == 0)
		log_warn("no copy of the rules is kept: they are too large or "
		    "can't be read");
	else if (goodset_keep(buf_slice(&j->good), j->start->config.state,
	    &err) == -1)
		log_warn("no copy of the rules is kept: %s", err.text);
	buf_free(&j->good);
}

void
judge_loaded(struct judge *j)
{
	struct before before = { .digest = "" };
	struct buf text = { 0 };
	struct person person;
	struct ecs ecs;
	struct err err;

	if (store_item_each(j->store, ITEMS_LOAD, take_item, &before,
	    &err) == -1)
		log_error("journal: %s", err.text);
	j->loaded = loaded_compare(j->store, j->det.rules);
	ecs_begin(&ecs);
	keep_good(j);
	loaded_line(j->loaded, &text);
	loaded_ecs(j->loaded, &ecs);
	if (j->taking_over)
		say_who(j, &text, before.asked ? &before.who : NULL);
	else
		buf_str(&text, ", at start");
	if (j->taking_over && before.asked)
		add_person(j, &ecs, &person, &before.who);
	ecs_str(&ecs, S("vedette.load.by"), j->taking_over ?
	    before.asked ? S("reload") : S("signal") : S("start"));
	ecs_str(&ecs, S("vedette.load.digest"), slice_of(j->ruleset));
	if (before.digest[0] != '\0')
		ecs_str(&ecs, S("vedette.load.digest_before"),
		    slice_of(before.digest));
	keep(j, &ecs, "load", buf_slice(&text));
	buf_free(&text);
}

/* by: "reload" has a person, others have none. */
static void
keep_refused(struct judge *j, const char *by, const struct caller *who,
    struct slice text, struct slice why)
{
	struct person person;
	struct ecs ecs;

	ecs_begin(&ecs);
	if (who != NULL)
		add_person(j, &ecs, &person, who);
	ecs_str(&ecs, S("event.outcome"), S("failure"));
	ecs_str(&ecs, S("event.reason"), slice_head(why, REASON_MAX));
	ecs_str(&ecs, S("vedette.load.by"), slice_of(by));
	keep(j, &ecs, "load-refused", text);
}

void
judge_load_refused(struct judge *j, struct slice why)
{
	const struct caller *who = j->reload != 0 ? &j->reloader : NULL;
	struct buf text = { 0 };

	buf_str(&text, "refused");
	say_who(j, &text, who);
	buf_str(&text, ": ");
	buf_add(&text, slice_head(why, REASON_MAX));
	keep_refused(j, who != NULL ? "reload" : "signal", who,
	    buf_slice(&text), why);
	buf_free(&text);
	judge_alarm_why(j, LEVEL_MEDIUM, "reload-refused", "new configuration "
	    "refused, the old one stays in force",
	    slice_head(why, REASON_MAX));
}

void
judge_start_refused(struct judge *j)
{
	struct slice why = buf_slice(&j->refused), rest = why, line;
	struct buf text = { 0 };

	buf_str(&text, "refused at start: ");
	buf_add(&text, slice_head(why, REASON_MAX));
	keep_refused(j, "start", NULL, buf_slice(&text), why);
	buf_free(&text);
	judge_alarm_why(j, LEVEL_HIGH, "rules-refused", "the rules were "
	    "refused at the start; the last good ones are in force",
	    slice_head(why, REASON_MAX));
	log_error("rules refused, the last good ones are in force:");
	while (slice_cut(&rest, '\n', &line))
		log_error("%.*s", (int)line.len, (const char *)line.p);
}

/* --- what is left for the next one ---------------------------------------- */

static int
put_caller(struct judge *j, struct err *err)
{
	struct buf value = { 0 };
	int ret;

	if (j->reload == 0)
		return store_item_delete(j->store, ITEMS_LOAD, item_caller,
		    err);
	pack_u32(&value, j->reloader.uid);
	pack_u32(&value, j->reloader.login);
	pack_u32(&value, (uint32_t)j->reloader.pid);
	ret = store_item_put(j->store, ITEMS_LOAD, item_caller,
	    buf_slice(&value), err);
	buf_free(&value);
	return ret;
}

int
judge_load_keep(struct judge *j, struct err *err)
{
	if (j->handing_over)
		return put_caller(j, err);
	if (j->loaded == NULL)
		return 0;
	if (store_item_delete(j->store, ITEMS_LOAD, item_caller, err) == -1 ||
	    store_item_put(j->store, ITEMS_LOAD, item_digest,
	    slice_of(j->ruleset), err) == -1)
		return -1;
	return loaded_keep(j->loaded, j->store, err);
}

void
judge_load_kept(struct judge *j)
{
	loaded_free(j->loaded);
	j->loaded = NULL;
}
