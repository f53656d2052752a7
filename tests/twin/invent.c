#include "invent.h"

const char invent_placeholders[] =
    "{p: ['ab', 'K*', '-a'], q: 'b?a', r: [1, a, '']}";

struct inventing {
	struct buf *out;
	struct dice *d;
	unsigned ids;		/* how many identifiers the rule has */
};

/* What an item's modifiers take. */
enum value_kind {
	TEXT, PLAIN_TEXT, ANYTHING, PATTERN, NETWORK, TRUTH,
	FIELD, NUMBER, TIME, PLACEHOLDER,
};

static const struct {
	const char *modifiers;
	enum value_kind kind;
	bool keywords;		/* good for them, too */
} items[] = {
	{ "", ANYTHING, true },
	{ "", ANYTHING, true },
	{ "", TEXT, true },
	{ "|contains", TEXT, true },
	{ "|contains", TEXT, true },
	{ "|contains", TEXT, true },
	{ "|startswith", TEXT, true },
	{ "|endswith", TEXT, true },
	{ "|startswith", TEXT, true },
	{ "|endswith", TEXT, true },
	{ "|contains|all", TEXT, true },
	{ "|all|endswith", TEXT, true },
	{ "|all", ANYTHING, true },
	{ "|cased", TEXT, true },
	{ "|contains|cased", TEXT, true },
	{ "|cased|startswith", TEXT, true },
	{ "|endswith|cased", TEXT, true },
	{ "|re", PATTERN, true },
	{ "|re|i", PATTERN, true },
	{ "|re|i|m|s", PATTERN, true },
	{ "|re|all", PATTERN, true },
	{ "|re|i|contains", PATTERN, true },
	{ "|neq", ANYTHING, false },
	{ "|contains|neq", TEXT, false },
	{ "|neq|all|startswith", TEXT, true },
	{ "|re|neq", PATTERN, false },
	{ "|windash", TEXT, true },
	{ "|contains|windash", TEXT, true },
	{ "|windash|endswith|cased", TEXT, true },
	{ "|windash|neq|startswith", TEXT, false },
	{ "|windash|base64offset|contains", PLAIN_TEXT, true },
	{ "|windash|contains|all", TEXT, true },
	{ "|base64", PLAIN_TEXT, true },
	{ "|base64|contains", PLAIN_TEXT, true },
	{ "|base64offset|contains", PLAIN_TEXT, true },
	{ "|base64offset|contains|all", PLAIN_TEXT, true },
	{ "|wide|base64offset|contains", PLAIN_TEXT, true },
	{ "|utf16be|base64|cased", PLAIN_TEXT, true },
	{ "|utf16|base64|startswith", PLAIN_TEXT, true },
	{ "|utf16be|base64offset|endswith", PLAIN_TEXT, true },
	{ "|utf16|base64offset|startswith|all", PLAIN_TEXT, true },
	{ "|contains|all|cased|neq", TEXT, false },
	{ "|expand|windash|contains", PLACEHOLDER, true },
	{ "|expand|base64offset|contains", PLACEHOLDER, true },
	{ "|cidr", NETWORK, false },
	{ "|cidr|neq", NETWORK, false },
	{ "|cidr|all", NETWORK, false },
	{ "|exists", TRUTH, false },
	{ "|exists|neq", TRUTH, false },
	{ "|fieldref", FIELD, false },
	{ "|fieldref|startswith", FIELD, false },
	{ "|fieldref|contains|neq", FIELD, false },
	{ "|fieldref|endswith|cased", FIELD, false },
	{ "|fieldref|cased|all", FIELD, false },
	{ "|fieldref|neq", FIELD, false },
	{ "|lt", NUMBER, false },
	{ "|lte", NUMBER, false },
	{ "|gt", NUMBER, false },
	{ "|gte|neq", NUMBER, false },
	{ "|hour", TIME, false },
	{ "|minute|lt", TIME, false },
	{ "|day|gte", TIME, false },
	{ "|week", TIME, false },
	{ "|month|neq", TIME, false },
	{ "|year|lte", TIME, false },
	{ "|expand", PLACEHOLDER, true },
	{ "|contains|expand", PLACEHOLDER, true },
	{ "|expand|startswith|all", PLACEHOLDER, true },
	{ "|contain", TEXT, true },		/* mistakes */
	{ "|contains|re", PATTERN, true },
	{ "|i", TEXT, true },
	{ "|", TEXT, true },
	{ "|contains|base64", TEXT, true },
};

