/*
 * A journal record's body, full of what attackers wrote, as a syslog message:
 * never longer than allowed, never a control byte, and structured data that
 * ends where it should. The first byte chooses the options.
 */
#include <stdlib.h>

#include "rfc5424.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What follows the first "]" of the data that no backslash takes away. */
static struct slice
behind_data(struct slice message)
{
	size_t i = slice_find(message, S(" [vedette@"));

	for (; i < message.len && message.p[i] != ']'; i++)
		if (message.p[i] == '\\')
			i++;
	if (i >= message.len)
		abort();
	return slice_from(message, i + 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *scratch;
	struct buf out = { 0 };
	struct parcel p = { .seq = UINT64_MAX, .kind = KIND_HEARTBEAT,
		.id = S("0123456789abcdef") };
	struct rfc5424 o = { .facility = 23, .app_name = "vedette",
		.enterprise = "1234567890123456" };

	if (size == 0)
		return 0;
	o.json = (data[0] & 1) != 0;
	o.bom = (data[0] & 2) != 0;
	o.max_size = (data[0] & 4) != 0 ? 8192 : RFC5424_SIZE_MIN;
	p.body = slice_bytes(data + 1, size - 1);
	scratch = arena_new(1 << 20);
	rfc5424_write(&out, &o, &p, scratch);
	if (out.len > o.max_size)
		abort();
	for (size_t i = 0; i < out.len; i++)
		if (out.p[i] < ' ' || out.p[i] == 0x7f)
			abort();
	if (!slice_starts(behind_data(buf_slice(&out)), S(" ")))
		abort();
	arena_free(scratch);
	buf_free(&out);
	return 0;
}
