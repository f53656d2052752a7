#include "daemon/control.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/when.h"
#include "daemon/answer.h"

enum {
	CONNECTIONS_MAX = 64,
	CONNECTIONS_OF_USERS = 48,	/* the rest is root's */
	CONNECTIONS_OF_ONE = 16,
	GROUPS_MAX = 65536,
	REQUEST_ARENA = 4 << 20,
	REFUSED_PER_MINUTE = 20,
	RIGHT_READ = 1,
	RIGHT_DECIDE = 2,
	RIGHT_ADMIN = 4,
};

static const int64_t idle_limit = 10 * SECOND;
static const int64_t reload_limit = 120 * SECOND;

struct connection {
	struct control *control;
	struct connection *next;
	int fd;
	struct loop_fd *watch;
	struct caller who;
	unsigned rights;
	int64_t deadline;	/* steady */
	struct buf in, out;
	size_t sent;
	struct arena *arena;	/* the request, while it is being answered */
	struct answer *answer;
	uint64_t token;		/* waits for control_reply */
	bool heard;		/* the request is complete */
};

struct control {
	struct control_room room;
	struct connection *connections;
	size_t count;
	struct loop_timer *idle;
	uint64_t tokens;
	/* Refusals that are kept are limited, or they would fill the disk. */
	int64_t minute;
	unsigned refused;
	uint64_t unrecorded;
};

/* --- connections ------------------------------------------------------- */

static void
hang_up(struct connection *x)
{
	struct control *c = x->control;
	struct connection **at = &c->connections;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	c->count--;
	loop_remove(x->watch);
	close(x->fd);
	answer_free(x->answer);
	if (x->arena != NULL)
		arena_free(x->arena);
	buf_free(&x->in);
	buf_free(&x->out);
	free(x);
}

static void
end_with(struct connection *x, uint32_t status, const char *text)
{
	if (text != NULL)
		ask_put(&x->out, ASK_TEXT, slice_of(text));
	ask_put_end(&x->out, status);
	loop_want(x->watch, LOOP_WRITE);
}

static void
idle_expired(void *arg)
{
	struct control *c = arg;
	int64_t now = when_steady();

	for (struct connection *x = c->connections, *next; x != NULL;
	    x = next) {
		next = x->next;
		if (x->deadline <= now)
			hang_up(x);
	}
	if (c->connections != NULL)
		loop_timer_set(c->idle, SECOND);
}

static void
put_line(void *arg, enum ask_frame type, struct slice json)
{
	ask_put(arg, type, json);
}

/* The next piece of an answer, once the last one is on its way. */
static void
next_page(struct connection *x)
{
	const struct control_room *room = &x->control->room;
	struct err err;
	int more;

	if (room->settle != NULL)
		room->settle(room->owner);
	more = answer_page(x->answer, put_line, &x->out, &err);
	if (more == 1)
		return;
	answer_free(x->answer);
	x->answer = NULL;
	end_with(x, more == 0 ? 0 : 2, more == 0 ? NULL : err.text);
}

static void
speak(struct connection *x)
{
	struct slice rest;
	ssize_t n;

	if (x->out.len == 0 && x->answer != NULL)
		next_page(x);
	rest = slice_from(buf_slice(&x->out), x->sent);
	n = send(x->fd, rest.p, rest.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == -1) {
		hang_up(x);
		return;
	}
	x->deadline = when_steady() + idle_limit;
	x->sent += (size_t)n;
	if (x->sent < x->out.len)
		return;
	x->sent = 0;
	buf_clear(&x->out);
	if (x->answer == NULL)
		hang_up(x);
}

/* --- requests ------------------------------------------------------------- */

static void
answer(struct connection *x, const struct json *request)
{
	struct err err;

	x->answer = answer_new(x->control->room.store, request, when_now(),
	    &err);
	if (x->answer == NULL)
		end_with(x, 2, err.text);
	else
		loop_want(x->watch, LOOP_WRITE);
}

static void
do_decide(struct connection *x, const struct json *request)
{
	struct err err;

	if (decide(&x->control->room, &x->who, request, &err) == -1)
		end_with(x, 2, err.text);
	else
		answer(x, request);
}

static void
do_mute(struct connection *x, const struct json *request)
{
	struct buf reply = { 0 };
	struct err err;

	if (decide_mute(&x->control->room, &x->who, request, &reply,
	    &err) == -1)
		end_with(x, 2, err.text);
	else
		end_with(x, 0, buf_cstr(&reply));
	buf_free(&reply);
}

