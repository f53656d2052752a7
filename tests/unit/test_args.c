#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/when.h"
#include "cli/command.h"

static const char *const colours[] = { "red", "green", NULL };

struct sample {
	struct args_list list;
	struct args_place place;
	int level, colour;
	int64_t span;
	bool dry;
	struct strlist files;
};

static const struct arg sample_args[] = {
	ARGS_LIST(sample, list),
	ARGS_PLACE(sample, place),
	{ "level", 0, ARG_LEVEL, AT(sample, level), "LEVEL", "x", NULL },
	{ "colour", 0, ARG_WORD, AT(sample, colour), "WORD", "x", colours },
	{ "for", 0, ARG_SPAN, AT(sample, span), "SPAN", "x", NULL },
	{ "dry", 'n', ARG_FLAG, AT(sample, dry), NULL, "x", NULL },
	{ NULL, 'r', ARG_LIST, AT(sample, files), "FILE", "x", NULL },
	ARGS_END
};

static const struct command command = {
	.name = "sample", .synopsis = "", .what = "", .args = sample_args,
};

/* What a command says to people is not what is tested. */
static void
be_quiet(bool quiet)
{
	static int saved = -1;

	fflush(stderr);
	fflush(stdout);
	if (quiet) {
		saved = dup(STDERR_FILENO);
		CHECK(freopen("/dev/null", "w", stderr) != NULL);
	} else {
		CHECK(dup2(saved, STDERR_FILENO) != -1);
		close(saved);
	}
}

/* Words are separated by blanks; gives the operands joined by '|'. */
static bool
read_words(const char *words, struct sample *o, struct buf *operands,
    char **keep)
{
	char *argv[32] = { (char *)(uintptr_t)"sample" }, *rest;
	int argc = 1, status;
	bool fine;

	*keep = xstrdup(words);
	for (char *w = strtok_r(*keep, " ", &rest); w != NULL;
	    w = strtok_r(NULL, " ", &rest))
		argv[argc++] = w;
	be_quiet(true);
	fine = args_read(&command, o, &argc, argv, &status);
	be_quiet(false);
	CHECK(status == (fine ? EXIT_FINE : EXIT_TROUBLE));
	for (int i = 1; i < argc && fine; i++) {
		if (i > 1)
			buf_byte(operands, '|');
		buf_str(operands, argv[i]);
	}
	return fine;
}

static void
options_go_to_their_places_and_operands_stay(void)
{
	struct sample o = { .colour = -1 };
	struct buf operands = { 0 };
	char *keep;

	CHECK(read_words("one --limit 5 -n --by=user,rule two -rA -r B "
	    "--level high --colour green --for 2h -c f.yaml --json -- --dry -",
	    &o, &operands, &keep));
	CHECK_TEXT(buf_slice(&operands), "one|two|--dry|-");
	CHECK(o.list.limit == 5 && o.list.json && !o.list.csv && o.dry);
	CHECK_TEXT(slice_of(o.list.by), "user,rule");
	CHECK_TEXT(slice_of(o.place.config), "f.yaml");
	CHECK(o.level == LEVEL_HIGH && o.colour == 1 && o.span == 2 * HOUR);
	CHECK(o.files.count == 2);
	CHECK_TEXT(slice_of(o.files.items[0]), "A");
	CHECK_TEXT(slice_of(o.files.items[1]), "B");
	args_free(&command, &o);
	buf_free(&operands);
	free(keep);
}

static void
a_value_may_begin_with_a_dash(void)
{
	struct sample o = { .colour = -1 };
	struct buf operands = { 0 };
	char *keep;

	CHECK(read_words("--since -2h --until=@5", &o, &operands, &keep));
	CHECK(o.list.since > when_now() - 2 * HOUR - MINUTE);
	CHECK(o.list.since <= when_now() - 2 * HOUR);
	CHECK(o.list.until == 5 * SECOND);
	buf_free(&operands);
	free(keep);
}

static void
what_is_wrong_ends_the_command(void)
{
	static const char *const rows[] = {
		"--sinse 2h", "--limit", "--limit x", "--limit -1",
		"--limit 18446744073709551616", "--json=yes", "--level hi",
		"--colour blue", "--since soon", "--for ever", "-x", "-nx",
		"---", "--=", "--limit=",
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sample o = { .colour = -1 };
		struct buf operands = { 0 };
		char *keep;

		CHECK_ROW(!read_words(rows[i], &o, &operands, &keep), i);
		args_free(&command, &o);
		buf_free(&operands);
		free(keep);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(options_go_to_their_places_and_operands_stay),
		TEST(a_value_may_begin_with_a_dash),
		TEST(what_is_wrong_ends_the_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
