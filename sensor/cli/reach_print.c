#include "cli/reach_print.h"

#include <stdlib.h>

#include "cli/rules_print.h"
#include "cli/table.h"

enum { ID_SHOWN = 8 };

const struct reach_if reach_ifs[] = {
	{ "json", "if the program logs JSON that has the fields",
	    "as JSON" },
	{ "syslog", "if the file holds lines of syslog", "as syslog" },
	{ "access", "if a web server's access log goes there",
	    "as an access log" },
	{ "stamped", "if the program writes the file itself",
	    "with a stamp of its own" },
	{ "audit", "if the file holds audit records", "as audit records" },
	{ "own", "if the program writes its own log there",
	    "as the program does it" },
	{ "journal", "if the journal's units and matches let it through",
	    "by the journal" },
	{ NULL, NULL, NULL },
};

/* Each format has its row. */
static const struct reach_if *
if_of(const char *only)
{
	const struct reach_if *row = reach_ifs;

	while (row[1].only != NULL && strcmp(row->only, only) != 0)
		row++;
	return row;
}

/* What comes not may alert, too. */
static struct reached
look_at(const struct detector *det, struct reach *reach, size_t rule)
{
	struct reached one = {
		.rule = ruleset_view(det->rules, rule),
		.view = reach_view(reach, rule),
	};

	one.fires = one.view.verdict;
	one.always = one.view.expects && one.view.verdict == REACH_NO &&
	    one.view.why != REACH_OFF;
	if (one.always)
		one.fires = REACH_YES;
	return one;
}

struct reaching
reaching_new(const struct detector *det, struct reach *reach,
    const struct screen *s)
{
	struct reaching r = {
		.detector = det, .screen = s,
		.count = ruleset_count(det->rules),
	};

	r.rules = xcalloc(r.count, sizeof(*r.rules));
	r.known = xcalloc(schema_words(det->schema), sizeof(*r.known));
	for (size_t i = 0; i < r.count; i++) {
		struct reached *one = &r.rules[i];

		*one = look_at(det, reach, i);
		if (one->view.verdict != REACH_NO ||
		    one->view.place.len > 0 ||
		    one->view.why == REACH_FIELD ||
		    one->view.why == REACH_VALUE ||
		    one->view.why == REACH_TOGETHER)
			r.known[one->rule.source.product] = true;
	}
	return r;
}

void
reaching_free(struct reaching *r)
{
	free(r->rules);
	free(r->known);
}

static const char *
word_of(const struct reached *one)
{
	return one->fires == REACH_YES ? "yes" : one->fires == REACH_NO ?
	    "no" : one->view.only;
}

/* --- why, and what to do ------------------------------------------------- */

static void
add_names(struct buf *out, const struct reach_view *v, const char *mark,
    const char *last)
{
	for (size_t i = 0; i < v->name_count; i++) {
		if (i > 0)
			buf_str(out, i + 1 == v->name_count && v->more == 0 ?
			    last : ", ");
		buf_fmt(out, "%s%.*s%s", mark, (int)v->names[i].len,
		    (const char *)v->names[i].p, mark);
	}
	if (v->more > 0)
		buf_fmt(out, " and %zu more", v->more);
}

bool
reach_is_foreign(const struct reaching *r, const struct reached *one)
{
	uint16_t product = one->rule.source.product;

	return one->view.why == REACH_SOURCE && product != 0 &&
	    !r->known[product];
}

static void
why_off(const struct reaching *r, const struct reached *one, struct buf *out)
{
	struct tuning_view t = ruleset_tuning(r->detector->rules,
	    (size_t)one->rule.switched);

	buf_fmt(out, "switched off by %s:%u", t.file, t.line);
}

static void
why_source(const struct reaching *r, const struct reached *one,
    struct buf *out)
{
	if (one->view.place.len > 0) {
		buf_str(out, "no input is read that gives ");
		print_source(out, r->detector, one->rule.source);
		return;
	}
	buf_str(out, "nothing gives ");
	if (reach_is_foreign(r, one)) {
		buf_str(out, "product ");
		buf_add(out, schema_word_text(r->detector->schema,
		    one->rule.source.product));
	} else {
		print_source(out, r->detector, one->rule.source);
	}
}

