/*
 * The lists "inputs" and "outputs": each item is a map of one key, the leaf's
 * name, with its options below it.
 */
#include "daemon/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LEAVES_MAX = 64 };

/* Log files that syslog daemons write by default; see config_defaults. */
static const char *const default_files[] = {
	"/var/log/auth.log", "/var/log/secure", "/var/log/syslog",
	"/var/log/messages", "/var/log/kern.log", "/var/log/cron.log",
};

/* Logs that servers write themselves, which no journal feeds. */
static const char *const server_files[] = {
	"/var/log/nginx/*.log", "/var/log/apache2/*.log",
	"/var/log/httpd/*_log", "/var/log/lighttpd/*.log",
};

/* The value of an item "- name: {...}"; its key is the name. */
static const struct node *
item_value(const struct node *item, const char *what, struct diag *d)
{
	if (item->type == NODE_MAP && item->count == 1)
		return item->first;
	node_error(d, item, "expected \"- %s: {...}\"", what);
	return NULL;
}

static bool
is_off(const struct node *n)
{
	return n->type == NODE_SCALAR && !n->quoted &&
	    (slice_eq(n->text, S("off")) || slice_eq(n->text, S("false")));
}

static const struct input *
find_input(const struct input *const *types, const struct node *key,
    struct diag *d)
{
	const char *names[LEAVES_MAX + 2] = { NULL };
	size_t i;

	for (i = 0; types[i] != NULL && i < LEAVES_MAX; i++) {
		if (strcmp(types[i]->name, node_cstr(key)) == 0)
			return types[i];
		names[i] = types[i]->name;
	}
	names[i] = "defaults";
	node_no_such(d, key, "input", names);
	return NULL;
}

static const struct output *
find_output(const struct output *const *types, const struct node *key,
    struct diag *d)
{
	const char *names[LEAVES_MAX + 1] = { NULL };

	for (size_t i = 0; types[i] != NULL && i < LEAVES_MAX; i++) {
		if (strcmp(types[i]->name, node_cstr(key)) == 0)
			return types[i];
		names[i] = types[i]->name;
	}
	node_no_such(d, key, "output", names);
	return NULL;
}

static bool
has_input(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->input_count; i++)
		if (strcmp(c->inputs[i].type->name, name) == 0)
			return true;
	return false;
}

static void
add_input(struct config *c, const struct input *type, const struct node *at,
    const struct node *value, struct diag *d)
{
	struct config_input *in = &c->inputs[c->input_count];
	unsigned before = d->errors;

	if (type->once && has_input(c, type->name)) {
		node_error(d, value, "there is a %s already; only one is read",
		    type->name);
		return;
	}
	in->type = type;
	in->at = at;
	in->options = arena_alloc(c->arena, type->options_size);
	opt_read(type->options, in->options, value, NULL, type->name,
	    c->arena, d);
	if (d->errors == before && type->check != NULL)
		type->check(in->options, value, d);
	if (d->errors == before)
		c->input_count++;
}

/* "- journal: off" and "- defaults: off" take away; the rest adds. */
static void
read_input(struct config *c, const struct input *const *types,
    const struct node *item, struct diag *d)
{
	const struct node *value = item_value(item, "file", d);
	const struct input *type;

	if (value == NULL)
		return;
	if (slice_eq(value->key->text, S("defaults"))) {
		if (!is_off(value))
			node_error(d, value, "expected off");
		c->defaults = false;
		return;
	}
	type = find_input(types, value->key, d);
	if (type == NULL)
		return;
	if (is_off(value)) {
		if (strcmp(type->name, "journal") == 0)
			c->journal = false;
		else
			node_error(d, value, "only defaults can be off");
		return;
	}
	add_input(c, type, value, value, d);
}

/*
 * Whether journald is the one that programs log to: then it has everything
 * that the syslog files have, and the files would be the same lines again.
 */
static bool
journal_feeds(struct config *c)
{
	char target[256];
	ssize_t n = readlink("/dev/log", target, sizeof(target) - 1);

	/* A directory of it may be left from another time. */
	if (access("/run/systemd/journal/socket", F_OK) == -1) {
		buf_str(&c->choice, "journal: no journald runs");
		return false;
	}
	if (n == -1 && errno == ENOENT)
		return true;
	target[n > 0 ? n : 0] = '\0';
	if (strcmp(target, "/run/systemd/journal/dev-log") == 0)
		return true;
	buf_str(&c->choice, "journal: not read, programs log past it "
	    "(/dev/log is not journald's)");
	return false;
}

static void
add_default(struct config *c, const struct input *type, const char *yaml,
    struct diag *d)
{
	struct node *options = NULL;

	yaml_parse(c->arena, "(default)", slice_of(yaml), &options, d);
	add_input(c, type, NULL, options, d);
}

static const struct input *
by_name(const struct input *const *types, const char *name)
{
	for (; *types != NULL; types++)
		if (strcmp((*types)->name, name) == 0)
			return *types;
	return NULL;
}

/* What the caller can't have of a file; as root the watch role can. */
static const char *
unreadable(const char *path)
{
	if (access(path, F_OK) == -1)
		return " (absent)";
	return access(path, R_OK) == -1 ? " (you may not read it)" : "";
}

static void
syslog_inputs(struct config *c, const struct input *journal,
    const struct input *file, struct diag *d)
{
	struct buf yaml = { 0 };

	if (c->journal && journal != NULL && journal_feeds(c)) {
		buf_str(&c->choice, "journal: read; the syslog files hold "
		    "the same messages and are left out");
		if (!has_input(c, "journal"))
			add_default(c, journal, "{}", d);
		return;
	}
	if (!c->journal)
		buf_str(&c->choice, "journal: off");
	buf_str(&c->choice, c->choice.len > 0 ? "; files:" : "files:");
	buf_str(&yaml, "paths:\n");
	for (size_t i = 0; i < COUNT(default_files); i++) {
		buf_fmt(&yaml, "  - %s\n", default_files[i]);
		buf_fmt(&c->choice, " %s%s", default_files[i],
		    unreadable(default_files[i]));
	}
	if (file != NULL)
		add_default(c, file, buf_cstr(&yaml), d);
	buf_free(&yaml);
}

