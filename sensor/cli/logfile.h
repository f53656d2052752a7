/*
 * Logs that somebody names on the command line, line by line: plain or
 * packed, from a file or from standard input.
 */
#ifndef VEDETTE_LOGFILE_H
#define VEDETTE_LOGFILE_H

#include "base/err.h"
#include "inputs/lines.h"

/*
 * Calls back for each line of a file, "-" being standard input, until there
 * are no more or it says false. -1 after filling err, which names the file.
 */
int logfile_read(const char *path,
    bool (*each)(void *arg, const struct line *line), void *arg,
    struct err *err);

#endif
