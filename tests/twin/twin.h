/*
 * A second engine, for the tests alone: Sigma as the specification reads,
 * written to be checked by eye. It shares nothing between rules, prepares
 * nothing, remembers nothing from test to test, and walks each rule's tree for
 * each event. What it and sensor/engine/ do not agree on is a mistake of one
 * of them.
 *
 * It reads plain rules: of filters, correlations and collections of documents
 * it says TWIN_PASSED. It takes base/ for YAML, JSON, regular expressions and
 * the table of case folding, and nothing of the engine.
 *
 * Comments name the sections of the description of Sigma that it was written
 * from: 1.1 YAML, 1.2 search identifiers, 1.3 strings, 1.4 modifiers, 1.5
 * conditions, 1.6 log sources.
 */
#ifndef VEDETTE_TWIN_H
#define VEDETTE_TWIN_H

#include "base/json.h"
#include "base/yaml.h"

struct twin;

/* What became of a document. */
enum twin_read {
	TWIN_READ,
	TWIN_REFUSED,	/* a mistake in it; twin_why tells */
	TWIN_PASSED,	/* not of the twin's language */
};

/* A log source, spelt out; an empty word is unset. */
struct twin_source {
	struct slice product, category, service;
};

struct twin_rule;
struct twin_event;

/* placeholders: a map or NULL; must outlive the twin. Owner: caller. */
struct twin *twin_new(const struct node *placeholders);
void twin_free(struct twin *t);
/* Adds the rule of a document, which must outlive the twin. */
enum twin_read twin_load(struct twin *t, const struct node *doc);
const char *twin_why(const struct twin *t);

size_t twin_count(const struct twin *t);
const struct twin_rule *twin_get(const struct twin *t, size_t i);
struct slice twin_id(const struct twin_rule *r);
struct twin_source twin_source(const struct twin_rule *r);

/* An event out of JSON text; NULL when it is no object. Owner: caller. */
struct twin_event *twin_event_new(struct slice json,
    const struct twin_source *sources, size_t count);
void twin_event_free(struct twin_event *ev);
/* A path in it may be read in more than one way. */
bool twin_event_odd(const struct twin_event *ev);

bool twin_match(const struct twin_rule *r, const struct twin_event *ev);

#endif
