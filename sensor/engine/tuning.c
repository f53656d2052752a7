#include "engine/tuning.h"

#include <stdlib.h>

#include "base/when.h"
#include "engine/folds.h"
#include "engine/program.h"

struct tuning {
	struct tune *tunes;
	size_t count, room;
	struct folds *folds;
	struct held held;	/* what was told last */
	struct buf by;
};

struct tuning *
tuning_new(struct memory *m, const struct schema *s)
{
	struct tuning *t = xcalloc(1, sizeof(*t));

	t->folds = folds_new(m, s);
	return t;
}

void
tuning_free(struct tuning *t)
{
	if (t == NULL)
		return;
	folds_free(t->folds);
	free(t->tunes);
	buf_free(&t->by);
	free(t);
}

void
tuning_add(struct tuning *t, const struct tune *tune)
{
	if (t->count == t->room) {
		t->room = t->room * 2 + 16;
		t->tunes = xrealloc(t->tunes, t->room, sizeof(*t->tunes));
	}
	t->tunes[t->count++] = *tune;
}

size_t
tuning_count(const struct tuning *t)
{
	return t->count;
}

const struct tune *
tuning_get(const struct tuning *t, size_t i)
{
	return &t->tunes[i];
}

int
tuning_index(const struct tuning *t, const struct tune *tune)
{
	return tune == NULL ? -1 : (int)(tune - t->tunes);
}

/* --- overrides ------------------------------------------------------------- */

static bool
is_over(const struct tune *t, int64_t now)
{
	return t->view.expires != 0 && t->view.expires <= now;
}

/* When one ends by itself, what it stood before is in force again. */
const struct tune *
rule_levelled(const struct rule *r, int64_t now)
{
	for (struct tune_link *l = r->overrides; l != NULL; l = l->next)
		if (l->tune->view.level != -1 && !is_over(l->tune, now))
			return l->tune;
	return NULL;
}

const struct tune *
rule_switched(const struct rule *r, int64_t now)
{
	for (struct tune_link *l = r->overrides; l != NULL; l = l->next)
		if ((l->tune->view.off || l->tune->view.on) &&
		    !is_over(l->tune, now))
			return l->tune;
	return NULL;
}

static enum level
level_at(const struct rule *r, int64_t now)
{
	const struct tune *t = rule_levelled(r, now);

	return t != NULL ? (enum level)t->view.level : r->shipped;
}

/* --- which rules ---------------------------------------------------------- */

struct binding {
	struct rule *rules;
	size_t count;
	struct arena *keep;
	struct diag *diag;
};

static bool
is_named(const struct rule *r, const struct tune_name *name)
{
	if (!name->tag)
		return slice_eq_nocase(r->info.id, name->text) ||
		    (r->name.len > 0 && slice_eq(r->name, name->text));
	for (size_t i = 0; i < r->info.tag_count; i++)
		if (slice_eq_nocase(r->info.tags[i], name->text))
			return true;
	return false;
}

bool
tune_names(const struct tune *t, const struct rule *r)
{
	for (size_t i = 0; i < t->name_count; i++)
		if (is_named(r, &t->names[i]))
			return true;
	return false;
}

/* Who wrote a title meant its rule, but a title may change any day. */
static const struct rule *
titled(const struct binding *b, struct slice text)
{
	for (size_t i = 0; i < b->count; i++)
		if (slice_eq_nocase(b->rules[i].info.title, text))
			return &b->rules[i];
	return NULL;
}

static void
warn_loose(const struct binding *b, const struct tune *t,
    const struct tune_name *name)
{
	const struct rule *r = name->tag ? NULL : titled(b, name->text);
	struct buf hint = { 0 };

	if (r != NULL) {
		buf_str(&hint, "; the rule of this title has the id ");
		buf_add(&hint, r->info.id);
	}
	diag_warn(b->diag, t->view.file, name->line, name->column,
	    "no rule has the %s \"%.*s\": this %s changes nothing for it%s",
	    name->tag ? "tag" : "id or name", (int)name->text.len,
	    (const char *)name->text.p, t->view.exception ? "exception" :
	    "override", buf_cstr(&hint));
	buf_free(&hint);
}

/* Those written first stand first. */
static void
link_exception(const struct binding *b, struct rule *r, struct tune *t)
{
	struct tune_link **at = &r->exceptions;
	struct tune_link *link = arena_alloc(b->keep, sizeof(*link));

	while (*at != NULL) {
		if ((*at)->tune == t)
			return;
		at = &(*at)->next;
	}
	link->tune = t;
	*at = link;
}

static void
apply(const struct binding *b, struct rule *r, struct tune *t)
{
	struct tune_link *link;

	if (t->view.exception) {
		link_exception(b, r, t);
		return;
	}
	link = arena_alloc(b->keep, sizeof(*link));
	*link = (struct tune_link){ t, r->overrides };
	r->overrides = link;
}

