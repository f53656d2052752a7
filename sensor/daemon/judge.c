#include "daemon/judge.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/pack.h"
#include "base/when.h"
#include "daemon/plan.h"
#include "daemon/sandbox.h"

enum { LINGER_SECONDS = 2, OPENING_SECONDS = 10, FILES_SPARE = 16 };

static void
to_supervisor(struct judge *j, enum to_supervisor what, struct slice body)
{
	ipc_send(j->supervisor, what, body, -1);
}

void
judge_fail(struct judge *j, const char *why)
{
	to_supervisor(j, SUP_FAILED, slice_of(why));
	loop_stop(j->loop);
}

/* --- the journal ---------------------------------------------------------- */

static void
commit_due(void *arg)
{
	judge_flush(arg);
}

static void
second_due(void *arg)
{
	struct judge *j = arg;

	if (judge_flush(j))
		loop_wake(j->loop);
	judge_tick(j);
}

static void
minute_due(void *arg)
{
	struct judge *j = arg;
	struct err err;

	judge_clock(j);
	judge_heartbeat(j);
	judge_flush(j);
	if (!j->full && store_tidy(j->store, when_now(), &err) == -1)
		log_error("journal: %s", err.text);
	loop_timer_set(j->minute, MINUTE);
}

static int
control_keep(void *owner, const struct entry *e, struct err *err)
{
	struct judge *j = owner;

	/* Alone in its batch, so that a refused one can be taken back. */
	if (judge_flush(j)) {
		batch_entry(j->batch, e);
		if (judge_flush(j))
			return 0;
		batch_clear(j->batch);
	}
	return err_set(err, "the journal can't be written now");
}

static void
control_settle(void *owner)
{
	judge_flush(owner);
}

static void
control_reload(void *owner, uint64_t token, const struct caller *who)
{
	struct judge *j = owner;

	if (j->reload != 0)
		control_reply(j->control, token, 2,
		    S("a reload is under way; ask again"));
	else {
		j->reload = token;
		j->reloader = *who;
		to_supervisor(j, SUP_RELOAD, S(""));
	}
}

static void
open_control(struct judge *j)
{
	const struct control_room room = {
		.loop = j->loop, .store = j->store, .owner = j,
		.own = getuid(), .readers = j->readers,
		.analysts = j->analysts, .status = judge_status,
		.keep = control_keep, .settle = control_settle,
		.reload = control_reload, .rule = judge_find_rule,
		.mute = judge_mute, .user = judge_user,
	};

	j->control = control_new(&room);
}

/* A cloned machine or a copied state directory begins a chain of its own. */
static void
say_copied(struct judge *j)
{
	struct buf text = { 0 };

	buf_fmt(&text, "new host id: the state was copied from host %s",
	    store_host_before(j->store));
	judge_say(j, KIND_SELF, "host-id", buf_cstr(&text));
	log_warn("%s", buf_cstr(&text));
	buf_free(&text);
}

/* Nobody knows what the old one would have told of the time since. */
static void
say_damaged(struct judge *j, const struct store_damage *d)
{
	struct buf text = { 0 };

	buf_fmt(&text, "the journal was damaged and is now %s; a new one was "
	    "begun, %s", d->file, d->whole ? "and reading goes on where the "
	    "old one stopped" : "and not all positions could be brought over");
	log_error("%s", buf_cstr(&text));
	judge_alarm(j, LEVEL_HIGH, "journal-damaged", buf_cstr(&text));
	buf_free(&text);
	if (!d->whole)
		judge_unobserved(j, S("journal"), S("journal damaged"),
		    d->since);
}

static void
opened(struct judge *j)
{
	struct store_damage damage;
	struct err err;

	j->attempt = attempt_open(j->start->config.state, &err);
	if (j->attempt == NULL)
		log_warn("%s; a record that kills the judge can't be told",
		    err.text);
	if (j->taking_over)
		judge_say(j, KIND_SELF, "takeover", "took over");
	else
		judge_say(j, KIND_SELF, "start", "sensor started");
	if (j->refused.len > 0)
		judge_start_refused(j);
	else
		judge_loaded(j);
	judge_tuning_say(j);
	judge_mutes_restore(j);
	if (store_host_is_new(j->store))
		say_copied(j);
	judge_recall(j);
	judge_was_away(j);
	if (store_replaced(j->store, &damage))
		say_damaged(j, &damage);
	j->more = true;
	judge_outputs_open(j);
	judge_inputs_open(j);
	open_control(j);
	judge_heartbeat(j);
	judge_flush(j);
	j->started = when_now();
	loop_timer_set(j->minute, MINUTE);
	judge_tick(j);
	to_supervisor(j, SUP_STARTED, S(""));
	loop_wake(j->loop);
}

