#include "check.h"

#include <errno.h>

#include "base/err.h"

static void
a_misspelt_word_finds_its_neighbour(void)
{
	static const char *const list[] = {
		"inputs", "outputs", "rules", "state", "sandbox", "from",
		NULL
	};
	static const struct {
		const char *word, *found;
	} rows[] = {
		{ "input", "inputs" },
		{ "ouptuts", "outputs" },
		{ "ruels", "rules" },
		{ "sandbx", "sandbox" },
		{ "form", "from" },
		{ "Rules", "rules" },
		{ "zebra", NULL },
		{ "x", NULL },
		{ "", NULL },
		{ "a-word-that-is-far-too-long-to-be-compared-at-all", NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *found = did_you_mean(rows[i].word, list);

		CHECK_TEXT_ROW(slice_of(found),
		    rows[i].found == NULL ? "" : rows[i].found, i);
	}
}

static void
an_error_is_cut_and_keeps_errno(void)
{
	struct err err;
	char longer[2000];

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	errno = ENOENT;
	CHECK(err_sys(&err, "%s", "/x") == -1);
	CHECK_TEXT(slice_of(err.text), "/x: No such file or directory");
	CHECK(errno == ENOENT);
	CHECK(err_sys(&err, "%s", longer) == -1);
	CHECK(strlen(err.text) == sizeof(err.text) - 1);
	CHECK(err_set(&err, "%d of %d", 1, 2) == -1);
	CHECK_TEXT(slice_of(err.text), "1 of 2");
	CHECK(err_set(NULL, "nobody listens") == -1);
	CHECK(err_sys(NULL, "nobody listens") == -1);
}

static void
a_diagnosis_leaves_out_what_is_not_known(void)
{
	struct diag d = { 0 };

	CHECK(diag_error(&d, "a.yaml", 3, 7, "no %s", "key") == -1);
	diag_error(&d, "a.yaml", 3, 0, "line only");
	diag_error(&d, "a.yaml", 0, 0, "file only");
	diag_error(&d, NULL, 0, 0, "nothing");
	diag_warn(&d, "a.yaml", 1, 2, "old");
	diag_refuse(&d, "a.yaml", 5, 6, "no value");
	CHECK_TEXT(buf_slice(&d.text), "a.yaml:3:7: no key\n"
	    "a.yaml:3: line only\na.yaml: file only\nnothing\n"
	    "a.yaml:1:2: warning: old\na.yaml:5:6: no value\n");
	CHECK(d.errors == 4 && d.warnings == 1 && d.refused == 1);
	diag_free(&d);
	CHECK(d.errors == 0);
}

static void
a_diagnosis_of_a_hostile_file_has_an_end(void)
{
	struct diag d = { 0 };
	struct buf longer = { 0 };

	for (int i = 0; i < 3000000; i++)
		buf_byte(&longer, 'x');
	diag_error(&d, "a.yaml", 1, 1, "no key \"%s\"", buf_cstr(&longer));
	CHECK(d.text.len < 3000);
	CHECK(slice_ends(buf_slice(&d.text), S("x...\n")));
	for (int i = 0; i < 100000; i++)
		diag_error(&d, "a.yaml", 1, 1, "bad");
	CHECK(d.errors == 100001);
	CHECK(d.text.len < 30000);
	CHECK(slice_ends(buf_slice(&d.text), S("bad\nand more\n")));
	buf_free(&longer);
	diag_free(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_misspelt_word_finds_its_neighbour),
		TEST(an_error_is_cut_and_keeps_errno),
		TEST(a_diagnosis_leaves_out_what_is_not_known),
		TEST(a_diagnosis_of_a_hostile_file_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
