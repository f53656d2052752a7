/*
 * The modifiers behind a field's name, one table.
 */
#include "engine/item.h"

enum modifier_type {
	MOD_STEP,	/* changes the pattern, where it stands in the row */
	MOD_FLAG,	/* says something of the item as a whole */
	MOD_KIND,	/* another kind of test; stands first */
	MOD_REGEX,	/* a flag of re */
	MOD_COMPARE,
	MOD_TIME,
};

struct modifier {
	const char *name;
	enum modifier_type type;
	unsigned arg;		/* a flag, a kind, what else the type takes */
	item_step *step;
};

static const struct modifier modifiers[] = {
	{ "contains", MOD_STEP, ITEM_FRONT | ITEM_END, step_contains },
	{ "startswith", MOD_STEP, ITEM_END, step_startswith },
	{ "endswith", MOD_STEP, ITEM_FRONT, step_endswith },
	{ "all", MOD_FLAG, ITEM_ALL, NULL },
	{ "cased", MOD_FLAG, ITEM_CASED, NULL },
	{ "neq", MOD_FLAG, ITEM_NEQ, NULL },
	{ "re", MOD_KIND, ITEM_REGEX, NULL },
	{ "i", MOD_REGEX, REGEX_NOCASE, NULL },
	{ "ignorecase", MOD_REGEX, REGEX_NOCASE, NULL },
	{ "m", MOD_REGEX, REGEX_MULTILINE, NULL },
	{ "multiline", MOD_REGEX, REGEX_MULTILINE, NULL },
	{ "s", MOD_REGEX, REGEX_DOTALL, NULL },
	{ "dotall", MOD_REGEX, REGEX_DOTALL, NULL },
	{ "cidr", MOD_KIND, ITEM_CIDR, NULL },
	{ "exists", MOD_KIND, ITEM_EXISTS, NULL },
	{ "fieldref", MOD_KIND, ITEM_FIELDREF, NULL },
	{ "lt", MOD_COMPARE, COMPARE_LT, NULL },
	{ "lte", MOD_COMPARE, COMPARE_LTE, NULL },
	{ "gt", MOD_COMPARE, COMPARE_GT, NULL },
	{ "gte", MOD_COMPARE, COMPARE_GTE, NULL },
	{ "minute", MOD_TIME, TIME_MINUTE, NULL },
	{ "hour", MOD_TIME, TIME_HOUR, NULL },
	{ "day", MOD_TIME, TIME_DAY, NULL },
	{ "week", MOD_TIME, TIME_WEEK, NULL },
	{ "month", MOD_TIME, TIME_MONTH, NULL },
	{ "year", MOD_TIME, TIME_YEAR, NULL },
	{ "base64", MOD_STEP, 0, step_base64 },
	{ "base64offset", MOD_STEP, 0, step_base64offset },
	{ "utf16le", MOD_STEP, 0, step_utf16le },
	{ "wide", MOD_STEP, 0, step_utf16le },
	{ "utf16be", MOD_STEP, 0, step_utf16be },
	{ "utf16", MOD_STEP, 0, step_utf16 },
	{ "windash", MOD_STEP, 0, step_windash },
	{ "expand", MOD_STEP, 0, step_expand },
};

/* The key's place, moved to where the modifier stands in it. */
static struct node
place_of(const struct item *item, struct slice word)
{
	struct node place = *item->key;

	place.column += (unsigned)(word.p - item->key->text.p) +
	    item->key->quoted;
	return place;
}

static int
refuse(const struct item *item, struct slice word, const char *why)
{
	struct node place = place_of(item, word);

	return node_error(item->load->diag, &place, "modifier \"%.*s\": %s",
	    (int)slice_head(word, 60).len, (const char *)word.p, why);
}

static int
unknown(const struct item *item, struct slice word)
{
	const char *names[COUNT(modifiers) + 1] = { NULL };
	struct node place = place_of(item, word);
	const char *near;
	char text[64];

	for (size_t i = 0; i < COUNT(modifiers); i++)
		names[i] = modifiers[i].name;
	slice_to_cstr(word, text, sizeof(text));
	near = word.len > 0 ? did_you_mean(text, names) : NULL;
	if (near != NULL)
		return node_error(item->load->diag, &place,
		    "no modifier \"%s\"; did you mean \"%s\"?", text, near);
	return node_error(item->load->diag, &place, word.len > 0 ?
	    "no modifier \"%s\"; vedette-rules(7) names all of them" :
	    "a modifier is missing behind \"|\"%s", text);
}

static int
add_step(struct item *item, struct slice word, const struct modifier *m)
{
	if (m->arg != 0 &&
	    (item->kind == ITEM_REGEX || item->kind == ITEM_FIELDREF)) {
		item->flags |= m->arg;
		return 0;
	}
	if (item->kind != ITEM_TEXT)
		return refuse(item, word, "works on text only");
	if (item->step_count == ITEM_STEPS_MAX)
		return refuse(item, word, "too many modifiers");
	item->flags |= m->arg;
	item->steps[item->step_count++] = m->step;
	return 0;
}

static bool
is_fresh(const struct item *item)
{
	return item->kind == ITEM_TEXT && item->step_count == 0;
}

static int
add_kind(struct item *item, struct slice word, enum item_kind kind)
{
	if (!is_fresh(item))
		return refuse(item, word, "must stand first");
	if (kind != ITEM_REGEX && item->field == FIELD_ANYWHERE)
		return refuse(item, word, "needs a field");
	item->kind = kind;
	return 0;
}

/* "hour|gte" compares a part of a time, "gte" the value itself. */
static int
add_compare(struct item *item, struct slice word, enum compare compare)
{
	item->compare = compare;
	if (item->kind == ITEM_TIME)
		return 0;
	return add_kind(item, word, ITEM_COMPARE);
}

static int
add_regex_flag(struct item *item, struct slice word, unsigned flag)
{
	if (item->kind != ITEM_REGEX)
		return refuse(item, word, "stands behind \"re\" only");
	item->regex_flags |= flag;
	return 0;
}

static int
add(struct item *item, struct slice word, const struct modifier *m)
{
	switch (m->type) {
	case MOD_STEP:
		return add_step(item, word, m);
	case MOD_FLAG:
		item->flags |= m->arg;
		return 0;
	case MOD_KIND:
		return add_kind(item, word, m->arg);
	case MOD_REGEX:
		return add_regex_flag(item, word, m->arg);
	case MOD_COMPARE:
		return add_compare(item, word, m->arg);
	case MOD_TIME:
		item->part = m->arg;
		return add_kind(item, word, ITEM_TIME);
	}
	return -1;
}

static const struct modifier *
find(struct slice word)
{
	for (size_t i = 0; i < COUNT(modifiers); i++)
		if (slice_eq(word, slice_of(modifiers[i].name)))
			return &modifiers[i];
	return NULL;
}

int
modifiers_read(struct item *item, struct slice rest)
{
	bool more;

	do {
		struct slice word = rest;
		const struct modifier *m;

		more = slice_cut(&rest, '|', &word);
		m = find(word);
		if (m == NULL)
			return unknown(item, word);
		if (add(item, word, m) == -1)
			return -1;
	} while (more);
	return 0;
}

const char *
ruleset_modifier(size_t i)
{
	return i < COUNT(modifiers) ? modifiers[i].name : NULL;
}
