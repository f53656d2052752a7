/*
 * systemd's journal. The watch side reads it with libsystemd, which is loaded
 * at run time so that no other role maps it; the judge side is in entries.c.
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-journal.h>

#include "base/log.h"
#include "base/pack.h"
#include "inputs/entries.h"
#include "inputs/input.h"
#include "inputs/libjournal.h"

enum {
	ENTRIES_AT_ONCE = 256,
	UNACKED_MAX = 4096,		/* entries */
	UNACKED_BYTES = 1 << 20,
	RETRY = 1000000,		/* microseconds, after an error */
	LOOK = 20 * 1000000,		/* for a journal made since */
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

static const char *const default_places[] = {
	"/run/log/journal", "/var/log/journal",
};

/* A match that libsystemd does not take would be none. */
static int
check(const void *options, const struct node *at, struct diag *d)
{
	const struct journal_options *o = options;

	for (size_t i = 0; o->match != NULL && i < o->match->count; i++) {
		const char *match = o->match->items[i];
		size_t name = strspn(match, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		    "0123456789_");

		if (name == 0 || match[name] != '=')
			return node_error(d, node_get(at, "match"),
			    "\"%s\": expected FIELD=value, the field in "
			    "capitals", match);
	}
	return 0;
}

static void
places(const void *options,
    void (*each)(void *arg, const struct input_place *place), void *arg)
{
	const struct journal_options *o = options;

	each(arg, &(struct input_place){ FORM_JOURNAL, "journal",
	    (o->units != NULL && o->units->count > 0) ||
	    (o->match != NULL && o->match->count > 0) });
}

/* An entry that the judge has not acknowledged. */
struct unacked {
	uint64_t seq;
	size_t bytes;
};

struct reader {
	struct libjournal lib;
	struct watch_room *room;
	const struct journal_options *options;
	sd_journal *journal;
	struct loop_fd *watched;
	struct loop_timer *again, *look;
	struct buf fields, frame;
	char last[CURSOR_MAX];	/* cursor of what was sent last */
	uint64_t seq;
	struct unacked unacked[UNACKED_MAX];	/* a ring */
	size_t first, count, bytes;
	bool started;
	bool ended;		/* was at the end once */
	bool standing;		/* on an entry that was not sent yet */
	bool behind_gap;	/* the next one is */
	bool all;		/* no entry is left out or unreadable */
	bool places[COUNT(default_places)];		/* of default_places: which there were */
	struct log_limit limit;
};

/* --- opening ------------------------------------------------------------- */

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

static int
add_unit(struct reader *r, const char *unit)
{
	struct buf text = { 0 };
	int ret;

	buf_fmt(&text, "_SYSTEMD_UNIT=%s%s", unit,
	    strchr(unit, '.') == NULL ? ".service" : "");
	ret = r->lib.add_match(r->journal, text.p, text.len);
	buf_free(&text);
	return ret;
}

/* One of the units, and one of the matches. */
static int
add_matches(struct reader *r)
{
	const struct strlist *units = r->options->units;
	const struct strlist *match = r->options->match;
	int ret = 0;

	for (size_t i = 0; units != NULL && i < units->count && ret >= 0; i++)
		ret = add_unit(r, units->items[i]);
	if (units != NULL && units->count > 0 && ret >= 0)
		ret = r->lib.add_conjunction(r->journal);
	for (size_t i = 0; match != NULL && i < match->count && ret >= 0;
	    i++) {
		ret = r->lib.add_match(r->journal, match->items[i], 0);
		if (ret >= 0)
			ret = r->lib.add_disjunction(r->journal);
	}
	return ret;
}

/*
 * Opens it with all that belongs to it. libsystemd notices files that come and
 * go, but no directory that was not there yet.
 */
static int
open_all(struct reader *r, struct err *err)
{
	int ret = open_journal(r);

	for (size_t i = 0; i < COUNT(default_places); i++)
		r->places[i] = access(default_places[i], F_OK) == 0;
	if (ret >= 0) {
		r->lib.set_data_threshold(r->journal, RECORD_MAX);
		ret = add_matches(r);
	}
	if (ret >= 0)
		ret = r->lib.get_fd(r->journal);
	if (ret >= 0)
		return 0;
	errno = -ret;
	return err_sys(err, "journal");
}

static void pump(struct reader *r);

static void
changed(void *arg, unsigned events)
{
	struct reader *r = arg;

	(void)events;
	/* Files went: perhaps to where there was no directory before. */
	if (r->lib.process(r->journal) == SD_JOURNAL_INVALIDATE)
		loop_timer_set(r->look, 0);
	pump(r);
}

static void
again(void *arg)
{
	pump(arg);
}

static void seek_cursor(struct reader *r, const char *cursor);

