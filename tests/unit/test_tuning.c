/*
 * Exceptions and overrides: what their files may say, and what it does.
 */
#include "check.h"

#include <stdio.h>

#include "base/pack.h"
#include "base/when.h"
#include "engine/engine.h"

struct set {
	struct schema *schema;
	struct ruleset *rules;
	struct diag diag;
};

#define RULES \
	"title: One thing\nid: 0d1bf2ba-8b8e-4b1c-a8ee-16e1d7b7f5c5\n" \
	"name: one\nlevel: medium\ntags: [attack.t1110, soc2.cc6.1]\n" \
	"logsource: {product: linux}\n" \
	"detection: {s: {f: [x, y]}, condition: s}\n---\n" \
	"title: Other thing\nid: 1d1bf2ba-8b8e-4b1c-a8ee-16e1d7b7f5c5\n" \
	"logsource: {product: linux}\ntags: [attack.t1110]\n" \
	"detection: {s: {f: x}, condition: s}\n"

#define WHY "reason: r\nowner: o\n"

static struct set
set_new(const char *exceptions, const char *overrides)
{
	struct set s = { .schema = schema_new() };

	s.rules = ruleset_new(s.schema);
	ruleset_load_text(s.rules, "r.yml", S(RULES), &s.diag);
	ruleset_exceptions_text(s.rules, "e.yaml", slice_of(exceptions),
	    &s.diag);
	ruleset_overrides_text(s.rules, "o.yaml", slice_of(overrides),
	    &s.diag);
	if (s.diag.errors == 0)
		ruleset_compile(s.rules, &s.diag);
	schema_freeze(s.schema);
	return s;
}

static void
set_free(struct set *s)
{
	ruleset_free(s->rules);
	schema_free(s->schema);
	diag_free(&s->diag);
}

static void
on_match(void *arg, const struct match *m)
{
	struct buf *told = arg;

	buf_add(told, slice_head(m->rule->title, 3));
	if (m->held == NULL) {
		buf_fmt(told, "=%s ", level_name(m->rule->level));
		return;
	}
	buf_fmt(told, ":%s(", hold_name(m->held->why));
	buf_add(told, m->held->by);
	buf_str(told, ",");
	buf_add(told, m->held->owner);
	buf_str(told, ") ");
}

/* What rules say to an event with f=value that came at a time. */
static void
ask(struct set *s, const char *value, int64_t received, const char *want)
{
	struct event *ev = event_new(s->schema);
	struct record r = { .received = received };
	struct buf told = { 0 };
	int product = schema_word_find(s->schema, S("linux"));

	event_reset(ev, &r);
	event_set(ev, schema_find(s->schema, S("f")), slice_of(value));
	event_source(ev, (struct logsource){ (uint16_t)product, 0, 0 });
	ruleset_match(s->rules, ev, on_match, &told);
	CHECK_TEXT(buf_slice(&told), want);
	buf_free(&told);
	event_free(ev);
}

static void
exceptions_hide_what_they_describe(void)
{
	struct set s = set_new("rule: one\nmatch: {f|startswith: y}\n" WHY
	    "---\n- rule: [0D1BF2BA-8b8e-4b1c-a8ee-16e1d7b7f5c5, "
	    "1d1bf2ba-8b8e-4b1c-a8ee-16e1d7b7f5c5]\n"
	    "  match: [{f: nothing}, {f: x}]\n  reason: r\n  owner: p\n",
	    "");

	CHECK_TEXT(buf_slice(&s.diag.text), "");
	ask(&s, "y", 1, "One:exception(e.yaml:1,o) ");
	ask(&s, "x", 1, "One:exception(e.yaml:6,p) "
	    "Oth:exception(e.yaml:6,p) ");
	CHECK(ruleset_tunings(s.rules) == 2);
	CHECK(ruleset_tuning(s.rules, 0).held == 1);
	CHECK(ruleset_tuning(s.rules, 1).held == 2);
	CHECK(ruleset_tunes(s.rules, 1, 1) && !ruleset_tunes(s.rules, 0, 1));
	set_free(&s);
}

