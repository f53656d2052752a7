/*
 * What only the sensor, or its journal, knows of a rule's tuning.
 */
#ifndef VEDETTE_TUNING_ASK_H
#define VEDETTE_TUNING_ASK_H

#include "cli/inquiry.h"
#include "cli/screen.h"

/*
 * Prints who muted it, and what was held back by whom, how often. Nothing
 * where neither can be asked.
 */
void tuning_ask(const struct registry *reg, const struct args_place *place,
    struct slice rule, const struct screen *s);

#endif
