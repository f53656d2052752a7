/*
 * rules explain: how a rule is understood, and why it matched an event or
 * which part of it did not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/dissect.h"
#include "cli/rules_session.h"
#include "cli/specimen.h"
#include "daemon/ruletest.h"
#include "engine/collection.h"
#include "inputs/lines.h"

extern const struct command rules_explain;

enum { TEXT_WIDTH = 46 };

struct explain {
	struct session session;
	const char *state;
	struct arena *arena;
	struct rule_view rule;
	struct slice line;	/* the event's; empty: none was given */
	struct dissected parts;
	struct detector small;	/* the parts as rules */
	bool *yes;		/* by part */
	bool matched, foreign;	/* foreign: of other log sources */
};

static const struct arg explain_args[] = {
	ARGS_CONFIG(explain, session.path),
	ARGS_JSON(explain, session.json),
	{ "state", 0, ARG_STR, AT(explain, state), "DIR",
	    "look for an id in this directory, not at the running sensor",
	    NULL },
	ARGS_END
};

/* The rule's document, read again for its text and its lines. */
static const struct node *
find_document(struct explain *e)
{
	struct collection c = { .arena = e->arena };
	struct node *docs;

	if (yaml_read(e->arena, e->rule.file, &docs, &e->session.diag) == -1)
		return NULL;
	for (; docs != NULL; docs = docs->next) {
		const struct node *doc = collection_next(&c, docs,
		    &e->session.diag);

		if (doc != NULL && docs->line == e->rule.line)
			return doc;
	}
	diag_error(&e->session.diag, e->rule.file, e->rule.line, 1,
	    "the rule is not there any more");
	return NULL;
}

/* Loads the parts the way rules are loaded: from a file, which then goes. */
static int
load_parts(struct explain *e, const struct registry *reg, struct slice yaml)
{
	char path[] = "/tmp/vedette-explain-XXXXXX.yml";
	const char *paths[] = { path };
	const struct strlist only = { paths, COUNT(paths) };
	struct session *s = &e->session;
	int fd = mkstemps(path, 4), ret = -1;

	if (fd == -1 || write_all(fd, yaml) == -1)
		diag_error(&s->diag, path, 0, 0, "can't be written");
	else
		ret = detector_load(&e->small, &s->config, reg->decoders,
		    &only, &s->diag);
	if (fd != -1) {
		close(fd);
		unlink(path);
	}
	return ret;
}

static void
note_part(void *arg, const struct match *m)
{
	struct explain *e = arg;
	struct slice title = m->rule->title;
	uint64_t n;

	if (slice_starts(title, S("part ")) && slice_to_u64(slice_from(title,
	    strlen("part ")), &n) == 0 && n < e->parts.count)
		e->yes[n] = true;
}

static void
note_match(void *arg, const struct match *m)
{
	struct explain *e = arg;

	e->matched |= slice_eq(m->rule->id, e->rule.info.id) &&
	    m->correlated == NULL;
}

/* Parts are asked for whatever log source the line has, to tell of them. */
static void
hold(struct explain *e)
{
	struct rule_test test = { .line = S(""), .json = S("") };
	struct rule_view part = ruleset_view(e->small.rules, 0);
	struct event *ev = e->small.ev;
	struct record r;

	*(lines_form(e->line) == FORM_JSON ? &test.json : &test.line) =
	    e->line;
	detector_test_event(&e->session.detector, &e->rule, &test, &r);
	ruleset_match(e->session.detector.rules, e->session.detector.ev,
	    note_match, e);
	detector_test_event(&e->small, &part, &test, &r);
	e->foreign = true;
	for (size_t i = 0; i < ev->source_count; i++)
		if (logsource_covers(part.source, ev->sources[i]))
			e->foreign = false;
	event_source(ev, part.source);
	ruleset_match(e->small.rules, ev, note_part, e);
}

/* --- telling ---------------------------------------------------------------- */

static bool
has_value(const struct explain *e, const struct part *p, struct buf *out)
{
	int field = schema_find(e->small.schema, p->field);
	const struct value *v = field == -1 ? NULL :
	    event_get(e->small.ev, field);
	size_t n = 0;

	for (; v != NULL; v = v->more) {
		buf_str(out, n++ > 0 ? ", " : "");
		if (v->type == VALUE_STRING)
			buf_str(out, "\"");
		text_escape(out, v->type == VALUE_NULL ? S("null") :
		    slice_head(v->text, 200));
		if (v->type == VALUE_STRING)
			buf_str(out, v->text.len > 200 ? "\"..." : "\"");
	}
	return n > 0;
}

