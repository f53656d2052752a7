#include "engine/predicate.h"

#include <assert.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/pack.h"
#include "engine/ration.h"
#include "engine/seek.h"

/* Two fields of many values each are compared up to so many pairs. */
enum { PAIRS_MAX = 100000 };

/* What is known about a predicate, below the stamp of the event. */
enum { MEMO_NO, MEMO_YES, MEMO_ABORTED, MEMO_MAYBE, MEMO_STATES };

struct predicates {
	struct arena *arena;
	struct map *numbers;	/* key to number + 1, until sealed */
	struct predicate *items;
	size_t count, room;
	struct views *views;
	struct regex_state *regex;
	uint32_t *memo;		/* stamp * MEMO_STATES + state */
	uint32_t stamp;
	enum looked looked;
	int64_t spent;		/* by regular expressions; see predicates_spent */
	/* By predicate: from when on not being found says no, or 0: never. */
	unsigned char *sought;
};

struct predicates *
predicates_new(void)
{
	struct predicates *ps = xcalloc(1, sizeof(*ps));

	ps->arena = arena_new(0);
	ps->numbers = map_new();
	ps->views = views_new();
	ps->regex = regex_state_new();
	return ps;
}

void
predicates_free(struct predicates *ps)
{
	if (ps == NULL)
		return;
	for (size_t i = 0; i < ps->count; i++)
		if (ps->items[i].op == OP_REGEX)
			regex_free(ps->items[i].regex.regex);
	arena_free(ps->arena);
	map_free(ps->numbers);
	views_free(ps->views);
	regex_state_free(ps->regex);
	free(ps->items);
	free(ps->memo);
	free(ps->sought);
	free(ps);
}

struct arena *
predicates_arena(struct predicates *ps)
{
	return ps->arena;
}

struct views *
predicates_views(struct predicates *ps)
{
	return ps->views;
}

const struct predicate *
predicates_get(const struct predicates *ps, uint32_t n)
{
	assert(n < ps->count);
	return &ps->items[n];
}

size_t
predicates_count(const struct predicates *ps)
{
	return ps->count;
}

static void
key_matcher(struct buf *key, const struct matcher *m)
{
	pack_u8(key, (uint8_t)m->type);
	pack_u8(key, m->cased);
	pack_slice(key, m->text);
	if (m->type != MATCH_GLOB)
		return;
	for (size_t i = 0; i < m->glob.count; i++) {
		pack_u8(key, (uint8_t)m->glob.parts[i].type);
		pack_slice(key, m->glob.parts[i].text);
	}
}

static void
key_number(struct buf *key, const struct predicate *p)
{
	const struct number *n = &p->number.number;

	pack_u8(key, (uint8_t)p->number.compare);
	pack_u8(key, (uint8_t)p->number.part);
	pack_u8(key, n->whole);
	pack_slice(key, n->whole ?
	    slice_bytes(&n->integer, sizeof(n->integer)) :
	    slice_bytes(&n->real, sizeof(n->real)));
	pack_slice(key, p->number.text);
}

/* Bytes that are the same for predicates that ask the same. */
static void
key_write(struct buf *key, const struct predicate *p)
{
	pack_u8(key, p->op);
	pack_u32(key, p->field);
	switch ((enum predicate_op)p->op) {
	case OP_TEXT:
		key_matcher(key, &p->text);
		break;
	case OP_SET:
		for (size_t i = 0; i < p->set.count; i++)
			key_matcher(key, &p->set.items[i]);
		break;
	case OP_NUMBER:
	case OP_COMPARE:
	case OP_TIME:
		key_number(key, p);
		break;
	case OP_CIDR:
		pack_slice(key, slice_bytes(p->cidr.net, p->cidr.bytes));
		pack_u8(key, p->cidr.prefix);
		break;
	case OP_REGEX:
		pack_u32(key, p->regex.flags);
		pack_slice(key, p->regex.pattern);
		break;
	case OP_FIELDREF:
		pack_u32(key, p->ref.field);
		pack_u8(key, (uint8_t)p->ref.type);
		pack_u8(key, p->ref.cased);
		break;
	case OP_NULL:
	case OP_EXISTS:
	case OP_COUNT:
		break;
	}
}

static uint32_t
append(struct predicates *ps, struct slice key, const struct predicate *p)
{
	if (ps->count == ps->room) {
		ps->room = ps->room * 2 + 64;
		ps->items = xrealloc(ps->items, ps->room, sizeof(*ps->items));
	}
	ps->items[ps->count] = *p;
	map_put(ps->numbers, key, (void *)(uintptr_t)(ps->count + 1));
	return (uint32_t)ps->count++;
}

