/*
 * Reads pattern decoders from YAML. Everything that is wrong in a file is
 * told at once, at its line and column.
 */
#include <stdlib.h>

#include "base/file.h"
#include "decode/decoderfile.h"

enum { GROUP_NAMES_MAX = 64 };

/* One decoder being read. */
struct reading {
	struct decoders *d;
	struct diag *diag;
	const struct node *doc;
	struct decoder_file *file;
	const struct node *constants;	/* fields for all patterns */
};

static const char *const decoder_keys[] = {
	"decoder", "description", "programs", "services", "product",
	"category", "fields", "lines", "patterns", NULL
};
static const char *const pattern_keys[] = {
	"name", "description", "match", "fields", "record", "tests", "not",
	NULL
};
static const char *const line_keys[] = {
	"match", "description", "fields", NULL
};
static const char *const test_keys[] = { "line", "gives", NULL };

/* ECS has these as numbers. */
static const struct slice number_fields[] = {
	SLICE("source.port"), SLICE("destination.port"), SLICE("client.port"),
	SLICE("server.port"), SLICE("process.pid"),
	SLICE("process.parent.pid"), SLICE("process.exit_code"),
};

static bool
is_number_field(struct slice name)
{
	for (size_t i = 0; i < COUNT(number_fields); i++)
		if (slice_eq(number_fields[i], name))
			return true;
	return false;
}

/* A child that must be there and be of a type. */
static const struct node *
need(struct diag *diag, const struct node *map, const char *key,
    enum node_type type)
{
	static const char *const names[] = { "text", "a list", "a map" };
	const struct node *n = node_get(map, key);

	if (n == NULL)
		node_error(diag, map, "\"%s\" is missing", key);
	else if (n->type != type)
		node_error(diag, n, "\"%s\" has to be %s", key, names[type]);
	else if (type != NODE_MAP && n->count == 0 && n->text.len == 0)
		node_error(diag, n, "\"%s\" is empty", key);
	else
		return n;
	return NULL;
}

/* A list of texts, or one text; the first, and how many in *count. */
static const struct node *
texts(struct diag *diag, const struct node *n, size_t *count)
{
	*count = 0;
	if (n == NULL)
		return NULL;
	if (n->type == NODE_SCALAR) {
		*count = 1;
		return n;
	}
	if (n->type == NODE_MAP) {
		node_error(diag, n, "expected a list of names");
		return NULL;
	}
	for (const struct node *e = n->first; e != NULL; e = e->next) {
		if (e->type != NODE_SCALAR || e->text.len == 0) {
			node_error(diag, e, "expected a name");
			return NULL;
		}
	}
	*count = n->count;
	return n->first;
}

static void
read_programs(struct reading *r)
{
	const struct node *list = node_get(r->doc, "programs"), *n;
	struct slice *names;
	size_t count;

	if (list == NULL) {
		node_error(r->diag, r->doc, "\"programs\" is missing");
		return;
	}
	n = texts(r->diag, list, &count);
	if (n == NULL) {
		if (list->type == NODE_LIST && list->count == 0)
			node_error(r->diag, list, "\"programs\" is empty");
		return;
	}
	names = arena_alloc(r->d->arena, count * sizeof(*names));
	r->file->programs = names;
	r->file->program_count = count;
	for (size_t i = 0; i < count; i++, n = n->next) {
		names[i] = n->text;
		r->file->any |= slice_eq(n->text, S("*"));
	}
}

static uint16_t
word(struct reading *r, struct slice text)
{
	int n = schema_word(r->d->schema, text);

	if (n == -1) {
		node_error(r->diag, r->doc, "more than %d words in log sources",
		    SCHEMA_WORDS_MAX);
		return 0;
	}
	return (uint16_t)n;
}

