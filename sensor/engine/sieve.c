#include "engine/sieve.h"

#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"
#include "engine/automaton.h"
#include "engine/radix.h"
#include "engine/seek.h"

/* One of the ways in which a predicate may be found. */
struct entry {
	uint32_t number;
	uint16_t field;
	uint8_t how;		/* enum seek_how, or NETWORK */
	uint8_t place;		/* enum place */
	struct slice text;	/* of ENDS: backwards */
};

enum { NETWORK = 7, HOW_BITS = 3, HOW_MASK = 7 };

/* The tables of a field; those in front are automata. */
enum place { ANYWHERE, BEGINS, ENDS, AUTOMATA, WHOLES = AUTOMATA, NETWORKS };

/* A whole value, and who looks for it. */
struct whole {
	uint64_t hash;
	struct slice text;
	uint32_t first, end;	/* of the uses */
};

/* What is looked for in one field. */
struct sift {
	uint16_t field;
	uint64_t wanted;	/* bits of who looks for some of it */
	struct parts {
		struct automaton *automaton;	/* NULL: there are none */
		uint32_t *firsts;	/* by literal: its use; then the end */
		size_t count;		/* of literals */
		bool borders;		/* some have a VIEW_BORDER in them */
	} parts[AUTOMATA];
	struct whole *wholes;	/* hashed; without text: not used */
	size_t whole_room;	/* a power of two, or 0 */
	struct radix *networks;
	uint32_t *uses;		/* numbers, above bits for how */
	size_t use_count;
	bool numbers;		/* some uses are SEEK_NUMBER */
	bool simple;		/* nothing but parts that stand anywhere */
};

struct sieve {
	uint32_t *predicates;	/* by number */
	size_t count;
	struct sift *sifts;
	size_t sift_count;
};

struct sieve_maker {
	const struct predicates *ps;
	struct arena *arena;	/* for texts turned round */
	uint32_t *numbers;	/* by predicate: its number + 1 */
	uint32_t *predicates;
	uint64_t *wanted;	/* by number */
	size_t count;
	struct entry *entries;
	size_t entry_count, entry_room;
};

struct sieve_maker *
sieve_maker_new(const struct predicates *ps)
{
	struct sieve_maker *m = xcalloc(1, sizeof(*m));

	m->ps = ps;
	m->arena = arena_new(0);
	m->numbers = xcalloc(predicates_count(ps), sizeof(*m->numbers));
	m->predicates = xcalloc(predicates_count(ps),
	    sizeof(*m->predicates));
	m->wanted = xcalloc(predicates_count(ps), sizeof(*m->wanted));
	return m;
}

static void
push(struct sieve_maker *m, struct entry e)
{
	if (m->entry_count == m->entry_room) {
		m->entry_room = m->entry_room * 2 + 64;
		m->entries = xrealloc(m->entries, m->entry_room,
		    sizeof(*m->entries));
	}
	m->entries[m->entry_count++] = e;
}

static struct slice
backwards(struct arena *a, struct slice s)
{
	unsigned char *p = arena_alloc(a, s.len);

	for (size_t i = 0; i < s.len; i++)
		p[i] = s.p[s.len - 1 - i];
	return slice_bytes(p, s.len);
}

static void
add_text(void *arg, enum seek_how how, struct slice text)
{
	static const enum place places[] = {
		[SEEK_EQUAL] = WHOLES, [SEEK_PREFIX] = BEGINS,
		[SEEK_SUFFIX] = ENDS, [SEEK_CONTAINS] = ANYWHERE,
		[SEEK_NUMBER] = WHOLES, [SEEK_HINT] = ANYWHERE,
	};
	struct sieve_maker *m = arg;
	uint32_t number = (uint32_t)m->count;

	push(m, (struct entry){ .number = number, .how = (uint8_t)how,
	    .field = predicates_get(m->ps, m->predicates[number])->field,
	    .place = (uint8_t)places[how],
	    .text = how == SEEK_SUFFIX ? backwards(m->arena, text) : text });
}

