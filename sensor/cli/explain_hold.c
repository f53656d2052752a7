/*
 * The parts of a rule, and an event held against each.
 */
#include "cli/explain.h"
#include "cli/rules_print.h"
#include "daemon/ruletest.h"
#include "engine/collection.h"
#include "inputs/lines.h"

/* A document of the rules, read again for its text and its lines. */
static const struct node *
find_document(struct explain *e, const char *file, unsigned line)
{
	struct collection c = { .arena = e->arena };
	struct node *docs;

	if (yaml_read(e->arena, file, &docs, &e->session.diag) == -1)
		return NULL;
	for (; docs != NULL; docs = docs->next) {
		const struct node *doc = collection_next(&c, docs,
		    &e->session.diag);

		if (doc != NULL && docs->line == line)
			return doc;
	}
	diag_error(&e->session.diag, file, line, 1,
	    "the rule is not there any more");
	return NULL;
}

static void
add_filter(void *arg, const char *file, unsigned line)
{
	struct explain *e = arg;
	const struct node *doc = find_document(e, file, line);
	struct buf title = { 0 };

	if (doc == NULL)
		return;
	buf_str(&title, "filter: ");
	buf_add(&title, node_text(doc, "title"));
	dissect(node_get(doc, "filter"), buf_cstr(&title), &e->parts);
	buf_free(&title);
}

int
explain_parts(struct explain *e)
{
	struct ruleset *rules = e->session.detector.rules;
	const struct node *doc = find_document(e, e->rule.file, e->rule.line);

	if (doc == NULL)
		return -1;
	e->parts = (struct dissected){ .arena = e->arena };
	dissect(node_get(doc, "detection"), NULL, &e->parts);
	ruleset_filters(rules, e->rule.index, add_filter, e);
	e->questions = arena_alloc(e->arena, (e->parts.count + 1) *
	    sizeof(*e->questions));
	for (size_t i = 0; i < e->parts.count; i++)
		e->questions[i] = ruleset_question(rules,
		    e->parts.parts[i].detection);
	return 0;
}

/* --- an event ---------------------------------------------------------------- */

static void
note_match(void *arg, const struct match *m)
{
	struct explain *e = arg;

	if (!slice_eq(m->rule->id, e->rule.info.id) || m->correlated != NULL)
		return;
	e->matched = true;
	if (m->held == NULL)
		return;
	e->held = true;
	e->why = m->held->why;
	e->by = arena_keep(e->arena, m->held->by);
	e->owner = arena_keep(e->arena, m->held->owner);
}

static bool
is_of_rule(const struct explain *e, const struct event *ev)
{
	for (size_t i = 0; i < ev->source_count; i++)
		if (logsource_covers(e->rule.source, ev->sources[i]))
			return true;
	return false;
}

/* What the event has in a field; p is NULL when it is not there. */
static struct slice
value_of(const struct explain *e, const struct event *ev, struct slice field)
{
	enum { SHOWN = 200 };
	int slot = field.len == 0 ? -1 :
	    schema_find(e->session.detector.schema, field);
	const struct value *v = slot == -1 ? NULL : event_get(ev, slot);
	struct slice out = { NULL, 0 };
	struct buf text = { 0 };

	for (const struct value *one = v; one != NULL; one = one->more) {
		const char *quote = one->type == VALUE_STRING ? "\"" : "";

		buf_str(&text, one != v ? ", " : "");
		buf_str(&text, quote);
		text_escape(&text, one->type == VALUE_NULL ? S("null") :
		    slice_head(one->text, SHOWN));
		buf_str(&text, one->text.len > SHOWN ? "..." : "");
		buf_str(&text, quote);
	}
	if (v != NULL)
		out = arena_keep(e->arena, buf_slice(&text));
	buf_free(&text);
	return out;
}

static void
note_sources(struct explain *e, const struct event *ev)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < ev->source_count; i++) {
		buf_str(&text, i > 0 ? ", " : "");
		print_source(&text, &e->session.detector, ev->sources[i]);
	}
	e->sources = arena_keep(e->arena, buf_slice(&text));
	buf_free(&text);
}

/* Asks about one event; the last one that is of the rule's stands. */
static void
ask(struct explain *e, const struct event *ev)
{
	struct ruleset *rules = e->session.detector.rules;

	if (e->matched || (!e->foreign && !is_of_rule(e, ev)))
		return;
	e->foreign = !is_of_rule(e, ev);
	e->echo = ev->echo;
	note_sources(e, ev);
	for (size_t i = 0; i < e->parts.count; i++) {
		e->yes[i] = e->questions[i] != -1 &&
		    ruleset_holds(rules, (size_t)e->questions[i], ev);
		e->values[i] = value_of(e, ev, e->parts.parts[i].field);
	}
	for (size_t i = 0; i < e->anatomy.count; i++)
		e->holds[i] = ruleset_test_holds(rules,
		    e->anatomy.tests[i].test, ev);
	if (!e->echo)
		ruleset_match(rules, ev, note_match, e);
}

/* A record, and what it has come to with those before it (audit). */
static void
hold_line(struct explain *e, struct slice line, bool last)
{
	bool json = lines_form(line) == FORM_JSON;
	struct rule_test test = { .line = json ? S("") : line,
		.json = json ? line : S("") };
	struct detector *det = &e->session.detector;

	detector_test_event(det, &e->rule, &test, &e->record);
	ask(e, det->ev);
	while (decoders_merged(det->decoders, det->merged, last))
		ask(e, det->merged);
}

void
explain_hold(struct explain *e)
{
	struct slice rest = e->line, line;

	e->foreign = true;
	e->yes = arena_alloc(e->arena, e->parts.count + 1);
	e->values = arena_alloc(e->arena, (e->parts.count + 1) *
	    sizeof(*e->values));
	e->holds = arena_alloc(e->arena, e->anatomy.count + 1);
	if (lines_form(rest) != FORM_JSON)
		while (slice_cut(&rest, '\n', &line))
			hold_line(e, line, rest.len == 0);
	if (rest.len > 0)
		hold_line(e, rest, true);
}

/* --- what decided -------------------------------------------------------------- */

/*
 * The deepest part on the way down along those that are not as they ought to
 * be: below a "not" these are the ones that hold.
 */
static const struct part *
descend(const struct explain *e, size_t at, bool over_not)
{
	const struct part *parts = e->parts.parts;
	bool wanted = true;

	for (size_t i = at + 1; i < e->parts.count; i++) {
		if (parts[i].depth <= parts[at].depth)
			break;
		if (parts[i].depth != parts[at].depth + 1 ||
		    e->questions[i] == -1)
			continue;
		if (parts[at].negates && !over_not)
			break;
		if (e->yes[i] == (wanted != parts[at].negates))
			continue;
		wanted = wanted != parts[at].negates;
		at = i;
	}
	return &parts[at];
}

static const struct part *
from_top(const struct explain *e, bool over_not)
{
	for (size_t i = 0; i < e->parts.count; i++)
		if (e->parts.parts[i].depth == 0 && !e->yes[i])
			return descend(e, i, over_not);
	return NULL;
}

const struct part *
explain_failed(const struct explain *e)
{
	return from_top(e, false);
}

const struct part *
explain_culprit(const struct explain *e, const struct part *failed)
{
	return failed->negates ? from_top(e, true) : failed;
}

struct slice
explain_value(const struct explain *e, const struct part *p)
{
	struct slice value = e->values[p - e->parts.parts];

	return value.p != NULL ? value : S("(not there)");
}
