#include "cli/decision.h"

#include <stdio.h>

#include "cli/found.h"
#include "cli/inquiry.h"
#include "cli/screen.h"

enum { ROW_ARENA = 32 << 20 };

static void
pair(struct jsonw *w, const char *key, const char *value)
{
	if (value != NULL)
		jsonw_pair(w, key, slice_of(value));
}

static void
write_request(const struct decision *d, struct buf *out)
{
	struct jsonw w = { .out = out };

	jsonw_object(&w);
	jsonw_pair(&w, "command", S("decide"));
	pair(&w, "decision", d->verb);
	pair(&w, "id", d->id);
	pair(&w, "to", d->to);
	pair(&w, "text", d->text);
	pair(&w, "verdict", d->verdict);
	pair(&w, "reason", d->why.reason);
	pair(&w, "ticket", d->why.ticket);
	jsonw_object_end(&w);
}

/* "7f3a9c closed: web server started a shell" */
static void
each_line(void *arg, enum ask_frame type, struct slice json)
{
	const struct decision *d = arg;
	struct arena *arena;
	struct screen screen;
	struct buf line = { 0 };
	struct found f;

	if (type != ASK_ROW)
		return;
	arena = arena_new(ROW_ARENA);
	screen_init(&screen, stdout);
	if (found_read(arena, json, &f) == 0) {
		buf_fmt(&line, "%.6s ", f.digits);
		if (strcmp(d->verb, "note") == 0)
			buf_str(&line, "noted");
		else
			buf_add(&line, f.state);
		buf_str(&line, ": ");
		buf_add(&line, f.title);
		screen_line(&screen, buf_slice(&line));
	}
	buf_free(&line);
	arena_free(arena);
}

int
decision_make(const struct registry *reg, const struct command *c,
    const struct decision *d)
{
	struct args_place place = { .config = d->config };
	struct inquiry q = INQUIRY;
	struct buf request = { 0 };
	struct err err;
	int status = EXIT_TROUBLE;

	write_request(d, &request);
	if (inquiry_open(&q, reg, &place, &err) == 0)
		status = inquiry_ask(&q, buf_slice(&request), each_line,
		    (void *)(uintptr_t)d, &err);
	if (status != EXIT_FINE)
		status = args_wrong(c, "%s", err.text);
	inquiry_close(&q);
	buf_free(&request);
	return status;
}
