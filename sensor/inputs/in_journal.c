/*
 * systemd's journal. The watch side reads it with libsystemd, which is loaded
 * at run time so that no other role maps it; the judge side makes records of
 * what comes.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-journal.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/pack.h"
#include "base/when.h"
#include "inputs/heard.h"
#include "inputs/input.h"

enum {
	ENTRIES_AT_ONCE = 256,
	UNACKED_MAX = 4096,		/* entries */
	UNACKED_BYTES = 1 << 20,
	HURRY_BYTES = 128 << 10,	/* then the judge commits at once */
	CURSOR_MAX = 1024,
};

struct journal_options {
	const char *directory, *namespace;
	struct strlist *units, *match;
	int from;
};

enum { FROM_END, FROM_BEGINNING };
static const char *const from_words[] = { "end", "beginning", NULL };

static const struct opt journal_opts[] = {
	{ .name = "from", .type = OPT_WORD, .at = AT(journal_options, from),
	    .preset = "end", .words = from_words,
	    .what = "where to begin at first start" },
	{ .name = "units", .type = OPT_LIST,
	    .at = AT(journal_options, units),
	    .what = "only these systemd units" },
	{ .name = "match", .type = OPT_LIST,
	    .at = AT(journal_options, match),
	    .what = "only entries with one of these FIELD=value" },
	{ .name = "directory", .type = OPT_PATH,
	    .at = AT(journal_options, directory),
	    .what = "journal files of another place than the system's" },
	{ .name = "namespace", .type = OPT_STR,
	    .at = AT(journal_options, namespace),
	    .what = "a journal namespace instead of the default one" },
	{ .name = NULL },
};

/* What is used of libsystemd; see sd-journal(3). */
struct library {
	int (*open)(sd_journal **, int);
	int (*open_namespace)(sd_journal **, const char *, int);
	int (*open_directory)(sd_journal **, const char *, int);
	void (*close)(sd_journal *);
	int (*add_match)(sd_journal *, const void *, size_t);
	int (*set_data_threshold)(sd_journal *, size_t);
	int (*get_fd)(sd_journal *);
	int (*process)(sd_journal *);
	int (*next)(sd_journal *);
	int (*previous)(sd_journal *);
	int (*seek_head)(sd_journal *);
	int (*seek_tail)(sd_journal *);
	int (*seek_cursor)(sd_journal *, const char *);
	int (*test_cursor)(sd_journal *, const char *);
	int (*get_cursor)(sd_journal *, char **);
	int (*get_realtime)(sd_journal *, uint64_t *);
	int (*get_data)(sd_journal *, const char *, const void **, size_t *);
	int (*enumerate)(sd_journal *, const void **, size_t *);
	void (*restart)(sd_journal *);
};

static const struct {
	const char *name;
	size_t at;
} symbols[] = {
	{ "sd_journal_open", AT(library, open) },
	{ "sd_journal_open_namespace", AT(library, open_namespace) },
	{ "sd_journal_open_directory", AT(library, open_directory) },
	{ "sd_journal_close", AT(library, close) },
	{ "sd_journal_add_match", AT(library, add_match) },
	{ "sd_journal_set_data_threshold", AT(library, set_data_threshold) },
	{ "sd_journal_get_fd", AT(library, get_fd) },
	{ "sd_journal_process", AT(library, process) },
	{ "sd_journal_next", AT(library, next) },
	{ "sd_journal_previous", AT(library, previous) },
	{ "sd_journal_seek_head", AT(library, seek_head) },
	{ "sd_journal_seek_tail", AT(library, seek_tail) },
	{ "sd_journal_seek_cursor", AT(library, seek_cursor) },
	{ "sd_journal_test_cursor", AT(library, test_cursor) },
	{ "sd_journal_get_cursor", AT(library, get_cursor) },
	{ "sd_journal_get_realtime_usec", AT(library, get_realtime) },
	{ "sd_journal_get_data", AT(library, get_data) },
	{ "sd_journal_enumerate_available_data", AT(library, enumerate) },
	{ "sd_journal_restart_data", AT(library, restart) },
};

/* An entry that the judge has not acknowledged. */
struct unacked {
	uint64_t seq;
	size_t bytes;
};

