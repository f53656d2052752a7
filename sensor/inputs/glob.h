/*
 * A path with wildcards, cut at its slashes. It is matched name by name while
 * walking down by descriptor; nothing is ever expanded to paths and opened by
 * them. A wildcard does not match a slash, nor a leading dot.
 */
#ifndef VEDETTE_GLOB_H
#define VEDETTE_GLOB_H

#include "base/err.h"
#include "base/opt.h"

enum { GLOB_DEPTH_MAX = 32 };

struct glob {
	char *text;		/* owned; parts point into it */
	const char *parts[GLOB_DEPTH_MAX];
	unsigned count;
	const struct strlist *exclude;	/* NULL: none */
	bool from_end;
	bool poll;
};

/*
 * -1 after filling err when the path does not begin with a slash, is too
 * deep, or has empty, "." or ".." parts. glob_free ends it after 0.
 */
int glob_parse(struct glob *g, const char *path, struct err *err);
void glob_free(struct glob *g);

/* Whether the part at a depth (0: below the root) has wildcards. */
bool glob_is_wild(const struct glob *g, unsigned depth);
/* Whether a name stands for the part at a depth. */
bool glob_matches(const struct glob *g, unsigned depth, const char *name);
/* A pattern without slash is held against the name, else the whole path. */
bool glob_excludes(const struct glob *g, const char *path, const char *name);

#endif
