/*
 * status: is it working? What the judge says of all, with memory and
 * processor time as the kernel says them of the roles' processes.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/when.h"
#include "cli/inquiry.h"
#include "cli/screen.h"

enum { PROC_MAX = 65536, RULES_NAMED = 5 };

struct status {
	struct args_place place;
	bool brief, json;
};

static const struct arg status_args[] = {
	{ "brief", 0, ARG_FLAG, AT(status, brief), NULL, "one line", NULL },
	ARGS_JSON(status, json),
	ARGS_CONFIG(status, place.config),
	ARGS_END
};

struct run {
	const struct status *options;
	struct inquiry inquiry;
	struct screen screen;
	struct arena *arena;
	const struct json *told;	/* NULL: nothing yet */
	struct buf text;
};

extern const struct command cmd_status;

/* --- what the kernel says --- */

static int
read_proc(int64_t pid, const char *name, struct buf *out)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%lld/%s", (long long)pid, name);
	buf_clear(out);
	return read_file(path, out, PROC_MAX, NULL);
}

/* The first number behind a word. */
static uint64_t
number_behind(struct slice text, struct slice word)
{
	size_t at = slice_find(text, word), len = 0;
	uint64_t n = 0;

	if (at == SIZE_MAX)
		return 0;
	text = slice_trim(slice_from(text, at + word.len));
	while (len < text.len && byte_is_digit(text.p[len]))
		len++;
	slice_to_u64(slice_head(text, len), &n);
	return n;
}

/* Bytes; PSS where we may read it, else RSS, which counts libraries twice. */
static uint64_t
memory_of(int64_t pid)
{
	struct buf text = { 0 };
	uint64_t kib = 0;

	if (read_proc(pid, "smaps_rollup", &text) == 0)
		kib = number_behind(buf_slice(&text), S("\nPss:"));
	if (kib == 0 && read_proc(pid, "status", &text) == 0)
		kib = number_behind(buf_slice(&text), S("\nVmRSS:"));
	buf_free(&text);
	return kib << 10;
}

/* User and system time: fields 14 and 15, counted behind the name's ')'. */
static int64_t
cpu_of(int64_t pid)
{
	struct buf text = { 0 };
	struct slice name, rest, word;
	uint64_t n, ticks = 0;

	if (read_proc(pid, "stat", &text) == 0 &&
	    slice_split_last(buf_slice(&text), S(") "), &name, &rest))
		for (int field = 3; field <= 15 &&
		    slice_cut(&rest, ' ', &word); field++)
			if (field >= 14 && slice_to_u64(word, &n) == 0)
				ticks += n;
	buf_free(&text);
	return (int64_t)ticks * (SECOND / sysconf(_SC_CLK_TCK));
}

/* --- lines --- */

static void
print_line(struct run *r, const char *key)
{
	if (r->text.len > 0)
		screen_pair(&r->screen, key, buf_slice(&r->text));
	buf_clear(&r->text);
}

static const struct json *
first(const struct run *r, const char *list)
{
	const struct json *j = json_get(r->told, list);

	return j == NULL || j->type != JSON_ARRAY ? NULL : j->first;
}

static size_t
count_of(const struct run *r, const char *list)
{
	size_t n = 0;

	for (const struct json *j = first(r, list); j != NULL; j = j->next)
		n++;
	return n;
}

static void
add_member(struct run *r, const struct json *j, const char *before,
    const char *key)
{
	struct slice text = json_text(j, key);

	if (text.len == 0)
		return;
	buf_str(&r->text, before);
	buf_add(&r->text, text);
}

static void
add_costs(struct run *r, int64_t up)
{
	uint64_t memory = 0;
	int64_t cpu = 0;

	for (const struct json *j = first(r, "roles"); j != NULL;
	    j = j->next) {
		int64_t pid = json_int(j, "pid", 0);

		if (pid > 0) {
			memory += memory_of(pid);
			cpu += cpu_of(pid);
		}
	}
	if (memory == 0)
		return;
	buf_str(&r->text, "  ");
	size_short(&r->text, memory);
	if (up > 0)
		buf_fmt(&r->text, "  %.1f %% CPU",
		    100 * (double)cpu / (double)up);
}

/* "vedette 1.0  web-0412  up 41 d  DEGRADED (2)  38 MiB  0.2 % CPU" */
static void
print_head(struct run *r)
{
	int64_t started = json_int(r->told, "started", 0);
	int64_t up = r->screen.now - started;
	size_t degraded = count_of(r, "degraded");
	struct buf clean = { 0 };

	buf_str(&r->text, "vedette ");
	add_member(r, r->told, "", "version");
	add_member(r, r->told, "  ", "host");
	if (started > 0) {
		buf_str(&r->text, "  up ");
		when_span(&r->text, up);
	}
	text_escape(&clean, buf_slice(&r->text));
	screen_paint(&r->screen, PAINT_BOLD, buf_slice(&clean));
	buf_clear(&clean);
	if (degraded > 0)
		buf_fmt(&clean, "  DEGRADED (%zu)", degraded);
	else
		buf_str(&clean, "  ok");
	screen_paint(&r->screen, degraded > 0 ? PAINT_ALARM : PAINT_GREEN,
	    buf_slice(&clean));
	buf_clear(&r->text);
	if (!r->options->brief)
		add_costs(r, up);
	screen_paint(&r->screen, PAINT_NONE, buf_slice(&r->text));
	buf_clear(&r->text);
	buf_free(&clean);
}

