/*
 * Reading and writing descriptors, with short counts and EINTR dealt with.
 */
#ifndef VEDETTE_FILE_H
#define VEDETTE_FILE_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* Writes all of it; -1 with errno. */
int write_all(int fd, struct slice s);
/* Reads n bytes at an offset unless the file ends; the count, or -1. */
ssize_t pread_full(int fd, void *p, size_t n, off_t offset);
/* Appends the whole file, at most max bytes (more is EFBIG). */
int read_fd(int fd, struct buf *b, size_t max);
int read_file(const char *path, struct buf *b, size_t max, struct err *err);
/*
 * Calls back for each regular file below dir whose name ends in one of the
 * suffixes (NULL-terminated), in byte order of the paths; a file gives
 * itself. Names beginning with a dot are left out; links are followed, but not
 * round in circles. What has such a name and is no regular file, or can't be
 * got at, is an error. -1 after filling err, or when the callback gives -1.
 */
int walk_files(const char *path, const char *const *suffixes,
    int (*each)(void *arg, const char *path), void *arg, struct err *err);
/* Descriptors 0 to 2 that are closed are /dev/null afterwards. */
void fill_standard_fds(void);
/* mkdir -p with a mode; 0 when it is there. */
int make_dirs(const char *path, mode_t mode, struct err *err);

#endif
