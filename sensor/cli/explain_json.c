/*
 * What rules explain tells programs.
 */
#include "cli/explain.h"
#include "cli/tuning_print.h"

static void
pair_bool(struct jsonw *w, const char *key, bool value)
{
	jsonw_key(w, slice_of(key));
	jsonw_bool(w, value);
}

/* What ruleset_question_tests calls back with. */
struct numbers {
	const struct anatomy *anatomy;
	struct jsonw *w;
};

static void
add_number(void *arg, uint32_t test)
{
	const struct numbers *n = arg;

	for (size_t i = 0; i < n->anatomy->count; i++)
		if (n->anatomy->tests[i].test == test)
			jsonw_int(n->w, (int64_t)i + 1);
}

static void
write_part(const struct explain *e, size_t i, struct jsonw *w)
{
	const struct part *p = &e->parts.parts[i];
	struct numbers n = { &e->anatomy, w };

	jsonw_object(w);
	jsonw_pair_int(w, "depth", p->depth);
	jsonw_pair(w, "text", p->text);
	jsonw_pair(w, "file", slice_of(p->file));
	jsonw_pair_int(w, "line", p->line);
	if (p->item && e->questions[i] != -1) {
		jsonw_key(w, S("tests"));
		jsonw_array(w);
		ruleset_question_tests(e->session.detector.rules,
		    (size_t)e->questions[i], add_number, &n);
		jsonw_array_end(w);
	}
	if (e->line.len > 0) {
		pair_bool(w, "holds", e->yes[i]);
		if (e->values[i].p != NULL)
			jsonw_pair(w, "value", e->values[i]);
	}
	jsonw_object_end(w);
}

static void
write_test(const struct explain *e, size_t i, struct jsonw *w)
{
	const struct test_view *t = &e->anatomy.tests[i];
	struct buf wanted = { 0 };

	ruleset_test_text(e->session.detector.rules, t->test, &wanted);
	jsonw_object(w);
	jsonw_pair(w, "kind", slice_of(t->kind));
	pair_bool(w, "cased", t->cased);
	jsonw_pair(w, "field", t->field);
	jsonw_pair(w, "wanted", buf_slice(&wanted));
	jsonw_pair_int(w, "texts", (int64_t)t->texts);
	jsonw_pair(w, "cost", slice_of(t->cost));
	pair_bool(w, "wakes", t->wakes);
	jsonw_pair_int(w, "shared", (int64_t)t->shared);
	jsonw_key(w, S("literals"));
	jsonw_array(w);
	for (size_t k = 0; k < t->hint_count; k++)
		jsonw_str(w, t->hints[k]);
	jsonw_array_end(w);
	if (e->line.len > 0)
		pair_bool(w, "holds", e->holds[i]);
	jsonw_object_end(w);
	buf_free(&wanted);
}

static void
write_answer(const struct explain *e, struct jsonw *w)
{
	const struct part *failed = e->matched ? NULL : explain_failed(e);

	pair_bool(w, "matched", e->matched);
	pair_bool(w, "logsource", !e->foreign);
	if (e->held) {
		jsonw_pair(w, "held", slice_of(hold_name(e->why)));
		jsonw_pair(w, "held_by", e->by);
	}
	if (failed == NULL)
		return;
	jsonw_pair(w, "failed", failed->text);
	jsonw_pair(w, "because", explain_culprit(e, failed)->text);
}

static void
write_list(const struct explain *e, struct jsonw *w, const char *key,
    size_t count,
    void (*write)(const struct explain *e, size_t i, struct jsonw *w))
{
	jsonw_key(w, slice_of(key));
	jsonw_array(w);
	for (size_t i = 0; i < count; i++)
		write(e, i, w);
	jsonw_array_end(w);
}

static void
write_rule(const struct explain *e, struct jsonw *w)
{
	jsonw_pair_int(w, "wakes", (int64_t)e->rule.wakes);
	jsonw_pair(w, "program", e->anatomy.program);
	jsonw_pair_int(w, "steps", (int64_t)e->anatomy.steps);
	if (e->line.len > 0)
		write_answer(e, w);
	write_list(e, w, "parts", e->parts.count, write_part);
	write_list(e, w, "tests", e->anatomy.count, write_test);
}

void
explain_json(const struct explain *e)
{
	struct buf text = { 0 };
	struct jsonw w = { .out = &text };

	jsonw_object(&w);
	jsonw_pair(&w, "id", e->rule.info.id);
	jsonw_pair(&w, "title", e->rule.info.title);
	jsonw_pair(&w, "file", slice_of(e->rule.file));
	jsonw_pair_int(&w, "line", e->rule.line);
	(e->correlates ? explain_groups_json : write_rule)(e, &w);
	tuning_json(e->session.detector.rules, &e->rule, &w);
	jsonw_object_end(&w);
	buf_byte(&text, '\n');
	fwrite(text.p, 1, text.len, stdout);
	buf_free(&text);
}
