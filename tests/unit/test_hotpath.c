/*
 * What holds for each event, however many rules there are and whoever wrote
 * it: nothing is allocated, and no rule keeps the others waiting.
 */
#include "check.h"

#include <stdlib.h>

#include "engine/engine.h"
#include "engine/ration.h"

/* The linker leads what the engine allocates through here. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static size_t allocations;

void *
__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	return __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t size)
{
	allocations++;
	return __real_realloc(p, size);
}

static const char rules[] =
    "title: parts\nlogsource: {product: linux}\ndetection:\n"
    "  a: {f|contains: [abc, bcd, ' -x '], g|endswith: [/sh, /bash]}\n"
    "  b: {f|re: 'ab+c[0-9]', f|startswith: x}\n"
    "  condition: a or b\n"
    "---\ntitle: others\nlogsource: {product: linux}\ndetection:\n"
    "  a: {f: [whole, other], n: [4, 5], i|cidr: 10.0.0.0/8}\n"
    "  b: {f|cased|contains: ABC, g|contains: 'a*b?c'}\n"
    "  condition: 1 of *\n"
    "---\ntitle: anywhere\nlogsource: {product: linux}\ndetection:\n"
    "  k: ['key word', 'oth*er']\n"
    "  n: {h: null}\n"
    "  condition: k and n\n"
    "---\ntitle: nothing\nlogsource: {product: linux}\ndetection:\n"
    "  a: {f|contains: abc}\n"
    "  condition: not a\n";

struct set {
	struct schema *schema;
	struct ruleset *rules;
	struct event *ev;
	struct record record;
	struct logsource source;
	uint64_t matches;
};

static void
set_new(struct set *s, const char *yaml)
{
	struct diag d = { 0 };

	*s = (struct set){ .schema = schema_new() };
	s->rules = ruleset_new(s->schema);
	s->source.product = (uint16_t)schema_word(s->schema, S("linux"));
	ruleset_load_text(s->rules, "r.yml", slice_of(yaml), &d);
	CHECK_TEXT(buf_slice(&d.text), "");
	CHECK(ruleset_compile(s->rules, &d) == 0);
	schema_freeze(s->schema);
	s->ev = event_new(s->schema);
	diag_free(&d);
}

static void
set_free(struct set *s)
{
	event_free(s->ev);
	ruleset_free(s->rules);
	schema_free(s->schema);
}

static void
put(struct set *s, const char *name, const char *text)
{
	int field = schema_find(s->schema, slice_of(name));

	if (field != -1)
		event_set(s->ev, field, slice_of(text));
}

static void
count(void *arg, const struct match *m)
{
	(void)m;
	++*(uint64_t *)arg;
}

/* An event of f and other fields that are always the same. */
static uint64_t
match(struct set *s, const char *f)
{
	s->matches = 0;
	s->record.bytes = slice_of(f);
	event_reset(s->ev, &s->record);
	event_source(s->ev, s->source);
	put(s, "f", f);
	put(s, "g", "/bin/Bash axxbyc");
	put(s, "n", "5");
	put(s, "i", "10.1.2.3");
	event_set_typed(s->ev, schema_find(s->schema, S("f")), VALUE_STRING,
	    slice_of(f));
	ruleset_match(s->rules, s->ev, count, &s->matches);
	return s->matches;
}

static void
an_event_allocates_nothing(void)
{
	static const struct {
		const char *f;
		uint64_t matches;
	} rows[] = {
		{ "", 1 }, { "x ab", 1 }, { "xabbbc7", 2 }, { "abc", 0 },
		{ "ABC", 1 }, { "Whole", 2 }, { "a KEY WORD", 2 },
		{ "xOTHxER\xc3\x89", 2 },
	};
	struct set s;
	size_t before;

	set_new(&s, rules);
	/* The first round sizes what is kept from event to event. */
	for (size_t i = 0; i < COUNT(rows); i++)
		CHECK_ROW(match(&s, rows[i].f) == rows[i].matches, i);
	before = allocations;
	CHECK(before > 0);
	for (size_t round = 0; round < 100; round++)
		for (size_t i = 0; i < COUNT(rows); i++)
			CHECK_ROW(match(&s, rows[i].f) == rows[i].matches, i);
	CHECK(allocations == before);
	set_free(&s);
}

struct told {
	unsigned times;
	size_t rule;
};

static void
note_offender(void *arg, const struct rule_view *rule)
{
	struct told *t = arg;

	t->times++;
	t->rule = rule->index;
}

static void
a_rule_that_takes_too_long_is_stopped_and_no_other(void)
{
	static const char hostile[] =
	    "title: good\nlogsource: {product: linux}\ndetection:\n"
	    "  a: {f|re: '^a+[^x]+$', f|contains: aaa}\n  condition: a\n"
	    "---\ntitle: hostile\nlogsource: {product: linux}\ndetection:\n"
	    "  a: {f|re: '(a+)+[xy]'}\n  condition: a\n";
	struct told told = { 0 };
	struct set s;
	unsigned events = 0;

	set_new(&s, hostile);
	while (told.times == 0 && events < 10000) {
		CHECK(match(&s, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!") == 1);
		ruleset_offenders(s.rules, note_offender, &told);
		events++;
	}
	CHECK(told.times == 1 && told.rule == 1);
	CHECK(events > 1 && events <= 64);
	CHECK(ruleset_view(s.rules, 1).stopped);
	CHECK(!ruleset_view(s.rules, 0).stopped);
	CHECK(ruleset_view(s.rules, 1).aborted == events);
	CHECK(match(&s, "aaax") == 0);
	CHECK(match(&s, "aaab") == 1);
	ruleset_offenders(s.rules, note_offender, &told);
	CHECK(told.times == 1);
	/* After the rules' own tests all begin anew. */
	ruleset_forget(s.rules);
	CHECK(!ruleset_view(s.rules, 1).stopped);
	CHECK(match(&s, "aaax") == 1);
	set_free(&s);
}

static void
debts_are_paid_by_events(void)
{
	enum { MS = 1000000 };
	struct ration r = { 0 };
	int64_t earned = 0;

	/* What each event pays for can go on for ever. */
	for (unsigned i = 0; i < 100000; i++) {
		earned += ration_earn(100);
		CHECK(ration_charge(&r, earned, ration_earn(100), false));
	}
	/* Nobody saves up for later, */
	earned += INT64_C(3600) * 1000 * MS;
	CHECK(ration_charge(&r, earned, 0, false));
	CHECK(ration_charge(&r, earned, RATION_DEBT_MAX / 2, false));
	CHECK(!ration_charge(&r, earned, RATION_DEBT_MAX / 2 + 1, false));
	/* and one long run alone does not stop a rule. */
	r = (struct ration){ 0 };
	CHECK(ration_charge(&r, 0, INT64_C(3600) * 1000 * MS, false));
	CHECK(!ration_charge(&r, 0, INT64_C(3600) * 1000 * MS, false));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_event_allocates_nothing),
		TEST(a_rule_that_takes_too_long_is_stopped_and_no_other),
		TEST(debts_are_paid_by_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