static void
reopen(struct reader *r)
{
	struct err err;

	loop_remove(r->watched);
	r->watched = NULL;
	r->lib.close(r->journal);
	r->journal = NULL;
	if (open_all(r, &err) == 0)
		r->watched = loop_add(r->room->loop,
		    r->lib.get_fd(r->journal), LOOP_READ, changed, r);
	if (r->watched == NULL) {
		/* The sensor starts anew, which is a clean way to go on. */
		log_error("journal: can't be opened again");
		loop_stop(r->room->loop);
		return;
	}
	seek_cursor(r, r->last);
}

/* A persistent journal was made, or journald started, since we opened. */
static void
look(void *arg)
{
	struct reader *r = arg;
	bool more = false;

	for (size_t i = 0; i < COUNT(default_places); i++)
		more |= !r->places[i] && access(default_places[i], F_OK) == 0;
	loop_timer_set(r->look, LOOK);
	if (!more)
		return;
	reopen(r);
	if (r->journal != NULL)
		pump(r);
}

static void
reader_stop(void *state)
{
	struct reader *r = state;

	loop_remove(r->watched);
	loop_timer_free(r->again);
	loop_timer_free(r->look);
	if (r->journal != NULL)
		r->lib.close(r->journal);
	buf_free(&r->fields);
	buf_free(&r->frame);
	free(r);
}

/* What is not there yet may be made while we run: then its parent. */
static void
allow_place(struct reader *r, const char *path)
{
	char parent[CURSOR_MAX];
	char *slash;

	snprintf(parent, sizeof(parent), "%s", path);
	while (access(parent, F_OK) == -1 &&
	    (slash = strrchr(parent, '/')) != NULL && slash != parent)
		*slash = '\0';
	r->room->allow(r->room->owner, parent);
}

static void
allow_reading(struct reader *r)
{
	if (r->options->directory != NULL)
		r->room->allow(r->room->owner, r->options->directory);
	for (size_t i = 0; i < COUNT(default_places); i++)
		allow_place(r, default_places[i]);
	r->room->allow(r->room->owner, "/etc/machine-id");
}

static void
drained(void *state)
{
	pump(state);
}

/* Without the group one sees a user's own entries, or none. */
static bool
reads_all(const struct journal_options *o)
{
	const struct group *gr = getgrnam("systemd-journal");

	if ((o->units != NULL && o->units->count > 0) ||
	    (o->match != NULL && o->match->count > 0))
		return false;
	return geteuid() == 0 || (gr != NULL && group_member(gr->gr_gid));
}

static void *
reader_prepare(const void *const *options, size_t count,
    struct watch_room *room, struct err *err)
{
	struct reader *r = xcalloc(1, sizeof(*r));

	(void)count;
	r->room = room;
	r->options = options[0];
	r->all = reads_all(r->options);
	room->drained = drained;
	if (libjournal_load(&r->lib, err) == -1 || open_all(r, err) == -1) {
		reader_stop(r);
		return NULL;
	}
	allow_reading(r);
	return r;
}

static int
reader_begin(void *state, struct err *err)
{
	struct reader *r = state;

	r->again = loop_timer(r->room->loop, again, r);
	r->look = loop_timer(r->room->loop, look, r);
	r->watched = loop_add(r->room->loop, r->lib.get_fd(r->journal),
	    LOOP_READ, changed, r);
	if (r->watched == NULL)
		return err_sys(err, "journal: epoll");
	return 0;
}

/* --- where to go on -------------------------------------------------------- */

static void
frame_begin(struct reader *r, unsigned flags, const char *cursor)
{
	buf_clear(&r->frame);
	pack_u32(&r->frame, 0);
	pack_u64(&r->frame, ++r->seq);
	pack_u32(&r->frame, flags);
	pack_slice(&r->frame, slice_of(cursor));
	snprintf(r->last, sizeof(r->last), "%s", cursor);
}

static void
frame_end(struct reader *r)
{
	struct unacked *u =
	    &r->unacked[(r->first + r->count++) % UNACKED_MAX];

	u->seq = r->seq;
	u->bytes = r->frame.len;
	r->bytes += u->bytes;
	r->room->send(r->room->owner, INPUT_RECORD, buf_slice(&r->frame), -1);
}

/* Where a first start stood is kept, or the next would stand further on. */
static void
send_place(struct reader *r, const char *cursor)
{
	frame_begin(r, 0, cursor);
	pack_slice(&r->frame, S(""));
	frame_end(r);
}

/*
 * At the first start: behind the last entry, or before the first. A journal
 * without entries has no end to stand at, and its first entry is a new one.
 */
