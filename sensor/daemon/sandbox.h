/*
 * The seal: system call filter (seccomp) and, where the kernel has it,
 * Landlock. There is no way back.
 */
#ifndef VEDETTE_SANDBOX_H
#define VEDETTE_SANDBOX_H

#include "base/buf.h"
#include "base/err.h"
#include "daemon/role.h"

enum { SANDBOX_PATHS_MAX = 256 };

struct sandbox_path {
	const char *path;
	bool write;
};

struct sandbox {
	enum role role;
	int mode;		/* enum sandbox_mode */
	struct sandbox_path paths[SANDBOX_PATHS_MAX];
	size_t path_count;
};

/*
 * A file or directory (with everything below) that stays open to the role. A
 * path that is not there is left out. More than SANDBOX_PATHS_MAX are not
 * taken, so they stay closed.
 */
void sandbox_allow(struct sandbox *s, const char *path, bool write);
/*
 * Seals. Appends the level in force to `level` ("full (landlock 7, seccomp)").
 * -1 after filling err when mode is `require` and something is missing.
 */
int sandbox_seal(const struct sandbox *s, struct buf *level,
    struct err *err);

#endif
