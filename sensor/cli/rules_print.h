/*
 * Rules on the screen and as JSON.
 */
#ifndef VEDETTE_RULES_PRINT_H
#define VEDETTE_RULES_PRINT_H

#include "cli/screen.h"
#include "daemon/detector.h"

/* Appends "linux / sshd": the words of a log source that are set. */
void print_source(struct buf *out, const struct detector *det,
    struct logsource source);
/* One line or JSON object each. */
void print_rules(const struct detector *det, const struct screen *s, bool json);
/* Everything about one. */
void print_rule(const struct detector *det, const struct rule_view *rule,
    const struct screen *s, bool json);

/* Appends "linux / sshd": the words of a log source that are set. Foreign. */
void print_source(struct buf *out, const struct detector *det,
    struct logsource source);

#endif
