#include "daemon/detector.h"

#include <sys/stat.h>
#include <unistd.h>

#include "daemon/ruletest.h"

/* A directory of decoders, or a file in one. */
static bool
is_decoder(const char *path)
{
	struct slice dir = slice_of(path), file;
	struct stat sb;

	while (slice_ends(dir, S("/")))
		dir.len--;
	if (stat(path, &sb) == -1)
		return false;
	if (S_ISREG(sb.st_mode) && !slice_split_last(dir, S("/"), &dir,
	    &file))
		return false;
	return slice_eq(dir, S("decoders")) ||
	    slice_ends(dir, S("/decoders"));
}

static bool
is_mapping(const char *path)
{
	struct slice name = slice_of(path);

	return slice_eq(name, S("sources.yaml")) ||
	    slice_ends(name, S("/sources.yaml"));
}

static bool
is_named(void *arg, struct slice field)
{
	return decoders_name(arg, field);
}

/* The same for what events are called besides. */
static size_t
load_mappings(struct detector *det, const struct strlist *paths,
    struct diag *d)
{
	size_t found = 0;

	for (size_t i = 0; i < paths->count; i++) {
		struct buf path = { 0 };

		buf_fmt(&path, is_mapping(paths->items[i]) ? "%s" :
		    "%s/sources.yaml", paths->items[i]);
		if (access(buf_cstr(&path), F_OK) == 0) {
			decoders_map(det->decoders, buf_cstr(&path), d);
			found++;
		}
		buf_free(&path);
	}
	return found;
}

/* Loads them from each path that has some; how many have. */
static size_t
load_decoders(struct detector *det, const struct strlist *paths,
    struct diag *d)
{
	size_t found = 0;

	for (size_t i = 0; i < paths->count; i++) {
		struct buf dir = { 0 };

		buf_fmt(&dir, is_decoder(paths->items[i]) ? "%s" :
		    "%s/decoders", paths->items[i]);
		if (access(buf_cstr(&dir), F_OK) == 0) {
			decoders_load(det->decoders, buf_cstr(&dir), d);
			found++;
		}
		buf_free(&dir);
	}
	return found;
}

/*
 * What outputs send to a log may come back through an input. journald takes
 * no name out of RFC 5424 and notes the process's.
 */
static void
expect_echoes(struct decoders *decoders, const struct config *c)
{
	decoders_echo(decoders, "vedette-courier");
	for (size_t i = 0; i < c->output_count; i++) {
		const struct config_output *o = &c->outputs[i];

		if (o->type->echo != NULL)
			decoders_echo(decoders, o->type->echo(o->options));
	}
}

/* What is not there is no tuning: the directories are made when needed. */
static void
load_tuning(struct ruleset *rules, const struct strlist *paths,
    int (*load)(struct ruleset *rs, const char *path, struct diag *d),
    struct diag *d)
{
	for (size_t i = 0; i < paths->count; i++)
		if (access(paths->items[i], F_OK) == 0)
			load(rules, paths->items[i], d);
}

int
detector_read(struct detector *det, const struct config *c,
    const struct decoder *const *formats, const struct strlist *only,
    struct diag *d)
{
	const struct strlist *paths = only != NULL ? only : c->rules;
	unsigned before = d->errors;

	*det = (struct detector){ .schema = schema_new() };
	det->decoders = decoders_new(det->schema, formats);
	expect_echoes(det->decoders, c);
	if (load_decoders(det, paths, d) == 0 && only != NULL)
		load_decoders(det, c->rules, d);
	if (load_mappings(det, paths, d) == 0 && only != NULL)
		load_mappings(det, c->rules, d);
	det->rules = ruleset_new(det->schema);
	ruleset_placeholders(det->rules, c->placeholders);
	ruleset_limit(det->rules, &c->correlation);
	if (c->advice != NULL)
		ruleset_lint(det->rules, &(struct lint_asked){ c->advice,
		    c->own, is_named, det->decoders });
	for (size_t i = 0; i < paths->count; i++)
		if (!is_decoder(paths->items[i]) &&
		    !is_mapping(paths->items[i]))
			ruleset_load(det->rules, paths->items[i], d);
	if (only == NULL) {
		load_tuning(det->rules, c->exceptions, ruleset_exceptions, d);
		load_tuning(det->rules, c->overrides, ruleset_overrides, d);
	}
	if (c->draft.len > 0)
		ruleset_exceptions_text(det->rules, "draft", c->draft, d);
	return d->errors > before ? -1 : 0;
}

int
detector_ready(struct detector *det, struct diag *d)
{
	int ret = ruleset_compile(det->rules, d);

	decoders_bind(det->decoders);
	schema_freeze(det->schema);
	det->ev = event_new(det->schema);
	det->merged = event_new(det->schema);
	return ret;
}

int
detector_load(struct detector *det, const struct config *c,
    const struct decoder *const *formats, const struct strlist *only,
    struct diag *d)
{
	if (detector_read(det, c, formats, only, d) == -1)
		return -1;
	return detector_ready(det, d);
}

void
detector_free(struct detector *det)
{
	event_free(det->ev);
	event_free(det->merged);
	ruleset_free(det->rules);
	decoders_free(det->decoders);
	schema_free(det->schema);
	*det = (struct detector){ 0 };
}

int
detector_test(struct detector *det, struct diag *d)
{
	int bad = decoders_test(det->decoders, d);

	return detector_rule_test(det, d) == -1 || bad == -1 ? -1 : 0;
}

static void
run_merged(struct detector *det, bool all,
    void (*matched)(void *arg, const struct match *m), void *arg)
{
	while (decoders_merged(det->decoders, det->merged, all))
		ruleset_match(det->rules, det->merged, matched, arg);
}

void
detector_join(struct detector *det, struct logsource source)
{
	for (size_t i = 0; i < det->joined_count; i++)
		if (memcmp(&det->joined[i], &source, sizeof(source)) == 0)
			return;
	if (det->joined_count < COUNT(det->joined))
		det->joined[det->joined_count++] = source;
}

static void
join(void *arg, struct logsource source)
{
	detector_join(arg, source);
}

void
detector_source(struct detector *det, struct logsource told)
{
	decoders_source(det->decoders, told);
	ruleset_joined(det->rules, told, join, det);
}

static void
decode(struct detector *det, const struct record *r)
{
	event_reset(det->ev, r);
	decoders_run(det->decoders, det->ev);
	for (size_t i = 0; i < det->joined_count; i++)
		event_source(det->ev, det->joined[i]);
}

void
detector_run(struct detector *det, const struct record *r,
    void (*matched)(void *arg, const struct match *m), void *arg)
{
	decode(det, r);
	if (!det->ev->echo)
		ruleset_match(det->rules, det->ev, matched, arg);
	run_merged(det, false, matched, arg);
}

/* What several records have come to is passed over. */
static void
drain(struct detector *det)
{
	while (decoders_merged(det->decoders, det->merged, false))
		continue;
}

void
detector_decode(struct detector *det, const struct record *r)
{
	decode(det, r);
	drain(det);
}

bool
detector_sift(struct detector *det, const struct record *r)
{
	decode(det, r);
	if (decoders_merging(det->decoders)) {
		drain(det);
		return true;
	}
	return !det->ev->echo && ruleset_touched(det->rules, det->ev);
}

void
detector_end(struct detector *det,
    void (*matched)(void *arg, const struct match *m), void *arg)
{
	run_merged(det, true, matched, arg);
}
