/*
 * The time at the front of a log line. These functions take it off *s; false,
 * with *s undefined, when there is none or when it is no time of a calendar.
 * The zone is the process's and stands for what the stamp leaves out.
 */
#ifndef VEDETTE_STAMP_H
#define VEDETTE_STAMP_H

#include <stdbool.h>

#include "base/slice.h"
#include "base/when.h"

/* 2026-11-23T16:10:00.123456+01:00; a blank for the T, no offset. */
bool stamp_iso(struct slice *s, struct zone *z, int64_t *when);
/*
 * Nov 23 16:10:00, and with a year before the month or behind the day. One
 * without is in the last year that does not put it behind latest.
 */
bool stamp_bsd(struct slice *s, struct zone *z, int64_t latest,
    int64_t *when);
/* 10/Oct/2000:13:55:36 -0700, also with a fraction or without the offset. */
bool stamp_clf(struct slice *s, struct zone *z, int64_t *when);
/*
 * What programs put before the lines of logs that they write themselves, with
 * the brackets and blanks around it:
 *
 *	[Fri Oct 08 17:08:41.203277 2021]	Apache
 *	2015/01/21 10:56:10			nginx, squid, Go
 *	[26-Jan-2015 10:56:10 UTC]		PHP; without the zone php-fpm
 *	26-Jan-2015 10:56:10.123		Tomcat
 *	1386543500.123				squid's requests
 */
bool stamp_own(struct slice *s, struct zone *z, int64_t *when);

/*
 * Any of these, and what other logs begin with: "Mon " before and a year
 * behind a time as of syslog, 23 Nov 2026 16:10:00.123, 23/Nov/2026:16:10:00
 * +0100, 261123 16:10:00.
 */
bool stamp_any(struct slice *s, struct zone *z, int64_t latest,
    int64_t *when);

#endif
