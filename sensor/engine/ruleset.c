#include "engine/ruleset.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/map.h"
#include "base/when.h"
#include "engine/beside.h"
#include "engine/collection.h"
#include "engine/order.h"
#include "engine/program.h"

enum { FILE_MAX = 16 << 20 };

struct ruleset *
ruleset_new(struct schema *s)
{
	struct ruleset *rs = xcalloc(1, sizeof(*rs));
	struct diag none = { 0 };

	rs->schema = s;
	rs->keep = arena_new(0);
	rs->build = arena_new(0);
	rs->predicates = predicates_new();
	rs->memory = memory_new();
	opt_read(limit_opts, &rs->limits, NULL, NULL, "", rs->keep, &none);
	memory_limit(rs->memory, rs->limits.memory);
	rs->tuning = tuning_new(rs->memory, s);
	rs->correlator = correlator_new();
	return rs;
}

void
ruleset_free(struct ruleset *rs)
{
	if (rs == NULL)
		return;
	memory_free(rs->memory);
	expectations_free(rs->expectations);
	correlator_free(rs->correlator);
	roster_free(rs->roster);
	tuning_free(rs->tuning);
	predicates_free(rs->predicates);
	arena_free(rs->keep);
	arena_free(rs->build);
	for (size_t i = 0; i < rs->count; i++)
		rule_mute(&rs->rules[i], NULL);
	free(rs->rules);
	free(rs->filters);
	free(rs->questions);
	buf_free(&rs->digests);
	free(rs);
}

void
ruleset_limit(struct ruleset *rs, const struct ruleset_limits *limits)
{
	rs->limits = *limits;
	memory_limit(rs->memory, limits->memory);
}

void
ruleset_placeholders(struct ruleset *rs, const struct node *map)
{
	rs->placeholders = map;
}

void
ruleset_lint(struct ruleset *rs, const struct lint_asked *asked)
{
	rs->lint = (struct lint){ asked->advice, asked->own, *asked,
	    schema_count(rs->schema), schema_words(rs->schema) };
}

static int
add_rule(struct ruleset *rs, struct load *l, const struct node *doc)
{
	struct rule r;

	if (rule_read(l, doc, &r) == -1)
		return -1;
	r.document = rule_document(doc);
	if (rs->count == rs->room) {
		rs->room = rs->room * 2 + 16;
		rs->rules = xrealloc(rs->rules, rs->room, sizeof(*rs->rules));
	}
	rs->rules[rs->count++] = r;
	return 0;
}

static int
add_filter(struct ruleset *rs, struct load *l, const struct node *doc)
{
	struct filter f;

	if (filter_read(l, doc, &f) == -1)
		return -1;
	rs->filters = xrealloc(rs->filters, rs->filter_count + 1,
	    sizeof(*rs->filters));
	rs->filters[rs->filter_count++] = f;
	return 0;
}

/* Says which placeholders the document would have wanted. */
static void
tell_missing(struct load *l)
{
	struct missing *m = &l->missing;

	if (m->names.len > 0)
		diag_refuse(l->diag, m->at.file, m->at.line, m->at.column,
		    "no values for %s: set them under \"placeholders\" in "
		    "the configuration", buf_cstr(&m->names));
	buf_clear(&m->names);
}

static void
add_document(struct ruleset *rs, struct load *l, const struct node *doc)
{
	bool filter = node_get(doc, "filter") != NULL;
	int ret = filter ? add_filter(rs, l, doc) : add_rule(rs, l, doc);

	if (rs->lint.advice != NULL && !rs->lint.asked.tuning &&
	    doc->type == NODE_MAP &&
	    lint_document(&rs->lint, l, doc, ret == -1 || filter ? NULL :
	    rs->rules[rs->count - 1].expr) == -1 && ret == 0) {
		rs->count -= !filter;
		ret = -1;
	}
	tell_missing(l);
	rs->refused += ret == -1;
}

