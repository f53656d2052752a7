/*
 * PCRE2, walled in. Patterns work on bytes (or, with REGEX_UTF, on characters,
 * where bytes that are not UTF-8 match nothing), are JIT-compiled where that is to
 * be had, and always run under match, depth and heap limits: an aborted match
 * is neither yes nor no and is counted by the caller.
 */
#ifndef VEDETTE_REGEX_H
#define VEDETTE_REGEX_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

enum {
	REGEX_NOCASE = 1,
	REGEX_MULTILINE = 2,
	REGEX_DOTALL = 4,
	REGEX_UTF = 8,
};
/*
 * The match limit counts anew from each place where a match may begin, so
 * less of it is granted to long texts: REGEX_TEXT_LIMIT over all places.
 */
enum {
	REGEX_MATCH_LIMIT = 20000,
	REGEX_MATCH_LIMIT_LEAST = 200,
	REGEX_TEXT_LIMIT = 20000000,
	REGEX_DEPTH_LIMIT = 250,
};

enum regex_result { REGEX_NO, REGEX_YES, REGEX_ABORTED };

struct regex;
/* Where a match keeps its groups; one per thread serves all patterns. */
struct regex_state;

/* NULL after filling err; *at is the offset in the pattern. */
struct regex *regex_new(struct slice pattern, unsigned flags, size_t *at,
    struct err *err);
void regex_free(struct regex *re);

struct regex_state *regex_state_new(void);
void regex_state_free(struct regex_state *st);

/* Searches; unanchored unless the pattern says otherwise. */
enum regex_result regex_match(const struct regex *re, struct regex_state *st,
    struct slice in);
/* Group n of the last REGEX_YES; false when it took no part. */
bool regex_group(const struct regex_state *st, struct slice in, unsigned n,
    struct slice *out);
/* Number of a named group, or -1. */
int regex_name(const struct regex *re, const char *name);
/* Calls back for each named group. */
void regex_names(const struct regex *re,
    void (*each)(void *arg, const char *name, unsigned n), void *arg);
/*
 * The literal bytes that every match begins with, when the pattern starts
 * with ^ and letters; may be empty. Lives as long as the regex.
 */
struct slice regex_prefix(const struct regex *re);
/* Whether some match may begin at the front of a text that begins with c. */
bool regex_starts(const struct regex *re, unsigned char c);

#endif
