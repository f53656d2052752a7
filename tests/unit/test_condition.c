#include "check.h"

#include "engine/condition.h"
#include "engine/order.h"
#include "engine/program.h"

/* The tree as text: (and a (not b)). */
static void
show(struct buf *out, const struct expr *e)
{
	static const char *const names[] = {
		[EXPR_NOT] = "(not", [EXPR_AND] = "(and", [EXPR_OR] = "(or",
	};

	if (e->type == EXPR_LINK) {
		buf_byte(out, (unsigned char)('a' + e->first->n));
		return;
	}
	buf_str(out, names[e->type]);
	for (const struct expr *c = e->first; c != NULL; c = c->next) {
		buf_str(out, " ");
		show(out, c);
	}
	buf_str(out, ")");
}

/* Identifiers a, b, c and d_1, d_2, _e stand for tests 0 to 5. */
static struct expr *
parse(struct arena *a, struct slice text, size_t *at, struct err *err)
{
	static const char *const names[] = {
		"a", "b", "c", "d_1", "d_2", "_e",
	};
	static struct identifier ids[COUNT(names)];

	for (size_t i = 0; i < COUNT(names); i++)
		ids[i] = (struct identifier){
			slice_of(names[i]), expr_test(a, (uint32_t)i), false,
		};
	return condition_parse(a, text, ids, COUNT(names), at, err);
}

static void
conditions_become_trees(void)
{
	static const struct {
		const char *in, *tree;
	} rows[] = {
		{ "a", "a" },
		{ "((a))", "a" },
		{ "a and b or c", "(or (and a b) c)" },
		{ "a or b and c", "(or a (and b c))" },
		{ "not a or b", "(or (not a) b)" },
		{ "not (a or b)", "(not (or a b))" },
		{ "not not not a", "(not a)" },
		{ "a and b and c", "(and a b c)" },
		{ "1 of d_*", "(or d e)" },
		{ "any of d_*", "(or d e)" },
		{ "all of them", "(and a b c d e)" },
		{ "all of _*", "(and f)" },
		{ "1 of d_1 and a", "(and (or d) a)" },
		{ "a and not 1 of x*", "a" },
		{ "1 of x* or not all of x*  or a", "a" },
		{ "  a\n\tor\r\nb  ", "(or a b)" },
	};
	struct buf text = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena *a = arena_new(0);
		struct err err = { "" };
		size_t at;
		struct expr *e = parse(a, slice_of(rows[i].in), &at, &err);

		CHECK_TEXT_ROW(slice_of(err.text), "", i);
		buf_clear(&text);
		show(&text, e);
		CHECK_TEXT_ROW(buf_slice(&text), rows[i].tree, i);
		arena_free(a);
	}
	buf_free(&text);
}

static void
cheap_parts_are_asked_first(void)
{
	static const struct predicate tests[] = {
		{ .op = OP_REGEX, .regex = { .pattern = SLICE("x.*y") } },
		{ .op = OP_TEXT, .text = { .type = MATCH_CONTAINS,
		    .text = SLICE("x") } },
		{ .op = OP_TEXT, .text = { .type = MATCH_SUFFIX,
		    .text = SLICE("x") } },
		{ .op = OP_EXISTS },
		{ .op = OP_TEXT, .field = FIELD_ANYWHERE, .text = {
		    .type = MATCH_CONTAINS, .text = SLICE("x") } },
	};
	static const struct {
		const char *in, *tree;
	} rows[] = {
		{ "a and b and c", "(and c b a)" },
		{ "c and d_1", "(and c d)" },
		{ "d_1 and c", "(and d c)" },
		{ "d_2 or b", "(or b e)" },
		{ "a or not d_1", "(or (not d) a)" },
		{ "not (a or (b and d_1))", "(not (or (and d b) a))" },
	};
	struct predicates *ps = predicates_new();
	struct buf text = { 0 };
	struct err err = { "" };
	uint32_t n;
	size_t at;

	for (size_t i = 0; i < COUNT(tests); i++)
		CHECK(predicates_add(ps, &tests[i], &n, &at, &err) == 0 &&
		    n == i);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena *a = arena_new(0);
		struct expr *e = parse(a, slice_of(rows[i].in), &at, &err);

		expr_order(ps, e);
		buf_clear(&text);
		show(&text, e);
		CHECK_TEXT_ROW(buf_slice(&text), rows[i].tree, i);
		arena_free(a);
	}
	buf_free(&text);
	predicates_free(ps);
}

