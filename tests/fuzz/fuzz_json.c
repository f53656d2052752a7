/*
 * What is parsed can be written, what is written can be parsed again, and the
 * second writing is the same as the first.
 */
#include <stdlib.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
write_value(struct buf *b, const struct json *value)
{
	struct jsonw w = { .out = b };

	jsonw_value(&w, value);
}

/* Text that was no UTF-8 was repaired, so it may differ. */
static bool
same_text(struct slice before, struct slice after)
{
	return !utf8_valid(before) || slice_eq(before, after);
}

static void
compare(const struct json *a, const struct json *b)
{
	for (; a != NULL && b != NULL; a = a->next, b = b->next) {
		if (a->type != b->type || a->truth != b->truth ||
		    !same_text(a->key, b->key) || !same_text(a->text, b->text))
			abort();
		compare(a->first, b->first);
	}
	if (a != NULL || b != NULL)
		abort();
}

static void
check_written(struct arena *a, const struct json *first, struct buf *once)
{
	struct buf twice = { 0 };
	struct json *second;
	struct err err;

	if (!utf8_valid(buf_slice(once)))
		abort();
	if (json_parse(a, buf_slice(once), &second, &err) == -1)
		abort();
	compare(first, second);
	write_value(&twice, second);
	if (!slice_eq(buf_slice(once), buf_slice(&twice)))
		abort();
	buf_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_bytes(data, size);
	struct arena *a = arena_new(0), *small = arena_new(1024);
	struct buf text = { 0 };
	struct json *v;
	struct err err;

	if (json_parse(a, in, &v, &err) == 0) {
		write_value(&text, v);
		check_written(a, v, &text);
	}
	if (json_parse(small, in, &v, &err) == 0 && json_path(v, "a.b") == v)
		abort();
	text_escape(&text, in);
	buf_free(&text);
	arena_free(a);
	arena_free(small);
	return 0;
}
