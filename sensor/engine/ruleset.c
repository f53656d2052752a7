#include "engine/engine.h"

#include <assert.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/map.h"
#include "engine/collection.h"
#include "engine/filters.h"
#include "engine/roster.h"
#include "engine/program.h"

enum { FILE_MAX = 16 << 20 };

struct ruleset {
	struct arena *keep, *build;
	struct schema *schema;
	struct predicates *predicates;
	struct rule *rules;
	size_t count, room;
	struct filter *filters;
	size_t filter_count;
	size_t refused;		/* documents that were wrong or left out */
	struct roster *roster;
	const struct node *placeholders;
	struct buf digests;	/* of the files, in order */
};

struct ruleset *
ruleset_new(struct schema *s)
{
	struct ruleset *rs = xcalloc(1, sizeof(*rs));

	rs->schema = s;
	rs->keep = arena_new(0);
	rs->build = arena_new(0);
	rs->predicates = predicates_new();
	return rs;
}

void
ruleset_free(struct ruleset *rs)
{
	if (rs == NULL)
		return;
	roster_free(rs->roster);
	predicates_free(rs->predicates);
	arena_free(rs->keep);
	arena_free(rs->build);
	free(rs->rules);
	free(rs->filters);
	buf_free(&rs->digests);
	free(rs);
}

void
ruleset_placeholders(struct ruleset *rs, const struct node *map)
{
	rs->placeholders = map;
}

static int
add_rule(struct ruleset *rs, struct load *l, const struct node *doc)
{
	struct rule r;

	if (rule_read(l, doc, &r) == -1)
		return -1;
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
	int ret = node_get(doc, "filter") != NULL ? add_filter(rs, l, doc) :
	    add_rule(rs, l, doc);

	tell_missing(l);
	rs->refused += ret == -1;
}

static void
add_documents(struct ruleset *rs, const char *name, struct slice bytes,
    struct diag *d)
{
	struct arena *yaml = arena_new(0);
	struct load l = {
		.keep = rs->keep, .build = rs->build, .schema = rs->schema,
		.predicates = rs->predicates, .diag = d,
		.placeholders = rs->placeholders,
		.file = (const char *)arena_keep(rs->keep,
		    slice_of(name)).p,
	};
	struct collection c = { .arena = yaml };
	struct digest digest = digest_one(bytes);
	struct node *docs;

	buf_add(&rs->digests, digest_slice(&digest));
	if (yaml_parse(yaml, name, bytes, &docs, d) == -1) {
		rs->refused++;
		docs = NULL;
	}
	for (struct node *n = docs; n != NULL; n = n->next) {
		const struct node *doc = collection_next(&c, n, d);

		if (doc != NULL)
			add_document(rs, &l, doc);
	}
	buf_free(&l.missing.names);
	arena_free(yaml);
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
	size_t root_len;	/* of the path that was asked for */
};

static int
load_file(void *arg, const char *path)
{
	struct walk *w = arg;
	struct buf bytes = { 0 };
	struct err err;

	if (strstr(path + w->root_len, "/decoders/") != NULL)
		return 0;
	if (read_file(path, &bytes, FILE_MAX, &err) == -1)
		diag_error(w->diag, NULL, 0, 0, "%s", err.text);
	else
		add_documents(w->rs, path, buf_slice(&bytes), w->diag);
	buf_free(&bytes);
	return 0;
}

int
ruleset_load(struct ruleset *rs, const char *path, struct diag *d)
{
	static const char *const suffixes[] = { ".yml", ".yaml", NULL };
	struct slice root = slice_of(path);
	struct walk w = { rs, d, 0 };
	unsigned before = d->errors;
	struct err err;

	while (root.len > 1 && root.p[root.len - 1] == '/')
		root.len--;
	w.root_len = root.len;
	if (walk_files(path, suffixes, load_file, &w, &err) == -1)
		diag_error(d, NULL, 0, 0, "%s", err.text);
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
		diag_error(d, r->file, r->line, 1,
		    "the rule at %s:%u has the same %s \"%.*s\"", first->file,
		    first->line, r->has_id ? "id" : "title and also no id:",
		    (int)r->info.id.len, (const char *)r->info.id.p);
	}
	map_free(seen);
}

int
ruleset_compile(struct ruleset *rs, struct diag *d)
{
	unsigned before = d->errors;

	check_ids(rs, d);
	filters_apply(rs->filters, rs->filter_count, rs->rules, rs->count,
	    rs->build, d);
	for (size_t i = 0; i < rs->count; i++) {
		struct rule *r = &rs->rules[i];

		r->code = program_new(rs->keep, r->expr, &r->code_len);
		if (r->code == NULL)
			diag_error(d, r->file, r->line, 1,
			    "the rule is too large: more than %d steps",
			    PROGRAM_MAX);
	}
	if (d->errors > before)
		return -1;
	predicates_seal(rs->predicates);
	rs->roster = roster_new(rs->rules, rs->count, rs->predicates);
	for (size_t i = 0; i < rs->count; i++)
		rs->rules[i].expr = NULL;
	arena_free(rs->build);
	rs->build = NULL;
	return 0;
}

void
ruleset_match(struct ruleset *rs, const struct event *ev,
    void (*matched)(void *arg, const struct match *m), void *arg)
{
	assert(rs->roster != NULL);
	roster_event(rs->roster, ev, matched, arg);
}

int64_t
ruleset_time(struct ruleset *rs, int64_t now,
    void (*matched)(void *arg, const struct match *m), void *arg)
{
	(void)rs;
	(void)now;
	(void)matched;
	(void)arg;
	return INT64_MAX;
}

void
ruleset_changed(const struct ruleset *rs,
    void (*each)(void *arg, struct slice key, struct slice value), void *arg)
{
	(void)rs;
	(void)each;
	(void)arg;
}

void
ruleset_settled(struct ruleset *rs)
{
	(void)rs;
}

bool
ruleset_recall(struct ruleset *rs, struct slice key, struct slice value)
{
	(void)rs;
	(void)key;
	(void)value;
	return false;
}

void
ruleset_forget(struct ruleset *rs)
{
	for (size_t i = 0; i < rs->count; i++)
		rs->rules[i].matches = rs->rules[i].aborted = 0;
}

size_t
ruleset_count(const struct ruleset *rs)
{
	return rs->count;
}

size_t
ruleset_refused(const struct ruleset *rs)
{
	return rs->refused;
}

struct rule_view
ruleset_view(const struct ruleset *rs, size_t i)
{
	const struct rule *r = &rs->rules[i];

	return (struct rule_view){
		.info = r->info, .file = r->file, .line = r->line,
		.status = r->status, .author = r->author,
		.falsepositives = r->falsepositives, .source = r->source,
		.tests = r->tests, .test_count = r->test_count,
		.matches = r->matches, .aborted = r->aborted,
	};
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
