/*
 * SIGMA.md 1.4: the modifiers that change what a value stands for.
 */
#include "twin_inside.h"

enum { CHOICES_MAX = 5000 };

static struct letters
one_letter(struct arena *a, uint32_t letter)
{
	struct letters l = { arena_alloc(a, sizeof(*l.at)), 1 };

	l.at[0] = letter;
	return l;
}

/* "add `*` where not already there" */
bool
twin_endswith(struct twin *t, struct twin_choices *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->at[i].count == 0 || c->at[i].at[0] != LETTER_RUN)
			c->at[i] = letters_join(t->arena,
			    one_letter(t->arena, LETTER_RUN), c->at[i]);
	return true;
}

bool
twin_startswith(struct twin *t, struct twin_choices *c)
{
	for (size_t i = 0; i < c->count; i++) {
		struct letters l = c->at[i];

		if (l.count == 0 || l.at[l.count - 1] != LETTER_RUN)
			c->at[i] = letters_join(t->arena, l,
			    one_letter(t->arena, LETTER_RUN));
	}
	return true;
}

bool
twin_contains(struct twin *t, struct twin_choices *c)
{
	return twin_startswith(t, c) && twin_endswith(t, c);
}

static char
base64_digit(unsigned n)
{
	return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789+/"[n];
}

