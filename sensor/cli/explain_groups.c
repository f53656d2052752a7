/*
 * A correlation, and what it made of events, on the screen and as JSON.
 */
#include "base/when.h"
#include "cli/explain.h"
#include "cli/tuning_print.h"

enum { GROUPS_SHOWN = 10, GROUPS_JSON = 1000, VALUE_SHOWN = 80 };

/* As rules say it: 90s, 10m, 26h, 3d. */
static void
add_span(struct buf *out, int64_t span)
{
	static const struct {
		int64_t span;
		unsigned char unit;
	} units[] = {
		{ DAY, 'd' }, { HOUR, 'h' }, { MINUTE, 'm' },
	};

	for (size_t i = 0; i < COUNT(units); i++) {
		if (span < units[i].span || span % units[i].span != 0)
			continue;
		buf_fmt(out, "%lld%c", (long long)(span / units[i].span),
		    units[i].unit);
		return;
	}
	buf_fmt(out, "%llds", (long long)(span / SECOND));
}

static void
add_names(struct buf *out, const struct slice *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buf_str(out, i > 0 ? ", " : "");
		buf_add(out, names[i]);
	}
}

/* --- the rule ------------------------------------------------------------------- */

static void
print_counted(const struct explain *e)
{
	const struct correlation_view *c = &e->correlation;
	const struct ruleset *rules = e->session.detector.rules;

	for (size_t i = 0; i < c->counted_count; i++) {
		struct rule_view r = ruleset_view(rules, c->counted[i].rule);
		struct buf text = { 0 };

		buf_add(&text, c->counted[i].name);
		buf_str(&text, ": ");
		buf_add(&text, r.info.title);
		buf_fmt(&text, " (%s:%u)", r.file, r.line);
		if (!r.enabled)
			buf_str(&text, ", disabled here, counted still");
		if (e->counting)
			buf_fmt(&text, ", %llu match%s",
			    (unsigned long long)r.matches,
			    r.matches == 1 ? "" : "es");
		screen_pair(&e->session.out, i == 0 ? "counts" : "",
		    buf_slice(&text));
		buf_free(&text);
	}
}

static void
print_aliases(const struct explain *e)
{
	const struct correlation_view *c = &e->correlation;

	for (size_t i = 0; i < c->alias_count; i++) {
		struct buf text = { 0 };

		buf_add(&text, c->aliases[i].name);
		buf_str(&text, " is ");
		buf_add(&text, c->aliases[i].field);
		buf_str(&text, " of ");
		buf_add(&text, c->aliases[i].rule);
		screen_pair(&e->session.out, i == 0 ? "aliases" : "",
		    buf_slice(&text));
		buf_free(&text);
	}
}

static void
add_window(const struct correlation_view *c, struct buf *text)
{
	add_span(text, c->timespan);
	if (c->eager) {
		buf_str(text, ", decided with each match");
	} else {
		buf_str(text, " from the first match on, decided when it is "
		    "over, ");
		add_span(text, c->late);
		buf_str(text, " later for what comes late");
	}
	if (c->rearm > 0) {
		buf_str(text, "; rests for ");
		add_span(text, c->rearm);
		buf_str(text, " after an alert");
	}
}

static void
print_pair(const struct explain *e, const char *key, struct buf *text)
{
	if (text->len > 0)
		screen_pair(&e->session.out, key, buf_slice(text));
	buf_clear(text);
}

static void
print_rule(const struct explain *e)
{
	const struct correlation_view *c = &e->correlation;
	struct buf text = { 0 };

	buf_str(&text, c->type);
	print_pair(e, "type", &text);
	print_counted(e);
	add_names(&text, c->group, c->group_count);
	print_pair(e, "group by", &text);
	print_aliases(e);
	add_names(&text, c->values, c->value_count);
	print_pair(e, "of", &text);
	buf_add(&text, c->condition);
	print_pair(e, "condition", &text);
	add_window(c, &text);
	print_pair(e, "timespan", &text);
	buf_str(&text, c->generate ? "of this rule and of what it counts" :
	    "of this rule alone");
	print_pair(e, "alerts", &text);
	buf_fmt(&text, "%llu groups", (unsigned long long)c->groups_most);
	if (c->values_most > 0)
		buf_fmt(&text, " of %zu values", c->values_most);
	print_pair(e, "at most", &text);
	buf_free(&text);
}

/* --- what it made of events ------------------------------------------------------ */

static const char *const results[] = {
	[COUNTING_DONE] = "counted",
	[COUNTING_KNOWN] = "of a value or a rule that the window has already",
	[COUNTING_NO_GROUP] = "without a field of the group",
	[COUNTING_NO_VALUE] = "without a value to measure",
	[COUNTING_LATE] = "too late: their window was decided already",
	[COUNTING_RESTS] = "while the group rested after an alert",
	[COUNTING_CLOSED] = NULL,	/* no match */
};

