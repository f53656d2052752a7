#include "engine/anatomy.h"

#include <stdlib.h>

#include "engine/program.h"
#include "engine/ruleset.h"
#include "engine/seek.h"

/* A rule while it is looked at. */
struct look {
	const struct ruleset *rs;
	struct arena *arena;
	struct anatomy *out;
	uint32_t *places;	/* by predicate: its place from 1, or 0 */
	uint32_t *uses;		/* by predicate: rules that ask for it */
	uint32_t *stamps;	/* by predicate: the last of these, from 1 */
	uint32_t rule;
};

/* --- what a test is ------------------------------------------------------- */

static const char *const match_kinds[] = {
	[MATCH_ANY] = "any", [MATCH_EQUAL] = "exact",
	[MATCH_PREFIX] = "prefix", [MATCH_SUFFIX] = "suffix",
	[MATCH_CONTAINS] = "contains", [MATCH_GLOB] = "glob",
};

static const char *
set_kind(const struct predicate *p)
{
	for (size_t i = 1; i < p->set.count; i++)
		if (p->set.items[i].type != p->set.items[0].type)
			return "one of";
	return match_kinds[p->set.items[0].type];
}

static const char *
kind_of(const struct predicate *p)
{
	static const char *const kinds[OP_COUNT] = {
		[OP_NULL] = "null", [OP_EXISTS] = "exists",
		[OP_NUMBER] = "number", [OP_COMPARE] = "compare",
		[OP_CIDR] = "cidr", [OP_REGEX] = "regex",
		[OP_FIELDREF] = "fieldref", [OP_TIME] = "time",
	};

	if (p->op == OP_TEXT)
		return match_kinds[p->text.type];
	return p->op == OP_SET ? set_kind(p) : kinds[p->op];
}

/* --- what it takes --------------------------------------------------------- */

enum cost {
	COST_HASH, COST_LITERALS, COST_NETWORKS, COST_BEHIND, COST_AWAKE,
	COST_REGEX_AWAKE, COST_EVERY, COST_REGEX_EVERY,
};

static const struct {
	const char *word, *words;
} costs[] = {
	[COST_HASH] = { "hash", "one look into a hash" },
	[COST_LITERALS] = { "literals", "one pass of all literals" },
	[COST_NETWORKS] = { "networks", "one walk of all networks" },
	[COST_BEHIND] = { "behind-literal", "only behind its literal" },
	[COST_AWAKE] = { "awake", "once the rule is awake" },
	[COST_REGEX_AWAKE] = { "regex-awake", "regex once the rule is awake" },
	[COST_EVERY] = { "every", "on every event" },
	[COST_REGEX_EVERY] = { "regex-every", "regex on every event" },
};

static bool
is_whole(const struct predicate *p)
{
	if (p->op == OP_SET) {
		for (size_t i = 0; i < p->set.count; i++)
			if (p->set.items[i].type != MATCH_EQUAL)
				return false;
		return true;
	}
	return p->op == OP_NUMBER ||
	    (p->op == OP_TEXT && p->text.type == MATCH_EQUAL);
}

/*
 * What some rule is woken by is looked for in every event of its log source,
 * all at once; everything else when a rule that is awake asks for it.
 */
static enum cost
cost_of(const struct look *l, uint32_t n, const struct predicate *p)
{
	bool regex = p->op == OP_REGEX;

	if (!predicates_is_first(l->rs->predicates, n)) {
		if (l->rs->rules[l->rule].wakes > 0 || l->out->idle)
			return regex ? COST_REGEX_AWAKE : COST_AWAKE;
		return regex ? COST_REGEX_EVERY : COST_EVERY;
	}
	if (p->op == OP_CIDR)
		return COST_NETWORKS;
	if (p->hint_count > 0)
		return COST_BEHIND;
	return is_whole(p) ? COST_HASH : COST_LITERALS;
}

/* --- a rule's tests -------------------------------------------------------- */

