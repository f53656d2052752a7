/*
 * A command is a leaf: cmd_NAME.c with one const table. argv[0] is its name.
 */
#ifndef VEDETTE_COMMAND_H
#define VEDETTE_COMMAND_H

#include "cli/args.h"
#include "decode/decode.h"
#include "inputs/input.h"
#include "output.h"

/* Exit codes of all commands. */
enum { EXIT_FINE = 0, EXIT_FOUND = 1, EXIT_TROUBLE = 2 };

/* Every leaf, by kind; each table ends with NULL. See registry.c. */
struct registry {
	const struct input *const *inputs;
	const struct decoder *const *decoders;
	const struct output *const *outputs;
	const struct command *const *commands;
	const struct command *const *rules;	/* subcommands of "rules" */
};

struct command {
	const char *name;	/* "scan" */
	const char *synopsis;	/* "[-c CONFIG] FILE..." */
	const char *what;	/* one line for --help */
	const struct arg *args;	/* options, see args.h; NULL: none */
	int (*run)(const struct registry *reg, int argc, char **argv);
};

extern const struct registry registry;

#endif
