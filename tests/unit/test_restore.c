/*
 * An alert is turned back into the event that it tells of.
 */
#include "check.h"

#include "event/alert.h"
#include "event/restore.h"

enum { ARENA = 1 << 20 };

static void
an_alert_becomes_its_event_again(void)
{
	static const struct {
		const char *name;
		enum value_type type;
		struct slice text;
	} rows[] = {
		{ "user.name", VALUE_STRING, SLICE("an\"n\n\xc3\xa9") },
		{ "source.port", VALUE_NUMBER, SLICE("4022") },
		{ "Image", VALUE_STRING, SLICE("/usr/bin/x") },
		{ "a.b c", VALUE_STRING, SLICE("foreign, with dots") },
		{ "Initiated", VALUE_BOOL, SLICE("true") },
		{ "event.type", VALUE_STRING, SLICE("start") },
		{ "gone", VALUE_ABSENT, SLICE("") },
	};
	struct schema *s = schema_new();
	struct rule_info rule = { .id = S("r"), .title = S("t") };
	const struct host host = { "h", "0123" };
	struct record r = { .source = S("/var/log/x"), .bytes = S("a line"),
		.received = 5000000 }, again;
	struct arena *a = arena_new(ARENA);
	struct buf body = { 0 };
	struct json *json;
	struct event *ev;
	struct match m;
	int fields[COUNT(rows)];

	for (size_t i = 0; i < COUNT(rows); i++)
		fields[i] = schema_field(s, slice_of(rows[i].name));
	schema_freeze(s);
	ev = event_new(s);
	event_reset(ev, &r);
	ev->raw = S("a line");
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].type != VALUE_ABSENT)
			event_set_typed(ev, fields[i], rows[i].type,
			    rows[i].text);
	event_add(ev, fields[2], VALUE_STRING, S("/bin/x"));
	m = (struct match){ .rule = &rule, .ev = ev };
	alert_write(&body, &m, &host, match_id(&m));

	CHECK(json_parse(a, buf_slice(&body), &json, NULL) == 0);
	event_restore(ev, &again, json);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct value *v = event_get(ev, fields[i]);

		CHECK_ROW((v == NULL) == (rows[i].type == VALUE_ABSENT), i);
		if (v == NULL)
			continue;
		CHECK_ROW(slice_eq(v->text, rows[i].text), i);
		/* What ECS has as a keyword was written as one. */
		CHECK_ROW(v->type == rows[i].type, i);
	}
	CHECK(event_get(ev, fields[2])->more != NULL);
	CHECK_TEXT(ev->raw, "a line");
	CHECK(ev->time == 5000000);
	event_free(ev);
	schema_free(s);
	arena_free(a);
	buf_free(&body);
}

/* Whoever was at the journal may have put anything into it. */
static void
what_is_no_alert_becomes_an_empty_event(void)
{
	static const char *const bodies[] = {
		"null", "[]", "{}", "{\"@timestamp\":7,\"event\":[],"
		"\"vedette\":{\"fields\":\"x\"},\"user\":\"x\"}",
		"{\"user\":{\"name\":{\"a\":[1]}}}",
	};

	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct schema *s = schema_new();
		struct arena *a = arena_new(ARENA);
		struct event *ev;
		struct json *json;
		struct record r;

		schema_freeze(s);
		ev = event_new(s);
		CHECK_ROW(json_parse(a, slice_of(bodies[i]), &json, NULL) ==
		    0, i);
		event_restore(ev, &r, json);
		CHECK_ROW(ev->set_count == 0, i);
		CHECK_ROW(ev->raw.len == 0, i);
		event_free(ev);
		schema_free(s);
		arena_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_alert_becomes_its_event_again),
		TEST(what_is_no_alert_becomes_an_empty_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