static void
why_field(const struct reaching *r, const struct reached *one,
    struct buf *out)
{
	buf_str(out, one->view.any && one->view.name_count > 1 ?
	    "none of " : "");
	add_names(out, &one->view, "`", " and ");
	buf_str(out, one->view.name_count + one->view.more == 1 ||
	    one->view.any ? " is" : " are");
	buf_str(out, one->view.any && one->view.name_count > 1 ?
	    " set by a decoder of " : " set by no decoder of ");
	print_source(out, r->detector, one->rule.source);
}

static void
why_value(const struct reaching *r, const struct reached *one,
    struct buf *out)
{
	buf_str(out, one->view.name_count == 1 ? "" : "one of ");
	add_names(out, &one->view, "`", " and ");
	buf_str(out, " never has such a value in ");
	print_source(out, r->detector, one->rule.source);
}

static void
why_together(const struct reaching *r, const struct reached *one,
    struct buf *out)
{
	buf_str(out, "no event of ");
	print_source(out, r->detector, one->rule.source);
	buf_str(out, " has ");
	if (one->view.name_count == 0)
		buf_str(out, "all that it asks for");
	add_names(out, &one->view, "`", " and ");
	buf_str(out, one->view.name_count > 1 ? " together" : "");
}

static void
why_rules(const struct reaching *r, const struct reached *one,
    struct buf *out)
{
	(void)r;
	buf_str(out, "it counts rules that can't fire: ");
	add_names(out, &one->view, "", " and ");
}

static const struct {
	const char *word;
	void (*add)(const struct reaching *r, const struct reached *one,
	    struct buf *out);
	const char *advice;
} whys[REACH_WHYS] = {
	[REACH_OFF] = { "off", why_off, "take the override away" },
	[REACH_SOURCE] = { "logsource", why_source,
	    "a decoder, or an entry in sources.yaml" },
	[REACH_FIELD] = { "field", why_field, "a decoder that sets it" },
	[REACH_VALUE] = { "value", why_value,
	    "compare it with what the decoders set" },
	[REACH_TOGETHER] = { "together", why_together,
	    "a decoder that sets them in one pattern" },
	[REACH_RULES] = { "rules", why_rules, "see why these can't" },
};

static void
add_why(const struct reaching *r, const struct reached *one,
    struct buf *out)
{
	if (whys[one->view.why].add != NULL)
		whys[one->view.why].add(r, one, out);
}

void
reach_group_text(const struct reaching *r, const struct reached *one,
    struct buf *out)
{
	if (one->view.why == REACH_RULES)
		buf_str(out, "they count rules that can't fire");
	else
		add_why(r, one, out);
}

/* A place is a path, or the name of an input. */
static void
add_place(struct buf *out, const struct reach_view *v)
{
	buf_str(out, slice_starts(v->place, S("/")) ? "read " :
	    "enable the input ");
	buf_add(out, v->place);
	if (v->place_only != NULL)
		buf_fmt(out, ", written %s", if_of(v->place_only)->as);
}

void
reach_do_text(const struct reaching *r, const struct reached *one,
    struct buf *out)
{
	if (one->view.place.len > 0)
		add_place(out, &one->view);
	else if (reach_is_foreign(r, one))
		buf_str(out, REACH_FOREIGN);
	else if (whys[one->view.why].advice != NULL)
		buf_str(out, whys[one->view.why].advice);
}

/* --- as JSON ------------------------------------------------------------- */

static void
write_reasons(const struct reaching *r, const struct reached *one,
    struct jsonw *w)
{
	const struct reach_view *v = &one->view;
	struct buf text = { 0 };

