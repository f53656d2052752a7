#include "engine/tally.h"

#include <stdlib.h>

#include "base/pack.h"
#include "base/when.h"
#include "engine/folds.h"

enum { FORMAT = 1, TEXT_MAX = 4096 };

static struct slice
cut(struct slice s)
{
	return slice_head(s, TEXT_MAX);
}

struct tally *
tally_new(const struct rule_info *rule, const struct held *held)
{
	struct buf b = { 0 };
	struct tally *f;

	pack_u8(&b, (uint8_t)held->why);
	pack_u8(&b, held->others);
	pack_u8(&b, (uint8_t)rule->level);
	pack_slice(&b, cut(rule->id));
	pack_slice(&b, cut(rule->title));
	pack_slice(&b, cut(held->by));
	pack_slice(&b, cut(held->owner));
	pack_slice(&b, cut(held->reason));
	pack_slice(&b, cut(held->ticket));
	pack_signed(&b, held->expires);
	pack_u8(&b, (uint8_t)held->field_count);
	for (size_t i = 0; i < held->field_count; i++) {
		pack_slice(&b, cut(held->fields[i]));
		pack_slice(&b, held->values[i]);
	}
	f = xcalloc(1, sizeof(*f) + b.len);
	f->fixed_len = b.len;
	memcpy(f->fixed, b.p, b.len);
	buf_free(&b);
	return f;
}

void
tally_free(struct item *it)
{
	free(it);
}

void
tally_save(const struct item *it, struct buf *out)
{
	const struct tally *f = (const struct tally *)it;

	pack_u8(out, FORMAT);
	pack_varint(out, f->count);
	pack_signed(out, f->first);
	pack_signed(out, f->last);
	pack_signed(out, f->opened);
	pack_signed(out, f->until);
	pack_signed(out, f->due);
	buf_add(out, slice_bytes(f->fixed, f->fixed_len));
}

/* The bytes may be any, if somebody was at the journal. */
static bool
read_fixed(struct unpack *u, struct fold_view *v)
{
	unsigned why = unpack_u8(u), others = unpack_u8(u);
	unsigned level = unpack_u8(u);

	v->rule.id = unpack_slice(u);
	v->rule.title = unpack_slice(u);
	v->held.by = unpack_slice(u);
	v->held.owner = unpack_slice(u);
	v->held.reason = unpack_slice(u);
	v->held.ticket = unpack_slice(u);
	v->held.expires = unpack_signed(u);
	v->held.field_count = unpack_u8(u);
	if (why >= HOLD_COUNT || others > 1 || level > LEVEL_CRITICAL ||
	    v->held.field_count > FOLD_FIELDS)
		return false;
	for (size_t i = 0; i < v->held.field_count; i++) {
		v->fields[i] = unpack_slice(u);
		v->values[i] = unpack_slice(u);
	}
	v->held.why = (enum hold)why;
	v->held.others = others;
	v->rule.level = (enum level)level;
	v->held.fields = v->fields;
	v->held.values = v->values;
	return unpack_done(u);
}

/* The numbers; what is left is what never changes. */
static bool
read_numbers(struct unpack *u, struct tally *f)
{
	int64_t *const times[] = { &f->first, &f->last, &f->opened, &f->until,
		&f->due };
	unsigned format = unpack_u8(u);

	f->count = unpack_varint(u);
	for (size_t i = 0; i < COUNT(times); i++) {
		*times[i] = unpack_signed(u);
		u->bad |= !when_is_near(*times[i]);
	}
	return !u->bad && format == FORMAT;
}

static bool
read_all(struct slice value, struct tally *f, struct slice *fixed,
    struct fold_view *v)
{
	struct unpack u = { value, false };

	*f = (struct tally){ .count = 0 };
	*v = (struct fold_view){ .rule = { .title = S("") } };
	if (!read_numbers(&u, f))
		return false;
	*fixed = u.rest;
	v->held.count = f->count;
	v->held.first = f->first;
	v->held.last = f->last;
	return read_fixed(&u, v);
}

struct tally *
tally_unpack(struct slice value)
{
	struct tally numbers, *f;
	struct fold_view v;
	struct slice fixed;

	if (!read_all(value, &numbers, &fixed, &v))
		return NULL;
	f = xcalloc(1, sizeof(*f) + fixed.len);
	*f = numbers;
	f->fixed_len = fixed.len;
	memcpy(f->fixed, fixed.p, fixed.len);
	return f;
}

bool
ruleset_fold(struct slice key, struct slice value, struct fold_view *out)
{
	struct slice own, fixed;
	struct tally f;

	return key.len > 0 && key.p[0] == FOLD_TAG &&
	    memory_value(value, &own) && read_all(own, &f, &fixed, out);
}

/* --- telling --------------------------------------------------------------- */

static void
set_fields(struct event *ev, const struct fold_view *v)
{
	for (size_t i = 0; i < v->held.field_count; i++) {
		int field = schema_find(ev->schema, v->fields[i]);

		if (field != -1)
			event_set(ev, field, v->values[i]);
	}
}

/*
 * No other fold has the same name, began to count at the same event and was
 * opened in the same microsecond.
 */
void
tally_tell(const struct tally *f, struct event *ev, const struct listener *to)
{
	const struct slice name = item_name(&f->item);
	struct record r = { .source = S("vedette"), .received = f->last,
		.stream = stream_make(S(""), name, 0),
		.offset = (uint64_t)f->first & ((UINT64_C(1) << 40) - 1) };
	struct unpack u = { slice_bytes(f->fixed, f->fixed_len), false };
	struct fold_view v = { .held.count = f->count,
		.held.first = f->first, .held.last = f->last };
	struct buf key = { 0 };

	if (!read_fixed(&u, &v))
		return;
	pack_slice(&key, name);
	pack_signed(&key, f->first);
	pack_signed(&key, f->opened);
	event_reset(ev, &r);
	ev->time = f->last;
	set_fields(ev, &v);
	to->matched(to->arg, &(struct match){ .rule = &v.rule, .ev = ev,
	    .key = buf_slice(&key), .held = &v.held });
	buf_free(&key);
}
