/*
 * One event for a rule's author to look at: a log line or a JSON object, from
 * wherever he has it.
 */
#ifndef VEDETTE_SAMPLE_H
#define VEDETTE_SAMPLE_H

#include "cli/inquiry.h"

/*
 * what is "-" (the first line of standard input), "FILE" (its first line),
 * "FILE:LINE", or an id of the journal, 6 digits or more: the original text of
 * that alert or event. The line lives in the arena. -1 after filling err.
 */
int sample_read(const char *what, const struct registry *reg,
    const struct args_place *place, struct arena *a, struct slice *line,
    struct err *err);

#endif
