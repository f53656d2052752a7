#include "inputs/track.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/pack.h"
#include "base/when.h"
#include "inputs/lines.h"

enum {
	/* Closed tracks in all; what of it falls to one lineage, within. */
	TRACKS_GOAL = 32768,
	TRACKS_MOST = 24,
	TRACKS_LEAST = 2,
	DAMAGED_TRIES = 1024,
};

static struct slice
place_key(const struct identity *id, unsigned char key[16])
{
	memcpy(key, &id->dev, 8);
	memcpy(key + 8, &id->ino, 8);
	return slice_bytes(key, 16);
}

struct track *
tracker_there(struct tracker *tr, const struct identity *id)
{
	unsigned char key[16];

	return map_get(tr->by_inode, place_key(id, key));
}

static void
settle(struct tracker *tr, struct track *t)
{
	unsigned char key[16];

	t->next_there = tracker_there(tr, &t->id);
	map_put(tr->by_inode, place_key(&t->id, key), t);
	t->homeless = false;
}

static void
unsettle(struct tracker *tr, struct track *t)
{
	unsigned char key[16];
	struct slice place = place_key(&t->id, key);
	struct track *first = tracker_there(tr, &t->id), *at;

	if (t->homeless || first == NULL)
		return;
	if (first == t && t->next_there == NULL)
		map_remove(tr->by_inode, place);
	else if (first == t)
		map_put(tr->by_inode, place, t->next_there);
	for (at = first; at != NULL; at = at->next_there)
		if (at->next_there == t)
			at->next_there = t->next_there;
	t->next_there = NULL;
}

void
track_move(struct tracker *tr, struct track *t, const struct identity *id)
{
	unsettle(tr, t);
	t->id.dev = id->dev;
	t->id.ino = id->ino;
	t->id.generation = id->generation;
	t->id.birth = id->birth;
	settle(tr, t);
}

void
track_evict(struct tracker *tr, struct track *t)
{
	unsettle(tr, t);
	t->homeless = true;
}

struct lineage *
tracker_find(struct tracker *tr, struct slice path)
{
	return map_get(tr->lineages, path);
}

struct lineage *
tracker_lineage(struct tracker *tr, struct slice path)
{
	struct lineage *lin = tracker_find(tr, path);

	if (lin != NULL)
		return lin;
	lin = xcalloc(1, sizeof(*lin));
	lin->path = slice_of(xslicedup(path));
	lin->path.len = path.len;
	TAILQ_INIT(&lin->tracks);
	TAILQ_INIT(&lin->files);
	lin->floor = tr->now;
	lin->fresh = true;
	map_put(tr->lineages, path, lin);
	return lin;
}

static struct track *
track_add(struct tracker *tr, struct lineage *lin)
{
	struct track *t = xcalloc(1, sizeof(*t));

	t->lineage = lin;
	t->homeless = true;
	TAILQ_INSERT_TAIL(&lin->tracks, t, link);
	tr->count++;
	return t;
}

static void
track_free(struct tracker *tr, struct track *t)
{
	unsettle(tr, t);
	TAILQ_REMOVE(&t->lineage->tracks, t, link);
	tr->count--;
	free(t);
}

/* --- the text of a position's state ----------------------------------- */

static void
write_state(struct buf *out, const struct track *t)
{
	const char *form = t->homeless ? "copy" : t->gzip ? "gzip" : "plain";

	identity_write(out, &t->id);
	buf_fmt(out, " cut=%llu mode=%u mtime=%lld floor=%lld:%llu form=%s "
	    "end=%d", (unsigned long long)t->truncations, t->mode,
	    (long long)t->mtime, (long long)t->lineage->floor,
	    (unsigned long long)t->lineage->floor_ino, form, t->finished);
}

static int
take_form(struct track *t, struct slice value)
{
	t->gzip = slice_eq(value, S("gzip"));
	t->homeless = slice_eq(value, S("copy"));
	return t->gzip || t->homeless || slice_eq(value, S("plain")) ? 0 : -1;
}

