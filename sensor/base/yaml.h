/*
 * YAML becomes a tree of nodes once; nobody else sees libyaml. Each node
 * knows its file, line and column. Bounded: 64 levels, 500,000 nodes (40 MB)
 * and 16 MiB a file; an alias is a copy and counts against the nodes. A
 * duplicate key in a map is an error. Bytes that are not UTF-8 are an error.
 */
#ifndef VEDETTE_YAML_H
#define VEDETTE_YAML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum node_type { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
	enum node_type type;
	bool quoted;		/* a scalar in quotes or a block: a string */
	unsigned line, column;	/* 1-based */
	const char *file;
	struct slice text;	/* of a scalar; a NUL stands behind it */
	struct node *key;	/* of a value in a map: its key's node */
	struct node *first;	/* children of list and map, in order */
	struct node *next;	/* sibling */
	size_t count;		/* of children */
};

/*
 * Reads all documents of a file's bytes, linked by next; *out is NULL for an
 * empty file. Everything lives in the arena (unbounded, program's lifetime).
 * name stands in messages and is copied. -1 after diag_error.
 */
int yaml_parse(struct arena *a, const char *name, struct slice bytes,
    struct node **out, struct diag *d);
/* The same from a file of at most 16 MiB. */
int yaml_read(struct arena *a, const char *path, struct node **out,
    struct diag *d);

/* Value of a key, or NULL; NULL of NULL and of what is not a map. */
const struct node *node_get(const struct node *map, const char *key);
/* Text of the scalar under a key, empty when absent. */
struct slice node_text(const struct node *map, const char *key);
/* Plain null, ~ or nothing. */
bool node_is_null(const struct node *n);
/* Plain true or false: 0 and *out, else -1. */
int node_bool(const struct node *n, bool *out);
/* Plain decimal or 0x number: 0 and *out, else -1. */
int node_int(const struct node *n, int64_t *out);
/* Appends a text of one line in single quotes, as YAML reads it. */
void yaml_quote(struct buf *out, struct slice s);
/* A C string of a scalar (YAML text has no NUL, or it is an error). */
const char *node_cstr(const struct node *n);
/* diag_error at the node's place. */
int node_error(struct diag *d, const struct node *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void node_warn(struct diag *d, const struct node *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Error: a node's text is no such thing; which there are is in the list. */
int node_no_such(struct diag *d, const struct node *n, const char *what,
    const char *const *list);
/*
 * Error for each key of the map that is not in the list (NULL-terminated),
 * with a "did you mean". 0 when all are known.
 */
int node_known(struct diag *d, const struct node *map,
    const char *const *keys, const char *what);
/*
 * Merges over into base as conf.d does: maps merge, list items with a same
 * "name" replace, others append, scalars replace. Gives base or over.
 */
struct node *node_merge(struct arena *a, struct node *base,
    struct node *over);

#endif