static void
print_results(const struct explain *e)
{
	const struct counts *c = &e->counts;

	for (size_t i = 0; i < COUNT(results); i++) {
		bool lacks = i == COUNTING_NO_GROUP || i == COUNTING_NO_VALUE;
		struct buf text = { 0 };

		if (results[i] == NULL || c->results[i] == 0)
			continue;
		number_grouped(&text, c->results[i]);
		buf_fmt(&text, " %s", results[i]);
		if (lacks && c->missing.len > 0) {
			buf_str(&text, " (");
			buf_add(&text, c->missing);
			buf_str(&text, ")");
		}
		screen_pair(&e->session.out, "matches", buf_slice(&text));
		buf_free(&text);
	}
}

/* "a, b seen, not c" */
static void
add_seen(const struct explain *e, uint64_t seen, bool wanted,
    struct buf *out)
{
	const struct correlation_view *c = &e->correlation;
	size_t n = 0;

	for (size_t i = 0; i < c->counted_count; i++) {
		if ((seen >> i & 1) != wanted)
			continue;
		buf_str(out, n++ > 0 ? ", " : wanted ? ": seen " : "; not ");
		buf_add(out, c->counted[i].name);
	}
}

/* "3 of 5 within 10m for SourceIp=10.0.0.1". Foreign bytes. */
static void
add_group(const struct explain *e, const struct near_group *g,
    struct buf *out)
{
	const struct correlation_view *c = &e->correlation;

	buf_fmt(out, "%.15g", g->measure);
	if (c->enough > 0)
		buf_fmt(out, " of %.15g", c->enough);
	buf_str(out, c->temporal ? " rules within " : " within ");
	add_span(out, c->timespan);
	for (size_t i = 0; i < c->group_count; i++) {
		buf_str(out, i > 0 ? ", " : " for ");
		buf_add(out, c->group[i]);
		buf_byte(out, '=');
		buf_add(out, slice_head(g->values[i], VALUE_SHOWN));
	}
	buf_str(out, ", ");
	when_local(out, g->from, "%F %T");
	if (g->until > g->from)
		when_local(out, g->until, " to %T");
	if (!c->temporal)
		return;
	add_seen(e, g->seen, true, out);
	add_seen(e, g->seen, false, out);
}

static void
print_groups(const struct explain *e)
{
	const struct counts *c = &e->counts;

	for (size_t i = 0; i < c->count && i < GROUPS_SHOWN; i++) {
		struct buf text = { 0 };

		buf_str(&text, c->groups[i].holds ? "fired  " : "no     ");
		add_group(e, &c->groups[i], &text);
		screen_line(&e->session.out, buf_slice(&text));
		buf_free(&text);
	}
	if (c->count > GROUPS_SHOWN)
		fprintf(e->session.out.out, "       and %zu more groups\n",
		    c->count - GROUPS_SHOWN);
	if (c->others > 0)
		fprintf(e->session.out.out, "       and %llu matches of more "
		    "groups than can be told apart here\n",
		    (unsigned long long)c->others);
}

static bool
some_matched(const struct explain *e)
{
	for (size_t i = 0; i < COUNT(results); i++)
		if (e->counts.results[i] > 0)
			return true;
	return false;
}

/* Why it did not fire: the nearest group, or that there is none. */
static void
print_verdict(const struct explain *e)
{
	const struct counts *c = &e->counts;
	const struct correlation_view *cv = &e->correlation;
	uint64_t fired = ruleset_view(e->session.detector.rules,
	    e->rule.index).matches;
	struct buf text = { 0 };

	if (fired > 0) {
		buf_fmt(&text, "matched, %llu time%s",
		    (unsigned long long)fired, fired == 1 ? "" : "s");
		if (c->alerts < fired)
			buf_str(&text, "; some raise no alert here");
	} else if (!some_matched(e)) {
		buf_str(&text, "not matched: none of the events matches a "
		    "rule that it counts; explain one of these");
	} else if (c->count == 0) {
		buf_str(&text, "not matched: no match could be counted");
	} else {
		buf_str(&text, "not matched; the nearest: ");
		add_group(e, &c->groups[0], &text);
		if (cv->enough == 0) {
			buf_str(&text, "; wanted: ");
			buf_add(&text, cv->condition);
		}
	}
	screen_line(&e->session.out, buf_slice(&text));
	buf_free(&text);
}

void
explain_groups_print(const struct explain *e)
{
	FILE *out = e->session.out.out;

	print_rule(e);
	tuning_print(e->session.detector.rules, &e->rule, &e->session.out);
	if (!e->counting)
		return;
	fprintf(out, "\n%llu event%s\n", (unsigned long long)
	    e->counts.events, e->counts.events == 1 ? "" : "s");
	print_results(e);
	print_groups(e);
	fputc('\n', out);
	print_verdict(e);
}

/* --- JSON ------------------------------------------------------------------------ */

static void
write_names(struct jsonw *w, const char *key, const struct slice *names,
    size_t count)
{
	jsonw_key(w, slice_of(key));
	jsonw_array(w);
	for (size_t i = 0; i < count; i++)
		jsonw_str(w, names[i]);
	jsonw_array_end(w);
}

