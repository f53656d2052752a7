/*
 * Fields that Sigma's taxonomy gives to the events of a log source.
 */
#ifndef VEDETTE_TAXONOMY_H
#define VEDETTE_TAXONOMY_H

#include <stddef.h>

#include "base/slice.h"

/*
 * The names, NULL-terminated, for a category; NULL when the taxonomy has none
 * such. *shared are the names that every category has.
 */
const char *const *taxonomy_fields(struct slice category,
    const char *const **shared);

#endif
