/*
 * Sigma: rules are read from YAML, bound to log sources, and held against
 * events. Loading may fail and tells all that is wrong; matching can't fail.
 */
#ifndef VEDETTE_ENGINE_H
#define VEDETTE_ENGINE_H

#include <stdbool.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/opt.h"
#include "base/yaml.h"
#include "event/alert.h"
#include "event/event.h"

struct ruleset;

/* Owner: caller. The schema must outlive the ruleset. */
struct ruleset *ruleset_new(struct schema *s);
void ruleset_free(struct ruleset *rs);
/*
 * Values for "expand": a map from the placeholder's name to a text or a list
 * of texts. To be said before loading; must outlive it. NULL: there are none.
 */
void ruleset_placeholders(struct ruleset *rs, const struct node *map);
/*
 * How much rules may remember: the map "correlation" of the configuration,
 * read with limit_opts, whose presets are in force where nothing is said. To
 * be said before loading. ruleset_limits_check: -1 after diag_error.
 */
enum { LIMIT_VALUES = 100000 };
struct ruleset_limits {
	uint64_t groups;	/* of a correlation */
	uint64_t values;	/* different ones, of a group */
	uint64_t memory;	/* bytes of all */
	int64_t late;		/* how long windows wait when they are over */
};
extern const struct opt limit_opts[];
int ruleset_limits_check(const struct ruleset_limits *limits,
    const struct node *map, struct diag *d);
void ruleset_limit(struct ruleset *rs, const struct ruleset_limits *limits);
/*
 * Has lint's opinion told, too, in a diag of its own: what is no mistake and
 * yet no good. With own, all rules are the caller's and held to what is asked
 * of such; else those that have a vedette: map. To be said after decoders and
 * before rules are loaded.
 */
struct lint_asked {
	struct diag *advice;
	bool own;
	bool tuning;	/* of exceptions and overrides alone, not of rules */
	/* Whether a field may have this name besides its decoder's. */
	bool (*named)(void *arg, struct slice field);
	void *arg;
};
void ruleset_lint(struct ruleset *rs, const struct lint_asked *asked);
/*
 * Adds the rules of a file or of a directory of .yml/.yaml files (a directory
 * named "decoders" in it is left out), and the tests beside them, of files
 * that end in .tests.yml. All mistakes go to the diag; -1 when there was one.
 */
int ruleset_load(struct ruleset *rs, const char *path, struct diag *d);
/* The same from the bytes of a file. */
int ruleset_load_text(struct ruleset *rs, const char *name,
    struct slice bytes, struct diag *d);

/*
 * Tuning. Exceptions and overrides are read after the rules and before
 * ruleset_compile, which ties them to the rules that they name; what names
 * none, or has expired, is no mistake but a warning and does nothing. Files
 * and directories as for rules. -1 after diag_error.
 */
int ruleset_exceptions(struct ruleset *rs, const char *path, struct diag *d);
int ruleset_overrides(struct ruleset *rs, const char *path, struct diag *d);
/* The same from the bytes of a file. */
int ruleset_exceptions_text(struct ruleset *rs, const char *name,
    struct slice bytes, struct diag *d);
int ruleset_overrides_text(struct ruleset *rs, const char *name,
    struct slice bytes, struct diag *d);
/* What such files may say, "match" apart, which is a selection. */
extern const struct opt exception_opts[], override_opts[];
/* And "suppress" in the vedette: map of a rule. */
extern const struct opt suppress_opts[];
extern const struct opt expect_opts[];
/* Plain keys of rules, log sources, correlations, and of a vedette: map. */
extern const struct opt rule_opts[], logsource_opts[], correlation_opts[],
    addition_opts[];
/* Name of the modifier of a number; NULL behind the last. */
const char *ruleset_modifier(size_t i);

/*
 * Holds a rule's matches back until a time, whatever was said before: all, or
 * those where a field that makes matches the same thing has a value. A time
 * that is past ends that; without a key, all of the rule's. Texts are copied.
 * False: there is no such rule.
 */
