#include "cli/rules_session.h"

#include <stdio.h>

void
session_begin(struct session *s)
{
	screen_init(&s->out, stdout);
	screen_init(&s->aside, stderr);
}

bool
session_read(struct session *s, const struct registry *reg,
    const struct strlist *only)
{
	if (config_load(&s->config, s->path, reg->inputs, reg->outputs,
	    &s->diag) == -1)
		return false;
	s->config.draft = s->draft;
	s->config.advice = s->advice;
	s->config.own = s->own;
	return detector_read(&s->detector, &s->config, reg->decoders, only,
	    &s->diag) == 0;
}

bool
session_ready(struct session *s)
{
	return detector_ready(&s->detector, &s->diag) == 0;
}

bool
session_load(struct session *s, const struct registry *reg,
    const struct strlist *only)
{
	return session_read(s, reg, only) && session_ready(s);
}

int
session_end(struct session *s, int bad)
{
	int status = s->diag.errors > 0 ? bad : EXIT_FINE;

	screen_lines(&s->aside, buf_slice(&s->diag.text));
	if (s->diag.errors > 0 && s->diag.text.len > 0)
		fprintf(stderr, "vedette: %u error%s\n", s->diag.errors,
		    s->diag.errors == 1 ? "" : "s");
	detector_free(&s->detector);
	config_free(&s->config);
	diag_free(&s->diag);
	return status;
}

int
session_rule(struct session *s, const char *id, struct rule_view *out)
{
	size_t count = ruleset_find(s->detector.rules, slice_of(id), out);

	if (count == 1)
		return 0;
	if (count == 0)
		return diag_error(&s->diag, NULL, 0, 0, "no rule \"%s\" ("
		    RULE_MEANT ")", id);
	return diag_error(&s->diag, NULL, 0, 0,
	    "%zu rules are \"%s\", say more of the id", count, id);
}
