/*
 * Log sources and names that events have besides those of their decoders, from
 * sources.yaml: an event may be asked for by each name that somebody gave to
 * what it says. Only decode/'s own files look in here.
 */
#ifndef VEDETTE_SOURCES_H
#define VEDETTE_SOURCES_H

#include "base/arena.h"
#include "base/yaml.h"
#include "decode/decode.h"

struct sources;

/* What the files say lives in the arena. Owner: caller. */
struct sources *sources_new(struct schema *s, struct arena *keep);
void sources_free(struct sources *ss);
/* Takes what a file says, behind what was taken before; doc lives as long. */
void sources_take(struct sources *ss, const struct node *doc, struct diag *d);
/* Reads a file and takes it. */
void sources_load(struct sources *ss, const char *path, struct diag *d);
/* Whether a field has other names, of which this is one. */
bool sources_name(const struct sources *ss, struct slice field);
/* Once, when all that asks for fields was loaded, before the freeze. */
void sources_bind(struct sources *ss);
/* Sets the fields that mappings ask for, as an object may have them all. */
void sources_needed(const struct sources *ss, struct event *ev);
/* Adds to an event that is decoded what it has besides. */
void sources_run(struct sources *ss, struct event *ev);

/* Calls back with each file and each program that a mapping names. */
void sources_files(const struct sources *ss,
    void (*each)(void *arg, struct slice glob), void *arg);
void sources_programs(const struct sources *ss,
    void (*each)(void *arg, struct slice glob), void *arg);

/* Whether files are said to be of its service, or of its category. */
bool sources_home(const struct sources *ss, struct logsource source);

/* '*' is any run of bytes; nothing else is special. */
bool decoders_glob(struct slice pattern, struct slice s);
/* Whether a path may match both; of the first, a shell's, * stops at slashes. */
bool decoders_meet(struct slice shell, struct slice ours);

#endif