	jsonw_key(w, S("reasons"));
	jsonw_array(w);
	if (v->why != REACH_FINE) {
		jsonw_object(w);
		jsonw_pair(w, "why", slice_of(whys[v->why].word));
		add_why(r, one, &text);
		jsonw_pair(w, "text", buf_slice(&text));
		buf_clear(&text);
		reach_do_text(r, one, &text);
		jsonw_pair(w, "advice", buf_slice(&text));
		jsonw_key(w, S("names"));
		jsonw_array(w);
		for (size_t i = 0; i < v->name_count; i++)
			jsonw_str(w, v->names[i]);
		jsonw_array_end(w);
		if (v->place.len > 0)
			jsonw_pair(w, "place", v->place);
		if (v->place_only != NULL)
			jsonw_pair(w, "as", slice_of(v->place_only));
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	buf_free(&text);
}

static void
print_json(const struct reaching *r, const struct reached *one)
{
	struct buf text = { 0 };
	struct jsonw w = { .out = &text };

	jsonw_object(&w);
	jsonw_pair(&w, "id", one->rule.info.id);
	jsonw_pair(&w, "title", one->rule.info.title);
	jsonw_pair(&w, "reach", slice_of(word_of(one)));
	if (one->view.by.len > 0)
		jsonw_pair(&w, "decoder", one->view.by);
	if (one->view.silent) {
		jsonw_key(&w, S("silent"));
		jsonw_bool(&w, true);
	}
	if (one->view.expects) {
		jsonw_key(&w, S("expects"));
		jsonw_bool(&w, one->view.verdict != REACH_NO);
	}
	write_reasons(r, one, &w);
	jsonw_object_end(&w);
	buf_byte(&text, '\n');
	fwrite(text.p, 1, text.len, r->screen->out);
	buf_free(&text);
}

/* --- one rule ------------------------------------------------------------ */

static void
add_verdict(const struct reached *one, struct buf *out)
{
	const struct reach_view *v = &one->view;

	if (one->always)
		buf_str(out, "always: what it expects can't come");
	else if (one->fires == REACH_IF)
		buf_str(out, if_of(v->only)->what);
	else
		buf_str(out, one->fires == REACH_YES ? "yes" : "no");
	if (one->fires == REACH_YES && v->silent)
		buf_str(out, ", for correlations alone");
}

void
reach_one(const struct reaching *r, size_t rule)
{
	const struct reached one = r->rules[rule];
	struct buf text = { 0 };

	if (r->json) {
		print_json(r, &one);
		return;
	}
	screen_pair(r->screen, "title", one.rule.info.title);
	screen_pair(r->screen, "id", one.rule.info.id);
	print_source(&text, r->detector, one.rule.source);
	if (text.len > 0)
		screen_pair(r->screen, "source", buf_slice(&text));
	buf_clear(&text);
	add_verdict(&one, &text);
	screen_pair(r->screen, "can fire", buf_slice(&text));
	if (one.view.by.len > 0)
		screen_pair(r->screen, "decoder", one.view.by);
	buf_clear(&text);
	add_why(r, &one, &text);
	if (text.len > 0)
		screen_pair(r->screen, one.fires == REACH_NO ? "why not" :
		    "because", buf_slice(&text));
	buf_clear(&text);
	reach_do_text(r, &one, &text);
	if (text.len > 0)
		screen_pair(r->screen, "advice", buf_slice(&text));
	buf_free(&text);
}

/* --- all of them --------------------------------------------------------- */

static void
add_row(struct table *t, const struct reaching *r, const struct reached *one)
{
	static const enum paint paints[] = {
		[REACH_NO] = PAINT_DIM, [REACH_IF] = PAINT_YELLOW,
		[REACH_YES] = PAINT_GREEN,
	};
	struct buf why = { 0 };

	buf_str(&why, one->always ? "it expects what can't come: " : "");
	add_why(r, one, &why);
	table_cell(t, paints[one->fires], slice_of(word_of(one)));
	table_cell(t, PAINT_NONE, slice_head(one->rule.info.id, ID_SHOWN));
	table_cell(t, PAINT_NONE, one->rule.info.title);
	table_cell(t, PAINT_NONE, buf_slice(&why));
	buf_free(&why);
}

void
reach_list(const struct reaching *r)
{
	static const struct column columns[] = {
		{ .title = "CAN" }, { .title = "ID" },
		{ .title = "TITLE", .most = 60 },
		{ .title = "WHY NOT", .stretch = true },
	};
	struct table *t = table_new(r->screen, columns, COUNT(columns));

	for (size_t i = 0; i < r->count; i++)
		if (!r->json)
			add_row(t, r, &r->rules[i]);
		else
			print_json(r, &r->rules[i]);
	if (!r->json)
		table_print(t, true);
	table_free(t);
}