static void
seek_first(struct reader *r)
{
	char *cursor = NULL;

	if (r->options->from == FROM_END &&
	    r->lib.seek_tail(r->journal) >= 0 &&
	    r->lib.previous(r->journal) > 0 &&
	    r->lib.get_cursor(r->journal, &cursor) >= 0)
		send_place(r, cursor);
	else
		r->lib.seek_head(r->journal);
	free(cursor);
}

/*
 * Whether the journal stands on the entry of the cursor. Not by
 * sd_journal_test_cursor: when journald flushes /run to /var, entries get
 * other numbers there (s=, i=), but stay what they are.
 */
static bool
stands_on(struct reader *r, const char *cursor)
{
	char *here = NULL;
	bool same = r->lib.get_cursor(r->journal, &here) >= 0 &&
	    entries_same(slice_of(cursor), slice_of(here));

	free(here);
	return same;
}

/*
 * Behind the entry of the cursor. When that is no longer there (vacuumed),
 * the journal stands on the next one, which is then new, and the judge is
 * told that something is missing before it.
 */
static void
seek_cursor(struct reader *r, const char *cursor)
{
	r->standing = false;
	r->behind_gap = cursor[0] != '\0';
	if (cursor[0] == '\0' || r->lib.seek_cursor(r->journal, cursor) < 0) {
		r->lib.seek_head(r->journal);
		return;
	}
	if (r->lib.next(r->journal) <= 0)
		return;
	r->standing = !stands_on(r, cursor);
	r->behind_gap = r->standing;
}

static void
start(struct reader *r, struct slice body)
{
	struct unpack u = { body, false };
	struct slice position = unpack_slice(&u);

	if (r->started)
		return;
	r->started = true;
	slice_to_cstr(position, r->last, sizeof(r->last));
	if (position.len == 0)
		seek_first(r);
	else
		seek_cursor(r, r->last);
	loop_timer_set(r->look, LOOK);
	pump(r);
}

/* --- entries --------------------------------------------------------------- */

/* Fills r->fields; the flags of the record. */
static unsigned
collect(struct reader *r, const char *cursor)
{
	bool whole = true;
	const void *data;
	uint64_t when = 0;
	size_t len;
	int ret;

	buf_clear(&r->fields);
	buf_clear(&r->frame);
	r->lib.get_realtime(r->journal, &when);
	buf_fmt(&r->frame, "__REALTIME_TIMESTAMP=%llu",
	    (unsigned long long)when);
	pack_slice(&r->fields, buf_slice(&r->frame));
	buf_clear(&r->frame);
	buf_fmt(&r->frame, "__CURSOR=%s", cursor);
	pack_slice(&r->fields, buf_slice(&r->frame));
	for (enum rank rank = 0; rank < RANKS; rank++) {
		r->lib.restart(r->journal);
		while ((ret = r->lib.enumerate(r->journal, &data, &len)) > 0)
			whole &= entries_add(&r->fields, rank,
			    slice_bytes(data, len));
		whole &= ret == 0;	/* else the file is damaged here */
	}
	return whole ? 0 : RECORD_CUT;
}

static void
send_entry(struct reader *r)
{
	char *cursor = NULL;
	unsigned flags;

	if (r->lib.get_cursor(r->journal, &cursor) < 0)
		return;
	flags = collect(r, cursor);
	flags |= r->behind_gap ? ENTRY_BEHIND_GAP : 0;
	flags |= r->all ? ENTRY_ALL : 0;
	r->behind_gap = false;
	frame_begin(r, flags, cursor);
	free(cursor);
	pack_slice(&r->frame, buf_slice(&r->fields));
	frame_end(r);
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
/* Once: all that was there when we began is sent. */
static void
tell_end(struct reader *r)
{
	if (!r->ended)
		r->room->send(r->room->owner, INPUT_LISTED, S(""), -1);
	r->ended = true;
}

static void
pump(struct reader *r)
{
	for (size_t i = 0; i < ENTRIES_AT_ONCE; i++) {
		int ret;

		if (!may_send(r))
			return;	/* an ack or drained() calls again */
		ret = step(r);
		if (ret == 0) {
			tell_end(r);
			return;	/* the descriptor tells of more */
		}
		if (ret < 0) {
			loop_timer_set(r->again, RETRY);
			return;
		}
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

const struct input in_journal = {
	.name = "journal",
	.role = "journal",
	.options = journal_opts,
	.options_size = sizeof(struct journal_options),
	.once = true,
	.check = check,
	.places = places,
	.prepare = reader_prepare,
	.begin = reader_begin,
	.told = reader_told,
	.stop = reader_stop,
	.open = entries_open,
	.heard = entries_heard,
	.work = entries_work,
	.settle = entries_settle,
	.committed = entries_committed,
	.close = entries_close,
};
