/*
 * Fields that no event of the rule's log source has, as far as that is known:
 * from the taxonomy, and from the decoders that were loaded.
 */
#include "engine/lint.h"
#include "engine/taxonomy.h"

enum { NEAR_MAX = 2048 };

struct fields {
	const struct lint *lint;
	const struct load *load;
	const char *const *own, *const *shared;	/* or NULL */
};

static bool
is_in(const char *const *words, struct slice s)
{
	for (; words != NULL && *words != NULL; words++)
		if (slice_eq(s, slice_of(*words)))
			return true;
	return false;
}

/* Decoders were loaded before any rule, so their fields come first. */
static bool
is_decoded(const struct fields *f, struct slice name)
{
	const struct lint_asked *asked = &f->lint->asked;
	int field = schema_find(f->load->schema, name);

	if (field != -1 && (size_t)field < f->lint->fields)
		return true;
	return asked->named != NULL && asked->named(asked->arg, name);
}

static const char *
near_name(const struct fields *f, const char *name)
{
	const char *names[NEAR_MAX];
	size_t n = 0;

	for (const char *const *s = f->own; s != NULL && *s != NULL; s++)
		names[n++] = *s;
	for (const char *const *s = f->shared; f->own != NULL && *s != NULL;
	    s++)
		names[n++] = *s;
	for (size_t i = 0; i < f->lint->fields && n < NEAR_MAX - 1; i++)
		names[n++] = (const char *)schema_name(f->load->schema,
		    (int)i).p;
	names[n] = NULL;
	return did_you_mean(name, names);
}

static void
look_at_item(void *arg, const struct node *item)
{
	const struct fields *f = arg;
	struct slice rest = item->key->text, name = rest;
	const char *near;
	char text[64];

	slice_cut(&rest, '|', &name);
	if (name.len == 0 || is_in(f->own, name) ||
	    (f->own != NULL && is_in(f->shared, name)) ||
	    is_decoded(f, name))
		return;
	slice_to_cstr(name, text, sizeof(text));
	near = near_name(f, text);
	node_warn(f->lint->advice, item->key, "unknown field \"%s\" for this "
	    "log source%s%s%s", text, near != NULL ? "; did you mean \"" : "",
	    near != NULL ? near : "", near != NULL ? "\"?" : "");
}

static bool
is_decoded_word(const struct fields *f, struct slice word)
{
	int n = schema_word_find(f->load->schema, word);

	return word.len > 0 && n != -1 && (size_t)n < f->lint->words;
}

/*
 * A service of our decoders has the fields that they give. Those of audit
 * records are the kernel's, too many to name.
 */
static bool
is_known(const struct fields *f, const struct node *source)
{
	struct slice service = node_text(source, "service");
	struct slice product = node_text(source, "product");

	if (f->own != NULL)
		return true;
	return slice_eq(product, S("linux")) &&
	    is_decoded_word(f, service) && !slice_eq(service, S("auditd"));
}

void
lint_fields(const struct lint *lint, const struct load *l,
    const struct node *doc)
{
	const struct node *source = node_get(doc, "logsource");
	struct fields f = { .lint = lint, .load = l };

	f.own = taxonomy_fields(node_text(source, "category"), &f.shared);
	if (!is_known(&f, source))
		return;
	lint_items(node_get(doc, "detection"), look_at_item, &f);
	lint_items(node_get(doc, "filter"), look_at_item, &f);
}