static void
read_sources(struct reading *r)
{
	const struct node *services = node_get(r->doc, "services"), *n;
	struct slice product = node_text(r->doc, "product");
	struct slice category = node_text(r->doc, "category");
	struct logsource base, *sources;
	size_t count;

	n = texts(r->diag, services, &count);
	if (services == NULL && category.len == 0 && product.len == 0)
		return;
	if (count > EVENT_SOURCES_MAX - 2) {
		node_error(r->diag, services, "more than %d services",
		    EVENT_SOURCES_MAX - 2);
		return;
	}
	base.product = word(r, product.len > 0 ? product : S("linux"));
	base.category = word(r, category);
	base.service = 0;
	r->file->source_count = count > 0 ? count : 1;
	sources = arena_alloc(r->d->arena,
	    r->file->source_count * sizeof(*sources));
	r->file->sources = sources;
	sources[0] = base;
	for (size_t i = 0; i < count; i++, n = n->next) {
		sources[i] = base;
		sources[i].service = word(r, n->text);
	}
}

/* Names of a regex's groups, for "did you mean". */
struct groups {
	const char *names[GROUP_NAMES_MAX + 1];
	size_t count;
};

static void
group_add(void *arg, const char *name, unsigned n)
{
	struct groups *g = arg;

	(void)n;
	if (g->count < GROUP_NAMES_MAX)
		g->names[g->count++] = name;
}

static int
read_group(struct reading *r, const struct pattern *p, const struct node *n,
    struct setting *s)
{
	const char *name = node_cstr(n) + 1, *near;
	struct groups groups = { 0 };

	s->group = regex_name(p->regex, name);
	if (s->group != -1)
		return 0;
	regex_names(p->regex, group_add, &groups);
	near = did_you_mean(name, groups.names);
	if (near == NULL)
		return node_error(r->diag, n,
		    "\"match\" has no group \"%s\"", name);
	return node_error(r->diag, n,
	    "\"match\" has no group \"%s\"; did you mean \"$%s\"?", name,
	    near);
}

static void
read_constant(const struct node *n, struct setting *s)
{
	bool truth;

	s->group = -1;
	s->text = n->text;
	s->type = VALUE_STRING;
	if (n->quoted)
		return;
	if (node_bool(n, &truth) == 0)
		s->type = VALUE_BOOL;
	else
		s->type = decode_number(n->text);
}

/* value of "field: value"; p NULL: a constant of the whole decoder. */
static int
read_setting(struct reading *r, const struct pattern *p, const struct node *n,
    struct setting *s)
{
	if (n->type != NODE_SCALAR || node_is_null(n))
		return node_error(r->diag, n, "expected a value or $group");
	s->field = schema_field(r->d->schema, n->key->text);
	if (s->field == -1)
		return node_error(r->diag, n, "more than %d fields",
		    SCHEMA_FIELDS_MAX);
	s->number = is_number_field(n->key->text);
	if (!slice_starts(n->text, S("$"))) {
		read_constant(n, s);
		return 0;
	}
	if (slice_starts(n->text, S("$$"))) {
		*s = (struct setting){ .field = s->field, .group = -1,
		    .type = VALUE_STRING, .text = slice_from(n->text, 1) };
		return 0;
	}
	return read_group(r, p, n, s);
}

/* Settings of a map, but for those that another map has too. */
static void
add_settings(struct reading *r, struct pattern *p, struct setting *settings,
    const struct node *map, const struct node *but)
{
	if (map == NULL)
		return;
	for (const struct node *n = map->first; n != NULL; n = n->next) {
		if (node_get(but, node_cstr(n->key)) != NULL)
			continue;
		if (read_setting(r, p, n, &settings[p->setting_count]) == 0)
			p->setting_count++;
	}
}

/* The decoder's constants, unless the pattern's own replace them. */
static void
read_settings(struct reading *r, struct pattern *p, const struct node *own)
{
	size_t count = (own == NULL ? 0 : own->count) +
	    (r->constants == NULL ? 0 : r->constants->count);
	struct setting *settings;

	if (count == 0)
		return;
	settings = arena_alloc(r->d->arena, count * sizeof(*settings));
	add_settings(r, p, settings, r->constants, own);
	add_settings(r, p, settings, own, NULL);
	p->settings = settings;
}

static int
read_match(struct reading *r, struct pattern *p, const struct node *n)
{
	struct err err;
	size_t at;

	if (n == NULL)
		return -1;
	p->regex = regex_new(n->text, REGEX_DOTALL, &at, &err);
	if (p->regex == NULL)
		return diag_error(r->diag, n->file, n->line,
		    n->column + n->quoted + (unsigned)at, "%s", err.text);
	p->prefix = regex_prefix(p->regex);
	return 0;
}

