/*
 * What a path among rules holds, by its place: rules, or what stands beside
 * them.
 */
#ifndef VEDETTE_RULEFILE_H
#define VEDETTE_RULEFILE_H

#include "daemon/config.h"

enum rulefile {
	RULEFILE_RULES,
	RULEFILE_DECODERS,	/* a directory "decoders", or in one */
	RULEFILE_SOURCES,	/* a sources.yaml */
	RULEFILE_EXCEPTIONS,	/* a directory "exceptions.d", or in one, or */
	RULEFILE_OVERRIDES,	/* where the configuration has them */
	RULEFILE_KINDS,
};

enum rulefile rulefile_kind(const struct config *c, const char *path);

#endif
