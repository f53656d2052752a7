#include "daemon/places.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"

enum { BACKLOG = 64 };

/* Who the state directory must belong to. */
static uid_t
owner(gid_t *gid)
{
	unsigned uid = getuid(), group = getgid();

	if (geteuid() == 0)
		role_user(ROLE_JUDGE, &uid, &group);
	*gid = group;
	return uid;
}

/*
 * The parents are made as needed; the last directory is made by this call or
 * was there, and is looked at through a descriptor that no link can swap.
 */
static int
make_state(const char *path, struct err *err)
{
	gid_t gid;
	uid_t uid = owner(&gid);
	bool made = access(path, F_OK) == -1;
	struct stat sb;
	int fd, ret = 0;

	if (made && make_dirs(path, 0755, err) == -1)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return err_sys(err, "%s", path);
	if (fstat(fd, &sb) == -1)
		ret = err_sys(err, "%s", path);
	else if (made && (fchmod(fd, 0700) == -1 ||
	    (sb.st_uid != uid && fchown(fd, uid, gid) == -1)))
		ret = err_sys(err, "%s", path);
	else if (!made && sb.st_uid != uid)
		ret = err_set(err, "%s belongs to uid %u, not to uid %u who "
		    "keeps the journal", path, sb.st_uid, uid);
	close(fd);
	return ret;
}

/* Whoever can write there can answer in the sensor's place. */
static int
make_run(const char *path, struct err *err)
{
	struct stat sb;
	int fd, ret = 0;

	if (make_dirs(path, 0755, err) == -1)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &sb) == -1)
		ret = err_sys(err, "%s", path);
	else if (sb.st_uid != geteuid())
		ret = err_set(err, "%s belongs to uid %u, not to uid %u who "
		    "runs the sensor", path, sb.st_uid, geteuid());
	else if (sb.st_mode & 022)
		ret = err_set(err, "%s: mode %04o lets others write; it must "
		    "be 0755", path, (unsigned)(sb.st_mode & 07777));
	if (fd != -1)
		close(fd);
	return ret;
}

int
places_make(const struct plan *p, struct err *err)
{
	if (make_state(p->state, err) == -1)
		return -1;
	return make_run(p->run, err);
}

static int
address(const char *run, struct sockaddr_un *out, struct err *err)
{
	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (snprintf(out->sun_path, sizeof(out->sun_path), "%s/control.sock",
	    run) >= (int)sizeof(out->sun_path))
		return err_set(err, "%s: too long for a socket's path", run);
	return 0;
}

int
places_listen(const char *run, struct err *err)
{
	struct sockaddr_un at;
	const struct group *gr = getgrnam("vedette");
	int fd;

	if (address(run, &at, err) == -1)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return err_sys(err, "control socket");
	unlink(at.sun_path);
	umask(0117);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) == -1 ||
	    (geteuid() == 0 && gr != NULL &&
	    lchown(at.sun_path, 0, gr->gr_gid) == -1) ||
	    listen(fd, BACKLOG) == -1) {
		err_sys(err, "%s", at.sun_path);
		close(fd);
		fd = -1;
	}
	umask(0022);
	return fd;
}

void
places_unlisten(const char *run, int fd)
{
	struct sockaddr_un at;

	if (fd == -1)
		return;
	close(fd);
	if (address(run, &at, NULL) == 0)
		unlink(at.sun_path);
}

uint32_t
places_login_uid(int connection)
{
	struct ucred who;
	socklen_t len = sizeof(who);
	struct buf text = { 0 };
	uint64_t uid = UINT32_MAX;
	char path[64];

	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &who, &len) == -1)
		return UINT32_MAX;
	snprintf(path, sizeof(path), "/proc/%d/loginuid", (int)who.pid);
	if (read_file(path, &text, 64, NULL) == 0)
		slice_to_u64(slice_trim(buf_slice(&text)), &uid);
	buf_free(&text);
	return uid > UINT32_MAX ? UINT32_MAX : (uint32_t)uid;
}
