/*
 * show: anything by its id.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/when.h"
#include "cli/found.h"
#include "cli/inquiry.h"
#include "cli/table.h"

enum { FOUND_MAX = 20 };

struct show {
	struct args_place place;
	bool json;
};

static const struct arg show_args[] = {
	ARGS_JSON(show, json),
	ARGS_PLACE(show, place),
	ARGS_END
};

/* One run of the command; all that was heard stays in the arena. */
struct run {
	const struct show *options;
	struct inquiry inquiry;
	struct screen screen;
	struct arena *arena;
	struct found found[FOUND_MAX];	/* what the digits may mean */
	size_t count;
	struct found *decisions;
	size_t decision_count;
	const struct json *status;	/* NULL: the sensor is not there */
	struct buf text;
};

extern const struct command cmd_show;

/* --- asking --- */

static void
each_candidate(void *arg, enum ask_frame type, struct slice json)
{
	struct run *r = arg;

	if (type != ASK_ROW || r->count == FOUND_MAX)
		return;
	if (found_read(r->arena, arena_keep(r->arena, json),
	    &r->found[r->count]) == 0)
		r->count++;
}

static void
each_decision(void *arg, enum ask_frame type, struct slice json)
{
	struct run *r = arg;

	if (type != ASK_ROW)
		return;
	r->decisions = xrealloc(r->decisions, r->decision_count + 1,
	    sizeof(*r->decisions));
	if (found_read(r->arena, arena_keep(r->arena, json),
	    &r->decisions[r->decision_count]) == 0)
		r->decision_count++;
}

static void
each_status(void *arg, enum ask_frame type, struct slice json)
{
	struct run *r = arg;
	struct json *j;

	if (type == ASK_STATUS && json_parse(r->arena,
	    arena_keep(r->arena, json), &j, NULL) == 0)
		r->status = j;
}

static int
find(struct run *r, const char *id, struct err *err)
{
	struct buf request = { 0 };
	struct jsonw w = { .out = &request };
	int status;

	jsonw_object(&w);
	jsonw_pair(&w, "command", S("find"));
	jsonw_pair(&w, "id", slice_of(id));
	jsonw_object_end(&w);
	status = inquiry_ask(&r->inquiry, buf_slice(&request),
	    each_candidate, r, err);
	buf_free(&request);
	return status;
}

/* Not having these is no error: they are beside the record. */
static void
ask_around(struct run *r)
{
	struct buf request = { 0 }, id = { 0 };
	struct err err;

	id_add(&id, r->found[0].id);
	buf_fmt(&request, "{\"command\":\"list\",\"query\":{"
	    "\"kinds\":[\"decision\"],\"about\":\"%s\",\"oldest\":true,"
	    "\"observed\":false}}", buf_cstr(&id));
	inquiry_ask(&r->inquiry, buf_slice(&request), each_decision, r, &err);
	if (r->inquiry.live)
		inquiry_ask(&r->inquiry, S("{\"command\":\"status\"}"),
		    each_status, r, &err);
	buf_free(&request);
	buf_free(&id);
}

/* --- lines of the screen --- */

static struct slice
body_text(const struct run *r, const char *path)
{
	const struct json *j = json_path(r->found[0].body, path);

	return j == NULL || j->type == JSON_OBJECT || j->type == JSON_ARRAY ||
	    j->type == JSON_NULL ? S("") : j->text;
}

/* Adds before, the member's text, and after, unless it is not there. */
static void
add(struct run *r, const char *before, const char *path, const char *after)
{
	struct slice text = body_text(r, path);

	if (text.len == 0)
		return;
	if (r->text.len > 0)
		buf_str(&r->text, before);
	buf_add(&r->text, text);
	buf_str(&r->text, after);
}

static void
print_line(struct run *r, const char *key)
{
	if (r->text.len > 0)
		screen_pair(&r->screen, key, buf_slice(&r->text));
	buf_clear(&r->text);
}

