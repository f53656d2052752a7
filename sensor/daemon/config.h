/*
 * The configuration as every role and command reads it: vedette.yaml and
 * conf.d/*.yaml beside it, defaults filled in. An empty file is a working
 * sensor.
 */
#ifndef VEDETTE_CONFIG_H
#define VEDETTE_CONFIG_H

#include "base/opt.h"
#include "inputs/input.h"
#include "output.h"
#include "store/store.h"

enum sandbox_mode { SANDBOX_REQUIRE, SANDBOX_BEST, SANDBOX_OFF };

struct config_input {
	const struct input *type;
	void *options;
	const struct node *at;	/* NULL: a default */
};

struct config_output {
	const char *name;
	const struct output *type;
	void *options;
	int level;		/* enum level: at least */
	const struct node *at;
};

struct config {
	struct arena *arena;	/* owns everything below */
	const char *path;
	const struct node *root;	/* NULL: empty */
	struct config_input *inputs;
	size_t input_count;
	struct config_output *outputs;
	size_t output_count;
	struct strlist *rules;	/* files and directories */
	const char *state, *run;	/* directories */
	struct store_limits limits;
	int sandbox;		/* enum sandbox_mode */
	const struct node *placeholders;	/* for |expand, or NULL */
	struct buf choice;	/* what the defaults came to, for check */
};

/*
 * path NULL: SYSCONFDIR/vedette.yaml, which may be absent; a path that was
 * given must exist. All mistakes go to the diag; -1 when there was one.
 * config_free ends it in either case.
 */
int config_load(struct config *c, const char *path,
    const struct input *const *inputs, const struct output *const *outputs,
    struct diag *d);
void config_free(struct config *c);
/* Appends every value and where it came from. */
void config_show(const struct config *c, struct buf *out);

#endif