static void
print_inputs(struct run *r)
{
	for (const struct json *j = first(r, "inputs"); j != NULL;
	    j = j->next) {
		if (r->text.len > 0)
			buf_str(&r->text, " · ");
		add_member(r, j, "", "name");
		add_member(r, j, " ", "state");
		add_member(r, j, " ", "detail");
	}
	if (r->text.len == 0)
		buf_str(&r->text, "none: nothing is observed");
	print_line(r, "inputs");
}

/* "SSH guessing for 192.0.2.1 until 14:05:00 by alice: the scanner" */
static void
print_mutes(struct run *r, const struct json *list)
{
	for (const struct json *m = list == NULL ? NULL : list->first;
	    m != NULL; m = m->next) {
		add_member(r, m, "", "title");
		add_member(r, m, " for ", "key");
		buf_str(&r->text, " until ");
		time_short(&r->text, json_int(m, "until", 0), r->screen.now);
		add_member(r, m, " by ", "by");
		add_member(r, m, ": ", "reason");
		print_line(r, "muted");
	}
}

/* "12 evicted, 3 too late" */
static void
add_forgotten(struct run *r, const struct json *j)
{
	static const struct {
		const char *key, *what;
	} counts[] = { { "evicted", " evicted" }, { "late", " too late" } };
	const char *between = "";

	for (size_t i = 0; i < COUNT(counts); i++) {
		int64_t n = json_int(j, counts[i].key, 0);

		if (n <= 0)
			continue;
		buf_str(&r->text, between);
		number_grouped(&r->text, (uint64_t)n);
		buf_str(&r->text, counts[i].what);
		between = ", ";
	}
}

/* Only where something is missing from what rules have counted. */
static void
print_memory(struct run *r, const struct json *memory)
{
	const char *between = ": ";
	const struct json *rules;
	size_t named = 0;

	if (memory == NULL)
		return;
	add_forgotten(r, memory);
	if (r->text.len == 0)
		return;
	rules = json_get(memory, "rules");
	for (const struct json *j = rules == NULL ? NULL : rules->first;
	    j != NULL; j = j->next) {
		if (++named > RULES_NAMED) {
			buf_str(&r->text, ", and others");
			break;
		}
		add_member(r, j, between, "title");
		buf_str(&r->text, " (");
		add_forgotten(r, j);
		buf_byte(&r->text, ')');
		between = ", ";
	}
	print_line(r, "memory");
}

static void
print_rules(struct run *r)
{
	const struct json *rules = json_get(r->told, "rules");

	if (rules == NULL)
		return;
	number_grouped(&r->text, (uint64_t)json_int(rules, "loaded", 0));
	buf_str(&r->text, " loaded");
	add_member(r, rules, "; ", "detail");
	print_line(r, "rules");
	print_mutes(r, json_get(rules, "muted"));
	print_memory(r, json_get(rules, "memory"));
}

static void
print_journal(struct run *r)
{
	const struct json *j = json_get(r->told, "journal");
	int64_t since = json_int(j, "first", 0);

	if (j == NULL)
		return;
	number_grouped(&r->text, (uint64_t)json_int(j, "records", 0));
	buf_str(&r->text, " records, ");
	size_short(&r->text, (uint64_t)json_int(j, "bytes", 0));
	add_member(r, r->told, ", chain ", "chain");
	if (since > 0) {
		buf_str(&r->text, " · reaches back ");
		when_span(&r->text, r->screen.now - since);
	}
	print_line(r, "journal");
}

static void
add_output(struct run *r, const struct json *j)
{
	bool ok = slice_eq(json_text(j, "state"), S("ok"));
	int64_t since = json_int(j, "since", 0), retry = json_int(j, "retry",
	    0), waiting = json_int(j, "waiting", 0);

	if (r->text.len > 0)
		buf_str(&r->text, " · ");
	add_member(r, j, "", "name");
	add_member(r, j, " ", "state");
	if (!ok && since > 0) {
		buf_byte(&r->text, ' ');
		when_span(&r->text, r->screen.now - since);
	}
	if (waiting > 0) {
		buf_str(&r->text, ", ");
		number_grouped(&r->text, (uint64_t)waiting);
		buf_str(&r->text, " waiting");
	}
	if (retry > 0) {
		buf_str(&r->text, ", retry in ");
		when_span(&r->text, retry);
	}
	if (!ok)
		add_member(r, j, ", ", "reason");
}

static void
print_outputs(struct run *r)
{
	for (const struct json *j = first(r, "outputs"); j != NULL;
	    j = j->next)
		add_output(r, j);
	if (r->text.len == 0)
		buf_str(&r->text, "none: alerts stay on this host");
	print_line(r, "outputs");
}

