/*
 * rules new: begin a rule from an event.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/rules_session.h"
#include "cli/skeleton.h"
#include "cli/specimen.h"

extern const struct command rules_new;

struct new_rule {
	struct args_place place;
	const char *from, *out;
	struct specimen specimen;
	struct buf text;
};

static const struct arg new_args[] = {
	{ "from", 0, ARG_STR, AT(new_rule, from), "EVENT",
	    "a FILE, FILE:LINE, id of the journal, or - for standard input",
	    NULL },
	{ "out", 0, ARG_STR, AT(new_rule, out), "FILE",
	    "write it there, over nothing", NULL },
	ARGS_PLACE(new_rule, place),
	ARGS_END
};

/* Decodes the event with what is configured and writes the rule. */
static int
draw_up(struct new_rule *n, const struct registry *reg)
{
	struct session s = { .path = n->place.config };
	struct record r = specimen_record(&n->specimen);

	session_begin(&s);
	if (session_load(&s, reg, NULL)) {
		event_reset(s.detector.ev, &r);
		decoders_run(s.detector.decoders, s.detector.ev);
		skeleton_write(s.detector.ev, r.bytes, &n->text);
	}
	return session_end(&s, EXIT_TROUBLE);
}

static int
keep(const char *path, struct slice text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int ret;

	if (fd == -1)
		return err_sys(err, "%s", path);
	ret = write_all(fd, text);
	if (ret == -1)
		err_sys(err, "%s", path);
	if (close(fd) == -1 && ret == 0)
		ret = err_sys(err, "%s", path);
	if (ret == -1)
		unlink(path);
	return ret;
}

/* It loads and its test passes, or its author would begin with our mistake. */
static int
try_out(const struct new_rule *n, const struct registry *reg,
    const char *path)
{
	struct session s = { .path = n->place.config };
	struct strlist only = { &path, 1 };

	session_begin(&s);
	if (session_load(&s, reg, &only))
		detector_test(&s.detector, &s.diag);
	return session_end(&s, EXIT_TROUBLE);
}

static int
check(const struct new_rule *n, const struct registry *reg)
{
	char dir[] = "/tmp/vedette-new-XXXXXX";
	struct buf path = { 0 };
	struct err err;
	int status = EXIT_TROUBLE;

	if (mkdtemp(dir) == NULL)
		return args_wrong(&rules_new, "%s: %m", dir);
	buf_fmt(&path, "%s/new.yml", dir);
	if (keep(buf_cstr(&path), buf_slice(&n->text), &err) == 0)
		status = try_out(n, reg, buf_cstr(&path));
	else
		args_wrong(&rules_new, "%s", err.text);
	unlink(buf_cstr(&path));
	rmdir(dir);
	buf_free(&path);
	if (status != EXIT_FINE)
		args_wrong(&rules_new, "of this event comes no rule that "
		    "matches it; its bytes are no text, perhaps");
	return status;
}

static int
give(const struct new_rule *n)
{
	struct err err;

	if (n->out == NULL) {
		fwrite(n->text.p, 1, n->text.len, stdout);
		return EXIT_FINE;
	}
	if (keep(n->out, buf_slice(&n->text), &err) == -1)
		return args_wrong(&rules_new, "%s", err.text);
	return EXIT_FINE;
}

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct new_rule n = { 0 };
	struct err err;
	int status;

	if (!args_read(&rules_new, &n, &argc, argv, &status))
		return status;
	if (argc > 1 || n.from == NULL)
		return args_wrong(&rules_new, "from which event? --from FILE, "
		    "FILE:LINE, ID or -");
	status = EXIT_TROUBLE;
	if (specimen_read(&n.specimen, reg, &n.place, n.from, &err) == -1)
		args_wrong(&rules_new, "%s", err.text);
	else
		status = draw_up(&n, reg);
	if (status == EXIT_FINE)
		status = check(&n, reg);
	if (status == EXIT_FINE)
		status = give(&n);
	specimen_free(&n.specimen);
	buf_free(&n.text);
	return status;
}

const struct command rules_new = {
	.name = "rules new",
	.synopsis = "--from EVENT [--out FILE] [-c FILE] [--state DIR]",
	.what = "begin a rule from an event",
	.args = new_args,
	.run = run,
};
