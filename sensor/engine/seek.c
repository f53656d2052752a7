#include "engine/seek.h"

#include "base/casefold.h"
#include "base/utf8.h"
#include "engine/required.h"

/* Up to the first byte that is no part of a character. */
static size_t
valid_len(struct slice s)
{
	size_t n = 0, len;
	uint32_t code;

	while (n < s.len && (len = utf8_one(slice_from(s, n), &code)) > 0)
		n += len;
	return n;
}

/*
 * The longest run of whole characters. Folding works on characters: bytes
 * that are none could be part of one where the text stands in a value.
 */
static struct slice
characters(struct slice s)
{
	struct slice best = S("");

	while (s.len > 0) {
		size_t n = valid_len(s);

		if (n > best.len)
			best = slice_head(s, n);
		s = slice_from(s, n + 1);
	}
	return best;
}

static struct slice
longest_part(struct pattern glob)
{
	struct slice best = S("");

	for (size_t i = 0; i < glob.count; i++)
		if (glob.parts[i].text.len > best.len)
			best = glob.parts[i].text;
	return best;
}

static void
set_hint(struct arena *a, struct predicate *p, struct slice text)
{
	struct slice *hint = arena_alloc(a, sizeof(*hint));

	if (text.len == 0)
		return;
	*hint = text;
	p->hints = hint;
	p->hint_count = 1;
}

void
seek_prepare(struct arena *a, struct predicate *p)
{
	struct slice text;

	if (p->op == OP_REGEX)
		p->hint_count = required_texts(a, p->regex.pattern,
		    &p->hints);
	if (p->op != OP_TEXT || p->text.type == MATCH_ANY)
		return;
	text = p->text.type == MATCH_GLOB ? longest_part(p->text.glob) :
	    p->text.text;
	if (p->text.cased)
		set_hint(a, p, fold_keep(a, characters(text)));
	else if (p->text.type == MATCH_GLOB)
		set_hint(a, p, text);
}

static bool
is_simple(const struct predicate *p)
{
	return !p->text.cased && p->text.type != MATCH_ANY &&
	    p->text.type != MATCH_GLOB;
}

bool
seek_can(const struct predicate *p)
{
	switch ((enum predicate_op)p->op) {
	case OP_SET:
	case OP_CIDR:
		return true;
	case OP_TEXT:
		return is_simple(p) || p->hint_count > 0;
	case OP_REGEX:
		return p->hint_count > 0;
	case OP_NUMBER:
		return p->number.number.whole;
	default:
		return false;
	}
}

static enum seek_how
how_of(const struct matcher *m)
{
	static const enum seek_how by_type[] = {
		[MATCH_EQUAL] = SEEK_EQUAL,
		[MATCH_PREFIX] = SEEK_PREFIX,
		[MATCH_SUFFIX] = SEEK_SUFFIX,
		[MATCH_CONTAINS] = SEEK_CONTAINS,
	};

	return by_type[m->type];
}

void
seek_texts(const struct predicate *p,
    void (*each)(void *arg, enum seek_how how, struct slice text), void *arg)
{
	if (p->op == OP_TEXT && is_simple(p))
		each(arg, how_of(&p->text), p->text.text);
	if (p->op == OP_SET)
		for (size_t i = 0; i < p->set.count; i++)
			each(arg, how_of(&p->set.items[i]),
			    p->set.items[i].text);
	if (p->op == OP_NUMBER && p->number.number.whole)
		each(arg, SEEK_NUMBER, p->number.text);
	for (size_t i = 0; i < p->hint_count; i++)
		each(arg, SEEK_HINT, p->hints[i]);
}
