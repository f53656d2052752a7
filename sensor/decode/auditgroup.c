#include "decode/auditgroup.h"

#include <stdlib.h>

#include "base/buf.h"

enum group_state { GROUP_FREE, GROUP_BEGUN, GROUP_WHOLE };

struct group {
	enum group_state state;
	bool args;		/* an EXECVE is there: it did start */
	int64_t time;
	uint64_t serial;
	uint64_t touched;	/* at which record */
	struct buf source, bytes;
	struct auditgroup out;
};

struct auditgroups {
	struct group groups[AUDIT_GROUPS_MAX];
	struct group *taken;	/* what auditgroups_take gave last */
	size_t begun;
	uint64_t records;
};

struct auditgroups *
auditgroups_new(void)
{
	return xcalloc(1, sizeof(struct auditgroups));
}

void
auditgroups_free(struct auditgroups *g)
{
	if (g == NULL)
		return;
	for (size_t i = 0; i < AUDIT_GROUPS_MAX; i++) {
		buf_free(&g->groups[i].source);
		buf_free(&g->groups[i].bytes);
	}
	free(g);
}

/* Frees what was given out, and what turned out to start no program. */
static void
release(struct auditgroups *g, struct group *old)
{
	old->state = GROUP_FREE;
	g->begun--;
}

static void
release_taken(struct auditgroups *g)
{
	if (g->taken != NULL)
		release(g, g->taken);
	g->taken = NULL;
}

static struct group *
find(struct auditgroups *g, const struct record *r,
    const struct auditline *line)
{
	for (size_t i = 0; i < AUDIT_GROUPS_MAX && g->begun > 0; i++) {
		struct group *old = &g->groups[i];

		if (old->state == GROUP_BEGUN && old->serial == line->serial &&
		    old->time == line->time && memcmp(&old->out.record.stream,
		    &r->stream, sizeof(r->stream)) == 0)
			return old;
	}
	return NULL;
}

/*
 * A free place. There is none only if nobody asks for what is due: then that of
 * the event that was silent for longest.
 */
static struct group *
place(struct auditgroups *g)
{
	struct group *oldest = &g->groups[0];

	for (size_t i = 0; i < AUDIT_GROUPS_MAX; i++) {
		if (g->groups[i].state == GROUP_FREE)
			return &g->groups[i];
		if (g->groups[i].touched < oldest->touched)
			oldest = &g->groups[i];
	}
	release(g, oldest);
	return oldest;
}

static void
append(struct group *to, struct slice bytes)
{
	if (to->bytes.len + bytes.len + 1 > AUDIT_GROUP_BYTES) {
		to->out.cut = true;
		return;
	}
	if (to->bytes.len > 0)
		buf_byte(&to->bytes, '\n');
	buf_add(&to->bytes, bytes);
}

static void
begin(struct auditgroups *g, const struct record *r,
    const struct auditline *line)
{
	struct group *new = place(g);

	new->state = GROUP_BEGUN;
	new->args = new->out.cut = false;
	new->time = line->time;
	new->serial = line->serial;
	new->out.record = *r;
	buf_clear(&new->source);
	buf_add(&new->source, r->source);
	buf_clear(&new->bytes);
	append(new, r->bytes);
	new->touched = g->records;
	g->begun++;
}

void
auditgroups_add(struct auditgroups *g, const struct record *r,
    const struct auditline *line, bool begins)
{
	struct group *old;

	release_taken(g);
	g->records++;
	old = find(g, r, line);
	if (old == NULL) {
		if (begins)
			begin(g, r, line);
		return;
	}
	old->touched = g->records;
	old->args |= slice_eq(line->type, S("EXECVE"));
	append(old, r->bytes);
	if (slice_eq(line->type, S("PROCTITLE")) ||
	    slice_eq(line->type, S("EOE")))
		old->state = GROUP_WHOLE;
}

static bool
is_due(const struct auditgroups *g, const struct group *old, bool all)
{
	return old->state == GROUP_WHOLE || (old->state == GROUP_BEGUN &&
	    (all || g->begun == AUDIT_GROUPS_MAX ||
	    g->records - old->touched >= AUDIT_GROUP_WAIT));
}

/* Of those that are due the one that began first. */
static struct group *
first_due(struct auditgroups *g, bool all)
{
	struct group *first = NULL;

	for (size_t i = 0; i < AUDIT_GROUPS_MAX; i++) {
		struct group *old = &g->groups[i];

		if (is_due(g, old, all) && (first == NULL ||
		    old->serial < first->serial))
			first = old;
	}
	return first;
}

const struct auditgroup *
auditgroups_take(struct auditgroups *g, bool all)
{
	struct group *due;

	release_taken(g);
	while (g->begun > 0 && (due = first_due(g, all)) != NULL) {
		/* No EXECVE: the program could not be started. */
		if (!due->args) {
			release(g, due);
			continue;
		}
		g->taken = due;
		due->out.record.source = buf_slice(&due->source);
		due->out.record.bytes = buf_slice(&due->bytes);
		return &due->out;
	}
	return NULL;
}
