/*
 * Whatever a line holds: every field lies inside it (but for the name of the
 * kernel, whose dmesg has none), the time is not after arrival, and the line is
 * read the same way twice.
 */
#include <stdlib.h>

#include "base/when.h"
#include "decode/decode.h"

extern const struct decoder dec_syslog;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
inside(struct slice s, struct slice in)
{
	return s.len == 0 || (s.p >= in.p && s.p + s.len <= in.p + in.len);
}

static void
check(const struct event *ev, struct slice line)
{
	static const int fields[] = { F_PROCESS_NAME, F_PROCESS_PID,
		F_HOST_HOSTNAME, F_MESSAGE };
	struct slice text;

	for (size_t i = 0; i < COUNT(fields); i++) {
		text = event_text(ev, fields[i]);
		if (!inside(text, line) && !slice_eq(text, S("kernel")))
			abort();
	}
	if (ev->time > ev->received || !slice_eq(ev->raw, line))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct decoder *const formats[] = { &dec_syslog, NULL };
	struct schema *s = schema_new();
	struct decoders *d = decoders_new(s, formats);
	struct record r = { .bytes = slice_bytes(data, size),
	    .source = S("fuzz"), .received = INT64_C(1795450200) * SECOND };
	struct event *ev;
	int64_t first;

	schema_freeze(s);
	ev = event_new(s);
	event_reset(ev, &r);
	decoders_run(d, ev);
	check(ev, r.bytes);
	first = ev->time;
	event_reset(ev, &r);
	decoders_run(d, ev);
	if (ev->time != first)
		abort();
	event_free(ev);
	decoders_free(d);
	schema_free(s);
	return 0;
}