struct reader {
	struct library lib;
	struct watch_room *room;
	const struct journal_options *options;
	sd_journal *journal;
	struct loop_fd *watched;
	struct loop_timer *again;
	struct buf fields, frame;
	uint64_t seq;
	struct unacked unacked[UNACKED_MAX];	/* a ring */
	size_t first, count, bytes;
	bool started;
	bool standing;		/* on an entry that was not sent yet */
	struct log_limit limit;
};

/* --- loading ------------------------------------------------------------- */

static int
load(struct library *lib, struct err *err)
{
	/* What libsystemd would load only when it meets a packed field. */
	static const char *const packers[] = { "libzstd.so.1", "liblz4.so.1",
		"liblzma.so.5" };
	void *so = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);

	if (so == NULL)
		return err_set(err, "journal: %s", dlerror());
	for (size_t i = 0; i < COUNT(symbols); i++) {
		void *found = dlsym(so, symbols[i].name);

		if (found == NULL)
			return err_set(err, "journal: libsystemd has no %s",
			    symbols[i].name);
		memcpy((char *)lib + symbols[i].at, &found, sizeof(found));
	}
	for (size_t i = 0; i < COUNT(packers); i++)
		dlopen(packers[i], RTLD_NOW | RTLD_GLOBAL);
	return 0;
}

static int
open_journal(struct reader *r)
{
	const struct journal_options *o = r->options;

	if (o->directory != NULL)
		return r->lib.open_directory(&r->journal, o->directory, 0);
	if (o->namespace != NULL)
		return r->lib.open_namespace(&r->journal, o->namespace,
		    SD_JOURNAL_LOCAL_ONLY);
	return r->lib.open(&r->journal, SD_JOURNAL_LOCAL_ONLY);
}

/* Matches of different fields would all have to hold; of one, any. */
static void
add_matches(struct reader *r)
{
	const struct strlist *units = r->options->units;
	const struct strlist *match = r->options->match;

	for (size_t i = 0; units != NULL && i < units->count; i++) {
		struct buf text = { 0 };

		buf_fmt(&text, "_SYSTEMD_UNIT=%s", units->items[i]);
		r->lib.add_match(r->journal, text.p, text.len);
		buf_free(&text);
	}
	for (size_t i = 0; match != NULL && i < match->count; i++)
		r->lib.add_match(r->journal, match->items[i], 0);
}

static void pump(struct reader *r);

static void
changed(void *arg, unsigned events)
{
	struct reader *r = arg;

	(void)events;
	r->lib.process(r->journal);
	pump(r);
}

static void
again(void *arg)
{
	pump(arg);
}

static void
reader_stop(void *state)
{
	struct reader *r = state;

	loop_remove(r->watched);
	loop_timer_free(r->again);
	if (r->journal != NULL)
		r->lib.close(r->journal);
	buf_free(&r->fields);
	buf_free(&r->frame);
	free(r);
}

static void
allow_reading(struct reader *r)
{
	static const char *const paths[] = { "/run/log/journal",
		"/var/log/journal", "/etc/machine-id", "/run/systemd" };

	if (r->options->directory != NULL)
		r->room->allow(r->room->owner, r->options->directory);
	for (size_t i = 0; i < COUNT(paths); i++)
		r->room->allow(r->room->owner, paths[i]);
	/* A persistent journal may be made while we run. */
	if (access("/var/log/journal", F_OK) == -1)
		r->room->allow(r->room->owner, "/var/log");
}

static void
drained(void *state)
{
	pump(state);
}

static void *
reader_prepare(const void *const *options, size_t count,
    struct watch_room *room, struct err *err)
{
	struct reader *r = xcalloc(1, sizeof(*r));
	int ret;

	(void)count;
	r->room = room;
	r->options = options[0];
	room->drained = drained;
	if (load(&r->lib, err) == -1)
		goto fail;
	ret = open_journal(r);
	if (ret < 0) {
		errno = -ret;
		err_sys(err, "journal");
		goto fail;
	}
	r->lib.set_data_threshold(r->journal, RECORD_MAX);
	add_matches(r);
	ret = r->lib.get_fd(r->journal);
	if (ret < 0) {
		errno = -ret;
		err_sys(err, "journal: can't wait for it");
		goto fail;
	}
	allow_reading(r);
	return r;
fail:
	reader_stop(r);
	return NULL;
}