uint32_t
sieve_add(struct sieve_maker *m, uint32_t predicate, uint64_t wanted)
{
	const struct predicate *p = predicates_get(m->ps, predicate);
	uint32_t number = (uint32_t)m->count;

	assert(seek_can(p));
	if (m->numbers[predicate] != 0) {
		number = m->numbers[predicate] - 1;
		m->wanted[number] |= wanted;
		return number;
	}
	m->wanted[number] = wanted;
	m->numbers[predicate] = number + 1;
	m->predicates[number] = predicate;
	if (p->op == OP_CIDR)
		push(m, (struct entry){ .number = number,
		    .field = p->field, .how = NETWORK, .place = NETWORKS,
		    .text = S("") });
	else
		seek_texts(p, add_text, m);
	m->count++;
	return number;
}

static int
by_place(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order;

	if (x->field != y->field)
		return x->field < y->field ? -1 : 1;
	if (x->place != y->place)
		return x->place - y->place;
	order = slice_cmp(x->text, y->text);
	if (order != 0)
		return order;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* Entries from one on that go to the same table; how many. */
static size_t
run_of(const struct entry *e, size_t count)
{
	size_t n = 0;

	while (n < count && e[n].field == e->field && e[n].place == e->place)
		n++;
	return n;
}

static size_t
count_texts(const struct entry *e, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += i == 0 || !slice_eq(e[i].text, e[i - 1].text);
	return n;
}

static void
add_use(struct sift *f, const struct entry *e)
{
	f->uses[f->use_count++] = e->number << HOW_BITS | e->how;
}

static struct whole *
whole_at(const struct sift *f, uint64_t hash, struct slice text)
{
	size_t i = hash & (f->whole_room - 1);

	while (f->wholes[i].text.p != NULL && (f->wholes[i].hash != hash ||
	    !slice_eq(f->wholes[i].text, text)))
		i = (i + 1) & (f->whole_room - 1);
	return &f->wholes[i];
}

static void
make_wholes(struct sift *f, const struct entry *e, size_t count)
{
	struct whole *w = NULL;

	f->whole_room = 2;
	while (f->whole_room < 2 * count_texts(e, count))
		f->whole_room *= 2;
	f->wholes = xcalloc(f->whole_room, sizeof(*f->wholes));
	for (size_t i = 0; i < count; i++) {
		if (w == NULL || !slice_eq(w->text, e[i].text)) {
			uint64_t hash = slice_hash(e[i].text);

			w = whole_at(f, hash, e[i].text);
			w->hash = hash;
			w->text = e[i].text;
			w->first = (uint32_t)f->use_count;
		}
		add_use(f, &e[i]);
		f->numbers |= e[i].how == SEEK_NUMBER;
		w->end = (uint32_t)f->use_count;
	}
}

static void
make_automaton(struct sift *f, const struct entry *e, size_t count)
{
	static const enum automaton_use uses[] = {
		[ANYWHERE] = AUTOMATON_ANYWHERE, [BEGINS] = AUTOMATON_BEGIN,
		[ENDS] = AUTOMATON_END,
	};
	struct parts *p = &f->parts[e->place];
	struct slice *literals;

	p->count = count_texts(e, count);
	literals = xcalloc(p->count, sizeof(*literals));
	p->firsts = xcalloc(p->count + 1, sizeof(*p->firsts));
	for (size_t i = 0, n = 0; i < count; i++) {
		if (i == 0 || !slice_eq(e[i].text, e[i - 1].text)) {
			p->firsts[n] = (uint32_t)f->use_count;
			p->borders |= slice_find_byte(e[i].text,
			    VIEW_BORDER) != SIZE_MAX;
			literals[n++] = e[i].text;
		}
		add_use(f, &e[i]);
	}
	p->firsts[p->count] = (uint32_t)f->use_count;
	p->automaton = automaton_new(literals, p->count, uses[e->place]);
	free(literals);
}

static void
make_networks(const struct sieve_maker *m, struct sift *f,
    const struct entry *e, size_t count)
{
	f->networks = radix_new();
	for (size_t i = 0; i < count; i++)
		radix_add(f->networks, &predicates_get(m->ps,
		    m->predicates[e[i].number])->cidr, e[i].number);
}

static struct sift *
sift_of(struct sieve *s, uint16_t field)
{
	struct sift *last;

	if (s->sift_count > 0 &&
	    s->sifts[s->sift_count - 1].field == field)
		return &s->sifts[s->sift_count - 1];
	s->sifts = xrealloc(s->sifts, s->sift_count + 1, sizeof(*s->sifts));
	last = &s->sifts[s->sift_count++];
	*last = (struct sift){ .field = field };
	return last;
}

static void
make_tables(const struct sieve_maker *m, struct sieve *s)
{
	const struct entry *e = m->entries;
	size_t left = m->entry_count, n;

	for (; left > 0; e += n, left -= n) {
		struct sift *f = sift_of(s, e->field);

		n = run_of(e, left);
		for (size_t i = 0; i < n; i++)
			f->wanted |= m->wanted[e[i].number];
		f->uses = xrealloc(f->uses, f->use_count + n,
		    sizeof(*f->uses));
		if (e->place < AUTOMATA)
			make_automaton(f, e, n);
		else if (e->place == WHOLES)
			make_wholes(f, e, n);
		else
			make_networks(m, f, e, n);
	}
}

static bool
is_simple(const struct sift *f)
{
	return f->whole_room == 0 && f->networks == NULL &&
	    f->parts[BEGINS].automaton == NULL &&
	    f->parts[ENDS].automaton == NULL;
}

struct sieve *
sieve_new(struct sieve_maker *m)
{
	struct sieve *s = xcalloc(1, sizeof(*s));

	if (m->entry_count > 0)
		qsort(m->entries, m->entry_count, sizeof(*m->entries),
		    by_place);
	s->count = m->count;
	s->predicates = xrealloc(m->predicates, m->count,
	    sizeof(*s->predicates));
	m->predicates = s->predicates;
	make_tables(m, s);
	for (size_t i = 0; i < s->sift_count; i++)
		s->sifts[i].simple = is_simple(&s->sifts[i]);
	arena_free(m->arena);
	free(m->numbers);
	free(m->wanted);
	free(m->entries);
	free(m);
	return s;
}

uint32_t
sieve_predicate(const struct sieve *s, uint32_t number)
{
	assert(number < s->count);
	return s->predicates[number];
}

static void
sift_free(struct sift *f)
{
	for (size_t i = 0; i < AUTOMATA; i++) {
		automaton_free(f->parts[i].automaton);
		free(f->parts[i].firsts);
	}
	radix_free(f->networks);
	free(f->wholes);
	free(f->uses);
}

void
sieve_free(struct sieve *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->sift_count; i++)
		sift_free(&s->sifts[i]);
	free(s->sifts);
	free(s->predicates);
	free(s);
}

