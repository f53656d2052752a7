#include "engine/ration.h"

#include <time.h>

int64_t
ration_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t
ration_earn(size_t bytes)
{
	return RATION_EVENT + RATION_BYTE * (int64_t)bytes;
}

/*
 * A run is taken for RATION_RUN_MAX at most: the clock also goes on while
 * somebody else has the processor, and that must not be one rule's fault.
 */
bool
ration_charge(struct ration *r, int64_t earned, int64_t spent, bool aborted)
{
	r->debt -= earned - r->earned;
	r->earned = earned;
	if (r->debt < 0)
		r->debt = 0;
	r->debt += spent < RATION_RUN_MAX ? spent : RATION_RUN_MAX;
	r->debt += aborted ? RATION_ABORT : 0;
	return r->debt <= RATION_DEBT_MAX;
}
