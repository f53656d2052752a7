/*
 * Exceptions and overrides that load and have no use: what they are about was
 * changed since, or never was as they say.
 */
#include "engine/lint.h"
#include "engine/tuning.h"

enum { STEPS_MAX = 100000 };

/* One exception or override, and a rule that it names. */
struct pair {
	const struct lint *lint;
	const struct lint_rules *all;
	const struct tune *tune;
	const struct rule *rule;
};

static bool
asks_for(const struct lint_rules *all, const struct expr *e, int field,
    unsigned *steps)
{
	if (++*steps > STEPS_MAX)
		return true;
	if (e->type == EXPR_TEST)
		return predicates_get(all->predicates, e->n)->field == field;
	for (e = e->first; e != NULL; e = e->next)
		if (asks_for(all, e, field, steps))
			return true;
	return false;
}

/* The rule asks for the field itself, so its events ought to have it. */
static bool
is_rules_own(const struct pair *p, struct slice name)
{
	int field = schema_find(p->all->schema, name);
	unsigned steps = 0;

	return p->rule->expr != NULL && field != -1 &&
	    asks_for(p->all, p->rule->expr, field, &steps);
}

static struct slice
word(const struct schema *s, uint16_t n)
{
	return n == 0 ? S("") : schema_word_text(s, n);
}

static void
lint_field(const struct pair *p, const struct tune_name *field)
{
	const struct logsource *from = &p->rule->source;
	const struct schema *s = p->all->schema;
	const struct lint_source source = { word(s, from->product),
		word(s, from->category), word(s, from->service) };
	const char *near;

	if (is_rules_own(p, field->text) || !lint_is_unknown(p->lint, s,
	    &source, field->text, &near))
		return;
	diag_warn(p->lint->advice, p->tune->view.file, field->line,
	    field->column, "no event of \"%.*s\" (%s:%u) has a field "
	    "\"%.*s\"%s%s%s", (int)p->rule->info.title.len,
	    (const char *)p->rule->info.title.p, p->rule->file,
	    p->rule->line, (int)field->text.len,
	    (const char *)field->text.p,
	    near != NULL ? "; did you mean \"" : "",
	    near != NULL ? near : "", near != NULL ? "\"?" : "");
}

/* Events of a correlation are those of the rules that it counts. */
static void
lint_exception(const struct pair *p)
{
	if (p->rule->correlation != NULL)
		return;
	for (size_t i = 0; i < p->tune->field_count; i++)
		lint_field(p, &p->tune->fields[i]);
}

static void
lint_override(const struct pair *p)
{
	const struct tuning_view *v = &p->tune->view;

	if (v->level == (int)p->rule->info.level && !v->off)
		diag_warn(p->lint->advice, v->file, v->line, 1, "the level of "
		    "\"%.*s\" (%s:%u) is %s without this override",
		    (int)p->rule->info.title.len,
		    (const char *)p->rule->info.title.p, p->rule->file,
		    p->rule->line, level_name(p->rule->info.level));
}

static void
lint_breadth(const struct lint *lint, const struct lint_rules *all,
    const struct tune *t)
{
	if (t->expr != NULL && lint_strength(all->predicates, t->expr) == 0)
		diag_warn(lint->advice, t->view.file, t->view.line, 1,
		    "too broad: this exception can hide a match without a "
		    "text, a number or an address");
}

void
lint_tunings(const struct lint *lint, const struct tuning *t,
    const struct lint_rules *all)
{
	for (size_t i = 0; i < tuning_count(t); i++) {
		struct pair p = { lint, all, tuning_get(t, i), NULL };

		lint_breadth(lint, all, p.tune);
		for (size_t k = 0; k < all->count; k++) {
			p.rule = &all->rules[k];
			if (tune_names(p.tune, p.rule))
				(p.tune->view.exception ? lint_exception :
				    lint_override)(&p);
		}
	}
}
