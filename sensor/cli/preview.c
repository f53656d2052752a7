#include "cli/preview.h"

#include <stdlib.h>

#include "base/when.h"
#include "cli/found.h"
#include "event/restore.h"

enum { ROW_ARENA = 32 << 20, IDS_SHOWN = 5, LINES_SHOWN = 12 };

static void
write_request(struct buf *out, const char *kind, struct slice rule)
{
	struct jsonw w = { .out = out };

	buf_clear(out);
	jsonw_object(&w);
	jsonw_pair(&w, "command", S("list"));
	jsonw_key(&w, S("query"));
	jsonw_object(&w);
	jsonw_key(&w, S("kinds"));
	jsonw_array(&w);
	jsonw_str(&w, slice_of(kind));
	jsonw_array_end(&w);
	jsonw_pair(&w, "rule", rule);
	jsonw_key(&w, S("oldest"));
	jsonw_bool(&w, true);
	jsonw_key(&w, S("observed"));
	jsonw_bool(&w, false);
	jsonw_object_end(&w);
	jsonw_object_end(&w);
}

/* The last verdict about an alert is the one that counts. */
static void
each_decision(void *arg, enum ask_frame type, struct slice json)
{
	struct preview *p = arg;
	struct found f;

	if (type != ASK_ROW)
		return;
	arena_reset(p->row);
	if (found_read(p->row, json, &f) == -1 ||
	    !slice_eq(f.rule, S("close")))
		return;
	if (slice_eq(json_text(f.body, "vedette.decision.verdict"),
	    S("true")))
		map_put(p->verdicts, f.about, p);
	else
		map_remove(p->verdicts, f.about);
}

static bool
is_true(const struct preview *p, const struct found *f)
{
	struct buf hex = { 0 };
	bool found;

	id_add(&hex, f->id);
	found = map_get(p->verdicts, buf_slice(&hex)) != NULL;
	buf_free(&hex);
	return found;
}

static bool
hides(struct preview *p, const struct found *f)
{
	struct detector *det = p->detector;
	struct record r;

	event_restore(det->ev, &r, f->body);
	return ruleset_hides(det->rules, p->exception, det->ev);
}

static void
add_line(struct fold *fold, const struct found *f)
{
	struct buf who = { 0 };

	found_who(f, &who);
	fold_add(fold, buf_slice(&who), f);
	buf_free(&who);
}

static void
each_alert(void *arg, enum ask_frame type, struct slice json)
{
	struct preview *p = arg;
	struct found f;
	bool hidden;

	if (type != ASK_ROW)
		return;
	arena_reset(p->row);
	if (found_read(p->row, json, &f) == -1 || f.body == NULL ||
	    !slice_eq(f.rule, p->rule))
		return;
	hidden = hides(p, &f);
	if (hidden && is_true(p, &f) && p->true_hidden++ < IDS_SHOWN)
		buf_fmt(&p->true_ids, " %.8s", f.digits);
	if (f.time < p->since) {
		p->older += hidden;
		return;
	}
	p->alerts++;
	p->hidden += hidden;
	add_line(hidden ? &p->hides : &p->stays, &f);
}

int
preview_ask(struct preview *p, struct inquiry *q, struct err *err)
{
	struct buf request = { 0 };
	int status;

	p->row = arena_new(ROW_ARENA);
	p->verdicts = map_new();
	fold_init(&p->hides);
	fold_init(&p->stays);
	write_request(&request, "decision", S("close"));
	status = inquiry_ask(q, buf_slice(&request), each_decision, p, err);
	write_request(&request, "alert", p->rule);
	if (status == 0)
		status = inquiry_ask(q, buf_slice(&request), each_alert, p,
		    err);
	buf_free(&request);
	return status == 0 ? 0 : -1;
}

void
preview_free(struct preview *p)
{
	if (p->row == NULL)
		return;
	arena_free(p->row);
	map_free(p->verdicts);
	fold_free(&p->hides);
	fold_free(&p->stays);
	buf_free(&p->true_ids);
}

static void
print_fold(const struct fold *f, const char *key, const struct screen *s)
{
	for (size_t i = 0; i < f->count && i < LINES_SHOWN; i++) {
		const struct group *g = f->groups[i];
		struct buf text = { 0 };

		buf_fmt(&text, "%6llu ×  ", (unsigned long long)g->count);
		buf_add(&text, g->key);
		buf_str(&text, ", last ");
		time_short(&text, g->time, s->now);
		screen_pair(s, i == 0 ? key : "", buf_slice(&text));
		buf_free(&text);
	}
	if (f->count > LINES_SHOWN)
		fprintf(s->out, "          and %zu others\n",
		    f->count - LINES_SHOWN);
}

void
preview_print(struct preview *p, const struct screen *s)
{
	struct buf hidden = { 0 }, all = { 0 };

	number_grouped(&hidden, p->hidden);
	number_grouped(&all, p->alerts);
	fprintf(s->out, "hides %s of %s alert%s of the last 30 days",
	    buf_cstr(&hidden), buf_cstr(&all), p->alerts == 1 ? "" : "s");
	if (p->older > 0)
		fprintf(s->out, ", and %llu older",
		    (unsigned long long)p->older);
	fputc('\n', s->out);
	fold_by_count(&p->hides);
	fold_by_count(&p->stays);
	print_fold(&p->hides, "hidden", s);
	print_fold(&p->stays, "stay", s);
	buf_free(&hidden);
	buf_free(&all);
}