struct mute {
	struct slice key;	/* the value; empty: all matches */
	struct slice by, reason, ticket;
	int64_t since, until;
	struct mute *next;	/* in a view: one of another key, maybe over */
};
bool ruleset_mute(struct ruleset *rs, struct slice id, const struct mute *m);

struct tuning_view {
	bool exception;		/* or an override */
	struct digest document;	/* of all that it says */
	const char *file;
	unsigned line;
	struct slice reason, owner, ticket;
	int64_t created, expires;	/* 0: not said, never */
	int level;		/* an override's; -1: as shipped */
	bool off, on;		/* it says that they are (not) enabled */
	bool expired, loose;	/* does nothing, or names nothing */
	uint64_t held;		/* matches that it hid, since load */
};
size_t ruleset_tunings(const struct ruleset *rs);
struct tuning_view ruleset_tuning(const struct ruleset *rs, size_t i);
/* Whether exception or override i is about a rule. */
bool ruleset_tunes(const struct ruleset *rs, size_t i,
    size_t rule);
/* Whether exception i hides an event, whatever rules say about it. */
bool ruleset_hides(struct ruleset *rs, size_t i, const struct event *ev);
/*
 * Binds everything; to be called once, after all loads and before the schema
 * is frozen. -1 after diag_error, for example on two rules with one id.
 */
int ruleset_compile(struct ruleset *rs, struct diag *d);

/*
 * Calls back for each rule that matches, also for the correlations that are
 * complete with this event; the callback must not keep what it is given.
 */
void ruleset_match(struct ruleset *rs, const struct event *ev,
    void (*matched)(void *arg, const struct match *m), void *arg);
/*
 * Whether some rule matches, also one of which only others hear. Nothing is
 * told or remembered.
 */
bool ruleset_touched(struct ruleset *rs, const struct event *ev);
/*
 * Tells the time, in microseconds since the epoch, and calls back for what it
 * brings about: windows that close, events that were expected and did not
 * come. Returns when it wants to be told again, INT64_MAX for never.
 *
 * The time is the one up to which all events were given: while a caller reads
 * what was written before it came, that is the newest event's time (a window
 * must not close before what belongs into it was read); at the end of what
 * there is, the clock's. INT64_MAX closes all: there will be no more events.
 * Events are to come about in the order of their times; so whoever reads
 * several files at once gives the ones that match in order.
 */
int64_t ruleset_time(struct ruleset *rs, int64_t now,
    void (*matched)(void *arg, const struct match *m), void *arg);

/*
 * Events tell the time from now on, as the newest that some rule matched: for
 * those who read what was written before. When one is an hour older than the
 * newest, another log has begun, and all windows close.
 */
void ruleset_follow(struct ruleset *rs);

/*
 * Says that nothing was observed from a time until another of a source (of
 * records; empty: of any): what is expected from there was not missing then.
 */
void ruleset_unobserved(struct ruleset *rs, struct slice source,
    int64_t from, int64_t until);

/*
 * Says that the wall clock was set, forward by so many microseconds or back,
 * and is now at this time: what is due is due as if it had not been set. When
 * it was set back, what was counted before is moved along, so that windows
 * see what comes now as later, by as much as it is.
 */
void ruleset_clock(struct ruleset *rs, int64_t now, int64_t by);

/*
 * Calls back for the log sources, also more than once for each, of rules that
 * a correlation counts together with rules of the log source told, where they
 * differ from it in the service alone.
 */
void ruleset_joined(const struct ruleset *rs, struct logsource told,
    void (*each)(void *arg, struct logsource source), void *arg);

/*
 * What rules remember from event to event, as items of a key and a value of
 * bytes. Whoever keeps them calls ruleset_changed for all that changed since
 * ruleset_settled was called last, writes them together with the positions
 * of what was read, and calls ruleset_settled when they are durable. An empty
 * value: the item is gone.
 */
void ruleset_changed(const struct ruleset *rs,
    void (*each)(void *arg, struct slice key, struct slice value), void *arg);
void ruleset_settled(struct ruleset *rs);
/*
 * Gives an item back, after ruleset_compile and before the first event. False
 * when no rule knows it any more (the rule is gone or was changed): it is
 * then to be deleted.
 */
