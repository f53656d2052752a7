#include "daemon/landlock.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"

/* From linux/landlock.h, ABI 6; older headers have only a part. */
enum {
	FS_EXECUTE = 1 << 0,
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_DIR = 1 << 7,
	FS_MAKE_REG = 1 << 8,
	FS_ABI_1 = (1 << 13) - 1,
	FS_REFER = 1 << 13,
	FS_TRUNCATE = 1 << 14,
	FS_IOCTL_DEV = 1 << 15,
	NET_BIND_TCP = 1 << 0,
	NET_CONNECT_TCP = 1 << 1,
	SCOPE_ABSTRACT_UNIX = 1 << 0,
	SCOPE_SIGNAL = 1 << 1,
	RULE_PATH_BENEATH = 1,
	CREATE_VERSION = 1,
};

struct ruleset_attr {
	uint64_t fs, net, scoped;
};

struct path_beneath_attr {
	uint64_t access;
	int32_t parent;
} __attribute__((packed));

struct landlock {
	int fd;
	uint64_t fs;
};

int
landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    CREATE_VERSION);

	return abi > 0 ? (int)abi : 0;
}

struct landlock *
landlock_new(bool may_connect)
{
	int abi = landlock_abi();
	struct ruleset_attr attr = { .fs = FS_ABI_1 };
	struct landlock *l;
	long fd;

	attr.fs |= abi >= 2 ? FS_REFER : 0u;
	attr.fs |= abi >= 3 ? FS_TRUNCATE : 0u;
	attr.fs |= abi >= 5 ? FS_IOCTL_DEV : 0u;
	if (abi >= 4)
		attr.net = NET_BIND_TCP | (may_connect ? 0u : NET_CONNECT_TCP);
	if (abi >= 6)
		attr.scoped = SCOPE_SIGNAL |
		    (may_connect ? 0u : SCOPE_ABSTRACT_UNIX);
	fd = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (fd == -1)
		return NULL;
	l = xcalloc(1, sizeof(*l));
	l->fd = (int)fd;
	l->fs = attr.fs;
	return l;
}

void
landlock_path(struct landlock *l, const char *path, bool write)
{
	uint64_t access = FS_READ_FILE | FS_READ_DIR;
	struct path_beneath_attr attr = { 0 };
	struct stat sb;
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd == -1)
		return;
	if (write)
		access |= FS_WRITE_FILE | FS_REMOVE_FILE | FS_MAKE_REG |
		    FS_MAKE_DIR | FS_TRUNCATE;
	if (fstat(fd, &sb) == 0 && !S_ISDIR(sb.st_mode))
		access &= FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE;
	attr.access = access & l->fs;
	attr.parent = fd;
	syscall(SYS_landlock_add_rule, l->fd, RULE_PATH_BENEATH, &attr, 0);
	close(fd);
}

int
landlock_enter(struct landlock *l)
{
	long ret = syscall(SYS_landlock_restrict_self, l->fd, 0);

	close(l->fd);
	free(l);
	return ret == 0 ? 0 : -1;
}