/*
 * The old judge may still hold the lock for a moment, or a sensor that is not
 * ours holds it for good.
 */
static void
open_journal(void *arg)
{
	struct judge *j = arg;
	struct err err;

	if (store_open(j->start->config.state, &j->start->config.limits,
	    &j->start->marks, &j->store, &err) == 0) {
		opened(j);
		return;
	}
	if (when_steady() - j->opening_since < OPENING_SECONDS * SECOND &&
	    errno == EWOULDBLOCK) {
		loop_timer_set(j->opening, SECOND / 50);
		return;
	}
	judge_fail(j, err.text);
}

/*
 * A judge that hands over gives the answers that it has begun; the new one
 * waits, and nothing is lost by that, because nothing more is read.
 */
static void
linger(void *arg)
{
	struct judge *j = arg;

	if (!j->handing_over || j->control == NULL ||
	    control_count(j->control) == 0 ||
	    when_steady() >= j->linger_until)
		loop_stop(j->loop);
	else
		loop_timer_set(j->lingering, SECOND / 100);
}

static void
stop(struct judge *j)
{
	if (j->store == NULL) {
		loop_stop(j->loop);
		return;
	}
	if (j->stopping)
		return;
	j->stopping = true;
	judge_inputs_settle(j);
	judge_inputs_close(j);
	judge_say(j, KIND_SELF, j->handing_over ? "handover" : "stop",
	    j->handing_over ? "handed over to a new configuration" :
	    "sensor stopped");
	if (!judge_flush(j))
		log_error("what was not written is read again at the next "
		    "start");
	j->linger_until = when_steady() + LINGER_SECONDS * SECOND;
	linger(j);
}

/* --- the supervisor ------------------------------------------------------- */

static void
add_peer(struct judge *j, struct slice body, int fd)
{
	struct unpack u = { body, false };
	enum role r = (enum role)unpack_u32(&u);

	if (r == ROLE_COURIER) {
		const struct ipc_use courier = { frames_from_courier,
			JUDGE_COUNT, judge_courier_frame,
			judge_courier_closed, NULL, j };

		ipc_free(j->courier);
		j->courier = ipc_new(j->loop, fd, &courier);
		judge_outputs_reset(j);
		judge_dispatch(j);
		return;
	}
	judge_inputs_link(j, r, fd);
}

static void
reloaded(struct judge *j, struct slice why)
{
	uint64_t token = j->reload;

	if (why.len == 0) {
		j->handing_over = true;
	} else {
		judge_load_refused(j, why);
		j->reload = 0;
		judge_flush(j);
	}
	if (token != 0)
		control_reply(j->control, token, why.len == 0 ? 0 : 1,
		    why.len == 0 ? S("reloaded") : why);
}

static void
seal(struct judge *j)
{
	struct sandbox box = { .role = ROLE_JUDGE,
		.mode = j->start->config.sandbox };
	struct err err;

	sandbox_allow(&box, j->start->config.state, true);
	sandbox_allow(&box, "/dev/urandom", false);	/* SQLite's */
	sandbox_allow(&box, "/proc/sys/kernel/random/boot_id", false);
	sandbox_allow(&box, "/proc/sys/kernel/hostname", false);
	if (sandbox_seal(&box, &j->sandbox, &err) == -1)
		judge_fail(j, err.text);
	else
		to_supervisor(j, SUP_READY, S(""));
}

static void
accept_connection(struct judge *j, struct slice body, int fd)
{
	struct unpack u = { body, false };
	uint32_t login = unpack_u32(&u);

	if (fd == -1)
		return;
	if (j->control == NULL)
		close(fd);
	else
		control_accept(j->control, fd, login);
}

static int
supervisor_frame(void *arg, unsigned type, struct slice body, int fd)
{
	struct judge *j = arg;

	switch (type) {
	case ROLE_PEER:
		add_peer(j, body, fd);
		return 0;
	case ROLE_SEAL:
		seal(j);
		return 0;
	case ROLE_GO:
		j->taking_over = body.p[0] != 0;
		j->opening_since = when_steady();
		open_journal(j);
		return 0;
	case ROLE_STOP:
		stop(j);
		return 0;
	case ROLE_PING:
		to_supervisor(j, SUP_PONG, S(""));
		return 0;
	case ROLE_CONNECTION:
		accept_connection(j, body, fd);
		return 0;
	case ROLE_RELOADED:
		reloaded(j, body);
		return 0;
	}
	return -1;
}