struct load
ruleset_load_begin(struct ruleset *rs, const char *name, struct diag *d)
{
	return (struct load){
		.keep = rs->keep, .build = rs->build, .schema = rs->schema,
		.predicates = rs->predicates, .diag = d,
		.placeholders = rs->placeholders, .limits = rs->limits,
		.file = (const char *)arena_keep(rs->keep,
		    slice_of(name)).p,
	};
}

static struct node *
parse(struct ruleset *rs, struct arena *yaml, const char *name,
    struct slice bytes, struct diag *d)
{
	struct digest digest = digest_one(bytes);
	struct node *docs;

	buf_add(&rs->digests, digest_slice(&digest));
	if (yaml_parse(yaml, name, bytes, &docs, d) == 0)
		return docs;
	rs->refused++;
	return NULL;
}

static void
take_document(struct ruleset *rs, struct load *l, struct collection *c,
    const struct node *n)
{
	const struct node *doc;

	if (beside_is(l->file)) {
		beside_read(l, n, &rs->beside);
		return;
	}
	doc = collection_next(c, n, l->diag);
	if (doc != NULL)
		add_document(rs, l, doc);
}

static void
add_documents(struct ruleset *rs, const char *name, struct slice bytes,
    struct diag *d)
{
	struct arena *yaml = arena_new(0);
	struct load l = ruleset_load_begin(rs, name, d);
	struct collection c = { .arena = yaml };

	for (struct node *n = parse(rs, yaml, name, bytes, d); n != NULL;
	    n = n->next)
		take_document(rs, &l, &c, n);
	buf_free(&l.missing.names);
	arena_free(yaml);
}

static void
add_tuning(struct ruleset *rs, enum tune_kind kind, const char *name,
    struct slice bytes, struct diag *d)
{
	struct arena *yaml = arena_new(0);
	struct load l = ruleset_load_begin(rs, name, d);

	for (struct node *n = parse(rs, yaml, name, bytes, d); n != NULL;
	    n = n->next) {
		tuning_read(rs->tuning, &l, kind, n);
		tell_missing(&l);
	}
	buf_free(&l.missing.names);
	arena_free(yaml);
}

static void
add_exceptions(struct ruleset *rs, const char *name, struct slice bytes,
    struct diag *d)
{
	add_tuning(rs, TUNE_EXCEPTION, name, bytes, d);
}

static void
add_overrides(struct ruleset *rs, const char *name, struct slice bytes,
    struct diag *d)
{
	add_tuning(rs, TUNE_OVERRIDE, name, bytes, d);
}

int
ruleset_load_text(struct ruleset *rs, const char *name, struct slice bytes,
    struct diag *d)
{
	unsigned before = d->errors;

	add_documents(rs, name, bytes, d);
	return d->errors > before ? -1 : 0;
}

/* What walk_files calls back with. */
struct walk {
	struct ruleset *rs;
	struct diag *diag;
	void (*add)(struct ruleset *rs, const char *name, struct slice bytes,
	    struct diag *d);
	size_t root_len;	/* of the path that was asked for */
};

static int
load_file(void *arg, const char *path)
{
	struct walk *w = arg;
	struct buf bytes = { 0 };
	struct err err;

	if (strstr(path + w->root_len, "/decoders/") != NULL ||
	    strcmp(path + w->root_len, "/sources.yaml") == 0)
		return 0;
	if (read_file(path, &bytes, FILE_MAX, &err) == -1)
		diag_error(w->diag, NULL, 0, 0, "%s", err.text);
	else
		w->add(w->rs, path, buf_slice(&bytes), w->diag);
	buf_free(&bytes);
	return 0;
}

static int
load_files(struct walk *w, const char *path)
{
	static const char *const suffixes[] = { ".yml", ".yaml", NULL };
	struct slice root = slice_of(path);
	unsigned before = w->diag->errors;
	struct err err;

	while (root.len > 1 && root.p[root.len - 1] == '/')
		root.len--;
	w->root_len = root.len;
	if (walk_files(path, suffixes, load_file, w, &err) == -1)
		diag_error(w->diag, NULL, 0, 0, "%s", err.text);
	return w->diag->errors > before ? -1 : 0;
}

