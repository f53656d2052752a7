/*
 * condition := and ('or' and)*
 * and       := not ('and' not)*
 * not       := 'not' not | primary
 * primary   := '(' condition ')' | ('1'|'any'|'all') 'of' ('them'|pattern)
 *              | identifier
 *
 * A selector that matches no identifier drops out of the expression, as in
 * pySigma: a rule may say "and not 1 of filter_*" before it has a filter.
 * Such a part is NULL with parse.failed unset.
 */
#include "engine/condition.h"

#include <stdbool.h>
#include <stdio.h>

enum token { T_END, T_WORD, T_OPEN, T_CLOSE, T_BAD };

struct parse {
	struct arena *a;
	struct slice text;
	struct identifier *ids;
	size_t count;
	struct err *err;
	size_t at;		/* behind the present token */
	size_t begin;		/* of the present token */
	enum token token;
	struct slice word;
	unsigned depth;
	bool failed;
};

struct expr *
expr_new(struct arena *a, enum expr_type type)
{
	struct expr *e = arena_alloc(a, sizeof(*e));

	e->type = type;
	return e;
}

struct expr *
expr_test(struct arena *a, uint32_t n)
{
	struct expr *e = expr_new(a, EXPR_TEST);

	e->n = n;
	return e;
}

static bool
is_word(unsigned char c)
{
	return byte_is_digit(c) || (byte_lower(c) >= 'a' &&
	    byte_lower(c) <= 'z') || c == '_' || c == '-' || c == '*';
}

static void
advance(struct parse *p)
{
	struct slice rest;
	size_t n = 0;

	while (p->at < p->text.len && byte_is_space(p->text.p[p->at]))
		p->at++;
	p->begin = p->at;
	rest = slice_from(p->text, p->at);
	while (n < rest.len && is_word(rest.p[n]))
		n++;
	p->word = slice_head(rest, n > 0 ? n : 1);
	p->at += p->word.len;
	if (rest.len == 0)
		p->token = T_END;
	else if (n > 0)
		p->token = T_WORD;
	else if (rest.p[0] == '(')
		p->token = T_OPEN;
	else
		p->token = rest.p[0] == ')' ? T_CLOSE : T_BAD;
}

static struct expr *
fail(struct parse *p, const char *what)
{
	char word[64];

	if (p->failed)
		return NULL;
	p->failed = true;
	slice_to_cstr(p->word, word, sizeof(word));
	if (p->token == T_END)
		err_set(p->err, "the condition ends, %s", what);
	else
		err_set(p->err, "\"%s\": %s", word, what);
	return NULL;
}

static bool
is(const struct parse *p, const char *word)
{
	return p->token == T_WORD && slice_eq(p->word, slice_of(word));
}

static bool
take(struct parse *p, const char *word)
{
	if (!is(p, word))
		return false;
	advance(p);
	return true;
}

/* Names with '*' for any run; short, so trying it all is cheap enough. */
static bool
name_fits(struct slice pattern, struct slice name)
{
	size_t star = SIZE_MAX, mark = 0, i = 0, k = 0;

	while (k < name.len) {
		if (i < pattern.len && pattern.p[i] == '*') {
			star = i++;
			mark = k;
		} else if (i < pattern.len && pattern.p[i] == name.p[k]) {
			i++;
			k++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			k = ++mark;
		} else {
			return false;
		}
	}
	while (i < pattern.len && pattern.p[i] == '*')
		i++;
	return i == pattern.len;
}

/* Names that begin with '_' want to be asked for by it. */
static bool
selects(struct slice pattern, struct slice name)
{
	if (slice_starts(name, S("_")) && !slice_starts(pattern, S("_")))
		return false;
	return name_fits(pattern, name);
}

static struct expr *
link_to(struct parse *p, struct identifier *id)
{
	struct expr *e = expr_new(p->a, EXPR_LINK);

	id->used = true;
	e->first = id->expr;
	return e;
}

static struct expr *
selector(struct parse *p, enum expr_type type)
{
	struct expr *e = expr_new(p->a, type), **tail = &e->first;
	struct slice pattern = p->word;

	if (p->token != T_WORD)
		return fail(p, "\"of\" wants \"them\" or a name");
	if (slice_eq(pattern, S("them")))
		pattern = S("*");
	for (size_t i = 0; i < p->count; i++) {
		if (!selects(pattern, p->ids[i].name))
			continue;
		*tail = link_to(p, &p->ids[i]);
		tail = &(*tail)->next;
	}
	advance(p);
	return e->first == NULL ? NULL : e;
}

