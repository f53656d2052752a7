/*
 * Checks on top of cmocka. A test is a function without parameters whose name
 * is the claim; a failure prints file, line, row and expression, and ends the
 * test.
 *
 *	int
 *	main(void)
 *	{
 *		const struct CMUnitTest tests[] = {
 *			TEST(numbers_are_decimal_and_bounded),
 *		};
 *
 *		return cmocka_run_group_tests(tests, NULL, NULL);
 *	}
 */
#ifndef VEDETTE_CHECK_H
#define VEDETTE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"

struct check_test {
	void (*run)(void);
};

#define TEST(fn) \
	{ #fn, check_run, NULL, NULL, &(struct check_test){ fn } }

#define CHECK(expr) \
	check_that((expr), #expr, __FILE__, __LINE__)
/* For tables: i is the row that the failure names. */
#define CHECK_ROW(expr, i) \
	check_row((expr), (size_t)(i), #expr, __FILE__, __LINE__)
/* A slice against a C string; both are printed when they differ. */
#define CHECK_TEXT(got, want) \
	check_text((got), (want), SIZE_MAX, #got, __FILE__, __LINE__)
#define CHECK_TEXT_ROW(got, want, i) \
	check_text((got), (want), (size_t)(i), #got, __FILE__, __LINE__)

static inline void
check_run(void **state)
{
	const struct check_test *test = *state;

	test->run();
}

static inline void
check_that(bool fine, const char *expr, const char *file, int line)
{
	if (fine)
		return;
	print_error("%s:%d: %s\n", file, line, expr);
	_fail(file, line);
}

static inline void
check_row(bool fine, size_t row, const char *expr, const char *file, int line)
{
	if (fine)
		return;
	print_error("%s:%d: row %zu: %s\n", file, line, row, expr);
	_fail(file, line);
}

static inline void
check_text(struct slice got, const char *want, size_t row, const char *expr,
    const char *file, int line)
{
	struct buf text = { 0 };

	if (slice_eq(got, slice_of(want)))
		return;
	json_quote(&text, got);
	buf_str(&text, ", not ");
	json_quote(&text, slice_of(want));
	if (row != SIZE_MAX)
		buf_fmt(&text, " (row %zu)", row);
	print_error("%s:%d: %s is %s\n", file, line, expr, buf_cstr(&text));
	buf_free(&text);
	_fail(file, line);
}

#endif
