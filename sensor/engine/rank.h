/*
 * The value of a rank among numbers, without sorting all of them.
 */
#ifndef VEDETTE_RANK_H
#define VEDETTE_RANK_H

#include <stddef.h>

/*
 * What stands at p percent of n numbers, at least one, when they are in
 * order: between the two values that are nearest to the rank. Moves them.
 */
double rank_percentile(double *numbers, size_t n, double p);

#endif
