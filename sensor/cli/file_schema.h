/*
 * JSON Schema of what people write, made of the tables that read it.
 */
#ifndef VEDETTE_FILE_SCHEMA_H
#define VEDETTE_FILE_SCHEMA_H

#include "cli/command.h"

enum schema_kind {
	SCHEMA_RULE, SCHEMA_EXCEPTION, SCHEMA_OVERRIDE, SCHEMA_CONFIG,
};
extern const char *const schema_kinds[];

/* Appends the schema and a line's end. */
void schema_write(enum schema_kind kind, const struct registry *reg,
    struct buf *out);

#endif