/* The latest of all tracks' counts. */
static int
take_floor(struct lineage *lin, struct slice value)
{
	struct slice when;
	uint64_t ino;
	int64_t floor;

	if (!slice_cut(&value, ':', &when) ||
	    slice_to_i64(when, &floor) == -1 ||
	    slice_to_u64(value, &ino) == -1)
		return -1;
	if (lin->fresh || floor > lin->floor) {
		lin->floor = floor;
		lin->floor_ino = ino;
	}
	return 0;
}

static int
take_number(struct track *t, struct slice key, struct slice value)
{
	uint64_t n;

	if (slice_eq(key, S("mtime")))
		return slice_to_i64(value, &t->mtime);
	if (slice_eq(key, S("floor")))
		return take_floor(t->lineage, value);
	if (slice_to_u64(value, &n) == -1)
		return -1;
	if (slice_eq(key, S("cut")))
		t->truncations = n;
	else if (slice_eq(key, S("mode")) && n <= LINES_HOLE)
		t->mode = (unsigned)n;
	else if (slice_eq(key, S("end")) && n <= 1)
		t->finished = n == 1;
	else
		return -1;
	return 0;
}

/* Each key once and all of them, or the text proves nothing. */
static int
read_state(struct track *t, struct slice text)
{
	struct slice part, key;
	unsigned keys = 0;
	int taken;

	while (text.len > 0) {
		if (!slice_cut(&text, ' ', &part)) {
			part = text;
			text = S("");
		}
		if (!slice_cut(&part, '=', &key))
			return -1;
		keys++;
		taken = identity_take(&t->id, key, part);
		if (taken == 0)
			taken = slice_eq(key, S("form")) ?
			    take_form(t, part) : take_number(t, key, part);
		if (taken == -1)
			return -1;
	}
	return keys == 13 && t->offset >= t->id.tail.len ? 0 : -1;
}

static void
load(void *arg, const struct position *p)
{
	struct tracker *tr = arg;
	struct lineage *lin = tracker_lineage(tr, p->source);
	struct track *t = track_add(tr, lin);

	t->stream = p->stream;
	t->offset = p->offset;
	t->loaded = true;
	if (read_state(t, p->state) == -1) {
		log_warn("%.*s: its position can't be read; reading it from "
		    "the start, known alerts are not repeated",
		    (int)p->source.len, (const char *)p->source.p);
		t->id = (struct identity){ 0 };
		t->offset = t->truncations = t->mode = 0;
		t->homeless = true;
		t->gzip = t->finished = false;
		t->mtime = 0;
	}
	lin->fresh = false;
	if (!t->homeless)
		settle(tr, t);
}

static void
sort_by_age(struct lineage *lin)
{
	struct tracks sorted = TAILQ_HEAD_INITIALIZER(sorted);
	struct track *t, *at;

	while ((t = TAILQ_FIRST(&lin->tracks)) != NULL) {
		TAILQ_REMOVE(&lin->tracks, t, link);
		TAILQ_FOREACH_REVERSE(at, &sorted, tracks, link)
			if (at->mtime <= t->mtime)
				break;
		if (at == NULL)
			TAILQ_INSERT_HEAD(&sorted, t, link);
		else
			TAILQ_INSERT_AFTER(&sorted, at, t, link);
	}
	TAILQ_CONCAT(&lin->tracks, &sorted, link);
}

struct tracker *
tracker_new(const struct judge_room *room)
{
	struct tracker *tr = xcalloc(1, sizeof(*tr));
	struct slice path;
	void *lin;
	size_t at = 0;

	tr->room = room;
	tr->lineages = map_new();
	tr->by_inode = map_new();
	/* File times lag behind the clock by a tick of the kernel. */
	tr->now = (when_now() - SECOND / 50) * 1000;
	room->positions(room->owner, "file", load, tr);
	while (map_next(tr->lineages, &at, &path, &lin))
		sort_by_age(lin);
	return tr;
}

