#include "cli/inquiry.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>

#include "base/when.h"
#include "cli/screen.h"

enum { REQUEST_ARENA = 4 << 20 };

int
inquiry_places(struct config *c, const struct registry *reg,
    const struct args_place *place, struct err *err)
{
	struct diag d = { 0 };
	int ret = config_load(c, place->config, reg->inputs, reg->outputs,
	    &d);

	if (ret == -1 && place->config != NULL && c->root == NULL)
		err_set(err, "%.*s", (int)strcspn(buf_cstr(&d.text), "\n"),
		    buf_cstr(&d.text));
	else
		ret = 0;
	diag_free(&d);
	if (c->state == NULL)
		c->state = STATEDIR;
	if (c->run == NULL)
		c->run = RUNDIR;
	return ret;
}

int
inquiry_open(struct inquiry *q, const struct registry *reg,
    const struct args_place *place, struct err *err)
{
	struct err why;

	*q = (struct inquiry)INQUIRY;
	if (inquiry_places(&q->config, reg, place, err) == -1)
		return -1;
	q->elsewhere = place->state != NULL;
	q->state = q->elsewhere ? place->state : q->config.state;
	if (q->elsewhere)
		return store_open_read(q->state, &q->store, err);
	if (ask_open(&q->ask, q->config.run, &why) == 0) {
		q->live = true;
		return 0;
	}
	q->dead = errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR;
	if (store_open_read(q->state, &q->store, err) == 0)
		return 0;
	if (q->dead) {
		why = *err;
		return err_set(err, "sensor not running; %s", why.text);
	}
	return err_set(err, "%s (root and group vedette may ask)", why.text);
}

void
inquiry_close(struct inquiry *q)
{
	ask_close(&q->ask);
	store_close(q->store);
	if (q->config.arena != NULL)
		config_free(&q->config);
	*q = (struct inquiry)INQUIRY;
}

/* --- one question --- */

struct hearing {
	struct inquiry *inquiry;
	answer_line *line;
	void *arg;
	struct err *err;
	bool begun;	/* a frame has come */
};

static void
read_head(struct inquiry *q, struct slice text)
{
	struct arena *a = arena_new(REQUEST_ARENA);
	struct json *j;

	if (json_parse(a, text, &j, NULL) == 0) {
		slice_to_cstr(json_text(j, "host"), q->host, sizeof(q->host));
		q->seq = (uint64_t)json_int(j, "seq", 0);
		q->last = json_int(j, "last", 0);
	}
	arena_free(a);
}

static void
each_line(void *arg, enum ask_frame type, struct slice body)
{
	struct hearing *h = arg;

	if (type == ASK_HEAD)
		read_head(h->inquiry, body);
	else
		h->line(h->arg, type, body);
	if (type == ASK_TEXT)
		err_set(h->err, "%.*s", (int)slice_head(body, 400).len,
		    (const char *)body.p);
}

static int
hear(struct hearing *h)
{
	struct ask *a = &h->inquiry->ask;
	struct slice body;
	int type;

	while ((type = ask_next(a, &body, h->err)) != -1) {
		h->begun = true;
		if (type == ASK_END)
			return ask_status(body);
		each_line(h, (enum ask_frame)type, body);
	}
	return -1;
}

static int
ask_once(struct hearing *h, struct slice request)
{
	struct inquiry *q = h->inquiry;
	int ret = -1;

	if (q->ask.fd == -1 &&
	    ask_open(&q->ask, q->config.run, h->err) == -1)
		return -1;
	err_set(h->err, "the sensor gave no reason");
	if (ask_send(&q->ask, request, h->err) == 0)
		ret = hear(h);
	ask_close(&q->ask);
	return ret;
}

/*
 * A judge that hands over to a new one drops who has just connected; the
 * next attempt waits for the new one.
 */
static int
ask_sensor(struct hearing *h, struct slice request)
{
	int ret = ask_once(h, request);

	if (ret == -1 && !h->begun)
		ret = ask_once(h, request);
	return ret;
}

static int
ask_store(struct hearing *h, const struct json *request)
{
	struct inquiry *q = h->inquiry;
	struct answer *a = answer_new(q->store, request,
	    q->elsewhere ? 0 : when_now(), h->err);
	int more;

	if (a == NULL)
		return EXIT_TROUBLE;
	while ((more = answer_page(a, each_line, h, h->err)) == 1)
		;
	answer_free(a);
	return more == -1 ? EXIT_TROUBLE : EXIT_FINE;
}

static int
ask_files(struct hearing *h, struct slice request)
{
	struct arena *arena = arena_new(REQUEST_ARENA);
	struct json *json;
	int ret = EXIT_TROUBLE;

	if (json_parse(arena, request, &json, h->err) == -1)
		goto out;
	if (slice_eq(json_text(json, "command"), S("list")) ||
	    slice_eq(json_text(json, "command"), S("find")))
		ret = ask_store(h, json);
	else
		err_set(h->err, "this needs the running sensor; %s/control.sock "
		    "is dead", h->inquiry->config.run);
out:
	arena_free(arena);
	return ret;
}

int
inquiry_ask(struct inquiry *q, struct slice request, answer_line *line,
    void *arg, struct err *err)
{
	struct hearing h = { q, line, arg, err, false };

	return q->live ? ask_sensor(&h, request) : ask_files(&h, request);
}

/* --- for people --- */

void
inquiry_header(const struct inquiry *q, struct buf *out)
{
	if (q->live)
		return;
	if (q->elsewhere) {
		buf_fmt(out, "journal in %s, host %s", q->state, q->host);
		if (q->last == 0)
			return;
		buf_str(out, ", until ");
		time_long(out, q->last);
		return;
	}
	buf_str(out, "sensor not running");
	if (q->last == 0)
		return;
	buf_str(out, " since ");
	time_short(out, q->last, when_now());
}

void
inquiry_user(const struct inquiry *q, int64_t uid, struct buf *out)
{
	const struct passwd *pw = NULL;

	if (!q->elsewhere && uid >= 0 && uid < UINT32_MAX)
		pw = getpwuid((uid_t)uid);
	if (pw != NULL)
		buf_fmt(out, "%s (uid %lld)", pw->pw_name, (long long)uid);
	else
		buf_fmt(out, "uid %lld", (long long)uid);
}
