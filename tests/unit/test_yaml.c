#include "check.h"

#include "base/yaml.h"

static struct node *
parse(struct arena *a, struct slice in)
{
	struct diag d = { 0 };
	struct node *n = NULL;

	yaml_parse(a, "t.yaml", in, &n, &d);
	diag_free(&d);
	return n;
}

static void
a_mistake_is_told_with_its_place_and_what_was_meant(void)
{
	static const struct {
		struct slice in;
		const char *place, *part;
	} rows[] = {
		{ SLICE("a:\n\tb: 1\n"), "t.yaml:2:1: ", "a tab" },
		{ SLICE("a: *.log\n"), "t.yaml:1:5: ", "needs quotes" },
		{ SLICE("a: *x\n"), "t.yaml:1:4: ", "no anchor &x" },
		{ SLICE("a: &x [1, *x]\n"), "t.yaml:1:11: ", "no anchor &x" },
		{ SLICE("a: 1\nb: 2\na: 3\n"), "t.yaml:3:1: ",
		    "stands twice in one map; first in line 1" },
		{ SLICE("a: b: c\n"), "t.yaml:1:5: ", "needs quotes" },
		{ SLICE("a: @x\n"), "t.yaml:1:4: ", "needs quotes" },
		{ SLICE("a: 1\nb: \"x\nc: 2\n"), "t.yaml:4:1: ",
		    "not closed; began in line 2" },
		{ SLICE("a: [1\nb: 2\n"), "t.yaml:2:2: ", "not closed" },
		{ SLICE("a: \"\\w\"\n"), "t.yaml:1:5: ", "single quotes" },
		{ SLICE("a: \"\\0\"\n"), "t.yaml:1:4: ", "a NUL" },
		{ SLICE("a: 1\n  b: 2\n"), "t.yaml:2:4: ", "indentation" },
		{ SLICE("a: 1\nb: x\xff\n"), "t.yaml:2:5: ", "UTF-8" },
		{ SLICE("a: x\x01\n"), "t.yaml:1:5: ", "not text" },
		{ SLICE("a:\n  - 1\n b: 2\n"), "t.yaml:3:2: ", "indentation" },
		{ SLICE("? [a]\n: b\n"), "t.yaml:1:3: ", "a key must be" },
		{ SLICE("a: 1\nbc\n"), "t.yaml:3:1: ", "needs a colon" },
		{ SLICE("\xff\xfe" "a\0:\0"), "t.yaml:1:1: ", "UTF-8" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena *a = arena_new(0);
		struct diag d = { 0 };
		struct node *n;

		CHECK_ROW(yaml_parse(a, "t.yaml", rows[i].in, &n, &d) == -1,
		    i);
		CHECK_ROW(n == NULL && d.errors == 1, i);
		CHECK_TEXT_ROW(slice_head(buf_slice(&d.text),
		    strlen(rows[i].place)), rows[i].place, i);
		CHECK_ROW(strstr(buf_cstr(&d.text), rows[i].part) != NULL, i);
		diag_free(&d);
		arena_free(a);
	}
}

static void
nodes_know_their_place_and_key(void)
{
	struct arena *a = arena_new(0);
	struct node *root = parse(a, S("# first\na: 1\nb:\n  - x\n  - {c: d}\n"
	    "---\nsecond\n---\n"));
	const struct node *b = node_get(root, "b");

	CHECK(root->type == NODE_MAP && root->count == 2);
	CHECK(root->line == 2 && root->column == 1);
	CHECK(b->type == NODE_LIST && b->count == 2);
	CHECK(b->key->line == 3 && b->key->column == 1);
	CHECK(b->first->line == 4 && b->first->column == 5);
	CHECK_TEXT(node_text(b->first->next, "c"), "d");
	CHECK(b->first->next->first->key->column == 6);
	CHECK(strcmp(b->file, "t.yaml") == 0);
	CHECK(root->next != NULL);
	CHECK_TEXT(root->next->text, "second");
	CHECK(node_is_null(root->next->next));
	CHECK(root->next->next->next == NULL);
	CHECK(parse(a, S("")) == NULL);
	CHECK(parse(a, S("# nothing\n")) == NULL);
	CHECK(node_get(parse(a, S("\xef\xbb\xbf" "a: 1\n")), "a") != NULL);
	arena_free(a);
}

static void
only_plain_scalars_are_numbers_words_and_null(void)
{
	static const struct {
		const char *text;
		bool null, word, truth, number;
		int64_t n;
	} rows[] = {
		{ "~", true, false, false, false, 0 },
		{ "", true, false, false, false, 0 },
		{ "null", true, false, false, false, 0 },
		{ "'null'", false, false, false, false, 0 },
		{ "true", false, true, true, false, 0 },
		{ "False", false, true, false, false, 0 },
		{ "\"true\"", false, false, false, false, 0 },
		{ "yes", false, false, false, false, 0 },
		{ "7", false, false, false, true, 7 },
		{ "-7", false, false, false, true, -7 },
		{ "0x1fF", false, false, false, true, 511 },
		{ "0x", false, false, false, false, 0 },
		{ "'7'", false, false, false, false, 0 },
		{ "!!str 7", false, false, false, false, 0 },
		{ "7.0", false, false, false, false, 0 },
		{ "99999999999999999999", false, false, false, false, 0 },
		{ "[7]", false, false, false, false, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena *a = arena_new(0);
		struct buf in = { 0 };
		const struct node *n;
		bool truth = false;
		int64_t number = 0;

		buf_fmt(&in, "k: %s\n", rows[i].text);
		n = node_get(parse(a, buf_slice(&in)), "k");
		CHECK_ROW(n != NULL, i);
		CHECK_ROW(node_is_null(n) == rows[i].null, i);
		CHECK_ROW((node_bool(n, &truth) == 0) == rows[i].word, i);
		CHECK_ROW(truth == rows[i].truth, i);
		CHECK_ROW((node_int(n, &number) == 0) == rows[i].number, i);
		CHECK_ROW(number == rows[i].n, i);
		buf_free(&in);
		arena_free(a);
	}
}

static void
an_alias_is_a_copy_of_all_below(void)
{
	struct arena *a = arena_new(0);
	struct node *root = parse(a, S("a: &x {b: [1, 2]}\nc: *x\n"
	    "d: &x 3\ne: *x\n"));
	const struct node *c = node_get(root, "c");

	CHECK(c != node_get(root, "a"));
	CHECK_TEXT(node_get(c, "b")->first->next->text, "2");
	CHECK(node_get(c, "b")->count == 2);
	CHECK(c->line == 1);
	CHECK_TEXT(node_text(root, "e"), "3");
	CHECK(parse(a, S("a: &x 1\n---\nb: *x\n")) == NULL);
	arena_free(a);
}

/* Each line has nine aliases of the line before: 9^9 nodes if it ran. */
static void
a_billion_laughs_end_at_the_bound(void)
{
	struct arena *a = arena_new(0);
	struct buf in = { 0 };
	struct diag d = { 0 };
	struct node *n;

	buf_str(&in, "k0: &k0 [x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 9; i++) {
		buf_fmt(&in, "k%d: &k%d [", i, i);
		for (int k = 0; k < 9; k++)
			buf_fmt(&in, "%s*k%d", k > 0 ? ", " : "", i - 1);
		buf_str(&in, "]\n");
	}
	CHECK(yaml_parse(a, "t.yaml", buf_slice(&in), &n, &d) == -1);
	CHECK(strstr(buf_cstr(&d.text), "500,000") != NULL);
	diag_free(&d);
	buf_free(&in);
	arena_free(a);
}

static void
depth_is_bounded_in_text_and_in_aliases(void)
{
	struct arena *a = arena_new(0);
	struct buf in = { 0 };

	for (int i = 0; i < 64; i++)
		buf_str(&in, i == 63 ? "x" : "[");
	for (int i = 0; i < 63; i++)
		buf_byte(&in, ']');
	CHECK(parse(a, buf_slice(&in)) != NULL);
	buf_clear(&in);
	for (int i = 0; i < 65; i++)
		buf_byte(&in, '[');
	for (int i = 0; i < 65; i++)
		buf_byte(&in, ']');
	CHECK(parse(a, buf_slice(&in)) == NULL);

	buf_clear(&in);
	buf_str(&in, "k0: &k0 x\n");
	for (int i = 1; i < 100; i++)
		buf_fmt(&in, "k%d: &k%d [*k%d]\n", i, i, i - 1);
	CHECK(parse(a, buf_slice(&in)) == NULL);
	buf_free(&in);
	arena_free(a);
}

static void
a_map_of_many_keys_is_read_in_time(void)
{
	struct arena *a = arena_new(0);
	struct buf in = { 0 };
	struct node *n;

	for (int i = 0; i < 100000; i++)
		buf_fmt(&in, "k%d: 1\n", i);
	n = parse(a, buf_slice(&in));
	CHECK(n != NULL && n->count == 100000);
	buf_str(&in, "k99999: 1\n");
	CHECK(parse(a, buf_slice(&in)) == NULL);
	buf_free(&in);
	arena_free(a);
}

static void
unknown_keys_are_named_with_the_one_meant(void)
{
	static const char *const keys[] = { "inputs", "outputs", NULL };
	struct arena *a = arena_new(0);
	struct node *n = parse(a, S("input: 1\noutputs: 2\nzebra: 3\n"));
	struct diag d = { 0 };

	CHECK(node_known(&d, n, keys, "configuration") == -1);
	CHECK_TEXT(buf_slice(&d.text),
	    "t.yaml:1:1: configuration has no key \"input\"; did you mean "
	    "\"inputs\"?\n"
	    "t.yaml:3:1: configuration has no key \"zebra\"\n");
	diag_free(&d);
	CHECK(node_known(&d, NULL, keys, "nothing") == 0);
	arena_free(a);
}

static void
show(const struct node *n, struct buf *out)
{
	if (n->key != NULL)
		buf_fmt(out, "%s=", node_cstr(n->key));
	if (n->type == NODE_SCALAR)
		buf_add(out, n->text);
	else
		buf_byte(out, n->type == NODE_MAP ? '{' : '[');
	for (const struct node *c = n->first; c != NULL; c = c->next) {
		show(c, out);
		buf_str(out, c->next != NULL ? "," : "");
	}
	if (n->type != NODE_SCALAR)
		buf_byte(out, n->type == NODE_MAP ? '}' : ']');
}

static void
merging_goes_by_key_and_by_name(void)
{
	static const struct {
		const char *base, *over, *out;
	} rows[] = {
		{ "{a: 1, b: 2}", "{b: 3, c: 4}", "{a=1,b=3,c=4}" },
		{ "{a: {x: 1, y: 2}}", "{a: {y: 3}}", "{a={x=1,y=3}}" },
		{ "{a: [1, 2]}", "{a: [2, 3]}", "{a=[1,2,2,3]}" },
		{ "[{name: x, v: 1}, {name: y}]", "[{name: x, v: 2}]",
		    "[{name=x,v=2},{name=y}]" },
		{ "[{w: {name: x, v: 1}}]", "[{w: {name: x, u: 2}}, z]",
		    "[{w={name=x,u=2}},z]" },
		{ "{a: [1]}", "{a: off}", "{a=off}" },
		{ "{a: {b: {c: 1}}}", "{a: {b: {d: 2}}, e: 3}",
		    "{a={b={c=1,d=2}},e=3}" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena *a = arena_new(0);
		struct buf out = { 0 };

		show(node_merge(a, parse(a, slice_of(rows[i].base)),
		    parse(a, slice_of(rows[i].over))), &out);
		CHECK_TEXT_ROW(buf_slice(&out), rows[i].out, i);
		buf_free(&out);
		arena_free(a);
	}
}

static void
a_file_that_is_not_there_is_told(void)
{
	struct arena *a = arena_new(0);
	struct diag d = { 0 };
	struct node *n;

	CHECK(yaml_read(a, "/nonexistent/x.yaml", &n, &d) == -1);
	CHECK_TEXT(buf_slice(&d.text),
	    "/nonexistent/x.yaml: No such file or directory\n");
	diag_free(&d);
	arena_free(a);
}

static void
a_byte_order_mark_of_utf_8_is_no_part_of_the_text(void)
{
	struct arena *a = arena_new(0);
	struct node *n = parse(a, S("\xef\xbb\xbf" "a: 1\r\n"));

	CHECK(n != NULL && node_get(n, "a") != NULL);
	CHECK(node_get(n, "a")->line == 1 && node_get(n, "a")->column == 4);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_byte_order_mark_of_utf_8_is_no_part_of_the_text),
		TEST(a_mistake_is_told_with_its_place_and_what_was_meant),
		TEST(nodes_know_their_place_and_key),
		TEST(only_plain_scalars_are_numbers_words_and_null),
		TEST(an_alias_is_a_copy_of_all_below),
		TEST(a_billion_laughs_end_at_the_bound),
		TEST(depth_is_bounded_in_text_and_in_aliases),
		TEST(a_map_of_many_keys_is_read_in_time),
		TEST(unknown_keys_are_named_with_the_one_meant),
		TEST(merging_goes_by_key_and_by_name),
		TEST(a_file_that_is_not_there_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
