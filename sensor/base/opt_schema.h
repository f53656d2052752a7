/*
 * Tables of options as JSON Schema, for editors.
 */
#ifndef VEDETTE_OPT_SCHEMA_H
#define VEDETTE_OPT_SCHEMA_H

#include "base/json.h"
#include "base/opt.h"

/* Writes the members of an object "properties" that is open. */
void opt_schema(const struct opt *table, struct jsonw *w);
/* Writes a pair "required". */
void opt_schema_required(const struct opt *table, struct jsonw *w);

#endif
