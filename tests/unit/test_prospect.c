/*
 * What decoders say that records may become holds for what they do become:
 * each event of the decoders' own tests, and of samples of each format, is of
 * a kind that was told of before.
 */
#include "check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/when.h"
#include "base/yaml.h"
#include "decode/decode.h"

extern const struct decoder dec_access, dec_audit, dec_journal, dec_json;
extern const struct decoder dec_stamped, dec_syslog;

static const struct decoder *const formats[] = {
	&dec_access, &dec_audit, &dec_journal, &dec_json, &dec_stamped,
	&dec_syslog, NULL
};

#define ACCESS "192.0.2.9 - ann [23/Nov/2026:16:10:00 +0000] " \
	"\"GET http://h.example/a%2fb?c=%64 HTTP/1.1\" 404 5 " \
	"\"http://r.example/\" \"curl/7\""
#define ERROR "2026/11/23 16:10:00 [error] 7#7: *1 access forbidden by " \
	"rule, client: 192.0.2.9, server: _, request: \"GET /a HTTP/1.1\", " \
	"host: \"h.example\""

/* Fields that a rule has named. */
static const char *const named[] = {
	"Image", "User", "CommandLine", "a0", "a1", "exe", "uid", "UID",
	"SYSCALL", "_UID", "SYSLOG_IDENTIFIER", "UNIT", "any.thing", "key",
	"CurrentDirectory", "EventID",
};

/* An event that was decoded, and whether somebody told of its kind. */
struct seen {
	struct event *ev;
	struct record record;
	bool told;
};

struct room {
	struct schema *schema;
	struct decoders *decoders;
	struct arena *keep;
	struct diag diag;
	struct seen *seen;
	size_t count;
	bool all;		/* also kinds under an "if", or */
	const char *only;	/* under this one */
};

static void
path_of(struct buf *out, const char *name)
{
	const char *root = getenv("VEDETTE_SOURCE");

	buf_fmt(out, "%s/rules/%s", root != NULL ? root : ".", name);
}

/* A program that has a log of its own, and puts its frame into syslog, too. */
static const char own[] =
    "decoder: store\n"
    "programs: [stored]\n"
    "services: [store]\n"
    "lines:\n"
    "  - match: '^S(?<pid>\\d+) (?<who>\\w+): (?<message>.*)$'\n"
    "    fields: { user.name: $who }\n"
    "  - match: '^\\{\"s\":(?<message>.*)\\}$'\n"
    "patterns:\n"
    "  - { name: gone, match: '^gone', fields: { event.action: gone } }\n";

static void
load_own(struct room *r)
{
	char path[] = "/tmp/test_prospect.XXXXXX.yaml";
	int fd = mkstemps(path, 5);

	CHECK(fd != -1 && write_all(fd, slice_of(own)) == 0);
	close(fd);
	decoders_load(r->decoders, path, &r->diag);
	unlink(path);
}

static struct room
room_new(void)
{
	struct room r = { .schema = schema_new(), .keep = arena_new(0) };
	struct buf decoders = { 0 }, sources = { 0 };

	for (size_t i = 0; i < COUNT(named); i++)
		schema_field(r.schema, slice_of(named[i]));
	path_of(&decoders, "decoders");
	path_of(&sources, "sources.yaml");
	r.decoders = decoders_new(r.schema, formats);
	decoders_load(r.decoders, buf_cstr(&decoders), &r.diag);
	load_own(&r);
	decoders_map(r.decoders, buf_cstr(&sources), &r.diag);
	decoders_bind(r.decoders);
	schema_freeze(r.schema);
	CHECK_TEXT(buf_slice(&r.diag.text), "");
	buf_free(&decoders);
	buf_free(&sources);
	return r;
}

static void
room_free(struct room *r)
{
	for (size_t i = 0; i < r->count; i++)
		event_free(r->seen[i].ev);
	free(r->seen);
	decoders_free(r->decoders);
	schema_free(r->schema);
	arena_free(r->keep);
	diag_free(&r->diag);
}

/* Room for one more event, which must not move once it is filled. */
static struct seen *
next_seen(struct room *r)
{
	enum { SEEN_MAX = 20000 };

	if (r->seen == NULL)
		r->seen = xcalloc(SEEN_MAX, sizeof(*r->seen));
	CHECK(r->count < SEEN_MAX);
	r->seen[r->count].ev = event_new(r->schema);
	return &r->seen[r->count++];
}

static void
decode(struct room *r, enum record_form form, const char *source,
    struct slice bytes)
{
	struct seen *s = next_seen(r);

