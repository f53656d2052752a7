#include "store/verify.h"

#include "base/json.h"
#include "base/when.h"

/* A text's column, and where its body has it; the first that is there. */
static const struct text_place {
	unsigned kinds;		/* 0: all */
	const char *name;
	size_t at;
	const char *paths[2];
} text_places[] = {
	{ 1u << KIND_ALERT | 1u << KIND_EXCEPTED, "rule",
	    offsetof(struct row, rule), { "rule.id", NULL } },
	{ 1u << KIND_EVENT, "rule", offsetof(struct row, rule),
	    { "vedette.record", NULL } },
	{ 1u << KIND_DECISION, "rule", offsetof(struct row, rule),
	    { "event.action", NULL } },
	{ 1u << KIND_ALERT | 1u << KIND_EXCEPTED, "title",
	    offsetof(struct row, title), { "rule.name", NULL } },
	{ 1u << KIND_ALERT | 1u << KIND_EVENT, "user",
	    offsetof(struct row, user), { "user.name", NULL } },
	{ 1u << KIND_ALERT | 1u << KIND_EVENT, "source",
	    offsetof(struct row, source), { "source.ip", "source.address" } },
	{ 1u << KIND_ALERT | 1u << KIND_EVENT, "session",
	    offsetof(struct row, session), { "vedette.session", NULL } },
};

/* Of several values the first counts. */
static const struct json *
body_text(const struct json *body, const char *const paths[2])
{
	for (int i = 0; i < 2 && paths[i] != NULL; i++) {
		const struct json *v = json_path(body, paths[i]);

		if (v != NULL && v->type == JSON_ARRAY)
			v = v->first;
		if (v != NULL && (v->type == JSON_STRING ||
		    v->type == JSON_NUMBER))
			return v;
	}
	return NULL;
}

static void
check_texts(struct check *c, const struct row *row, const struct json *body)
{
	for (size_t i = 0; i < COUNT(text_places); i++) {
		const struct text_place *p = &text_places[i];
		const struct json *v = body_text(body, p->paths);
		struct slice column;

		if (v == NULL ||
		    (p->kinds != 0 && !(p->kinds & 1u << row->kind)))
			continue;
		memcpy(&column, (const char *)row + p->at, sizeof(column));
		if (!slice_eq(column, column_text(v->text, &c->keep)))
			wrong(c, row->seq, "its %s is not that of its body",
			    p->name);
	}
}

static void
check_time(struct check *c, const struct row *row, const struct json *body,
    const char *path, int64_t column, const char *name)
{
	int64_t when;

	if (when_parse_rfc3339(json_text(body, path), &when) == 0 &&
	    when != column)
		wrong(c, row->seq, "its %s is not that of its body", name);
}

static void
check_id(struct check *c, const struct row *row, const struct json *body,
    const char *path, struct slice column, const char *name)
{
	struct id id;

	if (id_parse(json_text(body, path), &id) == 0 &&
	    !slice_eq(column, slice_bytes(id.b, ID_LEN)))
		wrong(c, row->seq, "its %s is not that of its body", name);
}

void
check_body(struct check *c, const struct row *row)
{
	struct slice about = slice_bytes(row->about.b,
	    row->has_about ? ID_LEN : 0);
	struct json *body;
	enum level level;

	arena_reset(c->arena);
	if (json_parse(c->arena, row->body, &body, NULL) == -1)
		return;
	check_texts(c, row, body);
	check_time(c, row, body, "@timestamp", row->time, "time");
	check_time(c, row, body, "event.created", row->received,
	    "time of arrival");
	check_id(c, row, body, "event.id", slice_bytes(row->id.b, ID_LEN),
	    "id");
	check_id(c, row, body, "vedette.decision.about", about, "subject");
	if (level_parse(json_text(body, "vedette.level"), &level) == 0 &&
	    level != row->level)
		wrong(c, row->seq, "its level is not that of its body");
}

/* SQLite lets any value be in any column; we write these. */
bool
types_fit(sqlite3_stmt *q)
{
	static const struct {
		int type;
		bool maybe;	/* or NULL */
		size_t len;	/* 0: any but none */
	} types[] = {
		[COL_SEQ] = { SQLITE_INTEGER, false, 0 },
		[COL_KIND] = { SQLITE_INTEGER, false, 0 },
		[COL_CLASS] = { SQLITE_INTEGER, false, 0 },
		[COL_LEVEL] = { SQLITE_INTEGER, false, 0 },
		[COL_TIME] = { SQLITE_INTEGER, false, 0 },
		[COL_RECEIVED] = { SQLITE_INTEGER, false, 0 },
		[COL_SHORT] = { SQLITE_INTEGER, false, 0 },
		[COL_ID] = { SQLITE_BLOB, false, ID_LEN },
		[COL_RULE] = { SQLITE_TEXT, true, 0 },
		[COL_TITLE] = { SQLITE_TEXT, true, 0 },
		[COL_USER] = { SQLITE_TEXT, true, 0 },
		[COL_SOURCE] = { SQLITE_TEXT, true, 0 },
		[COL_SESSION] = { SQLITE_TEXT, true, 0 },
		[COL_ABOUT] = { SQLITE_BLOB, true, ID_LEN },
		[COL_SALT] = { SQLITE_BLOB, true, SALT_LEN },
		[COL_HASH] = { SQLITE_BLOB, false, DIGEST_LEN },
		[COL_DIGEST] = { SQLITE_BLOB, true, DIGEST_LEN },
		[COL_REASON] = { SQLITE_TEXT, true, 0 },
		[COL_BODY] = { SQLITE_TEXT, true, 0 },
	};

	for (int i = 0; i < (int)COUNT(types); i++) {
		int type = sqlite3_column_type(q, i);
		size_t len = 0;

		if (type == SQLITE_NULL && types[i].maybe)
			continue;
		if (type != types[i].type)
			return false;
		if (type != SQLITE_INTEGER)
			len = column_slice(q, i).len;
		if (types[i].len > 0 ? len != types[i].len :
		    len == 0 && type == SQLITE_TEXT && i != COL_BODY)
			return false;
	}
	return true;
}

/* A record has a salt and a body, or what is left after both were erased. */
bool
is_whole_or_erased(sqlite3_stmt *q)
{
	bool body = sqlite3_column_type(q, COL_BODY) != SQLITE_NULL;

	return (sqlite3_column_type(q, COL_SALT) != SQLITE_NULL) == body &&
	    (sqlite3_column_type(q, COL_DIGEST) == SQLITE_NULL) == body &&
	    (sqlite3_column_type(q, COL_REASON) == SQLITE_NULL) == body;
}