bool
sieve_looks_anywhere(const struct sieve *s, uint64_t wanted)
{
	const struct sift *last;

	if (s->sift_count == 0)
		return false;
	last = &s->sifts[s->sift_count - 1];
	return last->field == FIELD_ANYWHERE && (last->wanted & wanted) != 0;
}

/* A look at one value, and who is told. */
struct look {
	const struct sieve *s;
	const struct sift *f;
	const struct parts *parts;
	struct predicates *ps;
	void (*found)(void *arg, uint32_t number);
	void *arg;
};

static void
tell(const struct look *l, uint32_t number, bool surely)
{
	predicates_find(l->ps, l->s->predicates[number], surely);
	l->found(l->arg, number);
}

static void
found_literal(void *arg, uint32_t literal, size_t end)
{
	const struct look *l = arg;
	uint32_t use = l->parts->firsts[literal];

	(void)end;
	for (; use < l->parts->firsts[literal + 1]; use++)
		tell(l, l->f->uses[use] >> HOW_BITS,
		    (l->f->uses[use] & HOW_MASK) != SEEK_HINT);
}

static void
found_network(void *arg, uint32_t number)
{
	tell(arg, number, true);
}

static void
look_whole(const struct look *l, struct slice text)
{
	const struct whole *w = whole_at(l->f, slice_hash(text), text);

	if (w->text.p != NULL)
		for (uint32_t i = w->first; i < w->end; i++)
			tell(l, l->f->uses[i] >> HOW_BITS, true);
}

