#include "base/regex.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/buf.h"

struct regex {
	pcre2_code *code;
	bool fast;		/* pcre2_jit_match will do */
	const unsigned char *firsts;	/* a bit per byte; NULL: any */
	char *prefix;
	size_t prefix_len;
};

struct regex_state {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	uint32_t limit;		/* of matching that context has */
};

enum { GROUPS_MAX = 64, HEAP_LIMIT_KIB = 4096, PATTERN_MAX = 32768 };

static bool
is_meta(unsigned char c)
{
	return memchr("\\^$.[]|()?*+{}", c, 15) != NULL;
}

/* A backslash takes the meaning off what is neither letter nor digit. */
static bool
is_escaped(struct slice p)
{
	return p.len > 1 && p.p[0] == '\\' && !byte_is_digit(p.p[1]) &&
	    (byte_lower(p.p[1]) < 'a' || byte_lower(p.p[1]) > 'z') &&
	    p.p[1] < 0x80;
}

/*
 * Bytes of the class that begins p, to behind its ']'. Where classes in
 * brackets or \Q make that hard, all of p.
 */
static size_t
class_len(struct slice p)
{
	size_t n = 1;

	n += n < p.len && p.p[n] == '^';
	n += n < p.len && p.p[n] == ']';
	for (; n < p.len && p.p[n] != ']'; n++) {
		if (p.p[n] == '[' && n + 1 < p.len &&
		    memchr(":.=", p.p[n + 1], 3) != NULL)
			return p.len + 1;
		n += p.p[n] == '\\';
	}
	return n + 1;
}

/* An alternation outside all groups: the other branch starts otherwise. */
static bool
has_branches(struct slice p)
{
	int depth = 0;

	if (slice_find(p, S("\\Q")) != SIZE_MAX ||
	    slice_find(p, S("(?#")) != SIZE_MAX)
		return slice_find_byte(p, '|') != SIZE_MAX;
	while (p.len > 0) {
		size_t n = 1;

		if (p.p[0] == '\\')
			n = 2;
		else if (p.p[0] == '[')
			n = class_len(p);
		else if (p.p[0] == '|' && depth <= 0)
			return true;
		else
			depth += (p.p[0] == '(') - (p.p[0] == ')');
		if (n > p.len)
			return slice_find_byte(p, '|') != SIZE_MAX;
		p = slice_from(p, n);
	}
	return false;
}

/*
 * Bytes that stand for themselves behind ^, copied to out, up to the first
 * operator. The last one goes when that operator makes it optional.
 */
static struct slice
literal_prefix(struct slice p, unsigned flags, char *out)
{
	size_t n = 0;

	if ((flags & (REGEX_NOCASE | REGEX_MULTILINE)) != 0 ||
	    !slice_skip(&p, S("^")) || has_branches(p))
		return S("");
	while (p.len > 0 && (!is_meta(p.p[0]) || is_escaped(p))) {
		p = slice_from(p, is_escaped(p));
		out[n++] = (char)p.p[0];
		p = slice_from(p, 1);
	}
	if (n > 0 && p.len > 0 && memchr("?*{", p.p[0], 3) != NULL)
		n--;
	return slice_bytes(out, n);
}

/* Only what is anchored must begin where the text does. */
static const unsigned char *
firsts(const pcre2_code *code)
{
	const unsigned char *map = NULL;
	uint32_t options = 0;

	pcre2_pattern_info(code, PCRE2_INFO_ALLOPTIONS, &options);
	if ((options & PCRE2_ANCHORED) != 0)
		pcre2_pattern_info(code, PCRE2_INFO_FIRSTBITMAP, &map);
	return map;
}

struct regex *
regex_new(struct slice pattern, unsigned flags, size_t *at, struct err *err)
{
	uint32_t options = PCRE2_NEVER_BACKSLASH_C;
	struct regex *re;
	pcre2_code *code;
	int number;

	*at = 0;
	if (pattern.len > PATTERN_MAX) {
		err_set(err, "pattern is longer than %d bytes", PATTERN_MAX);
		return NULL;
	}
	options |= (flags & REGEX_UTF) ? PCRE2_UTF | PCRE2_MATCH_INVALID_UTF :
	    PCRE2_NEVER_UTF | PCRE2_NEVER_UCP;
	options |= (flags & REGEX_NOCASE) ? PCRE2_CASELESS : 0;
	options |= (flags & REGEX_MULTILINE) ? PCRE2_MULTILINE : 0;
	options |= (flags & REGEX_DOTALL) ? PCRE2_DOTALL : 0;
	code = pcre2_compile(pattern.p, pattern.len, options, &number, at,
	    NULL);
	if (code == NULL) {
		PCRE2_UCHAR text[256];

		pcre2_get_error_message(number, text, sizeof(text));
		err_set(err, "%s", (const char *)text);
		return NULL;
	}
	re = xcalloc(1, sizeof(*re));
	re->code = code;
	/* It checks no characters, which only REGEX_UTF needs. */
	re->fast = pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0 &&
	    (flags & REGEX_UTF) == 0;
	re->firsts = firsts(code);
	re->prefix = xmalloc(pattern.len);
	re->prefix_len = literal_prefix(pattern, flags, re->prefix).len;
	return re;
}

