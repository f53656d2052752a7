/*
 * What the twin's files know of each other, and what whoever makes events out
 * of its rules may look at.
 */
#ifndef VEDETTE_TWIN_INSIDE_H
#define VEDETTE_TWIN_INSIDE_H

#include "base/regex.h"
#include "letters.h"
#include "twin.h"

enum twin_kind {
	TWIN_TEXT, TWIN_NULL, TWIN_NUMBER, TWIN_REGEX, TWIN_CIDR, TWIN_EXISTS,
	TWIN_FIELDREF, TWIN_COMPARE, TWIN_TIME,
};
enum twin_compare { TWIN_EQ, TWIN_LT, TWIN_LTE, TWIN_GT, TWIN_GTE };
enum twin_part {
	TWIN_MINUTE, TWIN_HOUR, TWIN_DAY, TWIN_WEEK, TWIN_MONTH, TWIN_YEAR,
};

/* As it is written: whole numbers of 64 bits are exact. */
struct twin_number {
	bool whole;
	int64_t integer;
	double real;		/* also of a whole one */
};

/* One question to one field. */
struct twin_test {
	enum twin_kind kind;
	struct slice field;		/* empty: keywords */
	bool cased;
	struct letters pattern;		/* of text */
	bool open_front, open_end;	/* of a fieldref */
	/* A number as text, a network, a pattern, another field's name. */
	struct slice text;
	struct twin_number number;
	enum twin_compare compare;
	enum twin_part part;
	struct regex *regex;
};

enum twin_branch_type { TWIN_LEAF, TWIN_ALL, TWIN_ANY, TWIN_NOT };

/* The tree that an identifier stands for. */
struct twin_branch {
	enum twin_branch_type type;
	struct twin_test *test;		/* of a leaf */
	struct twin_branch *first, *next;
};

struct twin_identifier {
	struct slice name;
	struct twin_branch *tree;
};

struct twin_rule {
	struct slice id;
	struct twin_source source;
	struct twin_identifier *ids;
	size_t id_count;
	const struct node *condition;	/* a text or a list of them */
};

struct twin {
	struct arena *arena;
	const struct node *placeholders;
	struct twin_rule *rules;
	size_t count;
	const char *why;
	bool passed;			/* beyond the twin's language */
	struct regex **regexes;		/* to be freed */
	size_t regex_count;
};

enum twin_value_type {
	TWIN_STRING, TWIN_NUMERIC, TWIN_TRUTH, TWIN_NOTHING,
	TWIN_EMPTY,			/* a list or a map: there, no value */
};

struct twin_value {
	struct slice path;
	bool literal;			/* the path is a key of the event */
	unsigned member;		/* of which map; one for a list */
	enum twin_value_type type;
	struct slice text;
	struct letters letters;
};

struct twin_event {
	struct arena *arena;
	struct twin_value *values;
	size_t count, room;
	struct slice raw;
	struct twin_source sources[8];
	size_t source_count;
	unsigned members;
	bool dotted;			/* a key with a dot, below the first */
};

/* Remembers the first reason; always false. */
bool twin_fail(struct twin *t, const char *why);
struct twin_branch *twin_branch(struct twin *t, enum twin_branch_type type);

/* One item of a detection, key NULL for keywords; NULL after twin_fail. */
struct twin_branch *twin_item(struct twin *t, const struct node *key,
    const struct node *value);
/* Answers that a value stands for, before they are tests. */
struct twin_choices {
	struct letters *at;
	size_t count;
};
/* Changes what a value stands for; false after twin_fail. */
typedef bool twin_change(struct twin *t, struct twin_choices *c);
twin_change twin_contains, twin_startswith, twin_endswith, twin_base64,
    twin_base64offset, twin_utf16le, twin_utf16be, twin_utf16, twin_windash,
    twin_expand;

bool twin_test(const struct twin_test *test, const struct twin_event *ev);
/* A decimal number that fills the text. */
bool twin_number(struct slice text, struct twin_number *out);
bool twin_network_fine(struct slice text);

enum twin_truth { TWIN_FALSE, TWIN_TRUE, TWIN_DROPPED, TWIN_WRONG };
/* ev NULL: only whether it is a condition. */
enum twin_truth twin_condition(const struct twin_rule *r, struct slice text,
    const struct twin_event *ev);
bool twin_tree(const struct twin_branch *b, const struct twin_event *ev);

#endif
