/*
 * Whatever a line holds: what is a view lies inside it, a decoded copy is no
 * longer than what it is of, there are at most two of them, and the time is not
 * after arrival.
 */
#include <stdlib.h>

#include "base/when.h"
#include "decode/accessline.h"
#include "decode/decode.h"
#include "decode/percent.h"

extern const struct decoder dec_access, dec_stamped, dec_syslog;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_inside(struct slice s, struct slice in)
{
	if (s.len > 0 && (s.p < in.p || s.p + s.len > in.p + in.len))
		abort();
}

static void
check_line(struct slice line)
{
	struct zone z = { 0 };
	struct access_line a;

	if (!access_parse(line, &z, &a))
		return;
	check_inside(a.host, line);
	check_inside(a.client, line);
	check_inside(a.user, line);
	check_inside(a.request, line);
	check_inside(a.target, a.request);
	check_inside(a.method, a.request);
	check_inside(a.version, a.request);
	check_inside(a.bytes, line);
	check_inside(a.referer, line);
	check_inside(a.agent, line);
	if (a.status.len != 3)
		abort();
}

static void
check_copies(const struct event *ev, int field)
{
	const struct value *first = event_get(ev, field);
	size_t n = 0;

	if (first == NULL)
		return;
	for (const struct value *v = first->more; v != NULL; v = v->more, n++)
		if (v->text.len > first->text.len)
			abort();
	if (n > PERCENT_LEVELS)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct decoder *const formats[] = {
		&dec_syslog, &dec_access, &dec_stamped, NULL
	};
	struct schema *s = schema_new();
	struct decoders *d = decoders_new(s, formats);
	struct record r = { .bytes = slice_bytes(data, size),
	    .source = S("fuzz"), .received = INT64_C(1795450200) * SECOND };
	struct event *ev;

	check_line(r.bytes);
	schema_freeze(s);
	ev = event_new(s);
	event_reset(ev, &r);
	decoders_run(d, ev);
	check_copies(ev, F_CS_URI_QUERY);
	check_copies(ev, F_CS_USER_AGENT);
	if (ev->time > ev->received)
		abort();
	event_free(ev);
	decoders_free(d);
	schema_free(s);
	return 0;
}
