/*
 * What the subcommands of "rules" share: a configuration, decoders and rules
 * loaded, and what was wrong. Each subcommand is a leaf, rules_NAME.c.
 */
#ifndef VEDETTE_RULES_SESSION_H
#define VEDETTE_RULES_SESSION_H

#include "cli/command.h"
#include "cli/screen.h"
#include "daemon/detector.h"

struct session {
	const char *path;		/* of the configuration, or NULL */
	bool json;
	struct slice draft;		/* for the configuration, or empty */
	struct diag *advice;		/* lint's, or NULL */
	bool own;
	struct config config;
	struct detector detector;
	struct diag diag;
	struct screen out, aside;	/* standard output and error */
};

void session_begin(struct session *s);
/*
 * Loads the configured rules, or only those of `only` when not NULL. False
 * when something is wrong, which session_end says.
 */
bool session_load(struct session *s, const struct registry *reg,
    const struct strlist *only);
/* Its two halves; see detector_read. */
bool session_read(struct session *s, const struct registry *reg,
    const struct strlist *only);
bool session_ready(struct session *s);
/*
 * Says what was wrong and frees all; the exit code, which is `bad` when
 * something was.
 */
int session_end(struct session *s, int bad);
/*
 * The rule of an id, of the first 6 characters or more of one, or of a name.
 * -1 after diag_error when it is none or several.
 */
int session_rule(struct session *s, const char *id, struct rule_view *out);

#endif
