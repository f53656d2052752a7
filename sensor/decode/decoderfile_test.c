/*
 * The tests that stand in decoder files: which pattern takes a line, and what
 * fields it gives.
 */
#include "decode/cursor.h"
#include "decode/decoderfile.h"

/* One pattern under test. */
struct trial {
	struct decoders *d;
	struct diag *diag;
	struct event *ev;
	const struct decoder_file *file;
	const struct pattern *pattern;
};

/* A program that the decoder takes: a glob with its stars filled in. */
static struct slice
some_program(struct trial *t)
{
	struct buf b = { 0 };
	struct slice name = t->file->program_count == 0 ? S("test") :
	    t->file->programs[0], kept;

	if (slice_find_byte(name, '*') == SIZE_MAX)
		return name;
	for (size_t i = 0; i < name.len; i++)
		buf_byte(&b, name.p[i] == '*' ? 'x' : name.p[i]);
	kept = arena_keep(t->d->arena, buf_slice(&b));
	buf_free(&b);
	return kept;
}

/* A whole line of a log, or else the message of a program alone. */
static const struct pattern *
decode_line(struct trial *t, struct record *r)
{
	struct decoded in = { 0 };

	event_reset(t->ev, r);
	if (!decoders_frame(t->d, t->ev, &in)) {
		in.program = some_program(t);
		in.message = r->bytes;
		cursor_blanks(&in.message);
		event_set(t->ev, F_PROCESS_NAME, in.program);
		event_set(t->ev, F_MESSAGE, in.message);
	}
	return in.message.p == NULL ? NULL :
	    decoders_match(t->d, t->ev, &in);
}

static bool
has_value(const struct value *v, struct slice text)
{
	for (; v != NULL; v = v->more)
		if (v->type != VALUE_NULL && slice_eq(v->text, text))
			return true;
	return false;
}

static void
check_field(struct trial *t, const struct node *want)
{
	const char *name = node_cstr(want->key);
	int field = schema_find(t->d->schema, want->key->text);
	const struct value *v = field < 0 ? NULL : event_get(t->ev, field);

	if (want->type != NODE_SCALAR)
		node_error(t->diag, want, "expected a value");
	else if (node_is_null(want) && v != NULL)
		node_error(t->diag, want, "%s: \"%.*s\" was not expected",
		    name, (int)v->text.len, (const char *)v->text.p);
	else if (node_is_null(want))
		return;
	else if (v == NULL)
		node_error(t->diag, want, "%s: expected \"%s\", not set",
		    name, node_cstr(want));
	else if (!has_value(v, want->text))
		node_error(t->diag, want, "%s: expected \"%s\", is \"%.*s\"",
		    name, node_cstr(want), (int)v->text.len,
		    (const char *)v->text.p);
}

static struct record
record_of(const struct node *line)
{
	return (struct record){
		.form = slice_starts(line->text, S("{")) ? FORM_JSON :
		    FORM_TEXT,
		.bytes = line->text, .source = S("test"),
		.received = when_now(),
	};
}

static void
run_test(struct trial *t, const struct node *test)
{
	const struct node *line = node_get(test, "line");
	const struct node *gives = node_get(test, "gives");
	struct record r = record_of(line);
	const struct pattern *found = decode_line(t, &r);

	if (found == NULL) {
		node_error(t->diag, line, "no pattern takes this line");
		return;
	}
	if (found != t->pattern) {
		node_error(t->diag, line, "%.*s takes this line",
		    (int)found->name.len, (const char *)found->name.p);
		return;
	}
	if (gives == NULL)
		return;
	for (const struct node *f = gives->first; f != NULL; f = f->next)
		check_field(t, f);
}

static void
run_not(struct trial *t, const struct node *line)
{
	struct record r = record_of(line);

	if (decode_line(t, &r) == t->pattern)
		node_error(t->diag, line, "%.*s must not take this line",
		    (int)t->pattern->name.len,
		    (const char *)t->pattern->name.p);
}

static void
run_pattern(struct trial *t)
{
	const struct node *tests = node_get(t->pattern->at, "tests");
	const struct node *not = node_get(t->pattern->at, "not");

	for (const struct node *n = tests == NULL ? NULL : tests->first;
	    n != NULL; n = n->next)
		run_test(t, n);
	if (not != NULL && not->type == NODE_SCALAR)
		run_not(t, not);
	for (const struct node *n = not == NULL ? NULL : not->first;
	    n != NULL; n = n->next)
		run_not(t, n);
}

int
decoders_test(struct decoders *d, struct diag *diag)
{
	struct trial t = { .d = d, .diag = diag };
	unsigned before = diag->errors;

	t.ev = event_new(d->schema);
	for (size_t i = 0; i < d->count; i++) {
		t.file = d->files[i];
		for (size_t n = 0; n < t.file->pattern_count; n++) {
			t.pattern = &t.file->patterns[n];
			run_pattern(&t);
		}
	}
	event_free(t.ev);
	return diag->errors > before ? -1 : 0;
}