static void
exceptions_end_by_themselves(void)
{
	int64_t end = when_civil(2090, 5, 2, 0, 0, 0);
	struct set s = set_new("rule: one\nmatch: {f: y}\n" WHY
	    "expires: 2090-05-02T00:00:00Z\n", "");

	CHECK_TEXT(buf_slice(&s.diag.text), "");
	ask(&s, "y", end - 1, "One:exception(e.yaml:1,o) ");
	ask(&s, "y", end, "One=medium ");
	set_free(&s);
	s = set_new("rule: one\nmatch: {f: y}\n" WHY
	    "expires: 2020-05-02\n", "");
	CHECK(s.diag.errors == 0 && s.diag.warnings == 1);
	CHECK(slice_find(buf_slice(&s.diag.text), S("e.yaml:1:1: warning: "
	    "this exception expired 2020-05-02 23:59 and does nothing"))
	    != SIZE_MAX);
	ask(&s, "y", 1, "One=medium ");
	CHECK(ruleset_tuning(s.rules, 0).expired);
	set_free(&s);
	s = set_new("rule: one\nmatch: {f: y}\n" WHY
	    "expires: 1970-01-01T00:00:00Z\n", "");
	CHECK(s.diag.errors == 0 && s.diag.warnings == 1);
	ask(&s, "y", 1, "One=medium ");
	set_free(&s);
}

static void
a_rule_taken_away_is_a_warning(void)
{
	struct set s = set_new("rule: [one, gone, Other thing]\n"
	    "match: {f: y}\n" WHY, "tag: attack.t9999\nlevel: low\n" WHY);

	CHECK(s.diag.errors == 0 && s.diag.warnings == 3);
	CHECK_TEXT(buf_slice(&s.diag.text),
	    "o.yaml:1:6: warning: no rule has the tag \"attack.t9999\": this "
	    "override changes nothing for it\n"
	    "e.yaml:1:13: warning: no rule has the id or name \"gone\": this "
	    "exception changes nothing for it\n"
	    "e.yaml:1:19: warning: no rule has the id or name \"Other "
	    "thing\": this exception changes nothing for it; the rule of "
	    "this title has the id 1d1bf2ba-8b8e-4b1c-a8ee-16e1d7b7f5c5\n");
	CHECK(ruleset_tuning(s.rules, 0).loose);
	ask(&s, "y", 1, "One:exception(e.yaml:1,o) ");
	set_free(&s);
}

static void
overrides_change_levels_and_switch_off(void)
{
	static const struct {
		const char *yaml, *told;
	} rows[] = {
		{ "rule: one\nlevel: low\n" WHY, "One=low Oth=medium " },
		{ "rule: [one]\nenabled: false\n" WHY, "Oth=medium " },
		{ "rule: one\nenabled: off\nexpires: 2090-01-01\n" WHY,
		    "One:disabled(o.yaml:1,o) Oth=medium " },
		{ "tag: ATTACK.T1110\nlevel: critical\n" WHY,
		    "One=critical Oth=critical " },
		/* A name is nearer than a tag, wherever it stands. */
		{ "rule: one\nlevel: low\nenabled: true\n" WHY "---\n"
		    "tag: attack.t1110\nlevel: high\nenabled: false\n" WHY,
		    "One=low " },
		{ "rule: one\nlevel: low\nexpires: 2000-01-01\n" WHY,
		    "One=medium Oth=medium " },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct set s = set_new("", rows[i].yaml);

		CHECK_ROW(s.diag.errors == 0, i);
		ask(&s, "x", 1, rows[i].told);
		CHECK_ROW(ruleset_view(s.rules, 0).shipped == LEVEL_MEDIUM,
		    i);
		set_free(&s);
	}
}