static void
count_use(void *arg, uint32_t predicate)
{
	struct look *l = arg;

	if (l->stamps[predicate] == l->rule + 1)
		return;
	l->stamps[predicate] = l->rule + 1;
	l->uses[predicate]++;
}

static void
count_uses(struct look *l)
{
	uint32_t rule = l->rule;

	for (l->rule = 0; l->rule < l->rs->count; l->rule++)
		program_tests(l->rs->rules[l->rule].code,
		    l->rs->rules[l->rule].code_len, count_use, l);
	l->rule = rule;
}

static void
place(void *arg, uint32_t predicate)
{
	struct look *l = arg;

	if (l->places[predicate] == 0)
		l->places[predicate] = (uint32_t)++l->out->count;
}

static void
view(struct look *l, uint32_t n, struct test_view *out)
{
	const struct predicate *p = predicates_get(l->rs->predicates, n);
	enum cost cost = cost_of(l, n, p);

	*out = (struct test_view){
		.test = n, .kind = kind_of(p),
		.cased = (p->op == OP_TEXT && p->text.cased) ||
		    (p->op == OP_FIELDREF && p->ref.cased),
		.texts = p->op == OP_SET ? p->set.count : 1,
		.field = p->field == FIELD_ANYWHERE ? S("") :
		    schema_name(l->rs->schema, p->field),
		.cost = costs[cost].word, .answered = costs[cost].words,
		.shared = l->uses[n] - 1,
		.hints = p->hints, .hint_count = p->hint_count,
	};
}

static void
note_wake(void *arg, uint32_t predicate)
{
	struct look *l = arg;

	l->out->tests[l->places[predicate] - 1].wakes = true;
}

static void
write_number(void *arg, uint32_t predicate, struct buf *out)
{
	const struct look *l = arg;

	buf_u64(out, l->places[predicate]);
}

struct anatomy
ruleset_anatomy(const struct ruleset *rs, size_t rule, struct arena *a)
{
	const struct rule *r = &rs->rules[rule];
	size_t predicates = predicates_count(rs->predicates);
	struct anatomy out = { .steps = r->code_len,
	    .idle = rule_is_idle(r) };
	struct look l = { .rs = rs, .arena = a, .out = &out,
	    .rule = (uint32_t)rule };
	struct buf program = { 0 };

	l.places = xcalloc(predicates, sizeof(*l.places));
	l.uses = xcalloc(predicates, sizeof(*l.uses));
	l.stamps = xcalloc(predicates, sizeof(*l.stamps));
	count_uses(&l);
	program_tests(r->code, r->code_len, place, &l);
	out.tests = arena_alloc(a, (out.count + 1) * sizeof(*out.tests));
	for (uint32_t n = 0; n < predicates; n++)
		if (l.places[n] != 0)
			view(&l, n, &out.tests[l.places[n] - 1]);
	roster_wakes(rs->roster, (uint32_t)rule, note_wake, &l);
	program_write(r->code, r->code_len, write_number, &l, &program);
	out.program = arena_keep(a, buf_slice(&program));
	buf_free(&program);
	free(l.places);
	free(l.uses);
	free(l.stamps);
	return out;
}

bool
ruleset_test_holds(struct ruleset *rs, uint32_t test, const struct event *ev)
{
	bool aborted = false;

	predicates_event(rs->predicates, ev);
	return predicates_test(rs->predicates, test, &aborted);
}

/* --- what it wants --------------------------------------------------------- */

static void
quote(struct buf *out, struct slice s)
{
	buf_byte(out, '"');
	buf_add(out, s);
	buf_byte(out, '"');
}

static void
write_glob(struct buf *out, struct pattern glob)
{
	static const char *const signs[] = {
		[PART_RUN] = "*", [PART_ONE] = "?",
	};

	buf_byte(out, '"');
	for (size_t i = 0; i < glob.count; i++) {
		if (glob.parts[i].type == PART_TEXT)
			buf_add(out, glob.parts[i].text);
		else
			buf_str(out, signs[glob.parts[i].type]);
	}
	buf_byte(out, '"');
}

