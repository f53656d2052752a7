/*
 * SIGMA.md 1.2 and 1.4: one item of a detection, "field|modifier...: value".
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "twin_inside.h"

enum modifier_group {
	CHANGES,	/* what the value stands for */
	MARKS,		/* the whole item */
	MAKES,		/* another kind of test; "must be first" */
	FLAGS,		/* of re */
	COMPARES,
	TIMES,
};

enum mark { ALL = 1, CASED = 2, NEQ = 4, OPEN_FRONT = 8, OPEN_END = 16 };

struct modifier {
	const char *name;
	enum modifier_group group;
	unsigned what;
	twin_change *change;
};

static const struct modifier modifiers[] = {
	{ "all", MARKS, ALL, NULL },
	{ "base64", CHANGES, 0, twin_base64 },
	{ "base64offset", CHANGES, 0, twin_base64offset },
	{ "cased", MARKS, CASED, NULL },
	{ "cidr", MAKES, TWIN_CIDR, NULL },
	{ "contains", CHANGES, OPEN_FRONT | OPEN_END, twin_contains },
	{ "day", TIMES, TWIN_DAY, NULL },
	{ "dotall", FLAGS, REGEX_DOTALL, NULL },
	{ "endswith", CHANGES, OPEN_FRONT, twin_endswith },
	{ "exists", MAKES, TWIN_EXISTS, NULL },
	{ "expand", CHANGES, 0, twin_expand },
	{ "fieldref", MAKES, TWIN_FIELDREF, NULL },
	{ "gt", COMPARES, TWIN_GT, NULL },
	{ "gte", COMPARES, TWIN_GTE, NULL },
	{ "hour", TIMES, TWIN_HOUR, NULL },
	{ "i", FLAGS, REGEX_NOCASE, NULL },
	{ "ignorecase", FLAGS, REGEX_NOCASE, NULL },
	{ "lt", COMPARES, TWIN_LT, NULL },
	{ "lte", COMPARES, TWIN_LTE, NULL },
	{ "m", FLAGS, REGEX_MULTILINE, NULL },
	{ "minute", TIMES, TWIN_MINUTE, NULL },
	{ "month", TIMES, TWIN_MONTH, NULL },
	{ "multiline", FLAGS, REGEX_MULTILINE, NULL },
	{ "neq", MARKS, NEQ, NULL },
	{ "re", MAKES, TWIN_REGEX, NULL },
	{ "s", FLAGS, REGEX_DOTALL, NULL },
	{ "startswith", CHANGES, OPEN_END, twin_startswith },
	{ "utf16", CHANGES, 0, twin_utf16 },
	{ "utf16be", CHANGES, 0, twin_utf16be },
	{ "utf16le", CHANGES, 0, twin_utf16le },
	{ "week", TIMES, TWIN_WEEK, NULL },
	{ "wide", CHANGES, 0, twin_utf16le },
	{ "windash", CHANGES, 0, twin_windash },
	{ "year", TIMES, TWIN_YEAR, NULL },
};

struct item {
	struct slice field;
	enum twin_kind kind;
	unsigned marks, regex_flags;
	enum twin_compare compare;
	enum twin_part part;
	twin_change *changes[8];
	size_t change_count;
};

static bool
make(struct twin *t, struct item *it, enum twin_kind kind)
{
	if (it->kind != TWIN_TEXT || it->change_count > 0)
		return twin_fail(t, "must be first");
	if (kind != TWIN_REGEX && it->field.len == 0)
		return twin_fail(t, "not for keywords");
	it->kind = kind;
	return true;
}

/* On re and fieldref they say how it fits; other kinds have no text. */
static bool
add_change(struct twin *t, struct item *it, const struct modifier *m)
{
	it->marks |= m->what;
	if (m->what != 0 &&
	    (it->kind == TWIN_REGEX || it->kind == TWIN_FIELDREF))
		return true;
	if (it->kind != TWIN_TEXT || it->change_count == COUNT(it->changes))
		return twin_fail(t, "works on text");
	it->changes[it->change_count++] = m->change;
	return true;
}

static bool
add_modifier(struct twin *t, struct item *it, const struct modifier *m)
{
	switch (m->group) {
	case CHANGES:
		return add_change(t, it, m);
	case MARKS:
		it->marks |= m->what;
		return true;
	case MAKES:
		return make(t, it, m->what);
	case FLAGS:
		it->regex_flags |= m->what;
		return it->kind == TWIN_REGEX ||
		    twin_fail(t, "flag without re");
	case COMPARES:
		it->compare = m->what;
		return it->kind == TWIN_TIME || make(t, it, TWIN_COMPARE);
	case TIMES:
		it->part = m->what;
		return make(t, it, TWIN_TIME);
	}
	return false;
}

