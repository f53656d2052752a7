/*
 * Events held against a correlation: what became of each match, and how near
 * each group came to an alert.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/map.h"
#include "base/when.h"
#include "cli/explain.h"
#include "cli/logfile.h"

enum { GROUPS_MAX = 100000, NESTED_MAX = 8 };

/* --- groups -------------------------------------------------------------------- */

static void
add_name(struct buf *name, const struct explain *e,
    const struct counting_view *v)
{
	for (size_t i = 0; i < e->correlation.group_count; i++) {
		buf_u64(name, v->values[i].len);
		buf_byte(name, ':');
		buf_add(name, v->values[i]);
	}
}

static struct near_group *
new_group(struct explain *e, struct slice name,
    const struct counting_view *v)
{
	struct counts *c = &e->counts;
	size_t fields = e->correlation.group_count;
	struct near_group *g;

	if (c->count == GROUPS_MAX) {
		c->others++;
		return NULL;
	}
	/* Grows at powers of two, so a room needs no counting. */
	if ((c->count & (c->count - 1)) == 0)
		c->groups = xrealloc(c->groups, c->count * 2 + 1,
		    sizeof(*c->groups));
	g = &c->groups[c->count++];
	*g = (struct near_group){ .values = arena_alloc(e->arena,
	    (fields + 1) * sizeof(*g->values)), .off = -1 };
	for (size_t i = 0; i < fields; i++)
		g->values[i] = arena_keep(e->arena, v->values[i]);
	map_put(c->names, name, (void *)(uintptr_t)c->count);
	return g;
}

static struct near_group *
group_of(struct explain *e, const struct counting_view *v)
{
	struct buf name = { 0 };
	struct near_group *g;
	uintptr_t at;

	add_name(&name, e, v);
	at = (uintptr_t)map_get(e->counts.names, buf_slice(&name));
	g = at != 0 ? &e->counts.groups[at - 1] :
	    new_group(e, buf_slice(&name), v);
	buf_free(&name);
	return g;
}

static void
note_result(void *arg, const struct counting_view *v)
{
	struct explain *e = arg;
	struct near_group *g;

	e->counts.results[v->result]++;
	if (v->missing.len > 0)
		e->counts.missing = v->missing;
	if (v->values == NULL)
		return;
	g = group_of(e, v);
	if (g == NULL)
		return;
	g->counted += v->result == COUNTING_DONE;
	if (g->off >= 0 && v->off > g->off)
		return;
	g->measure = v->measure;
	g->off = v->off;
	g->holds |= v->holds;
	g->seen = v->seen;
	g->from = v->from;
	g->until = v->until;
}

static int
by_nearness(const void *a, const void *b)
{
	const struct near_group *x = a, *y = b;

	if (x->off != y->off)
		return x->off < y->off ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from;
}

/* --- events -------------------------------------------------------------------- */

static void
note_match(void *arg, const struct match *m)
{
	struct explain *e = arg;

	if (m->correlated == NULL ||
	    !slice_eq(m->rule->id, e->rule.info.id))
		return;
	e->counts.alerts += m->held == NULL;
}

/* JSON counts as an event of every rule that is counted in the end. */
static void
join_sources(struct explain *e, size_t rule, unsigned depth)
{
	struct detector *det = &e->session.detector;
	struct correlation_view c;

	if (depth > NESTED_MAX)
		return;
	if (!ruleset_correlation(det->rules, rule, e->arena, &c)) {
		detector_join(det, ruleset_view(det->rules, rule).source);
		return;
	}
	for (size_t i = 0; i < c.counted_count; i++)
		join_sources(e, c.counted[i].rule, depth + 1);
}

static bool
hold_line(void *arg, const struct line *line)
{
	struct explain *e = arg;

	e->record.bytes = line->text;
	e->record.offset = line->start;
	e->record.flags = line->flags;
	e->record.form = lines_form(line->text);
	if (e->counts.events++ == 0 && e->record.form == FORM_JSON)
		join_sources(e, e->rule.index, 0);
	detector_run(&e->session.detector, &e->record, note_match, e);
	return true;
}

static bool
is_file(const char *path)
{
	struct stat sb;

	return strcmp(path, "-") == 0 || stat(path, &sb) == 0;
}

static int
hold_log(struct explain *e, const char *path)
{
	struct stat sb;
	struct err err;
	int64_t latest = e->record.received;

	if (stat(path, &sb) == 0 && S_ISREG(sb.st_mode))
		latest = (int64_t)sb.st_mtim.tv_sec * SECOND;
	decoders_latest(e->session.detector.decoders, latest);
	if (logfile_read(path, hold_line, e, &err) == 0)
		return 0;
	return diag_error(&e->session.diag, NULL, 0, 0, "%s", err.text);
}

static int
hold_one(struct explain *e, const struct registry *reg, const char *what)
{
	struct line line = { .text = S("") };
	struct slice rest;

	if (explain_event(e, reg, what) == -1)
		return -1;
	rest = e->line;
	if (lines_form(rest) != FORM_JSON)
		while (slice_cut(&rest, '\n', &line.text))
			hold_line(e, &line);
	line.text = rest;
	if (rest.len > 0)
		hold_line(e, &line);
	return 0;
}

int
explain_count(struct explain *e, const struct registry *reg,
    const char *what)
{
	struct detector *det = &e->session.detector;
	struct counts *c = &e->counts;
	int ret;

	e->counting = true;
	e->record = (struct record){ .source = slice_of(what),
	    .received = when_now() };
	c->names = map_new();
	ruleset_watch(det->rules, e->rule.index, note_result, e);
	ruleset_follow(det->rules);
	ret = is_file(what) ? hold_log(e, what) : hold_one(e, reg, what);
	detector_end(det, note_match, e);
	ruleset_time(det->rules, INT64_MAX, note_match, e);
	e->matched = ruleset_view(det->rules, e->rule.index).matches > 0;
	if (c->count > 0)
		qsort(c->groups, c->count, sizeof(*c->groups), by_nearness);
	return ret;
}

void
explain_count_free(struct explain *e)
{
	free(e->counts.groups);
	if (e->counts.names != NULL)
		map_free(e->counts.names);
}
