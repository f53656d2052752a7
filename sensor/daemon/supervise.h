/*
 * The supervisor: starts roles, hands descriptors from one to another, takes
 * signals and connections. Parses nothing, knows no network.
 */
#ifndef VEDETTE_SUPERVISE_H
#define VEDETTE_SUPERVISE_H

#include "daemon/role.h"

/* Runs until SIGTERM or a role's death; the process's exit status. */
int supervise(const struct leaves *leaves, const struct run_options *opts);

#endif