static const char *const fields[] = {
	"f", "g", "F", "cmd", "a.b", "a.c", "deep.er.x", "\xc3\xa9t", "num",
	"f", "cmd",
};
static const char *const names[] = {
	"sel", "sel_a", "sel_b", "filter_1", "filter_2", "_hidden", "not_it",
	"kw",
};

static void
add_text(struct inventing *in, bool wildcards)
{
	static const char *const pieces[] = {
		"a", "b", "ab", "k", "K", "s", "S", " ", "-", "/", "aa", "abc",
		"-a", " -b", "/x", "\xc3\xa9", "\xc3\x89", "\xc3\x9f",
		"\xe2\x84\xaa", "\xcf\x83", "\xcf\x82", "\xce\xa3", "\xc5\xbf",
		"\xf0\x9f\x98\x80", "\xe2\x80\x93", "\\", "%", "0", "1", ".",
		"powershell", "/bin/sh", "\xc8\xba", "#", ":",
		/* dashes of windash, letters that fold to others' lengths */
		"\xe2\x80\x94", "\xe2\x80\x95", "--a", " /b -k", "\xc4\xb0",
		"\xc4\xb1", "\xe1\xba\x9e", "\xef\xac\x81", "\xce\xb8",
		"\xcf\xb4", "\xf0\x90\x90\xa8",
	};
	static const char *const wild[] = {
		"*", "?", "*", "\\*", "\\?", "\\\\", "**", "??", "\\\\*", "*?",
		"\\\\\\*", "\\\\\\\\?", "?*?", "\\a", "*\\*",
	};

	for (unsigned n = dice_roll(in->d, 6); n > 0; n--)
		if (wildcards && dice_one_in(in->d, 8))
			buf_str(in->out, wild[dice_roll(in->d, COUNT(wild))]);
		else
			buf_str(in->out, pieces[dice_roll(in->d,
			    COUNT(pieces))]);
}

static void
add_pattern(struct inventing *in)
{
	static const char *const pieces[] = {
		"a", "b", "ab", "k", "s", "abc", "\\d", "\\w+", "\\s*", ".",
		".*", ".+?", "[ab]", "[^a]", "[a-k]+", "(a|bc)", "(?:ab)+",
		"(?i)", "a?", "b{2}", "b{0,1}", "(k|)", "\\.", "\\\\", "-",
		"(?:a|b|\\d)x", "powershell", "x*", "(?i:aB)", "\\bab",
		"\xc3\xa9", "\\x{212a}", "(abc|abd)+", "abc|kx", "(a(b|c)?)",
		"\\x61", "\\Qa.b\\E", "(?=a)a", "(?!b)a", "(?<n>ab)", "\\/bin",
		"(?s)", "ab{1,3}c", "[[:alpha:]]", "\\t", "(ab)?", "abc??",
	};

	if (dice_one_in(in->d, 8))
		buf_str(in->out, "^");
	for (unsigned n = 1 + dice_roll(in->d, 4); n > 0; n--)
		buf_str(in->out, pieces[dice_roll(in->d, COUNT(pieces))]);
	if (dice_one_in(in->d, 8))
		buf_str(in->out, "$");
}

