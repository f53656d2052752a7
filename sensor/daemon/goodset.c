#include "daemon/goodset.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/pack.h"

enum {
	COPY_MAX = 32 << 20,
	FORMAT = 2,
	LISTS = 3,
	PLACEHOLDERS = LISTS,	/* in the place of a list's number */
};

static const char file_name[] = "rules.good";
static const char place_name[] = "rules.good.d";

/* The lists of config that are copied, in this order. */
static struct strlist **
list_of(struct config *c, size_t i)
{
	struct strlist **const lists[LISTS] = {
		&c->rules, &c->exceptions, &c->overrides,
	};

	return lists[i];
}

/* --- gathering ------------------------------------------------------------ */

struct gathering {
	struct buf *out;
	uint8_t list;
	uint32_t item;
	const char *root;
};

/*
 * The path below the root; of a root that is a file, its own name. A root of
 * decoders is known by its name, so that stands before.
 */
static void
add_below(struct buf *out, const char *root, const char *path)
{
	struct slice rest = slice_of(path), top = slice_of(root), dir, name;
	bool file = slice_eq(rest, top);

	slice_skip(&rest, top);
	while (slice_skip(&rest, S("/")))
		;
	while (slice_ends(top, S("/")))
		top.len--;
	if (file && slice_split_last(top, S("/"), &dir, &name)) {
		top = dir;
		rest = name;
	} else if (file) {
		rest = top;
		top = S("");
	}
	if (slice_eq(top, S("decoders")) || slice_ends(top, S("/decoders")))
		buf_str(out, "decoders/");
	buf_add(out, rest);
}

static int
gather_file(void *arg, const char *path)
{
	struct gathering *g = arg;
	struct buf bytes = { 0 }, name = { 0 };
	int ret = -1;

	if (g->out->len < COPY_MAX && read_file(path, &bytes,
	    COPY_MAX - g->out->len, NULL) == 0) {
		pack_u8(g->out, g->list);
		pack_u32(g->out, g->item);
		add_below(&name, g->root, path);
		pack_slice(g->out, buf_slice(&name));
		pack_slice(g->out, buf_slice(&bytes));
		ret = 0;
	}
	buf_free(&bytes);
	buf_free(&name);
	return ret;
}

static int
gather_list(struct buf *out, uint8_t list, const struct strlist *paths)
{
	static const char *const suffixes[] = { ".yml", ".yaml", NULL };

	for (size_t i = 0; i < paths->count; i++) {
		struct gathering g = { out, list, (uint32_t)i,
			paths->items[i] };
		struct err err;

		/* Directories of tuning may be absent. */
		if (access(paths->items[i], F_OK) == 0 &&
		    walk_files(paths->items[i], suffixes, gather_file, &g,
		    &err) == -1)
			return -1;
	}
	return 0;
}

/* One text or a list of texts. */
static void
write_values(struct jsonw *w, const struct node *n)
{
	if (n->type == NODE_SCALAR) {
		jsonw_str(w, n->text);
		return;
	}
	jsonw_array(w);
	for (const struct node *v = n->type == NODE_LIST ? n->first : NULL;
	    v != NULL; v = v->next)
		if (v->type == NODE_SCALAR)
			jsonw_str(w, v->text);
	jsonw_array_end(w);
}

/* They are the configuration's, and rules mean nothing without them. */
static void
gather_placeholders(struct buf *out, const struct node *map)
{
	struct buf text = { 0 };
	struct jsonw w = { .out = &text };

	jsonw_object(&w);
	for (const struct node *n = map == NULL || map->type != NODE_MAP ?
	    NULL : map->first; n != NULL; n = n->next) {
		jsonw_key(&w, n->key->text);
		write_values(&w, n);
	}
	jsonw_object_end(&w);
	pack_u8(out, PLACEHOLDERS);
	pack_u32(out, 0);
	pack_slice(out, S("placeholders"));
	pack_slice(out, buf_slice(&text));
	buf_free(&text);
}

void
goodset_gather(struct buf *out, const struct config *c)
{
	const struct strlist *const lists[LISTS] = {
		c->rules, c->exceptions, c->overrides,
	};

	gather_placeholders(out, c->placeholders);
	for (uint8_t i = 0; i < LISTS; i++)
		if (gather_list(out, i, lists[i]) == -1 ||
		    out->len > COPY_MAX) {
			buf_clear(out);
			return;
		}
}

/* --- keeping -------------------------------------------------------------- */

static int
write_copy(int fd, struct slice copy)
{
	struct digest digest = digest_one(copy);
	struct buf head = { 0 };
	int ret;

	pack_u8(&head, FORMAT);
	pack_slice(&head, digest_slice(&digest));
	ret = write_all(fd, buf_slice(&head));
	buf_free(&head);
	return ret == -1 || write_all(fd, copy) == -1 || fsync(fd) == -1 ?
	    -1 : 0;
}

