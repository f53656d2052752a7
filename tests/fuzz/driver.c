/*
 * The main of a fuzz target that is not built with libFuzzer: runs each file
 * below the paths given, or the target's own seeds, and speaks TAP. The name
 * of a file is printed before it is run, so that a crash names it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEED_LIMIT = 64 << 20 };

static int
run_seed(void *arg, const char *path)
{
	struct buf bytes = { 0 };
	struct err err;
	size_t *count = arg;
	uint8_t *exact;

	printf("# %s\n", path);
	fflush(stdout);
	if (read_file(path, &bytes, SEED_LIMIT, &err) == -1) {
		printf("# %s\n", err.text);
		return -1;
	}
	/* Memory of just this size, so that a sanitizer sees one too many. */
	exact = xmalloc(bytes.len);
	if (bytes.len > 0)
		memcpy(exact, bytes.p, bytes.len);
	LLVMFuzzerTestOneInput(exact, bytes.len);
	free(exact);
	buf_free(&bytes);
	(*count)++;
	return 0;
}

static int
run_path(const char *path, size_t *count)
{
	static const char *const any[] = { "", NULL };
	struct err err = { "" };

	if (walk_files(path, any, run_seed, count, &err) == 0)
		return 0;
	printf("not ok 1 - %s %s\n", path, err.text);
	return 1;
}

static const char *
own_seeds(struct buf *b)
{
	const char *source = getenv("VEDETTE_SOURCE");
	struct slice name = slice_of(program_invocation_short_name);

	slice_skip(&name, S("fuzz_"));
	buf_fmt(b, "%s/tests/fuzz/seeds/", source != NULL ? source : ".");
	buf_add(b, name);
	return buf_cstr(b);
}

int
main(int argc, char **argv)
{
	struct buf own = { 0 };
	size_t count = 0;
	int ret = 0;

	if (argc < 2 && access(own_seeds(&own), F_OK) == -1) {
		printf("1..0 # SKIP no seeds in %s\n", buf_cstr(&own));
		buf_free(&own);
		return 0;
	}
	puts("1..1");
	if (argc < 2)
		ret = run_path(buf_cstr(&own), &count);
	for (int i = 1; i < argc && ret == 0; i++)
		ret = run_path(argv[i], &count);
	if (ret == 0)
		printf("ok 1 - %zu inputs\n", count);
	buf_free(&own);
	return ret;
}
