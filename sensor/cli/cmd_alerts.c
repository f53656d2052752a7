/*
 * alerts: what fired. One line for the same rule and the same who; the last
 * line is what was observed, because an empty list means nothing without it.
 * Programs get the events of record as well, because an audit trail is more
 * than alerts; event.kind tells one from the other.
 */
#include <stdio.h>
#include <time.h>

#include "cli/excepted.h"
#include "cli/inquiry.h"
#include "cli/listing.h"

struct alerts {
	struct args_place place;
	struct args_list list;
	int level;
	const char *rule, *user, *source, *kind;
	bool open, follow, excepted;
};

static const struct arg alerts_args[] = {
	ARGS_LIST(alerts, list),
	{ "level", 0, ARG_LEVEL, AT(alerts, level), "LEVEL",
	    "at least informational, low, medium, high, critical", NULL },
	{ "rule", 0, ARG_STR, AT(alerts, rule), "ID|WORDS",
	    "of this rule: front of its id, or words of its title",
	    NULL },
	{ "user", 0, ARG_STR, AT(alerts, user), "NAME", "of this user", NULL },
	{ "source", 0, ARG_STR, AT(alerts, source), "ADDRESS",
	    "from this address", NULL },
	{ "open", 0, ARG_FLAG, AT(alerts, open), NULL,
	    "that nobody acknowledged or closed", NULL },
	{ "kind", 0, ARG_STR, AT(alerts, kind), "KIND[,KIND]",
	    "others too: event, gap, decision, ..., all", NULL },
	{ "excepted", 0, ARG_FLAG, AT(alerts, excepted), NULL,
	    "matches that exceptions, mutes and rules held back", NULL },
	{ "follow", 0, ARG_FLAG, AT(alerts, follow), NULL,
	    "print new ones as they come", NULL },
	ARGS_PLACE(alerts, place),
	ARGS_END
};

/* One run of the command. */
struct run {
	const struct alerts *options;
	struct inquiry inquiry;
	struct listing listing;
	struct excepted excepted;	/* for people */
	bool held;		/* asking for what was held back */
	uint64_t after;		/* following: what is known already */
	bool begun;
};

static void
write_kinds(const struct run *r, struct jsonw *w)
{
	const struct alerts *o = r->options;
	const char *kinds = r->held ? "excepted" :
	    o->kind != NULL ? o->kind :
	    o->list.json || o->list.csv ? "alert,event" : "alert";
	struct slice rest = slice_of(kinds), kind;

	if (slice_eq(rest, S("all")))
		return;
	jsonw_key(w, S("kinds"));
	jsonw_array(w);
	while (slice_cut(&rest, ',', &kind))
		jsonw_str(w, kind);
	jsonw_str(w, rest);
	jsonw_array_end(w);
}

static void
pair(struct jsonw *w, const char *key, const char *value)
{
	if (value != NULL)
		jsonw_pair(w, key, slice_of(value));
}

static void
flag(struct jsonw *w, const char *key, bool truth)
{
	jsonw_key(w, slice_of(key));
	jsonw_bool(w, truth);
}

static void
write_query(const struct run *r, struct jsonw *w)
{
	const struct alerts *o = r->options;

	write_kinds(r, w);
	pair(w, "level", level_name((enum level)o->level));
	pair(w, "rule", o->rule);
	pair(w, "user", o->user);
	pair(w, "source", o->source);
	jsonw_pair_int(w, "since", o->list.since);
	jsonw_pair_int(w, "until", o->list.until);
	flag(w, "open", o->open);
	jsonw_pair_int(w, "after", (int64_t)r->after);
	flag(w, "oldest", r->begun || !r->listing.reversed);
	flag(w, "observed", !r->begun && r->held == o->excepted);
	/* Groups are counted here, so their limit is kept here too. */
	if (!r->begun && o->list.by == NULL && r->held == o->excepted)
		jsonw_pair_int(w, "limit", (int64_t)o->list.limit);
}

static bool
is_for_people(const struct alerts *o)
{
	return !o->list.json && !o->list.csv && o->list.by == NULL;
}

static void
each_line(void *arg, enum ask_frame type, struct slice json)
{
	struct run *r = arg;

	if (type == ASK_ROW && r->held && is_for_people(r->options))
		excepted_row(&r->excepted, json);
	else if (type == ASK_ROW)
		listing_row(&r->listing, json);
	else if (type == ASK_OBSERVED)
		listing_observed(&r->listing, json);
}