static void
write_matcher(struct buf *out, const struct matcher *m)
{
	if (m->type == MATCH_GLOB)
		write_glob(out, m->glob);
	else if (m->type != MATCH_ANY)
		quote(out, m->text);
}

static void
write_set(struct buf *out, const struct predicate *p)
{
	bool mixed = strcmp(set_kind(p), "one of") == 0;

	for (size_t i = 0; i < p->set.count; i++) {
		const struct matcher *m = &p->set.items[i];

		buf_str(out, i > 0 ? ", " : "");
		if (mixed)
			buf_fmt(out, "%s ", match_kinds[m->type]);
		write_matcher(out, m);
	}
}

static void
write_compare(struct buf *out, const struct predicate *p)
{
	static const char *const signs[] = {
		[COMPARE_EQ] = "=", [COMPARE_LT] = "<", [COMPARE_LTE] = "<=",
		[COMPARE_GT] = ">", [COMPARE_GTE] = ">=",
	};
	static const char *const parts[] = {
		[TIME_MINUTE] = "minute ", [TIME_HOUR] = "hour ",
		[TIME_DAY] = "day ", [TIME_WEEK] = "week ",
		[TIME_MONTH] = "month ", [TIME_YEAR] = "year ",
	};
	const struct number *n = &p->number.number;

	buf_str(out, p->op == OP_TIME ? parts[p->number.part] : "");
	buf_fmt(out, "%s ", signs[p->number.compare]);
	if (n->whole)
		buf_fmt(out, "%lld", (long long)n->integer);
	else
		buf_fmt(out, "%g", n->real);
}

static void
write_network(struct buf *out, const struct cidr *c)
{
	for (size_t i = 0; i < c->bytes; i++) {
		if (c->bytes == 4)
			buf_fmt(out, i > 0 ? ".%u" : "%u", c->net[i]);
		else
			buf_fmt(out, i > 0 && i % 2 == 0 ? ":%02x" : "%02x",
			    c->net[i]);
	}
	buf_fmt(out, "/%u", c->prefix);
}

static void
write_regex(struct buf *out, const struct predicate *p)
{
	static const struct {
		unsigned flag;
		unsigned char letter;
	} flags[] = {
		{ REGEX_NOCASE, 'i' }, { REGEX_MULTILINE, 'm' },
		{ REGEX_DOTALL, 's' },
	};

	buf_byte(out, '/');
	buf_add(out, p->regex.pattern);
	buf_byte(out, '/');
	for (size_t i = 0; i < COUNT(flags); i++)
		if ((p->regex.flags & flags[i].flag) != 0)
			buf_byte(out, flags[i].letter);
}

static void
write_reference(const struct ruleset *rs, struct buf *out,
    const struct predicate *p)
{
	if (p->ref.type != MATCH_EQUAL)
		buf_fmt(out, "%s ", match_kinds[p->ref.type]);
	buf_str(out, "the value of ");
	buf_add(out, schema_name(rs->schema, p->ref.field));
}

void
ruleset_test_text(const struct ruleset *rs, uint32_t test, struct buf *out)
{
	const struct predicate *p = predicates_get(rs->predicates, test);

	switch ((enum predicate_op)p->op) {
	case OP_TEXT:
		write_matcher(out, &p->text);
		break;
	case OP_SET:
		write_set(out, p);
		break;
	case OP_NUMBER:
		buf_add(out, p->number.text);
		break;
	case OP_COMPARE:
	case OP_TIME:
		write_compare(out, p);
		break;
	case OP_CIDR:
		write_network(out, &p->cidr);
		break;
	case OP_REGEX:
		write_regex(out, p);
		break;
	case OP_FIELDREF:
		write_reference(rs, out, p);
		break;
	case OP_NULL:
	case OP_EXISTS:
	case OP_COUNT:
		break;
	}
}