static void
what_an_override_stood_before_is_in_force_when_it_ends(void)
{
	int64_t end = when_civil(2090, 5, 2, 0, 0, 0);
	struct set s = set_new("", "tag: attack.t1110\nlevel: high\n"
	    "enabled: false\n" WHY "---\nrule: one\nlevel: low\n"
	    "enabled: true\nexpires: 2090-05-02T00:00:00Z\n" WHY);

	CHECK_TEXT(buf_slice(&s.diag.text), "");
	ask(&s, "y", end - 1, "One=low ");
	ask(&s, "y", end, "One:disabled(o.yaml:1,o) ");
	set_free(&s);
	s = set_new("", "tag: attack.t1110\nlevel: high\n" WHY "---\n"
	    "rule: one\nlevel: low\nexpires: 2090-05-02T00:00:00Z\n" WHY
	    "---\nrule: one\nenabled: false\n"
	    "expires: 2090-05-01T00:00:00Z\n" WHY);
	ask(&s, "y", end - DAY - 1, "One:disabled(o.yaml:12,o) ");
	ask(&s, "y", end - 1, "One=low ");
	ask(&s, "y", end, "One=high ");
	set_free(&s);
}

static void
views_say_who_changed_a_rule(void)
{
	struct set s = set_new("rule: one\nmatch: {f: q}\n" WHY,
	    "rule: one\nlevel: low\nenabled: false\nreason: too many\n"
	    "owner: alice\nticket: T-1\ncreated: 2026-11-01\n"
	    "expires: 2090-01-01 12:00\n");
	struct rule_view v = ruleset_view(s.rules, 0);
	struct tuning_view t = ruleset_tuning(s.rules, 1);

	CHECK(!v.enabled && v.levelled == 1 && v.switched == 1);
	CHECK(v.info.level == LEVEL_LOW && v.shipped == LEVEL_MEDIUM);
	CHECK(!t.exception && t.line == 1 && t.expires > t.created);
	CHECK_TEXT(slice_of(t.file), "o.yaml");
	CHECK_TEXT(t.reason, "too many");
	CHECK_TEXT(t.owner, "alice");
	CHECK_TEXT(t.ticket, "T-1");
	v = ruleset_view(s.rules, 1);
	CHECK(v.enabled && v.levelled == -1 && v.switched == -1);
	set_free(&s);
}

