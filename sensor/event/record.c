#include "event/record.h"

#include "base/digest.h"

enum { OFFSET_LEN = 5, HASH_LEN = 5 };

struct id
record_id(const struct record *r, struct slice rule, struct slice key)
{
	const struct slice parts[] = { rule, S("\n"), key };
	struct digest d = digest_of(parts, COUNT(parts));
	struct id id;
	uint64_t offset = r->offset;

	memcpy(id.b, r->stream.b, STREAM_LEN);
	for (int i = OFFSET_LEN; i-- > 0; offset >>= 8)
		id.b[STREAM_LEN + i] = (unsigned char)offset;
	memcpy(id.b + STREAM_LEN + OFFSET_LEN, d.b, HASH_LEN);
	return id;
}

struct stream
stream_make(struct slice host_id, struct slice identity, uint64_t truncations)
{
	const struct slice parts[] = {
		host_id, S("\n"), identity, S("\n"),
		slice_bytes(&truncations, sizeof(truncations)),
	};
	struct digest d = digest_of(parts, COUNT(parts));
	struct stream s;

	memcpy(s.b, d.b, STREAM_LEN);
	return s;
}
