#include "cli/skeleton.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/json.h"
#include "base/when.h"
#include "base/yaml.h"

enum { FIELDS_MAX = 16, VALUE_MAX = 512, WORDS_LEAST = 4 };

/* One field of the event, and whether the rule begins with it. */
struct candidate {
	struct slice name, text;
	bool chosen;
};

struct skeleton {
	const struct event *ev;
	struct buf *out;
	struct arena *arena;
	bool known;		/* a decoder says what happened */
	struct candidate items[FIELDS_MAX];
	size_t count;
};

/* --- YAML --- */

static bool
is_plain_text(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	return true;
}

/* A word that nobody takes for anything but text. */
static bool
is_bare(struct slice s)
{
	static const struct slice words[] = {
		SLICE("null"), SLICE("true"), SLICE("false"), SLICE("yes"),
		SLICE("off"),
	};

	for (size_t i = 0; i < COUNT(words); i++)
		if (slice_eq(s, words[i]))
			return false;
	for (size_t i = 0; i < s.len; i++)
		if ((s.p[i] < 'a' || s.p[i] > 'z') &&
		    (i == 0 || memchr("-_", s.p[i], 2) == NULL))
			return false;
	return s.len > 2;
}

/* In single quotes where they do; JSON's strings are YAML's, too. */
static void
quote(struct buf *out, struct slice s)
{
	if (is_bare(s)) {
		buf_add(out, s);
		return;
	}
	if (!is_plain_text(s)) {
		json_quote(out, s);
		return;
	}
	yaml_quote(out, s);
}

/* As a value of Sigma, in which '*', '?' and '\' say more. */
static void
quote_value(struct buf *out, struct slice s)
{
	struct buf escaped = { 0 };

	for (size_t i = 0; i < s.len; i++) {
		if (memchr("*?\\", s.p[i], 3) != NULL)
			buf_byte(&escaped, '\\');
		buf_byte(&escaped, s.p[i]);
	}
	quote(out, buf_slice(&escaped));
	buf_free(&escaped);
}

/* --- which fields --- */

/* What differs from one event to the next of the same kind. */
static bool
is_passing(struct slice name)
{
	static const struct slice whole[] = {
		SLICE("message"), SLICE("host.hostname"), SLICE("host.name"),
		SLICE("event.category"), SLICE("event.type"),
		SLICE("event.outcome"), SLICE("vedette.session"),
		SLICE("systemd.unit"), SLICE("hostname"), SLICE("host"),
		SLICE("Computer"), SLICE("Hashes"), SLICE("raw"),
	};
	static const struct slice ends[] = {
		SLICE("pid"), SLICE("port"), SLICE("id"), SLICE("guid"),
		SLICE("time"), SLICE("timestamp"), SLICE("date"),
		SLICE("serial"), SLICE("seq"), SLICE("offset"),
		SLICE("cursor"), SLICE("fingerprint"),
	};
	struct slice tail;

	if (slice_starts(name, S("journald.")) ||
	    slice_starts(name, S("log.")) || slice_starts(name, S("_")))
		return true;
	for (size_t i = 0; i < COUNT(whole); i++)
		if (slice_eq(name, whole[i]))
			return true;
	for (size_t i = 0; i < COUNT(ends); i++) {
		tail = name.len < ends[i].len ? S("") :
		    slice_from(name, name.len - ends[i].len);
		if (slice_eq_nocase(tail, ends[i]))
			return true;
	}
	return false;
}

/*
 * A decoder's word for what happened is the rule; who did it, and from where,
 * is this event's alone. Without such a word all that is known is chosen.
 */
static bool
is_chosen(const struct skeleton *sk, struct slice name)
{
	if (sk->known)
		return slice_eq(name, S("event.action")) ||
		    slice_eq(name, S("event.reason"));
	return !slice_starts(name, S("user.")) &&
	    !slice_starts(name, S("source.")) && !slice_eq(name, S("User"));
}

/* The bytes that sources.yaml gives another name are still the same ones. */
static bool
is_other_name(const struct candidate *c, struct slice text)
{
	return c->text.p == text.p && c->text.len == text.len;
}

static void
add_candidate(struct skeleton *sk, struct slice name, struct slice text)
{
	bool chosen = is_chosen(sk, name);

	if (sk->count == FIELDS_MAX || text.len == 0 ||
	    text.len > VALUE_MAX || is_passing(name) || !utf8_valid(text))
		return;
	for (size_t i = 0; i < sk->count; i++)
		if (slice_eq(sk->items[i].name, name) ||
		    (!chosen && is_other_name(&sk->items[i], text)))
			return;
	sk->items[sk->count++] = (struct candidate){ name, text, chosen };
}

