#include "cli/tuning_ask.h"

#include "base/when.h"
#include "cli/excepted.h"

enum { STATUS_ARENA = 4 << 20 };

struct asked {
	struct slice rule;
	const struct screen *screen;
	struct excepted excepted;
};

static void
print_mute(const struct asked *a, const struct json *m)
{
	struct buf text = { 0 };

	if (json_text(m, "key").len > 0) {
		buf_str(&text, "for ");
		buf_add(&text, json_text(m, "key"));
		buf_byte(&text, ' ');
	}
	buf_str(&text, "until ");
	time_short(&text, json_int(m, "until", 0), a->screen->now);
	buf_str(&text, " by ");
	buf_add(&text, json_text(m, "by"));
	buf_str(&text, ": ");
	buf_add(&text, json_text(m, "reason"));
	screen_pair(a->screen, "muted", buf_slice(&text));
	buf_free(&text);
}

static void
print_memory(const struct asked *a, const struct json *rule)
{
	struct buf text = { 0 };

	buf_fmt(&text, "%lld groups evicted, %lld matches too late, since "
	    "the sensor loaded it", (long long)json_int(rule, "evicted", 0),
	    (long long)json_int(rule, "late", 0));
	screen_pair(a->screen, "memory", buf_slice(&text));
	buf_free(&text);
}

/* Those of a list of the status that are about the rule. */
static void
print_each(const struct asked *a, const struct json *status, const char *path,
    void (*print)(const struct asked *a, const struct json *j))
{
	const struct json *list = json_path(status, path);

	for (const struct json *j = list == NULL ? NULL : list->first;
	    j != NULL; j = j->next)
		if (slice_eq(json_text(j, "id"), a->rule))
			print(a, j);
}

static void
each_status(void *arg, enum ask_frame type, struct slice text)
{
	const struct asked *a = arg;
	struct arena *arena = arena_new(STATUS_ARENA);
	struct json *status;

	if (type == ASK_STATUS && json_parse(arena, text, &status,
	    NULL) == 0) {
		print_each(a, status, "rules.muted", print_mute);
		print_each(a, status, "rules.memory.rules", print_memory);
	}
	arena_free(arena);
}

static void
each_row(void *arg, enum ask_frame type, struct slice text)
{
	struct asked *a = arg;

	if (type == ASK_ROW)
		excepted_row(&a->excepted, text);
}

static void
write_query(struct slice rule, struct buf *out)
{
	struct jsonw w = { .out = out };

	jsonw_object(&w);
	jsonw_pair(&w, "command", S("list"));
	jsonw_key(&w, S("query"));
	jsonw_object(&w);
	jsonw_pair(&w, "rule", rule);
	jsonw_key(&w, S("kinds"));
	jsonw_array(&w);
	jsonw_str(&w, S("excepted"));
	jsonw_array_end(&w);
	jsonw_key(&w, S("observed"));
	jsonw_bool(&w, false);
	jsonw_object_end(&w);
	jsonw_object_end(&w);
}

void
tuning_ask(const struct registry *reg, const struct args_place *place,
    struct slice rule, const struct screen *s)
{
	struct asked a = { .rule = rule, .screen = s };
	struct inquiry q = INQUIRY;
	struct buf query = { 0 };
	struct err err;

	excepted_init(&a.excepted);
	if (inquiry_open(&q, reg, place, &err) == 0) {
		if (q.live)
			inquiry_ask(&q, S("{\"command\":\"status\"}"),
			    each_status, &a, &err);
		write_query(rule, &query);
		inquiry_ask(&q, buf_slice(&query), each_row, &a, &err);
	}
	inquiry_close(&q);
	if (a.excepted.count > 0) {
		fputc('\n', s->out);
		excepted_print(&a.excepted, s);
	}
	excepted_free(&a.excepted);
	buf_free(&query);
}
