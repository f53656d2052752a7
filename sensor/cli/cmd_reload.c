/*
 * reload: asks the running sensor to take the new configuration.
 */
#include <errno.h>
#include <stdio.h>

#include "base/json.h"
#include "cli/args.h"
#include "cli/command.h"
#include "daemon/ask.h"
#include "daemon/config.h"

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

static int
ask_reload(const char *run, struct err *err)
{
	struct slice body;
	struct ask a;
	int type, status = -1;

	if (ask_open(&a, run, err) == -1)
		return -1;
	if (ask_send(&a, S("{\"command\":\"reload\"}"), err) == 0)
		while ((type = ask_next(&a, &body, err)) > 0) {
			if (type == ASK_TEXT)
				print_text(stdout, body);
			if (type != ASK_END)
				continue;
			status = ask_status(body);
			break;
		}
	ask_close(&a);
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
