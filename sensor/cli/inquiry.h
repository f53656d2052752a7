/*
 * Whom a command asks: the running sensor by its socket, or, when that is
 * dead or --state names a directory, the journal's files. The answer is the
 * same.
 */
#ifndef VEDETTE_INQUIRY_H
#define VEDETTE_INQUIRY_H

#include "base/json.h"
#include "cli/command.h"
#include "daemon/answer.h"
#include "daemon/config.h"

struct inquiry {
	struct config config;
	const char *state;	/* directory of the journal */
	bool live;		/* the sensor answers */
	bool dead;		/* nobody listens where it should */
	bool elsewhere;		/* --state: names of users mean nothing here */
	struct ask ask;		/* live: open for the first question */
	struct store *store;	/* not live */
	/* From the last answer's head. */
	char host[256];
	uint64_t seq;
	int64_t last;
};

/*
 * Reads where state and socket are. A broken configuration must not keep
 * anybody from asking: what it says of places holds, or else the defaults do.
 * Only a file that was named has to be legible: -1 after filling err.
 * config_free ends it in either case.
 */
int inquiry_places(struct config *c, const struct registry *reg,
    const struct args_place *place, struct err *err);

/* One that is not open; inquiry_close may be called on it. */
#define INQUIRY { .ask.fd = -1 }

/*
 * Finds out whom to ask. -1 after filling err: there is neither a sensor nor
 * a journal, or no right. Ends with inquiry_close in either case.
 */
int inquiry_open(struct inquiry *q, const struct registry *reg,
    const struct args_place *place, struct err *err);
void inquiry_close(struct inquiry *q);
/*
 * Asks; calls back for each line but the head. The exit status that the
 * answer ends with, with err filled when it is EXIT_TROUBLE; or -1 after
 * filling err when the sensor could not be heard.
 */
int inquiry_ask(struct inquiry *q, struct slice request, answer_line *line,
    void *arg, struct err *err);
/*
 * Appends "sensor not running since 02:11:40", or what was asked instead;
 * nothing when the sensor answered.
 */
void inquiry_header(const struct inquiry *q, struct buf *out);
/* "deploy (uid 1004)"; the number alone where names mean nothing. */
void inquiry_user(const struct inquiry *q, int64_t uid, struct buf *out);

#endif