/* As decimal writes it: no '+', no zeros in front, no -0. */
static bool
is_plain_number(struct slice s)
{
	bool minus = slice_skip(&s, S("-"));

	if (s.len == 0 || s.len > 18)
		return false;
	if (s.p[0] == '0')
		return s.len == 1 && !minus;
	for (size_t i = 0; i < s.len; i++)
		if (!byte_is_digit(s.p[i]))
			return false;
	return true;
}

/* 4.0 and 4e0 are 4: only comparing them as numbers tells. */
static void
look_number(const struct look *l, const struct view *v)
{
	if (v->type != VALUE_NUMBER || is_plain_number(v->text))
		return;
	for (size_t i = 0; i < l->f->use_count; i++)
		if ((l->f->uses[i] & HOW_MASK) == SEEK_NUMBER)
			tell(l, l->f->uses[i] >> HOW_BITS, false);
}

static void
look_parts(struct look *l, enum place place, struct slice text)
{
	l->parts = &l->f->parts[place];
	automaton_scan(l->parts->automaton, text, found_literal, l);
}

static void
look_value(struct look *l, const struct view *v, bool anywhere)
{
	const struct sift *f = l->f;
	struct slice text = view_folded(predicates_views(l->ps), v);

	if (f->whole_room > 0)
		look_whole(l, text);
	if (f->numbers)
		look_number(l, v);
	for (enum place i = anywhere ? ANYWHERE : BEGINS; i < AUTOMATA; i++)
		if (f->parts[i].automaton != NULL)
			look_parts(l, i, text);
	if (f->networks != NULL)
		radix_find(f->networks, v->text, found_network, l);
}

/* Several values are searched in one go, as long as nothing joins them. */
static void
look_field(struct look *l, const struct view *v, size_t count)
{
	const struct parts *anywhere = &l->f->parts[ANYWHERE];
	bool join = anywhere->automaton != NULL && !anywhere->borders;

	if (join && count > 0)
		look_parts(l, ANYWHERE, views_joined(
		    predicates_views(l->ps), v, count));
	for (size_t i = 0; i < count && (!join || !l->f->simple); i++)
		look_value(l, &v[i], !join);
}

void
sieve_event(const struct sieve *s, struct predicates *ps, uint64_t wanted,
    void (*found)(void *arg, uint32_t number), void *arg)
{
	struct look l = { .s = s, .ps = ps, .found = found, .arg = arg };
	struct views *vs = predicates_views(ps);
	const struct event *ev = views_of(vs);

	for (size_t i = 0; i < s->sift_count; i++) {
		uint16_t field = s->sifts[i].field;
		const struct view *v;
		size_t n;

		if ((s->sifts[i].wanted & wanted) == 0 ||
		    (field != FIELD_ANYWHERE && event_get(ev, field) == NULL))
			continue;
		l.f = &s->sifts[i];
		n = views_list(vs, field, true, &v);
		look_field(&l, v, n);
	}
}

static size_t
parts_bytes(const struct parts *p)
{
	return p->automaton == NULL ? 0 : automaton_bytes(p->automaton) +
	    p->count * sizeof(*p->firsts);
}

size_t
sieve_bytes(const struct sieve *s)
{
	size_t bytes = sizeof(*s) + s->count * sizeof(*s->predicates);

	for (size_t i = 0; i < s->sift_count; i++) {
		const struct sift *f = &s->sifts[i];

		bytes += sizeof(*f) + f->whole_room * sizeof(*f->wholes) +
		    f->use_count * sizeof(*f->uses);
		for (size_t k = 0; k < AUTOMATA; k++)
			bytes += parts_bytes(&f->parts[k]);
		if (f->networks != NULL)
			bytes += radix_bytes(f->networks);
	}
	return bytes;
}
