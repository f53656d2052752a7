/*
 * Syslog messages of RFC 5424 out of journal records. Text from outside can't
 * end a message, a field or a value early: it is escaped first, and what is
 * too long is cut between characters and marked with truncated="1".
 */
#ifndef VEDETTE_RFC5424_H
#define VEDETTE_RFC5424_H

#include "base/arena.h"
#include "output.h"

enum { RFC5424_SIZE_MIN = 1024, RFC5424_SIZE_MAX = 65000 };

struct rfc5424 {
	int facility;		/* code */
	const char *app_name;
	int pid;
	const char *enterprise;	/* number of the SD-ID */
	bool json;		/* the whole record, else text for people */
	bool bom;		/* before text */
	uint64_t max_size;	/* of a message */
};

/*
 * Appends one message of at most max_size bytes, without a frame. The arena
 * holds the record's tree meanwhile and is reset; when it has a cap and is
 * full, or the body is no JSON, the body goes out as text.
 */
void rfc5424_write(struct buf *out, const struct rfc5424 *options,
    const struct parcel *p, struct arena *scratch);

#endif
