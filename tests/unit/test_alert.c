#include "check.h"

#include <string.h>

#include "base/json.h"
#include "event/alert.h"

static const struct host host = { "web01", "00112233445566778899aabbccddeeff" };
static const struct slice tags[] = {
	SLICE("attack.t1110.001"), SLICE("attack.credential-access"),
	SLICE("soc2.cc6.1"),
};
static const struct rule_info rule = {
	.id = SLICE("5c1e4e8c-0000-4000-8000-000000000001"),
	.title = SLICE("SSH login failed"), .level = LEVEL_HIGH,
	.tags = tags, .tag_count = COUNT(tags),
};

struct made {
	struct schema *schema;
	struct event *ev;
	struct record record;
	struct arena *arena;
	struct buf body;
	struct json *json;
};

static void
begin(struct made *m, struct slice line)
{
	*m = (struct made){ .schema = schema_new(), .arena = arena_new(0) };
	m->record = (struct record){ .form = FORM_TEXT, .bytes = line,
		.source = S("/var/log/auth.log"), .offset = 4711,
		.received = INT64_C(1795449600000000) };
	schema_field(m->schema, S("CommandLine"));
	schema_field(m->schema, S("TTY"));
	schema_freeze(m->schema);
	m->ev = event_new(m->schema);
	event_reset(m->ev, &m->record);
}

static void
finish(struct made *m)
{
	const struct match match = { .rule = &rule, .ev = m->ev,
		.key = S("") };

	alert_write(&m->body, &match, &host, match_id(&match));
	CHECK(json_parse(m->arena, buf_slice(&m->body), &m->json, NULL) == 0);
}

static void
end(struct made *m)
{
	event_free(m->ev);
	schema_free(m->schema);
	arena_free(m->arena);
	buf_free(&m->body);
}

static int
field(const struct made *m, const char *name)
{
	return schema_find(m->schema, slice_of(name));
}

static void
an_alert_is_ecs_with_its_origin(void)
{
	static const struct {
		const char *path, *text;
	} rows[] = {
		{ "@timestamp", "2026-11-23T16:00:00.000000Z" },
		{ "event.kind", "alert" },
		{ "event.original", "a line" },
		{ "event.action", "ssh-login-failed" },
		{ "host.name", "web01" },
		{ "log.file.path", "/var/log/auth.log" },
		{ "log.offset", "4711" },
		{ "rule.id", "5c1e4e8c-0000-4000-8000-000000000001" },
		{ "rule.name", "SSH login failed" },
		{ "user.name", "root" },
		{ "source.ip", "192.0.2.1" },
		{ "source.port", "22" },
		{ "process.command_line", "id -u" },
		{ "vedette.level", "high" },
	};
	struct made m;

	begin(&m, S("a line"));
	event_set(m.ev, F_ACTION, S("ssh-login-failed"));
	event_set(m.ev, F_USER_NAME, S("root"));
	event_set(m.ev, F_SOURCE_IP, S("192.0.2.1"));
	event_set(m.ev, F_SOURCE_PORT, S("22"));
	event_set(m.ev, field(&m, "CommandLine"), S("id -u"));
	event_set(m.ev, field(&m, "TTY"), S("pts/0"));
	finish(&m);
	for (size_t i = 0; i < COUNT(rows); i++)
		CHECK_TEXT_ROW(json_path(m.json, rows[i].path)->text,
		    rows[i].text, i);
	CHECK(json_path(m.json, "source.port")->type == JSON_NUMBER);
	CHECK_TEXT(json_get(json_path(m.json, "vedette.fields"), "TTY")->text,
	    "pts/0");
	CHECK_TEXT(json_path(m.json, "threat.technique.id")->first->text,
	    "T1110.001");
	end(&m);
}

static void
a_value_named_twice_is_an_array(void)
{
	struct made m;

	begin(&m, S("x"));
	event_add(m.ev, F_USER_NAME, VALUE_STRING, S("a"));
	event_add(m.ev, F_USER_NAME, VALUE_STRING, S("b"));
	event_set(m.ev, F_CATEGORY, S("authentication"));
	finish(&m);
	CHECK(json_path(m.json, "user.name")->type == JSON_ARRAY);
	CHECK(json_path(m.json, "event.category")->type == JSON_ARRAY);
	end(&m);
}

static void
bytes_that_are_not_text_come_back_from_base64(void)
{
	struct made m;

	begin(&m, S("a\xff\x00" "b"));
	finish(&m);
	CHECK_TEXT(json_text(m.json, "vedette.original_base64"), "Yf8AYg==");
	CHECK(utf8_valid(buf_slice(&m.body)));
	end(&m);
}

static void
the_longest_line_of_control_bytes_fits_into_a_frame(void)
{
	struct made m;
	struct buf line = { 0 };

	memset(buf_room(&line, RECORD_MAX), 1, RECORD_MAX);
	line.len = RECORD_MAX;
	begin(&m, buf_slice(&line));
	event_set(m.ev, F_MESSAGE, buf_slice(&line));
	event_set(m.ev, F_USER_NAME, buf_slice(&line));
	event_set(m.ev, field(&m, "TTY"), buf_slice(&line));
	finish(&m);
	CHECK(m.body.len <= 192 * 1024);
	CHECK(json_path(m.json, "vedette.truncated")->truth);
	CHECK(json_get(json_path(m.json, "vedette.fields"), "TTY") != NULL);
	end(&m);
	buf_free(&line);
}

static void
ids_differ_by_place_and_rule_and_by_nothing_else(void)
{
	struct record r = { .offset = 1 }, same = r, moved = r;
	struct id a = record_id(&r, S("rule"), S(""));
	struct id b;

	same.received = 77;
	same.flags = RECORD_CUT;
	b = record_id(&same, S("rule"), S(""));
	CHECK(memcmp(&a, &b, sizeof(a)) == 0);
	moved.offset = 2;
	b = record_id(&moved, S("rule"), S(""));
	CHECK(memcmp(&a, &b, sizeof(a)) != 0);
	b = record_id(&r, S("other"), S(""));
	CHECK(memcmp(&a, &b, sizeof(a)) != 0);
	b = record_id(&r, S("rule"), S("key"));
	CHECK(memcmp(&a, &b, sizeof(a)) != 0);
}

static void
an_event_is_empty_again_after_reset(void)
{
	struct made m;

	begin(&m, S("x"));
	event_set(m.ev, F_USER_NAME, S("root"));
	event_other(m.ev, S("text"));
	event_source(m.ev, (struct logsource){ 1, 2, 3 });
	event_reset(m.ev, &m.record);
	CHECK(event_get(m.ev, F_USER_NAME) == NULL);
	CHECK(m.ev->set_count == 0 && m.ev->others == NULL &&
	    m.ev->source_count == 0);
	end(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_alert_is_ecs_with_its_origin),
		TEST(a_value_named_twice_is_an_array),
		TEST(bytes_that_are_not_text_come_back_from_base64),
		TEST(the_longest_line_of_control_bytes_fits_into_a_frame),
		TEST(ids_differ_by_place_and_rule_and_by_nothing_else),
		TEST(an_event_is_empty_again_after_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
