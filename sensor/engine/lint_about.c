/*
 * What a rule says about itself: keys, tags, an id that is one.
 */
#include "engine/lint.h"

enum { KEYS_MAX = 64 };

#include "base/when.h"

/* Keys of rules that have a shape of their own; the others: rule_opts. */
static const char *const shaped[] = {
	"logsource", "detection", "correlation", "filter", "tags", "vedette",
	NULL
};

/* Those of filters, too. */
static const char *const wanted[] = { "id", "description", "author", NULL };
/* What a filter has no use for. */
static const char *const wanted_rule[] = {
	"level", "status", "tags", "falsepositives", NULL
};

static const char *const tactics[] = {
	"reconnaissance", "resource-development", "initial-access",
	"execution", "persistence", "privilege-escalation",
	"defense-evasion", "defense-impairment", "stealth",
	"credential-access", "discovery", "lateral-movement", "collection",
	"command-and-control", "exfiltration", "impact", NULL
};

/* Categories of our own: what an alert is about, in one word or two. */
static const char *const categories[] = {
	"access.denied", "account.created", "account.deleted",
	"account.modified", "app.auth_failure", "audit.anom", "audit.tamper",
	"auth.bruteforce", "auth.denied", "auth.failure",
	"auth.invalid_user", "auth.success", "canary", "container.change",
	"cron.change", "db.anom", "db.auth_failure", "disk.full", "dns.anom",
	"dns.denied", "file.change", "file.tamper", "ftp.auth_failure",
	"fw.drop", "group.changed", "hw.usb", "ids.alert",
	"integrity.change", "kernel.module", "kernel.oom_or_segfault",
	"kernel.promisc", "mac.denial", "mac.mode", "mail.auth_failure",
	"mail.probe", "mail.reject", "malware", "malware.found",
	"net.connection", "net.scan", "net.tunnel", "package.change",
	"password.changed", "persistence.change", "pkg.installed",
	"pkg.removed", "priv.exploit", "priv.root", "priv.su",
	"priv.su_failed", "priv.sudo", "priv.sudo_denied", "proc.discovery",
	"proc.suspicious", "proxy.denied", "sensor.health", "service",
	"service.change", "service.crash", "session.end", "session.start",
	"ssh.probe", "time.change", "voip.auth_failure", "vpn.auth_failure",
	"web.attack", "web.attack.rce", "web.attack.sqli",
	"web.attack.traversal", "web.attack.xss", "web.auth_failure",
	"web.error.client", "web.error.server", "web.flood", "web.probe",
	"web.scan", "web.waf", NULL
};

static bool
is_in(const char *const *words, struct slice s)
{
	for (; *words != NULL; words++)
		if (slice_eq(s, slice_of(*words)))
			return true;
	return false;
}

static void
suggest(const struct lint *lint, const struct node *at, const char *what,
    const char *word, const char *const *words)
{
	struct buf choice = { 0 };

	say_choice(&choice, word, words);
	node_warn(lint->advice, at, "no %s \"%s\"%s", what, word,
	    buf_cstr(&choice));
	buf_free(&choice);
}

/* Names of a table and some others, as did_you_mean wants them. */
static void
add_names(const char **names, const struct opt *table,
    const char *const *others)
{
	size_t n = 0;

	for (; table->name != NULL && n < KEYS_MAX; table++)
		names[n++] = table->name;
	for (; others != NULL && *others != NULL && n < KEYS_MAX; others++)
		names[n++] = *others;
	names[n] = NULL;
}

/* Keys of one's own are allowed, so only those like a known one are told. */
static void
misspelt(const struct lint *lint, const struct node *map,
    const struct opt *table, const char *const *others)
{
	const char *keys[KEYS_MAX + 1];

	if (map == NULL || map->type != NODE_MAP)
		return;
	add_names(keys, table, others);
	for (const struct node *n = map->first; n != NULL; n = n->next) {
		const char *key = node_cstr(n->key), *near;

		if (is_in(keys, n->key->text))
			continue;
		near = did_you_mean(key, keys);
		if (near != NULL)
			node_warn(lint->advice, n->key, "no key \"%s\"; did "
			    "you mean \"%s\"?", key, near);
	}
}

static void
add_missing(struct buf *out, const struct node *doc, const char *const *keys)
{
	for (; *keys != NULL; keys++) {
		const struct node *n = node_get(doc, *keys);

		if (n != NULL && !node_is_null(n))
			continue;
		buf_str(out, out->len > 0 ? ", " : "");
		buf_str(out, *keys);
	}
}

static void
missing(const struct lint *lint, const struct node *doc)
{
	struct buf keys = { 0 };

	add_missing(&keys, doc, wanted);
	if (node_get(doc, "filter") == NULL)
		add_missing(&keys, doc, wanted_rule);
	if (keys.len > 0)
		node_warn(lint->advice, doc, "the rule does not say its %s",
		    buf_cstr(&keys));
	buf_free(&keys);
}

/* 8-4-4-4-12 digits in hex. */
static bool
is_uuid(struct slice s)
{
	if (s.len != 36)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = byte_lower(s.p[i]);
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? c != '-' : !byte_is_digit(c) &&
		    (c < 'a' || c > 'f'))
			return false;
	}
	return true;
}