static void
bind_name(const struct binding *b, struct tune *t,
    const struct tune_name *name)
{
	bool found = false;

	for (size_t i = 0; i < b->count; i++) {
		if (!is_named(&b->rules[i], name))
			continue;
		found = true;
		if (!t->view.expired)
			apply(b, &b->rules[i], t);
	}
	if (found)
		return;
	t->view.loose = true;
	warn_loose(b, t, name);
}

static void
compile(const struct binding *b, struct tune *t)
{
	if (t->expr == NULL)
		return;
	t->code = program_new(b->keep, t->expr, &t->code_len);
	if (t->code == NULL)
		diag_error(b->diag, t->view.file, t->view.line, 1,
		    "the exception is too large: more than %d steps",
		    PROGRAM_MAX);
	t->expr = NULL;
}

static void
check_end(const struct binding *b, struct tune *t, int64_t now)
{
	struct buf when = { 0 };

	if (t->view.expires == 0 || t->view.expires > now)
		return;
	t->view.expired = true;
	when_local(&when, t->view.expires, "%F %H:%M");
	diag_warn(b->diag, t->view.file, t->view.line, 1,
	    "this %s expired %s and does nothing (owner: %.*s)",
	    t->view.exception ? "exception" : "override", buf_cstr(&when),
	    (int)t->view.owner.len, (const char *)t->view.owner.p);
	buf_free(&when);
}

/* Who names a rule knows better than who names a tag: it comes later. */
static void
bind_names(const struct binding *b, struct tuning *t, bool tags)
{
	for (size_t i = 0; i < t->count; i++)
		for (size_t k = 0; k < t->tunes[i].name_count; k++)
			if (t->tunes[i].names[k].tag == tags)
				bind_name(b, &t->tunes[i],
				    &t->tunes[i].names[k]);
}

void
tuning_bind(struct tuning *t, struct rule *rules, size_t count,
    struct arena *keep, struct diag *d)
{
	struct binding b = { rules, count, keep, d };
	int64_t now = when_now();

	for (size_t i = 0; i < count; i++)
		rules[i].shipped = rules[i].info.level;
	for (size_t i = 0; i < t->count; i++) {
		compile(&b, &t->tunes[i]);
		check_end(&b, &t->tunes[i], now);
	}
	bind_names(&b, t, true);
	bind_names(&b, t, false);
	for (size_t i = 0; i < count; i++)
		rules[i].info.level = level_at(&rules[i], now);
}

/* --- matches --------------------------------------------------------------- */

bool
rule_is_idle(const struct rule *r)
{
	const struct tune *t = rule_switched(r, when_now());

	return t != NULL && t->view.off && t->view.expires == 0 &&
	    r->countings == NULL;
}

bool
tune_hides(const struct tune *t, struct predicates *ps)
{
	bool aborted = false;

	return t->code != NULL &&
	    program_run(t->code, t->code_len, ps, &aborted);
}

static struct tune *
excepting(const struct rule *r, struct predicates *ps,
    const struct event *ev)
{
	for (struct tune_link *l = r->exceptions; l != NULL; l = l->next)
		if (!is_over(l->tune, ev->received) &&
		    tune_hides(l->tune, ps))
			return l->tune;
	return NULL;
}

static const struct held *
held_by(struct tuning *t, enum hold why, const struct tune *by)
{
	buf_clear(&t->by);
	buf_fmt(&t->by, "%s:%u", by->view.file, by->view.line);
	t->held = (struct held){
		.why = why, .by = buf_slice(&t->by),
		.owner = by->view.owner, .reason = by->view.reason,
		.ticket = by->view.ticket, .expires = by->view.expires,
	};
	return &t->held;
}

static const struct held *
held_muted(struct tuning *t, const struct mute *m)
{
	t->held = (struct held){
		.why = HOLD_MUTE, .owner = m->by, .reason = m->reason,
		.ticket = m->ticket, .expires = m->until,
	};
	return &t->held;
}

/* The mute that is in force for a match, or NULL. */
static const struct mute *
muting(const struct rule *r, const struct event *ev)
{
	const struct mute *m = rule_muted(r, ev->received);

	while (m != NULL && (ev->received >= m->until ||
	    (m->key.len > 0 && !folds_keyed(r, ev, m->key))))
		m = m->next;
	return m;
}

const struct held *
tuning_hold(struct tuning *t, struct predicates *ps, struct rule *r,
    const struct event *ev, const struct listener *to)
{
	const struct mute *mute = muting(r, ev);
	const struct tune *switched = rule_switched(r, ev->received);
	struct tune *by = excepting(r, ps, ev);

	r->info.level = level_at(r, ev->received);
	if (by != NULL) {
		by->view.held++;
		held_by(t, HOLD_EXCEPTION, by);
	} else if (switched != NULL && switched->view.off) {
		return held_by(t, HOLD_DISABLED, switched);
	} else if (r->silent) {
		return NULL;	/* there is no alert to hold back */
	} else if (mute != NULL) {
		held_muted(t, mute);
	} else {
		t->held = (struct held){ .why = HOLD_SUPPRESS };
		return folds_suppress(t->folds, r, ev, to) ? &t->held : NULL;
	}
	folds_count(t->folds, r, ev, &t->held);
	return &t->held;
}
