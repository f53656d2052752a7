#include "cli/file_schema.h"

#include "base/opt_schema.h"
#include "daemon/config.h"
#include "engine/engine.h"

const char *const schema_kinds[] = {
	"rule", "exception", "override", "config", NULL
};

/* A map of the keys of a table, and no others. */
static void
begin_map(struct jsonw *w)
{
	jsonw_pair(w, "type", S("object"));
	jsonw_key(w, S("additionalProperties"));
	jsonw_bool(w, false);
	jsonw_key(w, S("properties"));
	jsonw_object(w);
}

static void
write_table(struct jsonw *w, const struct opt *table)
{
	jsonw_object(w);
	begin_map(w);
	opt_schema(table, w);
	jsonw_object_end(w);
	opt_schema_required(table, w);
	jsonw_object_end(w);
}

static void
pair_table(struct jsonw *w, const char *key, const struct opt *table)
{
	jsonw_key(w, slice_of(key));
	write_table(w, table);
}

static void
pair_raw(struct jsonw *w, const char *key, const char *json)
{
	jsonw_key(w, slice_of(key));
	jsonw_raw(w, slice_of(json));
}

/* Keys of items are "field|modifier|...", each a modifier that there is. */
static void
write_selection(struct jsonw *w)
{
	struct buf pattern = { 0 };

	buf_str(&pattern, "^[^|]*(\\|(");
	for (size_t i = 0; ruleset_modifier(i) != NULL; i++) {
		buf_str(&pattern, i > 0 ? "|" : "");
		buf_str(&pattern, ruleset_modifier(i));
	}
	buf_str(&pattern, "))*$");
	jsonw_key(w, S("$defs"));
	jsonw_object(w);
	jsonw_key(w, S("selection"));
	jsonw_object(w);
	pair_raw(w, "type", "[\"object\",\"array\",\"string\",\"number\","
	    "\"boolean\"]");
	jsonw_key(w, S("propertyNames"));
	jsonw_object(w);
	jsonw_pair(w, "pattern", buf_slice(&pattern));
	jsonw_object_end(w);
	pair_raw(w, "items", "{\"anyOf\":[{\"$ref\":\"#/$defs/selection\"},"
	    "{\"type\":\"null\"}]}");
	jsonw_object_end(w);
	jsonw_object_end(w);
	buf_free(&pattern);
}

static void
write_additions(struct jsonw *w)
{
	jsonw_key(w, S("vedette"));
	jsonw_object(w);
	begin_map(w);
	opt_schema(addition_opts, w);
	pair_raw(w, "tests", "{\"type\":\"object\",\"description\":\"lines and "
	    "events that the rule must match, or must not\","
	    "\"additionalProperties\":false,\"properties\":{"
	    "\"match\":{\"type\":\"array\"},"
	    "\"no_match\":{\"type\":\"array\"}}}");
	pair_raw(w, "key", "{\"type\":[\"string\",\"array\"],\"description\":"
	    "\"fields that make matches the same thing\"}");
	pair_table(w, "suppress", suppress_opts);
	pair_table(w, "expect", expect_opts);
	jsonw_object_end(w);
	jsonw_object_end(w);
}

static void
write_detection(struct jsonw *w, const char *key)
{
	jsonw_key(w, slice_of(key));
	jsonw_object(w);
	jsonw_pair(w, "type", S("object"));
	jsonw_pair(w, "description", S("selections by name, and a condition "
	    "over the names"));
	pair_raw(w, "properties", "{\"condition\":{\"type\":[\"string\","
	    "\"array\"],\"description\":\"names with and, or, not; 1 of "
	    "name*, all of them\"},\"timeframe\":{},\"rules\":{}}");
	pair_raw(w, "required", "[\"condition\"]");
	pair_raw(w, "additionalProperties",
	    "{\"$ref\":\"#/$defs/selection\"}");
	jsonw_object_end(w);
}

static void
write_correlation(struct jsonw *w)
{
	jsonw_key(w, S("correlation"));
	jsonw_object(w);
	jsonw_pair(w, "description", S("matches of other rules, counted or "
	    "put in order"));
	begin_map(w);
	opt_schema(correlation_opts, w);
	pair_raw(w, "aliases", "{\"type\":\"object\",\"description\":"
	    "\"a name, and under each rule the field that stands for it\"}");
	pair_raw(w, "condition", "{\"type\":[\"object\",\"string\"],"
	    "\"description\":\"gt, gte, lt, lte, eq or neq, and field; of "
	    "temporal types also rules with and, or, not\"}");
	jsonw_object_end(w);
	opt_schema_required(correlation_opts, w);
	jsonw_object_end(w);
}

