#include "check.h"

#include "base/opt.h"
#include "base/when.h"

struct sample {
	const char *url, *path;
	bool on;
	uint64_t count, size;
	int64_t span;
	int from;
	struct strlist *list;
};

static const char *const places[] = { "end", "beginning", NULL };

static const struct opt table[] = {
	{ "url", OPT_STR, AT(sample, url), NULL, "where to", NULL, true },
	{ "path", OPT_PATH, AT(sample, path), "/tmp", "", NULL, false },
	{ "on", OPT_BOOL, AT(sample, on), "true", "", NULL, false },
	{ "count", OPT_COUNT, AT(sample, count), "50", "", NULL, false },
	{ "size", OPT_SIZE, AT(sample, size), "64M", "", NULL, false },
	{ "span", OPT_SPAN, AT(sample, span), "10", "", NULL, false },
	{ "from", OPT_WORD, AT(sample, from), "end", "", places, false },
	{ "list", OPT_LIST, AT(sample, list), NULL, "", NULL, false },
	{ 0 }
};

/* Reads, and gives what was complained about. */
static const char *
read_text(struct arena *a, const char *yaml, struct sample *s,
    const char *const *skip)
{
	struct diag d = { 0 };
	struct node *n;
	const char *text = "";

	*s = (struct sample){ 0 };
	if (yaml_parse(a, "t.yaml", slice_of(yaml), &n, &d) == -1 ||
	    opt_read(table, s, n, skip, "sample", a, &d) == -1)
		text = (const char *)arena_keep(a, buf_slice(&d.text)).p;
	diag_free(&d);
	return text;
}

static void
presets_hold_where_nothing_is_said(void)
{
	struct arena *a = arena_new(0);
	struct sample s;

	CHECK_TEXT(slice_of(read_text(a, "url: x\ncount:\n", &s, NULL)), "");
	CHECK_TEXT(slice_of(s.url), "x");
	CHECK_TEXT(slice_of(s.path), "/tmp");
	CHECK(s.on && s.count == 50 && s.size == 64 << 20);
	CHECK(s.span == 10 * SECOND && s.from == 0);
	CHECK(s.list != NULL && s.list->count == 0);
	arena_free(a);
}

static void
values_are_taken_in_their_units(void)
{
	struct arena *a = arena_new(0);
	struct sample s;

	CHECK_TEXT(slice_of(read_text(a, "url: ''\npath: /x\non: off\n"
	    "count: 0\nsize: 2G\nspan: 14d\nfrom: beginning\n"
	    "list: [a, '7', 8]\n", &s, NULL)), "");
	CHECK_TEXT(slice_of(s.url), "");
	CHECK(!s.on && s.count == 0 && s.size == UINT64_C(2) << 30);
	CHECK(s.span == 14 * DAY && s.from == 1);
	CHECK(s.list->count == 3);
	CHECK_TEXT(slice_of(s.list->items[2]), "8");
	CHECK_TEXT(slice_of(read_text(a, "url: x\nlist: one\n", &s, NULL)),
	    "");
	CHECK(s.list->count == 1);
	CHECK_TEXT(slice_of(s.list->items[0]), "one");
	arena_free(a);
}

static void
each_mistake_is_named_at_its_place(void)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "sample needs \"url\" (where to)\n" },
		{ "on: true\n",
		    "t.yaml:1:1: sample needs \"url\" (where to)\n" },
		{ "[x]", "t.yaml:1:1: sample must be a map (key: value)\n" },
		{ "url: x\npaht: /x\n", "t.yaml:2:1: sample has no key "
		    "\"paht\"; did you mean \"path\"?\n" },
		{ "url: x\npath: x\n", "t.yaml:2:7: path: \"x\" is not a path "
		    "that begins with /\n" },
		{ "url: x\non: maybe\n",
		    "t.yaml:2:5: on: \"maybe\" is not true or false\n" },
		{ "url: x\ncount: -1\n",
		    "t.yaml:2:8: count: \"-1\" is not a whole number\n" },
		{ "url: x\nsize: 64Q\n", "t.yaml:2:7: size: \"64Q\" is not "
		    "a size such as 64M or 2G\n" },
		{ "url: x\nsize: 99999999999999999T\n", "t.yaml:2:7: size: "
		    "\"99999999999999999T\" is not a size such as 64M or "
		    "2G\n" },
		{ "url: x\nspan: soon\n", "t.yaml:2:7: span: \"soon\" is not "
		    "a span such as 10s, 2h or 14d\n" },
		{ "url: x\nfrom: begining\n", "t.yaml:2:7: from: no "
		    "\"begining\"; did you mean \"beginning\"?\n" },
		{ "url: x\nfrom: zebra\n", "t.yaml:2:7: from: no \"zebra\"; "
		    "it is one of: end, beginning\n" },
		{ "url: x\nlist: {a: 1}\n",
		    "t.yaml:2:7: list: must be a list of texts\n" },
		{ "url: x\nlist: [a, [b]]\n",
		    "t.yaml:2:11: list: must be a list of texts\n" },
		{ "url: [x]\n", "t.yaml:1:6: url: must be text\n" },
		{ "url: [x]\ncount: x\n", "t.yaml:1:6: url: must be text\n"
		    "t.yaml:2:8: count: \"x\" is not a whole number\n" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena *a = arena_new(0);
		struct sample s;

		CHECK_TEXT_ROW(slice_of(read_text(a, rows[i].in, &s, NULL)),
		    rows[i].out, i);
		arena_free(a);
	}
}

static void
keys_that_are_read_elsewhere_are_left_alone(void)
{
	static const char *const skip[] = { "name", "min_level", NULL };
	struct arena *a = arena_new(0);
	struct sample s;

	CHECK_TEXT(slice_of(read_text(a, "url: x\nname: y\n", &s, skip)), "");
	CHECK_TEXT(slice_of(read_text(a, "url: x\nnmae: y\n", &s, skip)),
	    "t.yaml:2:1: sample has no key \"nmae\"; did you mean "
	    "\"name\"?\n");
	arena_free(a);
}

static void
what_is_in_force_is_shown_with_its_origin(void)
{
	struct arena *a = arena_new(0);
	struct diag d = { 0 };
	struct buf out = { 0 };
	struct node *n;
	struct sample s = { 0 };

	yaml_parse(a, "t.yaml", S("url: \"a\\tb\"\nsize: 1536K\nspan: 90m\n"
	    "list: [a, b]\n"), &n, &d);
	CHECK(opt_read(table, &s, n, NULL, "sample", a, &d) == 0);
	opt_show(table, &s, n, 2, &out);
	CHECK_TEXT(buf_slice(&out),
	    "  url: \"a\\tb\"  # t.yaml:1\n"
	    "  path: \"/tmp\"  # default\n"
	    "  on: true  # default\n"
	    "  count: 50  # default\n"
	    "  size: 1536K  # t.yaml:2\n"
	    "  span: 90m  # t.yaml:3\n"
	    "  from: end  # default\n"
	    "  list: [\"a\", \"b\"]  # t.yaml:4\n");
	buf_free(&out);
	diag_free(&d);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(presets_hold_where_nothing_is_said),
		TEST(values_are_taken_in_their_units),
		TEST(each_mistake_is_named_at_its_place),
		TEST(keys_that_are_read_elsewhere_are_left_alone),
		TEST(what_is_in_force_is_shown_with_its_origin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
