/*
 * A line of a web server's access log: Apache's common, combined and
 * vhost_combined formats and what nginx, lighttpd, Tomcat and others make of
 * them:
 *
 *	[HOST[:PORT]] CLIENT IDENT USER [TIME] "REQUEST" STATUS BYTES
 *	    ["REFERER" "AGENT" ...]
 *
 * All but time, status and bytes is what a client sent. Servers escape quotes
 * and backslashes in it, so the first quote without a backslash that closes
 * before a status ends the request. A user's name may hold blanks and brackets
 * but no bare quote; so the client, who stands before it, and the time, behind
 * which a quote opens, can not be forged with it.
 */
#ifndef VEDETTE_ACCESSLINE_H
#define VEDETTE_ACCESSLINE_H

#include <stdbool.h>

#include "base/slice.h"
#include "base/when.h"

/* Views into the line; what it does not say is empty. */
struct access_line {
	int64_t time;
	struct slice host;	/* that the server named, without port */
	struct slice client;
	bool address;		/* the client is an address, not a name */
	struct slice user;
	struct slice request;	/* as it stands between the quotes */
	struct slice method;	/* empty: the request is none of HTTP */
	struct slice target;	/* of no HTTP: the whole request */
	struct slice path;	/* of the target, without the query */
	struct slice version;	/* "1.1" */
	struct slice status;	/* three digits */
	struct slice bytes;
	struct slice referer, agent;
};

/* False when it is no such line; *out is then undefined. */
bool access_parse(struct slice line, struct zone *z, struct access_line *out);
/* Of a target, what stands before the query and behind "http://host". */
struct slice access_path(struct slice target);

/* An address, or a name with a dot or a port: no word of a sentence. */
bool access_host(struct slice s);

#endif
