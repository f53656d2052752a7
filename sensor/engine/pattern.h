/*
 * Sigma's strings: text with wildcards. A string is cut into parts once; the
 * modifiers work on the parts; nothing is ever put together and read again,
 * so a backslash at the end can't swallow a wildcard that "contains" adds.
 */
#ifndef VEDETTE_PATTERN_H
#define VEDETTE_PATTERN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"

enum part_type {
	PART_TEXT,	/* these bytes */
	PART_RUN,	/* '*': any run of characters, also none */
	PART_ONE,	/* '?': exactly one character */
};

struct part {
	enum part_type type;
	struct slice text;	/* of PART_TEXT, never empty */
};

/* Parts in a row; no two texts and no two runs stand side by side. */
struct pattern {
	struct part *parts;
	size_t count;
};

/* Cuts a string with its escapes; parts and text live in the arena. */
struct pattern pattern_parse(struct arena *a, struct slice s);
/* A pattern of this text alone; the text is not copied. */
struct pattern pattern_text(struct arena *a, struct slice text);
/* One behind the other. */
struct pattern pattern_join(struct arena *a, struct pattern left,
    struct pattern right);
/* Adds a run at the front or the end unless one is there. */
struct pattern pattern_open_front(struct arena *a, struct pattern p);
struct pattern pattern_open_end(struct arena *a, struct pattern p);
/* True, with the text, when there is no wildcard. */
bool pattern_plain(struct pattern p, struct slice *out);

enum match_type {
	MATCH_ANY,	/* anything that is there */
	MATCH_EQUAL,
	MATCH_PREFIX,
	MATCH_SUFFIX,
	MATCH_CONTAINS,
	MATCH_GLOB,
};

/* A pattern made ready: the cheapest test that says the same. */
struct matcher {
	enum match_type type;
	bool cased;
	struct slice text;		/* all but ANY and GLOB */
	struct pattern glob;
};

/* Text is folded, into the arena, unless cased. */
struct matcher pattern_compile(struct arena *a, struct pattern p,
    bool cased);
/* s must be folded unless the matcher is cased. */
bool matcher_match(const struct matcher *m, struct slice s);

#endif
