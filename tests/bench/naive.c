/*
 * naive PATTERNS LOG: each line of LOG against each line of PATTERNS, with
 * PCRE2 and nothing before it: what scan is measured against.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { PATTERNS_MAX = 1000 };

static size_t
load(const char *path, pcre2_code **codes)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t room = 0, count = 0, at;
	ssize_t n;
	int number;

	if (f == NULL)
		err(2, "%s", path);
	while (count < PATTERNS_MAX && (n = getline(&line, &room, f)) > 1) {
		codes[count] = pcre2_compile((PCRE2_SPTR)line, (size_t)n - 1,
		    0, &number, &at, NULL);
		if (codes[count] == NULL)
			errx(2, "%s:%zu: not a pattern", path, count + 1);
		pcre2_jit_compile(codes[count++], PCRE2_JIT_COMPLETE);
	}
	free(line);
	fclose(f);
	return count;
}

int
main(int argc, char **argv)
{
	pcre2_match_data *data = pcre2_match_data_create(16, NULL);
	pcre2_code *codes[PATTERNS_MAX];
	size_t count, room = 0, found = 0;
	char *line = NULL;
	FILE *log;
	ssize_t n;

	if (argc != 3)
		errx(2, "usage: naive PATTERNS LOG");
	count = load(argv[1], codes);
	log = fopen(argv[2], "r");
	if (log == NULL)
		err(2, "%s", argv[2]);
	while ((n = getline(&line, &room, log)) > 0)
		for (size_t i = 0; i < count; i++)
			found += pcre2_match(codes[i], (PCRE2_SPTR)line,
			    (size_t)n, 0, 0, data, NULL) >= 0;
	printf("%zu\n", found);
	for (size_t i = 0; i < count; i++)
		pcre2_code_free(codes[i]);
	pcre2_match_data_free(data);
	free(line);
	fclose(log);
	return 0;
}
