/*
 * What a command hears from a sensor that lies. Nothing of it may get onto a
 * terminal raw.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/found.h"
#include "daemon/ask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must_be_clean(struct slice text)
{
	if (!utf8_valid(text))
		abort();
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] < 0x20 || text.p[i] == 0x7f)
			abort();
}

static void
give_away(struct slice row)
{
	struct arena *a = arena_new(16 << 20);
	struct buf out = { 0 };
	struct found f;

	if (found_read(a, row, &f) == 0) {
		found_json(&f, &out);
		must_be_clean(buf_slice(&out));
		buf_clear(&out);
		csv_add(&out, f.title);
		must_be_clean(buf_slice(&out));
		buf_clear(&out);
		found_who(&f, &out);
		found_field(&f, S("hour"), &out);
		found_field(&f, S("event.original"), &out);
		found_field(&f, f.rule, &out);
	}
	buf_free(&out);
	arena_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice body;
	struct ask a;
	struct err err;
	int pair[2], type;

	/* A row on its own, so that it need not be framed to be found. */
	give_away(slice_bytes(data, size));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == -1)
		abort();
	(void)!write(pair[0], data, size);
	close(pair[0]);
	a = (struct ask){ .fd = pair[1] };
	while ((type = ask_next(&a, &body, &err)) != -1) {
		if (type <= 0 || type >= ASK_FRAMES || type == ASK_PART)
			abort();
		if (type == ASK_END && ask_status(body) > 2)
			abort();
		give_away(body);
	}
	ask_close(&a);
	return 0;
}
