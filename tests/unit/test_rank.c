/*
 * Percentiles against those of sorted numbers.
 */
#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "dice.h"
#include "engine/rank.h"

enum { LONGEST = 2048 };

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
by_sorting(double *v, size_t n, double p)
{
	double rank = p / 100 * (double)(n - 1);
	size_t below = (size_t)floor(rank);

	qsort(v, n, sizeof(*v), compare);
	return below + 1 >= n ? v[below] : v[below] +
	    (rank - (double)below) * (v[below + 1] - v[below]);
}

/* Numbers in the orders that are bad for who parts them. */
static double
number(struct dice *d, unsigned shape, size_t i, size_t n)
{
	switch (shape) {
	case 0:
		return (double)i;
	case 1:
		return (double)(n - i);
	case 2:
		return i % 2 == 0 ? (double)i : -(double)i;
	case 3:
		return i < n / 2 ? (double)i : (double)(n - i);
	case 4:
		return 7;
	case 5:
		return (double)dice_roll(d, 3);
	default:
		return ((double)dice_roll(d, 1000000) - 500000) * 1e90;
	}
}

static void
percentiles_are_those_of_sorted_numbers(void)
{
	static const double parts[] = { 0, 1, 25, 50, 90, 99.9, 100 };
	struct dice d = { .state = 5 };

	for (unsigned turn = 0; turn < 700; turn++) {
		double v[LONGEST], sorted[LONGEST];
		size_t n = 1 + dice_roll(&d, turn < 300 ? 40 : LONGEST);
		double p = parts[turn % COUNT(parts)];

		for (size_t i = 0; i < n; i++)
			sorted[i] = v[i] = number(&d, turn / 7 % 8, i, n);
		CHECK_ROW(rank_percentile(v, n, p) ==
		    by_sorting(sorted, n, p), turn);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(percentiles_are_those_of_sorted_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
