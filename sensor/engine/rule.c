#include "engine/rule.h"

#include "engine/correlation.h"

/* Text of a key that may be absent; -1 after diag_error on another type. */
static int
read_text(struct load *l, const struct node *doc, const char *key,
    struct slice *out)
{
	const struct node *n = node_get(doc, key);

	*out = S("");
	if (n == NULL || node_is_null(n))
		return 0;
	if (n->type != NODE_SCALAR)
		return node_error(l->diag, n, "\"%s\" is a text", key);
	*out = arena_keep(l->keep, n->text);
	return 0;
}

/* One text, or a list of them, each on a line of its own. */
static int
read_lines(struct load *l, const struct node *doc, const char *key,
    struct slice *out)
{
	const struct node *n = node_get(doc, key);
	struct buf text = { 0 };
	int ret = 0;

	if (n == NULL || n->type == NODE_SCALAR)
		return read_text(l, doc, key, out);
	*out = S("");
	for (const struct node *v = n->first; v != NULL; v = v->next) {
		if (v->type != NODE_SCALAR || n->type == NODE_MAP) {
			ret = node_error(l->diag, v,
			    "\"%s\" is a text or a list of texts", key);
			break;
		}
		buf_str(&text, text.len > 0 ? "\n" : "");
		buf_add(&text, v->text);
	}
	*out = arena_keep(l->keep, buf_slice(&text));
	buf_free(&text);
	return ret;
}

/* One of some words; fallback when the key is absent. */
static int
read_word(struct load *l, const struct node *doc, const char *key,
    const char *const *words, struct slice fallback, struct slice *out)
{
	const struct node *n = node_get(doc, key);

	if (read_text(l, doc, key, out) == -1)
		return -1;
	if (out->len == 0) {
		*out = fallback;
		return 0;
	}
	for (size_t i = 0; words[i] != NULL; i++)
		if (slice_eq(*out, slice_of(words[i])))
			return 0;
	return node_no_such(l->diag, n, key, words);
}

static int
read_level(struct load *l, const struct node *doc, struct rule *r)
{
	struct slice level;

	if (read_word(l, doc, "level", level_words, S("medium"),
	    &level) == -1)
		return -1;
	return level_parse(level, &r->info.level);
}

static int
read_status(struct load *l, const struct node *doc, struct rule *r)
{
	return read_word(l, doc, "status", status_words, S(""), &r->status);
}

/* Field names mean what Sigma's own taxonomy says, or we would not match. */
static int
read_taxonomy(struct load *l, const struct node *doc)
{
	const struct node *n = node_get(doc, "taxonomy");
	struct slice name;

	if (read_text(l, doc, "taxonomy", &name) == -1)
		return -1;
	if (name.len == 0 || slice_eq(name, S("sigma")))
		return 0;
	return node_error(l->diag, n, "taxonomy \"%s\" is not known, "
	    "only \"sigma\" is", node_cstr(n));
}

static int
read_words(struct load *l, const struct node *map, struct logsource *out)
{
	const struct {
		const char *key;
		uint16_t *word;
	} parts[] = {
		{ "product", &out->product },
		{ "category", &out->category },
		{ "service", &out->service },
	};
	unsigned set = 0;

	if (map->type != NODE_MAP)
		return node_error(l->diag, map, "\"logsource\" is a map");
	for (size_t i = 0; i < COUNT(parts); i++) {
		struct slice text;
		int word;

		if (read_text(l, map, parts[i].key, &text) == -1)
			return -1;
		word = schema_word(l->schema, text);
		if (word == -1)
			return node_error(l->diag, map,
			    "too many log sources in all rules");
		*parts[i].word = (uint16_t)word;
		set += text.len > 0;
	}
	if (set == 0)
		return node_error(l->diag, map, "the log source has neither "
		    "product nor category nor service");
	return 0;
}

/* A rule without an id gets one that stays as long as its title does. */
static struct slice
id_from_title(struct load *l, struct slice title)
{
	const struct slice parts[] = { SLICE("vedette rule "), title };
	struct digest d = digest_of(parts, COUNT(parts));
	struct buf id = { 0 };
	struct slice out;

	d.b[6] = (unsigned char)(0x80 | (d.b[6] & 0x0f));
	d.b[8] = (unsigned char)(0x80 | (d.b[8] & 0x3f));
	for (size_t i = 0; i < 16; i++) {
		buf_str(&id, i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "");
		buf_hex(&id, slice_bytes(&d.b[i], 1));
	}
	out = arena_keep(l->keep, buf_slice(&id));
	buf_free(&id);
	return out;
}

static const char *
what_of(const struct node *doc)
{
	return node_get(doc, "filter") != NULL ? "filter" : "rule";
}

int
rule_read_names(struct load *l, const struct node *doc, struct rule *r)
{
	if (read_text(l, doc, "title", &r->info.title) == -1 ||
	    read_text(l, doc, "id", &r->info.id) == -1 ||
	    read_text(l, doc, "name", &r->name) == -1)
		return -1;
	if (r->info.title.len == 0)
		return node_error(l->diag, doc, "the %s has no title",
		    what_of(doc));
	r->has_id = r->info.id.len > 0;
	if (!r->has_id)
		r->info.id = id_from_title(l, r->info.title);
	return 0;
}

int
rule_read_logsource(struct load *l, const struct node *doc,
    struct logsource *out)
{
	const struct node *n = node_get(doc, "logsource");

	if (n == NULL)
		return node_error(l->diag, doc, "the %s has no logsource",
		    what_of(doc));
	return read_words(l, n, out);
}

static int
read_detection(struct load *l, const struct node *doc, struct rule *r)
{
	const struct node *n = node_get(doc, "detection");

	if (n == NULL)
		return node_error(l->diag, doc, "the rule has no detection");
	r->expr = detection_read(l, n, DETECTION_RULE);
	return r->expr == NULL ? -1 : 0;
}

static int
read_about(struct load *l, const struct node *doc, struct rule *r)
{
	int bad = 0;

	bad |= read_text(l, doc, "description", &r->info.description);
	bad |= read_text(l, doc, "author", &r->author);
	bad |= read_lines(l, doc, "falsepositives", &r->falsepositives);
	bad |= read_level(l, doc, r);
	bad |= read_status(l, doc, r);
	bad |= read_taxonomy(l, doc);
	bad |= tags_read(l, node_get(doc, "tags"), &r->info);
	bad |= additions_read(l, node_get(doc, "vedette"), r);
	return bad;
}

/* Placeholders are named in the detection and stand in the configuration. */
static void
identify(struct load *l, const struct node *doc, struct rule *r)
{
	rule_identify(r, r->info.id);
	rule_identify_node(r, node_get(doc, "logsource"));
	rule_identify_node(r, node_get(doc, "detection"));
	rule_identify_node(r, node_get(doc, "correlation"));
	rule_identify_node(r, l->placeholders);
}

int
rule_read(struct load *l, const struct node *doc, struct rule *r)
{
	int bad = 0;

	*r = (struct rule){ .file = l->file, .line = doc->line };
	if (doc->type != NODE_MAP)
		return node_error(l->diag, doc, "a rule is a map");
	bad |= rule_read_names(l, doc, r);
	bad |= read_about(l, doc, r);
	if (node_get(doc, "correlation") != NULL) {
		bad |= correlation_read(l, doc, r);
	} else {
		bad |= rule_read_logsource(l, doc, &r->source);
		bad |= read_detection(l, doc, r);
	}
	identify(l, doc, r);
	return bad;
}
