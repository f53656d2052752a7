/*
 * Pattern decoders in memory. Only decode/'s own files look in here: one
 * loads them, one runs them, one tests them.
 */
#ifndef VEDETTE_DECODERFILE_H
#define VEDETTE_DECODERFILE_H

#include <limits.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/regex.h"
#include "base/yaml.h"
#include "decode/decode.h"
#include "decode/sources.h"

/* A field that a match sets: to a group of it, or to a constant. */
struct setting {
	int field;
	int group;		/* -1: constant */
	bool number;		/* a number of ECS: typed when it reads so */
	enum value_type type;	/* of the constant */
	struct slice text;
};

struct pattern {
	struct slice name;	/* "sshd/failed-password" */
	struct regex *regex;
	struct slice prefix;	/* every message that matches begins so */
	const struct setting *settings;
	size_t setting_count;
	struct slice kept;	/* kind of event of record, or empty */
	const struct node *at;	/* in the file, for the tests */
};

/*
 * What lines of a program's own log look like, which have no frame of syslog,
 * or have one more inside it. Its groups: message, and perhaps time, pid and
 * host.
 */
struct ownline {
	struct pattern pattern;
	int message, time, pid, host;	/* groups; -1: none */
	bool starts[UCHAR_MAX + 1];	/* bytes that it may begin with */
};

/* A decoder as it stands in the file. */
struct decoder_file {
	struct slice name;
	const struct slice *programs;
	size_t program_count;
	bool any;		/* "*" is among them */
	const struct logsource *sources;
	size_t source_count;
	struct pattern *patterns;
	size_t pattern_count;
	struct ownline *lines;
	size_t line_count;
	/*
	 * Those that a message may match which begins with this byte, in
	 * order, NULL-terminated; the last: an empty message.
	 */
	const struct pattern **starting[UCHAR_MAX + 2];
};

/* What the messages of one program are held against, in this order. */
struct route {
	const struct decoder_file **files;
	size_t count;
};

enum { DECODERS_ECHOES_MAX = 16 };

struct decoders {
	struct schema *schema;
	const struct decoder *const *formats;
	void **states;			/* one per format, or NULL */
	bool merging;			/* one of them may have more to tell */
	struct decode_frame frame;
	struct arena *arena;		/* of everything that was loaded */
	struct decoder_file **files;	/* in order */
	size_t count;
	struct map *routes;		/* program -> struct route */
	struct route loose;		/* those with a glob, not "*" */
	struct route any;		/* those of "*" */
	struct regex_state *state;
	struct sources *sources;
	const char *echoes[DECODERS_ECHOES_MAX];
	size_t echo_count;
	struct decode_counts counts;
};

/* Makes the routes anew, after a load. */
void decoders_route(struct decoders *d);
/*
 * Holds a message against the pattern decoders of its program; the pattern
 * that matched, or NULL.
 */
const struct pattern *decoders_match(struct decoders *d, struct event *ev,
    const struct decoded *in);
/*
 * Takes the frame off a record: a format's, or that of a program's own log.
 * False: nobody knows it.
 */
bool decoders_frame(struct decoders *d, struct event *ev, struct decoded *out);
/* Whether p takes a message; its groups are in d->state then. */
bool decoders_takes(struct decoders *d, const struct pattern *p,
    struct slice message);
/* Sets the fields of a pattern that took the message. */
void decoders_set(struct decoders *d, struct event *ev,
    const struct pattern *p, struct slice message);

/*
 * Looks for the program among whose own log lines is this one, and fills ev
 * and *out as a format decoder does.
 */
bool ownlines_take(struct decoders *d, struct event *ev, struct slice line,
    struct decoded *out);
/*
 * The message inside one that has the program's own frame as well, as some
 * write to syslog what they write to their file; else the message as it is.
 */
struct slice ownlines_inside(struct decoders *d, const struct decoder_file *f,
    struct event *ev, struct slice message);

#endif
