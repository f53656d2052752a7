#include "daemon/role.h"

#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/pack.h"
#include "daemon/trust.h"

enum { GROUPS_MAX = 4, FILES_MAX = 65536 };

static const struct {
	const char *name;
	const char *user;
	const char *groups[GROUPS_MAX];	/* taken where they exist */
	unsigned caps;			/* kept, bits of the first word */
	int (*main)(struct role_start *start);
} roles[] = {
	[ROLE_JUDGE] = { "judge", "_vedette", { NULL }, 0, judge_main },
	[ROLE_COURIER] = { "courier", "_vedette-net", { NULL }, 0,
	    courier_main },
	/* Some logs are root's alone (RHEL's secure): reading, no writing. */
	[ROLE_WATCH_FILES] = { "files", "_vedette-watch", { "adm" },
	    1u << CAP_DAC_READ_SEARCH, watch_main },
	[ROLE_WATCH_JOURNAL] = { "journal", "_vedette-watch",
	    { "systemd-journal", "adm" }, 0, watch_main },
};
static_assert(COUNT(roles) == ROLE_KINDS, "one row per role");

const char *
role_name(enum role r)
{
	return roles[r].name;
}

int
role_parse(const char *name, enum role *out)
{
	for (size_t i = 0; i < COUNT(roles); i++) {
		if (strcmp(roles[i].name, name) != 0)
			continue;
		*out = (enum role)i;
		return 0;
	}
	return -1;
}

int
role_of_input(const struct input *in)
{
	enum role r;

	return role_parse(in->role, &r) == -1 ? -1 : (int)r;
}

bool
role_user(enum role r, unsigned *uid, unsigned *gid)
{
	const struct passwd *pw = getpwnam(roles[r].user);

	if (pw == NULL)
		return false;
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return true;
}

int
role_set_caps(unsigned keep)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {
		{ .effective = keep, .permitted = keep },
	};

	return (int)syscall(SYS_capset, &head, data);
}

/* Nobody may get back what is not kept; errors are for kernels without it. */
void
role_bound_caps(unsigned keep)
{
	for (unsigned cap = 0; cap < 64; cap++)
		if (cap >= 32 || (keep & 1u << cap) == 0)
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

/* Gives up root for good, keeping what the role may keep. */
static int
drop_rights(enum role r, struct err *err)
{
	unsigned uid, gid;
	gid_t groups[GROUPS_MAX];
	size_t count = 0;

	if (geteuid() != 0)
		return 0;
	if (!role_user(r, &uid, &gid))
		return err_set(err, "there is no user %s; make install puts "
		    "sysusers.d/vedette.conf, and systemd-sysusers makes it",
		    roles[r].user);
	for (size_t i = 0; i < GROUPS_MAX && roles[r].groups[i] != NULL; i++) {
		const struct group *gr = getgrnam(roles[r].groups[i]);

		if (gr != NULL)
			groups[count++] = gr->gr_gid;
	}
	role_bound_caps(roles[r].caps);
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (setgroups(count, groups) == -1 ||
	    setresgid(gid, gid, gid) == -1 || setresuid(uid, uid, uid) == -1)
		return err_sys(err, "can't become %s", roles[r].user);
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	if (role_set_caps(roles[r].caps) == -1 && role_set_caps(0) == -1)
		return err_sys(err, "can't give up capabilities");
	return 0;
}

static void
bound_resources(void)
{
	struct rlimit core = { 0, 0 }, files;

	setrlimit(RLIMIT_CORE, &core);
	if (getrlimit(RLIMIT_NOFILE, &files) == -1)
		return;
	if (files.rlim_max == RLIM_INFINITY || files.rlim_max > FILES_MAX)
		files.rlim_max = FILES_MAX;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

int
role_failed(struct slice text)
{
	uint32_t len;
	uint16_t head[2] = { SUP_FAILED, 0 };
	struct buf frame = { 0 };

	text = slice_head(slice_trim(text), 65000);
	len = (uint32_t)text.len;
	buf_add(&frame, slice_bytes(&len, sizeof(len)));
	buf_add(&frame, slice_bytes(head, sizeof(head)));
	buf_add(&frame, text);
	write_all(ROLE_FD, buf_slice(&frame));
	buf_free(&frame);
	return 2;
}

/*
 * No role outlives its supervisor: its socket closes, and the signal comes
 * even to one that hangs. After the change of user, which would undo it.
 */
static void
tie_to_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);	/* a limit is an error of write */
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
}

/* What ps(1) and journald show; after /proc/self/exe it would be "exe". */
static void
name_process(enum role r)
{
	char name[16];

	snprintf(name, sizeof(name), "vedette-%s", roles[r].name);
	prctl(PR_SET_NAME, name, 0, 0, 0);
}

static bool
has_supervisor(void)
{
	struct stat sb;

	return fstat(ROLE_FD, &sb) == 0 && S_ISSOCK(sb.st_mode);
}

int
role_run(enum role r, const struct leaves *leaves,
    const struct run_options *opts)
{
	struct role_start start = { .role = r, .leaves = leaves, .opts = opts };
	struct diag diag = { 0 };
	struct err err;
	const bool was_root = geteuid() == 0;
	char name[64];
	int ret;

	snprintf(name, sizeof(name), "vedette %s", roles[r].name);
	log_init(name, opts->verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO,
	    getenv("JOURNAL_STREAM") != NULL);
	if (!has_supervisor()) {
		log_error("a role is started by its supervisor; "
		    "vedette run starts all");
		return 2;
	}
	name_process(r);
	bound_resources();
	/* Whose journal it is; the product uuid is for root alone. */
	if (r == ROLE_JUDGE)
		host_marks_read(&start.marks);
	if (drop_rights(r, &err) == -1)
		return role_failed(slice_of(err.text));
	tie_to_parent();
	if (config_load(&start.config, opts->config, leaves->inputs,
	    leaves->outputs, &diag) == -1 ||
	    (was_root && trust_check(&start.config, &diag) == -1))
		ret = role_failed(buf_slice(&diag.text));
	else if ((start.loop = loop_new()) == NULL)
		ret = role_failed(S("epoll_create1 failed"));
	else
		ret = roles[r].main(&start);
	loop_free(start.loop);
	config_free(&start.config);
	diag_free(&diag);
	return ret;
}
