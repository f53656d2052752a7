#include "daemon/rulefile.h"

#include <sys/stat.h>

static bool
is_place(const struct strlist *places, struct slice path)
{
	for (size_t i = 0; places != NULL && i < places->count; i++) {
		struct slice place = slice_of(places->items[i]);

		while (slice_ends(place, S("/")))
			place.len--;
		if (slice_eq(place, path))
			return true;
	}
	return false;
}

static bool
is_called(struct slice path, struct slice name)
{
	struct slice front, last;

	return slice_eq(path, name) || (slice_split_last(path, S("/"),
	    &front, &last) && slice_eq(last, name));
}

enum rulefile
rulefile_kind(const struct config *c, const char *path)
{
	const struct {
		enum rulefile kind;
		struct slice name;
		const struct strlist *places;
	} kinds[] = {
		{ RULEFILE_DECODERS, S("decoders"), NULL },
		{ RULEFILE_EXCEPTIONS, S("exceptions.d"), c->exceptions },
		{ RULEFILE_OVERRIDES, S("overrides.d"), c->overrides },
	};
	struct slice dir = slice_of(path), file;
	struct stat sb;

	if (is_called(dir, S("sources.yaml")))
		return RULEFILE_SOURCES;
	while (slice_ends(dir, S("/")))
		dir.len--;
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (is_place(kinds[i].places, dir))
			return kinds[i].kind;
	if (stat(path, &sb) == 0 && S_ISREG(sb.st_mode) &&
	    !slice_split_last(dir, S("/"), &dir, &file))
		return RULEFILE_RULES;
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (is_place(kinds[i].places, dir) ||
		    is_called(dir, kinds[i].name))
			return kinds[i].kind;
	return RULEFILE_RULES;
}
