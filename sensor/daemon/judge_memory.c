/*
 * What rules had to forget. A group that went for want of room may have been
 * about to raise an alert, and nobody will know: that is told at once, and
 * then once an hour as long as it goes on.
 */
#include <stdlib.h>

#include "base/when.h"
#include "daemon/judge.h"

enum { RECORDS_MAX = 20, RULES_TOLD = 100 };

static const int64_t period = HOUR;

static void
keep_forgotten(struct judge *j, const struct rule_view *rule, uint64_t n)
{
	int64_t now = when_now();
	struct buf detail = { 0 };
	struct gap gap = {
		.source = rule->info.title, .reason = S("groups evicted"),
		.from = now, .until = now, .count = GAP_UNKNOWN,
	};

	buf_fmt(&detail, "%llu group%s of rule ", (unsigned long long)n,
	    n == 1 ? "" : "s");
	buf_add(&detail, rule->info.id);
	buf_str(&detail, " went for want of room; what they had counted is "
	    "forgotten");
	gap.detail = buf_slice(&detail);
	judge_add_gap(j, &gap);
	buf_free(&detail);
}

/* The rule that lost most since it was told last. */
static struct rule_view
tell_rules(struct judge *j, uint64_t *most)
{
	size_t n = ruleset_count(j->det.rules), told = 0;
	struct rule_view worst = { 0 };

	if (j->evicted.by_rule == NULL)
		j->evicted.by_rule = xcalloc(n, sizeof(uint64_t));
	for (size_t i = 0; i < n; i++) {
		struct rule_view v = ruleset_view(j->det.rules, i);
		uint64_t more = v.evicted - j->evicted.by_rule[i];

		if (more == 0)
			continue;
		j->evicted.by_rule[i] = v.evicted;
		if (told++ < RECORDS_MAX)
			keep_forgotten(j, &v, more);
		if (more > *most) {
			*most = more;
			worst = v;
		}
	}
	return worst;
}

static void
alarm_evicted(struct judge *j, uint64_t all, const struct rule_view *worst)
{
	struct buf text = { 0 };

	buf_fmt(&text, "rules remember more than they may: %llu group%s went "
	    "for want of room, most of rule %.*s (%s:%u); alerts may be "
	    "missing", (unsigned long long)all, all == 1 ? "" : "s",
	    (int)worst->info.id.len, (const char *)worst->info.id.p,
	    worst->file, worst->line);
	log_warn("%s", buf_cstr(&text));
	judge_alarm(j, LEVEL_HIGH, "memory-full", buf_cstr(&text));
	buf_free(&text);
}

void
judge_forgotten(struct judge *j, bool last)
{
	uint64_t all = ruleset_memory(j->det.rules).evicted, most = 0;
	struct rule_view worst;

	if (all == j->evicted.told ||
	    (!last && when_steady() < j->evicted.due))
		return;
	worst = tell_rules(j, &most);
	if (most > 0)
		alarm_evicted(j, all - j->evicted.told, &worst);
	j->evicted.told = all;
	j->evicted.due = when_steady() + period;
}

/* --- for status ------------------------------------------------------------- */

static void
add_rules(struct judge *j, struct jsonw *w)
{
	size_t told = 0;

	jsonw_key(w, S("rules"));
	jsonw_array(w);
	for (size_t i = 0; i < ruleset_count(j->det.rules); i++) {
		struct rule_view v = ruleset_view(j->det.rules, i);

		if (v.evicted + v.late == 0 || told++ >= RULES_TOLD)
			continue;
		jsonw_object(w);
		jsonw_pair(w, "id", v.info.id);
		jsonw_pair(w, "title", v.info.title);
		jsonw_pair_int(w, "evicted", (int64_t)v.evicted);
		jsonw_pair_int(w, "late", (int64_t)v.late);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

bool
judge_memory_status(struct judge *j, struct jsonw *w)
{
	struct ruleset_memory m = ruleset_memory(j->det.rules);

	jsonw_key(w, S("memory"));
	jsonw_object(w);
	jsonw_pair_int(w, "items", (int64_t)m.items);
	jsonw_pair_int(w, "bytes", (int64_t)m.bytes);
	jsonw_pair_int(w, "evicted", (int64_t)m.evicted);
	jsonw_pair_int(w, "late", (int64_t)m.late);
	add_rules(j, w);
	jsonw_object_end(w);
	return j->evicted.told > 0 && when_steady() < j->evicted.due;
}
