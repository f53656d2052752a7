#include "nearmiss.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/map.h"

/* One field of an event while it is made: values in JSON, comma-separated. */
struct slot {
	struct slice field;
	struct buf values;
	unsigned count;
};

enum { SLOTS_MAX = 40 };

struct making {
	struct nearmiss *m;
	struct dice *d;
	struct slot slots[SLOTS_MAX];
	size_t count;
	struct buf raw;		/* what keywords look into */
};

void
nearmiss_quote(struct buf *out, struct slice text)
{
	buf_byte(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = text.p[i];

		if (c < 0x20 || c == '"' || c == '\\')
			buf_fmt(out, "\\u%04x", c);
		else
			buf_byte(out, c);
	}
	buf_byte(out, '"');
}

/* Letters that fold to ASCII, that change their length, and nothing much. */
static uint32_t
odd_letter(struct dice *d)
{
	static const uint32_t letters[] = {
		'a', 'b', 'k', 'K', 's', 'x', '0', '-', '/', ' ', '*', '?',
		'\\', '%', '\n', 0, 0x7f, 0x212a, 0x17f, 0xdf, 0x3a3, 0x3c2,
		0x3c3, 0xe9, 0xc9, 0x130, 0x131, 0x1e9e, 0x2013, 0x2c62,
		0x10400, 0x10428, 0x1f600, 0xfffd, LETTER_BYTE + 0xff,
		LETTER_BYTE + 0xc3, LETTER_BYTE + 0x80, LETTER_BYTE + 0xe2,
	};

	return letters[dice_roll(d, COUNT(letters))];
}

static uint32_t
other_case(struct dice *d, uint32_t c)
{
	if (c < 0x80 && ((c | 32) >= 'a' && (c | 32) <= 'z')) {
		if ((c | 32) == 'k' && dice_one_in(d, 4))
			return 0x212a;
		if ((c | 32) == 's' && dice_one_in(d, 4))
			return 0x17f;
		return c ^ 32;
	}
	return letter_fold(c) != c ? letter_fold(c) : c - 32 >= 0x80 &&
	    c < LETTER_BYTE && letter_fold(c - 32) == c ? c - 32 : c;
}

/* The pattern with its wildcards put in by texts. */
static struct letters
fill_wildcards(struct arena *a, struct dice *d, struct letters p)
{
	struct letters out = { arena_alloc(a, (8 * p.count + 32) *
	    sizeof(*out.at)), 0 };

	for (size_t i = 0; i < p.count; i++) {
		unsigned n = p.at[i] == LETTER_RUN ? dice_roll(d, 4) : 1;

		for (unsigned k = 0; k < n; k++)
			out.at[out.count++] = p.at[i] >= LETTER_RUN ?
			    odd_letter(d) : p.at[i];
	}
	return out;
}

static void
insert(struct letters *l, size_t i, uint32_t c)
{
	memmove(l->at + i + 1, l->at + i, (l->count - i) * sizeof(*l->at));
	l->at[i] = c;
	l->count++;
}

/* One small change; there is room for some letters more. */
static void
spoil(struct dice *d, struct letters *l)
{
	size_t i = dice_roll(d, (unsigned)l->count);

	switch (dice_roll(d, 8)) {
	case 0:
		for (size_t k = 0; k < l->count; k++)
			l->at[k] = other_case(d, l->at[k]);
		break;
	case 1:
		insert(l, i, odd_letter(d));
		break;
	case 2:
		insert(l, l->count, odd_letter(d));
		break;
	case 3:
		insert(l, 0, odd_letter(d));
		break;
	case 4:
		if (l->count > 0)
			l->at[i] = odd_letter(d);
		break;
	case 5:
		if (l->count > 0)
			l->at[i] = other_case(d, l->at[i]);
		break;
	case 6:
		if (l->count > 0)
			l->count--;
		break;
	default:
		if (l->count > 0) {
			memmove(l->at + i, l->at + i + 1,
			    (l->count - i - 1) * sizeof(*l->at));
			l->count--;
		}
	}
}

