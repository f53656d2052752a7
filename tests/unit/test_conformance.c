/*
 * Runs tests/conformance/: see the README there.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "decode/decode.h"
#include "engine/engine.h"

extern const struct decoder dec_json;

/* One case while its lines are read. */
struct kase {
	const char *file;
	unsigned line, claim_line;
	struct slice claim;
	struct buf rule;	/* the document, empty: none yet */
	bool whole;		/* it is all documents, not a detection */
	struct schema *schema;
	struct decoders *decoders;
	struct ruleset *rules;
	struct event *ev;
	struct diag diag;
	unsigned run, failed;
};

static void
complain(struct kase *k, const char *what)
{
	fprintf(stderr, "%s:%u: %s (%.*s)\n%.*s", k->file, k->line, what,
	    (int)k->claim.len, (const char *)k->claim.p,
	    (int)k->diag.text.len, (const char *)k->diag.text.p);
	k->failed++;
}

static void
forget_rule(struct kase *k)
{
	event_free(k->ev);
	ruleset_free(k->rules);
	decoders_free(k->decoders);
	schema_free(k->schema);
	diag_free(&k->diag);
	k->ev = NULL;
	k->rules = NULL;
	k->decoders = NULL;
	k->schema = NULL;
}

/* Loads the rule that was collected, once. */
static void
load_rule(struct kase *k)
{
	static const struct decoder *const formats[] = { &dec_json, NULL };
	struct arena *a;
	struct node *placeholders;

	if (k->rule.len == 0)
		return;
	a = arena_new(0);
	forget_rule(k);
	k->schema = schema_new();
	k->decoders = decoders_new(k->schema, formats);
	k->rules = ruleset_new(k->schema);
	yaml_parse(a, "placeholders", S("{staff: [ann, 'adm_*']}"),
	    &placeholders, &k->diag);
	ruleset_placeholders(k->rules, placeholders);
	if (ruleset_load_text(k->rules, "rule", buf_slice(&k->rule),
	    &k->diag) == 0)
		ruleset_compile(k->rules, &k->diag);
	schema_freeze(k->schema);
	k->ev = event_new(k->schema);
	buf_clear(&k->rule);
	k->whole = false;
	arena_free(a);
}

static void
on_match(void *arg, const struct match *m)
{
	unsigned *matches = arg;

	(void)m;
	++*matches;
}

static void
hold(struct kase *k, struct slice event, unsigned want)
{
	struct record r = {
		.form = FORM_JSON, .bytes = slice_trim(event),
		.source = S("test"), .received = 1,
	};
	unsigned matches = 0;

	load_rule(k);
	k->run++;
	if (k->diag.errors + k->diag.refused > 0) {
		complain(k, "the rule was refused");
		return;
	}
	event_reset(k->ev, &r);
	decoders_run(k->decoders, k->ev);
	ruleset_match(k->rules, k->ev, on_match, &matches);
	if (k->ev->source_count == 0)
		complain(k, "this is no JSON");
	else if (matches != want)
		complain(k, want == 0 ? "must not match" :
		    want == 1 ? "must match" : "both must match");
}

static void
hold_error(struct kase *k, struct slice part)
{
	load_rule(k);
	k->run++;
	if (k->diag.errors + k->diag.refused == 0 || slice_find(buf_slice(&k->diag.text),
	    slice_trim(part)) == SIZE_MAX)
		complain(k, "this is not what is said");
}

static void
begin_rule(struct kase *k, struct slice rest)
{
	load_rule(k);
	buf_str(&k->rule, "title: t\nlogsource:\n  product: linux\n\n"
	    "detection:\n  ");
	buf_add(&k->rule, slice_trim(rest));
	buf_str(&k->rule, "\n");
}

/* Documents stand as they are, two columns to the right. */
static void
begin_documents(struct kase *k, struct slice rest)
{
	load_rule(k);
	k->whole = true;
	if (slice_trim(rest).len > 0)
		complain(k, "documents begin in the next line");
}

static void
add_line(struct kase *k, struct slice line)
{
	if (k->whole)
		slice_skip(&line, S("  "));
	buf_add(&k->rule, line);
	buf_str(&k->rule, line.len > 0 || k->whole ? "\n" : "");
}

static bool
take_event(struct kase *k, struct slice line)
{
	static const struct slice words[] = {
		SLICE("no:"), SLICE("yes:"), SLICE("both:"),
	};

	for (unsigned i = 0; i < COUNT(words); i++) {
		if (!slice_skip(&line, words[i]))
			continue;
		hold(k, line, i);
		return true;
	}
	return false;
}

static void
take_line(struct kase *k, struct slice line)
{
	if (slice_skip(&line, S("# ")))
		k->claim = line;
	else if (slice_skip(&line, S("rule:")))
		begin_rule(k, line);
	else if (slice_skip(&line, S("documents:")))
		begin_documents(k, line);
	else if (slice_skip(&line, S("error:")))
		hold_error(k, line);
	else if (slice_starts(line, S("  ")) || line.len == 0)
		add_line(k, line);
	else if (!take_event(k, line))
		complain(k, "what is this line?");
}

static int
run_file(void *arg, const char *path)
{
	struct kase *k = arg;
	struct buf text = { 0 };
	struct slice rest, line;

	CHECK(read_file(path, &text, 1 << 20, NULL) == 0);
	rest = buf_slice(&text);
	k->file = path;
	for (k->line = 1; slice_cut(&rest, '\n', &line); k->line++)
		take_line(k, line);
	buf_free(&text);
	return 0;
}

static void
every_case_holds(void)
{
	static const char *const suffixes[] = { ".txt", NULL };
	const char *source = getenv("VEDETTE_SOURCE");
	struct kase k = { 0 };
	char dir[4096];

	CHECK(source != NULL);
	snprintf(dir, sizeof(dir), "%s/tests/conformance", source);
	CHECK(walk_files(dir, suffixes, run_file, &k, NULL) == 0);
	forget_rule(&k);
	buf_free(&k.rule);
	CHECK(k.run > 300);
	CHECK(k.failed == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_case_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
