#include "cli/scan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/when.h"
#include "cli/command.h"

enum { OUT_MAX = 65536, LEVEL_WIDTH = 8, WHO_WIDTH = 28 };

void
scan_complain(struct scan *s, const char *what, const char *why)
{
	struct buf text = { 0 };

	progress_erase(s);
	buf_str(&text, "vedette scan: ");
	text_escape(&text, slice_of(what));
	buf_str(&text, ": ");
	text_escape(&text, slice_of(why));
	fprintf(stderr, "%s\n", buf_cstr(&text));
	buf_free(&text);
}

void
scan_flush(struct scan *s)
{
	if (s->out.len == 0)
		return;
	if (s->progress.shared)
		progress_erase(s);
	if (write_all(STDOUT_FILENO, buf_slice(&s->out)) == -1) {
		scan_complain(s, "standard output", strerror(errno));
		exit(EXIT_TROUBLE);
	}
	buf_clear(&s->out);
}

/*
 * The alert as everywhere, with two members in front that only scan has: its
 * first brace becomes the comma behind them.
 */
static void
print_json(struct scan *s, const struct match *m)
{
	size_t brace;

	buf_str(&s->out, "{\"line\":");
	buf_u64(&s->out, s->line);
	buf_str(&s->out, ",\"level\":\"");
	buf_str(&s->out, level_name(m->rule->level));
	buf_byte(&s->out, '"');
	brace = s->out.len;
	alert_write(&s->out, m, &s->host, match_id(m));
	s->out.p[brace] = ',';
	buf_byte(&s->out, '\n');
}

/* Fills up to a column of a width, and a gap. */
static void
pad(struct buf *b, size_t start, size_t width)
{
	while (b->len < start + width)
		buf_byte(b, ' ');
	buf_str(b, "  ");
}

static void
add_who(struct buf *b, const struct event *ev)
{
	struct slice user = event_text(ev, F_USER_NAME);
	struct slice from = event_text(ev, F_SOURCE_IP);

	if (from.len == 0)
		from = event_text(ev, F_SOURCE_ADDRESS);
	if (user.len == 0 && from.len == 0)
		user = event_text(ev, F_PROCESS_NAME);
	text_escape(b, user);
	if (from.len == 0)
		return;
	buf_str(b, user.len > 0 ? " from " : "");
	text_escape(b, from);
}

/* Alerts come in bursts: the text of a second serves all of it. */
static void
add_time(struct scan *s, int64_t when)
{
	int64_t second = when / SECOND;

	if (s->shown_time.len == 0 || s->shown_second != second) {
		buf_clear(&s->shown_time);
		when_local(&s->shown_time, when, "%Y-%m-%d %H:%M:%S  ");
		s->shown_second = second;
	}
	buf_add(&s->out, buf_slice(&s->shown_time));
}

/* " (5 in 34.0 s, User=root)" */
static void
add_counted(struct buf *b, const struct correlated *c)
{
	struct buf text = { 0 };

	if (c == NULL)
		return;
	correlated_text(&text, c);
	buf_str(b, " (");
	text_escape(b, buf_slice(&text));
	buf_byte(b, ')');
	buf_free(&text);
}

static void
print_text(struct scan *s, const struct match *m)
{
	struct buf *b = &s->out;
	size_t start;

	add_time(s, m->ev->time);
	start = b->len;
	buf_str(b, level_name(m->rule->level));
	pad(b, start, LEVEL_WIDTH);
	start = b->len;
	add_who(b, m->ev);
	pad(b, start, WHO_WIDTH);
	text_escape(b, m->rule->title);
	add_counted(b, m->correlated);
	buf_str(b, "  ");
	text_escape(b, slice_of(s->name));
	buf_byte(b, ':');
	buf_u64(b, s->line);
	buf_byte(b, '\n');
}

void
scan_matched(void *scan, const struct match *m)
{
	static void (*const print[])(struct scan *, const struct match *) = {
		[FORMAT_TEXT] = print_text, [FORMAT_JSON] = print_json,
	};
	struct scan *s = scan;

	if (m->held != NULL) {
		s->tally.held += m->held->count == 0 &&
		    (m->held->why == HOLD_EXCEPTION ||
		    m->held->why == HOLD_SUPPRESS);
		return;
	}
	s->tally.alerts[m->rule->level]++;
	print[s->format](s, m);
	if (s->out.len > OUT_MAX)
		scan_flush(s);
}