static void
print_part(const struct explain *e, size_t i)
{
	const struct part *p = &e->parts.parts[i];
	struct buf line = { 0 };
	size_t start;

	buf_str(&line, e->line.len == 0 ? "" : e->yes[i] ? "yes  " : "no   ");
	for (unsigned n = 0; n < p->depth; n++)
		buf_str(&line, "  ");
	start = line.len;
	text_escape(&line, p->text);
	if (e->line.len > 0 && p->field.len > 0) {
		while (line.len < start + TEXT_WIDTH - 2 * p->depth)
			buf_byte(&line, ' ');
		buf_str(&line, "  ");
		text_escape(&line, p->field);
		buf_str(&line, " = ");
		if (!has_value(e, p, &line))
			buf_str(&line, "(not there)");
	}
	buf_byte(&line, '\n');
	fwrite(line.p, 1, line.len, stdout);
	buf_free(&line);
}

/* The deepest part on the way down from the top along what is not so. */
static size_t
first_failed(const struct explain *e)
{
	size_t at = 0;

	for (size_t i = 1; i < e->parts.count; i++) {
		if (e->parts.parts[i].depth <= e->parts.parts[at].depth)
			break;
		if (e->parts.parts[i].depth ==
		    e->parts.parts[at].depth + 1 && !e->yes[i])
			at = i;
	}
	return at;
}

static void
add_sources(const struct explain *e, struct buf *text)
{
	const struct event *ev = e->session.detector.ev;

	for (size_t i = 0; i < ev->source_count; i++) {
		const uint16_t words[] = { ev->sources[i].product,
			ev->sources[i].category, ev->sources[i].service };
		size_t from;

		buf_str(text, i > 0 ? ", " : "");
		from = text->len;
		for (size_t k = 0; k < COUNT(words); k++) {
			if (words[k] == 0)
				continue;
			buf_str(text, text->len > from ? "/" : "");
			text_escape(text, schema_word_text(ev->schema,
			    words[k]));
		}
	}
}

static void
print_answer(const struct explain *e)
{
	struct buf text = { 0 };

	if (e->matched) {
		buf_str(&text, "matched");
	} else if (e->foreign) {
		buf_str(&text, "not held against it: the event comes from ");
		add_sources(e, &text);
	} else if (e->parts.count > 0 && e->yes[0]) {
		buf_str(&text, "the condition holds, and yet it did not "
		    "match: a filter, an override or a limit is in the way");
	} else {
		const struct part *p = &e->parts.parts[first_failed(e)];

		buf_str(&text, "not matched; first that failed: ");
		text_escape(&text, p->text);
		buf_str(&text, " (");
		text_escape(&text, slice_of(e->rule.file));
		buf_fmt(&text, ":%u)", p->line);
	}
	buf_byte(&text, '\n');
	fwrite(text.p, 1, text.len, stdout);
	buf_free(&text);
}

static void
print_head(const struct explain *e)
{
	struct buf text = { 0 };

	text_escape(&text, e->rule.info.title);
	buf_fmt(&text, "  %s  ", level_name(e->rule.info.level));
	text_escape(&text, slice_of(e->rule.file));
	buf_fmt(&text, ":%u\n", e->rule.line);
	if (e->line.len > 0) {
		buf_str(&text, "event  ");
		text_escape(&text, slice_head(e->line, 400));
		buf_byte(&text, '\n');
	} else if (e->rule.wakes == 0) {
		buf_str(&text, "looked at for every event of its log source: "
		    "it can be true without any text\n");
	} else {
		buf_fmt(&text, "looked at when one of %zu tests finds its "
		    "text, such as ", e->rule.wakes);
		text_escape(&text, e->rule.wake_field);
		buf_str(&text, ": ");
		text_escape(&text, e->rule.wake_text);
		buf_byte(&text, '\n');
	}
	buf_byte(&text, '\n');
	fwrite(text.p, 1, text.len, stdout);
	buf_free(&text);
}

static void
print_text(const struct explain *e)
{
	print_head(e);
	for (size_t i = 0; i < e->parts.count; i++)
		print_part(e, i);
	if (e->parts.cut)
		printf("... and more than can be shown\n");
	if (e->line.len == 0)
		return;
	putchar('\n');
	print_answer(e);
}

