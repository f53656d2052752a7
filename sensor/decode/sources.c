#include "decode/sources.h"

#include <stdlib.h>

#include "base/yaml.h"

/* Events from such a place, or of such a log source, are of another, too. */
struct mapping {
	const struct node *files, *programs;	/* NULL: any */
	const struct node *wanted;	/* fields that an object has */
	uint16_t *needed;	/* their numbers, once bound */
	size_t needed_count;
	bool sourced;		/* from says a log source, too */
	struct logsource from;
	struct logsource *gives;
	size_t give_count;
	bool here;		/* the files are the present one's */
};

/* Names of the same thing; those that somebody asks for come first. */
struct names {
	const struct node *list;
	uint16_t *fields;
	size_t asked, count;
};

struct sources {
	struct schema *schema;
	struct arena *keep;
	struct mapping *mappings;
	size_t mapping_count;
	struct names *names;
	size_t name_count;
	bool turned;
	uint16_t *of_field;	/* number in names + 1, by field; 0: none */
	size_t field_count;
	struct buf present;	/* the file that "here" is about */
};

struct sources *
sources_new(struct schema *s, struct arena *keep)
{
	struct sources *ss = xcalloc(1, sizeof(*ss));

	ss->schema = s;
	ss->keep = keep;
	return ss;
}

void
sources_free(struct sources *ss)
{
	free(ss->mappings);
	free(ss->names);
	free(ss->of_field);
	buf_free(&ss->present);
	free(ss);
}

static uint16_t
word(struct sources *ss, const struct node *map, const char *key)
{
	int n = schema_word(ss->schema, node_text(map, key));

	return n == -1 ? UINT16_MAX : (uint16_t)n;
}

static struct logsource
read_source(struct sources *ss, const struct node *map)
{
	return (struct logsource){
		.product = word(ss, map, "product"),
		.category = word(ss, map, "category"),
		.service = word(ss, map, "service"),
	};
}

/* A text or a list of texts, and nothing else; NULL is fine. */
static int
check_texts(struct diag *d, const struct node *n)
{
	if (n == NULL || (n->type == NODE_SCALAR && n->text.len > 0))
		return 0;
	if (n->type != NODE_LIST || n->count == 0)
		return node_error(d, n, "expected a text or a list of texts");
	for (n = n->first; n != NULL; n = n->next)
		if (n->type != NODE_SCALAR || n->text.len == 0)
			return node_error(d, n, "expected a text");
	return 0;
}

static int
check_from(struct diag *d, const struct node *item, const struct node *from)
{
	static const char *const keys[] = {
		"files", "programs", "fields", "product", "category",
		"service", NULL
	};

	if (from == NULL)
		return node_error(d, item, "\"from\" is missing");
	if (from->type != NODE_MAP || from->count == 0)
		return node_error(d, from, "\"from\" is a map of files, "
		    "programs, fields or a log source");
	if (node_known(d, from, keys, "\"from\"") == -1)
		return -1;
	for (const struct node *n = from->first; n != NULL; n = n->next)
		if (check_texts(d, n) == -1)
			return -1;
	return 0;
}

static int
check_gives(struct diag *d, const struct node *item,
    const struct node *gives)
{
	static const char *const keys[] = {
		"product", "category", "service", NULL
	};
	bool list = gives != NULL && gives->type == NODE_LIST;
	const struct node *n = list ? gives->first : gives;

	if (gives == NULL || n == NULL)
		return node_error(d, gives == NULL ? item : gives,
		    "\"gives\" is missing");
	for (; n != NULL; n = list ? n->next : NULL) {
		if (n->type != NODE_MAP || n->count == 0)
			return node_error(d, n, "expected a log source: a map "
			    "of product, category, service");
		if (node_known(d, n, keys, "a log source") == -1)
			return -1;
	}
	return 0;
}

static void
read_mapping(struct sources *ss, const struct node *item, struct diag *d)
{
	static const char *const keys[] = { "from", "gives", NULL };
	const struct node *from = node_get(item, "from");
	const struct node *gives = node_get(item, "gives"), *n;
	bool list = gives != NULL && gives->type == NODE_LIST;
	struct mapping m = { 0 };

	if (item->type != NODE_MAP) {
		node_error(d, item, "expected a map of \"from\" and \"gives\"");
		return;
	}
	if (node_known(d, item, keys, "a source") == -1 ||
	    check_from(d, item, from) == -1 ||
	    check_gives(d, item, gives) == -1)
		return;
	m.files = node_get(from, "files");
	m.programs = node_get(from, "programs");
	m.wanted = node_get(from, "fields");
	m.from = read_source(ss, from);
	m.sourced = m.from.product + m.from.category + m.from.service > 0;
	m.gives = arena_alloc(ss->keep, (gives->count + 1) *
	    sizeof(*m.gives));
	for (n = list ? gives->first : gives; n != NULL;
	    n = list ? n->next : NULL)
		m.gives[m.give_count++] = read_source(ss, n);
	ss->mappings = xrealloc(ss->mappings, ss->mapping_count + 1,
	    sizeof(*ss->mappings));
	ss->mappings[ss->mapping_count++] = m;
}