	s->record = (struct record){ .form = form,
	    .bytes = arena_keep(r->keep, bytes), .source = slice_of(source),
	    .received = INT64_C(1795450200) * SECOND };
	event_reset(s->ev, &s->record);
	decoders_run(r->decoders, s->ev);
}

/* --- holding one against the other --------------------------------------- */

static bool
has_source(const struct event *ev, struct logsource s)
{
	for (size_t i = 0; i < ev->source_count; i++)
		if (memcmp(&ev->sources[i], &s, sizeof(s)) == 0)
			return true;
	return false;
}

static bool
has_value(const struct value *told, const struct value *v)
{
	for (; told != NULL; told = told->more)
		if (value_is_any(told) || (slice_eq(told->text, v->text) &&
		    told->type == v->type))
			return true;
	return false;
}

/* What was told to be always there has to be. */
static bool
is_kind(const struct event *ev, const struct event *told)
{
	for (size_t i = 0; i < ev->source_count; i++)
		if (!has_source(told, ev->sources[i]))
			return false;
	for (size_t i = 0; i < ev->set_count; i++)
		for (const struct value *v = event_get(ev, ev->set[i]);
		    v != NULL; v = v->more)
			if (!has_value(event_get(told, ev->set[i]), v))
				return false;
	for (size_t i = 0; i < told->set_count; i++) {
		const struct value *v = event_get(told, told->set[i]);

		if (!value_is_any(v) && event_get(ev, told->set[i]) == NULL)
			return false;
	}
	return true;
}

static void
tell(void *arg, const struct prospect *p)
{
	struct room *r = arg;

	if (!r->all && p->only != NULL && (r->only == NULL ||
	    strcmp(p->only, r->only) != 0))
		return;
	for (size_t i = 0; i < r->count; i++)
		if (!r->seen[i].told)
			r->seen[i].told = is_kind(r->seen[i].ev, p->ev);
}

static void
check_all(struct room *r, enum record_form form, const char *source)
{
	decoders_prospects(r->decoders, &(struct decode_place){ form,
	    slice_of(source) }, tell, r);
	for (size_t i = 0; i < r->count; i++) {
		const struct seen *s = &r->seen[i];

		if (!s->told)
			print_error("%.*s\n", (int)s->record.bytes.len,
			    (const char *)s->record.bytes.p);
		CHECK_ROW(s->told, i);
	}
}

/* --- samples ------------------------------------------------------------- */

static void
put_field(struct buf *out, const char *name, struct slice value)
{
	uint32_t len = (uint32_t)(strlen(name) + 1 + value.len);

	buf_add(out, slice_bytes(&len, sizeof(len)));
	buf_fmt(out, "%s=", name);
	buf_add(out, value);
}

/* A message as syslog and as the journal have it. */
static void
say(struct room *r, enum record_form form, struct slice program,
    struct slice message)
{
	struct buf text = { 0 };

	if (form == FORM_TEXT) {
		buf_str(&text, "<38>Nov 23 16:10:00 host ");
		buf_add(&text, program);
		buf_str(&text, "[7]: ");
		buf_add(&text, message);
	} else {
		put_field(&text, "SYSLOG_IDENTIFIER", program);
		put_field(&text, "MESSAGE", message);
		put_field(&text, "_UID", S("0"));
		put_field(&text, "_PID", S("7"));
		put_field(&text, "_EXE", S("/x"));
		put_field(&text, "PRIORITY", S("6"));
		put_field(&text, "UNIT", S("u"));
		put_field(&text, "__REALTIME_TIMESTAMP", S("1795450200000000"));
	}
	decode(r, form, form == FORM_TEXT ? "/var/log/syslog" : "journal",
	    buf_slice(&text));
	buf_free(&text);
}

static void
say_tests(struct room *r, enum record_form form, const struct node *doc)
{
	const struct node *patterns = node_get(doc, "patterns");
	const struct node *programs = node_get(doc, "programs");

	for (const struct node *p = patterns->first; p != NULL; p = p->next) {
		const struct node *tests = node_get(p, "tests");

		for (const struct node *t = tests == NULL ? NULL :
		    tests->first; t != NULL; t = t->next) {
			struct slice line = node_text(t, "line");

			say(r, form, programs->first->text, line);
			say(r, form, S("other"), line);
			say(r, form, S("named"), line);
		}
	}
}

static void
say_decoders(struct room *r, enum record_form form)
{
	struct buf dir = { 0 };
	struct dirent *entry;
	DIR *d;

	path_of(&dir, "decoders");
	d = opendir(buf_cstr(&dir));
	CHECK(d != NULL);
	while ((entry = readdir(d)) != NULL) {
		struct buf path = { 0 };
		struct node *docs = NULL;

		if (entry->d_name[0] == '.')
			continue;
		buf_fmt(&path, "%s/%s", buf_cstr(&dir), entry->d_name);
		CHECK(yaml_read(r->keep, buf_cstr(&path), &docs,
		    &r->diag) == 0);
		for (; docs != NULL; docs = docs->next)
			say_tests(r, form, docs);
		buf_free(&path);
	}
	closedir(d);
	buf_free(&dir);
}