static void
long_text(struct buf *out, struct dice *d, struct slice core)
{
	size_t length = 1000 + dice_roll(d, 64000), at = dice_roll(d, 64000);
	unsigned char fill = core.len > 0 ? core.p[0] : 'x';
	struct buf text = { 0 };

	fill = fill < 0x80 ? fill : 'x';
	for (size_t i = 0; i < length; i++) {
		if (i == at % length)
			buf_add(&text, core);
		buf_byte(&text, fill);
	}
	nearmiss_quote(out, buf_slice(&text));
	buf_free(&text);
}

static void
text_value(struct buf *out, struct dice *d, struct letters pattern)
{
	struct arena *a = arena_new(0);
	struct letters l = fill_wildcards(a, d, pattern);
	struct slice text;

	for (unsigned n = dice_roll(d, 4) / 2 * dice_roll(d, 3); n > 0; n--)
		spoil(d, &l);
	text = letters_bytes(a, l);
	if (dice_one_in(d, 3000))
		long_text(out, d, text);
	else
		nearmiss_quote(out, text);
	arena_free(a);
}

static void
number_value(struct buf *out, struct dice *d, const struct twin_test *t)
{
	int64_t whole = t->number.integer < INT64_MAX / 2 ?
	    t->number.integer : INT64_MAX - 1;
	int64_t near = (whole == INT64_MIN ? whole : whole - 1) +
	    (int64_t)dice_roll(d, 3);

	switch (dice_roll(d, 10)) {
	case 0:
		nearmiss_quote(out, t->text);
		break;
	case 1:
		buf_fmt(out, "%" PRId64 ".0", near);
		break;
	case 2:
		buf_fmt(out, "%" PRId64 "e%u", near, dice_roll(d, 3));
		break;
	case 3:
		buf_fmt(out, "\"0%" PRId64 "\"", whole);
		break;
	case 4:
		buf_fmt(out, "%" PRId64 "%s", near, near != 0 ?
		    "00000000000000000000" : "");
		break;
	case 5:
		buf_fmt(out, "\"%s%" PRId64 "\"", dice_one_in(d, 2) ? "+" :
		    " ", whole);
		break;
	case 6:
		buf_fmt(out, "%" PRId64 ".%u", whole, dice_roll(d, 100));
		break;
	default:
		buf_fmt(out, "%" PRId64, near);
	}
}

static void
address_value(struct buf *out, struct dice *d, struct slice network)
{
	struct slice rest = network, base = network;
	static const struct { const char *front, *end; } forms[] = {
		{ "", "" }, { "::ffff:", "" }, { "", "1" }, { " ", "" },
		{ "", "." },
	};
	unsigned form = dice_one_in(d, 3) ? dice_roll(d, COUNT(forms)) : 0;

	slice_cut(&rest, '/', &base);
	if (dice_one_in(d, 4)) {
		buf_fmt(out, "\"%u.%u.%u.%u\"", dice_roll(d, 256),
		    dice_roll(d, 256), dice_roll(d, 3), dice_roll(d, 257));
		return;
	}
	if (dice_one_in(d, 2) && base.len > 1)	/* its last digit, changed */
		base.len--;
	buf_fmt(out, "\"%s%.*s%s\"", forms[form].front, (int)base.len,
	    (const char *)base.p, forms[form].end);
}

static void
time_value(struct buf *out, struct dice *d, const struct twin_test *t)
{
	unsigned n = t->number.integer >= 0 && t->number.integer < 9999 ?
	    (unsigned)t->number.integer : 7, year, month;

	n = n - (n > 0 && dice_one_in(d, 3)) + dice_one_in(d, 3);
	year = t->part == TWIN_YEAR ? n : 2018 + dice_roll(d, 12);
	month = t->part == TWIN_MONTH ? n : t->part == TWIN_WEEK ?
	    1 + n / 4 % 13 : 1 + dice_roll(d, 13);
	buf_fmt(out, "\"%04u-%02u-%02u", year, month,
	    t->part == TWIN_DAY ? n : dice_roll(d, 33));
	if (!dice_one_in(d, 4))
		buf_fmt(out, "%c%02u:%02u", "Tt x"[dice_roll(d, 4)], t->part == TWIN_HOUR ?
		    n : dice_roll(d, 25), t->part == TWIN_MINUTE ? n :
		    dice_roll(d, 61));
	if (dice_one_in(d, 2))
		buf_str(out, ":07.5+02:00");
	buf_byte(out, '"');
}