static int
reader_begin(void *state, struct err *err)
{
	struct reader *r = state;

	r->again = loop_timer(r->room->loop, again, r);
	r->watched = loop_add(r->room->loop, r->lib.get_fd(r->journal),
	    LOOP_READ, changed, r);
	if (r->watched == NULL)
		return err_sys(err, "journal: epoll");
	return 0;
}

/* --- where to go on -------------------------------------------------------- */

static void
lost(struct reader *r, struct slice reason, struct slice detail,
    uint64_t count, int64_t from, int64_t until)
{
	buf_clear(&r->frame);
	pack_slice(&r->frame, S("journal"));
	pack_slice(&r->frame, reason);
	pack_slice(&r->frame, slice_head(detail, 1024));
	pack_u64(&r->frame, count);
	pack_u64(&r->frame, (uint64_t)from);
	pack_u64(&r->frame, (uint64_t)until);
	r->room->send(r->room->owner, INPUT_LOST, buf_slice(&r->frame), -1);
}

/*
 * At the first start: behind the last entry, or before the first. A journal
 * without entries has no end to stand at, and its first entry is a new one.
 */
static void
seek_first(struct reader *r)
{
	if (r->options->from == FROM_END &&
	    r->lib.seek_tail(r->journal) >= 0 &&
	    r->lib.previous(r->journal) > 0)
		return;
	r->lib.seek_head(r->journal);
}

/*
 * Behind the entry of the cursor. When that is no longer there (vacuumed),
 * the journal stands on the next one, which is then new; what was between is
 * lost, nobody knows how much.
 */
static void
seek_cursor(struct reader *r, const char *cursor)
{
	uint64_t when = 0;

	if (r->lib.seek_cursor(r->journal, cursor) < 0) {
		r->lib.seek_head(r->journal);
		r->standing = false;
	} else if (r->lib.next(r->journal) <= 0) {
		return;
	} else if (r->lib.test_cursor(r->journal, cursor) > 0) {
		return;
	} else {
		r->standing = true;
		r->lib.get_realtime(r->journal, &when);
	}
	lost(r, S("vacuumed"), S("the entry that was read last is no longer "
	    "there"), GAP_UNKNOWN, (int64_t)when, (int64_t)when);
}

static void
start(struct reader *r, struct slice body)
{
	struct unpack u = { body, false };
	struct slice position = unpack_slice(&u);
	char cursor[CURSOR_MAX];

	if (r->started)
		return;
	r->started = true;
	slice_to_cstr(position, cursor, sizeof(cursor));
	if (position.len == 0)
		seek_first(r);
	else
		seek_cursor(r, cursor);
	pump(r);
}

/* --- entries --------------------------------------------------------------- */

static bool
add_field(struct reader *r, const void *data, size_t len)
{
	if (r->fields.len + 4 + len > RECORD_MAX)
		return false;
	pack_slice(&r->fields, slice_bytes(data, len));
	return true;
}

/* These first, so that a large field of the client's pushes none of them out. */
static const char *const first_fields[] = {
	"_TRANSPORT", "_PID", "_UID", "_GID", "_COMM", "_EXE",
	"_SYSTEMD_UNIT", "_HOSTNAME", "SYSLOG_IDENTIFIER", "SYSLOG_PID",
	"SYSLOG_FACILITY", "PRIORITY", "_SOURCE_REALTIME_TIMESTAMP",
	"_BOOT_ID", "MESSAGE_ID", "MESSAGE",
};

static bool
is_first(struct slice field)
{
	struct slice name;

	if (!slice_cut(&field, '=', &name))
		return true;	/* no field at all */
	for (size_t i = 0; i < COUNT(first_fields); i++)
		if (slice_eq(name, slice_of(first_fields[i])))
			return true;
	return false;
}