/* --- the tests ----------------------------------------------------------- */

static void
lines_of_syslog_become_what_was_told(void)
{
	struct room r = room_new();

	r.all = true;
	say_decoders(&r, FORM_TEXT);
	CHECK(r.count > 1000);
	check_all(&r, FORM_TEXT, "/var/log/syslog");
	room_free(&r);
}

static void
journal_entries_become_what_was_told(void)
{
	struct room r = room_new();

	r.all = true;
	say_decoders(&r, FORM_JOURNAL);
	CHECK(r.count > 1000);
	check_all(&r, FORM_JOURNAL, "journal");
	room_free(&r);
}

static void
audit_records_become_what_was_told(void)
{
	static const char *const lines[] = {
		"node=h type=SYSCALL msg=audit(1795450000.100:7): "
		"arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 "
		"items=2 ppid=1 pid=2 auid=1000 uid=0 comm=\"id\" "
		"exe=\"/usr/bin/id\" key=\"k\"\035ARCH=x86_64 SYSCALL=execve "
		"UID=\"root\"",
		"type=EXECVE msg=audit(1795450000.100:7): argc=2 a0=\"id\" "
		"a1=\"-u\"",
		"type=CWD msg=audit(1795450000.100:7): cwd=\"/root\"",
		"type=PATH msg=audit(1795450000.100:7): item=0 "
		"name=\"/bin/id\" nametype=NORMAL",
		"type=USER_AUTH msg=audit(1795450001.100:8): pid=7 uid=0 "
		"msg='op=PAM:authentication acct=\"root\" exe=\"/usr/bin/su\" "
		"hostname=? addr=203.0.113.9 terminal=ssh res=failed'",
		"type=EOE msg=audit(1795450009.100:9): ",
	};
	struct room r = room_new();
	struct seen *merged;

	for (size_t i = 0; i < COUNT(lines); i++)
		decode(&r, FORM_TEXT, "/var/log/audit/audit.log",
		    slice_of(lines[i]));
	merged = next_seen(&r);
	CHECK(decoders_merged(r.decoders, merged->ev, true));
	CHECK(event_get(merged->ev, schema_find(r.schema,
	    S("CommandLine"))) != NULL);
	check_all(&r, FORM_TEXT, "/var/log/audit/audit.log");
	room_free(&r);
}