static void
write_journal(struct jsonw *w, const struct store_numbers *n)
{
	jsonw_key(w, S("journal"));
	jsonw_object(w);
	jsonw_pair_int(w, "records", (int64_t)n->records);
	jsonw_pair_int(w, "bytes", (int64_t)n->bytes);
	jsonw_pair_int(w, "first", n->first);
	jsonw_pair_int(w, "last", n->last);
	jsonw_pair_int(w, "open", (int64_t)n->open_alerts);
	jsonw_pair_int(w, "oldest_open", n->oldest_open);
	jsonw_object_end(w);
}

static void
do_status(struct connection *x, const struct json *request)
{
	const struct control_room *room = &x->control->room;
	const struct host *host = store_host(room->store);
	struct buf json = { 0 };
	struct jsonw w = { .out = &json };
	struct store_numbers numbers;

	(void)request;
	jsonw_object(&w);
	jsonw_pair(&w, "host", slice_of(host->name));
	jsonw_pair(&w, "host_id", slice_of(host->id));
	if (store_count(room->store, &numbers, NULL) == 0)
		write_journal(&w, &numbers);
	room->status(room->owner, &w);
	jsonw_object_end(&w);
	ask_put(&x->out, ASK_STATUS, buf_slice(&json));
	buf_free(&json);
	end_with(x, 0, NULL);
}

static void
do_reload(struct connection *x, const struct json *request)
{
	struct control *c = x->control;

	(void)request;
	x->token = ++c->tokens;
	x->deadline = when_steady() + reload_limit;
	loop_want(x->watch, 0);
	c->room.reload(c->room.owner, x->token, &x->who);
}

static const struct command_row {
	struct slice name;
	unsigned right;
	const char *refused;
	void (*run)(struct connection *x, const struct json *request);
} commands[] = {
	{ SLICE("list"), RIGHT_READ,
	    "only root and group vedette may read", answer },
	{ SLICE("find"), RIGHT_READ,
	    "only root and group vedette may read", answer },
	{ SLICE("status"), RIGHT_READ,
	    "only root and group vedette may read", do_status },
	{ SLICE("decide"), RIGHT_DECIDE,
	    "only root and group vedette-analyst may decide", do_decide },
	{ SLICE("mute"), RIGHT_DECIDE,
	    "only root and group vedette-analyst may mute", do_mute },
	{ SLICE("reload"), RIGHT_ADMIN, "only root may reload", do_reload },
};

