#include "engine/folds.h"

#include <stdlib.h>

#include "base/digest.h"
#include "base/pack.h"
#include "engine/correlation.h"
#include "engine/tally.h"

struct folds {
	const struct schema *schema;
	struct holder *held, *suppressed;
	struct event *ev;	/* that a fold is told on */
	struct buf name, fixed;
	struct slice fields[FOLD_FIELDS], values[FOLD_FIELDS];
};

/* --- what memory asks of them --------------------------------------------- */

static void
tell(struct tally *f, const struct listener *to)
{
	struct folds *all = holder_owner(item_holder(&f->item));

	if (all->ev == NULL)
		all->ev = event_new(all->schema);
	tally_tell(f, all->ev, to);
}

static void
fold_due(struct item *it, int64_t now, const struct listener *to)
{
	struct tally *f = (struct tally *)it;

	(void)now;
	if (f->count > 0)
		tell(f, to);
	memory_drop(it);
}

static struct item *
fold_load(struct holder *h, struct slice name, struct slice value,
    size_t *bytes, int64_t *due)
{
	struct tally *f = tally_unpack(value);

	(void)h;
	(void)name;
	if (f == NULL)
		return NULL;
	*bytes = f->fixed_len;
	*due = f->due;
	return &f->item;
}

/* Set back, nothing is held back for longer than the rule says. */
static void
fold_clock(struct item *it, int64_t now, int64_t by)
{
	struct tally *f = (struct tally *)it;

	(void)now;
	if (by >= 0)
		return;
	f->until += by;
	f->due += by;
	memory_note(it, f->fixed_len, f->due);
}

static const struct memory_kind kind = {
	.tag = FOLD_TAG, .stays = true, .save = tally_save, .load = fold_load,
	.free = tally_free, .due = fold_due, .clock = fold_clock,
};

struct folds *
folds_new(struct memory *m, const struct schema *s)
{
	struct folds *f = xcalloc(1, sizeof(*f));
	const struct digest held = digest_one(S("folds of held matches"));
	const struct digest suppressed = digest_one(S("folds of suppress"));

	f->schema = s;
	/* Above FOLDS_MAX come only as many as there are rules and reasons. */
	f->held = memory_holder(m, &kind, &held, f, 10 * FOLDS_MAX);
	f->suppressed = memory_holder(m, &kind, &suppressed, f, FOLDS_MAX);
	return f;
}

void
folds_free(struct folds *f)
{
	if (f == NULL)
		return;
	event_free(f->ev);
	buf_free(&f->name);
	buf_free(&f->fixed);
	free(f);
}

/* --- keys ------------------------------------------------------------------ */

/* Who did it, where the rule does not say what makes matches the same. */
static const uint16_t usual[] = {
	F_USER_NAME, F_SOURCE_IP, F_SOURCE_ADDRESS, F_PROCESS_NAME,
	F_PROCESS_EXECUTABLE,
};

struct key {
	const uint16_t *fields;
	size_t count;
};

static struct key
key_of(const struct rule *r)
{
	if (r->key_count > 0)
		return (struct key){ r->key, r->key_count };
	return (struct key){ usual, COUNT(usual) };
}

/* The key's values, cut, into the held; whole into the digest. */
static void
take_values(struct folds *f, struct key key, const struct event *ev,
    struct held *held)
{
	size_t n = 0;

	for (size_t i = 0; i < key.count && n < FOLD_FIELDS; i++) {
		struct slice text = event_text(ev, key.fields[i]);

		pack_slice(&f->name, text);
		if (text.len == 0)
			continue;
		f->fields[n] = schema_name(f->schema, key.fields[i]);
		f->values[n++] = slice_head(text, FOLD_TEXT_MAX);
	}
	held->fields = f->fields;
	held->values = f->values;
	held->field_count = n;
}

