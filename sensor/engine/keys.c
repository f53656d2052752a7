/*
 * What stands at the top of a rule and in its log source, for lint and for
 * editors; what has a shape of its own is not here.
 */
#include <assert.h>

#include "engine/correlation.h"

enum { KEYS_MAX = 32 };

const char *const status_words[] = {
	"stable", "test", "experimental", "deprecated", "unsupported", NULL
};
static const char *const action_words[] = {
	"global", "repeat", "reset", NULL
};

#define TEXT(key, text) { .name = key, .type = OPT_STR, .what = text }
#define LIST(key, text) { .name = key, .type = OPT_LIST, .what = text }
#define WORD(key, list, text) \
	{ .name = key, .type = OPT_WORD, .words = list, .what = text }

const struct opt rule_opts[] = {
	TEXT("title", "what it detects, in a few words"),
	TEXT("id", "a UUID, for ever"),
	TEXT("name", "by which correlations and filters refer to it"),
	LIST("related", "ids of other rules, with a type"),
	TEXT("taxonomy", "whose names of fields; sigma"),
	WORD("status", status_words, "how far it can be trusted"),
	TEXT("description", "what it detects, and why that matters"),
	TEXT("license", "SPDX name of its licence"),
	TEXT("author", "who wrote it"),
	LIST("references", "where it comes from"),
	TEXT("date", "when it was written: 2026-11-24"),
	TEXT("modified", "when it was changed last"),
	LIST("fields", "what is worth a look in its alerts"),
	LIST("falsepositives", "what else makes it match"),
	WORD("level", level_words, "how bad a match is"),
	LIST("scope", "on which hosts it makes sense"),
	WORD("action", action_words, "what the document does to its file"),
	{ 0 },
};

const struct opt logsource_opts[] = {
	TEXT("product", "linux, windows, nginx, ..."),
	TEXT("category", "process_creation, webserver, ..."),
	TEXT("service", "sshd, auditd, ..."),
	TEXT("definition", "what must be turned on for it"),
	{ 0 },
};

const struct opt addition_opts[] = {
	TEXT("runbook", "what to do"),
	TEXT("regex", "why a regular expression may be dear"),
	TEXT("late", "of a correlation: how long it waits for late matches"),
	TEXT("rearm", "of a correlation: how long a group rests after an "
	    "alert"),
	{ 0 },
};

const struct opt correlation_opts[] = {
	{ .name = "type", .type = OPT_WORD, .words = correlation_types,
	    .what = "what is reckoned", .required = true },
	LIST("rules", "ids or names of the rules that are counted"),
	LIST("group-by", "fields whose values tell groups apart"),
	{ .name = "timespan", .type = OPT_STR, .required = true,
	    .what = "a number and one of s m h d w M y: 5m" },
	{ .name = "generate", .type = OPT_BOOL,
	    .what = "true: what is counted raises alerts of its own, too" },
	{ 0 },
};

int
keys_known(struct load *l, const struct node *map, const struct opt *table,
    const char *const *shaped, const char *what)
{
	const char *keys[KEYS_MAX];
	size_t n = 0;

	for (; table->name != NULL; table++)
		keys[n++] = table->name;
	for (; *shaped != NULL; shaped++)
		keys[n++] = *shaped;
	assert(n < KEYS_MAX);
	keys[n] = NULL;
	return node_known(l->diag, map, keys, what);
}
