/*
 * How a command asks the running sensor, over RUN/control.sock. One request,
 * a stream of frames as answer, ASK_END, and the connection is over. A frame
 * is u32 length, u16 type (host order) and the body.
 *
 * The request is one JSON object with a "command":
 *
 *	list	"query": see answer.h
 *	find	"id": 6 hex digits or more of what is printed, or all 32 of
 *		an event.id
 *	status
 *	decide	"decision": ack, note or close; "id"; "to", "text",
 *		"verdict", "reason", "ticket" as they apply
 *	mute	"rule": an id, the front of one or a name; "until", a time,
 *		0 or past: the mute ends; "key", "reason", "ticket"
 *	reload
 */
#ifndef VEDETTE_ASK_H
#define VEDETTE_ASK_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum ask_frame {
	ASK_REQUEST = 1,
	/* What stands before the body of the frame behind it. */
	ASK_PART,
	/* Whose journal: host, host_id; its newest record: seq, last (time). */
	ASK_HEAD,
	/*
	 * A record: seq, kind, class, id, time, received, level, state, rule,
	 * title, user, source, session, about, body. Times are numbers; what
	 * is empty is left out; body is the record's own JSON object, null
	 * when it was erased.
	 */
	ASK_ROW,
	/* What was observed: "line" for people beside the numbers. */
	ASK_OBSERVED,
	/*
	 * version; started (time); roles [{name pid}]; inputs [{name state
	 * detail}]; rules {loaded detail muted [{id title key until by reason}]
	 * memory {items bytes evicted late rules [{id title evicted late}]}};
	 * outputs [{name type level state cursor waiting since retry reason}]
	 * (since, until: times, retry: a span); sandbox {level detail}; chain
	 * (text); degraded [text]; and from control.c host, host_id, journal
	 * {records bytes first last open oldest_open}. A state is "ok" or a
	 * word that is not. What is not known is left out.
	 */
	ASK_STATUS,
	/* For a person: why there is no (further) answer, or what was done. */
	ASK_TEXT,
	/* u32: exit status of the command. */
	ASK_END,
	ASK_FRAMES,
};

enum {
	ASK_BODY_MAX = 256 << 10,	/* of a frame */
	ASK_WHOLE_MAX = 8 << 20,	/* of a body with its parts */
	ASK_REQUEST_MAX = 128 << 10,
	ASK_HEADER = 6,
};

/* Appends a frame, in parts if it needs them. */
void ask_put(struct buf *out, enum ask_frame type, struct slice body);
void ask_put_end(struct buf *out, uint32_t status);
/*
 * Takes a frame off the front of what was received: its type, 0 when it is
 * not complete yet, -1 when it is not a frame (or one longer than max). The
 * body is a view into *in; *used is how many bytes the frame took.
 */
int ask_take(struct slice in, size_t max, struct slice *body, size_t *used);

/* The asking side; it blocks, at most a minute for each piece. */
struct ask {
	int fd;
	struct buf in;
	size_t used;
	struct buf whole;
};

/*
 * Connects to the socket in the directory `run`. -1 after filling err; errno
 * is ENOENT or ECONNREFUSED when nobody listens there.
 */
int ask_open(struct ask *a, const char *run, struct err *err);
void ask_close(struct ask *a);
int ask_send(struct ask *a, struct slice request, struct err *err);
/*
 * The next frame: its type, or -1 after filling err when the other side
 * breaks off or breaks the rules. The body lives until the next call.
 */
int ask_next(struct ask *a, struct slice *body, struct err *err);
/* Of an ASK_END; EXIT_TROUBLE's 2 when it is malformed. */
int ask_status(struct slice body);

#endif
