#include "daemon/attempt.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

enum { DEATHS_MAX = 3 };

/* What stands in the file. */
struct mark {
	struct stream stream;
	unsigned char busy;	/* a record was begun and not ended */
	unsigned char deaths;	/* at the place below */
	uint64_t offset;
};

struct attempt {
	struct mark *mark;
	struct mark died;	/* as the last process left it */
};

static struct mark *
map(int fd)
{
	struct stat sb;
	void *p;

	struct mark none = { 0 };

	/* A hole would be filled when it is written to: SIGBUS if full. */
	if (fstat(fd, &sb) == -1 ||
	    (sb.st_size < (off_t)sizeof(none) &&
	    pwrite(fd, &none, sizeof(none), 0) != sizeof(none)))
		return NULL;
	p = mmap(NULL, sizeof(struct mark), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	return p == MAP_FAILED ? NULL : p;
}

struct attempt *
attempt_open(const char *state, struct err *err)
{
	struct attempt *a;
	struct mark *mark = NULL;
	struct buf path = { 0 };
	int fd;

	buf_fmt(&path, "%s/attempt", state);
	fd = open(buf_cstr(&path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	if (fd != -1) {
		mark = map(fd);
		close(fd);
	}
	if (mark == NULL) {
		err_sys(err, "%s", buf_cstr(&path));
		buf_free(&path);
		return NULL;
	}
	buf_free(&path);
	a = xcalloc(1, sizeof(*a));
	a->mark = mark;
	a->died = *mark;
	if (a->died.busy)
		a->died.deaths++;
	else
		a->died.deaths = 0;
	return a;
}

void
attempt_close(struct attempt *a)
{
	if (a == NULL)
		return;
	munmap(a->mark, sizeof(*a->mark));
	free(a);
}

static bool
same_place(const struct mark *m, const struct record *r)
{
	return m->offset == r->offset &&
	    memcmp(&m->stream, &r->stream, sizeof(m->stream)) == 0;
}

bool
attempt_begin(struct attempt *a, const struct record *r)
{
	bool again;

	if (a == NULL)
		return true;
	again = a->died.deaths > 0 && same_place(&a->died, r);
	if (again && a->died.deaths >= DEATHS_MAX)
		return false;
	*a->mark = (struct mark){ r->stream, 1,
	    again ? a->died.deaths : 0, r->offset };
	return true;
}

void
attempt_end(struct attempt *a)
{
	if (a != NULL)
		a->mark->busy = 0;
}