/* Fills r->fields; the flags of the record. */
static unsigned
collect(struct reader *r, const char *cursor)
{
	struct buf own = { 0 };
	uint64_t when = 0;
	const void *data;
	size_t len;
	unsigned flags = 0;

	buf_clear(&r->fields);
	r->lib.get_realtime(r->journal, &when);
	buf_fmt(&own, "__REALTIME_TIMESTAMP=%llu", (unsigned long long)when);
	add_field(r, own.p, own.len);
	buf_clear(&own);
	buf_fmt(&own, "__CURSOR=%s", cursor);
	add_field(r, own.p, own.len);
	buf_free(&own);
	for (size_t i = 0; i < COUNT(first_fields); i++) {
		if (r->lib.get_data(r->journal, first_fields[i], &data,
		    &len) < 0)
			continue;
		if (add_field(r, data, len))
			continue;
		flags = RECORD_CUT;
		add_field(r, data, RECORD_MAX - r->fields.len - 4);
	}
	r->lib.restart(r->journal);
	while (r->lib.enumerate(r->journal, &data, &len) > 0)
		if (!is_first(slice_bytes(data, len)) &&
		    !add_field(r, data, len))
			flags = RECORD_CUT;
	return flags;
}

/* journald says itself that it dropped messages of a unit (systemd v249). */
static void
tell_suppressed(struct reader *r)
{
	static const struct slice id =
	    SLICE("MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e");
	uint64_t count = GAP_UNKNOWN, when = 0;
	struct slice detail = S(""), number;
	const void *data;
	size_t len;

	if (r->lib.get_data(r->journal, "MESSAGE_ID", &data, &len) < 0 ||
	    !slice_eq(slice_bytes(data, len), id) ||
	    r->lib.get_data(r->journal, "_TRANSPORT", &data, &len) < 0 ||
	    !slice_eq(slice_bytes(data, len), S("_TRANSPORT=driver")))
		return;
	if (r->lib.get_data(r->journal, "N_DROPPED", &data, &len) >= 0) {
		number = slice_bytes(data, len);
		slice_skip(&number, S("N_DROPPED="));
		slice_to_u64(number, &count);
	}
	r->lib.get_realtime(r->journal, &when);
	if (r->lib.get_data(r->journal, "MESSAGE", &data, &len) >= 0) {
		detail = slice_bytes(data, len);
		slice_skip(&detail, S("MESSAGE="));
	}
	lost(r, S("suppressed"), detail, count, (int64_t)when, (int64_t)when);
}

static void
send_entry(struct reader *r)
{
	struct unacked *u;
	char *cursor = NULL;
	unsigned flags;

	if (r->lib.get_cursor(r->journal, &cursor) < 0)
		return;
	tell_suppressed(r);
	flags = collect(r, cursor);
	buf_clear(&r->frame);
	pack_u32(&r->frame, 0);
	pack_u64(&r->frame, ++r->seq);
	pack_u32(&r->frame, flags);
	pack_slice(&r->frame, slice_of(cursor));
	pack_slice(&r->frame, buf_slice(&r->fields));
	free(cursor);
	u = &r->unacked[(r->first + r->count++) % UNACKED_MAX];
	u->seq = r->seq;
	u->bytes = r->frame.len;
	r->bytes += u->bytes;
	r->room->send(r->room->owner, INPUT_RECORD, buf_slice(&r->frame), -1);
}

static bool
may_send(const struct reader *r)
{
	return r->started && r->count < UNACKED_MAX &&
	    r->bytes < UNACKED_BYTES &&
	    r->room->waiting(r->room->owner) < UNACKED_BYTES;
}

/* A damaged journal file gives errors; those behind it are read on. */
static int
step(struct reader *r)
{
	int ret;

	if (r->standing) {
		r->standing = false;
		return 1;
	}
	ret = r->lib.next(r->journal);
	if (ret < 0 && log_may(&r->limit, 60))
		log_warn("journal: %s; going on behind it", strerror(-ret));
	return ret;
}

/*
 * Sends what there is and may be sent; a piece at a time, so that others get
 * their turn.
 */
static void
pump(struct reader *r)
{
	for (size_t i = 0; i < ENTRIES_AT_ONCE; i++) {
		int ret;

		if (!may_send(r))
			return;	/* an ack or drained() calls again */
		ret = step(r);
		if (ret == 0)
			return;	/* the descriptor tells of more */
		if (ret > 0)
			send_entry(r);
	}
	loop_timer_set(r->again, 0);
}

