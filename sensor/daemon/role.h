/*
 * A role is one process that can do one thing: the binary started again, with
 * the supervisor's socket as descriptor 3. Here is what all have in common.
 */
#ifndef VEDETTE_ROLE_H
#define VEDETTE_ROLE_H

#include "base/loop.h"
#include "daemon/config.h"
#include "daemon/frames.h"
#include "decode/decode.h"
#include "store/store.h"

enum role {
	ROLE_JUDGE,
	ROLE_COURIER,
	ROLE_WATCH_FILES,
	ROLE_WATCH_JOURNAL,
	ROLE_KINDS,
};

enum { ROLE_FD = 3 };

/* What the command line says, for the supervisor and for each role. */
struct run_options {
	const char *config;	/* NULL: the default file */
	bool verbose;
	bool last_good;		/* a judge may go on with the last good rules */
};

/* The leaves, as tables that end with NULL. */
struct leaves {
	const struct input *const *inputs;
	const struct decoder *const *decoders;
	const struct output *const *outputs;
};

const char *role_name(enum role r);
int role_parse(const char *name, enum role *out);
/* Name of the watch role that an input's `role` asks for; -1 for none. */
int role_of_input(const struct input *in);

/* One role from start to end; the process's exit status. */
int role_run(enum role r, const struct leaves *leaves,
    const struct run_options *opts);

/* What a role's main gets: rights are dropped, nothing is sealed yet. */
struct role_start {
	enum role role;
	const struct leaves *leaves;
	const struct run_options *opts;
	struct config config;
	struct loop *loop;
	struct host_marks marks;	/* the judge's */
};

int judge_main(struct role_start *start);
int courier_main(struct role_start *start);
int watch_main(struct role_start *start);

/* Tells the supervisor why it can't be, and gives 2. For before the loop. */
int role_failed(struct slice text);
/* The user a role runs as; false when there is none of that name. */
bool role_user(enum role r, unsigned *uid, unsigned *gid);
/* Bits of the first 32 capabilities: set exactly these; bound to these. */
int role_set_caps(unsigned keep);
void role_bound_caps(unsigned keep);

#endif