static void
regex_value(struct buf *out, struct dice *d, struct slice pattern)
{
	struct arena *a = arena_new(0);
	struct buf text = { 0 };

	if (dice_one_in(d, 2))
		buf_str(&text, "Zk ");
	nearmiss_regex(&text, d, pattern);
	if (dice_one_in(d, 3))
		buf_str(&text, " q");
	text_value(out, d, letters_of(a, buf_slice(&text)));
	buf_free(&text);
	arena_free(a);
}

static void
odd_value(struct buf *out, struct dice *d)
{
	static const char *const values[] = {
		"null", "\"\"", "true", "false", "\"true\"", "0", "-0", "1e999",
		"[]", "{}", "\"*\"", "\"?\"", "123456789012345678901234567890",
		"[null]", "[\"\"]", "\"null\"", "0.0", "-1", "\"\\u0000\"",
		"[[\"a\"],[]]", "{\"a\":\"b\"}", "9223372036854775808",
	};

	buf_str(out, values[dice_roll(d, COUNT(values))]);
}

void
nearmiss_value(struct buf *out, struct dice *d, const struct twin_test *t)
{
	if (dice_one_in(d, 25)) {
		odd_value(out, d);
		return;
	}
	switch (t->kind) {
	case TWIN_TEXT:
		text_value(out, d, t->pattern);
		break;
	case TWIN_NUMBER:
	case TWIN_COMPARE:
		number_value(out, d, t);
		break;
	case TWIN_REGEX:
		regex_value(out, d, t->text);
		break;
	case TWIN_CIDR:
		address_value(out, d, t->text);
		break;
	case TWIN_TIME:
		time_value(out, d, t);
		break;
	case TWIN_NULL:
		odd_value(out, d);
		break;
	case TWIN_EXISTS:
	case TWIN_FIELDREF:
		buf_str(out, dice_one_in(d, 2) ? "\"aB\"" : "\"ab-\"");
		break;
	}
}

static struct slot *
slot_of(struct making *mk, struct slice field)
{
	for (size_t i = 0; i < mk->count; i++)
		if (slice_eq(mk->slots[i].field, field))
			return &mk->slots[i];
	if (mk->count == SLOTS_MAX)
		return NULL;
	mk->slots[mk->count] = (struct slot){ .field = field };
	return &mk->slots[mk->count++];
}

static void
add_value(struct making *mk, const struct twin_test *t)
{
	struct slot *s;

	/* Now and then in another rule's field. */
	struct slice field = dice_one_in(mk->d, 30) && t->field.len > 0 ?
	    mk->m->fields[dice_roll(mk->d, (unsigned)mk->m->field_count)] :
	    t->field;

	if (t->field.len == 0) {
		if (mk->raw.len > 0)
			buf_byte(&mk->raw, ',');
		nearmiss_value(&mk->raw, mk->d, t);
		return;
	}
	s = slot_of(mk, field);
	if (s == NULL || s->values.len > 100000)
		return;
	if (s->count++ > 0)
		buf_byte(&s->values, ',');
	nearmiss_value(&s->values, mk->d, t);
}

/* Values that hold a tree, or most of it: all of "all", one of "any". */
static void
add_tree(struct making *mk, const struct twin_branch *b)
{
	const struct twin_branch *picked = b->first;
	unsigned n = 0;

	if (b->type == TWIN_LEAF) {
		if (!dice_one_in(mk->d, 15))
			add_value(mk, b->test);
		return;
	}
	if (b->type == TWIN_NOT && !dice_one_in(mk->d, 3))
		return;
	for (const struct twin_branch *c = b->first; c != NULL; c = c->next)
		if (b->type == TWIN_ALL)
			add_tree(mk, c);
		else if (dice_one_in(mk->d, ++n))
			picked = c;
	if (b->type != TWIN_ALL && picked != NULL)
		add_tree(mk, picked);
}

static void
add_rule(struct making *mk, const struct twin_rule *r)
{
	for (size_t i = 0; i < r->id_count; i++)
		if (slice_starts(r->ids[i].name, S("filter")) ?
		    dice_one_in(mk->d, 4) : !dice_one_in(mk->d, 4))
			add_tree(mk, r->ids[i].tree);
}