static void
identity(const struct lint *lint, const struct node *doc)
{
	const struct node *id = node_get(doc, "id");
	struct slice status = node_text(doc, "status");

	if (id != NULL && id->type == NODE_SCALAR && id->text.len > 0 &&
	    !is_uuid(id->text))
		node_warn(lint->advice, id, "the id is not a UUID; uuidgen(1) "
		    "makes one");
	if (slice_eq(status, S("deprecated")) ||
	    slice_eq(status, S("unsupported")))
		node_warn(lint->advice, node_get(doc, "status"),
		    "the rule is %s", node_cstr(node_get(doc, "status")));
}

/* 2026-11-24, a day that there is. */
static bool
is_date(struct slice s)
{
	struct slice year, month;
	uint64_t y, m, d;

	return s.len == 10 && slice_cut(&s, '-', &year) && year.len == 4 &&
	    slice_cut(&s, '-', &month) && month.len == 2 &&
	    slice_to_u64(year, &y) == 0 && slice_to_u64(month, &m) == 0 &&
	    slice_to_u64(s, &d) == 0 && m >= 1 && m <= 12 && d >= 1 &&
	    d <= (uint64_t)when_month_days((int)y, (int)m);
}

static void
dates(const struct lint *lint, const struct node *doc)
{
	static const char *const keys[] = { "date", "modified", NULL };

	for (size_t i = 0; keys[i] != NULL; i++) {
		const struct node *n = node_get(doc, keys[i]);

		if (n != NULL && !node_is_null(n) &&
		    (n->type != NODE_SCALAR || !is_date(n->text)))
			node_warn(lint->advice, n, "\"%s\" is no day like "
			    "2026-11-24", keys[i]);
	}
}

static bool
is_open(const struct node *n)
{
	if (n != NULL && n->type == NODE_LIST)
		n = n->first;
	return n != NULL && n->type == NODE_SCALAR &&
	    slice_starts(n->text, S("TODO"));
}

/* What rules new left to the author. */
static void
still_open(const struct lint *lint, const struct node *doc)
{
	static const char *const keys[] = {
		"title", "description", "author", "falsepositives", NULL
	};
	struct buf open = { 0 };

	for (size_t i = 0; keys[i] != NULL; i++)
		if (is_open(node_get(doc, keys[i])))
			buf_fmt(&open, "%s, ", keys[i]);
	if (is_open(node_get(node_get(doc, "vedette"), "runbook")))
		buf_str(&open, "runbook, ");
	if (open.len > 0)
		node_warn(lint->advice, doc, "still TODO: %.*s",
		    (int)open.len - 2, buf_cstr(&open));
	buf_free(&open);
}

/* Numbers like t1110.001 have been checked when the rule was read. */
static bool
has_digit(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (byte_is_digit(s.p[i]))
			return true;
	return false;
}

static void
tactic(const struct lint *lint, const struct node *tag, struct slice name)
{
	char word[64];

	slice_to_cstr(name, word, sizeof(word));
	for (char *c = word; *c != '\0'; c++)
		if (*c == '_')
			*c = '-';
	if (!has_digit(name) && !is_in(tactics, slice_of(word)))
		suggest(lint, tag, "tactic", word, tactics);
}

/* Namespaces of one's own are allowed; one like these is none. */
static void
namespace(const struct lint *lint, const struct node *n, size_t len)
{
	static const char *const known[] = {
		"attack", "soc2", "vedette", "detection", NULL
	};
	struct slice front = slice_head(n->text, len);
	const char *near;
	char word[32];

	slice_to_cstr(front, word, sizeof(word));
	near = is_in(known, front) ? NULL : did_you_mean(word, known);
	if (near != NULL)
		node_warn(lint->advice, n, "tag \"%s\": no namespace \"%s\"; "
		    "did you mean \"%s\"?", node_cstr(n), word, near);
}

static void
tag(const struct lint *lint, const struct node *n)
{
	struct slice rest = n->text;
	size_t dot = slice_find_byte(n->text, '.');

	if (slice_skip(&rest, S("attack.")))
		tactic(lint, n, rest);
	else if (slice_skip(&rest, S("vedette.")) &&
	    !is_in(categories, rest))
		suggest(lint, n, "category", node_cstr(n) +
		    strlen("vedette."), categories);
	else if (dot == SIZE_MAX)
		node_warn(lint->advice, n, "tag \"%s\" has no namespace, like "
		    "attack.execution", node_cstr(n));
	else
		namespace(lint, n, dot);
}

void
lint_about(const struct lint *lint, const struct node *doc)
{
	const struct node *tags = node_get(doc, "tags");

	misspelt(lint, doc, rule_opts, shaped);
	misspelt(lint, node_get(doc, "logsource"), logsource_opts, NULL);
	missing(lint, doc);
	identity(lint, doc);
	dates(lint, doc);
	still_open(lint, doc);
	for (const struct node *n = tags != NULL ? tags->first : NULL;
	    n != NULL; n = n->next)
		if (n->type == NODE_SCALAR)
			tag(lint, n);
}
