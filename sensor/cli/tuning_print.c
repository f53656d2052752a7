#include "cli/tuning_print.h"

#include "base/when.h"

/* "/etc/vedette/overrides.d/x.yaml:3, alice, T-12, until 2026-12-31 23:59" */
static void
add_author(const struct tuning_view *t, struct buf *out)
{
	buf_fmt(out, "%s:%u, ", t->file, t->line);
	buf_add(out, t->owner);
	if (t->ticket.len > 0) {
		buf_str(out, ", ");
		buf_add(out, t->ticket);
	}
	if (t->expires == 0)
		return;
	buf_str(out, t->expired ? ", expired " : ", until ");
	when_local(out, t->expires, "%F %H:%M");
}

void
tuning_level(const struct ruleset *rules, const struct rule_view *rule,
    struct buf *out)
{
	struct tuning_view t;

	if (rule->levelled == -1) {
		buf_str(out, level_name(rule->info.level));
		return;
	}
	t = ruleset_tuning(rules, (size_t)rule->levelled);
	buf_fmt(out, "shipped %s, here %s (", level_name(rule->shipped),
	    level_name(rule->info.level));
	add_author(&t, out);
	buf_str(out, "): ");
	buf_add(out, t.reason);
}

static void
print_switch(const struct ruleset *rules, const struct rule_view *rule,
    const struct screen *s)
{
	struct buf text = { 0 };
	struct tuning_view t;

	if (rule->enabled)
		return;
	t = ruleset_tuning(rules, (size_t)rule->switched);
	buf_str(&text, "disabled (");
	add_author(&t, &text);
	buf_str(&text, "): ");
	buf_add(&text, t.reason);
	screen_pair(s, "here", buf_slice(&text));
	buf_free(&text);
}

static bool
excepts(const struct ruleset *rules, size_t i, const struct rule_view *rule)
{
	return ruleset_tuning(rules, i).exception &&
	    ruleset_tunes(rules, i, rule->index);
}

void
tuning_print(const struct ruleset *rules, const struct rule_view *rule,
    const struct screen *s)
{
	print_switch(rules, rule, s);
	for (size_t i = 0; i < ruleset_tunings(rules); i++) {
		struct tuning_view t = ruleset_tuning(rules, i);
		struct buf text = { 0 };

		if (!excepts(rules, i, rule))
			continue;
		buf_str(&text, "(");
		add_author(&t, &text);
		buf_str(&text, "): ");
		buf_add(&text, t.reason);
		screen_pair(s, "except", buf_slice(&text));
		buf_free(&text);
	}
}

static void
pair_if(struct jsonw *w, const char *key, struct slice text)
{
	if (text.len > 0)
		jsonw_pair(w, key, text);
}

static void
write_time(struct jsonw *w, const char *key, int64_t when)
{
	if (when == 0)
		return;
	jsonw_key(w, slice_of(key));
	jsonw_time(w, when);
}

static void
write_tuning(struct jsonw *w, const struct tuning_view *t)
{
	jsonw_object(w);
	jsonw_pair(w, "kind", t->exception ? S("exception") : S("override"));
	jsonw_pair(w, "file", slice_of(t->file));
	jsonw_pair_int(w, "line", t->line);
	jsonw_pair(w, "reason", t->reason);
	jsonw_pair(w, "owner", t->owner);
	pair_if(w, "ticket", t->ticket);
	write_time(w, "created", t->created);
	write_time(w, "expires", t->expires);
	jsonw_key(w, S("expired"));
	jsonw_bool(w, t->expired);
	jsonw_object_end(w);
}

void
tuning_json(const struct ruleset *rules, const struct rule_view *rule,
    struct jsonw *w)
{
	jsonw_pair(w, "shipped", slice_of(level_name(rule->shipped)));
	jsonw_key(w, S("enabled"));
	jsonw_bool(w, rule->enabled);
	jsonw_key(w, S("tuning"));
	jsonw_array(w);
	for (size_t i = 0; i < ruleset_tunings(rules); i++) {
		struct tuning_view t = ruleset_tuning(rules, i);

		if (ruleset_tunes(rules, i, rule->index))
			write_tuning(w, &t);
	}
	jsonw_array_end(w);
}

static void
add_count(struct buf *out, size_t n, const char *one, const char *many)
{
	if (n > 0)
		buf_fmt(out, "%s%zu %s", out->len > 0 ? ", " : "", n,
		    n == 1 ? one : many);
}

void
tuning_summary(const struct ruleset *rules, struct buf *out)
{
	size_t changed = 0, off = 0, exceptions = 0, expired = 0;

	for (size_t i = 0; i < ruleset_count(rules); i++) {
		struct rule_view rule = ruleset_view(rules, i);

		changed += rule.levelled != -1;
		off += !rule.enabled;
	}
	for (size_t i = 0; i < ruleset_tunings(rules); i++) {
		struct tuning_view t = ruleset_tuning(rules, i);

		expired += t.expired;
		exceptions += t.exception && !t.expired;
	}
	add_count(out, changed, "with another level", "with other levels");
	add_count(out, off, "disabled", "disabled");
	add_count(out, exceptions, "exception", "exceptions");
	add_count(out, expired, "expired", "expired");
}