/* "unknown modifier, empty modifier (`f|`) → load error" */
static bool
read_modifier(struct twin *t, struct item *it, struct slice name)
{
	for (size_t i = 0; i < COUNT(modifiers); i++)
		if (slice_eq(name, slice_of(modifiers[i].name)))
			return add_modifier(t, it, &modifiers[i]);
	return twin_fail(t, "unknown modifier");
}

/* Encoded to UTF-16 and not to base64 is nothing that this knows to match. */
static void
pass_bare_utf16(struct twin *t, const struct item *it)
{
	bool utf16 = false;

	for (size_t i = 0; i < it->change_count; i++)
		if (it->changes[i] == twin_base64 ||
		    it->changes[i] == twin_base64offset)
			utf16 = false;
		else if (it->changes[i] == twin_utf16le ||
		    it->changes[i] == twin_utf16be ||
		    it->changes[i] == twin_utf16)
			utf16 = true;
	t->passed |= utf16;
}

static bool
read_key(struct twin *t, struct item *it, const struct node *key)
{
	struct slice rest = key->text, name = rest;

	if (!slice_cut(&rest, '|', &name)) {
		it->field = name;
		return name.len > 0 || twin_fail(t, "no field");
	}
	it->field = name;
	while (slice_cut(&rest, '|', &name))
		if (!read_modifier(t, it, name))
			return false;
	if (!read_modifier(t, it, rest))
		return false;
	pass_bare_utf16(t, it);
	return true;
}

/*
 * SIGMA.md 1.1: "bool only true/false, int decimal (+0x), float, null; keep
 * the source text beside the number". A number with zeros in front is text.
 */
static bool
read_number(struct twin *t, const struct node *v, struct twin_test *out)
{
	struct slice digits = v->text;
	char text[24];
	int64_t whole;

	slice_skip(&digits, S("-"));
	if (v->quoted || (digits.len > 1 && digits.p[0] == '0' &&
	    byte_is_digit(digits.p[1])))
		return false;
	out->text = v->text;
	if (node_int(v, &whole) == 0) {
		snprintf(text, sizeof(text), "%" PRId64, whole);
		out->text = arena_keep(t->arena, slice_of(text));
		return twin_number(out->text, &out->number);
	}
	return slice_find_byte(v->text, '.') != SIZE_MAX &&
	    twin_number(v->text, &out->number);
}

static struct twin_branch *
leaf(struct twin *t, const struct item *it, struct twin_test test)
{
	struct twin_branch *b = twin_branch(t, TWIN_LEAF);

	test.field = it->field;
	test.cased = (it->marks & CASED) != 0;
	b->test = arena_alloc(t->arena, sizeof(*b->test));
	*b->test = test;
	return b;
}

/* "Keyword: pattern found anywhere (implicit `*…*`)", unless tied to an end */
static struct twin_branch *
pattern_leaf(struct twin *t, const struct item *it, struct letters pattern)
{
	struct twin_choices c = { &pattern, 1 };

	if (it->field.len == 0 && (it->marks & (OPEN_FRONT | OPEN_END)) == 0)
		twin_contains(t, &c);
	return leaf(t, it, (struct twin_test){
	    .kind = TWIN_TEXT, .pattern = c.at[0] });
}

static struct twin_branch *
text_branch(struct twin *t, const struct item *it, const struct node *v)
{
	struct letters first = letters_sigma(t->arena, v->text);
	struct twin_choices c = { &first, 1 };
	struct twin_branch *any = twin_branch(t, TWIN_ANY);
	struct twin_branch **tail = &any->first;

	for (size_t i = 0; i < it->change_count; i++)
		if (!it->changes[i](t, &c))
			return NULL;
	for (size_t i = 0; i < c.count; i++) {
		*tail = pattern_leaf(t, it, c.at[i]);
		tail = &(*tail)->next;
	}
	return any;
}

static struct twin_branch *
plain_branch(struct twin *t, const struct item *it, const struct node *v)
{
	struct twin_test number = { .kind = TWIN_NUMBER };
	bool truth, is_truth = node_bool(v, &truth) == 0;
	bool is_number = !is_truth && read_number(t, v, &number);

	if (!is_truth && !is_number && !node_is_null(v))
		return text_branch(t, it, v);
	if (it->change_count > 0) {
		twin_fail(t, "strings only");
		return NULL;
	}
	if (is_truth)	/* "bool vs `true`/`\"true\"`" */
		return pattern_leaf(t, it, letters_of(t->arena,
		    truth ? S("true") : S("false")));
	if (is_number && it->field.len == 0)
		return pattern_leaf(t, it, letters_of(t->arena, number.text));
	if (is_number)
		return leaf(t, it, number);
	if (it->field.len == 0) {
		twin_fail(t, "null keyword");
		return NULL;
	}
	return leaf(t, it, (struct twin_test){ .kind = TWIN_NULL });
}