static void
add_network(struct inventing *in)
{
	static const char *const networks[] = {
		"10.0.0.0/8", "10.1.2.3", "192.168.0.0/16", "0.0.0.0/0",
		"10.1.2.0/24", "10.1.2.128/25", "10.1.2.2/31", "::/0", "::1",
		"fe80::/10", "2001:db8::/32", "2001:db8::8000:0/97",
		"::ffff:10.0.0.0/104", "::ffff:0:0/96", "10.1.0.0/16",
		"172.16.0.0/12", "10.1.2.3/32", "10.0.0.1/8", "::/96",
		"::ffff:10.1.2.3", "::ffff:10.1.2.0/120", "::10.1.2.3/128",
		"64:ff9b::/96", "::ffff:0:0/95", "2001:DB8::/33", "0.0.0.0/1",
	};

	buf_str(in->out, networks[dice_roll(in->d, COUNT(networks))]);
}

static void
add_number(struct inventing *in, bool time)
{
	static const char *const numbers[] = {
		"0", "1", "-1", "22", "22.5", "0x10", "443", "1.0", "65535",
		"9007199254740993", "9223372036854775807", "0.5", "-0", "1.5e3",
		"1000", "1e400", "-1e-400", "9007199254740992", "0x7fffffff",
		"00", "18446744073709551616", "-9223372036854775808",
	};

	if (time)
		buf_fmt(in->out, "%u", dice_one_in(in->d, 5) ? 2024 :
		    dice_roll(in->d, 54));
	else
		buf_str(in->out, numbers[dice_roll(in->d, COUNT(numbers))]);
}

static void
add_placeholder(struct inventing *in)
{
	static const char *const texts[] = {
		"%p%", "x%p%", "%p%%q%", "\\%p%", "%q%-", "%p", "%%p%", "a%r%b",
		"%p%*%r%", "100%",
	};

	buf_str(in->out, texts[dice_roll(in->d, COUNT(texts))]);
}

static void add_value(struct inventing *in, enum value_kind kind);

static void
add_anything(struct inventing *in)
{
	static const char *const others[] = {
		"null", "''", "true", "false", "'true'", "00429", "~", "'22'",
		"\"a\\nb\"", "'*'", "'?'", "yes",
	};

	if (dice_one_in(in->d, 3))
		buf_str(in->out, others[dice_roll(in->d, COUNT(others))]);
	else
		add_value(in, dice_one_in(in->d, 3) ? NUMBER : TEXT);
}

static void
add_value(struct inventing *in, enum value_kind kind)
{
	if (kind == ANYTHING) {
		add_anything(in);
		return;
	}
	if (kind == TRUTH) {
		buf_str(in->out, dice_one_in(in->d, 2) ? "true" : "false");
		return;
	}
	if (kind == NUMBER || kind == TIME) {
		add_number(in, kind == TIME);
		return;
	}
	buf_byte(in->out, '\'');
	if (kind == TEXT || kind == PLAIN_TEXT)
		add_text(in, kind == TEXT);
	else if (kind == PATTERN)
		add_pattern(in);
	else if (kind == NETWORK)
		add_network(in);
	else if (kind == FIELD)
		buf_str(in->out, fields[dice_roll(in->d, COUNT(fields))]);
	else
		add_placeholder(in);
	buf_byte(in->out, '\'');
}

static void
add_values(struct inventing *in, enum value_kind kind)
{
	unsigned n = dice_one_in(in->d, 20) ? 12 : 1 + dice_roll(in->d, 4);

	if (kind == TRUTH || dice_one_in(in->d, 3)) {
		add_value(in, kind);
		return;
	}
	if (dice_one_in(in->d, 60))
		n = 0;
	buf_byte(in->out, '[');
	for (unsigned i = 0; i < n; i++) {
		buf_str(in->out, i > 0 ? ", " : "");
		add_value(in, kind);
	}
	buf_byte(in->out, ']');
}

/* "key: value"; the number of the item in its map keeps keys apart. */
static void
add_item(struct inventing *in, unsigned number, bool keyword)
{
	size_t i = dice_roll(in->d, COUNT(items));

	/* Mistakes are the last five; most throws of them are done again. */
	while ((keyword && !items[i].keywords) ||
	    (i >= COUNT(items) - 5 && !dice_one_in(in->d, 10)))
		i = dice_roll(in->d, COUNT(items));
	buf_byte(in->out, '\'');
	if (!keyword)
		buf_str(in->out, fields[(number * 3 + dice_roll(in->d, 3)) %
		    COUNT(fields)]);
	buf_str(in->out, items[i].modifiers);
	if (keyword && items[i].modifiers[0] == '\0')
		buf_str(in->out, "|contains");
	buf_str(in->out, "': ");
	add_values(in, keyword && items[i].kind == ANYTHING ? TEXT :
	    items[i].kind);
}