static void
write_name(void *arg, uint32_t predicate, struct buf *out)
{
	(void)arg;
	buf_byte(out, (unsigned char)('a' + predicate));
}

static void
programs_read_like_their_conditions(void)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "a", "a" },
		{ "not a", "not a" },
		{ "a and b or c", "a and b or c" },
		{ "a and (b or c)", "a and (b or c)" },
		{ "(a or b) and c", "(a or b) and c" },
		{ "not (a or b)", "not (a or b)" },
		{ "a and not (b and not c)", "a and not (b and not c)" },
		{ "not a and not b or not (c or a)",
		    "not a and not b or not (c or a)" },
		{ "(a or b) and (c or a) and not 1 of d_*",
		    "(a or b) and (c or a) and not (d or e)" },
		{ "all of them", "a and b and c and d and e" },
		{ "a or (b and (c or (a and b)))",
		    "a or b and (c or a and b)" },
		{ "not (not (a and b) and c)", "not (not (a and b) and c)" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena *a = arena_new(0);
		struct buf text = { 0 };
		struct err err = { "" };
		size_t at, len;
		struct expr *e = parse(a, slice_of(rows[i].in), &at, &err);
		uint32_t *code = program_new(a, e, &len);

		program_write(code, len, write_name, NULL, &text);
		CHECK_TEXT_ROW(buf_slice(&text), rows[i].out, i);
		buf_free(&text);
		arena_free(a);
	}
}

static void
mistakes_have_a_place(void)
{
	static const struct {
		const char *in;
		size_t at;
	} rows[] = {
		{ "a and", 5 }, { "a  b", 3 }, { "(a or b", 7 },
		{ "a or )", 5 }, { "x and a", 0 }, { "a and x", 6 },
		{ "a or (b and (x))", 13 }, { "a % b", 2 }, { "a. and b", 1 },
		{ "2 of them", 2 }, { "1 of (a)", 5 }, { "not", 3 },
		{ "a | count()", 2 }, { "a and and b", 6 }, { "d_*", 0 },
		{ "", 0 }, { "   ", 0 }, { "1 of x*", 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena *a = arena_new(0);
		struct err err = { "" };
		size_t at;

		CHECK_ROW(parse(a, slice_of(rows[i].in), &at, &err) == NULL,
		    i);
		CHECK_ROW(at == rows[i].at, i);
		CHECK_ROW(err.text[0] != '\0', i);
		arena_free(a);
	}
}

/* n times what, then "a", then n times end. */
static bool
nests(const char *what, const char *end, unsigned n)
{
	struct arena *a = arena_new(0);
	struct buf text = { 0 };
	struct err err;
	size_t at;
	bool fine;

	for (unsigned i = 0; i < n; i++)
		buf_str(&text, what);
	buf_str(&text, "a");
	for (unsigned i = 0; i < n; i++)
		buf_str(&text, end);
	fine = parse(a, buf_slice(&text), &at, &err) != NULL;
	buf_free(&text);
	arena_free(a);
	return fine;
}

static void
depth_and_length_are_bounded(void)
{
	CHECK(nests("(", ")", CONDITION_DEPTH_MAX));
	CHECK(!nests("(", ")", CONDITION_DEPTH_MAX + 1));
	CHECK(nests("not ", "", 4000));
	CHECK(nests("a or ", "", 3000));
	CHECK(!nests("a or ", "", CONDITION_MAX));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(conditions_become_trees),
		TEST(cheap_parts_are_asked_first),
		TEST(programs_read_like_their_conditions),
		TEST(mistakes_have_a_place),
		TEST(depth_and_length_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
