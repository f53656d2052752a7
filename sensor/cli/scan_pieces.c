#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/when.h"
#include "cli/scan_jobs.h"

/* A worker ought to be worth its start, and all ought to end together. */
static const uint64_t piece_size = 8 * 1024 * 1024;
/* Less than that is read sooner than a worker is started. */
static const uint64_t here_size = 64 * 1024;

enum { BLOCK = 65536 };

/* Where the first line begins behind an offset; UINT64_MAX: none does. */
static uint64_t
line_behind(int fd, uint64_t offset)
{
	unsigned char block[BLOCK];
	ssize_t n;

	while ((n = pread(fd, block, sizeof(block), (off_t)offset)) > 0) {
		size_t at = slice_find_byte(slice_bytes(block, (size_t)n),
		    '\n');

		if (at != SIZE_MAX)
			return offset + at + 1;
		offset += (uint64_t)n;
	}
	return UINT64_MAX;
}

/* Gives the rest of the present file, or a piece of it. */
static void
cut(struct pieces *p, struct piece *out)
{
	struct piece *next = &p->next;

	*out = *next;
	out->until = UINT64_MAX;
	if (p->size > 0 && next->from + 2 * piece_size < p->size)
		out->until = line_behind(next->fd, next->from + piece_size);
	out->last = out->until >= p->size;
	if (out->last) {
		out->until = UINT64_MAX;
		next->fd = -1;
		return;
	}
	out->bytes = out->until - next->from;
	/* Each piece has its own descriptor. */
	out->fd = fcntl(next->fd, F_DUPFD_CLOEXEC, 0);
	next->bytes -= out->bytes;
	next->from = out->until;
	next->first = false;
}

/*
 * What a worker can read: a pipe has one reader, and of an audit log several
 * records belong together.
 */
static bool
is_for_worker(struct scan *s, int fd, bool *packed)
{
	struct scan_look look = scan_look(s, fd);

	*packed = look.packed;
	return look.other == NULL && !slice_starts(look.first, S("type=")) &&
	    !slice_starts(look.first, S("node="));
}

/* The parent says what is wrong with a file that can't be opened, too. */
static int
open_large(const char *path, struct stat *sb)
{
	if (strcmp(path, "-") == 0 || stat(path, sb) == -1 ||
	    !S_ISREG(sb->st_mode) || (uint64_t)sb->st_size < here_size)
		return -1;
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

bool
pieces_next(struct pieces *p, struct piece *out)
{
	struct stat sb;
	bool packed;
	int fd;

	if (p->next.fd != -1) {
		cut(p, out);
		return true;
	}
	if (*p->paths == NULL)
		return false;
	*out = (struct piece){ .path = *p->paths++, .fd = -1, .first = true,
	    .last = true, .until = UINT64_MAX };
	fd = open_large(out->path, &sb);
	if (fd == -1)
		return true;
	if (!is_for_worker(p->scan, fd, &packed)) {
		close(fd);
		return true;
	}
	p->next = *out;
	p->next.fd = fd;
	p->next.bytes = (uint64_t)sb.st_size;
	p->next.latest = (int64_t)sb.st_mtim.tv_sec * SECOND +
	    sb.st_mtim.tv_nsec / 1000;
	p->size = packed ? 0 : p->next.bytes;
	cut(p, out);
	return true;
}
