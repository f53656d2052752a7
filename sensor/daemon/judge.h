/*
 * What the files of the judge share.
 */
#ifndef VEDETTE_JUDGE_H
#define VEDETTE_JUDGE_H

#include "base/log.h"
#include "daemon/attempt.h"
#include "daemon/batch.h"
#include "daemon/control.h"
#include "daemon/detector.h"
#include "daemon/goodset.h"
#include "daemon/loaded.h"
#include "daemon/names.h"
#include "daemon/role.h"

struct judge;

/* An input's judge side. */
struct judge_input {
	struct judge *judge;
	const struct input *type;
	enum role role;		/* whose socket leads to its watch side */
	struct judge_room room;
	void *state;		/* NULL until the journal is open */
	bool started;		/* INPUT_START was sent */
	bool lost;		/* its watch side lied or went */
	bool listed;		/* what was there at first is read, or seen */
	int64_t heard;		/* steady time of what it said last */
	uint64_t records, gaps;
	char notice[256];	/* last one, for status */
};

/* An output as the judge sees it. */
struct judge_output {
	const struct config_output *config;
	size_t batch_max;
	uint64_t cursor;	/* dealt with */
	uint64_t sent;		/* last of the batch that is out; 0: none */
	uint64_t dead;		/* last that was refused for good */
	bool up, held;		/* held: only somebody can mend it */
	char reason[256];	/* when not up */
	struct log_limit refused;	/* alarms about dead letters */
	struct log_limit kept;		/* alarms about being held */
	int64_t since;
};

struct judge {
	struct role_start *start;
	struct loop *loop;
	struct ipc *supervisor, *courier;
	struct ipc *watch[ROLE_KINDS];
	struct detector det;
	struct store *store;	/* NULL until GO */
	struct attempt *attempt;
	struct control *control;
	struct batch *batch;
	struct buf body;	/* of the entry that is being made */
	struct judge_input inputs[ROLE_KINDS];
	size_t input_count;
	struct judge_output *outputs;
	size_t output_count;
	unsigned readers, analysts;	/* groups, ~0u: none */
	int files_max;		/* descriptors from here on are not for files */
	char ruleset[65];
	struct buf sandbox;	/* level in force */
	struct loop_timer *commit;	/* the batch's 5 ms */
	struct loop_timer *second;	/* positions alone, retries */
	struct loop_timer *minute;	/* heartbeat, limits */
	struct loop_timer *ticking;	/* the time that rules are told */
	int64_t ahead;		/* wall clock less steady clock */
	struct loop_timer *lingering;	/* answers are under way */
	int64_t linger_until;		/* steady time */
	struct loop_timer *opening;	/* the journal's lock is not free yet */
	int64_t opening_since;
	int64_t started;
	int64_t first;		/* steady time of the batch's first entry */
	bool stopping, handing_over, taking_over;
	bool more;		/* there is more to read at once */
	bool full;		/* the journal takes nothing now */
	int64_t full_since;
	uint64_t reload;	/* control's token, 0: none */
	struct caller reloader;	/* whose it is */
	struct loaded *loaded;	/* to be kept with the next commit */
	struct buf names;	/* of users */
	struct buf good;	/* copy of the rules, until it is kept */
	struct buf refused;	/* why the last good ones are in force */
	struct log_limit limit, full_alarm;
	uint64_t quarantined;
	struct {
		uint64_t told;
		uint64_t *by_rule;	/* of these; NULL: none yet */
		int64_t due;	/* steady time at which more is told */
	} evicted;
};

/* judge_inputs.c: the judge's sides of inputs. */
void judge_inputs_list(struct judge *j);
void judge_inputs_open(struct judge *j);
void judge_inputs_close(struct judge *j);
/* Positions of all that was recorded go into the batch. */
void judge_inputs_settle(struct judge *j);
/* The socket to a watch role; the descriptor is taken. */
void judge_inputs_link(struct judge *j, enum role r, int fd);

/* keep.c: records to entries, entries to the journal. */
void judge_record(void *owner, const struct record *r);
void judge_position(void *owner, const struct position *p);
void judge_forget(void *owner, struct stream s);
void judge_gap(void *owner, const struct gap *g);
/* A gap of our own, of unknown size, until now. */
void judge_unobserved(struct judge *j, struct slice source,
    struct slice reason, int64_t since);
/* Ends the judge, and so the sensor. */
void judge_fail(struct judge *j, const char *why);
void judge_add_gap(struct judge *j, const struct gap *g);
void judge_hurry(void *owner);
void judge_matched(void *arg, const struct match *m);
/* Adds to the batch, which is written in 5 ms at the latest. */
void judge_add(struct judge *j, const struct entry *e);
/*
 * Writes the batch, with what rules remember; false when the journal takes
 * nothing now. Not for what an input's functions call: see remember.c.
 */
bool judge_flush(struct judge *j);
/* So much waits that it is to be written before more is read. */
bool judge_enough(void *owner);
/* Called between rounds; true when there is more to read. */
bool judge_work(void *arg);

/* remember.c: what rules remember. */
/* Gives it back to them; before the first record. */
void judge_recall(struct judge *j);
/* Puts what has changed of it into the transaction that is open. */
int judge_remember(void *arg, struct err *err);
/* It is committed. */
void judge_remembered(struct judge *j);

/* judge_memory.c: what they had to forget. */
/* Tells of it when it is time, or as the last time. */
void judge_forgotten(struct judge *j, bool last);
/* "memory" of the status; whether something was forgotten of late. */
bool judge_memory_status(struct judge *j, struct jsonw *w);

/* judge_load.c: records about loads. */
void judge_loaded(struct judge *j);
void judge_load_refused(struct judge *j, struct slice why);
/* The same of what was to be in force from the start. */
void judge_start_refused(struct judge *j);
/* Into the transaction that is open; and that it was committed. */
int judge_load_keep(struct judge *j, struct err *err);
void judge_load_kept(struct judge *j);

/* judge_time.c: the time that rules are told. */
/* Tells it, if all that is there was read, and asks to be called again. */
void judge_tick(void *arg);
/* Whether the wall clock was set: before records, and once a minute. */
void judge_clock(struct judge *j);
/* Before the first record: nobody observed, or saw the clock, since then. */
void judge_was_away(struct judge *j);

/* itself.c: records about the sensor. */
void judge_say(struct judge *j, enum kind kind, const char *rule,
    const char *text);
void judge_alarm(struct judge *j, enum level level, const char *rule,
    const char *text);
/* The same with the reason, of which there may be several lines. */
void judge_alarm_why(struct judge *j, enum level level, const char *rule,
    const char *text, struct slice why);
void judge_heartbeat(struct judge *j);

/* dispatch.c: batches to the courier. */
void judge_outputs_open(struct judge *j);
void judge_outputs_reset(struct judge *j);
void judge_dispatch(struct judge *j);
int judge_courier_frame(void *arg, unsigned type, struct slice body, int fd);
void judge_courier_closed(void *arg, bool lied, const char *why);

/* judge_tuning.c: exceptions, overrides and mutes. */
/* Logs and records which of them do nothing, or hide too much. */
void judge_tuning_say(struct judge *j);
/* Mutes that go on from before; once the journal is open. */
void judge_mutes_restore(struct judge *j);
/* What control asks for. */
int judge_find_rule(void *owner, struct slice text, struct rule_info *out,
    struct err *err);
void judge_mute(void *owner, struct slice id, const struct mute *m);
struct slice judge_user(void *owner, uid_t uid);

/* judge_status.c */
void judge_status(void *owner, struct jsonw *w);

#endif
