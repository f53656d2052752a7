#include "cli/rules_print.h"

#include "base/file.h"
#include "cli/table.h"
#include "cli/tuning_print.h"

enum { ID_SHOWN = 8, FILE_MAX = 16 << 20 };

void
print_source(struct buf *out, const struct detector *det,
    struct logsource source)
{
	const uint16_t words[] = {
		source.product, source.category, source.service,
	};
	size_t from = out->len;

	for (size_t i = 0; i < COUNT(words); i++) {
		if (words[i] == 0)
			continue;
		buf_str(out, out->len > from ? " / " : "");
		buf_add(out, schema_word_text(det->schema, words[i]));
	}
}

static void
write_sources(struct jsonw *w, const struct detector *det,
    struct logsource source)
{
	const struct {
		const char *key;
		uint16_t word;
	} words[] = {
		{ "product", source.product },
		{ "category", source.category },
		{ "service", source.service },
	};

	jsonw_key(w, S("logsource"));
	jsonw_object(w);
	for (size_t i = 0; i < COUNT(words); i++)
		if (words[i].word != 0)
			jsonw_pair(w, words[i].key, schema_word_text(
			    det->schema, words[i].word));
	jsonw_object_end(w);
}

static void
write_tags(struct jsonw *w, const struct rule_info *info)
{
	jsonw_key(w, S("tags"));
	jsonw_array(w);
	for (size_t i = 0; i < info->tag_count; i++)
		jsonw_str(w, info->tags[i]);
	jsonw_array_end(w);
}

static void
pair_if(struct jsonw *w, const char *key, struct slice text)
{
	if (text.len > 0)
		jsonw_pair(w, key, text);
}

static void
print_json(const struct detector *det, const struct rule_view *rule,
    const struct screen *s)
{
	struct buf text = { 0 };
	struct jsonw w = { .out = &text };

	jsonw_object(&w);
	jsonw_pair(&w, "id", rule->info.id);
	jsonw_pair(&w, "title", rule->info.title);
	jsonw_pair(&w, "level", slice_of(level_name(rule->info.level)));
	pair_if(&w, "status", rule->status);
	pair_if(&w, "author", rule->author);
	pair_if(&w, "description", rule->info.description);
	pair_if(&w, "falsepositives", rule->falsepositives);
	pair_if(&w, "runbook", rule->info.runbook);
	write_sources(&w, det, rule->source);
	write_tags(&w, &rule->info);
	jsonw_pair(&w, "file", slice_of(rule->file));
	jsonw_pair_int(&w, "line", rule->line);
	jsonw_pair_int(&w, "tests", (int64_t)rule->test_count);
	pair_if(&w, "counted_by", rule->counted_by);
	if (rule->silent) {
		jsonw_key(&w, S("silent"));
		jsonw_bool(&w, true);
	}
	tuning_json(det->rules, rule, &w);
	jsonw_object_end(&w);
	buf_byte(&text, '\n');
	fwrite(text.p, 1, text.len, s->out);
	buf_free(&text);
}

static void
add_row(struct table *t, const struct detector *det,
    const struct rule_view *rule)
{
	struct buf source = { 0 }, level = { 0 };

	print_source(&source, det, rule->source);
	buf_str(&level, rule->enabled ? level_name(rule->info.level) : "off");
	buf_str(&level, rule->enabled && rule->levelled == -1 ? "" : " *");
	table_cell(t, rule->enabled ? paint_level(rule->info.level) :
	    PAINT_DIM, buf_slice(&level));
	table_cell(t, PAINT_NONE, slice_head(rule->info.id, ID_SHOWN));
	table_cell(t, PAINT_NONE, rule->info.title);
	table_cell(t, PAINT_NONE, buf_slice(&source));
	table_cell(t, PAINT_DIM, slice_of(rule->file));
	buf_free(&source);
	buf_free(&level);
}