void
regex_free(struct regex *re)
{
	if (re == NULL)
		return;
	pcre2_code_free(re->code);
	free(re->prefix);
	free(re);
}

struct regex_state *
regex_state_new(void)
{
	struct regex_state *st = xcalloc(1, sizeof(*st));

	st->data = pcre2_match_data_create(GROUPS_MAX, NULL);
	st->context = pcre2_match_context_create(NULL);
	st->stack = pcre2_jit_stack_create(32 * 1024, 512 * 1024, NULL);
	if (st->data == NULL || st->context == NULL)
		abort();
	st->limit = REGEX_MATCH_LIMIT;
	pcre2_set_match_limit(st->context, st->limit);
	pcre2_set_depth_limit(st->context, REGEX_DEPTH_LIMIT);
	pcre2_set_heap_limit(st->context, HEAP_LIMIT_KIB);
	if (st->stack != NULL)
		pcre2_jit_stack_assign(st->context, NULL, st->stack);
	return st;
}

void
regex_state_free(struct regex_state *st)
{
	if (st == NULL)
		return;
	pcre2_match_data_free(st->data);
	pcre2_match_context_free(st->context);
	pcre2_jit_stack_free(st->stack);
	free(st);
}

static uint32_t
match_limit(size_t len)
{
	if (len <= REGEX_TEXT_LIMIT / REGEX_MATCH_LIMIT)
		return REGEX_MATCH_LIMIT;
	if (len >= REGEX_TEXT_LIMIT / REGEX_MATCH_LIMIT_LEAST)
		return REGEX_MATCH_LIMIT_LEAST;
	return (uint32_t)(REGEX_TEXT_LIMIT / len);
}

enum regex_result
regex_match(const struct regex *re, struct regex_state *st, struct slice in)
{
	const unsigned char *p = in.len > 0 ? in.p : S("").p;
	uint32_t limit = match_limit(in.len);
	int n;

	if (limit != st->limit) {
		pcre2_set_match_limit(st->context, limit);
		st->limit = limit;
	}
	n = re->fast ?
	    pcre2_jit_match(re->code, p, in.len, 0, 0, st->data, st->context) :
	    pcre2_match(re->code, p, in.len, 0, 0, st->data, st->context);

	if (n >= 0)
		return REGEX_YES;
	return n == PCRE2_ERROR_NOMATCH ? REGEX_NO : REGEX_ABORTED;
}

bool
regex_group(const struct regex_state *st, struct slice in, unsigned n,
    struct slice *out)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(st->data);

	if (n >= pcre2_get_ovector_count(st->data) ||
	    at[2 * n] == PCRE2_UNSET)
		return false;
	*out = slice_head(slice_from(in, at[2 * n]),
	    at[2 * n + 1] - at[2 * n]);
	return true;
}

int
regex_name(const struct regex *re, const char *name)
{
	int n = pcre2_substring_number_from_name(re->code,
	    (PCRE2_SPTR)name);

	return n < 0 ? -1 : n;
}

void
regex_names(const struct regex *re,
    void (*each)(void *arg, const char *name, unsigned n), void *arg)
{
	uint32_t count = 0, size = 0;
	PCRE2_SPTR table;

	pcre2_pattern_info(re->code, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	if (count == 0)
		return;
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMETABLE, &table);
	for (uint32_t i = 0; i < count; i++, table += size)
		each(arg, (const char *)table + 2,
		    (unsigned)(table[0] << 8 | table[1]));
}

struct slice
regex_prefix(const struct regex *re)
{
	return slice_bytes(re->prefix, re->prefix_len);
}

bool
regex_starts(const struct regex *re, unsigned char c)
{
	return re->firsts == NULL || (re->firsts[c / 8] & 1u << c % 8) != 0;
}
