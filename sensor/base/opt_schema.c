#include "base/opt_schema.h"

/* What YAML the types of options are written as; a text may look like more. */
static const struct {
	const char *key, *value;
} shapes[] = {
	[OPT_STR] = { "type", "[\"string\",\"number\",\"boolean\"]" },
	[OPT_BOOL] = { "enum", "[true,false,\"on\",\"off\",\"yes\",\"no\"]" },
	[OPT_COUNT] = { "type", "\"integer\"" },
	[OPT_SIZE] = { "type", "[\"integer\",\"string\"]" },
	[OPT_SPAN] = { "type", "[\"integer\",\"string\"]" },
	[OPT_WORD] = { "type", "[\"string\",\"boolean\"]" },
	[OPT_LIST] = { "type", "[\"string\",\"array\"]" },
	[OPT_PATH] = { "type", "\"string\"" },
};

static void
write_words(struct jsonw *w, const char *const *words)
{
	jsonw_key(w, S("enum"));
	jsonw_array(w);
	for (; *words != NULL; words++) {
		jsonw_str(w, slice_of(*words));
		/* What reads YAML of the old kind has made it a truth. */
		if (slice_eq(slice_of(*words), S("off")))
			jsonw_bool(w, false);
	}
	jsonw_array_end(w);
}

void
opt_schema(const struct opt *table, struct jsonw *w)
{
	for (const struct opt *o = table; o->name != NULL; o++) {
		jsonw_key(w, slice_of(o->name));
		jsonw_object(w);
		jsonw_pair(w, "description", slice_of(o->what));
		if (o->words != NULL) {
			write_words(w, o->words);
		} else {
			jsonw_key(w, slice_of(shapes[o->type].key));
			jsonw_raw(w, slice_of(shapes[o->type].value));
		}
		jsonw_object_end(w);
	}
}

void
opt_schema_required(const struct opt *table, struct jsonw *w)
{
	jsonw_key(w, S("required"));
	jsonw_array(w);
	for (const struct opt *o = table; o->name != NULL; o++)
		if (o->required)
			jsonw_str(w, slice_of(o->name));
	jsonw_array_end(w);
}
