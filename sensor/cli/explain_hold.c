/*
 * The parts of a rule, and an event held against each.
 */
#include "cli/explain.h"
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

/* What a record has come to: it alone, or as one of several (audit). */
static const struct event *
choose_event(struct explain *e)
{
	struct detector *det = &e->session.detector;

	while (!is_of_rule(e, det->ev) &&
	    decoders_merged(det->decoders, det->merged, true))
		if (is_of_rule(e, det->merged))
			return det->merged;
	return det->ev;
}

void
explain_hold(struct explain *e)
{
	struct rule_test test = { .line = S(""), .json = S("") };
	struct detector *det = &e->session.detector;

	*(lines_form(e->line) == FORM_JSON ? &test.json : &test.line) =
	    e->line;
	detector_test_event(det, &e->rule, &test, &e->record);
	e->ev = choose_event(e);
	e->foreign = !is_of_rule(e, e->ev);
	e->echo = e->ev->echo;
	e->yes = arena_alloc(e->arena, e->parts.count + 1);
	for (size_t i = 0; i < e->parts.count; i++)
		e->yes[i] = e->questions[i] != -1 && ruleset_holds(det->rules,
		    (size_t)e->questions[i], e->ev);
	e->holds = arena_alloc(e->arena, e->anatomy.count + 1);
	for (size_t i = 0; i < e->anatomy.count; i++)
		e->holds[i] = ruleset_test_holds(det->rules,
		    e->anatomy.tests[i].test, e->ev);
	if (!e->echo)
		ruleset_match(det->rules, e->ev, note_match, e);
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

bool
explain_value(const struct explain *e, struct slice field, struct buf *out)
{
	enum { SHOWN = 200 };
	int slot = schema_find(e->session.detector.schema, field);
	const struct value *v = slot == -1 ? NULL : event_get(e->ev, slot);
	size_t n = 0;

	for (; v != NULL; v = v->more) {
		bool text = v->type == VALUE_STRING;

		buf_str(out, n++ > 0 ? ", " : "");
		buf_str(out, text ? "\"" : "");
		text_escape(out, v->type == VALUE_NULL ? S("null") :
		    slice_head(v->text, SHOWN));
		buf_str(out, v->text.len > SHOWN ? "..." : "");
		buf_str(out, text ? "\"" : "");
	}
	return n > 0;
}
