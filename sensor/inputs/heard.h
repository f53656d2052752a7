/*
 * Frames that every input's judge side hears alike.
 */
#ifndef VEDETTE_HEARD_H
#define VEDETTE_HEARD_H

#include "inputs/input.h"

/*
 * INPUT_NOTICE goes to the log, INPUT_LOST becomes a gap record. -1: the body
 * is not what the table says, or it is neither of them.
 */
int heard_aside(const struct judge_room *room, enum input_frame type,
    struct slice body);

#endif
