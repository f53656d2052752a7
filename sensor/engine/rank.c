#include "engine/rank.h"

#include <math.h>
#include <stdlib.h>

enum {
	FEW = 16,	/* sorted faster than parted */
	/*
	 * Whoever writes the numbers may know the pivots: after so many
	 * rounds the rest is sorted, whatever is left.
	 */
	ROUNDS = 24,
};

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
swap(double *a, double *b)
{
	double was = *a;

	*a = *b;
	*b = was;
}

static double
middle(double a, double b, double c)
{
	return a < b ? (b < c ? b : a < c ? c : a) :
	    a < c ? a : b < c ? c : b;
}

/* Lower ones to the left of *from, higher ones from *until on. */
static void
part(double *v, size_t *from, size_t *until)
{
	double pivot = middle(v[*from], v[*from + (*until - *from) / 2],
	    v[*until - 1]);

	for (size_t i = *from; i < *until;) {
		if (v[i] < pivot)
			swap(&v[i++], &v[(*from)++]);
		else if (v[i] > pivot)
			swap(&v[i], &v[--*until]);
		else
			i++;
	}
}

/* Puts the number of a rank there, and no higher one before it. */
static void
settle(double *v, size_t n, size_t rank)
{
	size_t from = 0, until = n;

	for (int i = 0; i < ROUNDS && until - from > FEW; i++) {
		size_t low = from, high = until;

		part(v, &low, &high);
		if (rank >= low && rank < high)
			return;
		if (rank < low)
			until = low;
		else
			from = high;
	}
	qsort(v + from, until - from, sizeof(*v), compare);
}

double
rank_percentile(double *numbers, size_t n, double p)
{
	double rank = p / 100 * (double)(n - 1), next;
	size_t below = (size_t)floor(rank);

	settle(numbers, n, below);
	if (below + 1 >= n)
		return numbers[below];
	next = numbers[below + 1];
	for (size_t i = below + 2; i < n; i++)
		next = numbers[i] < next ? numbers[i] : next;
	return numbers[below] + (rank - (double)below) *
	    (next - numbers[below]);
}