static void
add_map(struct inventing *in)
{
	unsigned n = 1 + dice_roll(in->d, 3);

	buf_byte(in->out, '{');
	for (unsigned i = 0; i < n; i++) {
		buf_str(in->out, i > 0 ? ", " : "");
		add_item(in, i, false);
	}
	buf_byte(in->out, '}');
}

static void
add_list(struct inventing *in, unsigned depth)
{
	unsigned n = 1 + dice_roll(in->d, 3);

	buf_byte(in->out, '[');
	for (unsigned i = 0; i < n; i++) {
		buf_str(in->out, i > 0 ? ", " : "");
		if (depth < 2 && dice_one_in(in->d, 10))
			add_list(in, depth + 1);
		else if (dice_one_in(in->d, 3))
			add_value(in, TEXT);
		else
			add_map(in);
	}
	buf_byte(in->out, ']');
}

static void
add_search(struct inventing *in)
{
	switch (dice_roll(in->d, 8)) {
	case 0:
		buf_byte(in->out, '{');
		add_item(in, 0, true);
		buf_byte(in->out, '}');
		break;
	case 1:
		add_list(in, 0);
		break;
	case 2:
		add_values(in, dice_one_in(in->d, 4) ? NUMBER : TEXT);
		break;
	default:
		add_map(in);
	}
}

static void add_condition(struct inventing *in, unsigned depth);

static void
add_primary(struct inventing *in, unsigned depth)
{
	static const char *const selectors[] = {
		"1 of them", "all of them", "1 of sel*", "all of sel*",
		"1 of filter_*", "any of *_*", "all of filter_*", "1 of _*",
		"1 of nothing*", "any of *", "1 of sel", "all of s*l*",
	};

	while (dice_one_in(in->d, 4))
		buf_str(in->out, "not ");
	if (depth < 3 && dice_one_in(in->d, 4)) {
		buf_byte(in->out, '(');
		add_condition(in, depth + 1);
		buf_byte(in->out, ')');
	} else if (dice_one_in(in->d, 3)) {
		buf_str(in->out, selectors[dice_roll(in->d,
		    COUNT(selectors))]);
	} else {
		buf_str(in->out, names[dice_roll(in->d, in->ids)]);
	}
}

static void
add_condition(struct inventing *in, unsigned depth)
{
	add_primary(in, depth);
	while (dice_one_in(in->d, 3)) {
		buf_str(in->out, dice_one_in(in->d, 2) ? " and " : " or ");
		add_primary(in, depth);
	}
}

void
invent_rule(struct buf *out, struct dice *d, unsigned number)
{
	static const char *const sources[] = {
		"{product: linux}", "{category: process_creation}",
		"{product: linux, category: process_creation}",
		"{product: linux, service: auditd}", "{product: windows}",
		"{service: sshd}",
	};
	struct inventing in = { out, d, 1 + dice_roll(d, COUNT(names)) };

	buf_fmt(out, "title: r%u\nid: r%u\nlogsource: %s\ndetection:\n",
	    number, number, sources[dice_roll(d, COUNT(sources))]);
	for (unsigned i = 0; i < in.ids; i++) {
		buf_fmt(out, "  %s: ", names[i]);
		add_search(&in);
		buf_byte(out, '\n');
	}
	buf_str(out, "  condition: ");
	if (dice_one_in(d, 8)) {
		buf_str(out, "[");
		add_condition(&in, 0);
		buf_str(out, ", ");
		add_condition(&in, 0);
		buf_str(out, "]\n");
	} else {
		add_condition(&in, 0);
		buf_byte(out, '\n');
	}
}
