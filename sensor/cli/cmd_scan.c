/*
 * scan: decoders and rules over files that are there; keeps nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/when.h"
#include "cli/args.h"
#include "cli/command.h"
#include "daemon/detector.h"
#include "inputs/lines.h"

enum { FORMAT_TEXT, FORMAT_JSON };
enum { OUT_MAX = 65536, LEVEL_WIDTH = 8, WHO_WIDTH = 28 };

extern const struct command cmd_scan;

struct scan {
	/* from the command line */
	const char *config, *logsource, *tz;
	struct strlist rules;
	int format;
	/* of the whole run */
	struct config loaded;
	struct detector det;
	struct lines *lines;
	struct host host;
	struct buf out, alert;
	bool found, trouble;
	/* of the present file */
	const char *name;
	struct record record;
	uint64_t line;
};

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
	ARGS_END
};

static void
complain(const char *what, const char *why)
{
	struct buf text = { 0 };

	buf_str(&text, "vedette scan: ");
	text_escape(&text, slice_of(what));
	buf_str(&text, ": ");
	text_escape(&text, slice_of(why));
	fprintf(stderr, "%s\n", buf_cstr(&text));
	buf_free(&text);
}

static void
flush(struct scan *s)
{
	if (s->out.len > 0 &&
	    write_all(STDOUT_FILENO, buf_slice(&s->out)) == -1) {
		complain("standard output", strerror(errno));
		exit(EXIT_TROUBLE);
	}
	buf_clear(&s->out);
}

/* The alert as everywhere, with two members in front that only scan has. */
static void
print_json(struct scan *s, const struct match *m)
{
	buf_clear(&s->alert);
	alert_write(&s->alert, m, &s->host, match_id(m));
	buf_str(&s->out, "{\"line\":");
	buf_u64(&s->out, s->line);
	buf_str(&s->out, ",\"level\":\"");
	buf_str(&s->out, level_name(m->rule->level));
	buf_str(&s->out, "\",");
	buf_add(&s->out, slice_from(buf_slice(&s->alert), 1));
	buf_byte(&s->out, '\n');
}

/* Fills up to a column of a width, and a gap. */
static void
pad(struct buf *b, size_t start, size_t width)
{
	while (b->len < start + width)
		buf_byte(b, ' ');
	buf_str(b, "  ");
}

static void
add_who(struct buf *b, const struct event *ev)
{
	struct slice user = event_text(ev, F_USER_NAME);
	struct slice from = event_text(ev, F_SOURCE_IP);

	if (from.len == 0)
		from = event_text(ev, F_SOURCE_ADDRESS);
	if (user.len == 0 && from.len == 0)
		user = event_text(ev, F_PROCESS_NAME);
	text_escape(b, user);
	if (from.len == 0)
		return;
	buf_str(b, user.len > 0 ? " from " : "");
	text_escape(b, from);
}

static void
print_text(struct scan *s, const struct match *m)
{
	struct buf *b = &s->out;
	size_t start;

	when_local(b, m->ev->time, "%Y-%m-%d %H:%M:%S  ");
	start = b->len;
	buf_str(b, level_name(m->rule->level));
	pad(b, start, LEVEL_WIDTH);
	start = b->len;
	add_who(b, m->ev);
	pad(b, start, WHO_WIDTH);
	text_escape(b, m->rule->title);
	buf_str(b, "  ");
	text_escape(b, slice_of(s->name));
	buf_byte(b, ':');
	buf_u64(b, s->line);
	buf_byte(b, '\n');
}

static void
matched(void *arg, const struct match *m)
{
	static void (*const print[])(struct scan *, const struct match *) = {
		[FORMAT_TEXT] = print_text, [FORMAT_JSON] = print_json,
	};
	struct scan *s = arg;

	if (m->held != NULL)
		return;
	s->found = true;
	print[s->format](s, m);
	if (s->out.len > OUT_MAX)
		flush(s);
}

static void
scan_line(struct scan *s, const struct line *line)
{
	s->line++;
	s->record.bytes = line->text;
	s->record.offset = line->start;
	s->record.flags = line->flags;
	s->record.form = lines_form(line->text);
	detector_run(&s->det, &s->record, matched, s);
}

