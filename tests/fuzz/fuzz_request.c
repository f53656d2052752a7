/*
 * What somebody may ask the judge over the control socket. Each answer ends
 * with ASK_END, consists of JSON, and what is kept is JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/when.h"
#include "daemon/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bench {
	char dir[64];
	struct store *store;
	struct loop *loop;
	struct control *control;
	int client;
	struct buf heard;
};

static struct bench bench;

static void
must_be_object(struct slice text)
{
	struct arena *a = arena_new(0);
	struct json *j;

	if (json_parse(a, text, &j, NULL) == -1 || j->type != JSON_OBJECT)
		abort();
	arena_free(a);
}

static void
told_status(void *owner, struct jsonw *w)
{
	(void)owner;
	jsonw_pair(w, "version", S("0"));
}

static int
kept(void *owner, const struct entry *e, struct err *err)
{
	(void)owner;
	(void)err;
	must_be_object(e->body);
	return 0;
}

static void
asked_reload(void *owner, uint64_t token, const struct caller *who)
{
	struct bench *b = owner;

	(void)who;
	control_reply(b->control, token, 0, S("reloaded"));
}

static void
hear(void *arg, unsigned events)
{
	struct bench *b = arg;
	ssize_t n = recv(b->client, buf_room(&b->heard, 65536), 65536,
	    MSG_DONTWAIT);

	(void)events;
	if (n > 0)
		b->heard.len += (size_t)n;
	else
		loop_stop(b->loop);
}

static void
fill(struct store *st)
{
	static const struct slice bodies[] = {
		SLICE("{\"user\":{\"name\":\"root\"}}"), SLICE("not JSON"),
		SLICE("{}"),
	};
	struct err err;

	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct entry e = { .kind = KIND_ALERT, .class = CLASS_BULK,
		    .level = LEVEL_HIGH, .time = (int64_t)i * SECOND + 1,
		    .received = (int64_t)i * SECOND + 1, .rule = S("r"),
		    .title = S("t"), .body = bodies[i] };

		e.id.b[0] = (unsigned char)i;
		if (store_append(st, &e, &err) == -1)
			abort();
	}
	if (store_commit(st, &err) == -1)
		abort();
}

static void
clean_up(void)
{
	static const char *const names[] = { "journal.db", "journal.db-wal",
	    "journal.db-shm", "reserve", "lock" };
	char path[128];

	store_close(bench.store);
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", bench.dir, names[i]);
		unlink(path);
	}
	rmdir(bench.dir);
	buf_free(&bench.heard);
}

static void
begin(void)
{
	static const struct store_limits limits = {
		.size = UINT64_C(1) << 30, .bulk = 40000 * DAY,
		.evidence = 40000 * DAY,
	};
	struct err err;

	snprintf(bench.dir, sizeof(bench.dir), "/tmp/fuzz_request.%ld",
	    (long)getpid());
	if (store_open(bench.dir, &limits, NULL, &bench.store, &err) == -1)
		abort();
	fill(bench.store);
	atexit(clean_up);
}

/* Every frame is one that an answer has, and the last is ASK_END. */
static void
check_answer(struct slice heard)
{
	int type = 0;

	while (heard.len > 0) {
		struct slice body;
		size_t used;

		type = ask_take(heard, ASK_BODY_MAX, &body, &used);
		if (type <= ASK_REQUEST)
			abort();
		if (type != ASK_TEXT && type != ASK_END)
			must_be_object(body);
		heard = slice_from(heard, used);
	}
	if (type != ASK_END)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control_room room = { .own = getuid(), .readers = (gid_t)-1,
	    .analysts = (gid_t)-1, .owner = &bench, .status = told_status,
	    .keep = kept, .reload = asked_reload };
	struct buf request = { 0 };
	int pair[2], big = 1 << 20;

	if (size > ASK_REQUEST_MAX)
		return 0;
	if (bench.store == NULL)
		begin();
	bench.loop = room.loop = loop_new();
	room.store = bench.store;
	bench.control = control_new(&room);
	buf_clear(&bench.heard);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1)
		abort();
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
	bench.client = pair[0];
	ask_put(&request, ASK_REQUEST, slice_bytes(data, size));
	if (send(pair[0], request.p, request.len, MSG_DONTWAIT) !=
	    (ssize_t)request.len)
		abort();
	control_accept(bench.control, pair[1], 0);
	loop_add(bench.loop, pair[0], LOOP_READ, hear, &bench);
	loop_run(bench.loop);
	check_answer(buf_slice(&bench.heard));
	control_free(bench.control);
	loop_free(bench.loop);
	close(pair[0]);
	buf_free(&request);
	return 0;
}
