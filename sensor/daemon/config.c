#include "daemon/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static const char *const sandbox_words[] = { "require", "best", "off", NULL };

const struct opt config_opts[] = {
	{ "rules", OPT_LIST, AT(config, rules), NULL,
	    "files and directories of rules; decoders are in its decoders/",
	    NULL, false },
	{ "exceptions", OPT_LIST, AT(config, exceptions), NULL,
	    "files and directories of exceptions (default: exceptions.d)",
	    NULL, false },
	{ "overrides", OPT_LIST, AT(config, overrides), NULL,
	    "files and directories of overrides (default: overrides.d)",
	    NULL, false },
	{ "state", OPT_PATH, AT(config, state), STATEDIR,
	    "directory of the journal", NULL, false },
	{ "run", OPT_PATH, AT(config, run), RUNDIR,
	    "directory of the control socket", NULL, false },
	{ "sandbox", OPT_WORD, AT(config, sandbox), "best",
	    "what to do where the kernel can't confine fully",
	    sandbox_words, false },
	{ 0 },
};

const struct opt store_opts[] = {
	{ "size", OPT_SIZE, AT(store_limits, size), "2G",
	    "most bytes on disk; the oldest alerts go first", NULL, false },
	{ "alerts", OPT_SPAN, AT(store_limits, bulk), "90d",
	    "age at which alerts go", NULL, false },
	{ "evidence", OPT_SPAN, AT(store_limits, evidence), "400d",
	    "age at which events of record go", NULL, false },
	{ 0 },
};

/* Read elsewhere. */
static const char *const other_keys[] = {
	"inputs", "outputs", "store", "correlation", "placeholders", NULL
};

struct merging {
	struct config *config;
	struct diag *diag;
	struct node *root;
};

static int
merge_file(void *arg, const char *path)
{
	struct merging *m = arg;
	struct node *docs = NULL;

	if (yaml_read(m->config->arena, path, &docs, m->diag) == -1)
		return 0;	/* the diag counts it; read on */
	if (docs == NULL || node_is_null(docs))
		return 0;
	if (docs->next != NULL)
		node_error(m->diag, docs->next,
		    "a configuration is one document");
	if (docs->type != NODE_MAP) {
		node_error(m->diag, docs, "expected \"key: value\" lines");
		return 0;
	}
	m->root = m->root == NULL ? docs :
	    node_merge(m->config->arena, m->root, docs);
	return 0;
}

/* A directory beside the configuration file. */
static void
beside(const char *path, const char *what, struct buf *out)
{
	struct slice dir = S("."), name;

	slice_split_last(slice_of(path), S("/"), &dir, &name);
	buf_add(out, dir);
	buf_fmt(out, "/%s", what);
}

/* conf.d beside the file, in byte order of the names. */
static void
merge_directory(struct merging *m, const char *path)
{
	static const char *const suffixes[] = { ".yaml", NULL };
	struct buf conf = { 0 };
	struct err err;

	beside(path, "conf.d", &conf);
	if (access(buf_cstr(&conf), F_OK) == 0 &&
	    walk_files(buf_cstr(&conf), suffixes, merge_file, m, &err) == -1)
		diag_error(m->diag, NULL, 0, 0, "%s", err.text);
	buf_free(&conf);
}

static struct strlist *
default_rules(struct arena *a)
{
	struct strlist *list = arena_alloc(a, sizeof(*list));

	list->items = arena_alloc(a, 2 * sizeof(*list->items));
	list->items[list->count++] = DATADIR "/rules";
	if (access(SYSCONFDIR "/rules.d", F_OK) == 0)
		list->items[list->count++] = SYSCONFDIR "/rules.d";
	return list;
}

/* Also if it is not there; who reads it looks. */
static struct strlist *
default_tuning(const struct config *c, const char *what)
{
	struct strlist *list = arena_alloc(c->arena, sizeof(*list));
	struct buf path = { 0 };

	beside(c->path, what, &path);
	list->items = arena_alloc(c->arena, sizeof(*list->items));
	list->items[list->count++] = (const char *)arena_keep(c->arena,
	    buf_slice(&path)).p;
	buf_free(&path);
	return list;
}

static void
read_correlation(struct config *c, struct diag *d)
{
	const struct node *map = node_get(c->root, "correlation");

	if (opt_read(limit_opts, &c->correlation, map, NULL, "correlation",
	    c->arena, d) == 0)
		ruleset_limits_check(&c->correlation, map, d);
}

int
config_load(struct config *c, const char *path,
    const struct input *const *inputs, const struct output *const *outputs,
    struct diag *d)
{
	unsigned before = d->errors;
	struct merging m = { c, d, NULL };

	*c = (struct config){ .arena = arena_new(0), .defaults = true,
	    .journal = true };
	c->path = path != NULL ? path : SYSCONFDIR "/vedette.yaml";
	if (path != NULL || access(c->path, F_OK) == 0)
		merge_file(&m, c->path);
	merge_directory(&m, c->path);
	c->root = m.root;
	opt_read(config_opts, c, c->root, other_keys, "configuration",
	    c->arena, d);
	opt_read(store_opts, &c->limits, node_get(c->root, "store"), NULL,
	    "store", c->arena, d);
	read_correlation(c, d);
	if (node_get(c->root, "rules") == NULL)
		c->rules = default_rules(c->arena);
	if (node_get(c->root, "exceptions") == NULL)
		c->exceptions = default_tuning(c, "exceptions.d");
	if (node_get(c->root, "overrides") == NULL)
		c->overrides = default_tuning(c, "overrides.d");
	c->placeholders = node_get(c->root, "placeholders");
	config_inputs(c, inputs, d);
	config_outputs(c, outputs, d);
	return d->errors > before ? -1 : 0;
}

void
config_free(struct config *c)
{
	arena_free(c->arena);
	buf_free(&c->choice);
	*c = (struct config){ 0 };
}

static void
show_input(const struct config_input *in, struct buf *out)
{
	buf_fmt(out, "  - %s:%s\n", in->type->name,
	    in->at == NULL ? "  # default" : "");
	opt_show(in->type->options, in->options, in->at, 6, out);
}

static void
show_output(const struct config_output *o, struct buf *out)
{
	buf_fmt(out, "  - %s:\n      name: %s\n      min_level: %s\n",
	    o->type->name, o->name, level_name((enum level)o->level));
	opt_show(o->type->options, o->options, o->at, 6, out);
}

void
config_show(const struct config *c, struct buf *out)
{
	opt_show(config_opts, c, c->root, 0, out);
	buf_str(out, "store:\n");
	opt_show(store_opts, &c->limits, node_get(c->root, "store"), 2, out);
	buf_str(out, "correlation:\n");
	opt_show(limit_opts, &c->correlation, node_get(c->root,
	    "correlation"), 2, out);
	buf_str(out, "inputs:\n");
	for (size_t i = 0; i < c->input_count; i++)
		show_input(&c->inputs[i], out);
	buf_str(out, "outputs:\n");
	for (size_t i = 0; i < c->output_count; i++)
		show_output(&c->outputs[i], out);
}
