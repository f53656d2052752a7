/*
 * One file, locked by bytes: the first belongs to the writer, the second to
 * whoever moves pages from the WAL into the database, or keeps that from
 * being done while it copies the two. The locks are those of open file
 * descriptions: a reader may ask for them without getting in a writer's way,
 * and they end with the process however it ends.
 */
#include "store/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { BYTE_WRITER, BYTE_CHECKPOINT };

static const char lock_name[] = "lock";

static int
lock_byte(int fd, int command, int type, int byte)
{
	struct flock l = { .l_type = (short)type, .l_whence = SEEK_SET,
	    .l_start = byte, .l_len = 1 };

	return fcntl(fd, command, &l);
}

static int
refuse_second(const struct store *st, struct err *err)
{
	char text[16] = "";
	ssize_t n = pread(st->lock, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	err_set(err, "%s: another vedette writes this journal (process %s)",
	    st->dir, text[0] != '\0' ? text : "unknown");
	errno = EWOULDBLOCK;
	return -1;
}

int
lock_writer(struct store *st, struct err *err)
{
	char text[16];
	int n;

	st->lock = openat(st->dirfd, lock_name, O_RDWR | O_CREAT | O_CLOEXEC |
	    O_NOFOLLOW | O_NONBLOCK, 0600);
	if (st->lock == -1)
		return err_sys(err, "%s/%s", st->dir, lock_name);
	if (lock_byte(st->lock, F_OFD_SETLK, F_WRLCK, BYTE_WRITER) == -1)
		return errno == EAGAIN || errno == EACCES ?
		    refuse_second(st, err) :
		    err_sys(err, "%s/%s", st->dir, lock_name);
	n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	/* For the message above only: a full disk must not keep us out. */
	if (ftruncate(st->lock, 0) == 0 &&
	    pwrite(st->lock, text, (size_t)n, 0) != n)
		return 0;
	return 0;
}

bool
lock_checkpoint(struct store *st)
{
	return lock_byte(st->lock, F_OFD_SETLK, F_WRLCK,
	    BYTE_CHECKPOINT) == 0;
}

void
unlock_checkpoint(struct store *st)
{
	lock_byte(st->lock, F_OFD_SETLK, F_UNLCK, BYTE_CHECKPOINT);
}

static int
lock_open(const char *dir)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/%s", dir, lock_name) >=
	    (int)sizeof(path))
		return -1;
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

bool
lock_is_held(const char *dir)
{
	struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET,
	    .l_start = BYTE_WRITER, .l_len = 1 };
	int fd = lock_open(dir);
	bool held;

	if (fd == -1)
		return false;
	held = fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
	close(fd);
	return held;
}

int
lock_copying(const char *dir)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	int fd = lock_open(dir);

	/* A checkpoint takes some hundredths of a second. */
	for (int i = 0; fd != -1 && i < 400; i++) {
		if (lock_byte(fd, F_OFD_SETLK, F_RDLCK, BYTE_CHECKPOINT) == 0)
			return fd;
		if (errno != EAGAIN && errno != EACCES)
			break;
		nanosleep(&pause, NULL);
	}
	if (fd != -1)
		close(fd);
	return -1;
}
