/*
 * Which record is being understood just now, written where it outlives the
 * process. A record at whose place the judge died three times is not tried
 * again.
 */
#ifndef VEDETTE_ATTEMPT_H
#define VEDETTE_ATTEMPT_H

#include <stdbool.h>

#include "base/err.h"
#include "event/record.h"

struct attempt;

/*
 * The file "attempt" in the state directory, mapped. NULL after filling err;
 * a NULL attempt is allowed below and knows nothing.
 */
struct attempt *attempt_open(const char *state, struct err *err);
void attempt_close(struct attempt *a);
/* False when this record has killed the judge three times. */
bool attempt_begin(struct attempt *a, const struct record *r);
void attempt_end(struct attempt *a);

#endif
