/*
 * What a rule's regular expressions may take of the engine's time. A rule may
 * be dear for a moment; one that goes on is switched off, and the others are
 * not kept waiting.
 */
#ifndef VEDETTE_RATION_H
#define VEDETTE_RATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/* Nanoseconds that each event earns, and each of its bytes: */
	RATION_EVENT = 2000,
	RATION_BYTE = 8,
	/* what may be owed, what one run is taken for at most, an abort. */
	RATION_DEBT_MAX = 30000000,
	RATION_RUN_MAX = 20000000,
	RATION_ABORT = RATION_DEBT_MAX / 64,
};

/* One rule's; starts as zero. */
struct ration {
	int64_t debt;		/* ns */
	int64_t earned;		/* by all events when it was last looked at */
};

/* A clock in nanoseconds; stands still while the host sleeps. */
int64_t ration_clock(void);
/* What an event of so many bytes earns. */
int64_t ration_earn(size_t bytes);
/*
 * Charges a run, when all events together have earned so much since the rules
 * were loaded. False when more is owed than a rule may owe.
 */
bool ration_charge(struct ration *r, int64_t earned, int64_t spent,
    bool aborted);

#endif