int
predicates_add(struct predicates *ps, const struct predicate *p, uint32_t *n,
    size_t *at, struct err *err)
{
	struct predicate ready = *p;
	struct buf key = { 0 };
	uintptr_t known;
	int ret = 0;

	assert(ps->memo == NULL);
	key_write(&key, p);
	known = (uintptr_t)map_get(ps->numbers, buf_slice(&key));
	if (known == 0 && p->op == OP_REGEX) {
		ready.regex.regex = regex_new(p->regex.pattern,
		    p->regex.flags, at, err);
		ret = ready.regex.regex == NULL ? -1 : 0;
	}
	if (known == 0 && ret == 0)
		seek_prepare(ps->arena, &ready);
	if (known != 0)
		*n = (uint32_t)(known - 1);
	else if (ret == 0)
		*n = append(ps, buf_slice(&key), &ready);
	buf_free(&key);
	return ret;
}

void
predicates_seal(struct predicates *ps)
{
	map_free(ps->numbers);
	ps->numbers = NULL;
	ps->memo = xcalloc(ps->count, sizeof(*ps->memo));
	ps->sought = xcalloc(ps->count, sizeof(*ps->sought));
	for (size_t i = 0; i < ps->count; i++)
		ps->sought[i] = seek_can(&ps->items[i]) ? LOOKED_ALL : 0;
}

void
predicates_event(struct predicates *ps, const struct event *ev)
{
	views_event(ps->views, ev);
	if (++ps->stamp > UINT32_MAX / MEMO_STATES - 1) {
		memset(ps->memo, 0, ps->count * sizeof(*ps->memo));
		ps->stamp = 1;
	}
	ps->looked = LOOKED_NOT;
}

void
predicates_find(struct predicates *ps, uint32_t n, bool surely)
{
	uint32_t known = ps->stamp * MEMO_STATES;

	if (surely)
		ps->memo[n] = known + MEMO_YES;
	else if (ps->memo[n] / MEMO_STATES != ps->stamp)
		ps->memo[n] = known + MEMO_MAYBE;
}

void
predicates_looked(struct predicates *ps, enum looked looked)
{
	ps->looked = looked;
}

void
predicates_first(struct predicates *ps, uint32_t n)
{
	assert(ps->sought[n] != 0);
	ps->sought[n] = LOOKED_FIRST;
}

bool
predicates_is_first(const struct predicates *ps, uint32_t n)
{
	return ps->sought[n] == LOOKED_FIRST;
}

static int
test_text(struct predicates *ps, const struct predicate *p)
{
	const struct matcher *m = &p->text;
	const struct view *v;
	size_t n = views_list(ps->views, p->field, !m->cased, &v);

	for (size_t i = 0; i < n; i++)
		if (matcher_match(m, m->cased ? v[i].text :
		    view_folded(ps->views, &v[i])))
			return MEMO_YES;
	return MEMO_NO;
}

static int
test_set(struct predicates *ps, const struct predicate *p)
{
	const struct view *v;
	size_t n = views_list(ps->views, p->field, true, &v);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < p->set.count; k++)
			if (matcher_match(&p->set.items[k],
			    view_folded(ps->views, &v[i])))
				return MEMO_YES;
	return MEMO_NO;
}

static int
test_null(struct predicates *ps, const struct predicate *p)
{
	const struct value *v = event_get(views_of(ps->views), p->field);

	if (v == NULL)
		return MEMO_YES;
	for (; v != NULL; v = v->more)
		if (v->type == VALUE_NULL)
			return MEMO_YES;
	return MEMO_NO;
}

static int
test_exists(struct predicates *ps, const struct predicate *p)
{
	return event_get(views_of(ps->views), p->field) != NULL;
}

/* A number is compared as such, anything else as text. */
static int
test_number(struct predicates *ps, const struct predicate *p)
{
	const struct view *v;
	size_t n = views_list(ps->views, p->field, false, &v);
	struct number have;

	for (size_t i = 0; i < n; i++) {
		if (slice_eq(v[i].text, p->number.text))
			return MEMO_YES;
		if (v[i].type == VALUE_NUMBER &&
		    number_parse(v[i].text, &have) == 0 &&
		    number_cmp(&have, &p->number.number) == 0)
			return MEMO_YES;
	}
	return MEMO_NO;
}

static bool
holds(enum compare compare, int order)
{
	switch (compare) {
	case COMPARE_EQ:
		return order == 0;
	case COMPARE_LT:
		return order < 0;
	case COMPARE_LTE:
		return order <= 0;
	case COMPARE_GT:
		return order > 0;
	case COMPARE_GTE:
		return order >= 0;
	}
	return false;
}

