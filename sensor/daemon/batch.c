#include "daemon/batch.h"

#include <stdlib.h>

#include "base/arena.h"

enum step_type {
	STEP_ENTRY,
	STEP_POSITION,
	STEP_FORGET,
	STEP_CURSOR,
	STEP_DEAD_LETTER,
};

struct step {
	struct step *next;
	enum step_type type;
	union {
		struct entry entry;
		struct position position;
		struct stream stream;
		struct {
			const char *name;	/* lives as long as the batch */
			uint64_t seq;
			struct slice reason;
		} output;
	};
};

struct batch {
	struct arena *arena;
	struct step *first, **last;
	size_t entries;
};

struct batch *
batch_new(void)
{
	struct batch *b = xcalloc(1, sizeof(*b));

	b->arena = arena_new(0);
	b->last = &b->first;
	return b;
}

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	arena_free(b->arena);
	free(b);
}

static struct step *
add(struct batch *b, enum step_type type)
{
	struct step *s = arena_alloc(b->arena, sizeof(*s));

	s->type = type;
	*b->last = s;
	b->last = &s->next;
	return s;
}

static void
keep(struct batch *b, struct slice *s)
{
	*s = arena_keep(b->arena, *s);
}

void
batch_entry(struct batch *b, const struct entry *e)
{
	struct entry *to = &add(b, STEP_ENTRY)->entry;

	*to = *e;
	keep(b, &to->rule);
	keep(b, &to->title);
	keep(b, &to->user);
	keep(b, &to->source);
	keep(b, &to->session);
	keep(b, &to->body);
	b->entries++;
}

void
batch_position(struct batch *b, const struct position *p)
{
	struct position *to = &add(b, STEP_POSITION)->position;

	*to = *p;
	keep(b, &to->input);
	keep(b, &to->source);
	keep(b, &to->state);
}

void
batch_forget(struct batch *b, struct stream s)
{
	add(b, STEP_FORGET)->stream = s;
}

void
batch_cursor(struct batch *b, const char *output, uint64_t seq)
{
	struct step *s = add(b, STEP_CURSOR);

	s->output.name = output;
	s->output.seq = seq;
}

void
batch_dead_letter(struct batch *b, const char *output, uint64_t seq,
    const char *reason)
{
	struct step *s = add(b, STEP_DEAD_LETTER);

	s->output.name = output;
	s->output.seq = seq;
	s->output.reason = arena_keep(b->arena, slice_of(reason));
}

size_t
batch_entries(const struct batch *b)
{
	return b->entries;
}

size_t
batch_bytes(const struct batch *b)
{
	return arena_used(b->arena);
}

bool
batch_is_empty(const struct batch *b)
{
	return b->first == NULL;
}

void
batch_clear(struct batch *b)
{
	arena_reset(b->arena);
	b->first = NULL;
	b->last = &b->first;
	b->entries = 0;
}

static int
write_step(struct step *s, struct store *st, struct err *err)
{
	switch (s->type) {
	case STEP_ENTRY:
		return store_append(st, &s->entry, err) == -1 ? -1 : 0;
	case STEP_POSITION:
		return store_position(st, &s->position, err);
	case STEP_FORGET:
		return store_forget(st, s->stream, err);
	case STEP_CURSOR:
		return store_cursor_set(st, s->output.name, s->output.seq,
		    err);
	case STEP_DEAD_LETTER:
		return store_dead_letter(st, s->output.name, s->output.seq,
		    (const char *)s->output.reason.p, err);
	}
	return -1;
}

static int
write_steps(const struct batch *b, struct store *st, struct err *err)
{
	for (struct step *s = b->first; s != NULL; s = s->next)
		if (write_step(s, st, err) == -1)
			return -1;
	return 0;
}

int
batch_flush(struct batch *b, struct store *st,
    int (*also)(void *arg, struct err *err), void *arg,
    struct err *err)
{
	if (write_steps(b, st, err) == -1 || also(arg, err) == -1 ||
	    store_commit(st, err) == -1) {
		store_rollback(st);
		return -1;
	}
	batch_clear(b);
	return 0;
}
