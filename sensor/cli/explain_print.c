/*
 * What rules explain tells people.
 */
#include "cli/explain.h"
#include "cli/rules_print.h"
#include "cli/table.h"
#include "cli/tuning_print.h"

enum { TEXT_WIDTH = 46, WANTED_SHOWN = 60, EVENT_SHOWN = 400 };

static void
flush(struct buf *text)
{
	fwrite(text->p, 1, text->len, stdout);
	buf_free(text);
}

static void
add_source(const struct explain *e, struct logsource source,
    struct buf *text)
{
	struct buf words = { 0 };

	print_source(&words, &e->session.detector, source);
	text_escape(text, buf_slice(&words));
	buf_free(&words);
}

/* --- parts --------------------------------------------------------------------- */

/* What ruleset_question_tests calls back with. */
struct numbers {
	const struct anatomy *anatomy;
	struct buf *line;
	size_t count;
};

static void
add_number(void *arg, uint32_t test)
{
	enum { SHOWN = 6 };
	struct numbers *n = arg;

	for (size_t i = 0; i < n->anatomy->count; i++) {
		if (n->anatomy->tests[i].test != test)
			continue;
		n->count++;
		if (n->count <= SHOWN)
			buf_fmt(n->line, "%s%zu", n->count > 1 ? " " : "",
			    i + 1);
		else if (n->count == SHOWN + 1)
			buf_str(n->line, " ...");
	}
}

/* Which tests an item became, or what the event holds. */
static void
add_aside(const struct explain *e, size_t i, struct buf *line)
{
	const struct part *p = &e->parts.parts[i];
	struct numbers n = { &e->anatomy, line, 0 };

	if (e->line.len == 0) {
		buf_byte(line, '[');
		ruleset_question_tests(e->session.detector.rules,
		    (size_t)e->questions[i], add_number, &n);
		buf_byte(line, ']');
	} else if (p->field.len > 0) {
		text_escape(line, p->field);
		buf_str(line, " = ");
		buf_add(line, explain_value(e, p));
	}
}

static void
print_part(const struct explain *e, size_t i)
{
	const struct part *p = &e->parts.parts[i];
	struct buf line = { 0 };
	size_t start;

	if (e->line.len > 0)
		buf_str(&line, e->questions[i] == -1 ? "-    " :
		    e->yes[i] ? "yes  " : "no   ");
	for (unsigned n = 0; n < p->depth; n++)
		buf_str(&line, "  ");
	start = line.len;
	text_escape(&line, p->text);
	if (p->item && e->questions[i] != -1) {
		while (line.len + 2 * p->depth < start + TEXT_WIDTH)
			buf_byte(&line, ' ');
		buf_str(&line, "  ");
		add_aside(e, i, &line);
	}
	while (line.len > 0 && line.p[line.len - 1] == ' ')
		line.len--;
	buf_byte(&line, '\n');
	flush(&line);
}

/* --- tests --------------------------------------------------------------------- */

/* Clean text; the end of a long one is cut off. */
static void
add_wanted(const struct explain *e, const struct test_view *t,
    struct buf *out)
{
	struct buf all = { 0 }, clean = { 0 };
	struct slice shown;

	ruleset_test_text(e->session.detector.rules, t->test, &all);
	text_escape(&clean, buf_slice(&all));
	shown = text_fit(buf_slice(&clean), WANTED_SHOWN);
	buf_add(out, shown);
	if (shown.len < clean.len)
		buf_str(out, "...");
	if (t->texts > 1)
		buf_fmt(out, " (one of %zu)", t->texts);
	buf_free(&all);
	buf_free(&clean);
}

/* How it is found, and behind which texts a dear one waits. */
static void
add_answered(const struct test_view *t, struct buf *out)
{
	bool dear = strcmp(t->kind, "regex") == 0 ||
	    strcmp(t->kind, "glob") == 0;

	buf_str(out, t->answered);
	if (dear && t->hint_count == 0)
		buf_str(out, "; it has no literal");
	for (size_t i = 0; i < t->hint_count; i++) {
		buf_str(out, i == 0 ? ": \"" : ", \"");
		buf_add(out, t->hints[i]);
		buf_byte(out, '"');
	}
}

static void
number_cell(struct table *t, size_t n)
{
	struct buf text = { 0 };

	buf_u64(&text, n);
	table_cell(t, PAINT_NONE, buf_slice(&text));
	buf_free(&text);
}

static void
add_row(const struct explain *e, size_t i, struct table *table)
{
	const struct test_view *t = &e->anatomy.tests[i];
	struct buf kind = { 0 }, wanted = { 0 }, answered = { 0 };

	buf_fmt(&kind, "%s%s", t->kind, t->cased ? ", cased" : "");
	add_wanted(e, t, &wanted);
	add_answered(t, &answered);
	number_cell(table, i + 1);
	table_cell(table, PAINT_NONE, buf_slice(&kind));
	table_cell(table, PAINT_NONE, t->field.len > 0 ? t->field :
	    S("(keyword)"));
	table_cell(table, PAINT_NONE, buf_slice(&wanted));
	table_cell(table, PAINT_NONE, t->wakes ? S("wakes") : S(""));
	number_cell(table, t->shared);
	table_cell(table, PAINT_NONE, buf_slice(&answered));
	buf_free(&kind);
	buf_free(&wanted);
	buf_free(&answered);
}

