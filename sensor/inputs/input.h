/*
 * An input is a leaf with two sides. Its watch side runs in a watch role: it
 * may open what the judge may not, understands nothing of it, and hands it
 * over. Its judge side turns what it is handed into records. The two talk in
 * frames (type, body, perhaps a descriptor), which the daemon carries and
 * checks against the table below.
 */
#ifndef VEDETTE_INPUT_H
#define VEDETTE_INPUT_H

#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/opt.h"
#include "event/record.h"

/* Frames between the two sides; bodies in base/pack.h's terms. */
enum input_frame {
	/* watch to judge */
	INPUT_FILE = 1,	/* u64 tag, u32 flags, slice path; with descriptor */
	INPUT_GREW,	/* u64 tag: may have new bytes, or fewer */
	INPUT_GONE,	/* u64 tag: the name is no longer this file */
	INPUT_LISTED,	/* once: what there was at first was told of */
	INPUT_RECORD,	/* u32 stream, u64 seq, u32 flags, slice position,
			   slice bytes */
	INPUT_LOST,	/* slice source, slice reason, slice detail, u64 count
			   (all ones: unknown), u64 from, u64 until */
	INPUT_NOTICE,	/* slice text for the log, at most once per subject */
	/* judge to watch */
	INPUT_START,	/* slice position of the stream, empty for none; the
			   first one makes the watch side begin, and open()
			   may send it (else an empty one is sent) */
	INPUT_DROP,	/* u64 tag, u8 again: the judge has closed it; 1: for
			   want of room, it is to be given again later */
	INPUT_ACK,	/* u32 stream, u64 seq: everything up to it is kept */
	INPUT_FRAMES,
};

/* Flags of INPUT_FILE. */
enum {
	FILE_LISTED = 1,	/* was there when the watch began */
	FILE_ROTATED = 2,	/* an older sibling of a watched name */
	FILE_FROM_END = 4,	/* the input says from: end */
};

/* What the watch side may ask of its role. */
struct watch_room {
	struct loop *loop;
	void *owner;
	void (*send)(void *owner, enum input_frame type, struct slice body,
	    int fd);		/* fd -1: none; a given one is closed */
	/* Bytes that wait to be sent; above 1 MiB a re-readable input waits. */
	size_t (*waiting)(void *owner);
	/*
	 * From prepare only: a file or directory that will be read behind the
	 * seal, with everything below it.
	 */
	void (*allow)(void *owner, const char *path);
	/* Called when waiting has become 0; set by the input. */
	void (*drained)(void *state);
};

/* What the judge side may ask of the judge. */
struct judge_room {
	struct loop *loop;
	void *owner;
	struct slice host_id;	/* for stream_make */
	/* Decodes, matches, keeps; in the transaction that is open. */
	void (*record)(void *owner, const struct record *r);
	/* How far a stream is read; goes into the same transaction. */
	void (*position)(void *owner, const struct position *p);
	/* The stream is over for ever. */
	void (*forget)(void *owner, struct stream s);
	void (*gap)(void *owner, const struct gap *g);
	/* Calls back for the stored positions of this input. */
	void (*positions)(void *owner, const char *input,
	    void (*each)(void *arg, const struct position *p), void *arg);
	void (*send)(void *owner, enum input_frame type, struct slice body);
	/* Asks for work() to be called again. */
	void (*wake)(void *owner);
	/* Asks for a commit within milliseconds, where many wait for an ack. */
	void (*hurry)(void *owner);
	/*
	 * So much came of what was recorded that it is to be committed first:
	 * the input reports how far it is and returns. NULL: never.
	 */
	bool (*enough)(void *owner);
};

/* Where an input reads. */
struct input_place {
	enum record_form form;		/* FORM_TEXT also for JSON lines */
	const char *source;		/* as record.source; or with wildcards */
	bool narrowed;			/* options leave some records out */
};

struct input {
	const char *name;		/* key in the configuration: "file" */
	const char *role;		/* watch process: "files", "journal" */
	const struct opt *options;
	size_t options_size;
	bool once;			/* may be configured one time */
	int (*check)(const void *options, const struct node *at,
	    struct diag *d);
	/*
	 * May be NULL: what is there now, lines for check, each with a \n.
	 * How many logs this user could read.
	 */
	size_t (*survey)(const void *options, struct buf *out);
	/* Calls back with each place that the options name. */
	void (*places)(const void *options,
	    void (*each)(void *arg, const struct input_place *place),
	    void *arg);

	/*
	 * Watch side. options: all configured inputs of this leaf. prepare
	 * runs before the role is sealed (opens directories, loads
	 * libraries) and gives the state; begin runs behind the seal.
	 */
	void *(*prepare)(const void *const *options, size_t count,
	    struct watch_room *room, struct err *err);
	int (*begin)(void *state, struct err *err);
	void (*told)(void *state, enum input_frame type, struct slice body);
	void (*stop)(void *state);

	/* Judge side; opened when the journal is. The room lives as long. */
	void *(*open)(const struct judge_room *room);
	/* fd -1: none; a given one is now the input's. -1: a lie, end. */
	int (*heard)(void *state, enum input_frame type, struct slice body,
	    int fd);
	/* Reads a bounded piece; true when there is more to do at once. */
	bool (*work)(void *state);
	/*
	 * Reports the positions of all that was recorded: comes before each
	 * commit, but never from within a call of this table. NULL for an
	 * input that has always done so when one of its functions returns.
	 */
	void (*settle)(void *state);
	/* What was recorded so far is durable. */
	void (*committed)(void *state);
	void (*close)(void *state);
};

#endif
