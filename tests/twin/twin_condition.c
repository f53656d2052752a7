/*
 * SIGMA.md 1.5. The condition is read again for each event and answered while
 * it is read:
 *
 * cond := or; or := and ('or' and)*; and := not ('and' not)*;
 * not := 'not' not | prim;
 * prim := '(' or ')' | ('1'|'any'|'all') 'of' ('them'|pattern) | identifier
 *
 * "A selector matching nothing drops out of the expression": so besides true
 * and false there is DROPPED, which takes its operator along.
 */
#include "twin_inside.h"

struct reading {
	const struct twin_rule *rule;
	const struct twin_event *ev;
	struct slice rest, word;	/* the word may be "(", ")" or empty */
	unsigned depth;
};

static bool
is_name(unsigned char c)
{
	return byte_is_digit(c) || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '*';
}

static void
advance(struct reading *r)
{
	size_t n = 0;

	while (r->rest.len > 0 && byte_is_space(r->rest.p[0]))
		r->rest = slice_from(r->rest, 1);
	while (n < r->rest.len && is_name(r->rest.p[n]))
		n++;
	r->word = slice_head(r->rest, n > 0 ? n : 1);
	r->rest = slice_from(r->rest, r->word.len);
}

static bool
is(const struct reading *r, const char *word)
{
	return slice_eq(r->word, slice_of(word));
}

static bool
take(struct reading *r, const char *word)
{
	if (!is(r, word))
		return false;
	advance(r);
	return true;
}

static bool
fits(struct slice pattern, struct slice name)
{
	if (pattern.len == 0)
		return name.len == 0;
	if (pattern.p[0] != '*')
		return name.len > 0 && name.p[0] == pattern.p[0] &&
		    fits(slice_from(pattern, 1), slice_from(name, 1));
	for (size_t i = 0; i <= name.len; i++)
		if (fits(slice_from(pattern, 1), slice_from(name, i)))
			return true;
	return false;
}

/* "patterns match _x only if they start with _" */
static bool
selects(struct slice pattern, struct slice name)
{
	if (slice_eq(pattern, S("them")))
		return !slice_starts(name, S("_"));
	if (slice_starts(name, S("_")) && !slice_starts(pattern, S("_")))
		return false;
	return fits(pattern, name);
}

static enum twin_truth
answer(const struct reading *r, const struct twin_identifier *id)
{
	return r->ev == NULL || twin_tree(id->tree, r->ev) ?
	    TWIN_TRUE : TWIN_FALSE;
}

static enum twin_truth
selector(struct reading *r, bool all)
{
	size_t selected = 0, held = 0;

	if (r->word.len == 0 || !is_name(r->word.p[0]))
		return TWIN_WRONG;
	for (size_t i = 0; i < r->rule->id_count; i++) {
		if (!selects(r->word, r->rule->ids[i].name))
			continue;
		selected++;
		held += answer(r, &r->rule->ids[i]) == TWIN_TRUE;
	}
	advance(r);
	if (selected == 0)
		return TWIN_DROPPED;
	return all ? held == selected : held > 0;
}

static enum twin_truth disjunction(struct reading *r);

static enum twin_truth
parenthesis(struct reading *r)
{
	enum twin_truth t;

	if (++r->depth > 64)
		return TWIN_WRONG;
	t = disjunction(r);
	r->depth--;
	return t != TWIN_WRONG && take(r, ")") ? t : TWIN_WRONG;
}

static enum twin_truth
primary(struct reading *r)
{
	struct slice word = r->word;
	bool one = is(r, "1") || is(r, "any"), all = is(r, "all");

	if (take(r, "("))
		return parenthesis(r);
	if (is(r, "and") || is(r, "or"))
		return TWIN_WRONG;
	advance(r);
	if (is(r, "of")) {
		advance(r);
		return one || all ? selector(r, all) : TWIN_WRONG;
	}
	for (size_t i = 0; i < r->rule->id_count; i++)
		if (slice_eq(r->rule->ids[i].name, word))
			return answer(r, &r->rule->ids[i]);
	return TWIN_WRONG;
}

static enum twin_truth
negation(struct reading *r)
{
	enum twin_truth t;

	if (!take(r, "not"))
		return primary(r);
	t = negation(r);
	if (t == TWIN_FALSE)
		return TWIN_TRUE;
	return t == TWIN_TRUE ? TWIN_FALSE : t;
}

static enum twin_truth
conjunction(struct reading *r)
{
	enum twin_truth all = TWIN_DROPPED;

	do {
		enum twin_truth t = negation(r);

		if (t == TWIN_WRONG)
			return t;
		if (t == TWIN_FALSE || (t == TWIN_TRUE && all != TWIN_FALSE))
			all = t;
	} while (take(r, "and"));
	return all;
}

static enum twin_truth
disjunction(struct reading *r)
{
	enum twin_truth any = TWIN_DROPPED;

	do {
		enum twin_truth t = conjunction(r);

		if (t == TWIN_WRONG)
			return t;
		if (t == TWIN_TRUE || (t == TWIN_FALSE && any != TWIN_TRUE))
			any = t;
	} while (take(r, "or"));
	return any;
}

enum twin_truth
twin_condition(const struct twin_rule *rule, struct slice text,
    const struct twin_event *ev)
{
	struct reading r = { .rule = rule, .ev = ev, .rest = text };
	enum twin_truth t;

	if (text.len > 16384)
		return TWIN_WRONG;
	advance(&r);
	t = disjunction(&r);
	/* "an expression left empty = error" */
	return r.word.len > 0 || t == TWIN_DROPPED ? TWIN_WRONG : t;
}

bool
twin_tree(const struct twin_branch *b, const struct twin_event *ev)
{
	if (b->type == TWIN_LEAF)
		return twin_test(b->test, ev);
	if (b->type == TWIN_NOT)
		return !twin_tree(b->first, ev);
	for (const struct twin_branch *c = b->first; c != NULL; c = c->next)
		if (twin_tree(c, ev) != (b->type == TWIN_ALL))
			return b->type == TWIN_ANY;
	return b->type == TWIN_ALL;
}
