#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/when.h"

static const char *log_role = "vedette";
static enum log_level log_upto = LOG_LEVEL_INFO;
static bool log_prefix;

void
log_init(const char *role, enum log_level level, bool journal_prefix)
{
	log_role = role;
	log_upto = level;
	log_prefix = journal_prefix;
}

static void log_line(enum log_level level, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
log_line(enum log_level level, const char *fmt, va_list ap)
{
	static const char *const priority[] = { "<3>", "<4>", "<6>", "<7>" };
	struct buf raw = { 0 }, line = { 0 };

	if (level > log_upto)
		return;
	buf_vfmt(&raw, fmt, ap);
	buf_fmt(&line, "%s%s: ", log_prefix ? priority[level] : "", log_role);
	text_escape(&line, buf_slice(&raw));
	buf_byte(&line, '\n');
	fwrite(line.p, 1, line.len, stderr);
	buf_free(&raw);
	buf_free(&line);
}

#define LOG_FUNCTION(name, level) \
	void \
	name(const char *fmt, ...) \
	{ \
		va_list ap; \
\
		va_start(ap, fmt); \
		log_line(level, fmt, ap); \
		va_end(ap); \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warn, LOG_LEVEL_WARN)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)

bool
log_may(struct log_limit *limit, unsigned seconds)
{
	int64_t now = when_steady();

	if (now < limit->next)
		return false;
	limit->next = now + (int64_t)seconds * SECOND;
	return true;
}