/* A rule that is loaded alone brings the tests that stand beside it. */
static int
load_beside(struct walk *w, const char *path)
{
	unsigned before = w->diag->errors;
	struct buf tests = { 0 };
	struct stat sb;

	if (stat(path, &sb) == 0 && S_ISREG(sb.st_mode) &&
	    beside_path(path, &tests))
		load_file(w, buf_cstr(&tests));
	buf_free(&tests);
	return w->diag->errors > before ? -1 : 0;
}

int
ruleset_load(struct ruleset *rs, const char *path, struct diag *d)
{
	struct walk w = { rs, d, add_documents, 0 };
	int ret = load_files(&w, path);

	return load_beside(&w, path) == -1 ? -1 : ret;
}

int
ruleset_exceptions(struct ruleset *rs, const char *path, struct diag *d)
{
	return load_files(&(struct walk){ rs, d, add_exceptions, 0 }, path);
}

int
ruleset_overrides(struct ruleset *rs, const char *path, struct diag *d)
{
	return load_files(&(struct walk){ rs, d, add_overrides, 0 }, path);
}

int
ruleset_exceptions_text(struct ruleset *rs, const char *name,
    struct slice bytes, struct diag *d)
{
	unsigned before = d->errors;

	add_exceptions(rs, name, bytes, d);
	return d->errors > before ? -1 : 0;
}

int
ruleset_overrides_text(struct ruleset *rs, const char *name,
    struct slice bytes, struct diag *d)
{
	unsigned before = d->errors;

	add_overrides(rs, name, bytes, d);
	return d->errors > before ? -1 : 0;
}

/* Two rules with one id would be one rule to whoever reads the alerts. */
static void
check_ids(struct ruleset *rs, struct diag *d)
{
	struct map *seen = map_new();

	for (size_t i = 0; i < rs->count; i++) {
		struct rule *r = &rs->rules[i], *first;

		first = map_get(seen, r->info.id);
		map_put(seen, r->info.id, r);
		if (first == NULL)
			continue;
		r->unfit = true;
		diag_error(d, r->file, r->line, 1,
		    "the rule at %s:%u has the same %s \"%.*s\"", first->file,
		    first->line, r->has_id ? "id" : "title and also no id:",
		    (int)r->info.id.len, (const char *)r->info.id.p);
	}
	map_free(seen);
}

static void
bind_correlations(struct ruleset *rs, struct diag *d)
{
	correlations_bind(&(struct correlation_binding){
		.rules = rs->rules, .count = rs->count,
		.schema = rs->schema, .keep = rs->keep,
		.memory = rs->memory, .groups = (size_t)rs->limits.groups,
		.correlator = rs->correlator, .diag = d,
	});
}

int
ruleset_compile(struct ruleset *rs, struct diag *d)
{
	unsigned before = d->errors;

	check_ids(rs, d);
	beside_join(rs->beside, rs->rules, rs->count, rs->keep, d);
	filters_apply(rs->filters, rs->filter_count, rs->rules, rs->count,
	    rs->build, d);
	bind_correlations(rs, d);
	if (rs->lint.advice != NULL)
		lint_tunings(&rs->lint, rs->tuning, &(struct lint_rules){
			rs->rules, rs->count, rs->predicates, rs->schema });
	tuning_bind(rs->tuning, rs->rules, rs->count, rs->keep, d);
	for (size_t i = 0; i < rs->count; i++) {
		struct rule *r = &rs->rules[i];

		if (r->expr == NULL)
			continue;
		expr_order(rs->predicates, r->expr);
		r->code = program_new(rs->keep, r->expr, &r->code_len);
		if (r->code != NULL)
			continue;
		r->unfit = true;
		diag_error(d, r->file, r->line, 1, "the rule is too large: "
		    "more than %d steps", PROGRAM_MAX);
	}
	questions_compile(rs);
	if (d->errors > before)
		return -1;
	if (rs->lint.advice != NULL && !rs->lint.asked.tuning)
		lint_rules(&rs->lint, rs->rules, rs->count);
	predicates_seal(rs->predicates);
	rs->roster = roster_new(rs->rules, rs->count, rs->predicates);
	rs->expectations = expectations_new(rs->memory, rs->schema, rs->rules,
	    rs->count);
	for (size_t i = 0; i < rs->count; i++)
		rs->rules[i].expr = NULL;
	arena_free(rs->build);
	rs->build = NULL;
	return 0;
}