static void
read_record(struct reading *r, struct pattern *p, const struct node *n)
{
	if (n == NULL)
		return;
	if (n->type != NODE_SCALAR) {
		node_error(r->diag, n, "expected a kind of record");
		return;
	}
	for (size_t i = 0; decode_records[i] != NULL; i++)
		if (slice_eq(n->text, slice_of(decode_records[i])))
			p->kept = n->text;
	if (p->kept.len == 0)
		node_no_such(r->diag, n, "kind of record", decode_records);
}

/* Only their shape: what they say is tried by decoders_test. */
static void
check_tests(struct reading *r, const struct node *tests)
{
	if (tests == NULL)
		return;
	if (tests->type != NODE_LIST) {
		node_error(r->diag, tests, "\"tests\" has to be a list");
		return;
	}
	for (const struct node *t = tests->first; t != NULL; t = t->next) {
		if (node_known(r->diag, t, test_keys, "test") == -1)
			continue;
		need(r->diag, t, "line", NODE_SCALAR);
		if (node_get(t, "gives") != NULL)
			need(r->diag, t, "gives", NODE_MAP);
	}
}

static bool
is_twice(const struct decoder_file *f, struct slice name)
{
	for (size_t i = 0; i < f->pattern_count; i++)
		if (slice_eq(f->patterns[i].name, name))
			return true;
	return false;
}

static struct slice
full_name(struct reading *r, const struct node *name)
{
	struct buf b = { 0 };
	struct slice kept;

	buf_fmt(&b, "%s/%s", node_cstr(node_get(r->doc, "decoder")),
	    node_cstr(name));
	kept = arena_keep(r->d->arena, buf_slice(&b));
	buf_free(&b);
	return kept;
}

static void
read_pattern(struct reading *r, const struct node *n)
{
	struct pattern *p = &r->file->patterns[r->file->pattern_count];
	const struct node *name, *fields = node_get(n, "fields");
	size_t count;

	if (n->type != NODE_MAP) {
		node_error(r->diag, n, "expected a map");
		return;
	}
	node_known(r->diag, n, pattern_keys, "pattern");
	name = need(r->diag, n, "name", NODE_SCALAR);
	if (fields != NULL)
		fields = need(r->diag, n, "fields", NODE_MAP);
	if (read_match(r, p, need(r->diag, n, "match", NODE_SCALAR)) == -1 ||
	    name == NULL) {
		regex_free(p->regex);
		p->regex = NULL;
		return;
	}
	p->at = n;
	p->name = full_name(r, name);
	if (is_twice(r->file, p->name))
		node_error(r->diag, name, "a second pattern \"%s\"",
		    node_cstr(name));
	r->file->pattern_count++;
	read_settings(r, p, fields);
	read_record(r, p, node_get(n, "record"));
	check_tests(r, node_get(n, "tests"));
	texts(r->diag, node_get(n, "not"), &count);
}

static void
read_patterns(struct reading *r)
{
	const struct node *list = need(r->diag, r->doc, "patterns", NODE_LIST);

	if (list == NULL)
		return;
	r->file->patterns = arena_alloc(r->d->arena,
	    list->count * sizeof(*r->file->patterns));
	for (const struct node *n = list->first; n != NULL; n = n->next)
		read_pattern(r, n);
}

static bool
may_start(const struct pattern *p, unsigned c)
{
	if (c > UCHAR_MAX)
		return p->prefix.len == 0;
	if (p->prefix.len > 0)
		return p->prefix.p[0] == c;
	return regex_starts(p->regex, (unsigned char)c);
}

/* The program of such a line is the first name, so that has to be one. */
static void
read_line(struct reading *r, const struct node *n)
{
	struct ownline *own = &r->file->lines[r->file->line_count];
	const struct node *match, *fields = node_get(n, "fields");
	struct regex *re;

	if (n->type != NODE_MAP) {
		node_error(r->diag, n, "expected a map");
		return;
	}
	node_known(r->diag, n, line_keys, "a line");
	if (fields != NULL)
		fields = need(r->diag, n, "fields", NODE_MAP);
	match = need(r->diag, n, "match", NODE_SCALAR);
	if (read_match(r, &own->pattern, match) == -1)
		return;
	re = own->pattern.regex;
	r->file->line_count++;
	own->message = regex_name(re, "message");
	own->time = regex_name(re, "time");
	own->pid = regex_name(re, "pid");
	own->host = regex_name(re, "host");
	for (unsigned c = 0; c < COUNT(own->starts); c++)
		own->starts[c] = may_start(&own->pattern, c);
	read_settings(r, &own->pattern, fields);
}

