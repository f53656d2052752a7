/*
 * Runs tests/conformance/: see the README there.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/when.h"
#include "decode/decode.h"
#include "engine/engine.h"

extern const struct decoder dec_json;

/* One case while its lines are read. */
struct kase {
	const char *file;
	unsigned line, claim_line;
	struct slice claim;
	struct buf rule;	/* the document, empty: none yet */
	struct buf common;	/* documents before those of each case */
	struct buf *into;	/* where indented lines go */
	bool whole;		/* it is all documents, not a detection */
	unsigned alerts;	/* of a case whose events have times */
	uint64_t offset;
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

/* --- events with a time ------------------------------------------------------ */

static int64_t
second(struct slice *line)
{
	struct slice number;
	uint64_t n = 0;

	if (slice_cut(line, ':', &number))
		slice_to_u64(slice_trim(number), &n);
	return HOUR + (int64_t)n * SECOND;
}

static bool
is_refused(struct kase *k)
{
	if (k->diag.errors + k->diag.refused == 0)
		return false;
	complain(k, "the rule was refused");
	return true;
}

static void
happen(struct kase *k, struct slice rest)
{
	struct record r = { .form = FORM_JSON, .source = S("test"),
		.received = second(&rest), .offset = k->offset++ };

	load_rule(k);
	if (is_refused(k))
		return;
	r.bytes = slice_trim(rest);
	event_reset(k->ev, &r);
	decoders_run(k->decoders, k->ev);
	if (k->ev->source_count == 0)
		complain(k, "this is no JSON");
	ruleset_match(k->rules, k->ev, on_match, &k->alerts);
}

static void
pass_time(struct kase *k, struct slice rest)
{
	ruleset_time(k->rules, second(&rest), on_match, &k->alerts);
}

/* How many there were since they were counted last; all windows close. */
static void
count_alerts(struct kase *k, struct slice rest, bool close)
{
	uint64_t want = UINT64_MAX;

	k->run++;
	if (close)
		ruleset_time(k->rules, INT64_MAX, on_match, &k->alerts);
	if (slice_to_u64(slice_trim(rest), &want) == -1 || k->alerts != want)
		complain(k, "so many alerts are not raised");
	k->alerts = 0;
}

static void
count_some(struct kase *k, struct slice rest)
{
	count_alerts(k, rest, false);
}

static void
count_all(struct kase *k, struct slice rest)
{
	count_alerts(k, rest, true);
}

/* --- events that match or not ------------------------------------------------- */

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
	if (is_refused(k))
		return;
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
	k->into = &k->rule;
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
	k->into = &k->rule;
	buf_add(&k->rule, buf_slice(&k->common));
	if (k->common.len > 0)
		buf_str(&k->rule, "---\n");
	if (slice_trim(rest).len > 0)
		complain(k, "documents begin in the next line");
}

static void
begin_common(struct kase *k, struct slice rest)
{
	(void)rest;
	load_rule(k);
	k->whole = true;
	k->into = &k->common;
	buf_clear(&k->common);
}

static void
add_line(struct kase *k, struct slice line)
{
	if (k->whole)
		slice_skip(&line, S("  "));
	if (k->into == NULL)
		return;
	buf_add(k->into, line);
	buf_str(k->into, line.len > 0 || k->whole ? "\n" : "");
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

static const struct {
	struct slice word;
	void (*take)(struct kase *k, struct slice rest);
} words[] = {
	{ SLICE("rule:"), begin_rule },
	{ SLICE("documents:"), begin_documents },
	{ SLICE("common:"), begin_common },
	{ SLICE("error:"), hold_error },
	{ SLICE("at "), happen },
	{ SLICE("clock "), pass_time },
	{ SLICE("alerts so far:"), count_some },
	{ SLICE("alerts:"), count_all },
};

static void
take_line(struct kase *k, struct slice line)
{
	if (slice_skip(&line, S("# "))) {
		k->claim = line;
		return;
	}
	for (size_t i = 0; i < COUNT(words); i++)
		if (slice_skip(&line, words[i].word)) {
			words[i].take(k, line);
			return;
		}
	if (slice_starts(line, S("  ")) || line.len == 0)
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
	load_rule(k);
	buf_clear(&k->common);
	k->into = NULL;
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
	buf_free(&k.common);
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