static void
add_source(struct making *mk, const struct twin_rule *r)
{
	static const struct slice words[] = {
		SLICE(""), SLICE("linux"), SLICE("windows"),
		SLICE("process_creation"), SLICE("auditd"), SLICE("sshd"),
	};
	struct twin_source s = twin_source(r);
	struct slice *parts[] = { &s.product, &s.category, &s.service };

	for (size_t i = 0; i < COUNT(parts); i++)
		if (parts[i]->len == 0 || dice_one_in(mk->d, 20))
			*parts[i] = words[dice_roll(mk->d, COUNT(words))];
	if (mk->m->source_count < NEARMISS_SOURCES)
		mk->m->sources[mk->m->source_count++] = s;
}

/* "a.b.c" is a key, or a way through maps. */
static void
write_slot(struct buf *out, struct dice *d, const struct slot *s)
{
	struct slice rest = s->field, head;
	unsigned levels = 0;

	if (dice_one_in(d, 2))
		while (slice_cut(&rest, '.', &head)) {
			nearmiss_quote(out, head);
			buf_str(out, ":{");
			levels++;
		}
	nearmiss_quote(out, rest);
	buf_str(out, s->count == 1 ? ":" : ":[");
	buf_add(out, buf_slice(&s->values));
	buf_str(out, s->count == 1 ? "" : "]");
	while (levels-- > 0)
		buf_byte(out, '}');
}

/* A raw line, or the same as fields, or both. */
static void
write_keywords(struct making *mk, struct buf *out)
{
	bool raw = dice_one_in(mk->d, 2);

	if (mk->raw.len == 0)
		return;
	if (raw)
		buf_str(out, ",\"_raw\":\"x ");
	for (size_t i = 0; raw && i < mk->raw.len; i++)
		if (mk->raw.p[i] != '"')
			buf_byte(out, mk->raw.p[i]);
	if (raw)
		buf_byte(out, '"');
	if (!raw || dice_one_in(mk->d, 3)) {
		buf_str(out, ",\"words\":[");
		buf_add(out, buf_slice(&mk->raw));
		buf_byte(out, ']');
	}
}

void
nearmiss_make(struct nearmiss *m, struct dice *d, const struct twin *t)
{
	struct making mk = { .m = m, .d = d };
	struct buf *out = &m->json;

	m->source_count = 0;
	for (unsigned n = 1 + dice_one_in(d, 3); n > 0; n--) {
		const struct twin_rule *r = twin_get(t, dice_roll(d,
		    (unsigned)twin_count(t)));

		add_rule(&mk, r);
		add_source(&mk, r);
	}
	buf_clear(out);
	buf_fmt(out, "{\"n\":%u", dice_roll(d, 1000));
	for (size_t i = 0; i < mk.count; i++) {
		buf_byte(out, ',');
		write_slot(out, d, &mk.slots[i]);
		buf_free(&mk.slots[i].values);
	}
	write_keywords(&mk, out);
	buf_byte(out, '}');
	buf_free(&mk.raw);
}

static void
learn_tree(struct nearmiss *m, struct map *seen, const struct twin_branch *b)
{
	struct slice field = b->type == TWIN_LEAF ? b->test->field : S("");

	if (field.len > 0 && map_get(seen, field) == NULL) {
		map_put(seen, field, m);
		if ((m->field_count & (m->field_count - 1)) == 0)
			m->fields = xrealloc(m->fields,
			    2 * m->field_count + 1, sizeof(*m->fields));
		m->fields[m->field_count++] = field;
	}
	for (const struct twin_branch *c = b->first; c != NULL; c = c->next)
		learn_tree(m, seen, c);
}

void
nearmiss_learn(struct nearmiss *m, const struct twin *t)
{
	struct map *seen = map_new();

	m->field_count = 0;
	for (size_t i = 0; i < twin_count(t); i++)
		for (size_t k = 0; k < twin_get(t, i)->id_count; k++)
			learn_tree(m, seen, twin_get(t, i)->ids[k].tree);
	map_free(seen);
}

void
nearmiss_free(struct nearmiss *m)
{
	buf_free(&m->json);
	free(m->fields);
}
