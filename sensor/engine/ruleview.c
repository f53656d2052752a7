/*
 * A rule as people and tools look at it, and what all rules remember.
 */
#include "base/when.h"
#include "engine/ruleset.h"

enum { ID_LEAST = 6 };

struct ruleset_memory
ruleset_memory(const struct ruleset *rs)
{
	struct memory_counts c = memory_counts(rs->memory);
	uint64_t late = 0;

	for (size_t i = 0; i < rs->count; i++)
		if (rs->rules[i].correlation != NULL)
			late += rs->rules[i].correlation->too_late;
	return (struct ruleset_memory){ c.items, c.bytes, c.evicted, late };
}

/* A text that wakes a rule, as an example. */
static struct slice
wake_text(const struct predicate *p)
{
	struct slice longest = S("");

	if (p->op == OP_SET)
		return p->set.items[0].text;
	if (p->op == OP_REGEX)
		return p->regex.pattern;
	if (p->op != OP_TEXT || p->text.type == MATCH_ANY)
		return longest;
	if (p->text.type != MATCH_GLOB)
		return p->text.text;
	for (size_t i = 0; i < p->text.glob.count; i++)
		if (p->text.glob.parts[i].text.len > longest.len)
			longest = p->text.glob.parts[i].text;
	return longest;
}

static void
view_wake(const struct ruleset *rs, const struct rule *r,
    struct rule_view *out)
{
	const struct predicate *p;

	out->wakes = r->wakes;
	out->wake_field = out->wake_text = S("");
	if (r->wakes == 0)
		return;
	p = predicates_get(rs->predicates, r->wake);
	out->wake_text = wake_text(p);
	if (p->field != FIELD_ANYWHERE)
		out->wake_field = schema_name(rs->schema, p->field);
}

/* Who says something about the rule now, some of it may have ended since. */
static void
view_tunings(const struct ruleset *rs, const struct rule *r,
    struct rule_view *out)
{
	int64_t now = when_now();
	const struct tune *levelled = rule_levelled(r, now);
	const struct tune *switched = rule_switched(r, now);

	out->shipped = r->shipped;
	out->info.level = levelled == NULL ? r->shipped :
	    (enum level)levelled->view.level;
	out->levelled = tuning_index(rs->tuning, levelled);
	out->switched = tuning_index(rs->tuning, switched);
	out->enabled = switched == NULL || switched->view.on;
	out->mute = rule_muted(r, now);
}

/* What it remembers is in a correlation, or in what it expects. */
static uint64_t
evicted(const struct rule *r)
{
	const struct holder *h = r->correlation != NULL ?
	    r->correlation->holder : r->expect != NULL ? r->expect->holder :
	    NULL;

	return h != NULL ? holder_counts(h).evicted : 0;
}

struct rule_view
ruleset_view(const struct ruleset *rs, size_t i)
{
	const struct rule *r = &rs->rules[i];
	struct rule_view out = {
		.index = i, .info = r->info, .name = r->name,
		.file = r->file, .line = r->line, .document = r->document,
		.status = r->status, .author = r->author,
		.falsepositives = r->falsepositives, .source = r->source,
		.tests = r->tests, .test_count = r->test_count,
		.matches = r->matches, .aborted = r->aborted,
		.woken = r->woken, .spent = r->spent,
		.evicted = evicted(r),
		.late = r->correlation != NULL ? r->correlation->too_late : 0,
		.stopped = r->stopped, .silent = r->silent,
	};

	if (r->countings != NULL)
		out.counted_by =
		    r->countings->correlation->rule->info.title;
	view_tunings(rs, r, &out);
	view_wake(rs, r, &out);
	return out;
}

static bool
is_meant(const struct rule *r, struct slice text)
{
	return slice_eq_nocase(r->info.id, text) ||
	    (r->name.len > 0 && slice_eq(r->name, text)) ||
	    slice_eq_nocase(r->info.title, text) ||
	    (text.len >= ID_LEAST && slice_eq_nocase(
	    slice_head(r->info.id, text.len), text));
}

size_t
ruleset_find(const struct ruleset *rs, struct slice text,
    struct rule_view *out)
{
	size_t found = 0;

	for (size_t i = 0; text.len > 0 && i < rs->count; i++) {
		if (!is_meant(&rs->rules[i], text))
			continue;
		*out = ruleset_view(rs, i);
		found++;
	}
	return found;
}
