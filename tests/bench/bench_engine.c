/*
 * What the engine takes of an event: with many rules beside few, with one
 * hostile rule, and beside decoding the event and reading its bytes.
 *
 *	bench_engine [-n EVENTS] [-o PART] [RULES...]
 *
 * PART is one of a, c and d; without, all are measured. RULES are files or
 * directories of Sigma rules; without, only generated ones are measured. All
 * that is compared takes turns over the same events.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "decode/decode.h"
#include "engine/engine.h"
#include "process_events.h"

extern const struct decoder dec_json;

enum { TURN = 1000, SUBJECTS_MAX = 8, LINE_MOST = 4096 };

/* A set of rules under measurement. */
struct subject {
	const char *name;
	struct schema *schema;
	struct decoders *decoders;
	struct ruleset *rules;
	struct event *ev;
	uint64_t *decoding, *both;	/* ns, by turn */
	uint64_t matches;
	uint64_t load;			/* ns */
};

/* The events of a turn. */
struct turn {
	struct buf bytes;
	struct slice lines[TURN];
	uint64_t seed, memchr;
	size_t total;			/* bytes of all turns */
};

static uint64_t
cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
subject_begin(struct subject *s, const char *name)
{
	static const struct decoder *const formats[] = { &dec_json, NULL };

	*s = (struct subject){ .name = name, .schema = schema_new() };
	s->decoders = decoders_new(s->schema, formats);
	s->rules = ruleset_new(s->schema);
	s->load = cpu_now();
}

static int
by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/*
 * Of an event in the middle one of the turns: what disturbs some of them, as
 * other programs do, is left out.
 */
static double
median_ns(const uint64_t *turns, size_t count)
{
	uint64_t *sorted = xcalloc(count, sizeof(*sorted));
	double ns;

	memcpy(sorted, turns, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), by_size);
	ns = (double)sorted[count / 2] / TURN;
	free(sorted);
	return ns;
}

static void
subject_ready(struct subject *s)
{
	struct diag d = { 0 };
	struct logsource source = {
		.product = (uint16_t)schema_word(s->schema, S("linux")),
		.category = (uint16_t)schema_word(s->schema,
		    S("process_creation")),
	};

	if (ruleset_compile(s->rules, &d) == -1)
		errx(2, "%s: %s", s->name, buf_cstr(&d.text));
	s->load = cpu_now() - s->load;
	schema_freeze(s->schema);
	decoders_source(s->decoders, source);
	s->ev = event_new(s->schema);
	diag_free(&d);
}

static void
subject_free(struct subject *s)
{
	event_free(s->ev);
	ruleset_free(s->rules);
	decoders_free(s->decoders);
	free(s->decoding);
	free(s->both);
	schema_free(s->schema);
}

/* What walk_files calls back with. */
struct loading {
	struct subject *s;
	const char *only;	/* files that have this text; NULL: all */
};

static int
load_file(void *arg, const char *path)
{
	struct loading *l = arg;
	struct buf bytes = { 0 };
	struct diag d = { 0 };
	struct err err;

	if (read_file(path, &bytes, 1 << 20, &err) == -1)
		errx(2, "%s", err.text);
	/* What is refused is left out: here it is time that is measured. */
	if (l->only == NULL || slice_find(buf_slice(&bytes),
	    slice_of(l->only)) != SIZE_MAX)
		ruleset_load_text(l->s->rules, path, buf_slice(&bytes), &d);
	diag_free(&d);
	buf_free(&bytes);
	return 0;
}

static void
load_paths(struct subject *s, const char *only, char **paths, int count)
{
	static const char *const suffixes[] = { ".yml", ".yaml", NULL };
	struct loading l = { s, only };
	struct err err;

	for (int i = 0; i < count; i++)
		if (walk_files(paths[i], suffixes, load_file, &l,
		    &err) == -1)
			errx(2, "%s", err.text);
}

static void
load_text(struct subject *s, struct slice yaml)
{
	struct diag d = { 0 };

	if (ruleset_load_text(s->rules, "generated", yaml, &d) == -1)
		errx(2, "%s", buf_cstr(&d.text));
	diag_free(&d);
}

/* A made-up word of consonants and vowels in turn. */
static void
add_word(struct buf *out, uint64_t *seed)
{
	for (unsigned n = 2 + random_below(seed, 3); n > 0; n--)
		buf_fmt(out, "%c%c", "bcdfghklmnprstvwz"[random_below(seed,
		    17)], "aeiou"[random_below(seed, 5)]);
}

