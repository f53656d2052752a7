#include "event/schema.h"

#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"

/* Names in the order of their numbers; the map's values are number + 1. */
struct names {
	struct slice *items;
	size_t count, max;
	struct map *by_name;
};

struct schema {
	struct arena *arena;
	struct names fields, words;
	struct field_form *forms;	/* one per field, once frozen */
	bool frozen;
};

static int
names_find(const struct names *n, struct slice name)
{
	return (int)(intptr_t)map_get(n->by_name, name) - 1;
}

static int
names_add(struct schema *s, struct names *n, struct slice name)
{
	int at = names_find(n, name);

	if (at != -1)
		return at;
	assert(!s->frozen);
	if (n->count == n->max)
		return -1;
	n->items = xrealloc(n->items, n->count + 1, sizeof(*n->items));
	n->items[n->count] = arena_keep(s->arena, name);
	map_put(n->by_name, name, (void *)(intptr_t)(n->count + 1));
	return (int)n->count++;
}

struct schema *
schema_new(void)
{
#define SCHEMA_NAME(id, name) SLICE(name),
	static const struct slice known[] = { SCHEMA_FIELDS(SCHEMA_NAME) };
#undef SCHEMA_NAME
	struct schema *s = xcalloc(1, sizeof(*s));

	static_assert(COUNT(known) == F_KNOWN, "one name per known field");
	s->arena = arena_new(0);
	s->fields.by_name = map_new();
	s->fields.max = SCHEMA_FIELDS_MAX;
	s->words.by_name = map_new();
	s->words.max = SCHEMA_WORDS_MAX;
	for (size_t i = 0; i < COUNT(known); i++)
		names_add(s, &s->fields, known[i]);
	names_add(s, &s->words, S(""));
	return s;
}

void
schema_free(struct schema *s)
{
	if (s == NULL)
		return;
	map_free(s->fields.by_name);
	map_free(s->words.by_name);
	free(s->fields.items);
	free(s->words.items);
	free(s->forms);
	arena_free(s->arena);
	free(s);
}

int
schema_field(struct schema *s, struct slice name)
{
	return names_add(s, &s->fields, name);
}

int
schema_find(const struct schema *s, struct slice name)
{
	return names_find(&s->fields, name);
}

struct slice
schema_name(const struct schema *s, int field)
{
	assert(field >= 0 && (size_t)field < s->fields.count);
	return s->fields.items[field];
}

const struct field_form *
schema_form(const struct schema *s, int field)
{
	assert(s->frozen && field >= 0 && (size_t)field < s->fields.count);
	return &s->forms[field];
}

size_t
schema_count(const struct schema *s)
{
	return s->fields.count;
}

int
schema_word(struct schema *s, struct slice word)
{
	return names_add(s, &s->words, word);
}

int
schema_word_find(const struct schema *s, struct slice word)
{
	return names_find(&s->words, word);
}

size_t
schema_words(const struct schema *s)
{
	return s->words.count;
}

struct slice
schema_word_text(const struct schema *s, int word)
{
	assert(word >= 0 && (size_t)word < s->words.count);
	return s->words.items[word];
}

void
schema_freeze(struct schema *s)
{
	if (s->frozen)
		return;
	s->frozen = true;
	s->forms = xcalloc(s->fields.count, sizeof(*s->forms));
	for (size_t i = 0; i < s->fields.count; i++)
		s->forms[i] = field_form(s->fields.items[i]);
}

static bool
word_covers(uint16_t rule, uint16_t event)
{
	return rule == 0 || rule == event;
}

bool
logsource_covers(struct logsource rule, struct logsource event)
{
	return word_covers(rule.product, event.product) &&
	    word_covers(rule.category, event.category) &&
	    word_covers(rule.service, event.service);
}

static uint16_t
word_or_none(const struct schema *s, struct slice text)
{
	int n = schema_word_find(s, text);

	return n == -1 ? UINT16_MAX : (uint16_t)n;
}

bool
logsource_parse(const struct schema *s, struct slice text,
    struct logsource *out)
{
	static const struct slice keys[] = {
		SLICE("product"), SLICE("category"), SLICE("service"),
	};
	uint16_t words[COUNT(keys)] = { 0 };
	struct slice item, key;

	while (text.len > 0) {
		size_t i = 0;

		if (!slice_cut(&text, ',', &item)) {
			item = text;
			text = S("");
		}
		if (!slice_cut(&item, '=', &key))
			return false;
		while (i < COUNT(keys) && !slice_eq(key, keys[i]))
			i++;
		if (i == COUNT(keys))
			return false;
		words[i] = word_or_none(s, item);
	}
	*out = (struct logsource){ words[0], words[1], words[2] };
	return true;
}