static void
write_span(struct jsonw *w, const char *key, int64_t span)
{
	struct buf text = { 0 };

	add_span(&text, span);
	jsonw_pair(w, key, buf_slice(&text));
	buf_free(&text);
}

static void
write_counted(const struct explain *e, struct jsonw *w)
{
	const struct correlation_view *c = &e->correlation;

	jsonw_key(w, S("rules"));
	jsonw_array(w);
	for (size_t i = 0; i < c->counted_count; i++) {
		struct rule_view r = ruleset_view(e->session.detector.rules,
		    c->counted[i].rule);

		jsonw_object(w);
		jsonw_pair(w, "name", c->counted[i].name);
		jsonw_pair(w, "id", r.info.id);
		jsonw_pair(w, "file", slice_of(r.file));
		jsonw_pair_int(w, "line", r.line);
		jsonw_key(w, S("enabled"));
		jsonw_bool(w, r.enabled);
		if (e->counting)
			jsonw_pair_int(w, "matches", (int64_t)r.matches);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void
write_aliases(const struct correlation_view *c, struct jsonw *w)
{
	jsonw_key(w, S("aliases"));
	jsonw_array(w);
	for (size_t i = 0; i < c->alias_count; i++) {
		jsonw_object(w);
		jsonw_pair(w, "alias", c->aliases[i].name);
		jsonw_pair(w, "rule", c->aliases[i].rule);
		jsonw_pair(w, "field", c->aliases[i].field);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void
write_number(struct jsonw *w, const char *key, double n)
{
	struct buf text = { 0 };

	buf_fmt(&text, "%.15g", n);
	jsonw_key(w, slice_of(key));
	jsonw_raw(w, buf_slice(&text));
	buf_free(&text);
}

static void
write_time(struct jsonw *w, const char *key, int64_t when)
{
	jsonw_key(w, slice_of(key));
	jsonw_time(w, when);
}

static void
write_group(const struct explain *e, const struct near_group *g,
    struct jsonw *w)
{
	const struct correlation_view *c = &e->correlation;

	jsonw_object(w);
	jsonw_key(w, S("group"));
	jsonw_object(w);
	for (size_t i = 0; i < c->group_count; i++) {
		jsonw_key(w, c->group[i]);
		jsonw_str(w, g->values[i]);
	}
	jsonw_object_end(w);
	write_number(w, "measure", g->measure);
	jsonw_key(w, S("fired"));
	jsonw_bool(w, g->holds);
	jsonw_pair_int(w, "counted", (int64_t)g->counted);
	write_time(w, "from", g->from);
	write_time(w, "until", g->until);
	if (c->temporal) {
		jsonw_key(w, S("seen"));
		jsonw_array(w);
		for (size_t i = 0; i < c->counted_count; i++)
			if ((g->seen >> i & 1) != 0)
				jsonw_str(w, c->counted[i].name);
		jsonw_array_end(w);
	}
	jsonw_object_end(w);
}

static void
write_events(const struct explain *e, struct jsonw *w)
{
	static const char *const words[] = {
		[COUNTING_DONE] = "counted", [COUNTING_KNOWN] = "known",
		[COUNTING_NO_GROUP] = "without_group",
		[COUNTING_NO_VALUE] = "without_value",
		[COUNTING_LATE] = "late", [COUNTING_RESTS] = "resting",
		[COUNTING_CLOSED] = "closed",
	};
	const struct counts *c = &e->counts;

	jsonw_pair_int(w, "events", (int64_t)c->events);
	jsonw_key(w, S("matched"));
	jsonw_bool(w, e->matched);
	jsonw_pair_int(w, "alerts", (int64_t)c->alerts);
	jsonw_key(w, S("matches"));
	jsonw_object(w);
	for (size_t i = 0; i < COUNT(words); i++)
		jsonw_pair_int(w, words[i], (int64_t)c->results[i]);
	jsonw_object_end(w);
	jsonw_key(w, S("groups"));
	jsonw_array(w);
	for (size_t i = 0; i < c->count && i < GROUPS_JSON; i++)
		write_group(e, &c->groups[i], w);
	jsonw_array_end(w);
}

void
explain_groups_json(const struct explain *e, struct jsonw *w)
{
	const struct correlation_view *c = &e->correlation;

	jsonw_key(w, S("correlation"));
	jsonw_object(w);
	jsonw_pair(w, "type", slice_of(c->type));
	write_counted(e, w);
	write_names(w, "group_by", c->group, c->group_count);
	write_names(w, "fields", c->values, c->value_count);
	write_aliases(c, w);
	jsonw_pair(w, "condition", c->condition);
	write_span(w, "timespan", c->timespan);
	write_span(w, "late", c->late);
	write_span(w, "rearm", c->rearm);
	jsonw_key(w, S("generate"));
	jsonw_bool(w, c->generate);
	jsonw_pair_int(w, "groups_most", (int64_t)c->groups_most);
	if (c->values_most > 0)
		jsonw_pair_int(w, "values_most", (int64_t)c->values_most);
	jsonw_object_end(w);
	if (e->counting)
		write_events(e, w);
}
