/*
 * What lint says beside mistakes: a rule may load and still be no good.
 */
#ifndef VEDETTE_LINT_H
#define VEDETTE_LINT_H

#include "engine/rule.h"

struct lint {
	struct diag *advice;
	bool own;		/* all rules are, not only those that say so */
	struct lint_asked asked;
	size_t fields, words;	/* of the schema that decoders gave */
};

/*
 * Looks at a document that was read; expr is its detection, or NULL. What it
 * finds goes to the advice, but a regex of an own rule that is dear without a
 * reason is a mistake: -1 after diag_error.
 */
int lint_document(const struct lint *lint, struct load *l,
    const struct node *doc, const struct expr *expr);
struct tuning;
/* All rules, their expressions still there. */
struct lint_rules {
	const struct rule *rules;
	size_t count;
	const struct predicates *predicates;
	const struct schema *schema;
};
/* Warns of rules that say what another one says; they have their code. */
void lint_rules(const struct lint *lint, const struct rule *rules,
    size_t count);
/* Whether a selection holds for any text, only that there has to be one. */
bool lint_takes_all(const struct predicates *ps, const struct expr *e);

/*
 * Warns of exceptions and overrides that have no use: before they are bound.
 */
void lint_tunings(const struct lint *lint, const struct tuning *t,
    const struct lint_rules *rules);
/* What lint.c is made of. */
void lint_about(const struct lint *lint, const struct node *doc);
void lint_fields(const struct lint *lint, const struct load *l,
    const struct node *doc);
/* A log source in words; empty ones are not said. */
struct lint_source {
	struct slice product, category, service;
};
/*
 * Whether no event of a log source has a field, as far as that is known;
 * *near is then one that is like it, or NULL.
 */
bool lint_is_unknown(const struct lint *lint, const struct schema *schema,
    const struct lint_source *source, struct slice field,
    const char **near);
/* How many bytes of an event have to be what an expression says. */
size_t lint_strength(const struct predicates *ps, const struct expr *e);
int lint_regexes(const struct lint *lint, struct load *l,
    const struct node *doc);
/* Calls back for each item of a detection: its key, and what stands there. */
void lint_items(const struct node *detection,
    void (*each)(void *arg, const struct node *item), void *arg);

#endif
