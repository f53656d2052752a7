/*
 * Filter documents: what a site adds to rules that are not its own. The
 * filter's expression is joined to the rule's by "and", as it stands; so a
 * filter that is to leave something out says "not".
 */
#ifndef VEDETTE_FILTERS_H
#define VEDETTE_FILTERS_H

#include "engine/rule.h"

/* A rule that a filter names, by id or name. */
struct filter_reference {
	struct slice name;
	unsigned line, column;
};

struct filter {
	const char *file;
	unsigned line;
	struct logsource source;
	const struct filter_reference *rules;
	size_t rule_count;	/* 0: any rule */
	struct expr *expr;	/* while building */
	struct digest identity;
};

/* Reads one document. -1 after diag_error. */
int filter_read(struct load *l, const struct node *doc, struct filter *out);
/* Whether filters_apply lays it over a rule; before that is called. */
bool filter_is_over(const struct filter *f, const struct rule *r);
/*
 * Lays the filters over those of the rules that have an expression. Warns of
 * references that come to nothing: the rule may be left out on this host.
 */
void filters_apply(const struct filter *filters, size_t filter_count,
    struct rule *rules, size_t rule_count, struct arena *build,
    struct diag *d);

#endif
