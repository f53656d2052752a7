/*
 * Whatever the bytes are: a sources.yaml or mistakes; and events of any place
 * and program get log sources within their bound, and names whose values are
 * those of the fields that they stand for.
 */
#include <stdlib.h>

#include "decode/sources.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const files[] = { "", "/var/log/nginx/access.log", "x" };
static const char *const programs[] = {
	"", "sshd", "nginx", "a-name-that-is-longer-than-what-is-usual",
};

/* An event of a place and a program, with some fields. */
static void
run(struct sources *ss, struct event *ev, const char *file,
    const char *program)
{
	struct record r = { .source = slice_of(file) };
	const struct schema *s = ev->schema;

	event_reset(ev, &r);
	event_set(ev, F_PROCESS_NAME, slice_of(program));
	for (int i = schema_count(s) > 40 ? 40 : 0;
	    i < (int)schema_count(s); i += 2)
		event_set(ev, i, S("v"));
	sources_run(ss, ev);
	if (ev->source_count > EVENT_SOURCES_MAX)
		abort();
	for (size_t i = 0; i < ev->set_count; i++) {
		struct slice text = event_text(ev, ev->set[i]);

		if (!slice_eq(text, S("v")) &&
		    !slice_eq(text, slice_of(program)))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct schema *s = schema_new();
	struct arena *keep = arena_new(0);
	struct sources *ss = sources_new(s, keep);
	struct diag d = { 0 };
	struct node *doc;
	struct event *ev;

	if (yaml_parse(keep, "sources.yaml", slice_bytes(data, size), &doc,
	    &d) == 0)
		sources_take(ss, doc, &d);
	schema_field(s, S("user.name"));
	schema_field(s, S("User"));
	sources_bind(ss);
	schema_freeze(s);
	ev = event_new(s);
	for (size_t i = 0; i < COUNT(files); i++)
		for (size_t k = 0; k < COUNT(programs); k++)
			run(ss, ev, files[i], programs[k]);
	event_free(ev);
	sources_free(ss);
	arena_free(keep);
	schema_free(s);
	diag_free(&d);
	return 0;
}
