#include "decode/accessline.h"

#include "decode/cursor.h"
#include "decode/stamp.h"

enum { STATUS_LEN = 3, METHOD_MAX = 32 };

/* Shape alone: whoever compares addresses reads them. */
static bool
is_address(struct slice s)
{
	size_t dots = 0, colons = 0;
	bool hex = false;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = byte_lower(s.p[i]);

		dots += c == '.';
		colons += c == ':';
		hex |= c >= 'a' && c <= 'f';
		if (!byte_is_digit(c) && c != '.' && c != ':' &&
		    !(c >= 'a' && c <= 'f'))
			return false;
	}
	return colons >= 2 || (dots == 3 && colons == 0 && !hex &&
	    s.len >= 7);
}

/* The address of a client, which a proxy's list may end with a comma. */
static struct slice
plain_address(struct slice s)
{
	if (s.len > 0 && s.p[s.len - 1] == ',')
		s.len--;
	if (slice_find_byte(s, '.') != SIZE_MAX)
		slice_skip(&s, S("::ffff:"));
	return s;
}

static struct slice
nothing_for_dash(struct slice s)
{
	return slice_eq(s, S("-")) ? S("") : s;
}

static struct slice
without_port(struct slice s)
{
	struct slice name, port;

	if (!is_address(s) && slice_split_last(s, S(":"), &name, &port))
		return name;
	return s;
}

static bool
is_hostname(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = byte_lower(s.p[i]);

		if (!byte_is_digit(c) && !(c >= 'a' && c <= 'z') &&
		    c != '.' && c != '-' && c != '_' && c != ':')
			return false;
	}
	return s.len > 0 && s.p[s.len - 1] != ':';
}

bool
access_host(struct slice s)
{
	return is_address(plain_address(s)) || (is_hostname(s) &&
	    (slice_find_byte(s, '.') != SIZE_MAX ||
	    slice_find_byte(s, ':') != SIZE_MAX));
}

/* What stands before the time. */
static bool
take_head(struct slice head, struct access_line *out)
{
	struct slice first, second;

	if (!slice_cut(&head, ' ', &first))
		return false;
	cursor_blanks(&head);
	if (!slice_cut(&head, ' ', &second))
		return false;
	out->client = plain_address(first);
	out->address = is_address(out->client);
	if (!out->address && is_address(plain_address(second))) {
		out->client = plain_address(second);
		out->address = true;
		out->host = without_port(nothing_for_dash(first));
		/* The ident. */
		if (!slice_cut(&head, ' ', &second))
			return false;
	} else if (!out->address && !is_hostname(first))
		return false;
	else if (access_host(second))
		/* As lighttpd has it. */
		out->host = without_port(second);
	if (!out->address)
		out->client = nothing_for_dash(out->client);
	out->user = nothing_for_dash(head);
	return true;
}

/* " 404 " or " 404" at the end: what follows a request. */
static bool
is_status(struct slice s)
{
	if (s.len < STATUS_LEN + 1 || s.p[0] != ' ')
		return false;
	for (size_t i = 1; i <= STATUS_LEN; i++)
		if (!byte_is_digit(s.p[i]))
			return false;
	return s.len == STATUS_LEN + 1 || s.p[STATUS_LEN + 1] == ' ';
}

static bool
is_escaped(struct slice s, size_t quote)
{
	size_t n = 0;

	while (n < quote && s.p[quote - n - 1] == '\\')
		n++;
	return n % 2 == 1;
}

/* A text up to its closing quote, which is taken off; false without one. */
static bool
take_quoted(struct slice *s, bool before_status, struct slice *text)
{
	size_t from = 0, at;

	while ((at = slice_find_byte(slice_from(*s, from), '"')) != SIZE_MAX) {
		at += from;
		from = at + 1;
		if (is_escaped(*s, at) ||
		    (before_status && !is_status(slice_from(*s, from))))
			continue;
		*text = slice_head(*s, at);
		cursor_skip(s, from);
		return true;
	}
	return false;
}

/* The next quoted text; one that the line's end cuts is taken, too. */
static struct slice
next_quoted(struct slice *s)
{
	size_t at = slice_find_byte(*s, '"');
	struct slice text;

	if (at == SIZE_MAX)
		return S("");
	cursor_skip(s, at + 1);
	if (!take_quoted(s, false, &text)) {
		text = *s;
		*s = S("");
	}
	return nothing_for_dash(text);
}

static bool
is_method(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = byte_lower(s.p[i]);

		if (!(c >= 'a' && c <= 'z') && c != '-' && c != '_')
			return false;
	}
	return s.len > 0 && s.len <= METHOD_MAX;
}

struct slice
access_path(struct slice target)
{
	size_t query = slice_find_byte(target, '?');
	struct slice path = slice_head(target, query), rest = path, scheme;
	size_t slash;

	if (cursor_at(&path, '/') || !slice_cut(&rest, ':', &scheme) ||
	    !slice_skip(&rest, S("//")))
		return path;
	slash = slice_find_byte(rest, '/');
	return slash == SIZE_MAX ? S("/") : slice_from(rest, slash);
}

/* METHOD TARGET [HTTP/VERSION]; a target may hold blanks. */
static void
split_request(struct access_line *out)
{
	struct slice rest = nothing_for_dash(out->request), method, left;
	struct slice version;

	out->target = rest;
	if (!slice_cut(&rest, ' ', &method) || !is_method(method))
		return;
	if (slice_split_last(rest, S(" HTTP/"), &left, &version)) {
		out->version = version;
		rest = left;
	} else if (!cursor_at(&rest, '/'))
		return;
	out->method = method;
	out->target = rest;
	out->path = access_path(rest);
}

/* TIME] "REQUEST" and all behind it. */
static bool
take_request(struct slice s, struct zone *z, struct access_line *out)
{
	if (!stamp_clf(&s, z, &out->time) || !slice_skip(&s, S("] \"")) ||
	    !take_quoted(&s, true, &out->request))
		return false;
	cursor_skip(&s, 1);
	out->status = slice_head(s, STATUS_LEN);
	cursor_skip(&s, STATUS_LEN);
	if (cursor_take(&s, ' ')) {
		size_t n = 0;

		while (n < s.len && byte_is_digit(s.p[n]))
			n++;
		out->bytes = slice_head(s, n);
	}
	out->referer = next_quoted(&s);
	out->agent = next_quoted(&s);
	return true;
}

bool
access_parse(struct slice line, struct zone *z, struct access_line *out)
{
	size_t from = 0, at;

	/* Most lines of most logs are none, and this tells it at once. */
	if (slice_find_byte(line, '"') == SIZE_MAX)
		return false;
	while ((at = slice_find_byte(slice_from(line, from), '[')) !=
	    SIZE_MAX) {
		at += from;
		from = at + 1;
		if (at < 4 || line.p[at - 1] != ' ')
			continue;
		*out = (struct access_line){ 0 };
		if (!take_request(slice_from(line, from), z, out))
			continue;
		if (!take_head(slice_head(line, at - 1), out))
			return false;
		split_request(out);
		return true;
	}
	return false;
}