static int
ask(struct run *r, struct err *err)
{
	struct buf request = { 0 };
	struct jsonw w = { .out = &request };
	int status;

	jsonw_object(&w);
	jsonw_pair(&w, "command", S("list"));
	jsonw_key(&w, S("query"));
	jsonw_object(&w);
	write_query(r, &w);
	jsonw_object_end(&w);
	jsonw_object_end(&w);
	status = inquiry_ask(&r->inquiry, buf_slice(&request), each_line, r,
	    err);
	buf_free(&request);
	return status;
}

/*
 * Ends only with the sensor's refusal. While it restarts nothing is lost: the
 * sequence number goes on in the same journal; a smaller one is a new
 * journal, which is read from its start.
 */
static int
follow(struct run *r, struct err *err)
{
	static const struct timespec wait = { .tv_nsec = 500L * 1000 * 1000 };
	bool heard = true;
	int status = EXIT_FINE;

	r->begun = true;
	listing_follow(&r->listing);
	while (status != EXIT_TROUBLE) {
		if (r->listing.seq < r->inquiry.seq)
			r->listing.seq = r->inquiry.seq;
		r->after = r->listing.seq;
		fflush(stdout);
		nanosleep(&wait, NULL);
		status = ask(r, err);
		if (r->inquiry.seq < r->after)
			r->inquiry.seq = r->listing.seq = 0;
		if ((status != -1) != heard)
			fprintf(stderr, "vedette alerts: %s\n", heard ?
			    "the sensor is gone; waiting for it" :
			    "the sensor is back");
		heard = status != -1;
	}
	return status;
}

static int
list_excepted(struct run *r)
{
	struct listing *l = &r->listing;

	if (l->header.len > 0)
		screen_line(&l->screen, buf_slice(&l->header));
	excepted_print(&r->excepted, &l->screen);
	screen_line(&l->screen, buf_slice(&l->observed));
	return r->excepted.count > 0 ? EXIT_FOUND : EXIT_FINE;
}

static int
list(struct run *r, struct err *err)
{
	int status = ask(r, err);

	if (status == 0 && is_for_people(r->options) && !r->options->open &&
	    r->options->kind == NULL && !r->held) {
		r->held = true;
		status = ask(r, err);
		r->held = false;
		r->listing.excepted = r->excepted.matches;
	}
	if (status == -1 || status == EXIT_TROUBLE)
		return EXIT_TROUBLE;
	inquiry_header(&r->inquiry, &r->listing.header);
	if (r->held && is_for_people(r->options))
		return list_excepted(r);
	listing_end(&r->listing);
	if (r->options->follow)
		return follow(r, err);
	return r->listing.records > 0 ? EXIT_FOUND : EXIT_FINE;
}

static int
check(const struct run *r, struct err *err)
{
	const struct alerts *o = r->options;

	if (o->excepted && (o->follow || o->open || o->kind != NULL ||
	    o->list.by != NULL))
		return err_set(err, "--excepted goes with none of --follow, "
		    "--open, --kind and --by");
	if (!o->follow)
		return 0;
	if (o->list.until != 0 || o->list.by != NULL)
		return err_set(err, "--follow has no end, so neither --until "
		    "nor --by");
	if (!r->inquiry.live)
		return err_set(err, "--follow needs a running sensor; this "
		    "journal does not grow");
	return 0;
}

extern const struct command cmd_alerts;

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct alerts o = { .level = LEVEL_INFORMATIONAL };
	struct run r = { .options = &o, .inquiry = INQUIRY };
	struct err err;
	int status;

	if (!args_read(&cmd_alerts, &o, &argc, argv, &status))
		return status;
	if (argc > 1)
		return args_wrong(&cmd_alerts, "\"%s\"? vedette alerts --help "
		    "lists what it takes", argv[1]);
	status = EXIT_TROUBLE;
	r.held = o.excepted;
	excepted_init(&r.excepted);
	if (listing_init(&r.listing, &o.list, o.kind == NULL ? "alert" :
	    "record", &err) == 0 &&
	    inquiry_open(&r.inquiry, reg, &o.place, &err) == 0 &&
	    check(&r, &err) == 0)
		status = list(&r, &err);
	if (status == EXIT_TROUBLE)
		args_wrong(&cmd_alerts, "%s", err.text);
	inquiry_close(&r.inquiry);
	listing_free(&r.listing);
	excepted_free(&r.excepted);
	return status;
}

const struct command cmd_alerts = {
	.name = "alerts",
	.synopsis = "[--since TIME] [--level LEVEL] [--open] [OPTION...]",
	.what = "what fired, and what was observed and what was not",
	.args = alerts_args,
	.run = run,
};
