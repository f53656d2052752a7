/*
 * What is kept: an alert, an event of record, a gap, a decision. Each becomes
 * one JSON object of ECS 8 fields and one object "vedette"; the same text goes
 * into the journal, to the outputs and to whoever asks.
 */
#ifndef VEDETTE_ALERT_H
#define VEDETTE_ALERT_H

#include <stdint.h>

#include "base/buf.h"
#include "event/event.h"

enum level {
	LEVEL_INFORMATIONAL,
	LEVEL_LOW,
	LEVEL_MEDIUM,
	LEVEL_HIGH,
	LEVEL_CRITICAL,
};

/* Their names, Sigma's five words, and NULL. */
extern const char *const level_words[];
/* -1 when it is none of these. */
int level_parse(struct slice s, enum level *out);
const char *level_name(enum level l);

/* What of a rule goes into its alerts; lives as long as the ruleset. */
struct rule_info {
	struct slice id;
	struct slice title;
	struct slice description;
	enum level level;
	const struct slice *tags;
	size_t tag_count;
	struct slice runbook;	/* from the rule's vedette: map, or empty */
};

/*
 * What a correlation saw: in which group, from when until when, how often or
 * how much, by which rules.
 */
struct correlated {
	const char *type;		/* "event_count" */
	const struct slice *fields;	/* of the group, and */
	const struct slice *values;	/* what they held */
	size_t group_count;
	int64_t from, until;
	double measure;			/* what the condition was held against */
	const struct slice *rules;	/* ids of the rules it counts */
	size_t rule_count;
};

/* Appends "5 in 34.0 s, User=root": how much, how long, in which group. */
void correlated_text(struct buf *out, const struct correlated *c);

/* Why matches of a rule raise no alerts. */
enum hold {
	HOLD_EXCEPTION,
	HOLD_MUTE,
	HOLD_SUPPRESS,		/* the rule's own "suppress" */
	HOLD_DISABLED,		/* an override; only correlations see it */
	HOLD_EXPECT,		/* only its absence is an alert */
	HOLD_COUNT,
};
const char *hold_name(enum hold h);

/*
 * That matches are held back, and by whom. Each one is told with a count of
 * 0. Those of one key are counted; when their time is over they are told once
 * more, all together, on an event made up of the key's fields.
 */
struct held {
	enum hold why;
	struct slice by;	/* "FILE:LINE" of an exception, or empty */
	struct slice owner, reason, ticket;
	int64_t expires;	/* 0: never */
	const struct slice *fields, *values;	/* of the key */
	size_t field_count;
	bool open;		/* still being counted */
	bool others;		/* too many keys: this is all the rest */
	uint64_t count;		/* exact */
	int64_t first, last;	/* of the events */
};

/* What was awaited, and did not come. */
struct expected {
	struct slice what;	/* "at least once every 26h" */
	int64_t since, until;	/* when it did not come */
	int64_t seen;		/* last one's time, 0: never */
	uint64_t missed;	/* times in a row */
	bool observed;		/* or nobody can tell: it is no alert */
	struct slice text;	/* all of this as a sentence */
};

/* That a rule matched. Nothing in it outlives the call that tells of it. */
struct match {
	const struct rule_info *rule;
	/*
	 * On which event. What a clock brings about (a window that closes)
	 * has one made up by the engine, with the group's fields and a record
	 * whose stream and offset are the same at each repetition.
	 */
	const struct event *ev;
	/* Tells matches of one rule on one record apart; mostly empty. */
	struct slice key;
	const struct correlated *correlated;	/* NULL: a plain rule */
	const struct expected *expected;	/* NULL: something came */
	const struct held *held;	/* not NULL: it is no alert */
};

/* This host, as it stands in everything that is written. */
struct host {
	char name[256];
	char id[33];		/* 128 bits in hex, made at first start */
};

/* Kinds of journal records (store/); the names are part of the format. */
enum kind {
	KIND_ALERT,
	KIND_EVENT,		/* event of record */
	KIND_GAP,
	KIND_CHANGE,
	KIND_DECISION,		/* ack, note, close */
	KIND_LOAD,		/* configuration loaded or refused */
	KIND_HEARTBEAT,
	KIND_CANARY,
	KIND_REFUSED,		/* a request that was not allowed */
	KIND_QUARANTINE,	/* a record that nobody may decode */
	KIND_SELF,		/* start, stop, host id */
	KIND_EXCEPTED,		/* matches that were held back, folded */
	KIND_COUNT,
};
const char *kind_name(enum kind k);
int kind_parse(struct slice s, enum kind *out);

/* The id of a match: the same whenever the same record is read again. */
struct id match_id(const struct match *m);
/* Appends an alert. */
void alert_write(struct buf *out, const struct match *m,
    const struct host *host, struct id id);
/*
 * Appends matches that were held back, counted; of m its rule and held are
 * looked at. now is when the record is made.
 */
void held_write(struct buf *out, const struct match *m,
    const struct host *host, struct id id, int64_t now);
/* Appends an event of record. */
void event_write(struct buf *out, const struct event *ev,
    const struct host *host, struct id id);
void gap_write(struct buf *out, const struct gap *gap,
    const struct host *host, struct id id, int64_t now);

/* Appends the 32 hex digits of an id. */
void id_add(struct buf *out, struct id id);
int id_parse(struct slice hex, struct id *out);

#endif