void
ruleset_changed(const struct ruleset *rs,
    void (*each)(void *arg, struct slice key, struct slice value), void *arg)
{
	memory_changed(rs->memory, each, arg);
}

void
ruleset_settled(struct ruleset *rs)
{
	memory_settled(rs->memory);
}

bool
ruleset_recall(struct ruleset *rs, struct slice key, struct slice value)
{
	return memory_recall(rs->memory, key, value);
}

void
ruleset_offenders(struct ruleset *rs,
    void (*each)(void *arg, const struct rule_view *rule), void *arg)
{
	uint32_t n;

	while (roster_offender(rs->roster, &n)) {
		struct rule_view rule = ruleset_view(rs, n);

		each(arg, &rule);
	}
}

void
ruleset_forget(struct ruleset *rs)
{
	for (size_t i = 0; i < rs->count; i++) {
		struct rule *r = &rs->rules[i];

		r->matches = r->aborted = 0;
		if (r->correlation != NULL)
			r->correlation->too_late = 0;
		r->stopped = false;
		r->ration = (struct ration){ 0 };
	}
	roster_forget(rs->roster);
	memory_clear(rs->memory);
}

size_t
ruleset_count(const struct ruleset *rs)
{
	return rs->count;
}

size_t
ruleset_fit(const struct ruleset *rs)
{
	size_t n = 0;

	for (size_t i = 0; i < rs->count; i++)
		n += !rs->rules[i].unfit;
	return n;
}

size_t
ruleset_refused(const struct ruleset *rs)
{
	return rs->refused + rs->count - ruleset_fit(rs);
}

bool
ruleset_mute(struct ruleset *rs, struct slice id, const struct mute *m)
{
	for (size_t i = 0; i < rs->count; i++) {
		if (!slice_eq_nocase(rs->rules[i].info.id, id))
			continue;
		rule_mute(&rs->rules[i], m);
		return true;
	}
	return false;
}

void
ruleset_measure(struct ruleset *rs)
{
	roster_measure(rs->roster);
}

size_t
ruleset_tables(const struct ruleset *rs)
{
	return roster_bytes(rs->roster);
}

size_t
ruleset_tunings(const struct ruleset *rs)
{
	return tuning_count(rs->tuning);
}

struct tuning_view
ruleset_tuning(const struct ruleset *rs, size_t i)
{
	return tuning_get(rs->tuning, i)->view;
}

bool
ruleset_tunes(const struct ruleset *rs, size_t i, size_t rule)
{
	return tune_names(tuning_get(rs->tuning, i), &rs->rules[rule]);
}

bool
ruleset_hides(struct ruleset *rs, size_t i, const struct event *ev)
{
	predicates_event(rs->predicates, ev);
	return tune_hides(tuning_get(rs->tuning, i), rs->predicates);
}

void
ruleset_hash(const struct ruleset *rs, char out[65])
{
	struct digest digest = digest_one(buf_slice(&rs->digests));
	struct buf hex = { 0 };

	buf_hex(&hex, digest_slice(&digest));
	slice_to_cstr(buf_slice(&hex), out, 65);
	buf_free(&hex);
}
