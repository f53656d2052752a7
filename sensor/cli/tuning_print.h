/*
 * How a place tuned a rule, for people and for programs: who changed its
 * level, who switched it off, what hides its matches.
 */
#ifndef VEDETTE_TUNING_PRINT_H
#define VEDETTE_TUNING_PRINT_H

#include "base/json.h"
#include "cli/screen.h"
#include "engine/engine.h"

/* Appends "medium", or "shipped medium, here low (FILE:LINE, alice)". */
void tuning_level(const struct ruleset *rules, const struct rule_view *rule,
    struct buf *out);
/* Prints what else there is about a rule. */
void tuning_print(const struct ruleset *rules, const struct rule_view *rule,
    const struct screen *s);
/* Adds members to the object of a rule: shipped, enabled, tuning. */
void tuning_json(const struct ruleset *rules, const struct rule_view *rule,
    struct jsonw *w);
/* Appends "1 changed, 1 disabled, 2 exceptions"; nothing without any. */
void tuning_summary(const struct ruleset *rules, struct buf *out);

#endif