static void
acked(struct reader *r, struct slice body)
{
	struct unpack u = { body, false };
	uint64_t seq;

	unpack_u32(&u);
	seq = unpack_u64(&u);
	while (r->count > 0 && r->unacked[r->first].seq <= seq) {
		r->bytes -= r->unacked[r->first].bytes;
		r->first = (r->first + 1) % UNACKED_MAX;
		r->count--;
	}
	pump(r);
}

static void
reader_told(void *state, enum input_frame type, struct slice body)
{
	if (type == INPUT_START)
		start(state, body);
	else if (type == INPUT_ACK)
		acked(state, body);
}

/* --- the judge's side ------------------------------------------------------ */

struct taker {
	const struct judge_room *room;
	struct stream stream;
	char cursor[CURSOR_MAX];
	uint64_t heard, handed, acked;	/* sequence numbers */
	size_t bytes;			/* since the last commit */
};

static void
take_position(void *arg, const struct position *p)
{
	struct taker *t = arg;

	slice_to_cstr(p->state, t->cursor, sizeof(t->cursor));
}

static void *
taker_open(const struct judge_room *room)
{
	struct taker *t = xcalloc(1, sizeof(*t));
	struct buf body = { 0 };

	t->room = room;
	t->stream = stream_make(room->host_id, S("journal"), 0);
	room->positions(room->owner, "journal", take_position, t);
	pack_slice(&body, slice_of(t->cursor));
	room->send(room->owner, INPUT_START, buf_slice(&body));
	buf_free(&body);
	return t;
}

/* The cursor names an entry for ever, so its hash is as good as a place. */
static uint64_t
place_of(struct slice cursor)
{
	struct digest d = digest_one(cursor);
	uint64_t place = 0;

	for (size_t i = 0; i < 5; i++)
		place = place << 8 | d.b[i];
	return place;
}

static int
take_record(struct taker *t, struct slice body)
{
	struct unpack u = { body, false };
	struct record r = { .form = FORM_JOURNAL, .source = S("journal"),
		.stream = t->stream, .received = when_now() };
	struct slice cursor;
	uint64_t seq;

	unpack_u32(&u);
	seq = unpack_u64(&u);
	r.flags = unpack_u32(&u) & RECORD_CUT;
	cursor = unpack_slice(&u);
	r.bytes = unpack_slice(&u);
	if (!unpack_done(&u) || cursor.len == 0 || cursor.len >= CURSOR_MAX ||
	    r.bytes.len > RECORD_MAX || seq != t->heard + 1)
		return -1;
	r.offset = place_of(cursor);
	t->room->record(t->room->owner, &r);
	slice_to_cstr(cursor, t->cursor, sizeof(t->cursor));
	t->heard = seq;
	t->bytes += body.len;
	return 0;
}

static int
taker_heard(void *state, enum input_frame type, struct slice body, int fd)
{
	struct taker *t = state;

	if (fd != -1) {
		close(fd);
		return -1;
	}
	if (type == INPUT_RECORD)
		return take_record(t, body);
	return heard_aside(t->room, type, body);
}

static bool
taker_work(void *state)
{
	struct taker *t = state;
	const struct position p = {
		.stream = t->stream, .input = S("journal"),
		.source = S("journal"), .state = slice_of(t->cursor),
	};

	if (t->handed == t->heard)
		return false;
	t->room->position(t->room->owner, &p);
	t->handed = t->heard;
	if (t->bytes > HURRY_BYTES)
		t->room->hurry(t->room->owner);
	return false;
}

static void
taker_committed(void *state)
{
	struct taker *t = state;
	struct buf body = { 0 };

	if (t->acked == t->handed)
		return;
	t->acked = t->handed;
	t->bytes = 0;
	pack_u32(&body, 0);
	pack_u64(&body, t->acked);
	t->room->send(t->room->owner, INPUT_ACK, buf_slice(&body));
	buf_free(&body);
}

static void
taker_close(void *state)
{
	free(state);
}

const struct input in_journal = {
	.name = "journal",
	.role = "journal",
	.options = journal_opts,
	.options_size = sizeof(struct journal_options),
	.prepare = reader_prepare,
	.begin = reader_begin,
	.told = reader_told,
	.stop = reader_stop,
	.open = taker_open,
	.heard = taker_heard,
	.work = taker_work,
	.committed = taker_committed,
	.close = taker_close,
};
