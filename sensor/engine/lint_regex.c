/*
 * Regular expressions that are dear: a few of them cost more than all other
 * rules together.
 */
#include "engine/lint.h"
#include "engine/required.h"

enum { TEXT_LEAST = 3 };

struct regexes {
	const struct lint *lint;
	struct load *load;
	bool own;
};

/* Whether a key is "field|re" with what may follow. */
static bool
asks_regex(struct slice key)
{
	struct slice word;

	if (!slice_cut(&key, '|', &word))
		return false;
	while (slice_cut(&key, '|', &word))
		if (slice_eq(word, S("re")))
			return true;
	return slice_eq(key, S("re"));
}

static size_t
class_end(struct slice s)
{
	size_t n = 1;

	if (s.len > n && s.p[n] == '^')
		n++;
	if (s.len > n && s.p[n] == ']')
		n++;
	while (n < s.len && s.p[n] != ']')
		n += s.p[n] == '\\' ? 2 : 1;
	return n + 1;
}

/* Takes what stands for many characters: a class, a dot, \w and its like. */
static bool
skip_class(struct slice *s)
{
	static const struct slice many = SLICE("wWdDsSNRX");
	size_t n = 0;

	if (s->len == 0)
		return false;
	if (s->p[0] == '.')
		n = 1;
	else if (s->p[0] == '[')
		n = class_end(*s);
	else if (s->p[0] == '\\' && s->len > 1 &&
	    slice_find_byte(many, s->p[1]) != SIZE_MAX)
		n = 2;
	if (n == 0 || n > s->len)
		return false;
	*s = slice_from(*s, n);
	return true;
}

/* "+", "*" and "{3,}", but not "?" and "{3}". */
static bool
is_repeated(struct slice s)
{
	size_t end, comma;

	if (s.len == 0 || s.p[0] == '+' || s.p[0] == '*')
		return s.len > 0;
	if (s.p[0] != '{')
		return false;
	end = slice_find_byte(s, '}');
	comma = slice_find_byte(s, ',');
	return end != SIZE_MAX && comma < end;
}

/* Flags and groups in front of what comes first. */
static void
skip_openings(struct slice *s)
{
	while (s->len > 0 && s->p[0] == '(') {
		size_t n = 1;

		if (s->len > 1 && s->p[1] == '?') {
			n = 2;
			while (n < s->len && s->p[n] != ':' &&
			    s->p[n] != ')' && s->p[n] != '>')
				n++;
			n = n < s->len ? n + 1 : n;
		}
		*s = slice_from(*s, n);
	}
	slice_skip(s, S("\\b"));
}

static bool
begins_with_run(struct slice pattern)
{
	skip_openings(&pattern);
	return skip_class(&pattern) && is_repeated(pattern);
}

static bool
has_text(struct regexes *r, struct slice pattern)
{
	const struct slice *texts;
	size_t count = required_texts(r->load->build, pattern, &texts);

	for (size_t i = 0; i < count; i++)
		if (texts[i].len < TEXT_LEAST)
			return false;
	return count > 0;
}

/* Of what is no pattern enough was said when it was read. */
static bool
is_pattern(struct slice text)
{
	struct err err;
	size_t at;
	struct regex *re = regex_new(text, 0, &at, &err);

	regex_free(re);
	return re != NULL;
}

static void
look(struct regexes *r, const struct node *value)
{
	const char *why = NULL;

	if (begins_with_run(value->text))
		why = "begins with a run of a class, which is tried at each "
		    "byte; begin with a text, or with ^";
	else if (!has_text(r, value->text))
		why = "has no text of 3 bytes that each match must hold, so "
		    "it is tried on every event; add one";
	if (why == NULL || !is_pattern(value->text))
		return;
	if (r->own)
		node_error(r->load->diag, value, "the regex %s; or say why "
		    "under \"vedette: {regex: ...}\"", why);
	else
		node_warn(r->lint->advice, value, "dear: the regex %s", why);
}

static void
look_at_item(void *arg, const struct node *item)
{
	struct regexes *r = arg;

	if (!asks_regex(item->key->text))
		return;
	if (item->type == NODE_SCALAR)
		look(r, item);
	for (const struct node *n = item->first; n != NULL; n = n->next)
		if (n->type == NODE_SCALAR)
			look(r, n);
}

int
lint_regexes(const struct lint *lint, struct load *l, const struct node *doc)
{
	const struct node *ours = node_get(doc, "vedette");
	struct regexes r = { lint, l, lint->own || ours != NULL };
	unsigned before = l->diag->errors;

	if (node_text(ours, "regex").len > 0)
		return 0;
	lint_items(node_get(doc, "detection"), look_at_item, &r);
	lint_items(node_get(doc, "filter"), look_at_item, &r);
	return l->diag->errors > before ? -1 : 0;
}