static struct expr *
unknown(struct parse *p, struct slice word, size_t begin)
{
	const char **names = arena_alloc(p->a,
	    (p->count + 1) * sizeof(*names));
	struct buf text = { 0 };
	char asked[64];

	for (size_t i = 0; i < p->count; i++)
		names[i] = (const char *)arena_keep(p->a, p->ids[i].name).p;
	slice_to_cstr(word, asked, sizeof(asked));
	buf_str(&text, "no such identifier");
	say_choice(&text, asked, names);
	p->token = T_WORD;
	p->word = word;
	p->begin = begin;
	fail(p, buf_cstr(&text));
	buf_free(&text);
	return NULL;
}

static struct expr *
identifier(struct parse *p)
{
	static const struct {
		const char *word;
		enum expr_type type;
	} quantifiers[] = {
		{ "1", EXPR_OR }, { "any", EXPR_OR }, { "all", EXPR_AND },
	};
	struct slice word = p->word;
	size_t begin = p->begin;

	advance(p);
	for (size_t i = 0; is(p, "of") && i < COUNT(quantifiers); i++) {
		if (!slice_eq(word, slice_of(quantifiers[i].word)))
			continue;
		advance(p);
		return selector(p, quantifiers[i].type);
	}
	if (is(p, "of"))
		return fail(p, "only \"1\", \"any\" and \"all\" stand before it");
	for (size_t i = 0; i < p->count; i++)
		if (slice_eq(p->ids[i].name, word))
			return link_to(p, &p->ids[i]);
	return unknown(p, word, begin);
}

static struct expr *disjunction(struct parse *p);

static struct expr *
primary(struct parse *p)
{
	struct expr *e;

	if (p->token == T_WORD && !is(p, "and") && !is(p, "or"))
		return identifier(p);
	if (p->token != T_OPEN)
		return fail(p, "an identifier was expected");
	if (++p->depth > CONDITION_DEPTH_MAX)
		return fail(p, "parentheses are nested too deeply");
	advance(p);
	e = disjunction(p);
	p->depth--;
	if (p->failed)
		return NULL;
	if (p->token != T_CLOSE)
		return fail(p, "a closing parenthesis was expected");
	advance(p);
	return e;
}

static struct expr *
negation(struct parse *p)
{
	bool negated = false;
	struct expr *e, *out;

	while (take(p, "not"))
		negated = !negated;
	e = primary(p);
	if (e == NULL || !negated)
		return e;
	out = expr_new(p->a, EXPR_NOT);
	out->first = e;
	return out;
}

/* Operands between one operator, those that dropped out left out. */
static struct expr *
chain(struct parse *p, const char *operator, enum expr_type type,
    struct expr *(*operand)(struct parse *))
{
	struct expr *all = expr_new(p->a, type), **tail = &all->first;

	do {
		struct expr *e = operand(p);

		if (p->failed)
			return NULL;
		if (e == NULL)
			continue;
		*tail = e;
		tail = &e->next;
	} while (take(p, operator));
	if (all->first == NULL || all->first->next == NULL)
		return all->first;
	return all;
}

static struct expr *
conjunction(struct parse *p)
{
	return chain(p, "and", EXPR_AND, negation);
}

static struct expr *
disjunction(struct parse *p)
{
	return chain(p, "or", EXPR_OR, conjunction);
}

/* What stands where the condition should have ended. */
static void
fail_rest(struct parse *p)
{
	if (p->token == T_BAD && p->word.p[0] == '|')
		fail(p, "aggregations are not part of Sigma any more, "
		    "write a correlation");
	else if (p->token == T_WORD && (slice_eq_nocase(p->word, S("and")) ||
	    slice_eq_nocase(p->word, S("or"))))
		fail(p, "operators are written in lower case");
	else
		fail(p, "\"and\" or \"or\" was expected");
}

struct expr *
condition_parse(struct arena *a, struct slice text, struct identifier *ids,
    size_t count, size_t *at, struct err *err)
{
	struct parse p = {
		.a = a, .text = text, .ids = ids, .count = count, .err = err,
	};
	struct expr *e = NULL;

	*at = 0;
	if (text.len > CONDITION_MAX) {
		err_set(err, "the condition is longer than %d bytes",
		    CONDITION_MAX);
		return NULL;
	}
	advance(&p);
	if (p.token == T_END) {
		err_set(err, "the condition is empty");
		return NULL;
	}
	e = disjunction(&p);
	if (!p.failed && p.token != T_END)
		fail_rest(&p);
	if (!p.failed && e == NULL)
		err_set(err, "no identifier is left in the condition: "
		    "its selectors match none");
	*at = p.failed ? p.begin : 0;
	return p.failed ? NULL : e;
}
