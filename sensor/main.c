/*
 * argv to command. Knows no feature.
 */
#include <locale.h>
#include <stdio.h>

#include "base/file.h"
#include "base/slice.h"
#include "cli/command.h"

static void
usage(FILE *out)
{
	fputs("usage: vedette COMMAND [OPTION...]\n"
	    "       vedette COMMAND --help\n\n", out);
	for (size_t i = 0; registry.commands[i] != NULL; i++)
		fprintf(out, "  %-8s  %s\n", registry.commands[i]->name,
		    registry.commands[i]->what);
	fputs("\nexit status: 0 nothing wrong or found, "
	    "1 found or check failed, 2 error\n", out);
}

static const struct command *
find(const char *name)
{
	for (size_t i = 0; registry.commands[i] != NULL; i++)
		if (strcmp(registry.commands[i]->name, name) == 0)
			return registry.commands[i];
	return NULL;
}

/* What was printed may have gone nowhere: a disk is full. */
static int
printed(int status)
{
	bool lost = fflush(stdout) == EOF || ferror(stdout) != 0;

	if (!lost || status == EXIT_TROUBLE)
		return status;
	fputs("vedette: standard output: not all could be written\n", stderr);
	return EXIT_TROUBLE;
}

int
main(int argc, char **argv)
{
	const struct command *c;

	fill_standard_fds();
	setlocale(LC_TIME, "");
	if (argc < 2) {
		usage(stderr);
		return EXIT_TROUBLE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return EXIT_FINE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("vedette " PACKAGE_VERSION);
		return EXIT_FINE;
	}
	c = find(argv[1]);
	if (c == NULL) {
		fprintf(stderr, "vedette: no command \"%s\"; "
		    "vedette --help lists them\n", argv[1]);
		return EXIT_TROUBLE;
	}
	return printed(c->run(&registry, argc - 1, argv + 1));
}
