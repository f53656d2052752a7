/*
 * rules except: hides known matches of a rule from now on, after showing what
 * that would have hidden. It does not write an exception that would have
 * hidden what the rule's author or the place called right.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "base/when.h"
#include "cli/draft.h"
#include "cli/preview.h"
#include "cli/rules_session.h"
#include "daemon/tuningtest.h"

struct except {
	struct session session;
	struct draft draft;
	const char *state;
	bool dry_run;
	struct rule_view rule;
	struct preview preview;
	struct buf yaml;
};

static const struct arg except_args[] = {
	{ "match", 'm', ARG_LIST, AT(except, draft.match), "FIELD=VALUE",
	    "what is hidden: FIELD|MODIFIER=VALUE; several must all hold, "
	    "of one field any", NULL },
	{ "until", 0, ARG_STR, AT(except, draft.until), "TIME",
	    "when it ends: a date, a time, or a span such as 30d", NULL },
	{ "reason", 0, ARG_STR, AT(except, draft.reason), "TEXT",
	    "why", NULL },
	{ "owner", 0, ARG_STR, AT(except, draft.owner), "NAME",
	    "who answers for it; else you", NULL },
	{ "ticket", 0, ARG_STR, AT(except, draft.ticket), "ID",
	    "number in your ticket system", NULL },
	{ "dry-run", 'n', ARG_FLAG, AT(except, dry_run), NULL,
	    "print, write nothing", NULL },
	ARGS_CONFIG(except, session.path),
	{ "state", 0, ARG_STR, AT(except, state), "DIR",
	    "ask this directory, not the running sensor", NULL },
	ARGS_END
};

extern const struct command rules_except;

/* Who called, also behind sudo. */
static const char *
caller(void)
{
	const char *name = getlogin();
	const struct passwd *pw = name == NULL ? getpwuid(getuid()) : NULL;

	return pw != NULL ? pw->pw_name : name;
}

/*
 * The first time with the rule as it was typed: the rules have to be loaded
 * before its id is known, and the exception before they are compiled.
 */
static int
write_yaml(struct except *x, struct err *err)
{
	buf_clear(&x->yaml);
	return draft_write(&x->draft, when_now(), &x->yaml, err);
}

/* --- what it would hide ------------------------------------------------------ */

static void
ask_journal(struct except *x, const struct registry *reg)
{
	const struct args_place place = { x->session.path, x->state };
	struct inquiry q = INQUIRY;
	struct err err;

	x->preview = (struct preview){
		.detector = &x->session.detector, .rule = x->rule.info.id,
		.exception = ruleset_tunings(x->session.detector.rules) - 1,
		.since = when_now() - 30 * DAY,
	};
	if (inquiry_open(&q, reg, &place, &err) == -1 ||
	    preview_ask(&x->preview, &q, &err) == -1)
		fprintf(stderr, "vedette: what it hides here is not known: "
		    "%s\n", err.text);
	else
		preview_print(&x->preview, &x->session.out);
	inquiry_close(&q);
}

/* Exit status: whether it is better not written. */
static int
refuse(struct except *x)
{
	struct detector *det = &x->session.detector;
	const struct preview *p = &x->preview;
	struct hidden_tests hidden = detector_hidden_tests(det, p->exception,
	    &x->rule);

	if (hidden.count > 0)
		fprintf(stderr, "vedette: refused: it hides %zu of the %zu "
		    "tests of the rule that must match (%s:%u)\n",
		    hidden.count, hidden.total, hidden.first->file,
		    hidden.first->at);
	if (p->true_hidden > 0)
		fprintf(stderr, "vedette: refused: it hides %llu alert%s "
		    "closed as true:%.*s%s\n",
		    (unsigned long long)p->true_hidden,
		    p->true_hidden == 1 ? "" : "s", (int)p->true_ids.len,
		    (const char *)p->true_ids.p,
		    p->true_hidden > 5 ? " ..." : "");
	return hidden.count > 0 || p->true_hidden > 0 ? EXIT_FOUND : EXIT_FINE;
}

/* --- the file ------------------------------------------------------------------ */

static int
keep(struct except *x)
{
	const struct strlist *places = x->session.config.exceptions;
	struct slice name = x->rule.name.len > 0 ? x->rule.name :
	    x->rule.info.title;
	struct buf path = { 0 };
	struct err err;
	int status = EXIT_FINE;

	if (places->count == 0)
		return args_wrong(&rules_except, "the configuration has no "
		    "place for exceptions");
	if (draft_keep(places->items[0], name, buf_slice(&x->yaml), &path,
	    &err) == 0)
		printf("written to %s; \"vedette reload\" takes it into "
		    "force\n", buf_cstr(&path));
	else if (errno == EACCES || errno == EROFS || errno == EPERM)
		status = args_wrong(&rules_except, "%s; who may write there "
		    "can put this text into a file", err.text);
	else
		status = args_wrong(&rules_except, "%s", err.text);
	buf_free(&path);
	return status;
}

static int
except(struct except *x, const struct registry *reg, const char *typed)
{
	struct session *s = &x->session;
	struct buf id = { 0 };
	struct err err;
	int status;

	s->draft = buf_slice(&x->yaml);
	session_begin(s);
	if (!session_load(s, reg, NULL) ||
	    session_rule(s, typed, &x->rule) == -1)
		return session_end(s, EXIT_TROUBLE);
	buf_add(&id, x->rule.info.id);
	x->draft.rule = buf_cstr(&id);
	x->draft.title = x->rule.info.title;
	status = write_yaml(x, &err) == -1 ? EXIT_TROUBLE : EXIT_FINE;
	screen_lines(&s->out, slice_trim(buf_slice(&x->yaml)));
	putchar('\n');
	ask_journal(x, reg);
	if (status == EXIT_FINE)
		status = refuse(x);
	if (status == EXIT_FINE && !x->dry_run)
		status = keep(x);
	preview_free(&x->preview);
	buf_free(&id);
	/* What was said of other rules and exceptions is not for now. */
	buf_clear(&s->diag.text);
	session_end(s, EXIT_TROUBLE);
	return status;
}

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct except x = { .draft.owner = NULL };
	struct err err;
	int status;

	if (!args_read(&rules_except, &x, &argc, argv, &status))
		return status;
	if (argc != 2)
		status = args_wrong(&rules_except, "which rule?");
	else if (x.draft.match.count == 0)
		status = args_wrong(&rules_except, "what is hidden? --match "
		    "FIELD=VALUE");
	else if (x.draft.until == NULL || x.draft.reason == NULL)
		status = args_wrong(&rules_except, "until when, and why? "
		    "--until 2026-12-31 --reason TEXT");
	else {
		x.draft.rule = argv[1];
		if (x.draft.owner == NULL)
			x.draft.owner = caller();
		status = write_yaml(&x, &err) == -1 ?
		    args_wrong(&rules_except, "%s", err.text) :
		    except(&x, reg, argv[1]);
	}
	buf_free(&x.yaml);
	args_free(&rules_except, &x);
	return status;
}

const struct command rules_except = {
	.name = "rules except",
	.synopsis = "--match FIELD=VALUE... --until TIME --reason TEXT\n"
	    "                    [--owner NAME] [--ticket ID] [-n] "
	    "[-c FILE] RULE",
	.what = "hide known matches of a rule; shows what that would hide",
	.args = except_args,
	.run = run,
};