static void
supervisor_closed(void *arg, bool lied, const char *why)
{
	struct judge *j = arg;

	(void)lied;
	(void)why;
	stop(j);
}

/* --- start and end ---------------------------------------------------------- */

static unsigned
group(const char *name)
{
	const struct group *gr = getgrnam(name);

	return gr == NULL ? ~0u : gr->gr_gid;
}

static int
files_max(void)
{
	struct rlimit r;

	return getrlimit(RLIMIT_NOFILE, &r) == -1 || r.rlim_cur > INT_MAX ?
	    INT_MAX : (int)r.rlim_cur - FILES_SPARE;
}

/* The gates of each load: that all can be read, and the rules' own tests. */
static int
load_rules(struct judge *j, struct diag *d)
{
	if (detector_load(&j->det, &j->start->config,
	    j->start->leaves->decoders, NULL, d) == -1 ||
	    detector_test(&j->det, d) == -1)
		return -1;
	if (j->refused.len == 0)
		goodset_gather(&j->good, &j->start->config);
	return 0;
}

/* A sensor with rules of yesterday sees more than none. */
static int
load_last_good(struct judge *j, struct diag *d)
{
	struct diag again = { 0 };
	struct err err;
	int ret = -1;

	if (!j->start->opts->last_good)
		return -1;
	if (goodset_use(&j->start->config, &err) == 0) {
		buf_add(&j->refused, buf_slice(&d->text));
		detector_free(&j->det);
		ret = load_rules(j, &again);
	} else {
		log_debug("no last good rules: %s", err.text);
	}
	goodset_remove(&j->start->config);
	diag_free(&again);
	return ret;
}

/* Everything that opens files or loads code, before the seal. */
static int
prepare(struct judge *j)
{
	const struct config *c = &j->start->config;
	struct diag d = { 0 };
	int ret = 0;

	if (load_rules(j, &d) == -1 && load_last_good(j, &d) == -1)
		ret = role_failed(buf_slice(&d.text));
	diag_free(&d);
	if (ret != 0)
		return ret;
	ruleset_hash(j->det.rules, j->ruleset);
	names_read(&j->names);
	tzset();
	digest_warm();
	j->files_max = files_max();
	j->readers = group("vedette");
	j->analysts = group("vedette-analyst");
	judge_inputs_list(j);
	j->output_count = c->output_count;
	j->outputs = xcalloc(c->output_count, sizeof(*j->outputs));
	for (size_t i = 0; i < c->output_count; i++)
		j->outputs[i].config = &c->outputs[i];
	return 0;
}

static void
send_plan(struct judge *j)
{
	struct plan plan;
	struct buf body = { 0 };

	plan_make(&plan, &j->start->config);
	plan_pack(&plan, &body);
	to_supervisor(j, SUP_PLAN, buf_slice(&body));
	buf_free(&body);
	plan_free(&plan);
}

static void
tear_down(struct judge *j)
{
	control_free(j->control);
	for (size_t i = 0; i < ROLE_KINDS; i++)
		ipc_free(j->watch[i]);
	ipc_free(j->courier);
	store_close(j->store);
	attempt_close(j->attempt);
	batch_free(j->batch);
	detector_free(&j->det);
	buf_free(&j->body);
	buf_free(&j->sandbox);
	buf_free(&j->names);
	buf_free(&j->good);
	buf_free(&j->refused);
	loaded_free(j->loaded);
	free(j->outputs);
	free(j->evicted.by_rule);
	ipc_free(j->supervisor);
}

int
judge_main(struct role_start *start)
{
	struct judge j = { .start = start, .loop = start->loop };
	const struct ipc_use use = { frames_to_role, ROLE_COUNT,
		supervisor_frame, supervisor_closed, NULL, &j };
	int ret;

	j.batch = batch_new();
	ret = prepare(&j);
	if (ret != 0) {
		batch_free(j.batch);
		detector_free(&j.det);
		return ret;
	}
	j.commit = loop_timer(j.loop, commit_due, &j);
	j.second = loop_timer(j.loop, second_due, &j);
	j.minute = loop_timer(j.loop, minute_due, &j);
	j.ticking = loop_timer(j.loop, judge_tick, &j);
	j.lingering = loop_timer(j.loop, linger, &j);
	j.opening = loop_timer(j.loop, open_journal, &j);
	loop_idle(j.loop, judge_work, &j);
	j.supervisor = ipc_new(j.loop, ROLE_FD, &use);
	send_plan(&j);
	loop_run(j.loop);
	tear_down(&j);
	return 0;
}