/* The name of a fold is a digest: values are as long as attackers like. */
static struct digest
name_of(struct folds *f, const struct rule *r, const struct held *held)
{
	pack_slice(&f->name, r->info.id);
	pack_slice(&f->name, held->by);
	pack_slice(&f->name, held->owner);
	pack_u8(&f->name, (uint8_t)held->why);
	return digest_one(buf_slice(&f->name));
}

static struct slice
short_name(const struct digest *d)
{
	return slice_bytes(d->b, 16);
}

static struct tally *
begin(struct holder *h, struct slice name, const struct rule *r,
    const struct held *held, const struct event *ev, int64_t span)
{
	struct tally *fold = tally_new(&r->info, held);

	fold->first = fold->last = ev->time;
	fold->opened = ev->received;
	fold->until = ev->time + span;
	fold->due = ev->received + span;
	memory_add(h, name, &fold->item);
	return fold;
}

static void
count(struct tally *fold, const struct event *ev)
{
	if (fold->count++ == 0)
		fold->first = fold->last = ev->time;
	fold->first = ev->time < fold->first ? ev->time : fold->first;
	fold->last = ev->time > fold->last ? ev->time : fold->last;
}

void
folds_count(struct folds *f, const struct rule *r, const struct event *ev,
    struct held *held)
{
	struct digest name;
	struct tally *fold;

	buf_clear(&f->name);
	take_values(f, key_of(r), ev, held);
	name = name_of(f, r, held);
	fold = (struct tally *)memory_find(f->held, short_name(&name));
	if (fold == NULL && holder_counts(f->held).items >= FOLDS_MAX) {
		buf_clear(&f->name);
		held->field_count = 0;
		held->others = true;
		name = name_of(f, r, held);
		fold = (struct tally *)memory_find(f->held,
		    short_name(&name));
	}
	if (fold == NULL)
		fold = begin(f->held, short_name(&name), r, held, ev,
		    FOLD_SPAN);
	count(fold, ev);
	memory_note(&fold->item, fold->fixed_len, fold->due);
}

static bool
is_within(const struct tally *fold, const struct event *ev, int64_t span)
{
	return ev->time < fold->until && ev->time > fold->until - 2 * span;
}

static struct key
suppress_key(const struct rule *r)
{
	if (r->suppress.by_count > 0)
		return (struct key){ r->suppress.by, r->suppress.by_count };
	return (struct key){ r->key, r->key_count };
}

static bool
has_value(struct key key, const struct event *ev, struct slice value)
{
	for (size_t i = 0; i < key.count; i++)
		for (const struct value *v = event_get(ev, key.fields[i]);
		    v != NULL; v = v->more)
			if (v->type != VALUE_NULL &&
			    slice_eq_nocase(v->text, value))
				return true;
	return false;
}

bool
folds_keyed(const struct rule *r, const struct event *ev, struct slice value)
{
	const struct correlation *c = r->correlation;

	return has_value(key_of(r), ev, value) ||
	    has_value(suppress_key(r), ev, value) || (c != NULL &&
	    has_value((struct key){ c->group_fields, c->group_count }, ev,
	    value));
}

bool
folds_suppress(struct folds *f, const struct rule *r, const struct event *ev,
    const struct listener *to)
{
	struct held held = { .why = HOLD_SUPPRESS };
	struct digest name;
	struct tally *fold;

	if (r->suppress.span == 0)
		return false;
	buf_clear(&f->name);
	take_values(f, suppress_key(r), ev, &held);
	name = name_of(f, r, &held);
	fold = (struct tally *)memory_find(f->suppressed, short_name(&name));
	if (fold != NULL && is_within(fold, ev, r->suppress.span)) {
		count(fold, ev);
		memory_note(&fold->item, fold->fixed_len, fold->due);
		return true;
	}
	if (fold != NULL) {
		if (fold->count > 0)
			tell(fold, to);
		memory_drop(&fold->item);
	}
	if (holder_counts(f->suppressed).items >= FOLDS_MAX)
		return false;
	fold = begin(f->suppressed, short_name(&name), r, &held, ev,
	    r->suppress.span);
	memory_note(&fold->item, fold->fixed_len, fold->due);
	return false;
}
