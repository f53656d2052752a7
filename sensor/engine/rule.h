/*
 * One rule, and what is at hand while rules are read.
 */
#ifndef VEDETTE_RULE_H
#define VEDETTE_RULE_H

#include "base/digest.h"
#include "base/yaml.h"
#include "engine/condition.h"
#include "engine/engine.h"
#include "engine/predicate.h"
#include "engine/ration.h"

struct expectation;
struct tune;
struct correlation;
struct counting;

/* An exception or override that is about a rule. */
struct tune_link {
	struct tune *tune;
	struct tune_link *next;
};

/* Matches of one key within a time are one alert. */
struct suppress {
	int64_t span;		/* 0: each match is an alert */
	const uint16_t *by;
	size_t by_count;
};

struct rule {
	struct rule_info info;	/* first, so that it leads to the rule */
	struct slice name, status, author, falsepositives;
	const char *file;
	unsigned line;
	bool unfit;		/* wrong, but only beside the others */
	bool has_id;		/* its own, not made from the title */
	struct digest identity;	/* of all that gives its memory its meaning */
	struct digest document;	/* of all that it says */
	struct logsource source;
	const struct rule_test *tests;
	size_t test_count;
	struct expr *expr;	/* while building; NULL in a correlation */
	uint32_t *code;		/* see program.h */
	size_t code_len;
	uint32_t wakes, wake;	/* how many tests wake it, and one of them */
	uint64_t stamp;		/* of the last event it was held against */
	uint64_t matches, aborted;
	uint64_t woken;		/* when measured: how often it was run, */
	int64_t spent;		/* and for how many nanoseconds */
	bool rationed;		/* it has regular expressions */
	bool stopped;		/* they took too much; until the next load */
	struct ration ration;
	struct correlation *correlation;	/* NULL: a plain rule */
	struct counting *countings;	/* who counts its matches */
	bool silent;		/* counted alone, no alerts of its own */
	enum level shipped;	/* what its author says */
	struct tune_link *exceptions;
	struct tune_link *overrides;	/* whose word counts most first */
	const uint16_t *key;	/* fields that make matches the same thing */
	size_t key_count;
	struct suppress suppress;
	struct mute *mute;	/* NULL: none; see tuning.c */
	struct expectation *expect;	/* NULL: it alerts on matches */
};

/*
 * Placeholders without values, of the document that is read now: it is left
 * out, and told of once, at the first place that asks for one.
 */
struct missing {
	struct buf names;	/* "%a%, %b%" */
	struct node at;
};

struct load {
	struct arena *keep;	/* lives as long as the ruleset */
	struct arena *build;	/* until it is compiled */
	struct predicates *predicates;
	struct schema *schema;
	const struct node *placeholders;	/* a map, or NULL */
	struct ruleset_limits limits;
	struct diag *diag;
	const char *file;	/* lives in keep */
	struct missing missing;
	size_t made;		/* bytes, by windash and expand in this file */
};

/* What "status" may say, and NULL. */
extern const char *const status_words[];
/*
 * Whether a map has no keys but those of a table and those that have a shape
 * of their own (NULL-terminated). -1 after diag_error.
 */
int keys_known(struct load *l, const struct node *map,
    const struct opt *table, const char *const *shaped, const char *what);
/* Reads one document. -1 after diag_error. */
int rule_read(struct load *l, const struct node *doc, struct rule *out);
/* Title, id (made from the title where none is) and name. */
int rule_read_names(struct load *l, const struct node *doc, struct rule *r);
/* The log source, which must be there. */
int rule_read_logsource(struct load *l, const struct node *doc,
    struct logsource *out);

enum detection_place { DETECTION_RULE, DETECTION_FILTER };
/*
 * The expression from identifiers and condition, of a rule or of a filter;
 * NULL after diag_error.
 */
struct expr *detection_read(struct load *l, const struct node *detection,
    enum detection_place place);
/* A selection: a map, keywords, or a list of these. NULL after diag_error. */
struct expr *selection_read(struct load *l, const struct node *n);
/*
 * One item of a detection: key "field|modifier...", or NULL for keywords,
 * and its value or values. NULL after diag_error.
 */
struct expr *item_read(struct load *l, const struct node *key,
    const struct node *value);
/* The tags, checked; -1 after diag_error. */
int tags_read(struct load *l, const struct node *tags,
    struct rule_info *info);
/*
 * Mixes a part of the document into the rule's identity, on which hangs
 * whether what it remembers survives a reload. NULL: the part is absent.
 */
void rule_identify_node(struct rule *r, const struct node *part);
void rule_identify(struct rule *r, struct slice part);
/* Of a whole document, comments and layout apart. */
struct digest rule_document(const struct node *doc);
/* "match" and "no_match" with their tests. -1 after diag_error. */
int tests_read(struct load *l, const struct node *tests, struct rule *r);
/* The vedette: map: tests, runbook. -1 after diag_error. */
int additions_read(struct load *l, const struct node *map, struct rule *r);
/* "key" and "suppress" of that map. -1 after diag_error. */
int suppress_read(struct load *l, const struct node *map, struct rule *r);

#endif
