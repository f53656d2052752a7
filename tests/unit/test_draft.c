/*
 * An exception from the command line says in YAML what was typed, and no
 * other file is touched by it.
 */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/when.h"
#include "base/yaml.h"
#include "cli/draft.h"

static const int64_t now = INT64_C(1790000000) * SECOND;

static void
what_was_typed_is_what_yaml_reads(void)
{
	static const struct {
		const char *match, *key, *value;
	} rows[] = {
		{ "user.name=o'brien", "user.name", "o'brien" },
		{ "a=b=c", "a", "b=c" },
		{ "a=", "a", "" },
		{ "a= x # y: z", "a", " x # y: z" },
		{ "a=%|*&!", "a", "%|*&!" },
		{ "a=null", "a", "null" },
		{ "a=007", "a", "007" },
		{ "a=443", "a", "443" },
		{ "a=\xc3\xa9\xf0\x9f\x98\x80", "a",
		    "\xc3\xa9\xf0\x9f\x98\x80" },
		{ "Image|endswith=/x", "Image|endswith", "/x" },
		{ "'a\": [=x", "'a\": [", "x" },
		{ "- a=x", "- a", "x" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *matches[] = { rows[i].match };
		const struct draft d = { .rule = "id: '", .title = S("a\nb"),
			.match = { matches, 1 }, .until = "30d",
			.reason = "it's: # known", .owner = "'", };
		struct arena *a = arena_new(0);
		struct diag diag = { 0 };
		struct buf yaml = { 0 };
		struct node *docs = NULL;
		const struct node *match;
		struct err err;

		CHECK_ROW(draft_write(&d, now, &yaml, &err) == 0, i);
		CHECK_ROW(yaml_parse(a, "d", buf_slice(&yaml), &docs,
		    &diag) == 0, i);
		match = node_get(docs, "match");
		CHECK_ROW(match != NULL && match->count == 1, i);
		CHECK_TEXT_ROW(match->first->key->text, rows[i].key, i);
		CHECK_TEXT_ROW(match->first->text, rows[i].value, i);
		CHECK_TEXT(node_text(docs, "reason"), "it's: # known");
		CHECK_TEXT(node_text(docs, "owner"), "'");
		CHECK_TEXT(node_text(docs, "rule"), "id: '");
		CHECK(node_get(docs, "ticket") == NULL && docs->next == NULL);
		arena_free(a);
		diag_free(&diag);
		buf_free(&yaml);
	}
}

static void
values_of_one_field_are_a_list(void)
{
	const char *matches[] = { "a=x", "b=y", "a=z" };
	const struct draft d = { .rule = "r", .match = { matches, 3 },
		.until = "2090-01-01", .reason = "r", .owner = "o" };
	struct buf yaml = { 0 };
	struct err err;

	CHECK(draft_write(&d, now, &yaml, &err) == 0);
	CHECK(slice_find(buf_slice(&yaml), S("match:\n    a:\n"
	    "        - 'x'\n        - 'z'\n    b: 'y'\n")) != SIZE_MAX);
	CHECK(slice_find(buf_slice(&yaml), S("expires: 2090-01-01\n")) !=
	    SIZE_MAX);
	buf_free(&yaml);
}

static void
what_is_no_line_or_no_end_is_refused(void)
{
	static const struct {
		const char *match, *until, *reason;
	} rows[] = {
		{ "a", "30d", "r" }, { "=x", "30d", "r" },
		{ "a=x\ny: z", "30d", "r" }, { "a=\x1b[31m", "30d", "r" },
		{ "a=\xff", "30d", "r" }, { "a=x", "30d", "r\nowner: x" },
		{ "a=x", "yesterday", "r" }, { "a=x", "2020-01-01", "r" },
		{ "a=x", "", "r" }, { "a=x", "0d", "r" },
		{ "a=x", "30", "r" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *matches[] = { rows[i].match };
		const struct draft d = { .rule = "r", .match = { matches, 1 },
			.until = rows[i].until, .reason = rows[i].reason,
			.owner = "o" };
		struct buf yaml = { 0 };
		struct err err;

		CHECK_ROW(draft_write(&d, now, &yaml, &err) == -1, i);
		buf_free(&yaml);
	}
}

static void
a_file_is_written_over_no_other(void)
{
	char top[] = "/tmp/vedette-draft-XXXXXX", dir[64], at[128];
	static const struct {
		const char *name, *file;
	} rows[] = {
		{ "A Rule: of ../../etc", "a-rule-of-etc.yaml" },
		{ "A Rule: of ../../etc", "a-rule-of-etc-2.yaml" },
		{ "\xff\x1b/", "exception.yaml" },
		{ "-", "exception-2.yaml" },
	};
	struct buf path = { 0 };
	struct stat sb;
	struct err err;
	mode_t mask = umask(0077);

	CHECK(mkdtemp(top) != NULL);
	snprintf(dir, sizeof(dir), "%s/exceptions.d", top);
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&path);
		CHECK_ROW(draft_keep(dir, slice_of(rows[i].name), S("x: y\n"),
		    &path, &err) == 0, i);
		snprintf(at, sizeof(at), "%s/%s", dir, rows[i].file);
		CHECK_TEXT_ROW(buf_slice(&path), at, i);
		CHECK_ROW(stat(at, &sb) == 0 &&
		    (sb.st_mode & 07777) == 0644 && sb.st_nlink == 1, i);
	}
	CHECK(stat(dir, &sb) == 0 && (sb.st_mode & 07777) == 0755);
	snprintf(at, sizeof(at), "%s/a-rule-of-etc.yaml", dir);
	CHECK(draft_keep(at, S("x"), S("x"), &path, &err) == -1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(at, sizeof(at), "%s/%s", dir, rows[i].file);
		CHECK_ROW(unlink(at) == 0, i);
	}
	CHECK(rmdir(dir) == 0 && rmdir(top) == 0);
	umask(mask);
	buf_free(&path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_typed_is_what_yaml_reads),
		TEST(values_of_one_field_are_a_list),
		TEST(what_is_no_line_or_no_end_is_refused),
		TEST(a_file_is_written_over_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
