#include "inputs/entries.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/pack.h"
#include "base/when.h"
#include "inputs/heard.h"

enum {
	TRUSTED_MAX = 8192,		/* a command line may be long */
	HEADING_MAX = 1024,
	HURRY_BYTES = 128 << 10,	/* then the judge commits at once */
	SERIAL_BITS = 24,
};

struct taker {
	const struct judge_room *room;
	struct stream stream;		/* of the position */
	struct stream numbered;		/* of entries with one s= */
	char cursor[CURSOR_MAX];
	uint64_t heard, handed, acked;	/* sequence numbers */
	size_t bytes;			/* since the last commit */
};

/* --- fields ---------------------------------------------------------------- */

static enum rank
rank_of(struct slice field)
{
	static const struct slice headings[] = {
		SLICE("SYSLOG_IDENTIFIER="), SLICE("SYSLOG_PID="),
		SLICE("SYSLOG_FACILITY="), SLICE("PRIORITY="),
		SLICE("MESSAGE_ID="), SLICE("N_DROPPED="),
	};

	if (slice_starts(field, S("_")))
		return RANK_TRUSTED;
	if (slice_starts(field, S("MESSAGE=")))
		return RANK_MESSAGE;
	for (size_t i = 0; i < COUNT(headings); i++)
		if (slice_starts(field, headings[i]))
			return RANK_HEADING;
	return RANK_OTHER;
}

bool
entries_add(struct buf *fields, enum rank rank, struct slice field)
{
	static const size_t bounds[RANKS] = {
		TRUSTED_MAX, HEADING_MAX, RECORD_MAX, RECORD_MAX,
	};
	size_t used = fields->len + sizeof(uint32_t), most;
	struct slice kept;

	if (rank_of(field) != rank)
		return true;
	most = used < RECORD_MAX ? RECORD_MAX - used : 0;
	kept = slice_head(slice_head(field, most), bounds[rank]);
	if (kept.len > 0 && memchr(kept.p, '=', kept.len) != NULL)
		pack_slice(fields, kept);
	return kept.len == field.len;
}

/* --- cursors --------------------------------------------------------------- */

/* What follows `name` ("t=") in "s=..;i=..;b=..;m=..;t=..;x=..". */
static struct slice
part(struct slice cursor, struct slice name)
{
	struct slice piece;

	while (cursor.len > 0) {
		if (!slice_cut(&cursor, ';', &piece)) {
			piece = cursor;
			cursor = S("");
		}
		if (slice_skip(&piece, name))
			return piece;
	}
	return S("");
}

/* A hexadecimal part; 0 when there is none. */
static uint64_t
number(struct slice cursor, struct slice name)
{
	struct slice text = part(cursor, name);
	uint64_t value = 0;

	for (size_t i = 0; i < text.len && i < 16; i++) {
		unsigned char c = text.p[i];

		if (c >= '0' && c <= '9')
			value = value << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (c - 'a' + 10u);
		else
			return 0;
	}
	return value;
}

bool
entries_same(struct slice a, struct slice b)
{
	static const struct slice names[] = {
		SLICE("b="), SLICE("m="), SLICE("t="), SLICE("x="),
	};

	for (size_t i = 0; i < COUNT(names); i++)
		if (!slice_eq(part(a, names[i]), part(b, names[i])))
			return false;
	return a.len > 0 && b.len > 0;
}

/*
 * The cursor names an entry for ever. Its number alone would do, but older
 * journalds may give one twice after a restart; the hash tells those apart.
 */
static uint64_t
place_of(struct slice cursor)
{
	struct digest d = digest_one(cursor);
	uint64_t serial = number(cursor, S("i="));

	return (serial & ((1u << SERIAL_BITS) - 1)) << 16 |
	    (uint64_t)d.b[0] << 8 | d.b[1];
}

/* --- gaps ------------------------------------------------------------------ */

/* journald says itself that it dropped messages of a unit (systemd v249). */
static void
tell_suppressed(struct taker *t, const struct record *r, int64_t when)
{
	struct gap gap = { .source = S("journal"), .reason = S("suppressed"),
		.from = when, .until = when, .count = GAP_UNKNOWN };
	struct unpack u = { r->bytes, false };
	bool said = false, by_journald = false;

	while (u.rest.len > 0 && !u.bad) {
		struct slice f = unpack_slice(&u);

		/* No client can write the second. */
		said |= slice_eq(f, S("MESSAGE_ID="
		    "a596d6fe7bfa4994828e72309e95d61e"));
		by_journald |= slice_eq(f, S("_TRANSPORT=driver"));
		if (slice_skip(&f, S("N_DROPPED=")))
			slice_to_u64(f, &gap.count);
		else if (slice_skip(&f, S("MESSAGE=")))
			gap.detail = slice_head(f, 1000);
	}
	if (said && by_journald)
		t->room->gap(t->room->owner, &gap);
}