static void
print_title(struct run *r)
{
	const struct found *f = &r->found[0];
	const char *word = f->kind == KIND_ALERT ? level_name(f->level) :
	    kind_name(f->kind);
	struct buf clean = { 0 };

	buf_fmt(&clean, "%-9s ", word);
	screen_paint(&r->screen, paint_level(f->level), buf_slice(&clean));
	buf_clear(&clean);
	text_escape(&clean, f->title.len > 0 ? f->title : f->rule);
	screen_paint(&r->screen, PAINT_BOLD, buf_slice(&clean));
	buf_clear(&clean);
	buf_str(&clean, "  ");
	time_long(&clean, f->time);
	buf_byte(&clean, '\n');
	screen_paint(&r->screen, PAINT_NONE, buf_slice(&clean));
	buf_free(&clean);
}

static void
print_rule(struct run *r)
{
	const struct json *tags = json_path(r->found[0].body,
	    "threat.technique.id");
	const char *gap = " (";

	add(r, "", "rule.id", "");
	if (r->text.len > 0 && tags != NULL && tags->type == JSON_ARRAY &&
	    tags->first != NULL) {
		for (const struct json *j = tags->first; j != NULL;
		    j = j->next) {
			buf_str(&r->text, gap);
			buf_add(&r->text, j->text);
			gap = ", ";
		}
		buf_byte(&r->text, ')');
	}
	print_line(r, "rule");
}

static void
add_person(struct run *r, const struct found *d)
{
	int64_t uid = -1, login = json_int(d->body, "vedette.login_uid", -1);

	slice_to_i64(json_text(d->body, "user.id"), &uid);
	inquiry_user(&r->inquiry, uid, &r->text);
	if (login != -1 && login != uid) {
		buf_str(&r->text, ", logged in as ");
		inquiry_user(&r->inquiry, login, &r->text);
	}
}

/* Records that a caller caused know his number first of all. */
static bool
has_person(const struct found *f)
{
	return f->kind == KIND_DECISION || f->kind == KIND_REFUSED ||
	    (f->kind == KIND_LOAD &&
	    json_path(f->body, "user.id") != NULL);
}

static void
print_who(struct run *r)
{
	if (has_person(&r->found[0])) {
		add_person(r, &r->found[0]);
	} else {
		add(r, "", "user.effective.name", "");
		add(r, " < ", "user.name", "");
		add(r, " uid ", "user.id", "");
		add(r, ", on account ", "user.target.name", "");
		add(r, ", group ", "group.name", "");
		add(r, ", session ", "vedette.session", "");
	}
	print_line(r, "who");
	add(r, "", "source.ip", "");
	if (r->text.len == 0)
		add(r, "", "source.address", "");
	add(r, " port ", "source.port", "");
	print_line(r, "from");
	add(r, "", "event.action", "");
	add(r, ", ", "event.outcome", "");
	add(r, ": ", "event.reason", "");
	print_line(r, "event");
}

static void
print_where(struct run *r)
{
	add(r, "", "process.name", "");
	add(r, " ", "process.pid", "");
	add(r, ", ", "process.executable", "");
	print_line(r, "process");
	add(r, "", "process.command_line", "");
	print_line(r, "command");
	add(r, "", "file.path", "");
	print_line(r, "file");
	add(r, "", "log.file.path", "");
	add(r, " at byte ", "log.offset", "");
	if (r->text.len == 0)
		add(r, "", "event.provider", "");
	print_line(r, "source");
	if (json_path(r->found[0].body, "vedette.correlation") != NULL)
		add(r, "", "message", "");
	print_line(r, "counted");
	add(r, "", "event.original", "");
	print_line(r, "text");
}

/* "name=value ..." of what no line above is for. */
static void
add_fields(struct run *r, const struct json *object, const char *between)
{
	if (object == NULL || object->type != JSON_OBJECT)
		return;
	for (const struct json *j = object->first; j != NULL; j = j->next) {
		if (j->type == JSON_OBJECT || j->type == JSON_NULL)
			continue;
		if (r->text.len > 0)
			buf_str(&r->text, ", ");
		buf_add(&r->text, j->key);
		buf_byte(&r->text, '=');
		for (const struct json *v = j->type == JSON_ARRAY ? j->first :
		    j; v != NULL; v = j->type == JSON_ARRAY ? v->next : NULL) {
			buf_add(&r->text, v->text);
			if (j->type == JSON_ARRAY && v->next != NULL)
				buf_str(&r->text, between);
		}
	}
}

