/*
 * Whatever lines hold: each is decoded, no time is after arrival, and what
 * they come to together ends.
 */
#include <stdlib.h>

#include "base/when.h"
#include "decode/decode.h"

extern const struct decoder dec_audit, dec_syslog;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads each byte that an event shows. */
static void
look(const struct event *ev)
{
	volatile unsigned char seen = 0;

	for (size_t i = 0; i < ev->set_count; i++)
		for (const struct value *v = event_get(ev, ev->set[i]);
		    v != NULL; v = v->more)
			for (size_t k = 0; k < v->text.len; k++)
				seen ^= v->text.p[k];
	if (ev->time > ev->received)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct decoder *const formats[] = {
		&dec_audit, &dec_syslog, NULL
	};
	struct schema *s = schema_new();
	struct slice rest = slice_bytes(data, size), line;
	struct record r = { .source = S("fuzz"),
	    .received = INT64_C(1795450200) * SECOND };
	struct decoders *d;
	struct event *ev;
	size_t lines = 1, merged = 0;

	schema_field(s, S("a1"));
	schema_field(s, S("key"));
	schema_field(s, S("name"));
	d = decoders_new(s, formats);
	schema_freeze(s);
	ev = event_new(s);
	do {
		bool more = slice_cut(&rest, '\n', &line);

		r.bytes = more ? line : rest;
		event_reset(ev, &r);
		decoders_run(d, ev);
		look(ev);
		for (; decoders_merged(d, ev, !more); merged++)
			look(ev);
		if (!more)
			break;
		lines++;
	} while (true);
	if (merged > lines)
		abort();
	event_free(ev);
	decoders_free(d);
	schema_free(s);
	return 0;
}
