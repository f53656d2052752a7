#include "inputs/glob.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

static int
add_part(struct glob *g, const char *part, const char *path, struct err *err)
{
	if (*part == '\0' || strcmp(part, ".") == 0 || strcmp(part, "..") == 0)
		return err_set(err, "%s: empty, \".\" and \"..\" can't be "
		    "parts of the path", path);
	if (g->count == GLOB_DEPTH_MAX)
		return err_set(err, "%s: more than %d directories deep", path,
		    GLOB_DEPTH_MAX);
	g->parts[g->count++] = part;
	return 0;
}

int
glob_parse(struct glob *g, const char *path, struct err *err)
{
	char *at, *slash;

	*g = (struct glob){ 0 };
	if (*path != '/')
		return err_set(err, "%s: must begin with a slash", path);
	g->text = xstrdup(path + 1);
	for (at = g->text; at != NULL; at = slash) {
		slash = strchr(at, '/');
		if (slash != NULL)
			*slash++ = '\0';
		if (add_part(g, at, path, err) == -1) {
			glob_free(g);
			return -1;
		}
	}
	return 0;
}

void
glob_free(struct glob *g)
{
	free(g->text);
	g->text = NULL;
}

bool
glob_is_wild(const struct glob *g, unsigned depth)
{
	return strpbrk(g->parts[depth], "*?[\\") != NULL;
}

bool
glob_matches(const struct glob *g, unsigned depth, const char *name)
{
	if (!glob_is_wild(g, depth))
		return strcmp(g->parts[depth], name) == 0;
	return fnmatch(g->parts[depth], name, FNM_PERIOD) == 0;
}

bool
glob_excludes(const struct glob *g, const char *path, const char *name)
{
	for (size_t i = 0; g->exclude != NULL && i < g->exclude->count; i++) {
		const char *pattern = g->exclude->items[i];
		bool whole = strchr(pattern, '/') != NULL;

		if (fnmatch(pattern, whole ? path : name,
		    whole ? FNM_PATHNAME : 0) == 0)
			return true;
	}
	return false;
}
