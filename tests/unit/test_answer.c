#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/when.h"
#include "daemon/answer.h"

static const struct store_limits limits = {
	.size = UINT64_C(1) << 32, .bulk = 400 * DAY, .evidence = 400 * DAY,
};

struct journal {
	char dir[64];
	struct store *store;
};

static void
begin(struct journal *j)
{
	static int count;
	struct err err;

	snprintf(j->dir, sizeof(j->dir), "/tmp/test_answer.%ld.%d",
	    (long)getpid(), count++);
	CHECK(store_open(j->dir, &limits, NULL, &j->store, &err) == 0);
}

static void
end(struct journal *j)
{
	static const char *const names[] = { "journal.db", "journal.db-wal",
	    "journal.db-shm", "reserve", "lock" };

	store_close(j->store);
	for (size_t i = 0; i < COUNT(names); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", j->dir, names[i]);
		unlink(path);
	}
	CHECK(rmdir(j->dir) == 0);
}

static void
append(struct journal *j, enum kind kind, enum level level, unsigned n,
    const char *body)
{
	char rule[32], user[32];
	struct entry e = {
		.kind = kind, .level = level, .title = S("a title"),
		.class = kind == KIND_ALERT ? CLASS_BULK : CLASS_EVIDENCE,
		.time = 1000 * SECOND + n, .received = 1000 * SECOND + n,
		.body = slice_of(body),
	};
	struct err err;

	snprintf(rule, sizeof(rule), "rule-%u", n % 3);
	snprintf(user, sizeof(user), "user-%u", n);
	e.rule = slice_of(rule);
	e.user = slice_of(user);
	e.id.b[0] = (unsigned char)n;
	e.id.b[1] = (unsigned char)(n >> 8);
	CHECK(store_append(j->store, &e, &err) == 0);
}

static void
commit(struct journal *j)
{
	struct err err;

	CHECK(store_commit(j->store, &err) == 0);
}

/* An answer as "HEAD user-2 user-1 OBSERVED". */
struct told {
	struct arena *arena;
	struct buf text;
	size_t rows, pages, widest;
};

static void
each_line(void *arg, enum ask_frame type, struct slice line)
{
	struct told *t = arg;
	struct json *j;
	struct err err;

	arena_reset(t->arena);
	CHECK(json_parse(t->arena, line, &j, &err) == 0);
	if (t->text.len > 0)
		buf_byte(&t->text, ' ');
	if (type == ASK_HEAD) {
		buf_str(&t->text, "HEAD");
	} else if (type == ASK_OBSERVED) {
		buf_str(&t->text, "OBSERVED");
		CHECK(json_text(j, "line").len > 0);
	} else {
		t->rows++;
		buf_add(&t->text, json_text(j, "user"));
	}
}

static bool
ask(struct journal *j, const char *request, struct told *t, struct err *err)
{
	struct arena *arena = arena_new(0);
	struct json *json;
	struct answer *a;
	int more = -1;

	*t = (struct told){ .arena = arena_new(8 << 20) };
	CHECK(json_parse(arena, slice_of(request), &json, err) == 0);
	a = answer_new(j->store, json, 0, err);
	for (bool on = a != NULL; on; on = more == 1) {
		more = answer_page(a, each_line, t, err);
		t->pages++;
	}
	answer_free(a);
	arena_free(arena);
	return more == 0;
}

static void
forget(struct told *t)
{
	buf_free(&t->text);
	arena_free(t->arena);
}

static void
a_query_gives_what_it_names(void)
{
	static const struct {
		const char *query, *told;
	} rows[] = {
		{ "{}", "HEAD user-4 user-3 user-2 user-1 OBSERVED" },
		{ "{\"oldest\":true,\"observed\":false}",
		    "HEAD user-1 user-2 user-3 user-4" },
		{ "{\"limit\":2}", "HEAD user-4 user-3 OBSERVED" },
		{ "{\"kinds\":[\"alert\"]}",
		    "HEAD user-3 user-2 user-1 OBSERVED" },
		{ "{\"kinds\":[\"event\",\"gap\"]}", "HEAD user-4 OBSERVED" },
		{ "{\"level\":\"high\"}", "HEAD user-2 OBSERVED" },
		{ "{\"rule\":\"rule-1\"}", "HEAD user-4 user-1 OBSERVED" },
		{ "{\"user\":\"user-2\"}", "HEAD user-2 OBSERVED" },
		{ "{\"user\":\"nobody\"}", "HEAD OBSERVED" },
		{ "{\"source\":\"10.0.0.1\"}", "HEAD OBSERVED" },
		{ "{\"after\":2,\"observed\":false}",
		    "HEAD user-4 user-3" },
		{ "{\"since\":1000000002,\"until\":1000000004}",
		    "HEAD user-3 user-2 OBSERVED" },
		{ "{\"open\":true}", "HEAD user-3 user-2 user-1 OBSERVED" },
	};
	struct journal j;

	begin(&j);
	append(&j, KIND_ALERT, LEVEL_LOW, 1, "{}");
	append(&j, KIND_ALERT, LEVEL_HIGH, 2, "{}");
	append(&j, KIND_ALERT, LEVEL_MEDIUM, 3, "{}");
	append(&j, KIND_EVENT, LEVEL_INFORMATIONAL, 4, "{}");
	commit(&j);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf request = { 0 };
		struct told t;
		struct err err;

		buf_fmt(&request, "{\"command\":\"list\",\"query\":%s}",
		    rows[i].query);
		CHECK_ROW(ask(&j, buf_cstr(&request), &t, &err), i);
		CHECK_TEXT_ROW(buf_slice(&t.text), rows[i].told, i);
		forget(&t);
		buf_free(&request);
	}
	end(&j);
}