static void
other_files_become_what_was_told(void)
{
	static const struct {
		enum record_form form;
		const char *source, *line, *only;
	} rows[] = {
		{ FORM_TEXT, "/srv/app.log", "hello", NULL },
		{ FORM_TEXT, "/srv/app.log",
		    "<38>Nov 23 16:10:00 h sshd[7]: hello", "syslog" },
		{ FORM_TEXT, "/srv/app.log", "type=LOGIN "
		    "msg=audit(1795450000.100:7): pid=7 uid=0", "audit" },
		{ FORM_JSON, "/srv/app.log", "{\"any\": {\"thing\": [1, {}]}, "
		    "\"EventID\": 4, \"x\": 1}", "json" },
		{ FORM_JSON, "/srv/app.log", "{\"program\": \"sshd\", "
		    "\"msg\": \"Failed password for x from 203.0.113.9 port "
		    "22 ssh2\", \"pid\": 7, \"host\": \"h\"}", "json" },
		{ FORM_JSON, "/srv/app.log", "{\"log\": \"Nov 23 16:10:00 h "
		    "sudo: pam_unix(sudo:auth): conversation failed\"}",
		    "json" },
		{ FORM_TEXT, "/srv/app.log", "S7 ann: gone", "own" },
		{ FORM_TEXT, "/srv/app.log", "S7 ann: hello", "own" },
		{ FORM_TEXT, "/srv/stored.log", "S7 ann: gone", NULL },
		{ FORM_TEXT, "/var/log/store/auth.log", "S7 ann: gone",
		    NULL },
		{ FORM_TEXT, "/var/log/messages",
		    "Nov 23 16:10:00 h stored[7]: S7 ann: gone", NULL },
		{ FORM_TEXT, "/var/log/messages",
		    "Nov 23 16:10:00 h stored[7]: S7 ann: hello", NULL },
		{ FORM_JSON, "/srv/stored.log", "{\"s\":1, \"EventID\": 4}",
		    "json" },
		{ FORM_JSON, "/srv/app.log", "{\"log\": \"S7 ann: gone\"}",
		    "json" },
		{ FORM_JSON, "/srv/app.log", "{\"s\":1, \"EventID\": 4}",
		    "json" },
		{ FORM_TEXT, "/var/log/nginx/site_access.log", ACCESS, NULL },
		{ FORM_TEXT, "/tmp/access_log", ACCESS, NULL },
		{ FORM_TEXT, "/srv/app.log", ACCESS, "access" },
		{ FORM_TEXT, "/var/log/syslog",
		    "Nov 23 16:10:00 h web[7]: " ACCESS, "access" },
		{ FORM_TEXT, "/var/log/nginx/error.log", ERROR, NULL },
		{ FORM_TEXT, "/srv/nginx.log", ERROR, NULL },
		{ FORM_TEXT, "/srv/app.log", ERROR, "own" },
		{ FORM_TEXT, "/var/log/syslog",
		    "Nov 23 16:10:00 h nginx[7]: " ERROR, "own" },
		{ FORM_TEXT, "/var/log/nginx/site_access.log", "1.2.3.4 - -",
		    NULL },
		{ FORM_JSON, "/var/log/nginx/site_access.log",
		    "{\"EventID\": 1}", "json" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct room r = room_new();

		decode(&r, rows[i].form, rows[i].source,
		    slice_of(rows[i].line));
		r.only = rows[i].only;
		check_all(&r, FORM_TEXT, rows[i].source);
		room_free(&r);
	}
}

/* Ifs that a path has, and whether it has a log source for sure. */
struct found {
	bool audit, json, syslog;
	struct logsource source;
	bool sure;
};

static void
find(void *arg, const struct prospect *p)
{
	struct found *f = arg;

	if (p->only == NULL) {
		f->sure |= has_source(p->ev, f->source);
		return;
	}
	f->audit |= strcmp(p->only, "audit") == 0;
	f->json |= strcmp(p->only, "json") == 0;
	f->syslog |= strcmp(p->only, "syslog") == 0;
}

static void
names_of_files_tell_what_is_in_them(void)
{
	static const struct {
		const char *path, *source;
		bool sure;
		bool any;	/* may hold any format */
		bool json;
	} rows[] = {
		{ "/var/log/auth.log", "product=linux,service=sshd", true,
		    false, false },
		{ "/var/log/auth.log", "product=linux,service=auditd", false,
		    false, false },
		{ "/tmp/x/auth.log*", "product=linux,service=sshd", true,
		    false, false },
		{ "/var/log/*.log", "product=linux,service=sshd", true,
		    true, true },
		{ "/srv/*.log", "product=linux,service=sshd", false,
		    true, true },
		{ "/srv/*.log", "product=linux", true, true, true },
		{ "/var/log/audit/audit.log", "product=linux,"
		    "category=process_creation", true, false, false },
		{ "/var/log/audit/*", "product=linux,"
		    "category=process_creation", true, true, true },
		{ "/var/log/*", "product=linux,category=process_creation",
		    false, true, true },
		{ "/var/log/*/*.log", "product=linux,"
		    "category=process_creation", true, true, true },
		{ "/tmp/audit.log", "product=linux,"
		    "category=process_creation", true, false, false },
		{ "/var/log/nginx/access.log", "category=webserver", true,
		    false, true },
		{ "/var/log/nginx/*.log", "category=webserver", true,
		    true, true },
		{ "/var/log/nginx/error.log", "category=webserver", false,
		    false, true },
		{ "/var/log/[n]ginx/acces?.lo[gh]", "category=webserver",
		    true, true, true },
		{ "/var/log/nginx/[!", "category=webserver", false,
		    true, true },
		{ "/var/log/ng*x/*", "category=proxy", false,
		    true, true },
		{ "/", "product=linux", true, true, true },
	};
	struct room r = room_new();

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct found f = { 0 };

		CHECK(logsource_parse(r.schema, slice_of(rows[i].source),
		    &f.source));
		decoders_prospects(r.decoders, &(struct decode_place){
		    FORM_TEXT, slice_of(rows[i].path) }, find, &f);
		CHECK_ROW(f.sure == rows[i].sure, i);
		CHECK_ROW(f.audit == rows[i].any, i);
		CHECK_ROW(f.syslog == rows[i].any, i);
		CHECK_ROW(f.json == rows[i].json, i);
	}
	room_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_of_syslog_become_what_was_told),
		TEST(journal_entries_become_what_was_told),
		TEST(audit_records_become_what_was_told),
		TEST(other_files_become_what_was_told),
		TEST(names_of_files_tell_what_is_in_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
