/*
 * Names of system calls as the kernel's audit tells of them: by the token of
 * an architecture (AUDIT_ARCH_*, what arch= holds) and a number.
 */
#ifndef VEDETTE_SYSCALL_H
#define VEDETTE_SYSCALL_H

#include <stdint.h>

#include "base/slice.h"

/* "x86_64", or empty when we have no table of it. */
struct slice syscall_arch(uint64_t token);
/* "execve", or empty. */
struct slice syscall_name(uint64_t token, uint64_t number);

#endif