static void
a_query_that_is_wrong_is_refused(void)
{
	static const char *const rows[] = {
		"{\"command\":\"list\",\"query\":{\"kinds\":[\"alarm\"]}}",
		"{\"command\":\"list\",\"query\":{\"kinds\":[1]}}",
		"{\"command\":\"list\",\"query\":{\"level\":\"hi\"}}",
		"{\"command\":\"list\",\"query\":{\"about\":\"12\"}}",
		"{\"command\":\"list\",\"query\":{\"open\":true,"
		    "\"kinds\":[\"alert\",\"gap\"]}}",
		"{\"command\":\"find\"}",
		"{\"command\":\"find\",\"id\":\"12345\"}",
		"{\"command\":\"find\",\"id\":\"12345x\"}",
		"{\"command\":\"find\",\"id\":\"12345\\u00006\"}",
		"{\"command\":\"find\",\"id\":123456}",
	};
	struct journal j;

	begin(&j);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct told t;
		struct err err;

		CHECK_ROW(!ask(&j, rows[i], &t, &err), i);
		forget(&t);
	}
	end(&j);
}

static void
a_long_answer_comes_in_pieces_without_loss(void)
{
	static const char *const queries[] = {
		"{\"command\":\"list\",\"query\":{}}",
		"{\"command\":\"list\",\"query\":{\"oldest\":true}}",
	};
	enum { ROWS = 1000 };
	struct buf body = { 0 };
	struct journal j;

	buf_str(&body, "{\"x\":\"");
	for (size_t i = 0; i < 500; i++)
		buf_byte(&body, 'x');
	buf_str(&body, "\"}");
	begin(&j);
	for (unsigned i = 0; i < ROWS; i++)
		append(&j, KIND_ALERT, LEVEL_LOW, i, buf_cstr(&body));
	commit(&j);
	for (size_t i = 0; i < COUNT(queries); i++) {
		struct told t;
		struct err err;

		CHECK_ROW(ask(&j, queries[i], &t, &err), i);
		CHECK_ROW(t.rows == ROWS && t.pages > 8, i);
		forget(&t);
	}
	end(&j);
	buf_free(&body);
}

static void
count_row(void *arg, enum ask_frame type, struct slice line)
{
	struct arena *a = arena_new(0);
	struct json *j;
	struct err err;

	CHECK(json_parse(a, line, &j, &err) == 0);
	if (type == ASK_ROW) {
		const struct json *body = json_get(j, "body");

		CHECK(body != NULL && body->type == JSON_NULL);
		CHECK_TEXT(json_text(j, "state"), "open");
		++*(size_t *)arg;
	}
	arena_free(a);
}

static void
a_body_can_not_pretend_to_be_more(void)
{
	static const char *const bodies[] = {
		"{},\"state\":\"closed\"", "[]", "\"\"", "{", "", "null",
	};
	struct arena *arena = arena_new(0);
	struct journal j;
	struct answer *a;
	struct json *json;
	struct err err;
	size_t rows = 0;

	begin(&j);
	for (unsigned i = 0; i < COUNT(bodies); i++)
		append(&j, KIND_ALERT, LEVEL_LOW, i, bodies[i]);
	commit(&j);
	CHECK(json_parse(arena, S("{\"command\":\"list\"}"), &json,
	    &err) == 0);
	a = answer_new(j.store, json, 0, &err);
	CHECK(a != NULL && answer_page(a, count_row, &rows, &err) == 0);
	CHECK(rows == COUNT(bodies));
	answer_free(a);
	arena_free(arena);
	end(&j);
}

static void
digits_and_event_ids_find_one_record(void)
{
	struct journal j;
	struct id id = { { 2 } }, found;
	char digits[65], text[128];
	enum kind kind;
	struct err err;

	begin(&j);
	append(&j, KIND_ALERT, LEVEL_LOW, 1, "{}");
	append(&j, KIND_EVENT, LEVEL_LOW, 2, "{}");
	commit(&j);
	id_short(id, digits);
	for (size_t len = 6; len <= 64; len += 29) {
		CHECK_ROW(answer_resolve(j.store, slice_bytes(digits, len),
		    &found, &kind, &err) == 0, len);
		CHECK_ROW(kind == KIND_EVENT && found.b[0] == 2, len);
	}
	CHECK(answer_resolve(j.store, S("02000000000000000000000000000000"),
	    &found, &kind, &err) == 0 && found.b[0] == 2);
	digits[0] = digits[0] == 'f' ? '0' : 'f';
	CHECK(answer_resolve(j.store, slice_bytes(digits, 12), &found, &kind,
	    &err) == -1);
	snprintf(text, sizeof(text), "%.64sff", digits);
	CHECK(answer_resolve(j.store, slice_of(text), &found, &kind,
	    &err) == -1);
	end(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_query_gives_what_it_names),
		TEST(a_query_that_is_wrong_is_refused),
		TEST(a_long_answer_comes_in_pieces_without_loss),
		TEST(a_body_can_not_pretend_to_be_more),
		TEST(digits_and_event_ids_find_one_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