void
tracker_free(struct tracker *tr)
{
	struct slice path;
	size_t at = 0;
	void *value;

	while (map_next(tr->lineages, &at, &path, &value)) {
		struct lineage *lin = value;
		struct track *t;

		while ((t = TAILQ_FIRST(&lin->tracks)) != NULL)
			track_free(tr, t);
		free((void *)(uintptr_t)lin->path.p);
		free(lin);
	}
	map_free(tr->lineages);
	map_free(tr->by_inode);
	free(tr);
}

/* --- new, stored, forgotten ------------------------------------------- */

static struct stream
name_stream(const struct tracker *tr, const struct identity *id,
    uint64_t truncations)
{
	struct buf name = { 0 };
	struct stream s;

	identity_name(&name, id);
	s = stream_make(tr->room->host_id, buf_slice(&name), truncations);
	buf_free(&name);
	return s;
}

static bool
same_stream(struct stream a, struct stream b)
{
	return memcmp(a.b, b.b, sizeof(a.b)) == 0;
}

/*
 * A track whose state was damaged still has its stream. If it is one that
 * this place would have given, its ids go on, and what is read again is not
 * written again.
 */
static struct track *
find_damaged(struct tracker *tr, struct lineage *lin,
    const struct identity *id)
{
	struct track *t;

	TAILQ_FOREACH(t, &lin->tracks, link) {
		if (t->id.dev != 0 || t->id.ino != 0 || t->file != NULL)
			continue;
		for (uint64_t n = 0; n < DAMAGED_TRIES; n++) {
			if (!same_stream(t->stream, name_stream(tr, id, n)))
				continue;
			t->truncations = n;
			return t;
		}
	}
	return NULL;
}

/* Of a copy that inherited it, for one; an id must never be given twice. */
static bool
is_taken(const struct lineage *lin, struct stream s)
{
	const struct track *t;

	TAILQ_FOREACH(t, &lin->tracks, link)
		if (same_stream(t->stream, s))
			return true;
	return false;
}

struct track *
track_new(struct tracker *tr, struct lineage *lin, const struct identity *id,
    uint64_t truncations)
{
	struct track *t = find_damaged(tr, lin, id);
	struct stream s = name_stream(tr, id, truncations);

	while (t == NULL && is_taken(lin, s))
		s = name_stream(tr, id, ++truncations);
	if (t == NULL) {
		t = track_add(tr, lin);
		t->truncations = truncations;
		t->stream = s;
	}
	t->id = *id;
	settle(tr, t);
	return t;
}

void
track_store(struct tracker *tr, struct track *t)
{
	struct buf state = { 0 };
	struct position p = {
		.stream = t->stream,
		.input = S("file"),
		.source = t->lineage->path,
		.offset = t->offset,
	};

	write_state(&state, t);
	p.state = buf_slice(&state);
	tr->room->position(tr->room->owner, &p);
	buf_free(&state);
}

bool
lineage_is_past(const struct lineage *lin, int64_t mtime, uint64_t ino)
{
	/* Two that were written in one tick of the kernel have one time. */
	return mtime < lin->floor ||
	    (mtime == lin->floor && ino == lin->floor_ino);
}

static size_t
allowed(const struct tracker *tr)
{
	size_t n = TRACKS_GOAL / (map_count(tr->lineages) + 1);

	return n > TRACKS_MOST ? TRACKS_MOST :
	    n < TRACKS_LEAST ? TRACKS_LEAST : n;
}

void
lineage_trim(struct tracker *tr, struct lineage *lin)
{
	struct track *t, *next;
	size_t closed = 0, most = allowed(tr);

	TAILQ_FOREACH(t, &lin->tracks, link)
		closed += t->file == NULL;
	for (t = TAILQ_FIRST(&lin->tracks); t != NULL && closed > most;
	    t = next) {
		next = TAILQ_NEXT(t, link);
		if (t->file != NULL)
			continue;
		if (t->mtime >= lin->floor) {
			lin->floor = t->mtime;
			lin->floor_ino = t->homeless ? 0 : t->id.ino;
		}
		tr->room->forget(tr->room->owner, t->stream);
		track_free(tr, t);
		closed--;
	}
}
