/*
 * Holds the engine against its twin for as long as one likes:
 *
 *	make tests/bench/twin_pairs && tests/bench/twin_pairs --seconds 30
 *
 * Rules are invented, or with --rules those of a directory (placeholders that
 * they name get values). Every difference is told with rule and event, and
 * with the seed that shows it again: --seed N --rounds 1.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/map.h"
#include "base/when.h"
#include "pairs.h"

struct asked {
	const char *rules;
	uint64_t seed, rounds, seconds, events, count;
	const char *yaml, *json;
};

static const char usage[] =
    "twin_pairs [--rules DIR] [--seed N] [--rounds N] [--seconds N]\n"
    "           [--events N] [--count N]\n"
    "twin_pairs --yaml RULE.yml --json 'EVENT'\n"
    "\n"
    "  --rules DIR   the rules of a directory instead of invented ones\n"
    "  --seed N      of the first round; each round's is one more [1]\n"
    "  --rounds N    so many rounds at most\n"
    "  --seconds N   no new round after so many [10]\n"
    "  --events N    per round [300]\n"
    "  --count N     rules invented per round [100]\n"
    "  --yaml, --json   one rule and one event, for looking into one case\n"
    "\n"
    "Exits with 1 when the engines differed.\n";

static void
print_counts(const struct pairs_counts *c, double seconds)
{
	printf("%" PRIu64 " rules (%" PRIu64 " refused by both, %" PRIu64
	    " left out), %" PRIu64 " events (%" PRIu64 " too large)\n%" PRIu64
	    " pairs, %" PRIu64 " matches, %" PRIu64 " differences, %.1f s\n",
	    c->rules, c->refused, c->passed, c->events, c->cut, c->pairs,
	    c->matches, c->differences, seconds);
}

/* What load_file collects. */
struct files {
	struct buf placeholders;
	struct map *names;
	struct pairs *pairs;
};

/* Gives each %name% some values. */
static void
find_names(struct files *f, struct slice text)
{
	for (size_t i = 0, start = 0; i < text.len; i++) {
		unsigned char c = text.p[i];
		struct slice name = slice_bytes(text.p + start, i - start);

		if (c == '%') {
			if (start > 0 && name.len > 0 &&
			    map_get(f->names, name) == NULL) {
				map_put(f->names, name, f);
				buf_fmt(&f->placeholders,
				    "%.*s: [Ab, 'x*', '\\\\s']\n",
				    (int)name.len, (const char *)name.p);
			}
			start = i + 1;
		} else if (!byte_is_digit(c) && c != '_' && c != '-' &&
		    (byte_lower(c) < 'a' || byte_lower(c) > 'z')) {
			start = 0;
		}
	}
}

static int
read_names(void *arg, const char *path)
{
	struct buf text = { 0 };

	if (read_file(path, &text, 1 << 20, NULL) == 0)
		find_names(arg, buf_slice(&text));
	buf_free(&text);
	return 0;
}

static int
add_file(void *arg, const char *path)
{
	struct files *f = arg;
	struct buf text = { 0 };

	if (read_file(path, &text, 1 << 20, NULL) == 0)
		pairs_add(f->pairs, path, buf_slice(&text));
	buf_free(&text);
	return 0;
}

static int
run_directory(const struct asked *a, struct pairs_counts *counts)
{
	static const char *const suffixes[] = { ".yml", ".yaml", NULL };
	struct files f = { .names = map_new() };
	int64_t start = when_steady();
	struct err err;
	int ret = -1;

	buf_str(&f.placeholders, "none: none\n");
	if (walk_files(a->rules, suffixes, read_names, &f, &err) == -1)
		goto out;
	f.pairs = pairs_new(buf_cstr(&f.placeholders));
	if (walk_files(a->rules, suffixes, add_file, &f, &err) == -1)
		goto out;
	pairs_compile(f.pairs);
	for (uint64_t i = 0; i < a->rounds && (uint64_t)(when_steady() -
	    start) / 1000000 < a->seconds; i++)
		pairs_run(f.pairs, a->seed + i, a->events);
	*counts = pairs_counts(f.pairs);
	ret = 0;
out:
	if (ret == -1)
		fprintf(stderr, "twin_pairs: %s\n", err.text);
	if (f.pairs != NULL)
		pairs_free(f.pairs);
	buf_free(&f.placeholders);
	map_free(f.names);
	return ret;
}

static int
run_case(const struct asked *a, struct pairs_counts *counts)
{
	struct pairs *p = pairs_new("{staff: [ann, 'adm_*']}");
	struct files f = { .pairs = p };

	add_file(&f, a->yaml);
	pairs_compile(p);
	if (!pairs_event(p, slice_of(a->json), NULL, 0))
		fprintf(stderr, "twin_pairs: that is no JSON object\n");
	*counts = pairs_counts(p);
	pairs_free(p);
	return 0;
}

static void
run_invented(const struct asked *a, struct pairs_counts *counts)
{
	int64_t start = when_steady();

	for (uint64_t i = 0; i < a->rounds && (uint64_t)(when_steady() -
	    start) / 1000000 < a->seconds; i++)
		pairs_invent(a->seed + i, (unsigned)a->count, a->events,
		    counts);
}

static bool
read_options(struct asked *a, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "rules", 1, NULL, 'r' }, { "seed", 1, NULL, 's' },
		{ "rounds", 1, NULL, 'n' }, { "seconds", 1, NULL, 't' },
		{ "events", 1, NULL, 'e' }, { "count", 1, NULL, 'c' },
		{ "yaml", 1, NULL, 'y' }, { "json", 1, NULL, 'j' },
		{ "help", 0, NULL, 'h' }, { NULL, 0, NULL, 0 },
	};
	const struct { int name; uint64_t *to; } numbers[] = {
		{ 's', &a->seed }, { 'n', &a->rounds }, { 't', &a->seconds },
		{ 'e', &a->events }, { 'c', &a->count },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'h' || c == '?')
			return false;
		a->rules = c == 'r' ? optarg : a->rules;
		a->yaml = c == 'y' ? optarg : a->yaml;
		a->json = c == 'j' ? optarg : a->json;
		for (size_t i = 0; i < COUNT(numbers); i++)
			if (numbers[i].name == c && slice_to_u64(
			    slice_of(optarg), numbers[i].to) == -1)
				return false;
	}
	return optind == argc && (a->yaml == NULL) == (a->json == NULL);
}

int
main(int argc, char **argv)
{
	struct asked a = { .seed = 1, .rounds = UINT64_MAX, .seconds = 10,
	    .events = 300, .count = 100 };
	struct pairs_counts counts = { 0 };
	int64_t start = when_steady();

	if (!read_options(&a, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	if (a.yaml != NULL)
		run_case(&a, &counts);
	else if (a.rules == NULL)
		run_invented(&a, &counts);
	else if (run_directory(&a, &counts) == -1)
		return 2;
	print_counts(&counts, (double)(when_steady() - start) / 1e6);
	return counts.differences > 0;
}
