/*
 * Rules as documents: what is read of them, what is refused, where.
 */
#include "check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "engine/engine.h"

struct set {
	struct schema *schema;
	struct ruleset *rules;
	struct diag diag;
};

#define HEAD "title: t\nlogsource: {product: linux}\n"
#define BODY "detection: {s: {f: x}, condition: s}\n"

static struct set
set_new(const char *yaml)
{
	struct set s = { .schema = schema_new() };

	s.rules = ruleset_new(s.schema);
	ruleset_load_text(s.rules, "r.yml", slice_of(yaml), &s.diag);
	if (s.diag.errors == 0)
		ruleset_compile(s.rules, &s.diag);
	schema_freeze(s.schema);
	return s;
}

static void
set_free(struct set *s)
{
	ruleset_free(s->rules);
	schema_free(s->schema);
	diag_free(&s->diag);
}

static void
a_rule_is_read_whole(void)
{
	struct set s = set_new("title: A title\n"
	    "id: 0d1bf2ba-8b8e-4b1c-a8ee-16e1d7b7f5c5\n"
	    "status: test\nauthor: Ann\ndescription: What\nlevel: high\n"
	    "tags: [attack.t1110.001, soc2.cc6.1, vedette.auth.failure]\n"
	    "falsepositives: [One, Two]\n"
	    "logsource: {product: linux, service: sshd, definition: x}\n"
	    "some_field_of_others: {a: b}\n" BODY
	    "vedette:\n  runbook: Look.\n  tests:\n"
	    "    match: ['a line', {f: x, n: 1, l: [true, null]}]\n"
	    "    no_match:\n      - other line\n");
	struct rule_view v;

	CHECK_TEXT(buf_slice(&s.diag.text), "");
	CHECK(ruleset_count(s.rules) == 1);
	v = ruleset_view(s.rules, 0);
	CHECK_TEXT(v.info.title, "A title");
	CHECK_TEXT(v.info.id, "0d1bf2ba-8b8e-4b1c-a8ee-16e1d7b7f5c5");
	CHECK_TEXT(v.info.description, "What");
	CHECK_TEXT(v.info.runbook, "Look.");
	CHECK_TEXT(v.status, "test");
	CHECK_TEXT(v.author, "Ann");
	CHECK_TEXT(v.falsepositives, "One\nTwo");
	CHECK(v.info.level == LEVEL_HIGH && v.info.tag_count == 3);
	CHECK_TEXT(v.info.tags[1], "soc2.cc6.1");
	CHECK_TEXT(schema_word_text(s.schema, v.source.service), "sshd");
	CHECK(v.source.category == 0);
	CHECK(v.test_count == 3 && v.tests[0].positive &&
	    v.tests[1].positive && !v.tests[2].positive);
	CHECK_TEXT(v.tests[0].line, "a line");
	CHECK_TEXT(v.tests[1].json,
	    "{\"f\":\"x\",\"n\":1,\"l\":[true,null]}");
	CHECK(v.tests[2].at == 17 && v.line == 1);
	set_free(&s);
}

static void
defaults_are_medium_and_an_id_that_stays(void)
{
	struct set s = set_new(HEAD BODY), again = set_new(HEAD BODY);
	struct rule_view v = ruleset_view(s.rules, 0);

	CHECK(v.info.level == LEVEL_MEDIUM);
	CHECK(v.info.id.len == 36);
	CHECK(slice_eq(v.info.id, ruleset_view(again.rules, 0).info.id));
	set_free(&s);
	set_free(&again);
}

