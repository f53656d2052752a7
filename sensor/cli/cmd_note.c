/*
 * note: adds a line, or a file, to any record.
 */
#include "base/file.h"
#include "cli/decision.h"

enum { NOTE_MAX = 32768 };

struct note {
	struct decision decision;
	const char *file;
};

static const struct arg note_args[] = {
	{ "file", 0, ARG_STR, AT(note, file), "FILE",
	    "the text is in this file of at most 32 KiB", NULL },
	ARGS_DECISION(note, decision.why),
	ARGS_CONFIG(note, decision.config),
	ARGS_END
};

extern const struct command cmd_note;

/* Several operands are one text, so that quotes are not needed. */
static int
read_text(const struct note *n, int argc, char **argv, struct buf *text,
    struct err *err)
{
	if (n->file != NULL)
		return read_file(n->file, text, NOTE_MAX, err);
	for (int i = 2; i < argc; i++) {
		if (i > 2)
			buf_byte(text, ' ');
		buf_str(text, argv[i]);
	}
	return 0;
}

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct note n = { .decision.verb = "note" };
	struct buf text = { 0 };
	struct err err;
	int status;

	if (!args_read(&cmd_note, &n, &argc, argv, &status))
		return status;
	if (argc < 2 || (argc == 2) != (n.file != NULL))
		return args_wrong(&cmd_note, "vedette note ID TEXT, or "
		    "vedette note --file FILE ID");
	if (read_text(&n, argc, argv, &text, &err) == -1) {
		status = args_wrong(&cmd_note, "%s", err.text);
	} else {
		n.decision.id = argv[1];
		n.decision.text = buf_cstr(&text);
		status = decision_make(reg, &cmd_note, &n.decision);
	}
	buf_free(&text);
	return status;
}

const struct command cmd_note = {
	.name = "note",
	.synopsis = "[--ticket ID] ID TEXT | --file FILE ID",
	.what = "adds a line to a record",
	.args = note_args,
	.run = run,
};