static void
print_tests(const struct explain *e)
{
	static const struct column columns[] = {
		{ .title = "TEST", .right = true }, { .title = "KIND" },
		{ .title = "FIELD" }, { .title = "WANTED", .stretch = true },
		{ .title = "" }, { .title = "SHARED", .right = true },
		{ .title = "ANSWERED BY" },
	};
	struct table *t = table_new(&e->session.out, columns,
	    COUNT(columns));

	for (size_t i = 0; i < e->anatomy.count; i++)
		add_row(e, i, t);
	fflush(stdout);
	table_print(t, true);
	table_free(t);
}

/* --- the program ----------------------------------------------------------------- */

static void
print_program(const struct explain *e)
{
	enum { SHOWN = 2000 };
	const struct screen *s = &e->session.out;
	struct buf text = { 0 };
	size_t wakes = 0;

	for (size_t i = 0; i < e->anatomy.count; i++)
		wakes += e->anatomy.tests[i].wakes;
	buf_add(&text, slice_head(e->anatomy.program, SHOWN));
	buf_fmt(&text, "%s  (%zu steps)", e->anatomy.program.len > SHOWN ?
	    " ..." : "", e->anatomy.steps);
	screen_pair(s, "program", buf_slice(&text));
	buf_clear(&text);
	if (e->anatomy.idle)
		buf_str(&text, "never: it is switched off here");
	else if (wakes == 0)
		buf_str(&text, "with every event of its log source: it can be "
		    "true although nothing is found");
	else if (wakes == 1)
		buf_str(&text, "when the test that wakes it finds its text");
	else
		buf_fmt(&text, "when one of the %zu tests that wake it finds "
		    "its text", wakes);
	screen_pair(s, "looked at", buf_slice(&text));
	buf_free(&text);
}

/* --- the answer -------------------------------------------------------------------- */

static void
add_place(const struct part *p, struct buf *text)
{
	text_escape(text, p->text);
	buf_str(text, " (");
	text_escape(text, slice_of(p->file));
	buf_fmt(text, ":%u)", p->line);
}

static void
add_failed(const struct explain *e, struct buf *text)
{
	const struct part *failed = explain_failed(e), *why;

	if (failed == NULL) {
		buf_str(text, "all parts hold, and yet the rule was not "
		    "asked: it is switched off, or was stopped");
		return;
	}
	why = explain_culprit(e, failed);
	buf_str(text, "not matched; first that failed: ");
	add_place(failed, text);
	if (why != failed) {
		buf_str(text, ", because this holds: ");
		add_place(why, text);
	}
	if (why->field.len == 0)
		return;
	buf_str(text, ": ");
	text_escape(text, why->field);
	buf_str(text, " = ");
	buf_add(text, explain_value(e, why));
}

static void
print_answer(const struct explain *e)
{
	struct buf text = { 0 };

	if (e->matched) {
		buf_str(&text, "matched");
	} else if (e->echo) {
		buf_str(&text, "not held against any rule: an output of this "
		    "sensor wrote it");
	} else if (e->foreign) {
		buf_str(&text, "not held against it: the event comes from ");
		text_escape(&text, e->sources);
	} else {
		add_failed(e, &text);
	}
	if (e->held) {
		buf_fmt(&text, ", but raises no alert: %s ",
		    hold_name(e->why));
		text_escape(&text, e->by);
		buf_str(&text, e->owner.len > 0 ? ", " : "");
		text_escape(&text, e->owner);
	}
	buf_byte(&text, '\n');
	flush(&text);
}

static void
print_head(const struct explain *e)
{
	struct buf text = { 0 }, level = { 0 };

	tuning_level(e->session.detector.rules, &e->rule, &level);
	text_escape(&text, e->rule.info.title);
	buf_str(&text, "  ");
	text_escape(&text, buf_slice(&level));
	buf_str(&text, "  ");
	buf_free(&level);
	text_escape(&text, slice_of(e->rule.file));
	buf_fmt(&text, ":%u\n", e->rule.line);
	if (e->line.len > 0) {
		buf_str(&text, "event  ");
		text_escape(&text, slice_head(e->line, EVENT_SHOWN));
		buf_byte(&text, '\n');
	} else if (!e->correlates) {
		buf_str(&text, "of ");
		add_source(e, e->rule.source, &text);
		buf_byte(&text, '\n');
	}
	buf_byte(&text, '\n');
	flush(&text);
}

static void
print_parts(const struct explain *e)
{
	for (size_t i = 0; i < e->parts.count; i++)
		print_part(e, i);
	if (e->parts.cut)
		printf("... and more than can be shown\n");
	putchar('\n');
}

void
explain_print(const struct explain *e)
{
	print_head(e);
	if (e->correlates) {
		explain_groups_print(e);
		return;
	}
	print_parts(e);
	if (e->line.len > 0) {
		print_answer(e);
		return;
	}
	print_tests(e);
	putchar('\n');
	print_program(e);
	tuning_print(e->session.detector.rules, &e->rule, &e->session.out);
}