static void
print_fields(struct run *r)
{
	static const struct {
		const char *path, *key, *between;	/* items of a list */
	} rows[] = {
		{ "vedette.fields", "fields", " " },
		{ "vedette.gap", "gap", " " },
		{ "vedette.excepted", "held", ", " },
		{ "vedette.decision", "decision", " " },
		{ "vedette.refused", "refused", " " },
		{ "vedette.self", "self", " " },
		{ "vedette.load", "load", "; " },
		{ "vedette.heartbeat", "heartbeat", " " },
		{ "vedette.quarantine", "quarantine", " " },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		add_fields(r, json_path(r->found[0].body, rows[i].path),
		    rows[i].between);
		print_line(r, rows[i].key);
	}
	add(r, "", "vedette.runbook", "");
	print_line(r, "runbook");
	if (r->found[0].body == NULL) {
		buf_str(&r->text, "erased");
		print_line(r, "body");
	}
}

/* --- decisions, delivery, what next --- */

static void
add_said(struct run *r, const struct found *d)
{
	static const struct {
		const char *path, *before;
	} rows[] = {
		{ "vedette.decision.to", ", to " },
		{ "vedette.decision.verdict", ", verdict " },
		{ "vedette.decision.ticket", ", ticket " },
		{ "vedette.decision.reason", ": " },
		{ "vedette.decision.text", ": " },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice said = json_text(d->body, rows[i].path);

		if (said.len == 0)
			continue;
		buf_str(&r->text, rows[i].before);
		buf_add(&r->text, said);
	}
}

static void
print_decisions(struct run *r)
{
	for (size_t i = 0; i < r->decision_count; i++) {
		const struct found *d = &r->decisions[i];
		char key[16];

		time_short(&r->text, d->time, r->screen.now);
		buf_byte(&r->text, ' ');
		add_person(r, d);
		add_said(r, d);
		slice_to_cstr(d->rule, key, sizeof(key));
		print_line(r, key);
	}
}

static void
print_next(struct run *r)
{
	const struct found *f = &r->found[0];

	if (f->kind != KIND_ALERT)
		return;
	buf_add(&r->text, f->state);
	if (slice_eq(f->state, S("open"))) {
		buf_byte(&r->text, ' ');
		when_span(&r->text, r->screen.now - f->received);
		buf_str(&r->text, ", nobody has it");
	}
	print_line(r, "state");
	if (slice_eq(f->state, S("closed")) || !r->inquiry.live)
		return;
	if (slice_eq(f->state, S("open")))
		buf_fmt(&r->text, "vedette ack %.6s · ", f->digits);
	buf_fmt(&r->text, "vedette close %.6s --verdict true|benign|false "
	    "--reason TEXT", f->digits);
	print_line(r, "next");
}

/* "; soc got it" for each output. */
static void
add_deliveries(struct run *r)
{
	const struct found *f = &r->found[0];
	const struct json *list = json_get(r->status, "outputs");

	for (const struct json *o = list == NULL ? NULL : list->first;
	    o != NULL; o = o->next) {
		enum level least = LEVEL_INFORMATIONAL;

		level_parse(json_text(o, "level"), &least);
		buf_str(&r->text, "; ");
		buf_add(&r->text, json_text(o, "name"));
		if (f->level < least)
			buf_fmt(&r->text, " takes %s and above",
			    level_name(least));
		else if (json_int(o, "cursor", 0) >= (int64_t)f->seq)
			buf_str(&r->text, " got it");
		else
			buf_str(&r->text, " waits");
	}
	if (list != NULL && list->first == NULL)
		buf_str(&r->text, "; no output: it stays on this host");
}