static void
add_options(struct buf *out, const char *key, unsigned most, uint64_t *seed)
{
	static const char *const fronts[] = { " --", "/", " -", ".", "=", " " };

	buf_fmt(out, "    %s:\n", key);
	for (unsigned n = 1 + random_below(seed, most); n > 0; n--) {
		buf_fmt(out, "      - '%s",
		    fronts[random_below(seed, COUNT(fronts))]);
		add_word(out, seed);
		buf_str(out, "'\n");
	}
}

/* As public rules are: an image, parts of the command line, a filter. */
static void
add_rule(struct buf *out, unsigned n, uint64_t *seed)
{
	static const char *const known[] = { "bash", "python", "curl", "ssh",
		"perl", "systemctl", "find", "java", "awk", "nc" };

	buf_fmt(out, "---\ntitle: Generated %u\nlogsource: {product: linux, "
	    "category: process_creation}\ndetection:\n  image:\n"
	    "    Image|endswith:\n      - '/", n);
	if (random_below(seed, 4) == 0)
		buf_str(out, known[random_below(seed, COUNT(known))]);
	else
		add_word(out, seed);
	buf_str(out, "'\n  options:\n");
	add_options(out, "CommandLine|contains", 6, seed);
	if (random_below(seed, 3) == 0)
		add_options(out, "ParentImage|endswith", 3, seed);
	buf_str(out, "  filter:\n");
	add_options(out, "CommandLine|contains", 2, seed);
	buf_str(out, random_below(seed, 4) == 0 ?
	    "  condition: options and not filter\n" :
	    "  condition: image and options and not filter\n");
}

static void
generate(struct subject *s, unsigned count)
{
	struct buf yaml = { 0 };
	uint64_t seed = 11;

	for (unsigned i = 0; i < count; i++)
		add_rule(&yaml, i, &seed);
	load_text(s, buf_slice(&yaml));
	buf_free(&yaml);
}

static void
count_match(void *arg, const struct match *m)
{
	(void)m;
	++*(uint64_t *)arg;
}

static void
make_turn(struct turn *t)
{
	size_t from = 0;

	buf_clear(&t->bytes);
	buf_room(&t->bytes, (size_t)TURN * LINE_MOST);
	for (size_t i = 0; i < TURN; i++) {
		process_event(&t->bytes, &t->seed);
		t->lines[i] = slice_bytes(buf_slice(&t->bytes).p + from,
		    t->bytes.len - from);
		buf_str(&t->bytes, "\n");
		from = t->bytes.len;
	}
	t->total += t->bytes.len;
}

static void
read_bytes(struct turn *t)
{
	const unsigned char *p = buf_slice(&t->bytes).p;
	const unsigned char *end = p + t->bytes.len;
	uint64_t start = cpu_now();
	size_t lines = 0;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		lines++;
		p++;
	}
	t->memchr += cpu_now() - start;
	if (lines != TURN)
		errx(2, "an event has more than a line");
}

static void
run_turn(struct subject *s, const struct turn *t, size_t n, bool match)
{
	struct record r = { .form = FORM_JSON, .received = 1 };
	uint64_t start = cpu_now();

	for (size_t i = 0; i < TURN; i++) {
		r.bytes = t->lines[i];
		event_reset(s->ev, &r);
		decoders_run(s->decoders, s->ev);
		if (match)
			ruleset_match(s->rules, s->ev, count_match,
			    &s->matches);
	}
	(match ? s->both : s->decoding)[n] = cpu_now() - start;
}

static void
print_head(const char *what)
{
	printf("\n%-20s %6s %7s %6s %9s %9s %9s %9s %9s %8s\n", what, "rules",
	    "load ms", "KiB", "decode ns", "rules ns", "to decode",
	    "to first", "mean ns", "matches");
}

static double
mean_ns(const uint64_t *turns, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += turns[i];
	return (double)sum / (double)count / TURN;
}

static double
match_ns(const struct subject *s, size_t turns)
{
	return median_ns(s->both, turns) - median_ns(s->decoding, turns);
}

