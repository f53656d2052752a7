/*
 * From record to event. A format decoder (a leaf, in C) understands the frame;
 * pattern decoders (YAML, PCRE2) understand the message of a program.
 */
#ifndef VEDETTE_DECODE_H
#define VEDETTE_DECODE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/when.h"
#include "event/event.h"

/* What the frame's reader needs to know besides the bytes. */
struct decode_frame {
	struct zone zone;	/* of stamps without an offset */
	/*
	 * A stamp without a year is in the last year that does not put it
	 * behind this time; 0: a day after the record's arrival.
	 */
	int64_t latest;
	const struct schema *schema;
	struct logsource syslog;	/* linux, service syslog */
	/* Of what has no syslog frame (JSON, bare lines): linux, or as told. */
	struct logsource other;
	struct logsource web;	/* category webserver */
	/* other was told: then records with a frame are of it, too. */
	bool told;
	void *state;	/* of the decoder that is asked */
};

/*
 * Kinds of events of record: what a pattern decoder may say under "record",
 * NULL-terminated.
 */
extern const char *const decode_records[];

/*
 * One format. decode fills the event from ev->record and says whether the
 * record was of this format; a record that no leaf understands is a bare
 * message. program and message are what pattern decoders then look at; blanks
 * before the message, a path before the program and the kernel's own stamp
 * are off. A message without bytes (p is NULL) is not looked at.
 */
struct decoded {
	struct slice program;
	struct slice message;
	/*
	 * The record may as well be a line of a program's own log: an ISO
	 * stamp with a blank in it, as syslog does not write it.
	 */
	bool loose;
};

struct decoder {
	const char *name;	/* "syslog" */
	enum record_form form;
	bool (*decode)(struct decode_frame *frame, struct event *ev,
	    struct decoded *out);
	/*
	 * Of a format that may also stand as the message of another: takes
	 * what it understands of out->message; else NULL.
	 */
	bool (*inside)(struct decode_frame *frame, struct event *ev,
	    struct decoded *out);
	/*
	 * Of a format that tells of one thing in several records, else NULL:
	 * what it keeps between them (frame->state), and what that has come
	 * to. merged resets ev with a record of its own, which stays as it is
	 * until the next call of any; all: also what is not whole yet.
	 */
	void *(*start)(struct schema *s);
	void (*stop)(void *state);
	bool (*merged)(struct decode_frame *frame, struct event *ev, bool all);
	/*
	 * What its records may become, for those who ask beforehand: gives ev,
	 * reset with its record, the log sources of the nth kind of events,
	 * and value_any for each field that one of them may have. False when
	 * there are no more kinds.
	 */
	bool (*could)(const struct decode_frame *frame, struct event *ev,
	    unsigned n);
	bool speaks;	/* pattern decoders look at its messages */
	bool nameless;	/* which are of no program that is told */
	bool open;	/* records name their fields themselves, any of them */
	/*
	 * Where files of such records are by default, '*' being any bytes;
	 * elsewhere they have the same names. NULL: any file may hold them.
	 */
	const char *const *files;
};

/*
 * VALUE_NUMBER for a plain decimal number as JSON writes it (no leading zero,
 * at most 18 digits), else VALUE_STRING.
 */
enum value_type decode_number(struct slice text);

struct decoders;

/*
 * formats is a NULL-terminated table, tried in order among those of the
 * record's form. Owner: caller.
 */
struct decoders *decoders_new(struct schema *s,
    const struct decoder *const *formats);
void decoders_free(struct decoders *d);
/*
 * Reads pattern decoders from a file or a directory of .yaml files. All
 * mistakes go to the diag; -1 when there was one.
 */
int decoders_load(struct decoders *d, const char *path, struct diag *diag);
/*
 * Reads which log sources and names events have besides those that decoders
 * give, from a sources.yaml. All mistakes go to the diag.
 */
void decoders_map(struct decoders *d, const char *path, struct diag *diag);
/* Names work from here on; to be called before the schema is frozen. */
void decoders_bind(struct decoders *d);
/* Whether such a file has another name for a field of this one. */
bool decoders_name(const struct decoders *d, struct slice field);
/* Runs the tests that stand in the files; -1 when one failed. */
int decoders_test(struct decoders *d, struct diag *diag);
/* Sets decode_frame's latest. The zone is the process's (tzset(3)). */
void decoders_latest(struct decoders *d, int64_t latest);
/*
 * Sets the log source of JSON and of bare lines (linux unless told), and adds
 * it to every other record's.
 */
void decoders_source(struct decoders *d, struct logsource source);

/*
 * What a program of this name writes to a log is what an output of ours sent
 * there: such events are marked as echo, or each alert would raise the next.
 * The name is the frame's, so nobody gives it to another program's lines; in
 * JSON it counts for nothing. It must outlive the decoders.
 */
void decoders_echo(struct decoders *d, const char *program);

/* Fills ev (already reset with its record). */
void decoders_run(struct decoders *d, struct event *ev);
/*
 * After each record, until it says false: fills ev with what several records
 * together have told, if they are whole now; at the end of a file, with all.
 */
bool decoders_merged(struct decoders *d, struct event *ev, bool all);
/* Whether the last record may be one of several that tell of one thing. */
bool decoders_merging(const struct decoders *d);

/*
 * Which events there may be at all. A place is where records come from; a
 * file's may have wildcards, as the configuration has it.
 */
struct decode_place {
	enum record_form form;	/* FORM_JOURNAL, or FORM_TEXT of a file */
	struct slice source;	/* its path, or "journal" */
};
struct prospect {
	/*
	 * With the log sources of one kind of events. A field has the value
	 * that it always has, or value_any, or is never there.
	 */
	const struct event *ev;
	struct slice by;	/* pattern or format: "sshd/failed", "audit" */
	const char *only;	/* if the place has this format; NULL: it has */
};
/*
 * Calls back with each kind of events that records of a place may become;
 * bound and frozen before. Nothing of it outlives the call.
 */
void decoders_prospects(struct decoders *d, const struct decode_place *from,
    void (*each)(void *arg, const struct prospect *p), void *arg);
/* Calls back with the places that formats and sources.yaml know. */
void decoders_places(struct decoders *d,
    void (*each)(void *arg, const struct decode_place *place), void *arg);

/*
 * Numbers for status: records seen, of no format, understood by a pattern,
 * patterns aborted, events that were cut.
 */
struct decode_counts {
	uint64_t records, bare, understood, aborted, truncated;
};
struct decode_counts decoders_counts(const struct decoders *d);

#endif