static void
print_alerts(struct run *r)
{
	const struct json *j = json_get(r->told, "journal");
	int64_t open = json_int(j, "open", 0);

	number_grouped(&r->text, (uint64_t)open);
	buf_str(&r->text, " open");
	if (open > 0 && json_int(j, "oldest_open", 0) > 0) {
		buf_str(&r->text, ", oldest ");
		when_span(&r->text, r->screen.now -
		    json_int(j, "oldest_open", 0));
	}
	print_line(r, "alerts");
}

static void
print_roles(struct run *r)
{
	for (const struct json *j = first(r, "roles"); j != NULL;
	    j = j->next) {
		if (r->text.len > 0)
			buf_str(&r->text, " · ");
		add_member(r, j, "", "name");
		buf_fmt(&r->text, " %lld", (long long)json_int(j, "pid", 0));
	}
	print_line(r, "roles");
}

static void
print_reasons(struct run *r, const char *before)
{
	for (const struct json *j = first(r, "degraded"); j != NULL;
	    j = j->next) {
		buf_str(&r->text, before);
		buf_add(&r->text, j->text);
		if (!r->options->brief)
			print_line(r, "degraded");
		before = r->options->brief ? "; " : "";
	}
}

static void
print_people(struct run *r)
{
	const struct json *sandbox = json_get(r->told, "sandbox");

	print_head(r);
	if (r->options->brief) {
		print_reasons(r, ": ");
		screen_line(&r->screen, buf_slice(&r->text));
		return;
	}
	putchar('\n');
	print_inputs(r);
	print_rules(r);
	print_journal(r);
	print_outputs(r);
	add_member(r, sandbox, "", "level");
	add_member(r, sandbox, " ", "detail");
	print_line(r, "sandbox");
	print_alerts(r);
	print_roles(r);
	print_reasons(r, "");
}

/* --- asking --- */

static void
each_line(void *arg, enum ask_frame type, struct slice json)
{
	struct run *r = arg;
	struct json *j;

	if (type == ASK_STATUS && json_parse(r->arena,
	    arena_keep(r->arena, json), &j, NULL) == 0 &&
	    j->type == JSON_OBJECT)
		r->told = j;
}

static void
print_json(struct run *r, bool running)
{
	struct jsonw w = { .out = &r->text };

	buf_clear(&r->text);
	jsonw_object(&w);
	jsonw_key(&w, S("running"));
	jsonw_bool(&w, running);
	if (!running && r->inquiry.last > 0) {
		jsonw_key(&w, S("since"));
		jsonw_time(&w, r->inquiry.last);
	}
	for (const struct json *j = r->told == NULL ? NULL : r->told->first;
	    j != NULL; j = j->next) {
		jsonw_key(&w, j->key);
		jsonw_value(&w, j);
	}
	jsonw_object_end(&w);
	puts(buf_cstr(&r->text));
}

/* Nobody listens; since when, the journal knows if we may read it. */
static int
say_dead(struct run *r)
{
	struct err ignored;

	if (r->inquiry.store != NULL)
		inquiry_ask(&r->inquiry, S("{\"command\":\"list\",\"query\":"
		    "{\"limit\":1,\"observed\":false}}"), each_line, r,
		    &ignored);
	if (r->options->json) {
		print_json(r, false);
		return EXIT_FOUND;
	}
	inquiry_header(&r->inquiry, &r->text);
	buf_byte(&r->text, '\n');
	screen_paint(&r->screen, PAINT_ALARM, buf_slice(&r->text));
	return EXIT_FOUND;
}

static int
ask(struct run *r, struct err *err)
{
	int status = inquiry_ask(&r->inquiry, S("{\"command\":\"status\"}"),
	    each_line, r, err);

	if (status != EXIT_FINE)
		return EXIT_TROUBLE;
	if (r->told == NULL) {
		err_set(err, "the sensor did not tell its status");
		return EXIT_TROUBLE;
	}
	if (r->options->json)
		print_json(r, true);
	else
		print_people(r);
	return count_of(r, "degraded") > 0 ? EXIT_FOUND : EXIT_FINE;
}

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct status o = { .json = false };
	struct run r = { .options = &o, .inquiry = INQUIRY };
	struct err err;
	int status;

	if (!args_read(&cmd_status, &o, &argc, argv, &status))
		return status;
	if (argc > 1)
		return args_wrong(&cmd_status, "\"%s\"? it takes no operand",
		    argv[1]);
	r.arena = arena_new(0);
	screen_init(&r.screen, stdout);
	err_set(&err, "no right to ask the sensor");
	inquiry_open(&r.inquiry, reg, &o.place, &err);
	if (r.inquiry.dead)
		status = say_dead(&r);
	else
		status = r.inquiry.live ? ask(&r, &err) : EXIT_TROUBLE;
	if (status == EXIT_TROUBLE)
		args_wrong(&cmd_status, "%s", err.text);
	inquiry_close(&r.inquiry);
	buf_free(&r.text);
	arena_free(r.arena);
	return status;
}

const struct command cmd_status = {
	.name = "status",
	.synopsis = "[--brief] [--json]",
	.what = "is it working; exit 1 when it is degraded or not running",
	.args = status_args,
	.run = run,
};
