/*
 * Options of the command line are tables too, as those of the configuration:
 * --help and the reading use the same one. A command names its table in
 * struct command and begins with
 *
 *	struct lint o = { .limit = 100 };
 *
 *	if (!args_read(&cmd_lint, &o, &argc, argv, &status))
 *		return status;
 *
 * after which argv[1] to argv[argc - 1] are the operands. A subcommand is a
 * struct command of its own, named "rules lint".
 */
#ifndef VEDETTE_ARGS_H
#define VEDETTE_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/opt.h"

enum arg_type {
	ARG_FLAG,	/* bool; takes no value */
	ARG_STR,	/* const char * */
	ARG_COUNT,	/* uint64_t, plain number */
	ARG_TIME,	/* int64_t, what when_parse takes */
	ARG_SPAN,	/* int64_t, what when_parse_span takes */
	ARG_LEVEL,	/* enum level as int */
	ARG_WORD,	/* int: index into words */
	ARG_LIST,	/* struct strlist: may be given again and again */
};

/* An empty name ends a table. What is not given keeps what the struct has. */
struct arg {
	const char *name;		/* "since", or NULL for a letter alone */
	char letter;			/* 'c', or 0 */
	enum arg_type type;
	size_t at;			/* offset in the struct: AT() */
	const char *value;		/* what --help calls it: "TIME" */
	const char *what;		/* one line */
	const char *const *words;	/* ARG_WORD: NULL-terminated */
};

struct command;

/*
 * Takes the options out of argv and sets the members of `into` (may be NULL
 * without a table). "--" ends the options, "-" alone is an operand, options
 * may stand behind operands. false when the command has to end with *status:
 * --help was asked for and is printed, or something is wrong and was said on
 * standard error. Texts belong to argv.
 */
bool args_read(const struct command *c, void *into, int *argc, char **argv,
    int *status);
/* Frees the lists that args_read made. */
void args_free(const struct command *c, void *into);
/* Prints usage and options of a command. */
void args_help(const struct command *c);
/* Says on standard error what is wrong with the call; gives EXIT_TROUBLE. */
int args_wrong(const struct command *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Where the journal of a question is; every command that asks has them. */
struct args_place {
	const char *config;	/* NULL: the default one */
	const char *state;	/* NULL: what the configuration says */
};

#define ARGS_CONFIG(type, member) \
	{ "config", 'c', ARG_STR, AT(type, member), "FILE", \
	    "configuration instead of the default one", NULL }
#define ARGS_PLACE(type, member) \
	ARGS_CONFIG(type, member.config), \
	{ "state", 0, ARG_STR, AT(type, member.state), "DIR", \
	    "ask this directory, not the running sensor", NULL }

/* What all lists take. */
struct args_list {
	int64_t since, until;	/* 0: unbounded */
	uint64_t limit;
	const char *by;
	bool json, csv;
};

#define ARGS_LIST(type, member) \
	{ "since", 0, ARG_TIME, AT(type, member.since), "TIME", \
	    "from then on: 2h, yesterday, 14:05, 2026-11-23", NULL }, \
	{ "until", 0, ARG_TIME, AT(type, member.until), "TIME", \
	    "up to then", NULL }, \
	{ "limit", 0, ARG_COUNT, AT(type, member.limit), "N", \
	    "at most so many, the newest", NULL }, \
	{ "by", 0, ARG_STR, AT(type, member.by), "FIELD[,FIELD]", \
	    "count by these instead", NULL }, \
	{ "json", 0, ARG_FLAG, AT(type, member.json), NULL, \
	    "JSON lines", NULL }, \
	{ "csv", 0, ARG_FLAG, AT(type, member.csv), NULL, \
	    "comma-separated values", NULL }

/* What all decisions take. */
struct args_decision {
	const char *reason, *ticket;
};

#define ARGS_DECISION(type, member) \
	{ "reason", 0, ARG_STR, AT(type, member.reason), "TEXT", \
	    "why; kept with the decision", NULL }, \
	{ "ticket", 0, ARG_STR, AT(type, member.ticket), "ID", \
	    "number in your ticket system", NULL }

#define ARGS_JSON(type, member) \
	{ "json", 0, ARG_FLAG, AT(type, member), NULL, "JSON", NULL }
#define ARGS_END { NULL, 0, ARG_FLAG, 0, NULL, NULL, NULL }

#endif