static void
mistakes_have_file_line_and_column(void)
{
	static const struct {
		const char *yaml, *said;
	} rows[] = {
		{ "[]\n", "r.yml:1:1: a rule is a map" },
		{ "- x\n", "r.yml:1:1: a rule is a map" },
		{ "logsource: {product: x}\n" BODY,
		    "r.yml:1:1: the rule has no title" },
		{ "title: t\n" BODY, "r.yml:1:1: the rule has no logsource" },
		{ "title: t\nlogsource: {definition: x}\n" BODY,
		    "r.yml:2:12: the log source has neither" },
		{ "title: t\nlogsource: linux\n" BODY,
		    "r.yml:2:12: \"logsource\" is a map" },
		{ "title: t\nlogsource: {product: [a]}\n" BODY,
		    "r.yml:2:22: \"product\" is a text" },
		{ HEAD, "r.yml:1:1: the rule has no detection" },
		{ HEAD "detection: x\n",
		    "r.yml:3:12: \"detection\" is a map" },
		{ HEAD "level: hgih\n" BODY,
		    "r.yml:3:8: no level \"hgih\"; did you mean \"high\"?" },
		{ HEAD "level: severe\n" BODY,
		    "r.yml:3:8: no level \"severe\"; it is one of: "
		    "informational, low, medium, high, critical" },
		{ HEAD "status: tset\n" BODY,
		    "r.yml:3:9: no status \"tset\"; did you mean \"test\"?" },
		{ HEAD "taxonomy: ecs\n" BODY,
		    "r.yml:3:11: taxonomy \"ecs\" is not known" },
		{ HEAD "tags: attack.t1110\n" BODY,
		    "r.yml:3:7: \"tags\" is a list" },
		{ HEAD "vedette: {test: {}}\n" BODY,
		    "r.yml:3:11: \"vedette\" has no key \"test\"; "
		    "did you mean \"tests\"?" },
		{ HEAD "vedette: {tests: [a]}\n" BODY,
		    "r.yml:3:18: \"tests\" is a map" },
		{ HEAD "vedette: {tests: {mach: [a]}}\n" BODY,
		    "did you mean \"match\"?" },
		{ HEAD "vedette: {tests: {match: a}}\n" BODY,
		    "\"match\" is a list" },
		{ HEAD "vedette: {tests: {match: [[[a]]]}}\n" BODY,
		    "a step is a log line, or an event as a map" },
		{ HEAD "vedette: x\n" BODY,
		    "r.yml:3:10: \"vedette\" is a map" },
		{ "title: t\ncorrelation: {type: event_count}\n",
		    "r.yml:2:1: the correlation has no timespan" },
		{ "title: t\nlogsource: {product: x}\nfilter: {}\n",
		    "r.yml:3:1: the filter does not say which" },
		{ "action: glboal\n",
		    "r.yml:1:9: no action \"glboal\"; did you mean" },
		{ "action: repeat\n", "there is no rule to repeat" },
		{ HEAD BODY "---\n" HEAD BODY,
		    "r.yml:5:1: the rule at r.yml:1 has the same title" },
		{ "id: same\n" HEAD BODY "---\nid: same\n" HEAD BODY,
		    "r.yml:6:1: the rule at r.yml:1 has the same id" },
		{ HEAD "detection:\n  s:\n    a|foo: 1\n    b|bar: 2\n"
		    "  condition: u\n", "r.yml:6:7: no modifier \"bar\"" },
		{ HEAD "detection:\n  s:\n    a|foo: 1\n"
		    "  condition: s and u\n", "r.yml:6:20: condition: \"u\"" },
		{ HEAD "detection:\n  s:\n    'a|foo': 1\n"
		    "  condition: s\n", "r.yml:5:8: no modifier \"foo\"" },
		{ HEAD "detection:\n  s:\n    a|re: [(, b, ')']\n"
		    "  condition: s\n", "r.yml:5:18: unmatched closing" },
		{ HEAD "detection: {s: {f: x}, t: {f: y}, condition: s}\n",
		    "r.yml:3:24: warning: no condition uses \"t\"" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct set s = set_new(rows[i].yaml);

		CHECK_ROW(s.diag.errors + s.diag.warnings > 0, i);
		if (slice_find(buf_slice(&s.diag.text),
		    slice_of(rows[i].said)) == SIZE_MAX)
			CHECK_TEXT_ROW(buf_slice(&s.diag.text), rows[i].said,
			    i);
		set_free(&s);
	}
}

static void
tags_are_checked_where_they_are_ours_to_check(void)
{
	static const struct {
		const char *tags;
		bool fine;
	} rows[] = {
		{ "attack.initial-access", true },
		{ "attack.defense_evasion", true },
		{ "attack.t1059", true }, { "attack.t1059.001", true },
		{ "attack.g0069", true }, { "attack.ds0015", true },
		{ "attack.s0154", true }, { "cve.2021-44228", true },
		{ "detection.emerging-threats", true }, { "anything", true },
		{ "attack.t105", false }, { "attack.t1059.01", false },
		{ "attack.T1059", false }, { "attack.", false },
		{ "soc2.cc1.5", true }, { "soc2.cc6.8", true },
		{ "soc2.cc9.2", true }, { "soc2.a1.3", true },
		{ "soc2.pi1.5", true }, { "soc2.c1.2", true },
		{ "soc2.p1.1", true }, { "soc2.p6.7", true },
		{ "soc2.p8.1", true },
		{ "soc2.cc1.6", false }, { "soc2.cc6.9", false },
		{ "soc2.cc8.2", false }, { "soc2.cc10.1", false },
		{ "soc2.cc6.0", false }, { "soc2.cc6.10", false },
		{ "soc2.cc6", false }, { "soc2.CC6.1", false },
		{ "soc2.p6.8", false }, { "soc2.pi1.6", false },
		{ "soc2.a1.4", false }, { "soc2.c1.3", false },
		{ "vedette.auth.bruteforce", true },
		{ "vedette.auth..x", false }, { "vedette.", false },
		{ "vedette.Auth", false },
		{ "vedette.auth.failure, vedette.priv.su", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf yaml = { 0 };
		struct set s;

		buf_fmt(&yaml, HEAD "tags: [%s]\n" BODY, rows[i].tags);
		s = set_new(buf_cstr(&yaml));
		CHECK_ROW((s.diag.errors == 0) == rows[i].fine, i);
		set_free(&s);
		buf_free(&yaml);
	}
}

static void
all_61_criteria_are_known(void)
{
	static const char *const groups[] = {
		"cc1", "cc2", "cc3", "cc4", "cc5", "cc6", "cc7", "cc8", "cc9",
		"a1", "pi1", "c1", "p1", "p2", "p3", "p4", "p5", "p6", "p7",
		"p8",
	};
	unsigned known = 0;

	for (size_t i = 0; i < COUNT(groups); i++) {
		for (unsigned n = 0; n < 12; n++) {
			struct buf yaml = { 0 };
			struct set s;

			buf_fmt(&yaml, HEAD "tags: [soc2.%s.%u]\n" BODY,
			    groups[i], n);
			s = set_new(buf_cstr(&yaml));
			known += s.diag.errors == 0;
			set_free(&s);
			buf_free(&yaml);
		}
	}
	CHECK(known == 61);
}

struct told {
	struct buf titles;
};

static void
on_match(void *arg, const struct match *m)
{
	struct told *t = arg;

	buf_add(&t->titles, m->rule->title);
	buf_str(&t->titles, " ");
}

/* Titles of the rules that match f=value from a log source. */
static void
ask(struct set *s, const char *value, struct logsource from,
    const char *want)
{
	struct event *ev = event_new(s->schema);
	struct record r = { .received = 1 };
	struct told t = { { 0 } };

	CHECK_TEXT(buf_slice(&s->diag.text), "");
	event_reset(ev, &r);
	event_set(ev, schema_find(s->schema, S("f")), slice_of(value));
	event_source(ev, from);
	ruleset_match(s->rules, ev, on_match, &t);
	CHECK_TEXT(buf_slice(&t.titles), want);
	buf_free(&t.titles);
	event_free(ev);
}

static uint16_t
word(struct set *s, const char *text)
{
	uint16_t n = 0;

	while (!slice_eq(schema_word_text(s->schema, n), slice_of(text)))
		n++;
	return n;
}

static void
log_sources_must_cover(void)
{
	struct set s = set_new(
	    "title: any\nlogsource: {product: linux}\n" BODY "---\n"
	    "title: sshd\nlogsource: {product: linux, service: sshd}\n" BODY
	    "---\ntitle: svc\nlogsource: {service: sshd}\n" BODY "---\n"
	    "title: proc\nlogsource: {category: process}\n" BODY);
	uint16_t linux_word = word(&s, "linux"), sshd = word(&s, "sshd");
	uint16_t process = word(&s, "process");

	ask(&s, "x", (struct logsource){ linux_word, 0, sshd },
	    "any sshd svc ");
	ask(&s, "X", (struct logsource){ linux_word, 0, 0 }, "any ");
	ask(&s, "x", (struct logsource){ linux_word, process, 0 },
	    "any proc ");
	ask(&s, "x", (struct logsource){ 0, 0, 0 }, "");
	ask(&s, "y", (struct logsource){ linux_word, process, sshd }, "");
	set_free(&s);
}

static void
an_event_of_several_sources_tells_once(void)
{
	struct set s = set_new(HEAD BODY);
	struct event *ev = event_new(s.schema);
	struct record r = { .received = 1 };
	struct told t = { { 0 } };

	event_reset(ev, &r);
	event_add(ev, schema_find(s.schema, S("f")), VALUE_STRING, S("x"));
	event_add(ev, schema_find(s.schema, S("f")), VALUE_STRING, S("X"));
	event_source(ev, (struct logsource){ word(&s, "linux"), 0, 0 });
	event_source(ev, (struct logsource){ word(&s, "linux"), 0, 1 });
	ruleset_match(s.rules, ev, on_match, &t);
	CHECK_TEXT(buf_slice(&t.titles), "t ");
	CHECK(ruleset_view(s.rules, 0).matches == 1);
	ruleset_forget(s.rules);
	CHECK(ruleset_view(s.rules, 0).matches == 0);
	buf_free(&t.titles);
	event_free(ev);
	set_free(&s);
}

static void
actions_lay_documents_over_each_other(void)
{
	struct set s = set_new(
	    "action: global\nlogsource: {product: linux}\n"
	    "detection: {condition: s}\n---\n"
	    "title: one\ndetection: {s: {f: x}, condition: t}\n---\n"
	    "title: two\ndetection: {s: {f: y}}\n---\n"
	    "action: repeat\ntitle: three\ndetection: {s: {f: z}}\n---\n"
	    "action: reset\n---\n"
	    "title: four\nlogsource: {product: linux}\n" BODY);
	struct logsource from;

	CHECK_TEXT(buf_slice(&s.diag.text), "");
	from = (struct logsource){ word(&s, "linux"), 0, 0 };
	ask(&s, "x", from, "one four ");
	ask(&s, "y", from, "two ");
	ask(&s, "z", from, "three ");
	set_free(&s);
}

/* Text, and a part of it so many times in the middle. */
static char *
repeated(const char *front, const char *part, unsigned n, const char *end)
{
	struct buf b = { 0 };
	char *out;

	buf_str(&b, front);
	for (unsigned i = 0; i < n; i++)
		buf_str(&b, part);
	buf_str(&b, end);
	out = xslicedup(buf_slice(&b));
	buf_free(&b);
	return out;
}

static void
what_a_small_file_stands_for_is_bounded(void)
{
	const struct {
		char *yaml;
		const char *error;
	} rows[] = {
		{ repeated(HEAD "detection: {s: {f|windash: [",
		    "'-a -b -c -d -e', ", 200, "x]}, condition: s}\n"),
		    "stand for more than 32 MiB of texts" },
		{ repeated("action: global\nlogsource: {product: linux}\n"
		    "detection:\n  condition: 1 of them\n  s: [",
		    "evil, ", 30000, "x]\n---\ntitle: a\n"
		    "---\naction: repeat\ntitle: b\n"), "" },
		{ repeated("action: global\nlogsource: {product: linux}\n"
		    "detection: {s: [a, b, c, d, e, f, g, h], condition: s}\n",
		    "---\ntitle: a\n", 70000, ""),
		    "make more than 1000000 values of it" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct set s = set_new(rows[i].yaml);

		CHECK_ROW((rows[i].error[0] == '\0') ==
		    (s.diag.errors == 0), i);
		CHECK_ROW(slice_find(buf_slice(&s.diag.text),
		    slice_of(rows[i].error)) != SIZE_MAX, i);
		set_free(&s);
		free(rows[i].yaml);
	}
}

static void
an_aborted_pattern_is_no_match_and_counted(void)
{
	struct set s = set_new(HEAD
	    "detection: {s: {f|re: '^(a+)+$'}, condition: s}\n");

	ask(&s, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
	    (struct logsource){ word(&s, "linux"), 0, 0 }, "");
	CHECK(ruleset_view(s.rules, 0).aborted == 1);
	set_free(&s);
}

/* Whoever writes the log may put any number of values into two fields. */
static void
too_many_pairs_of_values_are_not_compared(void)
{
	struct set s = set_new(HEAD
	    "detection: {s: {f|fieldref|contains: g}, condition: s}\n");
	struct event *ev = event_new(s.schema);
	struct record r = { .received = 1 };
	struct told t = { { 0 } };
	int f = schema_find(s.schema, S("f")), g = schema_find(s.schema,
	    S("g"));

	event_reset(ev, &r);
	for (unsigned i = 0; i < 10000; i++) {
		event_add(ev, f, VALUE_STRING, S("x"));
		event_add(ev, g, VALUE_STRING, S("y"));
	}
	event_source(ev, (struct logsource){ word(&s, "linux"), 0, 0 });
	ruleset_match(s.rules, ev, on_match, &t);
	CHECK(t.titles.len == 0);
	CHECK(ruleset_view(s.rules, 0).aborted == 1);
	event_free(ev);
	set_free(&s);
}

static void
write_text(const char *dir, const char *name, const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	CHECK(fd != -1 && write_all(fd, slice_of(text)) == 0);
	close(fd);
}

static void
remove_text(const char *dir, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	CHECK(remove(path) == 0);
}

static void
a_directory_is_read_without_its_decoders(void)
{
	static const char *const names[] = {
		"b.yml", "a.yaml", "note.txt", "decoders/d.yaml",
	};
	static const char *const texts[] = {
		"title: b\nlogsource: {product: x}\n" BODY,
		"title: a\nlogsource: {product: x}\n" BODY,
		"no rule", "program: sshd\n",
	};
	char dir[] = "/tmp/test_rules.XXXXXX", sub[64], hash[65];
	struct set s = { .schema = schema_new() };

	CHECK(mkdtemp(dir) != NULL);
	snprintf(sub, sizeof(sub), "%s/decoders", dir);
	CHECK(mkdir(sub, 0700) == 0);
	for (size_t i = 0; i < COUNT(names); i++)
		write_text(dir, names[i], texts[i]);
	s.rules = ruleset_new(s.schema);
	CHECK(ruleset_load(s.rules, dir, &s.diag) == 0);
	CHECK(ruleset_load(s.rules, "/nonexistent", &s.diag) == -1);
	CHECK(ruleset_count(s.rules) == 2);
	CHECK_TEXT(ruleset_view(s.rules, 0).info.title, "a");
	ruleset_hash(s.rules, hash);
	CHECK(strlen(hash) == 64);
	for (size_t i = 0; i < COUNT(names); i++)
		remove_text(dir, names[i]);
	CHECK(rmdir(sub) == 0 && rmdir(dir) == 0);
	set_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_rule_is_read_whole),
		TEST(defaults_are_medium_and_an_id_that_stays),
		TEST(mistakes_have_file_line_and_column),
		TEST(tags_are_checked_where_they_are_ours_to_check),
		TEST(all_61_criteria_are_known),
		TEST(log_sources_must_cover),
		TEST(an_event_of_several_sources_tells_once),
		TEST(actions_lay_documents_over_each_other),
		TEST(what_a_small_file_stands_for_is_bounded),
		TEST(an_aborted_pattern_is_no_match_and_counted),
		TEST(too_many_pairs_of_values_are_not_compared),
		TEST(a_directory_is_read_without_its_decoders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
