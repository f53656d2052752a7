/*
 * A journal and its control socket without the rest of the sensor, for tests
 * of the commands:
 *
 *	journal_drive fill STATE < LINES
 *	journal_drive serve STATE RUN READERS ANALYSTS
 *
 * A line is a JSON object: kind, level, time, received, rule, title, user,
 * source, about, and "fields" of dotted ECS names for the body. serve takes group ids, listens at RUN/control.sock, prints
 * "ready", and takes further lines on standard input until it ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/when.h"
#include "daemon/control.h"
#include "event/ecs.h"

static const struct store_limits limits = {
	.size = UINT64_C(1) << 32, .bulk = 90 * DAY, .evidence = 400 * DAY,
};

struct server {
	struct store *store;
	struct loop *loop;
	struct control *control;
	int listening;
	struct buf line;
};

static void
die(const char *what)
{
	fprintf(stderr, "journal_drive: %s\n", what);
	exit(2);
}

static void
add(struct ecs *ecs, struct slice path, struct slice text)
{
	if (text.len > 0)
		ecs_str(ecs, path, text);
}

static void
write_body(struct buf *out, const struct store *st, const struct entry *e,
    const struct json *fields)
{
	bool alert = e->kind == KIND_ALERT;
	struct ecs ecs;

	ecs_begin(&ecs);
	ecs_frame(&ecs, store_host(st), e->id, e->time, e->received, "event");
	add(&ecs, alert ? S("rule.id") : S("vedette.record"), e->rule);
	add(&ecs, alert ? S("rule.name") : S("message"), e->title);
	add(&ecs, S("user.name"), e->user);
	add(&ecs, S("source.ip"), e->source);
	add(&ecs, S("vedette.level"), slice_of(level_name(e->level)));
	for (const struct json *j = fields == NULL ? NULL : fields->first;
	    j != NULL; j = j->next)
		add(&ecs, j->key, j->text);
	ecs_end(&ecs, out);
}

static void
append(struct store *st, struct slice line)
{
	struct arena *a = arena_new(0);
	struct buf body = { 0 };
	struct json *j;
	struct entry e = { .received = when_now() };
	struct err err;

	if (json_parse(a, line, &j, &err) == -1)
		die(err.text);
	if (kind_parse(json_text(j, "kind"), &e.kind) == -1 ||
	    level_parse(json_text(j, "level"), &e.level) == -1)
		die("kind or level");
	e.class = e.kind == KIND_ALERT ? CLASS_BULK : CLASS_EVIDENCE;
	e.time = json_int(j, "time", e.received);
	e.received = json_int(j, "received", e.received);
	e.rule = json_text(j, "rule");
	e.title = json_text(j, "title");
	e.user = json_text(j, "user");
	e.source = json_text(j, "source");
	e.has_about = id_parse(json_text(j, "about"), &e.about) == 0;
	random_bytes(e.id.b, ID_LEN);
	write_body(&body, st, &e, json_get(j, "fields"));
	e.body = buf_slice(&body);
	if (store_append(st, &e, &err) == -1)
		die(err.text);
	buf_free(&body);
	arena_free(a);
}

static void
append_lines(struct store *st, struct buf *text)
{
	struct slice rest = buf_slice(text), line;
	size_t before = rest.len;
	struct err err;

	while (slice_cut(&rest, '\n', &line))
		append(st, line);
	if (store_commit(st, &err) == -1)
		die(err.text);
	buf_drop(text, before - rest.len);
}

static bool
read_more(struct buf *text)
{
	ssize_t n = read(STDIN_FILENO, buf_room(text, 65536), 65536);

	if (n > 0)
		text->len += (size_t)n;
	return n > 0;
}

/* --- what control asks of the judge --- */

static void
status(void *owner, struct jsonw *w)
{
	const char *told = getenv("STATUS");

	(void)owner;
	jsonw_pair(w, "version", S("0.test"));
	jsonw_pair_int(w, "started", when_now() - 90 * SECOND);
	if (told == NULL)
		return;
	jsonw_key(w, S("degraded"));
	jsonw_raw(w, slice_of(told));
}

static int
keep(void *owner, const struct entry *e, struct err *err)
{
	struct server *s = owner;

	if (store_append(s->store, e, err) == -1)
		return -1;
	return store_commit(s->store, err);
}

static void
reload(void *owner, uint64_t token, const struct caller *who)
{
	struct server *s = owner;

	(void)who;
	control_reply(s->control, token, 0, S("reloaded"));
}

static void
accepted(void *arg, unsigned events)
{
	struct server *s = arg;
	int fd = accept4(s->listening, NULL, NULL, SOCK_CLOEXEC);

	(void)events;
	if (fd != -1)
		control_accept(s->control, fd, (uint32_t)-1);
}

static void
typed(void *arg, unsigned events)
{
	struct server *s = arg;

	(void)events;
	if (!read_more(&s->line)) {
		loop_stop(s->loop);
		return;
	}
	append_lines(s->store, &s->line);
}

static int
listen_at(const char *run)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/control.sock",
	    run) >= (int)sizeof(sun.sun_path))
		die("the path is too long");
	unlink(sun.sun_path);
	if (fd == -1 || bind(fd, (const struct sockaddr *)&sun,
	    sizeof(sun)) == -1 || listen(fd, 64) == -1 ||
	    chmod(sun.sun_path, 0666) == -1)
		die("can't listen");
	return fd;
}

static void
serve(struct store *st, char **argv)
{
	struct server s = { .store = st, .loop = loop_new() };
	struct control_room room = {
		.loop = s.loop, .store = st, .owner = &s, .own = (uid_t)-1,
		.status = status, .keep = keep, .reload = reload,
	};

	room.readers = (gid_t)strtoul(argv[1], NULL, 10);
	room.analysts = (gid_t)strtoul(argv[2], NULL, 10);
	s.control = control_new(&room);
	s.listening = listen_at(argv[0]);
	loop_add(s.loop, s.listening, LOOP_READ, accepted, &s);
	loop_add(s.loop, STDIN_FILENO, LOOP_READ, typed, &s);
	puts("ready");
	fflush(stdout);
	loop_run(s.loop);
	control_free(s.control);
	close(s.listening);
	buf_free(&s.line);
	loop_free(s.loop);
}

int
main(int argc, char **argv)
{
	struct buf text = { 0 };
	struct store *st;
	struct err err;

	if (argc < 3 || store_open(argv[2], &limits, NULL, &st, &err) == -1)
		die(argc < 3 ? "usage" : err.text);
	if (argc == 6 && strcmp(argv[1], "serve") == 0) {
		serve(st, argv + 3);
	} else {
		while (read_more(&text))
			;
		append_lines(st, &text);
	}
	buf_free(&text);
	store_close(st);
	return 0;
}
