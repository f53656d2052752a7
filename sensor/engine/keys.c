/*
 * What stands at the top of a rule and in its log source, for lint and for
 * editors; what has a shape of its own is not here.
 */
#include "engine/rule.h"

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
	{ 0 },
};
