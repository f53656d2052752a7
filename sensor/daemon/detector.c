#include "daemon/detector.h"

#include <unistd.h>

#include "daemon/rulefile.h"
#include "daemon/ruletest.h"

static bool
is_named(void *arg, struct slice field)
{
	return decoders_name(arg, field);
}

/* Decoders or mappings from each path that has some; how many have. */
static size_t
load_beside(struct detector *det, const struct config *c,
    const struct strlist *paths, enum rulefile kind, struct diag *d)
{
	bool decoders = kind == RULEFILE_DECODERS;
	size_t found = 0;

	for (size_t i = 0; i < paths->count; i++) {
		struct buf path = { 0 };

		buf_str(&path, paths->items[i]);
		if (rulefile_kind(c, paths->items[i]) != kind)
			buf_str(&path, decoders ? "/decoders" :
			    "/sources.yaml");
		if (access(buf_cstr(&path), F_OK) == 0) {
			if (decoders)
				decoders_load(det->decoders, buf_cstr(&path),
				    d);
			else
				decoders_map(det->decoders, buf_cstr(&path),
				    d);
			found++;
		}
		buf_free(&path);
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

/* Whether those that somebody named are tuning and nothing else. */
static bool
is_all_tuning(const struct config *c, const struct strlist *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		if (rulefile_kind(c, paths->items[i]) < RULEFILE_EXCEPTIONS)
			return false;
	return true;
}

/* Those of a kind. */
static void
load_kind(struct detector *det, const struct config *c,
    const struct strlist *paths, enum rulefile kind, struct diag *d)
{
	static int (*const loads[RULEFILE_KINDS])(struct ruleset *,
	    const char *, struct diag *) = {
		[RULEFILE_RULES] = ruleset_load,
		[RULEFILE_EXCEPTIONS] = ruleset_exceptions,
		[RULEFILE_OVERRIDES] = ruleset_overrides,
	};

	for (size_t i = 0; i < paths->count; i++)
		if (rulefile_kind(c, paths->items[i]) == kind)
			loads[kind](det->rules, paths->items[i], d);
}

/* Whoever runs what was built, and not installed, meets this first. */
static int
are_there(const struct strlist *paths, struct diag *d)
{
	int ret = 0;

	for (size_t i = 0; i < paths->count; i++)
		if (access(paths->items[i], F_OK) == -1)
			ret = diag_error(d, paths->items[i], 0, 0, "%m; "
			    "\"rules\" in the configuration (-c FILE) says "
			    "where rules are");
	return ret;
}

/* Tuning comes behind the rules. What names nothing else is about all. */
static void
load_rules(struct detector *det, const struct config *c,
    const struct strlist *only, struct diag *d)
{
	if (only == NULL && are_there(c->rules, d) == -1)
		return;
	if (only == NULL) {
		load_kind(det, c, c->rules, RULEFILE_RULES, d);
		load_tuning(det->rules, c->exceptions, ruleset_exceptions, d);
		load_tuning(det->rules, c->overrides, ruleset_overrides, d);
		return;
	}
	load_kind(det, c, is_all_tuning(c, only) ? c->rules : only,
	    RULEFILE_RULES, d);
	load_kind(det, c, only, RULEFILE_EXCEPTIONS, d);
	load_kind(det, c, only, RULEFILE_OVERRIDES, d);
}

int
detector_read(struct detector *det, const struct config *c,
    const struct decoder *const *formats, const struct strlist *only,
    struct diag *d)
{
	static const enum rulefile beside[] = {
		RULEFILE_DECODERS, RULEFILE_SOURCES,
	};
	const struct strlist *paths = only != NULL ? only : c->rules;
	unsigned before = d->errors;

	*det = (struct detector){ .schema = schema_new() };
	det->decoders = decoders_new(det->schema, formats);
	expect_echoes(det->decoders, c);
	for (size_t i = 0; i < COUNT(beside); i++) {
		size_t found = load_beside(det, c, paths, beside[i], d);

		if (found == 0 && only != NULL)
			found = load_beside(det, c, c->rules, beside[i], d);
		det->undecoded |= beside[i] == RULEFILE_DECODERS &&
		    found == 0;
	}
	det->rules = ruleset_new(det->schema);
	ruleset_placeholders(det->rules, c->placeholders);
	ruleset_limit(det->rules, &c->correlation);
	if (c->advice != NULL)
		ruleset_lint(det->rules, &(struct lint_asked){ c->advice,
		    c->own, only != NULL && is_all_tuning(c, only), is_named,
		    det->decoders });
	load_rules(det, c, only, d);
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