/* Other tools' keys are no mistake. */
static void
write_rule(struct jsonw *w)
{
	write_selection(w);
	jsonw_pair(w, "type", S("object"));
	jsonw_key(w, S("properties"));
	jsonw_object(w);
	opt_schema(rule_opts, w);
	pair_raw(w, "tags", "{\"type\":\"array\",\"items\":{\"type\":"
	    "\"string\"},\"description\":\"attack.t1110, soc2.cc6.1, "
	    "vedette.auth.failure\"}");
	pair_table(w, "logsource", logsource_opts);
	write_detection(w, "detection");
	write_detection(w, "filter");
	write_correlation(w);
	write_additions(w);
	jsonw_object_end(w);
	pair_raw(w, "anyOf", "[{\"required\":[\"title\",\"logsource\","
	    "\"detection\"]},{\"required\":[\"title\",\"correlation\"]},"
	    "{\"required\":[\"title\",\"logsource\",\"filter\"]},"
	    "{\"required\":[\"action\"]}]");
}

/* A file holds one such, or a list of them. */
static void
write_tuning(struct jsonw *w, const struct opt *table, bool match)
{
	if (match)
		write_selection(w);
	jsonw_key(w, S("anyOf"));
	jsonw_array(w);
	for (int list = 0; list < 2; list++) {
		jsonw_object(w);
		if (list == 1) {
			jsonw_pair(w, "type", S("array"));
			jsonw_key(w, S("items"));
			jsonw_object(w);
		}
		begin_map(w);
		opt_schema(table, w);
		if (match)
			pair_raw(w, "match", "{\"$ref\":"
			    "\"#/$defs/selection\"}");
		jsonw_object_end(w);
		opt_schema_required(table, w);
		if (list == 1)
			jsonw_object_end(w);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

/* "- webhook: {...}": the leaf's own options, and what all of them have. */
static void
write_leaf(struct jsonw *w, const char *name, const struct opt *own,
    const struct opt *common)
{
	jsonw_key(w, slice_of(name));
	jsonw_object(w);
	jsonw_key(w, S("additionalProperties"));
	jsonw_bool(w, false);
	jsonw_key(w, S("properties"));
	jsonw_object(w);
	opt_schema(own, w);
	if (common != NULL)
		opt_schema(common, w);
	jsonw_object_end(w);
	jsonw_object_end(w);
}

static void
begin_leaves(struct jsonw *w, const char *key)
{
	jsonw_key(w, slice_of(key));
	jsonw_object(w);
	jsonw_pair(w, "type", S("array"));
	jsonw_key(w, S("items"));
	jsonw_object(w);
	begin_map(w);
}

static void
end_leaves(struct jsonw *w)
{
	for (int i = 0; i < 3; i++)
		jsonw_object_end(w);
}

static void
write_config(struct jsonw *w, const struct registry *reg)
{
	begin_map(w);
	opt_schema(config_opts, w);
	pair_table(w, "store", store_opts);
	pair_table(w, "correlation", limit_opts);
	pair_raw(w, "placeholders", "{\"type\":\"object\",\"description\":"
	    "\"values for expand, by name\"}");
	begin_leaves(w, "inputs");
	for (size_t i = 0; reg->inputs[i] != NULL; i++)
		write_leaf(w, reg->inputs[i]->name, reg->inputs[i]->options,
		    NULL);
	pair_raw(w, "journal", "{}");
	pair_raw(w, "defaults", "{}");
	end_leaves(w);
	begin_leaves(w, "outputs");
	for (size_t i = 0; reg->outputs[i] != NULL; i++)
		write_leaf(w, reg->outputs[i]->name, reg->outputs[i]->options,
		    output_opts);
	end_leaves(w);
	jsonw_object_end(w);
}

void
schema_write(enum schema_kind kind, const struct registry *reg,
    struct buf *out)
{
	struct jsonw w = { .out = out };

	jsonw_object(&w);
	jsonw_pair(&w, "$schema",
	    S("http://json-schema.org/draft-07/schema#"));
	jsonw_pair(&w, "title", slice_of(schema_kinds[kind]));
	if (kind == SCHEMA_RULE)
		write_rule(&w);
	else if (kind == SCHEMA_CONFIG)
		write_config(&w, reg);
	else
		write_tuning(&w, kind == SCHEMA_EXCEPTION ? exception_opts :
		    override_opts, kind == SCHEMA_EXCEPTION);
	jsonw_object_end(&w);
	buf_byte(out, '\n');
}
