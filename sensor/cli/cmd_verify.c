/*
 * verify: is the journal what was written? Works on the files alone, so that
 * the answer does not come from a sensor that somebody may have replaced.
 */
#include <stdio.h>

#include "cli/inquiry.h"
#include "cli/screen.h"

struct verify {
	struct args_place place;
	const char *head;
	bool json;
};

static const struct arg verify_args[] = {
	{ "expect-head", 0, ARG_STR, AT(verify, head), "SEQ:HEX",
	    "a head noted elsewhere that must be in the chain", NULL },
	ARGS_JSON(verify, json),
	{ "state", 0, ARG_STR, AT(verify, place.state), "DIR",
	    "the journal of this directory", NULL },
	ARGS_CONFIG(verify, place.config),
	ARGS_END
};

static const char *const class_names[CLASS_COUNT] = {
	[CLASS_BULK] = "bulk",
	[CLASS_EVIDENCE] = "evidence",
};

extern const struct command cmd_verify;

static void
add_head(const struct store_numbers *n, size_t class, struct buf *out)
{
	buf_u64(out, n->head_seq[class]);
	buf_byte(out, ':');
	buf_hex(out, digest_slice(&n->head[class]));
}

static void
print_people(struct store *st, const struct store_numbers *n,
    const struct verdict *v, bool intact)
{
	struct screen s;
	struct buf line = { 0 };
	struct slice rest = buf_slice(&v->what), one;

	(void)n;	/* the heads stand in what is said per class */
	screen_init(&s, stdout);
	buf_fmt(&line, "host %s, id %s", store_host(st)->name,
	    store_host(st)->id);
	screen_line(&s, buf_slice(&line));
	while (slice_cut(&rest, '\n', &one))
		screen_line(&s, one);
	if (rest.len > 0)
		screen_line(&s, rest);
	buf_clear(&line);
	buf_str(&line, intact ? "intact" : "NOT INTACT");
	if (v->first_bad > 0) {
		buf_str(&line, ": the first bad record is ");
		number_grouped(&line, v->first_bad);
	}
	buf_byte(&line, '\n');
	screen_paint(&s, intact ? PAINT_GREEN : PAINT_ALARM,
	    buf_slice(&line));
	buf_free(&line);
}

static void
print_json(struct store *st, const struct store_numbers *n,
    const struct verdict *v, bool intact)
{
	struct buf out = { 0 }, head = { 0 };
	struct jsonw w = { .out = &out };

	jsonw_object(&w);
	jsonw_pair(&w, "host", slice_of(store_host(st)->name));
	jsonw_pair(&w, "host_id", slice_of(store_host(st)->id));
	jsonw_key(&w, S("intact"));
	jsonw_bool(&w, intact);
	jsonw_pair_int(&w, "records", (int64_t)v->records);
	jsonw_pair_int(&w, "bad", (int64_t)v->bad);
	jsonw_pair_int(&w, "first_bad", (int64_t)v->first_bad);
	jsonw_pair(&w, "what", buf_slice(&v->what));
	jsonw_key(&w, S("heads"));
	jsonw_object(&w);
	for (size_t i = 0; i < CLASS_COUNT; i++) {
		buf_clear(&head);
		add_head(n, i, &head);
		jsonw_pair(&w, class_names[i], buf_slice(&head));
	}
	jsonw_object_end(&w);
	jsonw_object_end(&w);
	puts(buf_cstr(&out));
	buf_free(&out);
	buf_free(&head);
}

static int
verify(const struct verify *o, const char *dir, struct err *err)
{
	struct store_numbers numbers;
	struct verdict verdict = { 0 };
	struct store *st;
	int bad = -1;

	if (store_open_read(dir, &st, err) == -1)
		return EXIT_TROUBLE;
	if (store_count(st, &numbers, err) == 0)
		bad = store_verify(st, slice_of(o->head), &verdict, err);
	if (bad != -1)
		(o->json ? print_json : print_people)(st, &numbers, &verdict,
		    bad == 0);
	buf_free(&verdict.what);
	store_close(st);
	return bad == -1 ? EXIT_TROUBLE : bad == 0 ? EXIT_FINE : EXIT_FOUND;
}

static int
run(const struct registry *reg, int argc, char **argv)
{
	struct verify o = { .json = false };
	struct config config;
	struct err err;
	int status;

	if (!args_read(&cmd_verify, &o, &argc, argv, &status))
		return status;
	if (argc > 1)
		return args_wrong(&cmd_verify, "\"%s\"? the journal of a "
		    "directory: --state DIR", argv[1]);
	status = EXIT_TROUBLE;
	if (inquiry_places(&config, reg, &o.place, &err) == 0)
		status = verify(&o, o.place.state != NULL ? o.place.state :
		    config.state, &err);
	if (status == EXIT_TROUBLE)
		args_wrong(&cmd_verify, "%s", err.text);
	config_free(&config);
	return status;
}

const struct command cmd_verify = {
	.name = "verify",
	.synopsis = "[--expect-head SEQ:HEX] [--state DIR] [--json]",
	.what = "is the journal intact; names the first record that is not",
	.args = verify_args,
	.run = run,
};
