/*
 * The configuration as every role and command reads it: vedette.yaml and
 * the .yaml files in conf.d beside it, defaults filled in. An empty file is a working
 * sensor.
 */
#ifndef VEDETTE_CONFIG_H
#define VEDETTE_CONFIG_H

#include "base/opt.h"
#include "engine/engine.h"
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
	unsigned kinds;		/* bits 1 << KIND_x */
	const struct node *at;
};

/* What the file says: at its top, under "store", and of each output. */
extern const struct opt config_opts[], store_opts[], output_opts[];

struct config {
	struct arena *arena;	/* owns everything below */
	const char *path;
	const struct node *root;	/* NULL: empty */
	struct config_input *inputs;
	size_t input_count;
	struct config_output *outputs;
	size_t output_count;
	struct strlist *rules;	/* files and directories */
	/* Of tuning; the default directories may be absent. */
	struct strlist *exceptions, *overrides;
	struct slice draft;	/* an exception that is in no file yet */
	struct diag *advice;	/* gets lint's opinion; NULL: nobody asks */
	bool own;		/* all rules are held to what own ones are */
	const char *state, *run;	/* directories */
	struct store_limits limits;
	struct ruleset_limits correlation;
	int sandbox;		/* enum sandbox_mode */
	bool defaults, journal;	/* not taken away by "off" */
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
/*
 * Reads the lists "inputs" and "outputs" of c->root and adds the defaults;
 * config_load's own parts. -1 after diag_error.
 */
int config_inputs(struct config *c, const struct input *const *types,
    struct diag *d);
int config_outputs(struct config *c, const struct output *const *types,
    struct diag *d);
/* Appends every value and where it came from. */
void config_show(const struct config *c, struct buf *out);

#endif