bool ruleset_recall(struct ruleset *rs, struct slice key, struct slice value);

struct ruleset_memory {
	uint64_t items, bytes;
	uint64_t evicted;	/* items that went for want of room */
	uint64_t late;		/* matches whose window was closed */
};
struct ruleset_memory ruleset_memory(const struct ruleset *rs);

/*
 * A value that ruleset_changed gave, if it is of matches that were held back
 * and are being counted: what they would be told as if it were now. Else
 * false. Everything is a view of the value; the arrays of held are those of
 * the view.
 */
enum { FOLD_FIELDS = 8 };
struct fold_view {
	struct rule_info rule;	/* id, title and level */
	struct held held;
	struct slice fields[FOLD_FIELDS], values[FOLD_FIELDS];
};
bool ruleset_fold(struct slice key, struct slice value,
    struct fold_view *out);

/*
 * Sets the numbers of matches of all rules to 0 again and forgets what rules
 * remember, after their tests.
 */
void ruleset_forget(struct ruleset *rs);

/* A rule as people and tools look at it. */
struct rule_test {
	bool positive;
	struct slice line;	/* a log line, or */
	struct slice json;	/* an event as JSON text, or */
	struct logsource source;	/* of the event; zero: the rule's own */
	const struct rule_test *steps;	/* several of them in a row, whose */
	size_t step_count;		/* last one is also in line or json */
	const char *file;
	unsigned at, column;	/* in the file: its line */
};
struct rule_view {
	size_t index;		/* in the ruleset */
	struct rule_info info;
	struct slice name;
	const char *file;
	unsigned line;
	struct digest document;	/* of all that it says */
	struct slice status, author, falsepositives;
	struct logsource source;
	const struct rule_test *tests;
	size_t test_count;
	uint64_t matches, aborted;	/* since load */
	uint64_t woken;		/* since ruleset_measure: looked at */
	int64_t spent;		/* nanoseconds, a look at the clock included */
	/*
	 * How many tests make it be looked at, 0 when it always is, and one of
	 * them: a field, empty for keywords, and a text.
	 */
	size_t wakes;
	struct slice wake_field, wake_text;
	uint64_t evicted, late;	/* since load, as in ruleset_memory */
	bool stopped;		/* its regular expressions took too much */
	/* What the place changed: by which tuning, or -1. */
	enum level shipped;
	int levelled, switched;
	bool enabled;
	const struct mute *mute;	/* NULL: none now */
	/* Title of a correlation that counts it; whether only such alert. */
	struct slice counted_by;
	bool silent;
};
size_t ruleset_count(const struct ruleset *rs);
/*
 * The rules that a person means by a text: all of an id, 6 characters or more
 * of its front, a name, or a title. How many; *out is one of them.
 */
#define RULE_MEANT "an id, 6 or more characters of its front, a name, a title"
size_t ruleset_find(const struct ruleset *rs, struct slice text,
    struct rule_view *out);
/* How many of them nothing is wrong with, also beside the others. */
size_t ruleset_fit(const struct ruleset *rs);
/*
 * How many documents were not taken: after diag_error, or after diag_refuse
 * for placeholders that have no values; and what is not fit.
 */
size_t ruleset_refused(const struct ruleset *rs);
struct rule_view ruleset_view(const struct ruleset *rs, size_t i);
/*
 * Calls back, once for each, with the rules that were stopped since the last
 * call because their regular expressions took too much time; what is left of
 * the rules goes on. They are tried again at the next load.
 */
void ruleset_offenders(struct ruleset *rs,
    void (*each)(void *arg, const struct rule_view *rule), void *arg);

/*
 * From here on how often each rule is looked at, and what that takes, is
 * measured; that costs two looks at the clock each. What several rules ask
 * for is charged to the first that does.
 */
void ruleset_measure(struct ruleset *rs);
/* Bytes of the tables in which values are looked up. */
size_t ruleset_tables(const struct ruleset *rs);
/* SHA-256 over what was loaded, in hex, for heartbeat and status. */
void ruleset_hash(const struct ruleset *rs, char out[65]);

#endif
