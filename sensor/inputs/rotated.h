/*
 * Names that rotation gives to the older siblings of a log file. logrotate's
 * forms, with and without its dateext and extension, and those of most
 * programs that rotate by themselves.
 */
#ifndef VEDETTE_ROTATED_H
#define VEDETTE_ROTATED_H

#include "base/buf.h"

/*
 * Appends the name that was rotated to this one: "auth.log" for auth.log.1,
 * auth.log.2.gz, auth.log-20261123, auth.log.gz; "app.log" for app.1.log and
 * app-20261123.log too. False, and nothing, when it is no such name. Works on
 * paths alike: only what stands behind the last slash is looked at.
 */
bool rotated_stem(struct slice name, struct buf *stem);

enum packing {
	PACKED_NOT,
	PACKED_GZIP,
	PACKED_ELSE,	/* xz, zstd, bzip2, lz4: not read */
};
enum packing rotated_packing(struct slice name);

#endif
