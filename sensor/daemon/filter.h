/*
 * The system call filter of a role. filter.c has it; filter_none.c stands in
 * where vedette was built without libseccomp.
 */
#ifndef VEDETTE_FILTER_H
#define VEDETTE_FILTER_H

#include "daemon/role.h"

/* From here on only the role's calls; -1 when the kernel refuses. */
int filter_load(enum role role);

#endif
