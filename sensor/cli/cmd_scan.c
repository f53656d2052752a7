/*
 * scan: decoders and rules over files that are there; keeps nothing.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/scan_jobs.h"

extern const struct command cmd_scan;

static const char *const formats[] = { "text", "json", NULL };

static const struct arg scan_args[] = {
	ARGS_CONFIG(scan, config),
	{ "rules", 'r', ARG_LIST, AT(scan, rules), "PATH",
	    "a rule file or a directory of them, instead of the configured",
	    NULL },
	{ "logsource", 0, ARG_STR, AT(scan, logsource), "SOURCE",
	    "of JSON: product=X,category=Y,service=Z", NULL },
	{ "format", 0, ARG_WORD, AT(scan, format), "FORMAT",
	    "of the alerts", formats },
	{ "tz", 0, ARG_STR, AT(scan, tz), "ZONE",
	    "time zone of stamps without one: Europe/Berlin, UTC", NULL },
	{ "jobs", 'j', ARG_STR, AT(scan, jobs), "N",
	    "read with so many processes; all: one for each core", NULL },
	{ "quiet", 'q', ARG_FLAG, AT(scan, quiet), NULL,
	    "only alerts and what went wrong", NULL },
	ARGS_END
};

/* glibc takes any word for a zone and means UTC. */
static bool
zone_exists(const char *zone)
{
	struct buf path = { 0 };
	bool there;

	if (strcmp(zone, "UTC") == 0 || strpbrk(zone, "0123456789") != NULL)
		return true;
	buf_fmt(&path, "/usr/share/zoneinfo/%s", zone);
	there = access(buf_cstr(&path), R_OK) == 0;
	buf_free(&path);
	return there;
}

static int
set_zone(const char *zone)
{
	if (zone != NULL && !zone_exists(zone))
		return args_wrong(&cmd_scan, "--tz \"%s\": no such time zone",
		    zone);
	if (zone != NULL)
		setenv("TZ", zone, 1);
	tzset();
	return EXIT_FINE;
}

static int
set_logsource(struct scan *s)
{
	struct logsource source;

	if (!logsource_parse(s->det.schema, slice_of(s->logsource), &source))
		return args_wrong(&cmd_scan, "--logsource \"%s\": "
		    "expected product=X,category=Y,service=Z", s->logsource);
	detector_source(&s->det, source);
	return EXIT_FINE;
}

static int
load(struct scan *s, const struct registry *reg)
{
	const struct strlist *only = s->rules.count > 0 ? &s->rules : NULL;
	struct config *c = &s->loaded;
	struct diag d = { 0 };
	int status;

	if (config_load(c, s->config, reg->inputs, reg->outputs, &d) == 0 &&
	    detector_load(&s->det, c, reg->decoders, only, &d) == 0 &&
	    ruleset_count(s->det.rules) == 0)
		diag_error(&d, only != NULL ? only->items[0] : c->path, 0, 0,
		    "no rules");
	fputs(d.text.len > 0 ? buf_cstr(&d.text) : "", stderr);
	status = d.errors > 0 ? EXIT_TROUBLE : EXIT_FINE;
	diag_free(&d);
	return status;
}

static void
scan_free(struct scan *s)
{
	lines_free(s->lines);
	detector_free(&s->det);
	config_free(&s->loaded);
	buf_free(&s->out);
	buf_free(&s->shown_time);
	args_free(&cmd_scan, s);
}

/* How many processes -j asks for. */
static int
read_jobs(const struct scan *s, unsigned *jobs)
{
	uint64_t n = 1;
	cpu_set_t cores;

	if (s->jobs == NULL)
		return EXIT_FINE;
	if (strcmp(s->jobs, "all") == 0) {
		if (sched_getaffinity(0, sizeof(cores), &cores) == 0)
			n = (uint64_t)CPU_COUNT(&cores);
	} else if (slice_to_u64(slice_of(s->jobs), &n) == -1 || n == 0)
		return args_wrong(&cmd_scan, "-j \"%s\": expected a number "
		    "of processes, or all", s->jobs);
	*jobs = n > SCAN_JOBS_MAX ? SCAN_JOBS_MAX : (unsigned)n;
	return EXIT_FINE;
}

static int
outcome(const struct tally *t)
{
	if (t->unread > 0)
		return EXIT_TROUBLE;
	for (size_t i = 0; i < COUNT(t->alerts); i++)
		if (t->alerts[i] > 0)
			return EXIT_FOUND;
	return EXIT_FINE;
}

static int
scan_all(struct scan *s, const struct registry *reg, char **paths)
{
	int status = set_zone(s->tz);
	unsigned jobs = 1;

	if (status == EXIT_FINE)
		status = read_jobs(s, &jobs);
	if (status == EXIT_FINE)
		status = load(s, reg);
	if (status == EXIT_FINE && s->logsource != NULL)
		status = set_logsource(s);
	if (status != EXIT_FINE)
		return status;
	gethostname(s->host.name, sizeof(s->host.name) - 1);
	ruleset_follow(s->det.rules);
	progress_begin(s, paths);
	if (jobs > 1)
		scan_parallel(s, paths, jobs);
	for (; jobs <= 1 && *paths != NULL; paths++)
		scan_file(s, *paths);
	ruleset_time(s->det.rules, INT64_MAX, scan_matched, s);
	scan_flush(s);
	scan_close(s);
	return outcome(&s->tally);
}

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct scan s = { 0 };
	int status;

	if (!args_read(&cmd_scan, &s, &argc, argv, &status))
		return status;
	argv[argc] = NULL;
	if (argc < 2)
		status = args_wrong(&cmd_scan, "which files? - is standard "
		    "input");
	else
		status = scan_all(&s, reg, argv + 1);
	scan_free(&s);
	return status;
}

const struct command cmd_scan = {
	.name = "scan",
	.synopsis = "[-c FILE] [-r PATH]... [--logsource SOURCE] "
	    "[--format FORMAT]\n                    [--tz ZONE] [-j N] [-q] FILE...|-",
	.what = "hold files against the rules; keeps nothing",
	.args = scan_args,
	.run = run,
};
