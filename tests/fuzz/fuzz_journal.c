/*
 * Fields of a journal entry as nobody would send them.
 */
#include <stdlib.h>

#include "base/when.h"
#include "decode/decode.h"

extern const struct decoder dec_journal;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_value(const struct value *v, struct slice in)
{
	for (; v != NULL; v = v->more)
		if (v->text.len > 0 && (v->text.p < in.p ||
		    v->text.p + v->text.len > in.p + in.len))
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct decoder *const formats[] = { &dec_journal, NULL };
	struct schema *s = schema_new();
	struct decoders *d = decoders_new(s, formats);
	struct record r = { .form = FORM_JOURNAL,
	    .bytes = slice_bytes(data, size), .source = S("journal"),
	    .received = INT64_C(1795450200) * SECOND };
	struct event *ev;

	schema_field(s, S("_UID"));
	schema_field(s, S("X"));
	schema_freeze(s);
	ev = event_new(s);
	event_reset(ev, &r);
	decoders_run(d, ev);
	for (size_t i = 0; i < ev->set_count; i++)
		check_value(event_get(ev, ev->set[i]), r.bytes);
	if (ev->time > ev->received)
		abort();
	event_free(ev);
	decoders_free(d);
	schema_free(s);
	return 0;
}