/* Alerts are out before a read that may wait. */
static enum lines_found
next_line(struct scan *s, struct line *line)
{
	enum lines_found found = lines_next_here(s->lines, line);

	if (found != LINES_END)
		return found;
	flush(s);
	return lines_next(s->lines, line);
}

static int
scan_lines(struct scan *s, struct feed *f)
{
	enum lines_found found;
	struct line line;

	while ((found = next_line(s, &line)) == LINES_FOUND)
		scan_line(s, &line);
	if (lines_rest(s->lines, &line))
		scan_line(s, &line);
	detector_end(&s->det, matched, s);
	if (found == LINES_BROKEN || feed_unfinished(f) != NULL) {
		complain(s->name, found == LINES_BROKEN ? feed_error(f) :
		    feed_unfinished(f));
		return -1;
	}
	return 0;
}

/*
 * A stamp without a year is at or before the file's last change; of a pipe,
 * before now.
 */
static int
scan_fd(struct scan *s, int fd)
{
	struct slice name = slice_of(s->name);
	struct stat sb;
	struct feed *f;
	int ret;

	if (fstat(fd, &sb) == -1 || S_ISDIR(sb.st_mode)) {
		complain(s->name, S_ISDIR(sb.st_mode) ? "is a directory" :
		    strerror(errno));
		return -1;
	}
	s->line = 0;
	s->record = (struct record){ .source = name, .received = when_now(),
	    .stream = stream_make(S(""), name, 0) };
	decoders_latest(s->det.decoders, S_ISREG(sb.st_mode) ?
	    (int64_t)sb.st_mtim.tv_sec * SECOND +
	    sb.st_mtim.tv_nsec / 1000 : s->record.received);
	f = feed_new(fd, FEED_ENDED);
	if (s->lines == NULL)
		s->lines = lines_new(f);
	else
		lines_take(s->lines, f, LINES_TEXT);
	ret = scan_lines(s, f);
	feed_free(f);
	return ret;
}

static int
scan_file(struct scan *s, const char *path)
{
	int fd, ret;

	s->name = path;
	if (strcmp(path, "-") == 0)
		return scan_fd(s, STDIN_FILENO);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd == -1) {
		complain(path, strerror(errno));
		return -1;
	}
	ret = scan_fd(s, fd);
	close(fd);
	return ret;
}

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

/* A word that no rule and no decoder has is like none of theirs. */
static uint16_t
word(const struct schema *s, struct slice text)
{
	int n = schema_word_find(s, text);

	return n == -1 ? UINT16_MAX : (uint16_t)n;
}

static int
set_logsource(struct scan *s)
{
	static const char *const keys[] = { "product", "category", "service",
		NULL };
	struct slice rest = slice_of(s->logsource), item, key;
	uint16_t words[COUNT(keys)] = { 0 };
	struct logsource source;

	while (rest.len > 0) {
		size_t i = 0;

		if (!slice_cut(&rest, ',', &item)) {
			item = rest;
			rest = S("");
		}
		if (slice_cut(&item, '=', &key))
			while (keys[i] != NULL &&
			    !slice_eq(key, slice_of(keys[i])))
				i++;
		else
			i = COUNT(keys) - 1;
		if (keys[i] == NULL)
			return args_wrong(&cmd_scan, "--logsource \"%s\": "
			    "expected product=X,category=Y,service=Z",
			    s->logsource);
		words[i] = word(s->det.schema, item);
	}
	source = (struct logsource){ words[0], words[1], words[2] };
	decoders_source(s->det.decoders, source);
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
	buf_free(&s->alert);
	args_free(&cmd_scan, s);
}

static int
scan_all(struct scan *s, const struct registry *reg, char **paths)
{
	int status = set_zone(s->tz);

	if (status == EXIT_FINE)
		status = load(s, reg);
	if (status == EXIT_FINE && s->logsource != NULL)
		status = set_logsource(s);
	if (status != EXIT_FINE)
		return status;
	gethostname(s->host.name, sizeof(s->host.name) - 1);
	for (; *paths != NULL; paths++)
		if (scan_file(s, *paths) == -1)
			s->trouble = true;
	flush(s);
	if (s->trouble)
		return EXIT_TROUBLE;
	return s->found ? EXIT_FOUND : EXIT_FINE;
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
	    "[--format FORMAT]\n                    [--tz ZONE] FILE...|-",
	.what = "hold files against the rules; keeps nothing",
	.args = scan_args,
	.run = run,
};