static void
print_about(struct run *r)
{
	char digits[65];
	struct id id;

	if (id_parse(r->found[0].about, &id) == -1)
		return;
	id_short(id, digits);
	buf_fmt(&r->text, "%.6s, vedette show %.12s", digits, digits);
	print_line(r, "about");
}

static void
print_journal(struct run *r)
{
	struct slice chain = json_text(r->status, "chain");

	buf_str(&r->text, "record ");
	number_grouped(&r->text, r->found[0].seq);
	if (chain.len > 0) {
		buf_str(&r->text, ", chain ");
		buf_add(&r->text, chain);
	}
	if (r->found[0].kind == KIND_ALERT)
		add_deliveries(r);
	print_line(r, "journal");
}

static void
print_record(struct run *r)
{
	inquiry_header(&r->inquiry, &r->text);
	if (r->text.len > 0)
		screen_line(&r->screen, buf_slice(&r->text));
	buf_clear(&r->text);
	print_title(r);
	print_rule(r);
	print_who(r);
	print_where(r);
	print_fields(r);
	print_about(r);
	print_decisions(r);
	print_next(r);
	print_journal(r);
}

static void
print_json(struct run *r)
{
	found_json(&r->found[0], &r->text);
	puts(buf_cstr(&r->text));
	for (size_t i = 0; i < r->decision_count; i++) {
		buf_clear(&r->text);
		found_json(&r->decisions[i], &r->text);
		puts(buf_cstr(&r->text));
	}
}

/* --- which one --- */

static void
print_candidates(struct run *r)
{
	static const struct column columns[] = {
		{ .title = "ID" }, { .title = "TIME" }, { .title = "KIND" },
		{ .title = "WHO", .most = 40 },
		{ .title = "WHAT", .stretch = true, .most = 200 },
	};
	struct table *t = table_new(&r->screen, columns, COUNT(columns));

	for (size_t i = 0; i < r->count; i++) {
		const struct found *f = &r->found[i];

		table_cell(t, PAINT_BOLD, slice_bytes(f->digits, 12));
		time_short(&r->text, f->time, r->screen.now);
		table_cell(t, PAINT_NONE, buf_slice(&r->text));
		buf_clear(&r->text);
		table_cell(t, PAINT_NONE, slice_of(kind_name(f->kind)));
		found_who(f, &r->text);
		table_cell(t, PAINT_NONE, buf_slice(&r->text));
		buf_clear(&r->text);
		table_cell(t, PAINT_NONE, f->title);
	}
	table_print(t, true);
	table_free(t);
}

static int
show(struct run *r, const char *id, struct err *err)
{
	int status = find(r, id, err);

	if (status != EXIT_FINE)
		return EXIT_TROUBLE;
	if (r->count == 0) {
		err_set(err, "no record has the id \"%s\"", id);
		return EXIT_TROUBLE;
	}
	if (r->count > 1) {
		print_candidates(r);
		err_set(err, "%zu records begin so; type more digits",
		    r->count);
		return EXIT_TROUBLE;
	}
	ask_around(r);
	(r->options->json ? print_json : print_record)(r);
	return EXIT_FINE;
}

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct show o = { .json = false };
	struct run r = { .options = &o, .inquiry = INQUIRY };
	struct err err;
	int status;

	if (!args_read(&cmd_show, &o, &argc, argv, &status))
		return status;
	if (argc != 2)
		return args_wrong(&cmd_show, "which record? vedette show ID");
	status = EXIT_TROUBLE;
	r.arena = arena_new(0);
	screen_init(&r.screen, stdout);
	if (inquiry_open(&r.inquiry, reg, &o.place, &err) == 0)
		status = show(&r, argv[1], &err);
	if (status == EXIT_TROUBLE)
		args_wrong(&cmd_show, "%s", err.text);
	inquiry_close(&r.inquiry);
	free(r.decisions);
	buf_free(&r.text);
	arena_free(r.arena);
	return status;
}

const struct command cmd_show = {
	.name = "show",
	.synopsis = "[--json] [--state DIR] ID",
	.what = "anything by its id: 6 digits or more",
	.args = show_args,
	.run = run,
};
