/*
 * Answers a question from the journal, in pieces, so that a slow reader costs
 * neither memory nor time: the judge asks for the next piece when the last
 * one has been read. Commands use the same on a journal whose sensor is dead.
 *
 * The query of "list", every member optional: "kinds" (names), "since" and
 * "until" (microseconds since the epoch), "level" (at least), "rule", "user",
 * "source", "session", "about" (32 hex digits), "open" (true), "after" (a
 * seq), "limit", "oldest" (true: oldest first), "observed" (false: without).
 * With the kind "excepted", those that are still being counted come behind the
 * records, with a seq of 0, unless there is an "after".
 */
#ifndef VEDETTE_ANSWER_H
#define VEDETTE_ANSWER_H

#include "base/json.h"
#include "daemon/ask.h"
#include "store/store.h"

struct answer;

/* Takes one line of an answer. */
typedef void answer_line(void *arg, enum ask_frame type, struct slice json);

/*
 * Reads a request of "list" or "find" ("decide" is answered as find: with the
 * record that was decided about); it must outlive the answer. now is the time up to which something may have been observed, 0: the journal's
 * last record. NULL after filling err. Owner: answer_free.
 */
struct answer *answer_new(struct store *st, const struct json *request,
    int64_t now, struct err *err);
void answer_free(struct answer *a);
/*
 * Gives the next lines, about 64 KiB: 1 there is more, 0 that was all, -1
 * after filling err.
 */
int answer_page(struct answer *a, answer_line *line, void *arg,
    struct err *err);

/*
 * The one record that digits stand for; 0 and its id and kind, or -1 after
 * filling err: none, or several, which the text lists.
 */
int answer_resolve(struct store *st, struct slice digits, struct id *id,
    enum kind *kind, struct err *err);

#endif
