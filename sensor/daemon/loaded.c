#include "daemon/loaded.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/pack.h"

enum {
	NAMED_MAX = 50,	/* rules that a record names, per fate */
	TEXT_MAX = 200,
};

enum fate { SAME, ADDED, CHANGED, REMOVED, FATES };
/* What is loaded. A tuning that was changed is another one. */
enum sort { RULES, TUNINGS, SORTS };

static const struct {
	struct slice count, names;
} paths[SORTS][FATES] = {
	[RULES] = {
		[ADDED] = { SLICE("vedette.load.added"),
		    SLICE("vedette.load.added_rules") },
		[CHANGED] = { SLICE("vedette.load.changed"),
		    SLICE("vedette.load.changed_rules") },
		[REMOVED] = { SLICE("vedette.load.removed"),
		    SLICE("vedette.load.removed_rules") },
	},
	[TUNINGS] = {
		[ADDED] = { SLICE("vedette.load.tuning_added"),
		    SLICE("vedette.load.added_tuning") },
		[REMOVED] = { SLICE("vedette.load.tuning_removed"),
		    SLICE("vedette.load.removed_tuning") },
	},
};

/* In front of the ids of tunings, which have none but a digest. */
static const struct slice tuning_mark = SLICE("\1tuning ");

/* A rule or a tuning as it is or was. The slices are in the arena. */
struct known {
	struct known *next;
	enum sort sort;
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
	size_t counts[SORTS][FATES];
	struct slice names[SORTS][FATES][NAMED_MAX];
};

static struct known *
add(struct loaded *ld, struct slice id)
{
	struct known *k = arena_alloc(ld->arena, sizeof(*k));

	k->id = arena_keep(ld->arena, id);
	k->sort = slice_starts(id, tuning_mark) ? TUNINGS : RULES;
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
	size_t n = ld->counts[k->sort][fate]++;

	k->fate = fate;
	if (fate != SAME && n < NAMED_MAX)
		ld->names[k->sort][fate][n] = k->sort == TUNINGS ? k->title :
		    name(ld, k, before);
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

/* "exception /etc/vedette/exceptions.d/x.yaml:1 by alice: it is known" */
static void
describe(const struct tuning_view *t, struct buf *out)
{
	buf_fmt(out, "%s %s:%u by ", t->exception ? "exception" : "override",
	    t->file, t->line);
	buf_add(out, slice_head(t->owner, TEXT_MAX));
	buf_str(out, ": ");
	buf_add(out, slice_head(t->reason, TEXT_MAX));
}

static void
hold_tuning(struct loaded *ld, const struct tuning_view *t)
{
	const struct slice parts[] = { digest_slice(&t->document),
		slice_of(t->file) };
	const struct digest id = digest_of(parts, COUNT(parts));
	struct buf key = { 0 }, title = { 0 };
	struct known *k;

	buf_add(&key, tuning_mark);
	buf_hex(&key, slice_bytes(id.b, ID_LEN));
	k = map_get(ld->by_id, buf_slice(&key));
	if (k == NULL) {
		describe(t, &title);
		k = add(ld, buf_slice(&key));
		k->title = arena_keep(ld->arena, buf_slice(&title));
		k->digest = id;
		settle_fate(ld, k, ADDED, k);
	} else if (k->fate == REMOVED) {
		settle_fate(ld, k, SAME, k);
	}
	buf_free(&key);
	buf_free(&title);
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
	for (size_t i = 0; i < ruleset_tunings(rs); i++) {
		struct tuning_view t = ruleset_tuning(rs, i);

		hold_tuning(ld, &t);
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
		    ld->counts[RULES][ADDED], ld->counts[RULES][CHANGED],
		    ld->counts[RULES][REMOVED]);
	if (ld->counts[TUNINGS][ADDED] + ld->counts[TUNINGS][REMOVED] > 0)
		buf_fmt(out, "; tuning: %zu added, %zu removed",
		    ld->counts[TUNINGS][ADDED],
		    ld->counts[TUNINGS][REMOVED]);
}

static void
add_fate(const struct loaded *ld, struct ecs *ecs, enum sort sort,
    enum fate fate)
{
	size_t n = ld->counts[sort][fate];
	bool told = sort == TUNINGS || !ld->first;

	if (paths[sort][fate].count.len == 0 || (sort == TUNINGS && n == 0))
		return;
	ecs_int(ecs, paths[sort][fate].count, (int64_t)n);
	if (told && n > 0)
		ecs_list(ecs, paths[sort][fate].names, ld->names[sort][fate],
		    n < NAMED_MAX ? n : NAMED_MAX);
}

void
loaded_ecs(const struct loaded *ld, struct ecs *ecs)
{
	ecs_int(ecs, S("vedette.load.rules"), (int64_t)ld->now);
	for (size_t sort = 0; sort < SORTS; sort++)
		for (size_t f = ADDED; f < FATES; f++)
			add_fate(ld, ecs, (enum sort)sort, (enum fate)f);
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
