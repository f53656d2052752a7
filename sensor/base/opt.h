/*
 * Options are tables. A table says for each key of a YAML map where its value
 * goes, of which type it is, what it is without being set, and what it is
 * for; manual, check --effective and reading use the same table.
 */
#ifndef VEDETTE_OPT_H
#define VEDETTE_OPT_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/yaml.h"

enum opt_type {
	OPT_STR,	/* const char *; NULL when neither set nor preset */
	OPT_BOOL,	/* bool; on, off, yes and no are words for it */
	OPT_COUNT,	/* uint64_t, plain number, 0 allowed */
	OPT_SIZE,	/* uint64_t bytes: 64M, 2G */
	OPT_SPAN,	/* int64_t microseconds: 10s, 2h, 14d */
	OPT_WORD,	/* int: index into words */
	OPT_LIST,	/* struct strlist *, never NULL: strings, or one */
	OPT_PATH,	/* const char *, must begin with / */
};

struct strlist {
	const char **items;
	size_t count;
};

struct opt {
	const char *name;
	enum opt_type type;
	size_t at;			/* offset in the struct */
	const char *preset;		/* NULL: none */
	const char *what;		/* one line for manual and check */
	const char *const *words;	/* OPT_WORD: NULL-terminated */
	bool required;
};

#define AT(type, member) offsetof(struct type, member)

/*
 * Fills the struct: presets first, then the map's values (map may be NULL).
 * Strings live in the arena. Unknown keys, wrong types and missing required
 * ones are errors at their line. skip lists keys that are read elsewhere
 * (NULL-terminated, may be NULL).
 */
int opt_read(const struct opt *table, void *into, const struct node *map,
    const char *const *skip, const char *what, struct arena *a,
    struct diag *d);
/*
 * Appends "name: value  # where" lines of what is in force, indented, for
 * check --effective.
 */
void opt_show(const struct opt *table, const void *from,
    const struct node *map, unsigned indent, struct buf *out);

#endif