static int
test_compare(struct predicates *ps, const struct predicate *p)
{
	const struct view *v;
	size_t n = views_list(ps->views, p->field, false, &v);
	struct number have;

	for (size_t i = 0; i < n; i++)
		if (number_parse(v[i].text, &have) == 0 &&
		    holds(p->number.compare,
		    number_cmp(&have, &p->number.number)))
			return MEMO_YES;
	return MEMO_NO;
}

static int
test_cidr(struct predicates *ps, const struct predicate *p)
{
	const struct view *v;
	size_t n = views_list(ps->views, p->field, false, &v);

	for (size_t i = 0; i < n; i++)
		if (cidr_holds(&p->cidr, v[i].text))
			return MEMO_YES;
	return MEMO_NO;
}

static int
match_regex(struct predicates *ps, const struct predicate *p)
{
	const struct view *v;
	size_t n = views_list(ps->views, p->field, false, &v);
	int state = MEMO_NO;

	for (size_t i = 0; i < n; i++) {
		enum regex_result r = regex_match(p->regex.regex, ps->regex,
		    v[i].text);

		if (r == REGEX_YES)
			return MEMO_YES;
		if (r == REGEX_ABORTED)
			state = MEMO_ABORTED;
	}
	return state;
}

/* The clock is looked at only here: most rules are decided before. */
static int
test_regex(struct predicates *ps, const struct predicate *p)
{
	int64_t start = ration_clock();
	int state = match_regex(ps, p);

	ps->spent += ration_clock() - start;
	return state;
}

static bool
matches_any(struct predicates *ps, const struct predicate *p,
    struct matcher *m, const struct view *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (matcher_match(m, p->ref.cased ? v[i].text :
		    view_folded(ps->views, &v[i])))
			return true;
	return false;
}

static int
test_fieldref(struct predicates *ps, const struct predicate *p)
{
	struct matcher m = { .type = p->ref.type, .cased = p->ref.cased };
	const struct view *have, *want;
	size_t n, wanted;

	/* Making the second list may move the first, so that is asked twice. */
	views_list(ps->views, p->field, !p->ref.cased, &have);
	wanted = views_list(ps->views, p->ref.field, !p->ref.cased, &want);
	n = views_list(ps->views, p->field, !p->ref.cased, &have);
	if (wanted > 0 && n > PAIRS_MAX / wanted)
		return MEMO_ABORTED;
	for (size_t i = 0; i < wanted; i++) {
		m.text = p->ref.cased ? want[i].text :
		    view_folded(ps->views, &want[i]);
		if (matches_any(ps, p, &m, have, n))
			return MEMO_YES;
	}
	return MEMO_NO;
}

static int
test_time(struct predicates *ps, const struct predicate *p)
{
	const struct view *v;
	size_t n = views_list(ps->views, p->field, false, &v);

	for (size_t i = 0; i < n; i++) {
		int part = time_part(v[i].text, p->number.part);
		struct number have = { true, part, part };

		if (part != -1 && holds(p->number.compare,
		    number_cmp(&have, &p->number.number)))
			return MEMO_YES;
	}
	return MEMO_NO;
}

/* The answer of a predicate that this event's memo does not know. */
static uint32_t
answer(struct predicates *ps, uint32_t n)
{
	static int (*const tests[OP_COUNT])(struct predicates *,
	    const struct predicate *) = {
		[OP_TEXT] = test_text,
		[OP_SET] = test_set,
		[OP_NULL] = test_null,
		[OP_EXISTS] = test_exists,
		[OP_NUMBER] = test_number,
		[OP_COMPARE] = test_compare,
		[OP_CIDR] = test_cidr,
		[OP_REGEX] = test_regex,
		[OP_FIELDREF] = test_fieldref,
		[OP_TIME] = test_time,
	};
	bool new = ps->memo[n] / MEMO_STATES != ps->stamp;

	if (new && ps->sought[n] != 0 && ps->sought[n] <= ps->looked)
		return MEMO_NO;
	return (uint32_t)tests[ps->items[n].op](ps, &ps->items[n]);
}

int64_t
predicates_spent(struct predicates *ps)
{
	int64_t spent = ps->spent;

	ps->spent = 0;
	return spent;
}

bool
predicates_test(struct predicates *ps, uint32_t n, bool *aborted)
{
	uint32_t state = ps->memo[n] - ps->stamp * MEMO_STATES;

	if (state >= MEMO_MAYBE) {
		state = answer(ps, n);
		ps->memo[n] = ps->stamp * MEMO_STATES + state;
	}
	*aborted |= state == MEMO_ABORTED;
	return state == MEMO_YES;
}