static void
an_exception_for_any_text_is_warned_of(void)
{
	static const struct {
		const char *match;
		unsigned warnings;
	} rows[] = {
		{ "['']", 1 }, { "'*'", 1 }, { "{f: '*'}", 1 },
		{ "{f|contains: ''}", 1 }, { "{f: ['**', y]}", 1 },
		{ "[{f: y}, {f: '*', g: '*'}]", 1 }, { "{f: '?*'}", 1 },
		{ "{f: y, g: '*'}", 0 }, { "{f|exists: true}", 0 },
		{ "{f: null}", 0 }, { "{f|neq: y}", 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf yaml = { 0 };
		struct set s;

		buf_fmt(&yaml, "rule: one\nmatch: %s\n" WHY, rows[i].match);
		s = set_new(buf_cstr(&yaml), "");
		CHECK_ROW(s.diag.errors == 0, i);
		CHECK_ROW(s.diag.warnings == rows[i].warnings, i);
		set_free(&s);
		buf_free(&yaml);
	}
}

static void
mistakes_have_file_line_and_column(void)
{
	static const struct {
		const char *exceptions, *overrides, *said;
	} rows[] = {
		{ "rule: one\nmatch: {f: y}\nreason: r\n", "",
		    "e.yaml:1:1: an exception needs \"owner\"" },
		{ "rule: one\nmatch: {f: y}\nreason: ' '\nowner: o\n", "",
		    "e.yaml:3:9: reason: nothing is said" },
		{ "match: {f: y}\n" WHY, "",
		    "e.yaml:1:1: an exception needs \"rule\"" },
		{ "rule: one\n" WHY, "",
		    "e.yaml:1:1: an exception needs \"match\"" },
		{ "rule: one\nmatch: {f|containss: y}\n" WHY, "",
		    "e.yaml:2:11: no modifier \"containss\"; did you mean" },
		{ "rule: one\nmatch: {}\n" WHY, "",
		    "e.yaml:2:8: the map is empty" },
		{ "rule: one\nmatch: {f: y}\nexpire: 2026-01-01\n" WHY, "",
		    "e.yaml:3:1: an exception has no key \"expire\"; did you "
		    "mean \"expires\"?" },
		{ "rule: one\nmatch: {f: y}\nexpires: soon\n" WHY, "",
		    "e.yaml:3:10: expires: \"soon\" is neither a date" },
		{ "rule: one\nmatch: {f: y}\nexpires: 2h\n" WHY, "",
		    "e.yaml:3:10: expires: \"2h\" is neither a date" },
		{ "rule: one\nmatch: {f: y}\ncreated: 2026-13-01\n" WHY, "",
		    "e.yaml:3:10: created: \"2026-13-01\" is neither" },
		{ "rule: one\nmatch: {f: y}\nexpires: [a]\n" WHY, "",
		    "e.yaml:3:10: expires: must be text" },
		{ "rule: one\nmatch: {f: y}\nexpires: 2027-02-30\n" WHY, "",
		    "e.yaml:3:10: expires: \"2027-02-30\" is neither" },
		{ "rule: []\nmatch: {f: y}\n" WHY, "",
		    "e.yaml:1:7: rule: none is named" },
		{ "rule: {a: b}\nmatch: {f: y}\n" WHY, "",
		    "e.yaml:1:7: rule: must be a list of texts" },
		{ "- one\n", "", "e.yaml:1:3: expected a map" },
		{ "one\n", "", "e.yaml:1:1: expected a map" },
		{ "", "rule: one\nlevel: hihg\n" WHY,
		    "o.yaml:2:8: level: no \"hihg\"; did you mean \"high\"?" },
		{ "", "level: high\n" WHY,
		    "o.yaml:1:1: an override needs \"rule\" or \"tag\"" },
		{ "", "rule: one\n" WHY,
		    "o.yaml:1:1: an override needs \"level\" or \"enabled\"" },
		{ "", "rule: one\nmatch: {f: y}\nlevel: low\n" WHY,
		    "o.yaml:2:1: an override has no key \"match\"" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct set s = set_new(rows[i].exceptions, rows[i].overrides);

		CHECK_ROW(s.diag.errors > 0, i);
		CHECK_TEXT_ROW(slice_head(buf_slice(&s.diag.text),
		    strlen(rows[i].said)), rows[i].said, i);
		set_free(&s);
	}
}

/* --- counting -------------------------------------------------------------- */

#define SUPPRESS \
	"title: Often\nid: 2d1bf2ba-8b8e-4b1c-a8ee-16e1d7b7f5c5\n" \
	"logsource: {product: linux}\n" \
	"detection: {s: {f: x}, condition: s}\n" \
	"vedette: {key: [user.name], suppress: {for: 10s}}\n"

struct told {
	unsigned alerts, held;	/* one by one */
	struct buf folds;	/* "why key xN first-last " */
};

static void
on_count(void *arg, const struct match *m)
{
	struct told *t = arg;
	const struct held *h = m->held;

	t->alerts += h == NULL;
	t->held += h != NULL && h->count == 0;
	if (h == NULL || h->count == 0)
		return;
	buf_fmt(&t->folds, "%s", hold_name(h->why));
	for (size_t i = 0; i < h->field_count; i++) {
		buf_byte(&t->folds, ' ');
		buf_add(&t->folds, h->values[i]);
	}
	buf_fmt(&t->folds, " x%llu %lld-%lld%s\n",
	    (unsigned long long)h->count, (long long)(h->first / SECOND),
	    (long long)(h->last / SECOND), h->others ? " others" : "");
}

static void
happen(struct set *s, struct told *t, const char *user, int64_t second)
{
	struct event *ev = event_new(s->schema);
	struct record r = { .received = second * SECOND };
	int product = schema_word_find(s->schema, S("linux"));

	event_reset(ev, &r);
	event_set(ev, schema_find(s->schema, S("f")), S("x"));
	event_set(ev, F_USER_NAME, slice_of(user));
	event_source(ev, (struct logsource){ (uint16_t)product, 0, 0 });
	ruleset_match(s->rules, ev, on_count, t);
	event_free(ev);
}

static struct set
set_of(const char *rules, const char *exceptions)
{
	struct set s = { .schema = schema_new() };

	s.rules = ruleset_new(s.schema);
	ruleset_load_text(s.rules, "r.yml", slice_of(rules), &s.diag);
	ruleset_exceptions_text(s.rules, "e.yaml", slice_of(exceptions),
	    &s.diag);
	CHECK_TEXT(buf_slice(&s.diag.text), "");
	CHECK(ruleset_compile(s.rules, &s.diag) == 0);
	schema_freeze(s.schema);
	return s;
}

static void
suppressed_matches_are_counted_by_key_and_time(void)
{
	struct set s = set_of(SUPPRESS, "");
	struct told t = { 0 };

	for (int64_t at = 100; at < 110; at++)
		happen(&s, &t, "ann", at);
	happen(&s, &t, "bob", 105);
	CHECK(t.alerts == 2 && t.held == 9 && t.folds.len == 0);
	happen(&s, &t, "ann", 110);
	CHECK(t.alerts == 3);
	CHECK_TEXT(buf_slice(&t.folds), "suppress ann x9 101-109\n");
	/* What comes late is of the time that it happened in. */
	happen(&s, &t, "ann", 108);
	CHECK(t.alerts == 3 && t.held == 10);
	/* One that was alone leaves nothing to be told. */
	ruleset_time(s.rules, 120 * SECOND, on_count, &t);
	CHECK_TEXT(buf_slice(&t.folds), "suppress ann x9 101-109\n"
	    "suppress ann x1 108-108\n");
	happen(&s, &t, "ann", 121);
	CHECK(t.alerts == 4);
	buf_free(&t.folds);
	set_free(&s);
}

struct kept {
	struct buf items;
};

static void
keep_item(void *arg, struct slice key, struct slice value)
{
	struct kept *k = arg;

	pack_slice(&k->items, key);
	pack_slice(&k->items, value);
}

static void
counts_go_on_after_a_restart(void)
{
	const char *except = "rule: 2d1bf2ba-8b8e-4b1c-a8ee-16e1d7b7f5c5\n"
	    "match: {user.name: ann}\nreason: r\nowner: o\n";
	struct set s = set_of(SUPPRESS, except);
	struct told t = { 0 };
	struct kept k = { 0 };
	struct unpack u;
	size_t views = 0;

	for (int64_t at = 100; at < 105; at++) {
		happen(&s, &t, "ann", at);
		happen(&s, &t, "bob", at);
	}
	ruleset_changed(s.rules, keep_item, &k);
	set_free(&s);

	/* The exception is gone, what it hid is not. */
	s = set_of(SUPPRESS, "");
	u = (struct unpack){ buf_slice(&k.items), false };
	while (u.rest.len > 0) {
		struct slice key = unpack_slice(&u), value = unpack_slice(&u);
		struct fold_view v;

		CHECK(ruleset_recall(s.rules, key, value));
		CHECK(ruleset_fold(key, value, &v));
		CHECK(v.held.count == (v.held.why == HOLD_SUPPRESS ? 4 : 5));
		CHECK_TEXT(v.rule.title, "Often");
		views++;
		for (size_t i = 0; i < value.len; i++)
			ruleset_fold(key, slice_head(value, i), &v);
	}
	CHECK(views == 2);
	happen(&s, &t, "bob", 106);
	CHECK(t.alerts == 1 && t.folds.len == 0);
	ruleset_time(s.rules, 5000 * SECOND, on_count, &t);
	CHECK_TEXT(buf_slice(&t.folds), "suppress bob x5 101-106\n"
	    "exception ann x5 100-104\n");
	CHECK(ruleset_memory(s.rules).items == 0);
	buf_free(&k.items);
	buf_free(&t.folds);
	set_free(&s);
}

/* Whoever chooses names of users chooses keys. */
static void
too_many_keys_are_one(void)
{
	struct set s = set_of(SUPPRESS, "rule: 2d1bf2ba-8b8e-4b1c-a8ee-"
	    "16e1d7b7f5c5\nmatch: {f: x}\nreason: r\nowner: o\n");
	struct told t = { 0 };
	char user[16];

	for (unsigned i = 0; i < 10500; i++) {
		snprintf(user, sizeof(user), "u%u", i);
		happen(&s, &t, user, 100);
	}
	happen(&s, &t, "u1", 101);
	CHECK(ruleset_memory(s.rules).items == 10001);
	CHECK(t.alerts == 0 && t.held == 10501);
	ruleset_time(s.rules, 5000 * SECOND, on_count, &t);
	CHECK(slice_find(buf_slice(&t.folds),
	    S("exception x500 100-100 others\n")) != SIZE_MAX);
	CHECK(slice_find(buf_slice(&t.folds),
	    S("exception u1 x2 100-101\n")) != SIZE_MAX);
	buf_free(&t.folds);
	set_free(&s);
}

static void
a_mute_holds_until_its_time(void)
{
	struct set s = set_of(SUPPRESS, "");
	struct slice id = S("2D1BF2BA-8b8e-4b1c-a8ee-16e1d7b7f5c5");
	struct mute m = { .by = S("alice"), .reason = S("noise"),
		.since = 90 * SECOND, .until = 200 * SECOND };
	struct told t = { 0 };

	CHECK(!ruleset_mute(s.rules, S("other"), &m));
	CHECK(ruleset_mute(s.rules, id, &m));
	happen(&s, &t, "ann", 199);
	happen(&s, &t, "ann", 199);
	CHECK(t.alerts == 0 && t.held == 2);
	happen(&s, &t, "ann", 200);
	CHECK(t.alerts == 1);
	m.since = 210 * SECOND;
	m.until = 300 * SECOND;
	ruleset_mute(s.rules, id, &m);
	happen(&s, &t, "ann", 220);
	m.until = 0;
	ruleset_mute(s.rules, id, &m);
	happen(&s, &t, "ann", 221);
	CHECK(t.alerts == 2 && t.held == 3);
	ruleset_time(s.rules, 5000 * SECOND, on_count, &t);
	CHECK_TEXT(buf_slice(&t.folds), "mute ann x3 199-220\n");
	buf_free(&t.folds);
	set_free(&s);
}

/* A step is an event of a user, at a time; its alerts are counted. */
static void
a_mute_with_a_key_is_of_its_matches_alone(void)
{
	static const struct {
		const char *key;	/* NULL: an event */
		const char *user;
		int at, until;		/* of a mute: from, until */
		unsigned alerts, held;	/* so far */
	} steps[] = {
		{ NULL, "ann", 10, 0, 1, 0 },
		{ "ANN", NULL, 20, 200, 1, 0 },
		{ NULL, "ann", 30, 0, 1, 1 },
		{ NULL, "bob", 31, 0, 2, 1 },
		{ "bob", NULL, 40, 100, 2, 1 },
		{ NULL, "bob", 50, 0, 2, 2 },
		{ NULL, "ann", 51, 0, 2, 3 },
		/* each ends by itself */
		{ NULL, "bob", 101, 0, 3, 3 },
		{ NULL, "ann", 102, 0, 3, 4 },
		/* or by a word */
		{ "ann", NULL, 110, 0, 3, 4 },
		{ NULL, "ann", 111, 0, 4, 4 },
		/* the whole rule, which ends without an end of the others */
		{ "eve", NULL, 120, 900, 4, 4 },
		{ "", NULL, 120, 150, 4, 4 },
		{ NULL, "ann", 121, 0, 4, 5 },
		{ NULL, "ann", 151, 0, 5, 5 },
		{ NULL, "eve", 152, 0, 5, 6 },
		/* without a key all of them end */
		{ "", NULL, 160, 0, 5, 6 },
		{ NULL, "eve", 161, 0, 6, 6 },
	};
	struct set s = set_of("title: t\nid: 2d1bf2ba-8b8e-4b1c-a8ee-"
	    "16e1d7b7f5c5\nlogsource: {product: linux}\n"
	    "detection: {s: {f: x}, condition: s}\n", "");
	struct slice id = S("2d1bf2ba-8b8e-4b1c-a8ee-16e1d7b7f5c5");
	struct told t = { 0 };

	for (size_t i = 0; i < COUNT(steps); i++) {
		struct mute m = { .by = S("alice"), .reason = S("noise"),
			.since = steps[i].at * SECOND,
			.until = steps[i].until * SECOND };

		if (steps[i].key != NULL) {
			m.key = slice_of(steps[i].key);
			CHECK_ROW(ruleset_mute(s.rules, id, &m), i);
		} else {
			happen(&s, &t, steps[i].user,
			    (unsigned)steps[i].at);
		}
		CHECK_ROW(t.alerts == steps[i].alerts, i);
		CHECK_ROW(t.held == steps[i].held, i);
	}
	buf_free(&t.folds);
	set_free(&s);
}

static void
suppress_and_key_are_checked(void)
{
	static const struct {
		const char *yaml, *said;
	} rows[] = {
		{ "{suppress: {by: [f]}}",
		    "r.yml:4:21: \"suppress\" needs \"for\"" },
		{ "{suppress: {for: 0s}}",
		    "r.yml:4:27: \"for\" is from 1s to 7d" },
		{ "{suppress: {for: 8d}}",
		    "r.yml:4:27: \"for\" is from 1s to 7d" },
		{ "{suppress: {fro: 8s}}",
		    "r.yml:4:22: \"suppress\" has no key \"fro\"; did you" },
		{ "{suppress: 10m}",
		    "r.yml:4:21: \"suppress\" must be a map" },
		{ "{suppress: {for: 8s, by: []}}",
		    "r.yml:4:35: expected 1 to 8 fields" },
		{ "{key: [[a]]}", "r.yml:4:17: expected the name of a field" },
		{ "{key: [a,b,c,d,e,f,g,h,i]}",
		    "r.yml:4:16: expected 1 to 8 fields" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct set s = { .schema = schema_new() };
		struct buf yaml = { 0 };

		buf_fmt(&yaml, "title: t\nlogsource: {product: linux}\n"
		    "detection: {s: {f: x}, condition: s}\nvedette: %s\n",
		    rows[i].yaml);
		s.rules = ruleset_new(s.schema);
		ruleset_load_text(s.rules, "r.yml", buf_slice(&yaml),
		    &s.diag);
		CHECK_TEXT_ROW(slice_head(buf_slice(&s.diag.text),
		    strlen(rows[i].said)), rows[i].said, i);
		buf_free(&yaml);
		set_free(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(exceptions_hide_what_they_describe),
		TEST(exceptions_end_by_themselves),
		TEST(a_rule_taken_away_is_a_warning),
		TEST(overrides_change_levels_and_switch_off),
		TEST(what_an_override_stood_before_is_in_force_when_it_ends),
		TEST(views_say_who_changed_a_rule),
		TEST(an_exception_for_any_text_is_warned_of),
		TEST(mistakes_have_file_line_and_column),
		TEST(suppressed_matches_are_counted_by_key_and_time),
		TEST(counts_go_on_after_a_restart),
		TEST(too_many_keys_are_one),
		TEST(a_mute_holds_until_its_time),
		TEST(a_mute_with_a_key_is_of_its_matches_alone),
		TEST(suppress_and_key_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