static void
add_decoded(struct skeleton *sk)
{
	const struct event *ev = sk->ev;

	for (size_t i = 0; i < ev->set_count; i++) {
		const struct field_form *form = schema_form(ev->schema,
		    ev->set[i]);

		add_candidate(sk, form->path, event_text(ev, ev->set[i]));
	}
}

static void
add_members(struct skeleton *sk, const struct json *object,
    struct slice prefix)
{
	for (const struct json *m = object->first; m != NULL; m = m->next) {
		struct buf path = { 0 };
		struct slice name;

		buf_add(&path, prefix);
		buf_add(&path, m->key);
		name = arena_keep(sk->arena, buf_slice(&path));
		if (m->type == JSON_OBJECT) {
			buf_byte(&path, '.');
			add_members(sk, m, arena_keep(sk->arena,
			    buf_slice(&path)));
		} else if (m->type == JSON_STRING) {
			add_candidate(sk, name, m->text);
		}
		buf_free(&path);
	}
}

static void
collect(struct skeleton *sk)
{
	struct json *j;

	sk->known = event_text(sk->ev, F_ACTION).len > 0;
	if (sk->known || sk->ev->record->form != FORM_JSON)
		add_decoded(sk);
	else if (json_parse(sk->arena, sk->ev->record->bytes, &j,
	    NULL) == 0 && j->type == JSON_OBJECT)
		add_members(sk, j, S(""));
}

/* --- words of a message that nobody decodes --- */

static bool
varies(struct slice word)
{
	for (size_t i = 0; i < word.len; i++)
		if (byte_is_digit(word.p[i]) || word.p[i] >= 0x80 ||
		    memchr("\"'=/<>@", word.p[i], 7) != NULL)
			return true;
	return false;
}

/* The longest run of words that the next such message will have, too. */
static struct slice
fixed_words(struct slice message)
{
	struct slice best = S(""), run = S("");

	for (size_t at = 0; at < message.len;) {
		size_t end = at;
		struct slice word;

		while (end < message.len && message.p[end] != ' ')
			end++;
		word = slice_bytes(message.p + at, end - at);
		if (varies(word))
			run = S("");
		else if (run.len == 0)
			run = word;
		else
			run.len = (size_t)(word.p + word.len - run.p);
		if (run.len > best.len)
			best = run;
		at = end + 1;
	}
	return slice_trim(best);
}

/* --- the document --- */

static void
write_id(struct buf *out)
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		abort();
	b[6] = (unsigned char)(0x40 | (b[6] & 0x0f));
	b[8] = (unsigned char)(0x80 | (b[8] & 0x3f));
	for (size_t i = 0; i < sizeof(b); i++) {
		buf_str(out, i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "");
		buf_hex(out, slice_bytes(&b[i], 1));
	}
}

static void
write_head(const struct skeleton *sk)
{
	struct slice what = event_text(sk->ev, F_ACTION);
	struct slice who = event_text(sk->ev, F_PROCESS_NAME);
	struct buf title = { 0 };

	buf_str(&title, "TODO ");
	buf_add(&title, what.len > 0 ? slice_head(what, 60) : S("event"));
	if (who.len > 0) {
		buf_str(&title, " of ");
		buf_add(&title, slice_head(who, 40));
	}
	buf_str(sk->out, "title: ");
	quote(sk->out, buf_slice(&title));
	buf_free(&title);
	buf_str(sk->out, "\nid: ");
	write_id(sk->out);
	buf_str(sk->out, "\nstatus: experimental\ndescription: TODO what "
	    "happened, and why it may matter\nauthor: TODO\ndate: ");
	when_local(sk->out, when_now(), "%F");
	buf_str(sk->out, "\ntags: [] # TODO attack.tNNNN, soc2.ccN.N\n");
}