static void
server_inputs(struct config *c, const struct input *file, struct diag *d)
{
	struct buf yaml = { 0 };

	buf_str(&c->choice, "; servers' own logs:");
	buf_str(&yaml, "paths:\n");
	for (size_t i = 0; i < COUNT(server_files); i++) {
		buf_fmt(&yaml, "  - \"%s\"\n", server_files[i]);
		buf_fmt(&c->choice, " %s", server_files[i]);
	}
	if (file != NULL)
		add_default(c, file, buf_cstr(&yaml), d);
	buf_free(&yaml);
}

static void
default_inputs(struct config *c, const struct input *const *types,
    struct diag *d)
{
	const struct input *file = by_name(types, "file");

	if (!c->defaults) {
		buf_str(&c->choice, "defaults are off");
		return;
	}
	syslog_inputs(c, by_name(types, "journal"), file, d);
	server_inputs(c, file, d);
}

int
config_inputs(struct config *c, const struct input *const *types,
    struct diag *d)
{
	const struct node *list = node_get(c->root, "inputs");
	unsigned before = d->errors;
	size_t count = 0;

	if (list != NULL && !node_is_null(list)) {
		if (list->type != NODE_LIST)
			return node_error(d, list, "expected a list");
		count = list->count;
	}
	c->inputs = arena_alloc(c->arena,
	    (count + 3) * sizeof(*c->inputs));
	if (count > 0)
		for (const struct node *n = list->first; n != NULL;
		    n = n->next)
			read_input(c, types, n, d);
	default_inputs(c, types, d);
	return d->errors > before ? -1 : 0;
}

/* What every output has. */
struct common {
	const char *name;
	int level;
	struct strlist *kinds;
};

const struct opt output_opts[] = {
	{ "name", OPT_STR, AT(common, name), NULL,
	    "name in status and in the journal (default: the type)", NULL,
	    false },
	{ "min_level", OPT_WORD, AT(common, level), "low",
	    "least level that is sent", level_words, false },
	{ "kinds", OPT_LIST, AT(common, kinds), "alert",
	    "kinds of journal records that are sent", NULL, false },
	{ 0 },
};

static unsigned
read_kinds(const struct strlist *list, const struct node *at, struct diag *d)
{
	unsigned mask = 0;

	for (size_t i = 0; list != NULL && i < list->count; i++) {
		enum kind k;

		if (kind_parse(slice_of(list->items[i]), &k) == -1)
			node_error(d, at, "no kind \"%s\"", list->items[i]);
		else
			mask |= 1u << k;
	}
	return mask;
}

/*
 * A map is read twice. The common table is told to leave all keys alone that
 * are not its own; the output's own table finds those that nobody knows.
 */
static size_t
option_names(const struct opt *table, const char **names, size_t max)
{
	size_t n = 0;

	for (; table[n].name != NULL && n < max; n++)
		names[n] = table[n].name;
	names[n] = NULL;
	return n;
}

static void
key_names(const struct node *map, const char **names, size_t max)
{
	size_t n = 0;

	for (const struct node *v = map->type == NODE_MAP ? map->first : NULL;
	    v != NULL && n < max; v = v->next)
		names[n++] = node_cstr(v->key);
	names[n] = NULL;
}

static void
check_name(const struct config *c, const struct config_output *o,
    struct diag *d)
{
	for (size_t i = 0; i < c->output_count; i++)
		if (strcmp(c->outputs[i].name, o->name) == 0)
			node_error(d, o->at, "two outputs named \"%s\"; give "
			    "one of them another name:", o->name);
}

static void
read_output(struct config *c, const struct output *const *types,
    const struct node *item, struct diag *d)
{
	const struct node *value = item_value(item, "webhook", d);
	struct config_output *o = &c->outputs[c->output_count];
	const char *keys[LEAVES_MAX + 1], *shared[COUNT(output_opts)];
	struct common common = { 0 };
	unsigned before = d->errors;

	if (value == NULL)
		return;
	o->type = find_output(types, value->key, d);
	if (o->type == NULL)
		return;
	key_names(value, keys, LEAVES_MAX);
	option_names(output_opts, shared, COUNT(output_opts) - 1);
	o->at = value;
	o->options = arena_alloc(c->arena, o->type->options_size);
	opt_read(output_opts, &common, value, keys, o->type->name, c->arena, d);
	opt_read(o->type->options, o->options, value, shared, o->type->name,
	    c->arena, d);
	o->name = common.name != NULL ? common.name : o->type->name;
	o->level = common.level;
	o->kinds = read_kinds(common.kinds, value, d);
	check_name(c, o, d);
	if (d->errors == before && o->type->check != NULL)
		o->type->check(o->options, value, d);
	if (d->errors == before)
		c->output_count++;
}

int
config_outputs(struct config *c, const struct output *const *types,
    struct diag *d)
{
	const struct node *list = node_get(c->root, "outputs");
	unsigned before = d->errors;

	if (list == NULL || node_is_null(list))
		return 0;
	if (list->type != NODE_LIST)
		return node_error(d, list, "expected a list");
	c->outputs = arena_alloc(c->arena,
	    (list->count + 1) * sizeof(*c->outputs));
	for (const struct node *n = list->first; n != NULL; n = n->next)
		read_output(c, types, n, d);
	return d->errors > before ? -1 : 0;
}
