#include "cli/logfile.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
read_lines(const char *path, int fd,
    bool (*each)(void *arg, const struct line *line), void *arg,
    struct err *err)
{
	struct feed *f = feed_new(fd, FEED_ENDED);
	struct lines *lines = lines_new(f);
	enum lines_found found;
	struct line line;
	bool more = true;
	int ret = 0;

	while (more && (found = lines_next(lines, &line)) == LINES_FOUND)
		more = each(arg, &line);
	if (more && lines_rest(lines, &line))
		each(arg, &line);
	if (more && found == LINES_BROKEN)
		ret = err_set(err, "%s: %s", path, feed_error(f));
	lines_free(lines);
	feed_free(f);
	return ret;
}

int
logfile_read(const char *path,
    bool (*each)(void *arg, const struct line *line), void *arg,
    struct err *err)
{
	struct stat sb;
	int fd, ret;

	if (strcmp(path, "-") == 0)
		return read_lines(path, STDIN_FILENO, each, arg, err);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd == -1)
		return err_sys(err, "%s", path);
	if (fstat(fd, &sb) == 0 && S_ISDIR(sb.st_mode))
		ret = err_set(err, "%s: is a directory", path);
	else
		ret = read_lines(path, fd, each, arg, err);
	close(fd);
	return ret;
}