static void
print(const struct subject *s, const struct subject *first, size_t turns)
{
	double match = match_ns(s, turns);
	double decode = median_ns(s->decoding, turns);

	printf("%-20s %6zu %7.0f %6zu %9.0f %9.0f %9.2f %9.2f %9.0f %8llu\n",
	    s->name, ruleset_count(s->rules), (double)s->load / 1e6,
	    ruleset_tables(s->rules) >> 10, decode, match, match / decode,
	    match / match_ns(first, turns),
	    mean_ns(s->both, turns) - mean_ns(s->decoding, turns),
	    (unsigned long long)s->matches);
}

/* All subjects over the same events, in turns. */
static void
measure(const char *what, struct subject *s, size_t count, size_t events)
{
	struct turn t = { .seed = 5 };
	size_t turns = (events + TURN - 1) / TURN;

	for (size_t i = 0; i < count; i++) {
		s[i].decoding = xcalloc(turns, sizeof(*s[i].decoding));
		s[i].both = xcalloc(turns, sizeof(*s[i].both));
	}
	for (size_t n = 0; n < turns; n++) {
		make_turn(&t);
		read_bytes(&t);
		for (size_t i = 0; i < count; i++) {
			run_turn(&s[i], &t, n, false);
			run_turn(&s[i], &t, n, true);
		}
	}
	print_head(what);
	for (size_t i = 0; i < count; i++)
		print(&s[i], &s[0], turns);
	printf("%-20s %6s %7s %6zu %9.0f   (bytes of an event; memchr ns)\n",
	    "reading alone", "", "", t.total / (turns * TURN),
	    (double)t.memchr / (double)(turns * TURN));
	buf_free(&t.bytes);
	for (size_t i = 0; i < count; i++)
		subject_free(&s[i]);
}

static void
bench_public(char **paths, int count, size_t events)
{
	struct subject s[2];

	subject_begin(&s[0], "product: linux");
	load_paths(&s[0], "product: linux", paths, count);
	subject_ready(&s[0]);
	subject_begin(&s[1], "all given");
	load_paths(&s[1], NULL, paths, count);
	subject_ready(&s[1]);
	measure("(a) rules given", s, 2, events);
}

static void
bench_growth(size_t events)
{
	static const struct {
		const char *name;
		unsigned rules;
	} rows[] = {
		{ "100", 100 }, { "1,000", 1000 }, { "4,000", 4000 },
		{ "10,000", 10000 },
	};
	struct subject s[COUNT(rows)];

	for (size_t i = 0; i < COUNT(rows); i++) {
		subject_begin(&s[i], rows[i].name);
		generate(&s[i], rows[i].rules);
		subject_ready(&s[i]);
	}
	measure("(c) growth", s, COUNT(rows), events);
}

static void
bench_hostile(char **paths, int count, size_t events)
{
	static const char hostile[] =
	    "title: Hostile\nlogsource: {product: linux}\ndetection:\n"
	    "  s:\n    CommandLine|re: '([a-z/.0-9 -]+)+[!#]'\n"
	    "  condition: s\n";
	static const char dear[] =
	    "title: Dear\nlogsource: {product: linux}\ndetection:\n"
	    "  s:\n    CommandLine|re: '[^!]*[^!]*[!]'\n"
	    "  condition: s\n";
	const char *const more[] = { NULL, hostile, dear };
	const char *const names[] = { "without", "a hostile rule more",
		"a dear rule more" };
	struct subject s[3];

	for (size_t i = 0; i < COUNT(s); i++) {
		subject_begin(&s[i], names[i]);
		if (count > 0)
			load_paths(&s[i], "product: linux", paths, count);
		else
			generate(&s[i], 250);
		if (more[i] != NULL)
			load_text(&s[i], slice_of(more[i]));
		subject_ready(&s[i]);
	}
	measure("(d) one hostile rule", s, COUNT(s), events);
}

int
main(int argc, char **argv)
{
	size_t events = 1000000;
	const char *only = "acd";
	int c;

	while ((c = getopt(argc, argv, "n:o:")) != -1) {
		if (c == 'o')
			only = optarg;
		else if (c != 'n' || atol(optarg) < TURN)
			errx(2, "bench_engine [-n EVENTS] [-o PART] "
			    "[RULES...]");
		else
			events = (size_t)atol(optarg);
	}
	if (optind < argc && strchr(only, 'a') != NULL)
		bench_public(argv + optind, argc - optind, events);
	if (strchr(only, 'c') != NULL)
		bench_growth(events / 2);
	if (strchr(only, 'd') != NULL)
		bench_hostile(argv + optind, argc - optind, events / 2);
	return 0;
}
