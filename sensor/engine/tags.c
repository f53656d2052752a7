/*
 * Tags: ATT&CK's have a shape, SOC 2's name a criterion, ours a category.
 * Other namespaces are not our business.
 */
#include "engine/rule.h"

/* Criteria by group: "cc6" and how many it has. */
static const struct {
	const char *group;
	unsigned count;
} criteria[] = {
	{ "cc1", 5 }, { "cc2", 3 }, { "cc3", 4 }, { "cc4", 2 }, { "cc5", 3 },
	{ "cc6", 8 }, { "cc7", 5 }, { "cc8", 1 }, { "cc9", 2 },
	{ "a1", 3 }, { "pi1", 5 }, { "c1", 2 },
	{ "p1", 1 }, { "p2", 1 }, { "p3", 2 }, { "p4", 3 }, { "p5", 2 },
	{ "p6", 7 }, { "p7", 1 }, { "p8", 1 },
};

static bool
is_criterion(struct slice s)
{
	struct slice group;
	uint64_t n;

	if (!slice_cut(&s, '.', &group) || slice_to_u64(s, &n) == -1 ||
	    s.len != 1)
		return false;
	for (size_t i = 0; i < COUNT(criteria); i++)
		if (slice_eq(group, slice_of(criteria[i].group)))
			return n >= 1 && n <= criteria[i].count;
	return false;
}

static size_t
digits(struct slice s)
{
	size_t n = 0;

	while (n < s.len && byte_is_digit(s.p[n]))
		n++;
	return n;
}

/* t1110, t1110.001, and with other letters groups, software, sources. */
static bool
is_numbered(struct slice s)
{
	size_t letters = slice_skip(&s, S("ds")) || slice_skip(&s, S("t")) ||
	    slice_skip(&s, S("g")) || slice_skip(&s, S("s")) ||
	    slice_skip(&s, S("c")) || slice_skip(&s, S("m"));

	if (letters == 0 || digits(s) != 4)
		return false;
	s = slice_from(s, 4);
	return s.len == 0 || (slice_skip(&s, S(".")) && s.len == 3 &&
	    digits(s) == 3);
}

/* initial-access; older rules write initial_access. */
static bool
is_tactic(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.p[i] < 'a' || s.p[i] > 'z') && s.p[i] != '-' &&
		    s.p[i] != '_')
			return false;
	return s.len > 0;
}

static bool
is_attack(struct slice s)
{
	return is_numbered(s) || is_tactic(s);
}

/* auth.bruteforce: words in lower case with dots between. */
static bool
is_category(struct slice s)
{
	struct slice word;

	do {
		bool more = slice_cut(&s, '.', &word);

		if (!is_tactic(more ? word : s))
			return false;
		if (!more)
			return true;
	} while (true);
}

static int
check(struct load *l, const struct node *n)
{
	static const struct {
		struct slice prefix;
		bool (*holds)(struct slice s);
		const char *what;
	} spaces[] = {
		{ SLICE("attack."), is_attack,
		    "a tactic or a number like t1110.001" },
		{ SLICE("soc2."), is_criterion,
		    "a criterion like soc2.cc6.1" },
		{ SLICE("vedette."), is_category,
		    "a category like vedette.auth.bruteforce" },
	};

	for (size_t i = 0; i < COUNT(spaces); i++) {
		struct slice rest = n->text;

		if (slice_skip(&rest, spaces[i].prefix) &&
		    !spaces[i].holds(rest))
			return node_error(l->diag, n, "tag \"%s\" is not %s",
			    node_cstr(n), spaces[i].what);
	}
	return 0;
}

int
tags_read(struct load *l, const struct node *tags, struct rule_info *info)
{
	struct slice *out;
	unsigned categories = 0;
	int bad = 0;

	if (tags == NULL || node_is_null(tags))
		return 0;
	if (tags->type != NODE_LIST)
		return node_error(l->diag, tags, "\"tags\" is a list");
	out = arena_alloc(l->keep, tags->count * sizeof(*out));
	info->tags = out;
	for (const struct node *n = tags->first; n != NULL; n = n->next) {
		if (n->type != NODE_SCALAR) {
			bad = node_error(l->diag, n, "a tag is a text");
			continue;
		}
		bad |= check(l, n);
		if (slice_starts(n->text, S("vedette.")) && categories++ > 0)
			bad = node_error(l->diag, n,
			    "a rule has one vedette. tag at most");
		out[info->tag_count++] = arena_keep(l->keep, n->text);
	}
	return bad;
}
