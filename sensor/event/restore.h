/*
 * The way back: from what was written of an event to an event that rules can
 * be held against again. Values that were cut or dropped when it was written
 * stay so, and so do fields that no rule asked for then.
 */
#ifndef VEDETTE_RESTORE_H
#define VEDETTE_RESTORE_H

#include "base/json.h"
#include "event/event.h"

/*
 * Makes ev what an alert or event of record tells, without a log source. The
 * record is filled for it; both, and the object, must outlive its use.
 */
void event_restore(struct event *ev, struct record *r,
    const struct json *body);

#endif
