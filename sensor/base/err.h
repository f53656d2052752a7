/*
 * One failure, told to whoever asked. Filled by the callee, printed once by
 * the command. Functions that can fail take a struct err * as last parameter;
 * it may be NULL where nobody listens.
 */
#ifndef VEDETTE_ERR_H
#define VEDETTE_ERR_H

#include <stddef.h>

#include "base/buf.h"

struct err {
	char text[512];
};

/* Both return -1, which keeps the early lines short. */
int err_set(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same with ": " and the text of errno behind it; errno is kept. */
int err_sys(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

struct diag_line {
	const char *file;		/* NULL: none */
	unsigned line, column;		/* 0: none */
	const char *grade;		/* "error", "warning", "refused" */
	const char *text;
};

/*
 * Everything wrong with what a person wrote (configuration, rules, decoders),
 * one line each: "file:line:column: what". Reading goes on after an error, so
 * that all are seen at once, up to a thousand. Zero is a valid start; diag_free
 * ends it.
 */
struct diag {
	struct buf text;
	unsigned errors;
	unsigned warnings;
	unsigned refused;
	/* When set, gets what would else be a line of the text. */
	void (*told)(void *arg, const struct diag_line *line);
	void *arg;
};

/* Adds one line and returns -1. Line and column are 1-based, 0 leaves out. */
int diag_error(struct diag *d, const char *file, unsigned line,
    unsigned column, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* Adds one line, "warning: " before the text. */
void diag_warn(struct diag *d, const char *file, unsigned line,
    unsigned column, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/*
 * Adds one line about something that is left out, and wrong only in where it
 * is used: a rule that wants values which the site has not given. The rest is
 * good without it.
 */
void diag_refuse(struct diag *d, const char *file, unsigned line,
    unsigned column, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
void diag_free(struct diag *d);

/*
 * The word of the list (NULL-terminated) that a misspelt one is nearest to,
 * or NULL when none is near enough to be worth saying.
 */
const char *did_you_mean(const char *word, const char *const *list);
/*
 * Appends to a message about a word that is none of the list which one is
 * near; where none is, all of them when they are few.
 */
void say_choice(struct buf *out, const char *word, const char *const *list);

#endif
