/*
 * Tuning: what the people of a place want otherwise than a rule's author.
 * Exceptions hide some matches of a rule, overrides change its level or switch
 * it off. Both stand in files of their own, so that new rules leave them be.
 */
#ifndef VEDETTE_TUNING_H
#define VEDETTE_TUNING_H

#include "engine/memory.h"
#include "engine/rule.h"

enum tune_kind { TUNE_EXCEPTION, TUNE_OVERRIDE };

/* A rule or a tag as a file names it, and where. */
struct tune_name {
	struct slice text;
	unsigned line, column;
	bool tag;
};

struct tune {
	struct tuning_view view;
	struct tune_name *names;
	size_t name_count;
	/* Of an exception: the fields of its match, and where they stand. */
	struct tune_name *fields;
	size_t field_count;
	struct expr *expr;	/* while building; of an exception */
	uint32_t *code;		/* see program.h */
	size_t code_len;
};

struct tuning;

/* Owner: caller. */
struct tuning *tuning_new(struct memory *m, const struct schema *s);
void tuning_free(struct tuning *t);
/* Reads the entries of a document, which is one map or a list of them. */
void tuning_read(struct tuning *t, struct load *l, enum tune_kind kind,
    const struct node *doc);
/* What tuning_read calls for each of them; the tune is copied. */
void tuning_add(struct tuning *t, const struct tune *tune);
/*
 * Ties everything to the rules that it names, and changes their levels. What
 * names none is a warning, because an upgrade may take a rule away. To be
 * called before the rules' expressions go and their roster is made.
 */
void tuning_bind(struct tuning *t, struct rule *rules, size_t count,
    struct arena *keep, struct diag *d);
/*
 * Why a match raises no alert, or NULL: then it does. What it gives lives
 * until the next call. The predicates are turned to the event. Counts what is
 * held back; what was counted up to now may be told of.
 */
const struct held *tuning_hold(struct tuning *t, struct predicates *ps,
    struct rule *r, const struct event *ev, const struct listener *to);
/* See ruleset_mute; mute.c. */
void rule_mute(struct rule *r, const struct mute *m);
/* The first that is in force at that time, or NULL. */
const struct mute *rule_muted(const struct rule *r, int64_t now);
/* Whether an exception's selection holds for the present event. */
bool tune_hides(const struct tune *t, struct predicates *ps);
/* The override that says a rule's level, or whether it is on; NULL: none. */
const struct tune *rule_levelled(const struct rule *r, int64_t now);
const struct tune *rule_switched(const struct rule *r, int64_t now);
/* Whether nobody wants to know of a rule's matches until the next load. */
bool rule_is_idle(const struct rule *r);
/* Whether it names a rule. */
bool tune_names(const struct tune *t, const struct rule *r);
size_t tuning_count(const struct tuning *t);
const struct tune *tuning_get(const struct tuning *t, size_t i);
/* -1 of NULL. */
int tuning_index(const struct tuning *t, const struct tune *tune);

#endif