/* Characters where the pattern names any that is not ASCII, else bytes. */
static unsigned
regex_flags(const struct item *it, struct slice pattern)
{
	static const struct slice signs[] = {
		SLICE("\\x{"), SLICE("\\p"), SLICE("\\P"), SLICE("\\X"),
	};
	bool characters = false;

	for (size_t i = 0; i < pattern.len; i++)
		characters |= pattern.p[i] >= 0x80;
	for (size_t i = 0; i < COUNT(signs); i++)
		characters |= slice_find(pattern, signs[i]) != SIZE_MAX;
	return it->regex_flags | (characters ? REGEX_UTF : 0);
}

static struct twin_branch *
regex_branch(struct twin *t, const struct item *it, const struct node *v)
{
	struct twin_test test = { .kind = TWIN_REGEX, .text = v->text };
	size_t at;

	test.regex = regex_new(v->text, regex_flags(it, v->text), &at, NULL);
	if (node_is_null(v) || test.regex == NULL) {
		regex_free(test.regex);
		twin_fail(t, "pattern");
		return NULL;
	}
	t->regexes = xrealloc(t->regexes, t->regex_count + 1,
	    sizeof(struct regex *));
	t->regexes[t->regex_count++] = test.regex;
	return leaf(t, it, test);
}

static struct twin_branch *
exists_branch(struct twin *t, const struct item *it, const struct node *v)
{
	struct twin_branch *not = twin_branch(t, TWIN_NOT);
	bool truth;

	if (node_bool(v, &truth) == -1) {
		twin_fail(t, "exists: bool only");
		return NULL;
	}
	not->first = leaf(t, it, (struct twin_test){ .kind = TWIN_EXISTS });
	return truth ? not->first : not;
}

static struct twin_branch *
fieldref_branch(struct twin *t, const struct item *it, const struct node *v)
{
	struct letters name = letters_sigma(t->arena, v->text);

	if (!letters_plain(name) || name.count == 0) {
		twin_fail(t, "fieldref: one field");
		return NULL;
	}
	return leaf(t, it, (struct twin_test){
	    .kind = TWIN_FIELDREF, .text = letters_bytes(t->arena, name),
	    .open_front = (it->marks & OPEN_FRONT) != 0,
	    .open_end = (it->marks & OPEN_END) != 0 });
}

/* What one value stands for. */
static struct twin_branch *
value_branch(struct twin *t, const struct item *it, const struct node *v)
{
	struct twin_test test = { .kind = it->kind, .compare = it->compare,
	    .part = it->part, .text = v->text };

	if (v->type != NODE_SCALAR)
		twin_fail(t, "nested value");
	else if (it->kind == TWIN_TEXT)
		return plain_branch(t, it, v);
	else if (it->kind == TWIN_REGEX)
		return regex_branch(t, it, v);
	else if (it->kind == TWIN_EXISTS)
		return exists_branch(t, it, v);
	else if (it->kind == TWIN_FIELDREF)
		return fieldref_branch(t, it, v);
	else if (it->kind == TWIN_CIDR && twin_network_fine(v->text))
		return leaf(t, it, test);
	else if (it->kind != TWIN_CIDR && read_number(t, v, &test))
		return leaf(t, it, test);
	twin_fail(t, "value");
	return NULL;
}

/* "value list: OR; `|all`: AND; empty field list `[]` = null" */
static struct twin_branch *
value_list(struct twin *t, const struct item *it, const struct node *list)
{
	struct twin_branch *b = twin_branch(t,
	    (it->marks & ALL) != 0 ? TWIN_ALL : TWIN_ANY);
	struct twin_branch **tail = &b->first;

	if (it->kind == TWIN_EXISTS || (list->count == 0 &&
	    it->field.len == 0)) {
		twin_fail(t, "no such list");
		return NULL;
	}
	if (list->count == 0)
		return leaf(t, it, (struct twin_test){ .kind = TWIN_NULL });
	for (const struct node *v = list->first; v != NULL; v = v->next) {
		*tail = value_branch(t, it, v);
		if (*tail == NULL)
			return NULL;
		tail = &(*tail)->next;
	}
	return b;
}

/* "neq: NOT of the whole item; missing field → true" */
struct twin_branch *
twin_item(struct twin *t, const struct node *key, const struct node *value)
{
	struct twin_branch *b, *not = twin_branch(t, TWIN_NOT);
	struct item it = { .kind = TWIN_TEXT };

	if (key != NULL && !read_key(t, &it, key))
		return NULL;
	b = value->type == NODE_LIST ? value_list(t, &it, value) :
	    value_branch(t, &it, value);
	if (b == NULL || (it.marks & NEQ) == 0)
		return b;
	not->first = b;
	return not;
}