static void
print_table(const struct detector *det, const struct screen *s)
{
	static const struct column columns[] = {
		{ .title = "LEVEL", .least = 13 },
		{ .title = "ID" },
		{ .title = "TITLE", .stretch = true, .most = 100 },
		{ .title = "LOG SOURCE", .most = 40 },
		{ .title = "FILE" },
	};
	struct table *t = table_new(s, columns, COUNT(columns));
	size_t n = ruleset_count(det->rules), tested = 0;
	struct buf tuned = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct rule_view rule = ruleset_view(det->rules, i);

		add_row(t, det, &rule);
		tested += rule.test_count > 0;
	}
	table_print(t, true);
	table_free(t);
	tuning_summary(det->rules, &tuned);
	fprintf(s->out, "\n%zu rule%s, %zu with tests%s%s\n", n,
	    n == 1 ? "" : "s", tested, tuned.len > 0 ? ", * " : "",
	    buf_cstr(&tuned));
	buf_free(&tuned);
}

void
print_rules(const struct detector *det, const struct screen *s, bool json)
{
	if (!json) {
		print_table(det, s);
		return;
	}
	for (size_t i = 0; i < ruleset_count(det->rules); i++) {
		struct rule_view rule = ruleset_view(det->rules, i);

		print_json(det, &rule, s);
	}
}

/* The key stands before the first line only. */
static void
print_lines(const struct screen *s, const char *key, struct slice text)
{
	struct slice line;
	bool more;

	text = slice_trim(text);
	if (text.len == 0)
		return;
	do {
		more = slice_cut(&text, '\n', &line);
		screen_pair(s, key, more ? line : text);
		key = "";
	} while (more);
}

static void
print_tags(const struct screen *s, const struct rule_info *info)
{
	struct buf tags = { 0 };

	for (size_t i = 0; i < info->tag_count; i++) {
		buf_str(&tags, i > 0 ? ", " : "");
		buf_add(&tags, info->tags[i]);
	}
	print_lines(s, "tags", buf_slice(&tags));
	buf_free(&tags);
}

static void
print_place(const struct screen *s, const struct rule_view *rule)
{
	struct buf text = { 0 };

	buf_fmt(&text, "%s:%u", rule->file, rule->line);
	screen_pair(s, "where", buf_slice(&text));
	buf_clear(&text);
	buf_fmt(&text, "%zu", rule->test_count);
	screen_pair(s, "tests", buf_slice(&text));
	buf_free(&text);
}

/* That nobody else says, and who wonders why it is silent has to know. */
static void
print_counted(const struct screen *s, const struct rule_view *rule)
{
	struct buf text = { 0 };

	if (rule->counted_by.len == 0)
		return;
	buf_fmt(&text, "by \"%.*s\"%s", (int)rule->counted_by.len,
	    (const char *)rule->counted_by.p, rule->silent ?
	    "; no alerts of its own (generate: true there gives them)" : "");
	screen_pair(s, "counted", buf_slice(&text));
	buf_free(&text);
}

/* The document as it stands in its file, which may have gone meanwhile. */
static void
print_document(const struct screen *s, const struct rule_view *rule)
{
	struct buf text = { 0 };
	struct slice rest, line;

	if (read_file(rule->file, &text, FILE_MAX, NULL) == -1)
		return;
	rest = buf_slice(&text);
	fputc('\n', s->out);
	for (unsigned n = 1; slice_cut(&rest, '\n', &line); n++) {
		if (n >= rule->line && slice_starts(line, S("---")))
			break;
		if (n >= rule->line)
			screen_line(s, line);
	}
	buf_free(&text);
}

void
print_rule(const struct detector *det, const struct rule_view *rule,
    const struct screen *s, bool json)
{
	struct buf source = { 0 }, level = { 0 };

	if (json) {
		print_json(det, rule, s);
		return;
	}
	print_source(&source, det, rule->source);
	screen_pair(s, "title", rule->info.title);
	screen_pair(s, "id", rule->info.id);
	tuning_level(det->rules, rule, &level);
	screen_pair(s, "level", buf_slice(&level));
	tuning_print(det->rules, rule, s);
	print_lines(s, "status", rule->status);
	print_lines(s, "source", buf_slice(&source));
	print_counted(s, rule);
	print_tags(s, &rule->info);
	print_lines(s, "author", rule->author);
	print_lines(s, "what", rule->info.description);
	print_lines(s, "false by", rule->falsepositives);
	print_lines(s, "runbook", rule->info.runbook);
	print_place(s, rule);
	print_document(s, rule);
	buf_free(&source);
	buf_free(&level);
}
