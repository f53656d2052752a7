/*
 * reload: asks the running sensor to take the new configuration.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/when.h"
#include "cli/args.h"
#include "cli/command.h"
#include "cli/screen.h"
#include "daemon/ask.h"
#include "daemon/config.h"

enum { LOAD_SECONDS = 5 };

struct reload {
	const char *config, *run;
};

static int cmd_reload_main(const struct registry *reg, int argc, char **argv);

static const struct arg reload_args[] = {
	ARGS_CONFIG(reload, config),
	{ "run", 0, ARG_STR, AT(reload, run), "DIR",
	    "of the control socket, when the file is too broken to say",
	    NULL },
	ARGS_END
};

const struct command cmd_reload = {
	.name = "reload",
	.synopsis = "[-c FILE] [--run DIR]",
	.what = "take the new configuration, or say why the old stays",
	.run = cmd_reload_main,
	.args = reload_args,
};

static void
print_text(FILE *out, struct slice text)
{
	struct buf line = { 0 };
	struct slice part;

	while (slice_cut(&text, '\n', &part)) {
		text_escape(&line, part);
		buf_byte(&line, '\n');
	}
	text_escape(&line, text);
	buf_byte(&line, '\n');
	fwrite(line.p, 1, line.len, out);
	buf_free(&line);
}

/* Asks one question; -1 after filling err, or the status it ends with. */
static int
ask_one(const char *run, struct slice question,
    void (*heard)(void *arg, int type, struct slice body), void *arg,
    struct err *err)
{
	struct slice body;
	struct ask a;
	int type, status = -1;

	if (ask_open(&a, run, err) == -1)
		return -1;
	if (ask_send(&a, question, err) == 0)
		while ((type = ask_next(&a, &body, err)) > 0) {
			if (type == ASK_END) {
				status = ask_status(body);
				break;
			}
			heard(arg, type, body);
		}
	ask_close(&a);
	return status;
}

static void
take_text(void *arg, int type, struct slice body)
{
	struct buf *text = arg;

	if (type != ASK_TEXT)
		return;
	buf_clear(text);
	buf_add(text, body);
}

/* --- what was loaded -------------------------------------------------------- */

/* The record of the load that we asked for, once it is there. */
struct load {
	struct arena *arena;
	struct buf text;
};

static uint64_t
number(const struct json *row, const char *path)
{
	int64_t n = json_int(json_get(row, "body"), path, 0);

	return n > 0 ? (uint64_t)n : 0;
}

/* "3,755 rules (2 added, 1 changed, 0 removed), tests passed; record 5d..." */
static void
describe(struct load *l, const struct json *row)
{
	static const struct {
		const char *path, *what;
		bool always;
	} counts[] = {
		{ "vedette.load.added", " added", true },
		{ "vedette.load.changed", " changed", true },
		{ "vedette.load.removed", " removed", true },
		{ "vedette.load.tuning_added", " of tuning added", false },
		{ "vedette.load.tuning_removed", " of tuning removed", false },
	};
	uint64_t rules = number(row, "vedette.load.rules");
	struct id id = { { 0 } };
	char digits[65];

	number_grouped(&l->text, rules);
	buf_str(&l->text, rules == 1 ? " rule (" : " rules (");
	for (size_t i = 0; i < COUNT(counts); i++) {
		uint64_t n = number(row, counts[i].path);

		if (n == 0 && !counts[i].always)
			continue;
		buf_str(&l->text, i > 0 ? ", " : "");
		number_grouped(&l->text, n);
		buf_str(&l->text, counts[i].what);
	}
	id_parse(json_text(row, "id"), &id);
	id_short(id, digits);
	buf_fmt(&l->text, "), tests passed; record %.12s", digits);
}

static void
take_row(void *arg, int type, struct slice body)
{
	struct load *l = arg;
	struct json *row;

	arena_reset(l->arena);
	if (type == ASK_ROW && l->text.len == 0 &&
	    json_parse(l->arena, body, &row, NULL) == 0 &&
	    slice_eq(json_text(row, "rule"), S("load")) &&
	    json_int(json_get(row, "body"), "process.pid", 0) == getpid())
		describe(l, row);
}

/*
 * The one that was asked has handed over, and the next one opens the journal
 * in a moment and writes who had asked.
 */
static void
print_load(const char *run)
{
	static const struct slice question = SLICE("{\"command\":\"list\","
	    "\"query\":{\"kinds\":[\"load\"],\"limit\":4,"
	    "\"observed\":false}}");
	const struct timespec pause = { 0, 20000000 };
	struct load l = { .arena = arena_new(0) };
	int64_t end = when_steady() + LOAD_SECONDS * SECOND;
	struct err ignored;

	while (l.text.len == 0 && when_steady() < end) {
		ask_one(run, question, take_row, &l, &ignored);
		if (l.text.len == 0)
			nanosleep(&pause, NULL);
	}
	if (l.text.len == 0)
		buf_str(&l.text, "reloaded");
	print_text(stdout, buf_slice(&l.text));
	buf_free(&l.text);
	arena_free(l.arena);
}

/* --- the request ------------------------------------------------------------ */

static int
ask_reload(const char *run, struct err *err)
{
	struct buf text = { 0 };
	int status = ask_one(run, S("{\"command\":\"reload\"}"), take_text,
	    &text, err);

	if (status == EXIT_FINE)
		print_load(run);
	else if (text.len > 0)
		print_text(stdout, buf_slice(&text));
	if (status == EXIT_FOUND)
		puts("refused: what was in force stays in force");
	buf_free(&text);
	return status;
}

static int
cmd_reload_main(const struct registry *reg, int argc, char **argv)
{
	struct reload o = { 0 };
	struct config c;
	struct diag d = { 0 };
	struct err err = { "" };
	int status;

	if (!args_read(&cmd_reload, &o, &argc, argv, &status))
		return status;
	if (argc > 1)
		return args_wrong(&cmd_reload, "reload takes no operand");
	/* The new configuration may be wrong; where the socket is, it says. */
	config_load(&c, o.config, reg->inputs, reg->outputs, &d);
	status = ask_reload(o.run != NULL ? o.run : c.run, &err);
	if (status == -1) {
		fprintf(stderr, "vedette: no answer from the sensor: %s\n",
		    err.text);
		status = EXIT_TROUBLE;
	}
	config_free(&c);
	diag_free(&d);
	return status;
}
