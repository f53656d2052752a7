/*
 * What is said of bytes that nobody could read: of truncations, once it is
 * clear whether a copy was kept, and of files that went away while nobody
 * looked.
 */
#include <stdlib.h>

#include "base/when.h"
#include "inputs/tail.h"

void
losses_cut(struct tail *tl, struct tailed *f, bool unread)
{
	struct cut *c = xcalloc(1, sizeof(*c));

	c->lineage = f->lineage;
	c->stream = f->track->stream;
	c->when = when_now();
	c->due = when_steady() + tl->spans.settle;
	c->unread = unread;
	c->active = f->grown != 0 && 
	    when_steady() - f->grown < tl->spans.active;
	TAILQ_INSERT_TAIL(&tl->cuts, c, link);
	if (!loop_timer_pending(tl->tick))
		loop_timer_set(tl->tick, tl->spans.tick);
}

void
losses_copied(struct tail *tl, struct stream s)
{
	struct cut *c;

	TAILQ_FOREACH(c, &tl->cuts, link)
		if (memcmp(c->stream.b, s.b, sizeof(s.b)) == 0)
			c->copied = true;
}

void
losses_review(struct tail *tl)
{
	int64_t now = when_steady();
	struct cut *c, *next;

	for (c = TAILQ_FIRST(&tl->cuts); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->due > now)
			continue;
		if (c->active || !c->copied)
			tail_gap(tl, c->lineage, S("truncated"), c->when,
			    "truncated %s; what was written just before may "
			    "be lost", c->copied ? "after being copied" :
			    "and no copy of it was found");
		TAILQ_REMOVE(&tl->cuts, c, link);
		free(c);
	}
}

/* Of those that were known before we began. */
static struct track *
newest(const struct lineage *lin)
{
	struct track *t, *found = NULL;

	TAILQ_FOREACH(t, &lin->tracks, link)
		if (t->loaded && (found == NULL ||
		    t->mtime >= found->mtime))
			found = t;
	return found;
}

void
losses_missing(struct tail *tl)
{
	struct slice path;
	size_t at = 0;
	void *value;

	while (map_next(tl->tracker->lineages, &at, &path, &value)) {
		struct lineage *lin = value;
		struct track *t = newest(lin);

		if (t == NULL || t->seen || t->homeless || t->finished)
			continue;
		tail_gap(tl, lin, S("missing"), t->mtime / 1000,
		    "the file that was read up to byte %llu is gone, or no "
		    "longer configured", (unsigned long long)t->offset);
		t->finished = true;
		track_store(tl->tracker, t);
	}
}