static void
read_names(struct sources *ss, const struct node *list, struct diag *d)
{
	if (list->type != NODE_LIST || list->count < 2) {
		node_error(d, list, "expected a list of names for one field");
		return;
	}
	if (check_texts(d, list) == -1)
		return;
	ss->names = xrealloc(ss->names, ss->name_count + 1,
	    sizeof(*ss->names));
	ss->names[ss->name_count++] = (struct names){ list,
	    arena_alloc(ss->keep, list->count * sizeof(uint16_t)), 0, 0 };
}

static void
read_list(struct sources *ss, const struct node *list,
    void (*read)(struct sources *ss, const struct node *n, struct diag *d),
    struct diag *d)
{
	if (list == NULL || node_is_null(list))
		return;
	if (list->type != NODE_LIST) {
		node_error(d, list, "\"%s\" is a list", node_cstr(list->key));
		return;
	}
	for (const struct node *n = list->first; n != NULL; n = n->next)
		read(ss, n, d);
}

void
sources_take(struct sources *ss, const struct node *doc, struct diag *d)
{
	static const char *const keys[] = { "sources", "fields", NULL };

	if (doc == NULL || node_is_null(doc))
		return;
	if (doc->type != NODE_MAP || doc->next != NULL) {
		node_error(d, doc, "expected \"sources\" and \"fields\", "
		    "in one document");
		return;
	}
	node_known(d, doc, keys, "the file");
	read_list(ss, node_get(doc, "sources"), read_mapping, d);
	read_list(ss, node_get(doc, "fields"), read_names, d);
}

void
sources_load(struct sources *ss, const char *path, struct diag *d)
{
	struct node *doc;

	if (yaml_read(ss->keep, path, &doc, d) == 0)
		sources_take(ss, doc, d);
}

static void
each_text(const struct node *texts, void (*each)(void *arg, struct slice glob),
    void *arg)
{
	bool list = texts != NULL && texts->type == NODE_LIST;
	const struct node *n = list ? texts->first : texts;

	for (; n != NULL; n = list ? n->next : NULL)
		each(arg, n->text);
}

void
sources_files(const struct sources *ss,
    void (*each)(void *arg, struct slice glob), void *arg)
{
	for (size_t i = 0; i < ss->mapping_count; i++)
		each_text(ss->mappings[i].files, each, arg);
}

void
sources_programs(const struct sources *ss,
    void (*each)(void *arg, struct slice glob), void *arg)
{
	for (size_t i = 0; i < ss->mapping_count; i++)
		each_text(ss->mappings[i].programs, each, arg);
}

static bool
gives_like(const struct mapping *m, struct logsource source)
{
	for (size_t i = 0; i < m->give_count; i++)
		if ((source.service != 0 &&
		    m->gives[i].service == source.service) ||
		    (source.category != 0 &&
		    m->gives[i].category == source.category))
			return true;
	return false;
}

bool
sources_home(const struct sources *ss, struct logsource source)
{
	for (size_t i = 0; i < ss->mapping_count; i++)
		if (ss->mappings[i].files != NULL &&
		    gives_like(&ss->mappings[i], source))
			return true;
	return false;
}

bool
sources_name(const struct sources *ss, struct slice field)
{
	for (size_t i = 0; i < ss->name_count; i++)
		for (const struct node *n = ss->names[i].list->first;
		    n != NULL; n = n->next)
			if (slice_eq(n->text, field))
				return true;
	return false;
}

/*
 * A name that nobody asks for needs a field, too, or what it holds would not
 * be kept for the others.
 */
static void
bind_names(struct sources *ss, struct names *names)
{
	const struct node *first = names->list->first, *n;

	for (n = first; n != NULL; n = n->next)
		if (schema_find(ss->schema, n->text) != -1)
			names->fields[names->count++] =
			    (uint16_t)schema_find(ss->schema, n->text);
	names->asked = names->count;
	for (n = first; n != NULL && names->asked > 0; n = n->next) {
		int field = schema_find(ss->schema, n->text) == -1 ?
		    schema_field(ss->schema, n->text) : -1;

		if (field != -1)
			names->fields[names->count++] = (uint16_t)field;
	}
}

