/*
 * Fields that no event of the rule's log source has, as far as that is known:
 * from the taxonomy, and from the decoders that were loaded.
 */
#include "engine/lint.h"
#include "engine/taxonomy.h"

enum { NEAR_MAX = 2048 };

struct fields {
	const struct lint *lint;
	const struct schema *schema;
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
	int field = schema_find(f->schema, name);

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
		names[n++] = (const char *)schema_name(f->schema,
		    (int)i).p;
	names[n] = NULL;
	return did_you_mean(name, names);
}

static bool
is_decoded_word(const struct fields *f, struct slice word)
{
	int n = schema_word_find(f->schema, word);

	return word.len > 0 && n != -1 && (size_t)n < f->lint->words;
}

/*
 * A service of our decoders has the fields that they give. Those of audit
 * records are the kernel's, too many to name.
 */
static bool
is_known(const struct fields *f, const struct lint_source *source)
{
	if (f->own != NULL)
		return true;
	return slice_eq(source->product, S("linux")) &&
	    is_decoded_word(f, source->service) &&
	    !slice_eq(source->service, S("auditd"));
}

bool
lint_is_unknown(const struct lint *lint, const struct schema *schema,
    const struct lint_source *source, struct slice field,
    const char **near)
{
	struct fields f = { .lint = lint, .schema = schema };
	char text[64];

	f.own = taxonomy_fields(source->category, &f.shared);
	if (!is_known(&f, source) || field.len == 0 ||
	    is_in(f.own, field) ||
	    (f.own != NULL && is_in(f.shared, field)) ||
	    is_decoded(&f, field))
		return false;
	slice_to_cstr(field, text, sizeof(text));
	*near = near_name(&f, text);
	return true;
}

/* What lint_items calls back with. */
struct looking {
	const struct lint *lint;
	const struct schema *schema;
	struct lint_source source;
};

static void
look_at_item(void *arg, const struct node *item)
{
	const struct looking *l = arg;
	struct slice rest = item->key->text, name = rest;
	const char *near;

	slice_cut(&rest, '|', &name);
	if (!lint_is_unknown(l->lint, l->schema, &l->source, name, &near))
		return;
	node_warn(l->lint->advice, item->key, "unknown field \"%.*s\" for "
	    "this log source%s%s%s", (int)name.len, (const char *)name.p,
	    near != NULL ? "; did you mean \"" : "",
	    near != NULL ? near : "", near != NULL ? "\"?" : "");
}

void
lint_fields(const struct lint *lint, const struct load *l,
    const struct node *doc)
{
	const struct node *source = node_get(doc, "logsource");
	struct looking look = { lint, l->schema, {
		node_text(source, "product"), node_text(source, "category"),
		node_text(source, "service") } };

	lint_items(node_get(doc, "detection"), look_at_item, &look);
	lint_items(node_get(doc, "filter"), look_at_item, &look);
}