static const struct command_row *
find_command(struct slice name)
{
	for (size_t i = 0; i < COUNT(commands); i++)
		if (slice_eq(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static void
record_refusal(struct connection *x, const struct command_row *row)
{
	struct control *c = x->control;
	int64_t now = when_steady();

	if (now - c->minute >= MINUTE) {
		c->minute = now;
		c->refused = 0;
	}
	if (c->refused >= REFUSED_PER_MINUTE || decide_refused(&c->room,
	    &x->who, (const char *)row->name.p, row->refused,
	    c->unrecorded) == -1) {
		c->unrecorded++;
		return;
	}
	c->refused++;
	c->unrecorded = 0;
}

static void
handle(struct connection *x, struct slice request)
{
	const struct command_row *row;
	struct json *json;
	struct err err;

	x->heard = true;
	x->deadline = when_steady() + idle_limit;
	x->arena = arena_new(REQUEST_ARENA);
	if (json_parse(x->arena, request, &json, &err) == -1) {
		end_with(x, 2, err.text);
		return;
	}
	row = find_command(json_text(json, "command"));
	if (row == NULL) {
		end_with(x, 2, "this sensor knows no such request");
	} else if ((x->rights & row->right) == 0) {
		record_refusal(x, row);
		end_with(x, 2, row->refused);
	} else {
		row->run(x, json);
	}
}

static void
hear(struct connection *x)
{
	enum { PIECE = 16 << 10 };
	struct slice body;
	size_t used;
	ssize_t n;
	int type;

	n = recv(x->fd, buf_room(&x->in, PIECE), PIECE, MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		hang_up(x);
		return;
	}
	x->in.len += (size_t)n;
	type = ask_take(buf_slice(&x->in), ASK_REQUEST_MAX, &body, &used);
	if (type == 0)
		return;
	if (type == ASK_REQUEST)
		handle(x, body);
	else
		hang_up(x);
}

static void
ready(void *arg, unsigned events)
{
	struct connection *x = arg;

	if ((events & LOOP_READ) && !x->heard)
		hear(x);
	else if (events & LOOP_WRITE)
		speak(x);
	else if (events & LOOP_HANGUP)
		hang_up(x);
}

/* --- who asks --------------------------------------------------------------- */

static unsigned
rights_of_group(const struct control_room *room, gid_t gid)
{
	unsigned rights = 0;

	if (gid == (gid_t)-1)
		return 0;
	if (gid == room->readers)
		rights |= RIGHT_READ;
	if (gid == room->analysts)
		rights |= RIGHT_READ | RIGHT_DECIDE;
	return rights;
}

static unsigned
rights_of_groups(const struct control_room *room, int fd)
{
	socklen_t len = 64 * sizeof(gid_t);
	gid_t *groups = xmalloc(len);
	unsigned rights = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == -1) {
		if (errno != ERANGE || len > GROUPS_MAX * sizeof(gid_t))
			len = 0;
		groups = xrealloc(groups, len, 1);
		if (len > 0 && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS,
		    groups, &len) == -1)
			len = 0;
	}
	for (size_t i = 0; i < len / sizeof(gid_t); i++)
		rights |= rights_of_group(room, groups[i]);
	free(groups);
	return rights;
}

static int
identify(struct connection *x)
{
	const struct control_room *room = &x->control->room;
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(x->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1)
		return -1;
	x->who.uid = cred.uid;
	x->who.pid = cred.pid;
	if (cred.uid == 0 || (room->own != (uid_t)-1 && cred.uid == room->own))
		x->rights = RIGHT_READ | RIGHT_DECIDE | RIGHT_ADMIN;
	else
		x->rights = rights_of_group(room, cred.gid) |
		    rights_of_groups(room, x->fd);
	return 0;
}

static bool
too_many(const struct control *c, const struct connection *x)
{
	size_t same = 0;

	for (const struct connection *y = c->connections; y != NULL;
	    y = y->next)
		same += y->who.uid == x->who.uid;
	if (x->who.uid == 0)
		return c->count >= CONNECTIONS_MAX;
	return c->count >= CONNECTIONS_OF_USERS || same >= CONNECTIONS_OF_ONE;
}

static void
turn_away(int fd)
{
	struct buf out = { 0 };

	ask_put(&out, ASK_TEXT, S("too many are asking the sensor at once"));
	ask_put_end(&out, 2);
	(void)!send(fd, out.p, out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	buf_free(&out);
}

void
control_accept(struct control *c, int fd, uint32_t login)
{
	struct connection *x = xcalloc(1, sizeof(*x));

	x->control = c;
	x->fd = fd;
	x->who.login = login;
	x->deadline = when_steady() + idle_limit;
	if (identify(x) == -1)
		goto out;
	if (too_many(c, x)) {
		turn_away(fd);
		goto out;
	}
	x->watch = loop_add(c->room.loop, fd, LOOP_READ, ready, x);
	if (x->watch == NULL)
		goto out;
	x->next = c->connections;
	c->connections = x;
	if (c->count++ == 0)
		loop_timer_set(c->idle, SECOND);
	return;
out:
	close(fd);
	free(x);
}

void
control_reply(struct control *c, uint64_t token, uint32_t status,
    struct slice text)
{
	for (struct connection *x = c->connections; x != NULL; x = x->next) {
		if (token == 0 || x->token != token)
			continue;
		x->token = 0;
		x->deadline = when_steady() + idle_limit;
		ask_put(&x->out, ASK_TEXT, text);
		end_with(x, status, NULL);
		return;
	}
}

struct control *
control_new(const struct control_room *room)
{
	struct control *c = xcalloc(1, sizeof(*c));

	c->room = *room;
	c->minute = when_steady();
	c->idle = loop_timer(room->loop, idle_expired, c);
	return c;
}

size_t
control_count(const struct control *c)
{
	return c->count;
}

void
control_free(struct control *c)
{
	if (c == NULL)
		return;
	while (c->connections != NULL) {
		struct connection *x = c->connections;

		/* A last word, if there is one and it goes at once. */
		if (x->out.len > x->sent && x->answer == NULL)
			speak(x);
		if (c->connections == x)
			hang_up(x);
	}
	loop_timer_free(c->idle);
	free(c);
}
