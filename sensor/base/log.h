/*
 * The operator's log: one line, what failed, on what, what we do now. Goes to
 * standard error, with sd-daemon(3) priority prefixes where systemd reads it.
 * Text from outside is shown escaped. Never called per event.
 */
#ifndef VEDETTE_LOG_H
#define VEDETTE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG };

/* Name of the role that stands before each line; level to print up to. */
void log_init(const char *role, enum log_level level, bool journal_prefix);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * A limiter for one subject: true at most once per interval (seconds). Zero
 * is a valid start.
 */
struct log_limit {
	int64_t next;
};
bool log_may(struct log_limit *limit, unsigned seconds);

#endif
