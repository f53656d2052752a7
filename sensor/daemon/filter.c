/*
 * The system call filter, by libseccomp: what is not named gives EPERM.
 */
#include "daemon/filter.h"

#include <errno.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/fs.h>
#include <seccomp.h>

#include "base/slice.h"

/* Everybody: memory, time, waiting, descriptors it has, ending. */
static const char *const calls_all[] = {
	"read", "readv", "pread64", "write", "writev", "pwrite64", "close",
	"close_range", "lseek", "fstat", "newfstatat", "statx", "fstatfs",
	"statfs", "fcntl", "fcntl64", "dup", "dup3",
	"epoll_wait", "epoll_pwait", "epoll_ctl", "poll", "ppoll",
	"sendmsg", "recvmsg", "getsockopt", "shutdown",
	"munmap", "mremap", "madvise", "brk", "futex", "get_robust_list",
	"set_robust_list", "rseq", "membarrier", "sched_yield",
	"sched_getaffinity", "getrandom", "clock_gettime", "clock_getres",
	"gettimeofday", "time", "nanosleep", "clock_nanosleep",
	"restart_syscall", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
	"sigaltstack", "signalfd4", "getpid", "gettid", "getppid", "getuid",
	"geteuid", "getgid", "getegid", "getrusage", "sysinfo", "uname",
	"umask", "exit", "exit_group", NULL
};

/* The judge: SQLite in the state directory, talking on sockets it is given. */
static const char *const calls_judge[] = {
	"open", "openat", "access", "faccessat", "faccessat2", "readlink",
	"readlinkat", "stat", "lstat", "getcwd", "fsync", "fdatasync",
	"ftruncate", "fallocate", "unlink", "unlinkat", "rename", "renameat",
	"renameat2", "mkdir", "mkdirat", "fchmod", "flock", "getdents64",
	"fadvise64", "sync_file_range",
	"recvfrom", "sendto", NULL
};

/* Watch: walks directories, waits for changes. */
static const char *const calls_watch[] = {
	"open", "openat", "openat2", "access", "faccessat", "faccessat2",
	"readlink", "readlinkat", "stat", "lstat", "getdents64",
	"inotify_init1", "inotify_add_watch", "inotify_rm_watch",
	"name_to_handle_at", "getcwd", "flock", NULL
};

/* The courier: connects, appends; libcurl resolves names in a thread. */
static const char *const calls_courier[] = {
	"open", "openat", "access", "faccessat", "faccessat2", "readlink",
	"readlinkat", "stat", "lstat", "getdents64", "getcwd", "fsync",
	"fdatasync", "fchmod", "ftruncate",
	"connect", "bind", "sendto", "sendmmsg", "recvfrom", "recvmmsg",
	"setsockopt", "getsockname", "getpeername", "socketpair", "pipe",
	"pipe2", "eventfd2", "select", "pselect6", NULL
};

static int
allow_list(scmp_filter_ctx ctx, const char *const *names)
{
	for (; *names != NULL; names++) {
		int call = seccomp_syscall_resolve_name(*names);

		/* Not every architecture has every call. */
		if (call == __NR_SCMP_ERROR || call < 0)
			continue;
		if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, call, 0) < 0)
			return -1;
	}
	return 0;
}

/* Memory that is not executable; signals to itself alone (abort). */
static int
allow_bounded(scmp_filter_ctx ctx)
{
	const struct scmp_arg_cmp data = SCMP_A2(SCMP_CMP_MASKED_EQ,
	    PROT_EXEC, 0);
	const struct scmp_arg_cmp self = SCMP_A0(SCMP_CMP_EQ,
	    (scmp_datum_t)getpid());
	/* Its own limits, to be read. */
	const struct scmp_arg_cmp limit[] = {
		SCMP_A0(SCMP_CMP_EQ, 0), SCMP_A2(SCMP_CMP_EQ, 0),
	};
	const struct scmp_arg_cmp version = SCMP_A1(SCMP_CMP_EQ,
	    FS_IOC_GETVERSION);

	if (seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
	    &data) < 0 ||
	    seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
	    &data) < 0 ||
	    seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64),
	    COUNT(limit), limit) < 0 ||
	    seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
	    &self) < 0 ||
	    seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
	    &version) < 0)
		return -1;
	return 0;
}

/* Sockets of three families; threads, but no processes. */
static int
allow_network(scmp_filter_ctx ctx)
{
	static const scmp_datum_t families[] = { AF_UNIX, AF_INET, AF_INET6,
		AF_NETLINK };
	const struct scmp_arg_cmp thread = SCMP_A0(SCMP_CMP_MASKED_EQ,
	    CLONE_THREAD, CLONE_THREAD);
	/* libcurl's and the resolver's. */
	static const scmp_datum_t ioctls[] = { FIONBIO, FIONREAD };

	for (size_t i = 0; i < COUNT(families); i++) {
		struct scmp_arg_cmp family = SCMP_A0(SCMP_CMP_EQ, families[i]);

		if (seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW,
		    SCMP_SYS(socket), 1, &family) < 0)
			return -1;
	}
	/* clone3's flags can't be looked at: glibc then takes clone. */
	if (seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3),
	    0) < 0 ||
	    seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
	    &thread) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(ioctls); i++) {
		struct scmp_arg_cmp request = SCMP_A1(SCMP_CMP_EQ, ioctls[i]);

		if (seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW,
		    SCMP_SYS(ioctl), 1, &request) < 0)
			return -1;
	}
	return 0;
}

int
filter_load(enum role role)
{
	static const char *const *const lists[] = {
		[ROLE_JUDGE] = calls_judge,
		[ROLE_COURIER] = calls_courier,
		[ROLE_WATCH_FILES] = calls_watch,
		[ROLE_WATCH_JOURNAL] = calls_watch,
	};
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int ret = -1;

	if (ctx == NULL)
		return -1;
	if (allow_list(ctx, calls_all) == 0 &&
	    allow_list(ctx, lists[role]) == 0 && allow_bounded(ctx) == 0 &&
	    (role != ROLE_COURIER || allow_network(ctx) == 0) &&
	    seccomp_load(ctx) == 0)
		ret = 0;
	seccomp_release(ctx);
	return ret;
}
