/*
 * ack, note and close are one request with other words in it.
 */
#ifndef VEDETTE_DECISION_H
#define VEDETTE_DECISION_H

#include "cli/command.h"

struct decision {
	const char *config;	/* -c */
	const char *verb;	/* ack, note, close */
	const char *id;
	const char *to, *text, *verdict;	/* NULL: not said */
	struct args_decision why;
};

/* Sends it, prints what came of it, gives the command's exit status. */
int decision_make(const struct registry *reg, const struct command *c,
    const struct decision *d);

#endif
