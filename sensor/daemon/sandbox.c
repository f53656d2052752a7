#include "daemon/sandbox.h"

#include <sys/prctl.h>

#include "daemon/filter.h"
#include "daemon/landlock.h"

void
sandbox_allow(struct sandbox *s, const char *path, bool write)
{
	if (s->path_count < SANDBOX_PATHS_MAX)
		s->paths[s->path_count++] = (struct sandbox_path){ path,
		    write };
}

static int
lock_paths(const struct sandbox *s)
{
	struct landlock *l = landlock_new(s->role == ROLE_COURIER);

	if (l == NULL)
		return -1;
	for (size_t i = 0; i < s->path_count; i++)
		landlock_path(l, s->paths[i].path, s->paths[i].write);
	return landlock_enter(l);
}

int
sandbox_seal(const struct sandbox *s, struct buf *level, struct err *err)
{
	bool landlock, filter;
	int abi = landlock_abi();	/* not to be asked behind the seal */

	if (s->mode == SANDBOX_OFF) {
		buf_str(level, "off");
		return 0;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return err_sys(err, "no_new_privs");
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	landlock = lock_paths(s) == 0;
	filter = filter_load(s->role) == 0;
	if (s->mode == SANDBOX_REQUIRE && (!landlock || !filter))
		return err_set(err, "sandbox: require, but this kernel has no "
		    "%s", landlock ? "seccomp" : "Landlock");
	if (landlock && filter)
		buf_fmt(level, "full (landlock %d, seccomp)", abi);
	else
		buf_fmt(level, "partial (%s)", filter ? "seccomp, no landlock" :
		    landlock ? "landlock, no seccomp" : "none");
	return 0;
}