/* Whoever reads finds the old copy or the new, never a part of one. */
int
goodset_keep(struct slice copy, const char *state, struct err *err)
{
	struct buf path = { 0 }, new = { 0 };
	int fd, ret;

	buf_fmt(&path, "%s/%s", state, file_name);
	buf_fmt(&new, "%s.new", buf_cstr(&path));
	fd = open(buf_cstr(&new), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
	    O_NOFOLLOW, 0600);
	ret = fd == -1 ? -1 : write_copy(fd, copy);
	if (ret == 0)
		ret = rename(buf_cstr(&new), buf_cstr(&path));
	if (ret == -1) {
		err_sys(err, "%s", buf_cstr(&path));
		unlink(buf_cstr(&new));
	}
	if (fd != -1)
		close(fd);
	buf_free(&path);
	buf_free(&new);
	return ret;
}

/* --- using ---------------------------------------------------------------- */

static int
remove_one(const char *path, const struct stat *sb, int type, struct FTW *ftw)
{
	(void)sb;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* "a/b.yml": nothing that leads out of where it is put. */
static bool
is_inside(struct slice path)
{
	struct slice part;
	bool more = true;

	if (path.len == 0 || path.len >= PATH_MAX ||
	    memchr(path.p, '\0', path.len) != NULL)
		return false;
	while (more) {
		more = slice_cut(&path, '/', &part);
		if (!more)
			part = path;
		if (part.len == 0 || slice_eq(part, S("..")) ||
		    slice_eq(part, S(".")))
			return false;
	}
	return true;
}

static int
put_file(const char *path, struct slice bytes, struct err *err)
{
	char dir[PATH_MAX];
	int fd, ret;

	if (snprintf(dir, sizeof(dir), "%s", path) >= (int)sizeof(dir))
		return err_set(err, "%s: path too long", path);
	*strrchr(dir, '/') = '\0';
	if (make_dirs(dir, 0700, err) == -1)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	ret = fd == -1 ? -1 : write_all(fd, bytes);
	if (ret == -1)
		err_sys(err, "%s", path);
	if (fd != -1)
		close(fd);
	return ret;
}

static void
append(struct config *c, size_t list, const char *path)
{
	struct strlist *paths = *list_of(c, list);
	const char **items;

	if (paths->count > 0 &&
	    strcmp(paths->items[paths->count - 1], path) == 0)
		return;
	items = arena_alloc(c->arena, (paths->count + 1) * sizeof(*items));
	for (size_t i = 0; i < paths->count; i++)
		items[i] = paths->items[i];
	items[paths->count++] =
	    (const char *)arena_keep(c->arena, slice_of(path)).p;
	paths->items = items;
}

/* What is JSON is YAML, too. */
static int
use_placeholders(struct config *c, struct slice text, struct err *err)
{
	struct diag d = { 0 };
	struct node *map = NULL;
	int ret = yaml_parse(c->arena, "placeholders", text, &map, &d);

	if (ret == -1)
		err_set(err, "%s: %s", file_name, buf_cstr(&d.text));
	else
		c->placeholders = map;
	diag_free(&d);
	return ret;
}

/* A root is a directory of its own; its files come one after another. */
static int
unpack_file(struct config *c, const char *place, struct unpack *u,
    struct err *err)
{
	uint8_t list = unpack_u8(u);
	uint32_t item = unpack_u32(u);
	struct slice name = unpack_slice(u), bytes = unpack_slice(u);
	struct buf path = { 0 };
	size_t root;
	int ret;

	if (u->bad || list > PLACEHOLDERS || !is_inside(name))
		return err_set(err, "%s: damaged", file_name);
	if (list == PLACEHOLDERS)
		return use_placeholders(c, bytes, err);
	buf_fmt(&path, "%s/%u.%u", place, list, item);
	root = path.len;
	buf_byte(&path, '/');
	buf_add(&path, name);
	ret = put_file(buf_cstr(&path), bytes, err);
	path.len = root;
	if (ret == 0)
		append(c, list, buf_cstr(&path));
	buf_free(&path);
	return ret;
}

static int
unpack_copy(struct config *c, const char *place, struct slice file,
    struct err *err)
{
	struct unpack u = { file, false };
	uint8_t format = unpack_u8(&u);
	struct slice sum = unpack_slice(&u);
	struct digest digest = digest_one(u.rest);

	if (u.bad || format != FORMAT ||
	    !slice_eq(sum, digest_slice(&digest)) || u.rest.len == 0)
		return err_set(err, "%s: damaged", file_name);
	for (size_t i = 0; i < LISTS; i++)
		*list_of(c, i) = arena_alloc(c->arena, sizeof(struct strlist));
	while (u.rest.len > 0)
		if (unpack_file(c, place, &u, err) == -1)
			return -1;
	return 0;
}

int
goodset_use(struct config *c, struct err *err)
{
	struct buf path = { 0 }, place = { 0 }, file = { 0 };
	int ret;

	buf_fmt(&path, "%s/%s", c->state, file_name);
	buf_fmt(&place, "%s/%s", c->state, place_name);
	remove_tree(buf_cstr(&place));
	ret = read_file(buf_cstr(&path), &file, COPY_MAX + 4096, err);
	if (ret == 0)
		ret = unpack_copy(c, buf_cstr(&place), buf_slice(&file), err);
	buf_free(&path);
	buf_free(&place);
	buf_free(&file);
	return ret;
}

void
goodset_remove(const struct config *c)
{
	struct buf place = { 0 };

	buf_fmt(&place, "%s/%s", c->state, place_name);
	remove_tree(buf_cstr(&place));
	buf_free(&place);
}
