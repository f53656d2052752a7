#include "cli/testreport.h"

#include <stdlib.h>

void
testreport_begin(struct testreport *r)
{
	*r = (struct testreport){ .arena = arena_new(0) };
}

void
testreport_free(struct testreport *r)
{
	arena_free(r->arena);
	free(r->items);
	*r = (struct testreport){ 0 };
}

void
testreport_add(struct testreport *r, const struct outcome *o)
{
	struct outcome *out;

	if (r->count == r->room) {
		r->room = r->room * 2 + 64;
		r->items = xrealloc(r->items, r->room, sizeof(*r->items));
	}
	out = &r->items[r->count++];
	*out = *o;
	out->file = arena_keep(r->arena, o->file);
	out->of = arena_keep(r->arena, o->of);
	out->name = arena_keep(r->arena, o->name);
	out->why = arena_keep(r->arena, o->why);
	r->of_kind[o->kind]++;
}

static bool
is_bad(const struct outcome *o)
{
	return o->kind == OUTCOME_FAILED || o->kind == OUTCOME_BROKEN;
}

/* --- text --- */

static void
add_text(struct buf *b, const struct outcome *o)
{
	if (o->line > 0)
		buf_fmt(b, "%.*s:%u:%u: ", (int)o->file.len,
		    (const char *)o->file.p, o->line, o->column);
	buf_fmt(b, "%.*s: %.*s\n", (int)o->name.len,
	    (const char *)o->name.p, (int)o->why.len,
	    (const char *)o->why.p);
}

void
testreport_text(const struct testreport *r, const struct screen *s)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < r->count; i++)
		if (is_bad(&r->items[i]))
			add_text(&b, &r->items[i]);
	screen_lines(s, buf_slice(&b));
	buf_free(&b);
}

/* --- TAP --- */

/* Of a description a '#' would begin a directive. */
static void
tap_escape(struct buf *b, struct slice text)
{
	struct buf clean = { 0 };

	text_escape(&clean, text);
	for (size_t i = 0; i < clean.len; i++) {
		if (clean.p[i] == '#')
			buf_byte(b, '\\');
		buf_byte(b, clean.p[i]);
	}
	buf_free(&clean);
}

static void
tap_why(struct buf *b, const struct outcome *o)
{
	buf_str(b, "  ---\n  message: ");
	json_quote(b, o->why);
	buf_str(b, "\n  file: ");
	json_quote(b, o->file);
	buf_fmt(b, "\n  line: %u\n  ...\n", o->line);
}

static void
tap_point(struct buf *b, const struct outcome *o, size_t number)
{
	buf_fmt(b, "%sok %zu - ", is_bad(o) ? "not " : "", number);
	tap_escape(b, o->name);
	if (o->kind == OUTCOME_SKIPPED) {
		buf_str(b, " # SKIP ");
		tap_escape(b, o->why);
	}
	buf_byte(b, '\n');
	if (is_bad(o))
		tap_why(b, o);
}

void
testreport_tap(const struct testreport *r)
{
	struct buf b = { 0 };

	buf_fmt(&b, "TAP version 13\n1..%zu\n", r->count);
	for (size_t i = 0; i < r->count; i++)
		tap_point(&b, &r->items[i], i + 1);
	fwrite(b.p, 1, b.len, stdout);
	buf_free(&b);
}

/* --- JUnit --- */

static void
xml_escape(struct buf *b, struct slice text)
{
	static const char *const entities[128] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;",
		['"'] = "&quot;",
	};
	struct buf clean = { 0 };

	text_escape(&clean, text);
	for (size_t i = 0; i < clean.len; i++) {
		unsigned char c = clean.p[i];

		if (c < 128 && entities[c] != NULL)
			buf_str(b, entities[c]);
		else
			buf_byte(b, c);
	}
	buf_free(&clean);
}

static void
xml_attribute(struct buf *b, const char *name, struct slice text)
{
	buf_fmt(b, " %s=\"", name);
	xml_escape(b, text);
	buf_byte(b, '"');
}

static void
xml_counts(struct buf *b, const size_t *of_kind)
{
	size_t all = 0;

	for (size_t i = 0; i < OUTCOME_KINDS; i++)
		all += of_kind[i];
	buf_fmt(b, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" "
	    "skipped=\"%zu\">\n", all, of_kind[OUTCOME_FAILED],
	    of_kind[OUTCOME_BROKEN], of_kind[OUTCOME_SKIPPED]);
}

static void
xml_case(struct buf *b, const struct outcome *o)
{
	static const char *const elements[OUTCOME_KINDS] = {
		[OUTCOME_FAILED] = "failure",
		[OUTCOME_SKIPPED] = "skipped",
		[OUTCOME_BROKEN] = "error",
	};

	buf_str(b, "    <testcase");
	xml_attribute(b, "classname", o->of);
	xml_attribute(b, "name", o->name);
	xml_attribute(b, "file", o->file);
	if (o->line > 0)
		buf_fmt(b, " line=\"%u\"", o->line);
	if (elements[o->kind] == NULL) {
		buf_str(b, "/>\n");
		return;
	}
	buf_fmt(b, ">\n      <%s", elements[o->kind]);
	xml_attribute(b, "message", o->why);
	buf_str(b, "/>\n    </testcase>\n");
}

/* The outcomes from `at` on that stand in one file; where the next begin. */
static size_t
xml_suite(struct buf *b, const struct testreport *r, size_t at)
{
	size_t of_kind[OUTCOME_KINDS] = { 0 }, end = at;

	for (; end < r->count && slice_eq(r->items[end].file,
	    r->items[at].file); end++)
		of_kind[r->items[end].kind]++;
	buf_str(b, "  <testsuite");
	xml_attribute(b, "name", r->items[at].file);
	xml_counts(b, of_kind);
	for (; at < end; at++)
		xml_case(b, &r->items[at]);
	buf_str(b, "  </testsuite>\n");
	return end;
}

void
testreport_junit(const struct testreport *r)
{
	struct buf b = { 0 };

	buf_str(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<testsuites name=\"vedette rules test\"");
	xml_counts(&b, r->of_kind);
	for (size_t at = 0; at < r->count;)
		at = xml_suite(&b, r, at);
	buf_str(&b, "</testsuites>\n");
	fwrite(b.p, 1, b.len, stdout);
	buf_free(&b);
}