/*
 * Entries are numbered. Numbers that are passed over were in a file that was
 * vacuumed before we read it, or in one that can't be read.
 */
static void
tell_missing(struct taker *t, struct slice cursor, unsigned flags,
    int64_t when)
{
	struct slice last = slice_of(t->cursor);
	uint64_t from = number(last, S("i=")), to = number(cursor, S("i="));
	bool counted = flags & ENTRY_ALL && from > 0 && to > from &&
	    slice_eq(part(last, S("s=")), part(cursor, S("s=")));
	struct gap gap = { .source = S("journal"), .until = when,
		.count = counted ? to - from - 1 : GAP_UNKNOWN };

	gap.from = (int64_t)number(last, S("t="));
	if (gap.from <= 0 || gap.from > when)
		gap.from = when;
	if (flags & ENTRY_BEHIND_GAP) {
		gap.reason = S("vacuumed");
		gap.detail = S("the entry that was read last is no longer "
		    "there");
	} else if (counted && gap.count > 0) {
		gap.reason = S("unreadable");
		gap.detail = S("entries between these two are not there: a "
		    "journal file is damaged or was removed");
	} else {
		return;
	}
	t->room->gap(t->room->owner, &gap);
}

/* --- the judge's side ------------------------------------------------------ */

static void
take_position(void *arg, const struct position *p)
{
	struct taker *t = arg;

	slice_to_cstr(p->state, t->cursor, sizeof(t->cursor));
}

void *
entries_open(const struct judge_room *room)
{
	struct taker *t = xcalloc(1, sizeof(*t));
	struct buf body = { 0 };

	t->room = room;
	t->stream = stream_make(room->host_id, S("journal"), 0);
	room->positions(room->owner, "journal", take_position, t);
	t->numbered = stream_make(room->host_id,
	    part(slice_of(t->cursor), S("s=")), 0);
	pack_slice(&body, slice_of(t->cursor));
	room->send(room->owner, INPUT_START, buf_slice(&body));
	buf_free(&body);
	return t;
}

static void
take_entry(struct taker *t, struct record *r, struct slice cursor,
    unsigned flags)
{
	int64_t when = (int64_t)number(cursor, S("t="));
	struct slice serials = part(cursor, S("s="));

	if (when <= 0 || when > r->received)
		when = r->received;
	tell_missing(t, cursor, flags, when);
	tell_suppressed(t, r, when);
	if (!slice_eq(serials, part(slice_of(t->cursor), S("s="))))
		t->numbered = stream_make(t->room->host_id, serials, 0);
	r->stream = t->numbered;
	r->offset = place_of(cursor);
	t->room->record(t->room->owner, r);
}

static int
take_record(struct taker *t, struct slice body)
{
	struct unpack u = { body, false };
	struct record r = { .form = FORM_JOURNAL, .source = S("journal"),
		.received = when_now() };
	struct slice cursor;
	uint64_t seq;
	unsigned flags;

	unpack_u32(&u);
	seq = unpack_u64(&u);
	flags = unpack_u32(&u);
	cursor = unpack_slice(&u);
	r.bytes = unpack_slice(&u);
	r.flags = flags & RECORD_CUT;
	if (!unpack_done(&u) || cursor.len == 0 || cursor.len >= CURSOR_MAX ||
	    memchr(cursor.p, '\0', cursor.len) != NULL ||
	    r.bytes.len > RECORD_MAX || seq != t->heard + 1)
		return -1;
	if (r.bytes.len > 0)
		take_entry(t, &r, cursor, flags);
	slice_to_cstr(cursor, t->cursor, sizeof(t->cursor));
	t->heard = seq;
	t->bytes += body.len;
	return 0;
}

int
entries_heard(void *state, enum input_frame type, struct slice body, int fd)
{
	struct taker *t = state;

	if (fd != -1) {
		close(fd);
		return -1;
	}
	if (type == INPUT_RECORD)
		return take_record(t, body);
	if (type == INPUT_LISTED)
		return body.len == 0 ? 0 : -1;
	return heard_aside(t->room, type, body);
}

void
entries_settle(void *state)
{
	struct taker *t = state;
	const struct position p = {
		.stream = t->stream, .input = S("journal"),
		.source = S("journal"), .state = slice_of(t->cursor),
	};

	if (t->handed == t->heard)
		return;
	t->room->position(t->room->owner, &p);
	t->handed = t->heard;
}

bool
entries_work(void *state)
{
	struct taker *t = state;

	entries_settle(t);
	if (t->bytes > HURRY_BYTES)
		t->room->hurry(t->room->owner);
	return false;
}

void
entries_committed(void *state)
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

void
entries_close(void *state)
{
	free(state);
}
