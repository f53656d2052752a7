/*
 * A listing in columns as wide as what is in them. On a terminal the one
 * column that stretches is cut so that a line stays a line; in a pipe nothing
 * is cut but what is wider than its column may be.
 */
#ifndef VEDETTE_TABLE_H
#define VEDETTE_TABLE_H

#include "cli/screen.h"

struct column {
	const char *title;
	bool right;		/* numbers */
	bool stretch;		/* takes the room that is left */
	unsigned least, most;	/* width; 0: any */
};

struct table;

/* Columns and screen must outlive the table. Owner: table_free. */
struct table *table_new(const struct screen *s, const struct column *columns,
    size_t count);
void table_free(struct table *t);
/* The next cell of the row; foreign text is escaped. */
void table_cell(struct table *t, enum paint p, struct slice text);
/* Prints what was added since the last time, with a heading or without. */
void table_print(struct table *t, bool heading);

#endif
