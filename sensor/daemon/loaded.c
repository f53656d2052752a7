#include "daemon/loaded.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/pack.h"

enum {
	NAMED_MAX = 50,	/* rules that a record names, per fate */
	TEXT_MAX = 200,
};

enum fate { SAME, ADDED, CHANGED, REMOVED, FATES };

static const struct {
	struct slice count, names;
} paths[FATES] = {
	[ADDED] = { SLICE("vedette.load.added"),
	    SLICE("vedette.load.added_rules") },
	[CHANGED] = { SLICE("vedette.load.changed"),
	    SLICE("vedette.load.changed_rules") },
	[REMOVED] = { SLICE("vedette.load.removed"),
	    SLICE("vedette.load.removed_rules") },
};

/* A rule as it is or was. The slices are in the arena. */
struct known {
	struct known *next;
	struct slice id, title, file;
	enum level level;
	bool enabled;
	struct digest digest;
	enum fate fate;
};

struct loaded {
	struct arena *arena;
	struct known *rules, **last;
	struct map *by_id;
	bool first;		/* nothing was loaded before */
	size_t now;
	size_t counts[FATES];
	struct slice names[FATES][NAMED_MAX];
};

static struct known *
add(struct loaded *ld, struct slice id)
{
	struct known *k = arena_alloc(ld->arena, sizeof(*k));

	k->id = arena_keep(ld->arena, id);
	*ld->last = k;
	ld->last = &k->next;
	map_put(ld->by_id, k->id, k);
	return k;
}

static void
take_item(void *arg, struct slice key, struct slice value)
{
	struct loaded *ld = arg;
	struct unpack u = { value, false };
	struct slice digest = unpack_slice(&u), title = unpack_slice(&u);
	struct slice file = unpack_slice(&u);
	uint32_t level = unpack_u32(&u);
	bool enabled = unpack_u8(&u) != 0;
	struct known *k;

	ld->first = false;
	if (!unpack_done(&u) || digest.len != sizeof(k->digest) ||
	    level > LEVEL_CRITICAL)
		return;
	k = add(ld, key);
	memcpy(&k->digest, digest.p, sizeof(k->digest));
	k->title = arena_keep(ld->arena, title);
	k->file = arena_keep(ld->arena, file);
	k->level = (enum level)level;
	k->enabled = enabled;
	k->fate = REMOVED;
}

/* "Title (id)", and of what a place can change without the rule, what. */
static struct slice
name(struct loaded *ld, const struct known *k, const struct known *before)
{
	struct buf text = { 0 };
	struct slice kept;

	buf_add(&text, slice_head(k->title, TEXT_MAX));
	buf_str(&text, " (");
	buf_add(&text, slice_head(k->id, TEXT_MAX));
	if (before->level != k->level)
		buf_fmt(&text, ", level %s, was %s", level_name(k->level),
		    level_name(before->level));
	if (before->enabled != k->enabled)
		buf_str(&text, k->enabled ? ", enabled" : ", disabled");
	buf_byte(&text, ')');
	kept = arena_keep(ld->arena, buf_slice(&text));
	buf_free(&text);
	return kept;
}

static void
settle_fate(struct loaded *ld, struct known *k, enum fate fate,
    const struct known *before)
{
	size_t n = ld->counts[fate]++;

	k->fate = fate;
	if (fate != SAME && n < NAMED_MAX)
		ld->names[fate][n] = name(ld, k, before);
}

static bool
same(const struct known *a, const struct known *b)
{
	return memcmp(&a->digest, &b->digest, sizeof(a->digest)) == 0 &&
	    a->level == b->level && a->enabled == b->enabled &&
	    slice_eq(a->file, b->file);
}

static void
hold_against(struct loaded *ld, const struct rule_view *rule)
{
	struct known *k = map_get(ld->by_id, rule->info.id);
	bool new = k == NULL;
	struct known before;

	if (new)
		k = add(ld, rule->info.id);
	before = *k;
	k->title = rule->info.title;
	k->file = slice_of(rule->file);
	k->level = rule->info.level;
	k->enabled = rule->enabled;
	k->digest = rule->document;
	if (new)
		settle_fate(ld, k, ADDED, k);
	else
		settle_fate(ld, k, same(k, &before) ? SAME : CHANGED,
		    &before);
}

struct loaded *
loaded_compare(struct store *st, const struct ruleset *rs)
{
	struct loaded *ld = xcalloc(1, sizeof(*ld));

	ld->arena = arena_new(0);
	ld->by_id = map_new();
	ld->last = &ld->rules;
	ld->first = true;
	ld->now = ruleset_count(rs);
	/* What can't be read is as if it had not been. */
	store_item_each(st, ITEMS_LOADED, take_item, ld, NULL);
	for (size_t i = 0; i < ld->now; i++) {
		struct rule_view rule = ruleset_view(rs, i);

		hold_against(ld, &rule);
	}
	for (struct known *k = ld->rules; k != NULL; k = k->next)
		if (k->fate == REMOVED)
			settle_fate(ld, k, REMOVED, k);
	return ld;
}

void
loaded_free(struct loaded *ld)
{
	if (ld == NULL)
		return;
	map_free(ld->by_id);
	arena_free(ld->arena);
	free(ld);
}

void
loaded_line(const struct loaded *ld, struct buf *out)
{
	buf_fmt(out, "%zu rule%s", ld->now, ld->now == 1 ? "" : "s");
	if (!ld->first)
		buf_fmt(out, ": %zu added, %zu changed, %zu removed",
		    ld->counts[ADDED], ld->counts[CHANGED],
		    ld->counts[REMOVED]);
}

void
loaded_ecs(const struct loaded *ld, struct ecs *ecs)
{
	ecs_int(ecs, S("vedette.load.rules"), (int64_t)ld->now);
	for (size_t f = ADDED; f < FATES; f++) {
		size_t n = ld->counts[f];

		ecs_int(ecs, paths[f].count, (int64_t)n);
		if (!ld->first && n > 0)
			ecs_list(ecs, paths[f].names, ld->names[f],
			    n < NAMED_MAX ? n : NAMED_MAX);
	}
}

static int
put(const struct known *k, struct store *st, struct err *err)
{
	struct buf value = { 0 };
	int ret;

	pack_slice(&value, digest_slice(&k->digest));
	pack_slice(&value, slice_head(k->title, TEXT_MAX));
	pack_slice(&value, k->file);
	pack_u32(&value, k->level);
	pack_u8(&value, k->enabled);
	ret = store_item_put(st, ITEMS_LOADED, k->id, buf_slice(&value), err);
	buf_free(&value);
	return ret;
}

int
loaded_keep(const struct loaded *ld, struct store *st, struct err *err)
{
	for (const struct known *k = ld->rules; k != NULL; k = k->next)
		if ((k->fate == REMOVED && store_item_delete(st, ITEMS_LOADED,
		    k->id, err) == -1) || ((k->fate == ADDED ||
		    k->fate == CHANGED) && put(k, st, err) == -1))
			return -1;
	return 0;
}