/* What a JSON event is by its fields, for it does not say. */
static const char *
category_of(const struct skeleton *sk)
{
	static const struct {
		struct slice field;
		const char *category;
	} rows[] = {
		{ SLICE("CommandLine"), "process_creation" },
		{ SLICE("TargetFilename"), "file_event" },
		{ SLICE("DestinationIp"), "network_connection" },
		{ SLICE("DestinationHostname"), "network_connection" },
		{ SLICE("cs-method"), "webserver" },
		{ SLICE("cs-uri-query"), "webserver" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t k = 0; k < sk->count; k++)
			if (slice_eq(sk->items[k].name, rows[i].field))
				return rows[i].category;
	return NULL;
}

/* The narrowest that is not merely "some line of syslog". */
static struct logsource
source_of(const struct event *ev)
{
	int syslog = schema_word_find(ev->schema, S("syslog"));
	struct logsource best = { 0 };
	int most = -1;

	for (size_t i = 0; i < ev->source_count; i++) {
		struct logsource s = ev->sources[i];
		int worth = (s.product != 0) + 2 * (s.category != 0) +
		    2 * (s.service != 0 && s.service != syslog);

		if (worth > most) {
			most = worth;
			best = s;
		}
	}
	return best;
}

static void
write_source(const struct skeleton *sk)
{
	struct logsource s = source_of(sk->ev);
	const char *category = s.category == 0 && s.service == 0 ?
	    category_of(sk) : NULL;
	const struct {
		const char *key;
		uint16_t word;
	} words[] = {
		{ "product", s.product }, { "category", s.category },
		{ "service", s.service },
	};

	buf_str(sk->out, "logsource:\n");
	if (s.product == 0 && s.category == 0 && s.service == 0)
		buf_str(sk->out, "    product: linux\n");
	for (size_t i = 0; i < COUNT(words); i++) {
		if (words[i].word == 0)
			continue;
		buf_fmt(sk->out, "    %s: ", words[i].key);
		quote(sk->out, schema_word_text(sk->ev->schema,
		    words[i].word));
		buf_byte(sk->out, '\n');
	}
	if (category != NULL)
		buf_fmt(sk->out, "    category: %s\n", category);
}

/* Of a path its last part is what a rule means: Image|endswith: /curl. */
static void
write_field(const struct skeleton *sk, const struct candidate *c)
{
	struct slice left, base;
	bool path = slice_starts(c->text, S("/")) &&
	    (slice_ends(c->name, S("Image")) ||
	    slice_ends(c->name, S("executable"))) &&
	    slice_split_last(c->text, S("/"), &left, &base) && base.len > 0;

	buf_str(sk->out, c->chosen ? "        " : "        # ");
	if (is_plain_text(c->name) && strchr("'\"{[#&*!|>%@`", c->name.p[0]) ==
	    NULL && slice_find(c->name, S(": ")) == SIZE_MAX)
		buf_add(sk->out, c->name);
	else
		quote(sk->out, c->name);
	if (path) {
		base.p--;
		base.len++;
	}
	buf_str(sk->out, path ? "|endswith: " : ": ");
	quote_value(sk->out, path ? base : c->text);
	buf_byte(sk->out, '\n');
}

static size_t
write_fields(const struct skeleton *sk, bool chosen)
{
	size_t n = 0;

	for (size_t i = 0; i < sk->count; i++) {
		if (sk->items[i].chosen != chosen)
			continue;
		write_field(sk, &sk->items[i]);
		n++;
	}
	return n;
}

static void
write_detection(const struct skeleton *sk)
{
	struct slice message = event_text(sk->ev, F_MESSAGE);
	struct slice words = fixed_words(message);
	size_t n;

	buf_str(sk->out, "detection:\n    selection:\n");
	n = write_fields(sk, true);
	if (!sk->known && sk->ev->record->form != FORM_JSON &&
	    message.len > 0 && utf8_valid(message)) {
		buf_str(sk->out, "        message|contains: ");
		quote_value(sk->out, words.len >= WORDS_LEAST ? words :
		    message);
		buf_byte(sk->out, '\n');
		n++;
	}
	if (n == 0)
		buf_str(sk->out, "        message|exists: true\n");
	write_fields(sk, false);
	buf_str(sk->out, "    condition: selection\n");
}

static void
write_test(const struct skeleton *sk, struct slice line)
{
	buf_str(sk->out, "falsepositives:\n    - TODO\nlevel: medium\n"
	    "vedette:\n    runbook: TODO what to do first\n    tests:\n"
	    "        match:\n            - ");
	if (sk->ev->record->form == FORM_JSON)
		buf_add(sk->out, line);
	else
		quote(sk->out, line);
	buf_str(sk->out, "\n        no_match: [] # TODO a line that is near, "
	    "and must not\n");
}

/* JSON on one line is a map of YAML, too. */
static struct slice
one_line(struct arena *a, struct slice line)
{
	struct buf flat = { 0 };
	struct jsonw w = { .out = &flat };
	struct slice out = line;
	struct json *j;

	if (json_parse(a, line, &j, NULL) == 0) {
		jsonw_value(&w, j);
		out = arena_keep(a, buf_slice(&flat));
	}
	buf_free(&flat);
	return out;
}

void
skeleton_write(const struct event *ev, struct slice line, struct buf *out)
{
	struct skeleton sk = { .ev = ev, .out = out };

	sk.arena = arena_new(0);
	if (ev->record->form == FORM_JSON)
		line = one_line(sk.arena, line);
	collect(&sk);
	write_head(&sk);
	write_source(&sk);
	write_detection(&sk);
	write_test(&sk, line);
	arena_free(sk.arena);
}
