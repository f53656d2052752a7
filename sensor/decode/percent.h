/*
 * What a web request says behind its encoding: %2e, %252e, %u002e, \x2e and
 * #2e (as logs write it) and the plus sign of a query.
 */
#ifndef VEDETTE_PERCENT_H
#define VEDETTE_PERCENT_H

#include "event/event.h"

enum { PERCENT_LEVELS = 2 };	/* single and double encoding */

/*
 * Takes one encoding off a text; false, and *out as it was, when there is none
 * or when the arena is full (*full is set then). The result is never longer.
 */
bool percent_decode(struct arena *a, struct slice text, bool log_escapes,
    struct slice *out, bool *full);

/*
 * Gives a request with a target the path of it, and each of its fields one more
 * value for each encoding that can be taken off the first, PERCENT_LEVELS at
 * most.
 */
void percent_run(struct event *ev);

#endif
