/*
 * What rules reach prints: a summary, rules one by one, ATT&CK's techniques.
 */
#ifndef VEDETTE_REACH_PRINT_H
#define VEDETTE_REACH_PRINT_H

#include "cli/screen.h"
#include "daemon/detector.h"
#include "engine/reach.h"

/* A rule and whether it can fire. */
struct reached {
	struct rule_view rule;
	struct reach_view view;
	enum reach_verdict fires;
	bool always;	/* it expects what can't come */
};

struct reaching {
	const struct detector *detector;
	const struct screen *screen;
	bool json;
	struct reached *rules;
	size_t count;
	bool *known;	/* by word: something comes of that product */
};

/* Of a reach that has ended. Owner: reaching_free. */
struct reaching reaching_new(const struct detector *det, struct reach *reach,
    const struct screen *s);
void reaching_free(struct reaching *r);

/* What an "if" hangs on, by the name of the format; ends with NULL. */
struct reach_if {
	const char *only, *what, *as;
};
extern const struct reach_if reach_ifs[];

/* Nothing at all comes of its product. */
bool reach_is_foreign(const struct reaching *r, const struct reached *one);
#define REACH_FOREIGN "made for other hosts: load them there"
/* Appends why rules like this one can't, and what to do about it. */
void reach_group_text(const struct reaching *r, const struct reached *one,
    struct buf *out);
void reach_do_text(const struct reaching *r, const struct reached *one,
    struct buf *out);

/* How many can, and for what reasons the others can't. */
void reach_sum(const struct reaching *r);
/* One line or JSON object for each rule. */
void reach_list(const struct reaching *r);
/* All about one. */
void reach_one(const struct reaching *r, size_t rule);
/* Tactics and techniques, and how many of their rules can fire. */
void reach_attack(const struct reaching *r);

#endif
