/*
 * rules: what is loaded, and whether it is right. The subcommands are leaves,
 * rules_NAME.c.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

extern const struct command cmd_rules;

static const struct command *
subcommand(const struct registry *reg, const char *name)
{
	for (size_t i = 0; reg->rules[i] != NULL; i++)
		if (strcmp(reg->rules[i]->name + strlen("rules "), name) == 0)
			return reg->rules[i];
	return NULL;
}

static int
help(const struct registry *reg)
{
	args_help(&cmd_rules);
	putchar('\n');
	for (size_t i = 0; reg->rules[i] != NULL; i++)
		printf("  %-8s  %s\n", reg->rules[i]->name + strlen("rules "),
		    reg->rules[i]->what);
	return EXIT_FINE;
}

/* Without a word it is "rules list". */
static int
run(const struct registry *reg, int argc, char **argv)
{
	const struct command *sub;

	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return help(reg);
	if (argc < 2 || argv[1][0] == '-')
		return subcommand(reg, "list")->run(reg, argc, argv);
	sub = subcommand(reg, argv[1]);
	if (sub != NULL)
		return sub->run(reg, argc - 1, argv + 1);
	return args_wrong(&cmd_rules, "no \"rules %s\"; \"vedette rules "
	    "--help\" lists what there is", argv[1]);
}

const struct command cmd_rules;

const struct command cmd_rules = {
	.name = "rules",
	.synopsis = "[COMMAND] [OPTION...]",
	.what = "write, test and tune rules; without a COMMAND, list them",
	.run = run,
};
