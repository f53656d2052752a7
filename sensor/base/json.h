/*
 * JSON: a reader into an arena and a writer into a buf (RFC 8259). The reader
 * takes foreign bytes: depth is bounded, memory is the arena's, strings may
 * hold any byte (control bytes and invalid UTF-8 are kept as they are). The
 * writer always gives valid UTF-8: an invalid byte becomes U+FFFD, and what
 * could deceive a terminal is written as an escape.
 */
#ifndef VEDETTE_JSON_H
#define VEDETTE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

enum { JSON_DEPTH_MAX = 64 };

struct json {
	enum json_type type;
	bool truth;		/* JSON_BOOL */
	struct slice key;	/* of a member of an object, unescaped */
	struct slice text;	/* string: unescaped; else as written */
	struct json *first;	/* of array and object */
	struct json *next;
};

/*
 * Reads one value that fills the slice but for white space. Everything lives
 * in the arena or in the slice itself, which must outlive the tree. A
 * duplicate key is kept twice; json_get finds the first. -1 on a syntax
 * error, too deep a nesting, or a full arena.
 */
int json_parse(struct arena *a, struct slice in, struct json **out,
    struct err *err);

/* Member of an object, or NULL; NULL of NULL or of something else. */
const struct json *json_get(const struct json *object, const char *key);
/* "a.b.c" through nested objects. */
const struct json *json_path(const struct json *object, const char *path);
/* Text of a string member, empty when it is not there. */
struct slice json_text(const struct json *object, const char *path);
/* Whole number of a member; fallback when absent or something else. */
int64_t json_int(const struct json *object, const char *path,
    int64_t fallback);

/*
 * The writer. Zero with out set is a valid start. Commas and colons are its
 * business; the caller opens and closes in order (asserted).
 */
struct jsonw {
	struct buf *out;
	unsigned depth;
	uint64_t comma;		/* bit per depth: a value stands before */
	bool keyed;
};

void jsonw_object(struct jsonw *w);
void jsonw_object_end(struct jsonw *w);
void jsonw_array(struct jsonw *w);
void jsonw_array_end(struct jsonw *w);
void jsonw_key(struct jsonw *w, struct slice key);
void jsonw_str(struct jsonw *w, struct slice s);
void jsonw_int(struct jsonw *w, int64_t n);
void jsonw_bool(struct jsonw *w, bool truth);
void jsonw_null(struct jsonw *w);
/* Bytes that are JSON already. */
void jsonw_raw(struct jsonw *w, struct slice json);
/* A time as RFC 3339 in UTC. */
void jsonw_time(struct jsonw *w, int64_t when);
/* key and value in one. */
void jsonw_pair(struct jsonw *w, const char *key, struct slice s);
void jsonw_pair_int(struct jsonw *w, const char *key, int64_t n);
/* A parsed value written back; below 64 levels in all it becomes null. */
void jsonw_value(struct jsonw *w, const struct json *value);

/* Appends s as a JSON string with quotes. */
void json_quote(struct buf *b, struct slice s);
/* Whether s is valid UTF-8 (no surrogates, nothing over-long). */
bool utf8_valid(struct slice s);
/*
 * Appends foreign text for a terminal or a log line: control bytes (C0, C1,
 * DEL), bidirectional and zero-width characters and invalid UTF-8 become
 * \xNN or \u{NNNN}; never a raw escape sequence.
 */
void text_escape(struct buf *b, struct slice s);

#endif