/* Behind the names: what a mapping alone looks for is not asked for. */
static void
bind_needed(struct sources *ss, struct mapping *m)
{
	bool list = m->wanted != NULL && m->wanted->type == NODE_LIST;
	const struct node *n = list ? m->wanted->first : m->wanted;

	if (n == NULL)
		return;
	m->needed = arena_alloc(ss->keep, (m->wanted->count + 1) *
	    sizeof(*m->needed));
	for (; n != NULL; n = list ? n->next : NULL) {
		int field = schema_field(ss->schema, n->text);

		if (field != -1)
			m->needed[m->needed_count++] = (uint16_t)field;
	}
}

void
sources_bind(struct sources *ss)
{
	for (size_t i = 0; i < ss->name_count; i++)
		bind_names(ss, &ss->names[i]);
	for (size_t i = 0; i < ss->mapping_count; i++)
		bind_needed(ss, &ss->mappings[i]);
	ss->field_count = schema_count(ss->schema);
	ss->of_field = xcalloc(ss->field_count, sizeof(*ss->of_field));
	for (size_t i = 0; i < ss->name_count; i++)
		for (size_t k = 0; k < ss->names[i].count; k++)
			ss->of_field[ss->names[i].fields[k]] =
			    (uint16_t)(i + 1);
}

/* Most globs are told from a name by their first byte. */
static bool
may_be(struct slice glob, struct slice s)
{
	return glob.p[0] == '*' || (s.len > 0 && glob.p[0] == s.p[0]);
}

static bool
is_any(const struct node *texts, struct slice s)
{
	bool list = texts->type == NODE_LIST;
	const struct node *n = list ? texts->first : texts;

	for (; n != NULL; n = list ? n->next : NULL)
		if (may_be(n->text, s) && decoders_glob(n->text, s))
			return true;
	return false;
}

/* The name of a file is looked at once, not with each of its lines. */
static void
turn_to(struct sources *ss, struct slice file)
{
	buf_clear(&ss->present);
	buf_add(&ss->present, file);
	ss->turned = true;
	for (size_t i = 0; i < ss->mapping_count; i++) {
		struct mapping *m = &ss->mappings[i];

		m->here = m->files == NULL || is_any(m->files, file);
	}
}

static bool
is_of(const struct event *ev, struct logsource from)
{
	for (size_t i = 0; i < ev->source_count; i++)
		if (logsource_covers(from, ev->sources[i]))
			return true;
	return false;
}

/* Only objects name their fields themselves. */
static bool
has_needed(const struct mapping *m, const struct event *ev)
{
	if (m->needed_count > 0 && ev->record->form != FORM_JSON)
		return false;
	for (size_t i = 0; i < m->needed_count; i++)
		if (event_get(ev, m->needed[i]) == NULL)
			return false;
	return true;
}

void
sources_needed(const struct sources *ss, struct event *ev)
{
	for (size_t i = 0; i < ss->mapping_count; i++)
		for (size_t n = 0; n < ss->mappings[i].needed_count; n++)
			event_set(ev, ss->mappings[i].needed[n], value_any);
}

static bool
is_from(const struct mapping *m, const struct event *ev)
{
	return m->here && has_needed(m, ev) && (!m->sourced || is_of(ev, m->from)) &&
	    (m->programs == NULL ||
	    is_any(m->programs, event_text(ev, F_PROCESS_NAME)));
}

static void
give(const struct mapping *m, struct event *ev)
{
	for (size_t i = 0; i < m->give_count; i++)
		event_source(ev, m->gives[i]);
}

/* Gives the value of a field to those of its other names that have none. */
static void
name_also(const struct names *names, uint16_t from, struct event *ev)
{
	for (size_t i = 0; i < names->asked; i++) {
		if (event_get(ev, names->fields[i]) != NULL)
			continue;
		for (const struct value *v = event_get(ev, from); v != NULL;
		    v = v->more)
			event_add(ev, names->fields[i], v->type, v->text);
	}
}

/* What is added on the way is behind the end. */
static void
run_names(struct sources *ss, struct event *ev)
{
	size_t count = ev->set_count;

	for (size_t i = 0; i < count; i++) {
		uint16_t field = ev->set[i];

		if (ss->of_field[field] != 0)
			name_also(&ss->names[ss->of_field[field] - 1], field,
			    ev);
	}
}

void
sources_run(struct sources *ss, struct event *ev)
{
	struct slice file = ev->record->source;

	if (!ss->turned || !slice_eq(file, buf_slice(&ss->present)))
		turn_to(ss, file);
	for (size_t i = 0; i < ss->mapping_count; i++)
		if (is_from(&ss->mappings[i], ev))
			give(&ss->mappings[i], ev);
	if (ss->of_field != NULL)
		run_names(ss, ev);
}