static void
write_part(const struct explain *e, size_t i, struct jsonw *w)
{
	const struct part *p = &e->parts.parts[i];
	struct buf value = { 0 };

	jsonw_object(w);
	jsonw_pair_int(w, "depth", p->depth);
	jsonw_pair(w, "text", p->text);
	jsonw_pair_int(w, "line", p->line);
	if (e->line.len > 0) {
		jsonw_key(w, S("holds"));
		jsonw_bool(w, e->yes[i]);
		if (p->field.len > 0 && has_value(e, p, &value))
			jsonw_pair(w, "value", buf_slice(&value));
	}
	jsonw_object_end(w);
	buf_free(&value);
}

static void
print_json(const struct explain *e)
{
	struct buf text = { 0 };
	struct jsonw w = { .out = &text };

	jsonw_object(&w);
	jsonw_pair(&w, "id", e->rule.info.id);
	jsonw_pair(&w, "title", e->rule.info.title);
	jsonw_pair(&w, "file", slice_of(e->rule.file));
	jsonw_pair_int(&w, "line", e->rule.line);
	jsonw_pair_int(&w, "wakes", (int64_t)e->rule.wakes);
	if (e->line.len > 0) {
		jsonw_key(&w, S("matched"));
		jsonw_bool(&w, e->matched);
		jsonw_key(&w, S("logsource"));
		jsonw_bool(&w, !e->foreign);
	}
	jsonw_key(&w, S("parts"));
	jsonw_array(&w);
	for (size_t i = 0; i < e->parts.count; i++)
		write_part(e, i, &w);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	buf_byte(&text, '\n');
	fwrite(text.p, 1, text.len, stdout);
	buf_free(&text);
}

/* --- the command ------------------------------------------------------------ */

static int
explain(struct explain *e, const struct registry *reg)
{
	const struct node *doc = find_document(e);
	struct buf yaml = { 0 };
	int ret;

	if (doc == NULL)
		return -1;
	if (node_get(doc, "correlation") != NULL)
		return diag_error(&e->session.diag, e->rule.file,
		    e->rule.line, 1, "a correlation counts the matches of "
		    "other rules: explain one of these");
	dissect(e->arena, doc, &e->parts, &yaml);
	ret = load_parts(e, reg, buf_slice(&yaml));
	buf_free(&yaml);
	if (ret == -1)
		return -1;
	e->yes = arena_alloc(e->arena, e->parts.count + 1);
	if (e->line.len > 0)
		hold(e);
	(e->session.json ? print_json : print_text)(e);
	return 0;
}

static int
read_event(struct explain *e, const struct registry *reg, const char *what)
{
	const struct args_place place = { e->session.path, e->state };
	struct specimen sp;
	struct err err;
	int ret = 0;

	if (specimen_read(&sp, reg, &place, what, &err) == 0)
		e->line = arena_keep(e->arena, buf_slice(&sp.line));
	else
		ret = diag_error(&e->session.diag, NULL, 0, 0, "%s",
		    err.text);
	specimen_free(&sp);
	return ret;
}

static int
explain_rule(struct explain *e, const struct registry *reg, char **argv)
{
	struct session *s = &e->session;
	int status;

	session_begin(s);
	e->arena = arena_new(0);
	if (session_load(s, reg, NULL) &&
	    session_rule(s, argv[0], &e->rule) == 0 &&
	    (argv[1] == NULL || read_event(e, reg, argv[1]) == 0))
		explain(e, reg);
	detector_free(&e->small);
	status = session_end(s, EXIT_TROUBLE);
	arena_free(e->arena);
	if (status == EXIT_FINE && e->line.len > 0 && !e->matched)
		return EXIT_FOUND;
	return status;
}

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct explain e = { .line = SLICE("") };
	int status;

	if (!args_read(&rules_explain, &e, &argc, argv, &status))
		return status;
	argv[argc] = NULL;
	if (argc < 2 || argc > 3)
		return args_wrong(&rules_explain, "which rule, and perhaps "
		    "which event?");
	return explain_rule(&e, reg, argv + 1);
}

const struct command rules_explain = {
	.name = "rules explain",
	.synopsis = "[-c FILE] [--json] [--state DIR] RULE "
	    "[FILE[:LINE]|-|ID]",
	.what = "why a rule matched an event, or what of it did not",
	.args = explain_args,
	.run = run,
};
