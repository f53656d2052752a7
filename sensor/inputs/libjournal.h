/*
 * libsystemd's journal reader, loaded at run time by the one role that needs
 * it.
 */
#ifndef VEDETTE_LIBJOURNAL_H
#define VEDETTE_LIBJOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct sd_journal;

/* What is used of libsystemd; see sd-journal(3). */
struct libjournal {
	int (*open)(struct sd_journal **, int);
	int (*open_namespace)(struct sd_journal **, const char *, int);
	int (*open_directory)(struct sd_journal **, const char *, int);
	void (*close)(struct sd_journal *);
	int (*add_match)(struct sd_journal *, const void *, size_t);
	int (*add_conjunction)(struct sd_journal *);
	int (*add_disjunction)(struct sd_journal *);
	int (*set_data_threshold)(struct sd_journal *, size_t);
	int (*get_fd)(struct sd_journal *);
	int (*process)(struct sd_journal *);
	int (*next)(struct sd_journal *);
	int (*previous)(struct sd_journal *);
	int (*seek_head)(struct sd_journal *);
	int (*seek_tail)(struct sd_journal *);
	int (*seek_cursor)(struct sd_journal *, const char *);
	int (*get_cursor)(struct sd_journal *, char **);
	int (*get_realtime)(struct sd_journal *, uint64_t *);
	int (*enumerate)(struct sd_journal *, const void **, size_t *);
	void (*restart)(struct sd_journal *);
};

/*
 * Before the seal: it also loads what libsystemd would load only when it meets
 * a packed field. -1 when the library or a function is not there.
 */
int libjournal_load(struct libjournal *lib, struct err *err);

#endif