/* RFC 4648: three bytes are four digits; what is missing is '='. */
static struct letters
base64(struct arena *a, struct slice s)
{
	struct letters out = { arena_alloc(a, (s.len / 3 + 1) * 4 *
	    sizeof(*out.at)), 0 };

	for (size_t i = 0; i < s.len; i += 3) {
		unsigned group = 0;

		for (size_t k = 0; k < 3; k++)
			group = group << 8 | (i + k < s.len ? s.p[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			out.at[out.count++] = i + k > s.len ? '=' :
			    (uint32_t)base64_digit(group >> (18 - 6 * k) & 63);
	}
	return out;
}

/* "of the UTF-8 bytes; wildcard → error" */
bool
twin_base64(struct twin *t, struct twin_choices *c)
{
	for (size_t i = 0; i < c->count; i++) {
		if (!letters_plain(c->at[i]))
			return twin_fail(t, "base64 of a wildcard");
		c->at[i] = base64(t->arena, letters_bytes(t->arena,
		    c->at[i]));
	}
	return true;
}

/*
 * "3 variants: b64(i blanks + v)[0,2,3 : none,-3,-2 by (len+i)%3], len in
 * bytes"
 */
static struct letters
base64_offset(struct arena *a, struct slice s, size_t offset)
{
	static const size_t front[] = { 0, 2, 3 }, end[] = { 0, 3, 2 };
	struct letters blanks = letters_of(a, slice_head(S("  "), offset));
	struct letters all = base64(a, letters_bytes(a, letters_join(a,
	    blanks, letters_of(a, s))));
	size_t until = all.count - end[(s.len + offset) % 3];

	/* Of a text of no bytes nothing is left. */
	if (s.len == 0)
		return letters_part(all, 0, 0);
	return letters_part(all, front[offset], until);
}

bool
twin_base64offset(struct twin *t, struct twin_choices *c)
{
	struct twin_choices out = { arena_alloc(t->arena,
	    3 * c->count * sizeof(*out.at)), 0 };

	for (size_t i = 0; i < c->count; i++) {
		if (!letters_plain(c->at[i]))
			return twin_fail(t, "base64 of a wildcard");
		for (size_t offset = 0; offset < 3; offset++)
			out.at[out.count++] = base64_offset(t->arena,
			    letters_bytes(t->arena, c->at[i]), offset);
	}
	*c = out;
	return true;
}

/* A byte as a letter of its own: what follows is base64, see twin_item.c. */
static void
put(struct letters *out, unsigned byte)
{
	out->at[out->count++] = byte < 0x80 ? byte : LETTER_BYTE + byte;
}

static void
put_unit(struct letters *out, unsigned unit, bool big)
{
	put(out, big ? unit >> 8 : unit & 0xff);
	put(out, big ? unit & 0xff : unit >> 8);
}

/* Wildcards stay what they are. */
static struct letters
utf16(struct arena *a, struct letters in, bool big)
{
	struct letters out = { arena_alloc(a, (4 * in.count + 1) *
	    sizeof(*out.at)), 0 };

	for (size_t i = 0; i < in.count; i++) {
		uint32_t c = in.at[i];

		if (c >= LETTER_BYTE) {
			out.at[out.count++] = c;
		} else if (c < 0x10000) {
			put_unit(&out, c, big);
		} else {
			put_unit(&out, 0xd800 + ((c - 0x10000) >> 10), big);
			put_unit(&out, 0xdc00 + ((c - 0x10000) & 0x3ff), big);
		}
	}
	return out;
}

bool
twin_utf16le(struct twin *t, struct twin_choices *c)
{
	for (size_t i = 0; i < c->count; i++)
		c->at[i] = utf16(t->arena, c->at[i], false);
	return true;
}

bool
twin_utf16be(struct twin *t, struct twin_choices *c)
{
	for (size_t i = 0; i < c->count; i++)
		c->at[i] = utf16(t->arena, c->at[i], true);
	return true;
}

/* "utf16 = FF FE + LE" */
bool
twin_utf16(struct twin *t, struct twin_choices *c)
{
	uint32_t mark[] = { LETTER_BYTE + 0xff, LETTER_BYTE + 0xfe };

	twin_utf16le(t, c);
	for (size_t i = 0; i < c->count; i++)
		c->at[i] = letters_join(t->arena, (struct letters){ mark, 2 },
		    c->at[i]);
	return true;
}

/* Each of the choices with each of the texts behind it. */
static bool
multiply(struct twin *t, struct twin_choices *c, struct twin_choices by)
{
	struct twin_choices out = { NULL, 0 };

	if (c->count * by.count > CHOICES_MAX)
		return twin_fail(t, "too many texts");
	out.at = arena_alloc(t->arena, (c->count * by.count + 1) *
	    sizeof(*out.at));
	for (size_t i = 0; i < c->count; i++)
		for (size_t k = 0; k < by.count; k++)
			out.at[out.count++] = letters_join(t->arena,
			    c->at[i], by.at[k]);
	*c = out;
	return true;
}

/* Puts what one of the texts became behind what the others did. */
static bool
gather(struct twin *t, struct twin_choices *all, struct twin_choices more)
{
	struct twin_choices out = { arena_alloc(t->arena,
	    (all->count + more.count) * sizeof(*out.at)), 0 };

	if (all->count + more.count > CHOICES_MAX)
		return twin_fail(t, "too many texts");
	for (size_t i = 0; i < all->count; i++)
		out.at[out.count++] = all->at[i];
	for (size_t i = 0; i < more.count; i++)
		out.at[out.count++] = more.at[i];
	*all = out;
	return true;
}

/* All letters outside ASCII count as letters of words. */
static bool
is_word(struct letters l, size_t i)
{
	uint32_t c = i < l.count ? l.at[i] : LETTER_RUN;

	return (c < 0x80 && (byte_is_digit((unsigned char)c) || c == '_' ||
	    (byte_lower((unsigned char)c) >= 'a' &&
	    byte_lower((unsigned char)c) <= 'z'))) ||
	    (c >= 0x80 && c != LETTER_RUN && c != LETTER_ONE);
}

/* "each `\B[-/]\b` → `- / – — ―`, cross product; inner dashes untouched" */
static bool
windash_one(struct twin *t, struct letters l, struct twin_choices *out)
{
	struct letters dashes = letters_of(t->arena,
	    S("-/\xe2\x80\x93\xe2\x80\x94\xe2\x80\x95"));
	struct letters each[5], nothing = { NULL, 0 };
	struct twin_choices c = { &nothing, 1 };

	for (size_t i = 0; i < COUNT(each); i++)
		each[i] = letters_part(dashes, i, i + 1);
	for (size_t i = 0; i < l.count; i++) {
		struct letters one = letters_part(l, i, i + 1);
		bool flag = (l.at[i] == '-' || l.at[i] == '/') &&
		    (i == 0 || !is_word(l, i - 1)) && is_word(l, i + 1);

		if (!multiply(t, &c, flag ?
		    (struct twin_choices){ each, COUNT(each) } :
		    (struct twin_choices){ &one, 1 }))
			return false;
	}
	return gather(t, out, c);
}

bool
twin_windash(struct twin *t, struct twin_choices *c)
{
	struct twin_choices out = { NULL, 0 };

	for (size_t i = 0; i < c->count; i++)
		if (!windash_one(t, c->at[i], &out))
			return false;
	*c = out;
	return true;
}

/* The length of a "%name%" at i, or 0. Public rules have '-' in names. */
static size_t
placeholder(struct letters l, size_t i)
{
	size_t end = i + 1;

	while (end < l.count && (is_word(l, end) || l.at[end] == '-'))
		end++;
	return l.at[i] == '%' && is_word(l, i + 1) && end < l.count &&
	    l.at[end] == '%' ? end + 1 - i : 0;
}

/* "table values (Sigma strings); unresolved → reject rule" */
static bool
values_of(struct twin *t, struct letters name, struct twin_choices *out)
{
	const struct node *n = node_get(t->placeholders, (const char *)
	    arena_keep(t->arena, letters_bytes(t->arena, name)).p);
	const struct node *v = n;

	*out = (struct twin_choices){ NULL, 0 };
	if (n == NULL || n->type == NODE_MAP)
		return twin_fail(t, "no values");
	out->at = arena_alloc(t->arena, (n->count + 1) * sizeof(*out->at));
	for (v = n->type == NODE_LIST ? n->first : n; v != NULL;
	    v = n->type == NODE_LIST ? v->next : NULL)
		if (v->type == NODE_SCALAR)
			out->at[out->count++] = letters_sigma(t->arena,
			    v->text);
	return out->count > 0 || twin_fail(t, "no values");
}

/* "`%name%` → table values; `\%` escape" */
static bool
expand_one(struct twin *t, struct letters l, struct twin_choices *out)
{
	struct letters nothing = { NULL, 0 };
	struct twin_choices c = { &nothing, 1 };

	for (size_t i = 0; i < l.count; i++) {
		bool escaped = l.at[i] == '\\' && i + 1 < l.count &&
		    l.at[i + 1] == '%';
		size_t length = escaped ? 0 : placeholder(l, i);
		struct letters one = letters_part(l, i + escaped,
		    i + escaped + 1);
		struct twin_choices by = { &one, 1 };

		if (length > 0 && !values_of(t, letters_part(l, i + 1,
		    i + length - 1), &by))
			return false;
		if (!multiply(t, &c, by))
			return false;
		i += length > 0 ? length - 1 : escaped;
	}
	return gather(t, out, c);
}

bool
twin_expand(struct twin *t, struct twin_choices *c)
{
	struct twin_choices out = { NULL, 0 };

	for (size_t i = 0; i < c->count; i++)
		if (!expand_one(t, c->at[i], &out))
			return false;
	*c = out;
	return true;
}