static void
read_lines(struct reading *r)
{
	const struct node *list = node_get(r->doc, "lines");

	if (list == NULL || need(r->diag, r->doc, "lines", NODE_LIST) == NULL)
		return;
	if (r->file->program_count == 0 ||
	    slice_find_byte(r->file->programs[0], '*') != SIZE_MAX) {
		node_error(r->diag, list, "the first of \"programs\" has to "
		    "be the program of these lines");
		return;
	}
	r->file->lines = arena_alloc(r->d->arena,
	    list->count * sizeof(*r->file->lines));
	for (const struct node *n = list->first; n != NULL; n = n->next)
		read_line(r, n);
}

/* A byte that no pattern starts with shares the empty list. */
static void
list_starts(struct decoders *d, struct decoder_file *f)
{
	const struct pattern **none = arena_alloc(d->arena, sizeof(*none));

	for (unsigned c = 0; c < COUNT(f->starting); c++) {
		size_t n = 0;

		for (size_t i = 0; i < f->pattern_count; i++)
			n += may_start(&f->patterns[i], c);
		f->starting[c] = none;
		if (n == 0)
			continue;
		f->starting[c] = arena_alloc(d->arena,
		    (n + 1) * sizeof(*none));
		n = 0;
		for (size_t i = 0; i < f->pattern_count; i++)
			if (may_start(&f->patterns[i], c))
				f->starting[c][n++] = &f->patterns[i];
	}
}

static void
add_file(struct decoders *d, struct decoder_file *f)
{
	d->files = xrealloc(d->files, d->count + 1, sizeof(*d->files));
	d->files[d->count++] = f;
}

static void
check_name(struct reading *r, const struct node *name)
{
	for (size_t i = 0; i < r->d->count; i++)
		if (slice_eq(r->d->files[i]->name, name->text))
			node_error(r->diag, name, "a second decoder \"%s\"",
			    node_cstr(name));
}

/* The decoder is added though something in it is wrong: it owns regexes. */
static void
read_decoder(struct decoders *d, const struct node *doc, struct diag *diag)
{
	struct reading r = { .d = d, .diag = diag, .doc = doc };
	const struct node *name;

	if (doc->type != NODE_MAP) {
		node_error(diag, doc, "expected a decoder: a map");
		return;
	}
	node_known(diag, doc, decoder_keys, "decoder");
	name = need(diag, doc, "decoder", NODE_SCALAR);
	if (name == NULL)
		return;
	check_name(&r, name);
	r.file = arena_alloc(d->arena, sizeof(*r.file));
	r.file->name = name->text;
	read_programs(&r);
	read_sources(&r);
	if (node_get(doc, "fields") != NULL)
		r.constants = need(diag, doc, "fields", NODE_MAP);
	read_lines(&r);
	read_patterns(&r);
	list_starts(d, r.file);
	add_file(d, r.file);
}

struct walk {
	struct decoders *d;
	struct diag *diag;
};

static int
read_path(void *arg, const char *path)
{
	struct walk *w = arg;
	struct node *doc;

	if (yaml_read(w->d->arena, path, &doc, w->diag) == -1)
		return 0;
	for (; doc != NULL; doc = doc->next)
		read_decoder(w->d, doc, w->diag);
	return 0;
}

int
decoders_load(struct decoders *d, const char *path, struct diag *diag)
{
	static const char *const suffixes[] = { ".yaml", ".yml", NULL };
	struct walk w = { d, diag };
	unsigned before = diag->errors;
	struct err err;

	if (walk_files(path, suffixes, read_path, &w, &err) == -1)
		diag_error(diag, NULL, 0, 0, "%s", err.text);
	decoders_route(d);
	return diag->errors > before ? -1 : 0;
}
