/*
 * What people see: colour only on a terminal and without NO_COLOR, local
 * times, and nothing raw that an attacker wrote.
 */
#ifndef VEDETTE_SCREEN_H
#define VEDETTE_SCREEN_H

#include <stdio.h>

#include "base/json.h"
#include "event/alert.h"

struct screen {
	FILE *out;
	bool colour;
	unsigned width;		/* columns; 0: not a terminal, unbounded */
	int64_t now;
};

enum paint {
	PAINT_NONE, PAINT_BOLD, PAINT_DIM, PAINT_RED, PAINT_ALARM,
	PAINT_YELLOW, PAINT_GREEN,
};

void screen_init(struct screen *s, FILE *out);
enum paint paint_level(enum level l);
/* Prints text that is clean already (our own, or text_escape's). */
void screen_paint(const struct screen *s, enum paint p, struct slice clean);
/* "key       what", foreign bytes in what escaped. */
void screen_pair(const struct screen *s, const char *key, struct slice what);
/* Foreign text in a line of its own. */
void screen_line(const struct screen *s, struct slice text);
/* Foreign text line by line, as it was cut itself. */
void screen_lines(const struct screen *s, struct slice text);

/* 02:11:40 when it is today, with the date when not. */
void time_short(struct buf *b, int64_t when, int64_t now);
/* 2026-11-23 03:11:30.214 +01:00 */
void time_long(struct buf *b, int64_t when);
/* 88,214 */
void number_grouped(struct buf *b, uint64_t n);
/* 38 MiB */
void size_short(struct buf *b, uint64_t bytes);
/* Columns that clean UTF-8 text takes on a terminal. */
size_t text_width(struct slice clean);
/* The part of clean text that takes at most so many columns. */
struct slice text_fit(struct slice clean, size_t columns);

#endif
