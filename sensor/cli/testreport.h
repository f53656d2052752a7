/*
 * How tests went: for people, and for the machines that run them, as TAP
 * (version 13) or as JUnit's XML.
 */
#ifndef VEDETTE_TESTREPORT_H
#define VEDETTE_TESTREPORT_H

#include "base/arena.h"
#include "cli/screen.h"

enum report_format { REPORT_TEXT, REPORT_TAP, REPORT_JUNIT };

enum outcome_kind {
	OUTCOME_PASSED,
	OUTCOME_FAILED,
	OUTCOME_SKIPPED,	/* there is nothing to run */
	OUTCOME_BROKEN,		/* it could not be run */
	OUTCOME_KINDS,
};

struct outcome {
	enum outcome_kind kind;
	struct slice file;	/* where the test stands */
	unsigned line, column;
	struct slice of;	/* what is tested: a rule's id */
	struct slice name;
	struct slice why;	/* when it did not pass */
};

struct testreport {
	struct arena *arena;
	struct outcome *items;
	size_t count, room;
	size_t of_kind[OUTCOME_KINDS];
};

void testreport_begin(struct testreport *r);
void testreport_free(struct testreport *r);
/* Adds a copy. */
void testreport_add(struct testreport *r, const struct outcome *o);
/* Prints all to standard output, foreign text made clean. */
void testreport_tap(const struct testreport *r);
void testreport_junit(const struct testreport *r);
/* Prints those that did not pass, a line each. */
void testreport_text(const struct testreport *r, const struct screen *s);

#endif
