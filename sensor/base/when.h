/*
 * Time. Everywhere in vedette a point in time is an int64_t of microseconds
 * since 1970-01-01 UTC; a span is microseconds too. Text is local time with
 * offset for people and UTC RFC 3339 for machines.
 */
#ifndef VEDETTE_WHEN_H
#define VEDETTE_WHEN_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* Wall clock, and a clock that never jumps (CLOCK_BOOTTIME). */
int64_t when_now(void);
int64_t when_steady(void);

/*
 * Microseconds since the epoch of a civil UTC time (month 1-12). No libc
 * call, so it may be used per line.
 */
int64_t when_civil(int year, int month, int day, int hour, int minute,
    int second);

/* Days of a month, 1-12, of a year. */
int when_month_days(int year, int month);

/*
 * Whether a time, which may come from a journal that somebody was at, can have
 * spans added to it without a thought.
 */
bool when_is_near(int64_t when);

/* Appends 2026-11-23T16:10:00.123456Z. */
void when_utc(struct buf *b, int64_t when);
/* Appends local time: strftime(3) format. */
void when_local(struct buf *b, int64_t when, const char *format);
/* Appends a span for people: 41 d, 02:11:40, 0.2 s. */
void when_span(struct buf *b, int64_t span);

/*
 * An RFC 3339 time, or the same with a blank for T, or without zone (then
 * UTC): -1 when it is something else.
 */
int when_parse_rfc3339(struct slice s, int64_t *out);
/*
 * What people write after --since: RFC 3339, "2026-11-23", "14:05", "2h",
 * "-2h", "2 hours ago", "yesterday", "today", "now", "@epoch". Local zone.
 */
int when_parse(struct slice s, int64_t now, int64_t *out);
/* "90", "90s", "5m", "2h", "14d", "1w": a span; a bare number is seconds. */
int when_parse_span(struct slice s, int64_t *out);

/*
 * Offset of local time from UTC in seconds at a time; the zone is the
 * process's TZ. Cached by hour, so it may be used per line.
 */
struct zone {
	int64_t hour;
	int32_t offset;
	int valid;
};
int32_t zone_offset(struct zone *z, int64_t when);

#endif
